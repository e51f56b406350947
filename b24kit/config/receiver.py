"""The place at which a portal's events are heard: a public address, and behind it the secret path of `hook_secrets`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from b24kit.config.hook_secrets import HookSecrets, find_hook
from b24kit.config.secrets import find_beside, keep_beside
from b24kit.errors import UsageError

PATH = "/hooks/"
_BASE = "receiver"
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{8,256}")


@dataclass(frozen=True, slots=True)
class Receiver:
    """`base` is the public address, "" while nobody has named one; `secrets` what proves a message that comes there."""

    base: str = ""
    secrets: HookSecrets = field(default=HookSecrets(""), repr=False)

    @property
    def address(self) -> str | None:
        """The whole address, which is a password; None while there is no such place."""
        return f"{self.base}{PATH}{self.secrets.path}" if self.base and self.secrets.path else None


def find_receiver(name: str, folder: Path, host: str) -> Receiver:
    """Where portal `name` is heard: `B24KIT_RECEIVER_<NAME>` of the environment or `.env`, else what was kept."""
    return Receiver(find_beside(_BASE, name, host, folder), find_hook(name, folder, host) or HookSecrets(""))


def keep_base(name: str, host: str, base: str) -> None:
    """Remember the public address of portal `name`."""
    keep_beside(_BASE, name, host, base)


def checked_base(base: str) -> str:
    """A public address without its last slash: https, or http on this machine itself, such as https://robots.my.ru.

    UsageError for an address that a portal would not call.
    """
    parts = urlsplit(base)
    host = parts.hostname or ""
    local = host in ("127.0.0.1", "localhost", "::1")
    sound = parts.scheme == "https" or (parts.scheme == "http" and local)
    if not host or not sound or parts.query or parts.fragment or "@" in parts.netloc or not base.isascii():
        raise UsageError("robots_bad_address", address=host or base[:40])
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def checked_token(token: str) -> str:
    """An application token as a person pasted it; UsageError when it is cut off."""
    if not _TOKEN.fullmatch(token.strip()):
        raise UsageError("robots_bad_token")
    return token.strip()
