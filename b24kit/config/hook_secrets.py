"""What proves that an event comes from the portal: the secret in our address, and the tokens the portal signs with.

Kept like webhooks: environment first (`B24KIT_HOOK_<NAME>`, `B24KIT_HOOK_TOKENS_<NAME>`), then the user's own file of
secrets. Never in the client's folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from b24kit.config.secrets import find_webhook, keep_webhook, variable
from b24kit.errors import UsageError

_HOOK, _TOKENS = "hook", "hook-tokens"


@dataclass(frozen=True, slots=True)
class HookSecrets:
    """`path` is the last part of our address; `tokens` are the portal's application tokens, perhaps none yet."""

    path: str = field(repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)


def find_hook(name: str, folder: Path) -> HookSecrets | None:
    """The secrets of portal `name`, None when no address was ever made for it."""
    path = _find(f"{name}.{_HOOK}", name, "HOOK", folder)
    if not path:
        return None
    tokens = _find(f"{name}.{_TOKENS}", name, "HOOK_TOKENS", folder)
    return HookSecrets(path, tuple(one for one in tokens.split(",") if one))


def keep_hook(name: str, secrets: HookSecrets) -> None:
    """Store them in the user's own file."""
    keep_webhook(f"{name}.{_HOOK}", secrets.path)
    if secrets.tokens:
        keep_webhook(f"{name}.{_TOKENS}", ",".join(secrets.tokens))


def _find(key: str, name: str, what: str, folder: Path) -> str:
    own = variable(name).replace("WEBHOOK", what)
    given = os.environ.get(own) or dotenv_values(folder / ".env").get(own)
    if given:
        return given
    try:
        return find_webhook(key, folder)
    except UsageError as error:
        if error.code != "config.no_secret":
            raise
        return ""
