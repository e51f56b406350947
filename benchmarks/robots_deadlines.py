"""A hundred thousand waiting deadlines: how much memory the process takes and how long a tick with nothing due lasts.
Prints JSON."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from b24kit.clock import FakeClock
from b24kit.crm.refs import Kind, Ref
from b24kit.robots.decision import Decision
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.store import Store
from b24kit.robots.worker import Duty, Worker

CARDS = 100_000


def main() -> None:
    """Print one JSON object."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"benchmark": "robots_deadlines", "cards": CARDS, **measure(Path(folder))}))


def measure(folder: Path) -> dict[str, Any]:
    """The portal is never asked: nothing is due."""
    clock = FakeClock()
    store = Store(folder / "robots.sqlite")
    begun = time.perf_counter()
    cards = (
        (Ref(Kind.LEAD, str(number)), clock.now() + timedelta(minutes=10 + number % 5000), "deadline")
        for number in range(1, CARDS + 1)
    )
    store.wake("portal", cards)
    stored = time.perf_counter() - begun
    duty = Duty(portal_id="portal", portal=cast(WatchedPortal, None), decide=lambda *_: Decision())
    worker = Worker(duty, store, clock, "w")
    ticks = []
    for _ in range(100):
        begun = time.perf_counter()
        worker.once()
        ticks.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    counts = store.counts("portal", clock.now())
    counted = time.perf_counter() - begun
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    store.close()
    return {
        "waiting": counts["waiting"],
        "stored_in_s": round(stored, 2),
        "empty_tick_max_s": round(max(ticks), 5),
        "status_s": round(counted, 3),
        "memory_mb": round(memory, 1),
    }


if __name__ == "__main__":
    main()
