"""What proves that a message about money is our bank's: the secret in the address, and the key that signs the message.

Kept like webhooks: environment first (`B24KIT_PAYMENTS_<NAME>`, "secret key"), then the user's own file of secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from b24kit.config.secrets import find_beside, keep_beside, variable_of
from b24kit.errors import UsageError

_SHORTEST = 16
_TILL = "payments"


@dataclass(frozen=True, slots=True)
class TillSecrets:
    """`path` is the last part of the address for payments, `key` signs what comes there."""

    path: str = field(repr=False)
    key: str = field(repr=False)


def find_till(name: str, folder: Path, host: str) -> TillSecrets | None:
    """The secrets of portal `name`, None where no address for payments was ever made; UsageError when they are cut."""
    given = find_beside(_TILL, name, host, folder)
    if not given:
        return None
    path, _, key = given.strip().partition(" ")
    if len(path) < _SHORTEST or len(key.strip()) < _SHORTEST:
        raise UsageError("robots.bad_till", variable=variable_of(_TILL, name))
    return TillSecrets(path, key.strip())


def keep_till(name: str, host: str, secrets: TillSecrets) -> None:
    """Store them in the user's own file."""
    keep_beside(_TILL, name, host, f"{secrets.path} {secrets.key}")
