"""One writing run per portal and machine: a lock that dies with its holder, beside a note that says who holds it.

The note also names the cards that the run is about to write: robots of this machine leave those alone meanwhile.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from b24kit.change.planfile import write_private
from b24kit.crm.refs import Ref
from b24kit.errors import Refused

_PASS = 180.0  # seconds that one pass of robots may take; an answer that never came is looked for after 60
_ROBOTS = ".robots"
_PEEK = 0.3  # seconds: somebody may just be asking whether the lock is held


@contextmanager
def writing(portal_id: str, folder: Path, *, work: str, now: datetime, cards: Collection[Ref] = ()) -> Iterator[None]:
    """Hold the portal for writing; Refused, naming the holder, while another run writes. `work` says what we do, and
    `cards` which ones robots leave alone until we are done.

    `folder` is the machine's state directory, shared by all projects: the portal does not care whose run it is.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    note, locked = _places(portal_id, folder)
    lock = FileLock(locked, timeout=_PEEK, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise Refused("guard.running", **holder(note)) from error
    try:
        mine: dict[str, Any] = {"pid": os.getpid(), "host": socket.gethostname(), "since": now.isoformat(), "run": work}
        mine["cards"] = sorted(map(str, cards))
        write_private(note, json.dumps(mine))
        if cards:
            _wait_for_robots(portal_id, folder)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


@contextmanager
def acting(portal_id: str, folder: Path) -> Iterator[None]:
    """Robots hold this while they write, and look at `claimed` inside: so a run that has told its cards knows, once it
    has held every such lock for a moment, that nobody writes them any more. Robots do not wait for each other: each
    thread has a lock of its own."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ours = _places(portal_id, folder)[1].with_suffix(f".{os.getpid()}-{threading.get_ident()}{_ROBOTS}")
    lock = FileLock(ours, timeout=_PASS, mode=0o600)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
        _forget(ours)


def _wait_for_robots(portal_id: str, folder: Path) -> None:
    """What robots had in hand when this run told its cards is done with; Refused when that takes too long."""
    locked = _places(portal_id, folder)[1]
    for theirs in sorted(folder.glob(f"{locked.stem}.*{_ROBOTS}")):
        lock = FileLock(theirs, timeout=_PASS, mode=0o600)
        try:
            lock.acquire()
        except Timeout as error:
            raise Refused("guard.robots", seconds=int(_PASS)) from error
        lock.release()
        _forget(theirs)


def _forget(lock: Path) -> None:
    with contextlib.suppress(OSError):  # Windows lets nobody remove what somebody else is just looking at
        lock.unlink(missing_ok=True)


def claimed(portal_id: str, folder: Path) -> frozenset[Ref]:
    """The cards that a run of this machine is writing now; none of a run that was killed."""
    note, locked = _places(portal_id, folder)
    try:
        told = json.loads(note.read_text(encoding="utf-8")).get("cards", [])
        found = frozenset(Ref.parse(one) for one in told)
    except (OSError, ValueError, AttributeError):
        return frozenset()
    return found if found and _is_held(locked) else frozenset()


def _is_held(locked: Path) -> bool:
    """Asked only while a note stands there; whoever wants the lock just then waits as long as asking takes."""
    lock = FileLock(locked, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def _places(portal_id: str, folder: Path) -> tuple[Path, Path]:
    name = re.sub(r"[^\w.-]", "_", portal_id)
    return folder / f"{name}.holder.json", folder / f"{name}.lock"


def holder(note: Path) -> dict[str, Any]:
    """Who holds the lock: pid, host, since, run; question marks while he has not signed yet."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    return {name: found.get(name, "?") for name in ("pid", "host", "since", "run")}
