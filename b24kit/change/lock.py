"""One writing run per portal and machine: a lock that dies with its holder, beside a note that says who holds it."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from b24kit.change.planfile import write_private
from b24kit.errors import Refused


@contextmanager
def writing(portal_id: str, folder: Path, *, work: str, now: datetime) -> Iterator[None]:
    """Hold the portal for writing; Refused, naming the holder, while another run writes. `work` says what we do.

    `folder` is the machine's state directory, shared by all projects: the portal does not care whose run it is.
    """
    name = re.sub(r"[^\w.-]", "_", portal_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    note = folder / f"{name}.holder.json"
    lock = FileLock(folder / f"{name}.lock", timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise Refused("guard.running", **holder(note)) from error
    try:
        mine = {"pid": os.getpid(), "host": socket.gethostname(), "since": now.isoformat(), "run": work}
        write_private(note, json.dumps(mine))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def holder(note: Path) -> dict[str, Any]:
    """Who holds the lock: pid, host, since, run; question marks while he has not signed yet."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    return {name: found.get(name, "?") for name in ("pid", "host", "since", "run")}
