"""Figure: update 3,765 leads on a portal with 4 shared workers while a bystander reads one lead a second.

Aim: within 10 % of the best fixed number in flight, no refusals, the bystander's median under twice its idle time plus
one command.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from statistics import median
from typing import Any

from b24kit.connectors.credentials import Webhook
from b24kit.connectors.flight import Lanes
from benchmarks.portal import FIGURES, Portal, started, tell
from benchmarks.update_leads import measure, updates, written

COUNT = 3765
WORKERS = 4
FIXED = (3, 4, 5, 6, 8)
EVERY = 1.0
IDLE_READS = 6


class Fixed(Lanes):
    """A number in flight that never changes."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.allowed = self.seen = number

    def answered(self, in_flight: int, slowdown: float, sent_in_round: int) -> None:
        """Nothing is learned."""

    def refused(self, sent_in_round: int) -> None:
        """Nothing is learned."""


class Bystander:
    """Somebody else's program: one `crm.lead.get` a second on a kept connection, through a webhook of its own."""

    def __init__(self, webhook: Webhook, lead_id: int) -> None:
        self._path = f"/rest/{webhook.user_id}/{webhook.secret}/crm.lead.get?id={lead_id}"
        self._host = webhook.host
        self._over = threading.Event()
        self.seconds: list[float] = []
        self.refused = 0

    def read(self, connection: http.client.HTTPConnection) -> None:
        began = time.perf_counter()
        connection.request("GET", self._path)
        answer = connection.getresponse()
        body = json.loads(answer.read())
        self.seconds.append(time.perf_counter() - began)
        self.refused += "error" in body

    def live(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=90)
        while not self._over.is_set():
            self.read(connection)
            self._over.wait(max(0.0, EVERY - self.seconds[-1]))
        connection.close()

    def __enter__(self) -> Bystander:
        self._thread = threading.Thread(target=self.live)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def with_bystander(portal: Portal, ids: list[int], *, fixed: int | None) -> dict[str, Any]:
    """One run, with a number in flight that is fixed or found by itself."""
    portal.settle(workers=WORKERS)
    with Bystander(portal.second_webhook(), ids[0]) as bystander:
        figures = run_fixed(portal, ids, fixed) if fixed else measure(portal, ids)
    return figures | {
        "bystander_median": round(median(bystander.seconds), 3),
        "bystander_worst": round(max(bystander.seconds), 3),
        "bystander_refused": bystander.refused,
    }


def run_fixed(portal: Portal, ids: list[int], number: int) -> dict[str, Any]:
    """The same batches with a constant number in flight, from the first to the last."""
    client = portal.client(in_flight=number)
    client.lanes = Fixed(number)
    began = time.perf_counter()
    done = sum(outcome.settled.value == "done" for outcome in client.run(updates(ids)))
    seconds = time.perf_counter() - began
    client.close()
    return {"done": done, "seconds": round(seconds, 2), "refused": portal.control.metrics()["refused_503"]}


def idle(portal: Portal, lead_id: int) -> float:
    """The bystander's median when nobody else works."""
    portal.settle(workers=WORKERS)
    with Bystander(portal.second_webhook(), lead_id) as bystander:
        time.sleep(IDLE_READS * EVERY)
    return median(bystander.seconds)


def main() -> None:
    with started() as portal:
        ids = portal.plant_leads(COUNT)
        alone = idle(portal, ids[0])
        fixed = {str(number): with_bystander(portal, ids, fixed=number) for number in FIXED}
        own = with_bystander(portal, ids, fixed=None)
        own["written"] = written(portal, ids)
    best = min(run["seconds"] for run in fixed.values())
    times = round(own["seconds"] / best, 3)
    allowed = 2 * alone + FIGURES["work"]["*.update"]
    refusals = own["refused"] + own["bystander_refused"]
    tell(
        {
            "figure": "4 shared workers with a bystander",
            "aim": "1.1 x the best fixed number, 0 refusals, bystander under 2 x idle + one command",
            "fixed": fixed,
            "adaptive": own,
            "times_best_fixed": times,
            "bystander_idle": round(alone, 3),
            "bystander_allowed": round(allowed, 3),
            "reached": times <= 1.1 and not refusals and own["bystander_median"] < allowed and own["written"] == COUNT,
        }
    )


if __name__ == "__main__":
    main()
