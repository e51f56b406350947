"""A pair of tokens in a file of the user's, readable by its owner alone, and one renewal at a time on this machine."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from b24kit.connectors.amocrm.auth.pair import Pair, pair_from
from b24kit.errors import NoAnswer, UsageError

PATIENCE = 180.0  # seconds to wait for another process's renewal: longer than its request may take


class FileStore:
    """One file for each account and integration, replaced in one step."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        safe = "".join(sign if sign.isalnum() or sign in "-." else "_" for sign in name)
        self._path = folder / f"amocrm-{safe}.json"
        self._lock = FileLock(f"{self._path}.lock", timeout=PATIENCE)

    def load(self) -> Pair | None:
        """The pair as it stands in the file now; None before the first."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return pair_from(json.loads(text))
        except ValueError:
            raise UsageError("amo_broken_tokens", file=str(self._path)) from None

    def save(self, pair: Pair) -> None:
        """Written beside, forced to the disk, and put in place; so is the folder's entry."""
        handle, temporary = tempfile.mkstemp(dir=self._path.parent)  # mkstemp makes it mode 600
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(pair.as_data(), stream)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(self._path)
        _force_folder(self._path.parent)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One renewal at a time, in all processes of this machine; a killed one lets go by itself."""
        try:
            with self._lock:
                yield
        except Timeout:
            raise NoAnswer("amo_renewal_busy", method="/oauth2/access_token", sent=False) from None


def _force_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows has no handle on a folder; its rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
