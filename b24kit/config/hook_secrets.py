"""What proves that an event comes from the portal: the secret in our address, and the tokens the portal signs with.

Kept like webhooks: environment first (`B24KIT_HOOK_<NAME>`, `B24KIT_HOOK_TOKENS_<NAME>`), then the user's own file of
secrets. Never in the client's folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from b24kit.config.secrets import find_beside, keep_beside

_HOOK, _TOKENS = "hook", "hook-tokens"


@dataclass(frozen=True, slots=True)
class HookSecrets:
    """`path` is the last part of our address; `tokens` are the portal's application tokens, perhaps none yet."""

    path: str = field(repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)


def find_hook(name: str, folder: Path, host: str) -> HookSecrets | None:
    """The secrets of portal `name` at `host`, None when no address was ever made for it."""
    path = find_beside(_HOOK, name, host, folder)
    if not path:
        return None
    tokens = find_beside(_TOKENS, name, host, folder)
    return HookSecrets(path, tuple(one for one in tokens.split(",") if one))


def keep_hook(name: str, host: str, secrets: HookSecrets) -> None:
    """Store them in the user's own file."""
    keep_beside(_HOOK, name, host, secrets.path)
    if secrets.tokens:
        keep_beside(_TOKENS, name, host, ",".join(secrets.tokens))
