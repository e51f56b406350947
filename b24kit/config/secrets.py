"""Where a portal's webhook comes from and where it is kept; nothing secret ever reaches a file of the client's folder.

Looked up in this order: environment `B24KIT_WEBHOOK_<NAME>`, a `.env` in the client's folder, the system's keychain
(extra `keyring`), and the user's own secrets file (mode 600; on Windows it lies in the profile, which is the user's).
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import platformdirs
from dotenv import dotenv_values

from b24kit.errors import UsageError

SERVICE = "b24kit"


def variable(name: str) -> str:
    """The environment variable that carries the webhook of portal `name`."""
    return variable_of("webhook", name)


def variable_of(what: str, name: str) -> str:
    """The environment variable of one secret of portal `name`, such as `B24KIT_HOOK_TOKENS_MAIN`."""
    return "B24KIT_" + re.sub(r"\W", "_", f"{what}_{name}").upper()


def place_of(name: str, host: str) -> str:
    """Under which key a secret is kept: every client's folder may call its portal main, and they share one file."""
    return f"{name}@{host}" if host else name


def find_webhook(name: str, folder: Path, host: str = "") -> str:
    """The webhook of portal `name` at `host`; UsageError says every place that was looked at.

    What is found under the name alone (an environment, a `.env`, an older file) may be another portal's: the caller
    holds it against the host.
    """
    found = (
        os.environ.get(variable(name))
        or dotenv_values(folder / ".env").get(variable(name))
        or _from_keychain(place_of(name, host))
        or _from_keychain(name)
        or _read_file().get(place_of(name, host))
        or _read_file().get(name)
    )
    if not found:
        raise UsageError("config.no_secret", name=name, variable=variable(name))
    return found


def keep_webhook(name: str, webhook: str, *, host: str = "", keychain: bool = False) -> str:
    """Store the webhook and give the catalogue code of the place it went to."""
    if keychain:
        if find_spec("keyring") is None:
            raise UsageError("config.no_keyring")
        import_module("keyring").set_password(SERVICE, place_of(name, host), webhook)
        return "config.kept_in_keychain"
    _write_file({**_read_file(), place_of(name, host): webhook})
    return "config.kept_in_file"


def find_beside(what: str, name: str, host: str, folder: Path) -> str:
    """A secret kept beside a portal's access, such as its `hook`: `B24KIT_<WHAT>_<NAME>` of the environment or `.env`,
    else what was kept for this portal at this host; "" when there is none.
    """
    own = variable_of(what, name)
    given = os.environ.get(own) or dotenv_values(folder / ".env").get(own)
    return given or _read_file().get(place_of(f"{name}.{what}", host), "")


def keep_beside(what: str, name: str, host: str, secret: str) -> None:
    """Store such a secret in the user's own file."""
    _write_file({**_read_file(), place_of(f"{name}.{what}", host): secret})


def forget_webhook(name: str, host: str = "") -> bool:
    """Remove the stored webhook and all that is kept beside it from the user's file; False when there was none."""
    kept = _read_file()
    gone = {place_of(name, host)} & kept.keys() or {name} & kept.keys()
    beside = {key for key in kept if key.startswith(f"{name}.") and key.endswith(f"@{host}")}
    if not gone:
        return False
    _write_file({key: secret for key, secret in kept.items() if key not in gone | beside})
    return True


def secrets_file() -> Path:
    chosen = os.environ.get("B24KIT_SECRETS_FILE")
    return Path(chosen) if chosen else Path(platformdirs.user_config_dir("b24kit", appauthor=False)) / "secrets.json"


def _from_keychain(name: str) -> str | None:
    if find_spec("keyring") is None:
        return None
    keyring = import_module("keyring")
    try:
        found: str | None = keyring.get_password(SERVICE, name)
    except import_module("keyring.errors").KeyringError:  # a machine without a desktop has no keychain
        return None
    return found


def _read_file() -> Mapping[str, str]:
    path = secrets_file()
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise UsageError("config.broken_secrets", file=str(path)) from None
    return {str(key): str(value) for key, value in found.items()}


def _write_file(secrets: Mapping[str, str]) -> None:
    """Replace the file in one step, readable by its owner alone from the first byte on."""
    path = secrets_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it mode 600
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(dict(secrets), stream)
    Path(temporary).replace(path)
