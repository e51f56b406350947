"""A sign of life beside a pass: a worker that waits for the portal keeps its cards, one that died loses them."""

from __future__ import annotations

import threading
from datetime import timedelta

from b24kit.clock import Clock
from b24kit.robots.store import Store


class Heartbeat:
    """Renews the worker's leases while a pass is at work: a long wait for the portal must not look like death."""

    def __init__(self, store: Store, worker: str, clock: Clock, lease: timedelta) -> None:
        self._store, self._worker, self._clock, self._lease = store, worker, clock, lease
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._lease.total_seconds() / 5):
            self._store.renew(self._worker, self._clock.now(), self._lease)
