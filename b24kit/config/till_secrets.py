"""What proves that a message about money is our bank's: the secret in the address, and the key that signs the message.

Kept like webhooks: environment first (`B24KIT_PAYMENTS_<NAME>`, "secret key"), then the user's own file of secrets.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from b24kit.config.secrets import find_webhook, keep_webhook, variable
from b24kit.errors import UsageError

_SHORTEST = 16


@dataclass(frozen=True, slots=True)
class TillSecrets:
    """`path` is the last part of the address for payments, `key` signs what comes there."""

    path: str = field(repr=False)
    key: str = field(repr=False)


def find_till(name: str, folder: Path) -> TillSecrets | None:
    """The secrets of portal `name`, None where no address for payments was ever made; UsageError when they are cut."""
    own = variable(name).replace("WEBHOOK", "PAYMENTS")
    given = os.environ.get(own) or dotenv_values(folder / ".env").get(own) or _kept(name, folder)
    if not given:
        return None
    path, _, key = given.strip().partition(" ")
    if len(path) < _SHORTEST or len(key.strip()) < _SHORTEST:
        raise UsageError("robots.bad_till", variable=own)
    return TillSecrets(path, key.strip())


def keep_till(name: str, secrets: TillSecrets) -> None:
    """Store them in the user's own file."""
    keep_webhook(f"{name}.payments", f"{secrets.path} {secrets.key}")


def _kept(name: str, folder: Path) -> str:
    try:
        return find_webhook(f"{name}.payments", folder)
    except UsageError as error:
        if error.code != "config.no_secret":
            raise
        return ""
