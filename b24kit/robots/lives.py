"""Which workers of this machine are alive: each holds a file's lock as long as it lives, and the system lets go of it
when the process dies, however it dies.

So whoever starts after a crash knows at once that the cards of the dead are free, and waits for no lease. Of workers
elsewhere nothing is known here: their leases have to end.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

LOG = logging.getLogger("b24kit.robots")
_LIFE = ".life"
_PEEK = 5.0  # seconds: somebody may just be asking whether we live
_NO_LOCK = (OSError, NotImplementedError)  # held by somebody (a Timeout is an OSError), or not known to this disk


def lives_folder(place: str | Path, state: Path) -> Path:
    """Where the lives of a store's workers are kept: beside an SQLite file, else in the machine's state directory under
    a name that does not give the URL away."""
    if "://" in str(place):
        return state / f"robots-{hashlib.sha256(str(place).encode()).hexdigest()[:16]}.lives"
    return Path(f"{place}.lives")


class Lives:
    """The lives of all processes of this machine that share one store; `folder` belongs to that store alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ours: set[Path] = set()

    @contextmanager
    def lived(self, name: str) -> Iterator[None]:
        """This process is alive under a name that nobody else has, in letters that a file's name may have.

        Where the disk knows no locks, nobody is told of it: the leases do alone.
        """
        path = self._folder / f"{name}{_LIFE}"
        lock = _lock(path)
        self._ours.add(path)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire(timeout=_PEEK)
        except _NO_LOCK:
            LOG.warning("no_life", extra={"facts": {"worker": name}})
        try:
            yield
        finally:
            lock.release()
            self._forget(path)
            self._ours.discard(path)

    def dead(self) -> list[str]:
        """Names of those who died without a goodbye since somebody asked last; each is told once."""
        found = []
        for path in sorted(self._folder.glob(f"*{_LIFE}")):
            if path in self._ours:
                continue
            lock = _lock(path)
            try:
                lock.acquire(timeout=0)
            except _NO_LOCK:
                continue  # alive, or the file is going away just now
            lock.release()
            self._forget(path)
            found.append(path.name.removesuffix(_LIFE))
        return found

    def _forget(self, path: Path) -> None:
        with contextlib.suppress(OSError):  # Windows lets nobody remove what somebody else is just looking at
            path.unlink(missing_ok=True)


def _lock(path: Path) -> FileLock:
    return FileLock(path, mode=0o600, thread_local=False)
