"""Figure: the running-time limit bites (window 60 s, ten baskets, limit 48 s), in both ways of accounting.

docs: 0.02 s an update; ban: 0.04 s, half weight under the name `batch`, ban 30 s. Aim: nothing lost and the list
complete; with the limit in the profile also the time promised after the second answered batch kept within 15 %.
The portal's clock is moved, so that seconds are the portal's and not this machine's.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from b24kit.connectors.pacing import Limits
from b24kit.crm.portal import Progress
from b24kit.crm.writes import Settled
from benchmarks.portal import Portal, started, tell
from benchmarks.update_leads import updates, written

COUNT = 3765
MODELS: dict[str, dict[str, Any]] = {
    "docs": {"work": {"*.update": 0.02}, "operating": {"model": "docs", "window": 60, "limit": 48}},
    "ban": {
        "work": {"*.update": 0.04},
        "operating": {"model": "ban", "window": 60, "limit": 48, "batch_weight": 0.5, "ban": 30},
    },
}
GIVEN = Limits(operating_limit=48, operating_window=60)
NOT_GIVEN = Limits()
KEPT = 0.15


class Promise:
    """What was promised after the second answered batch."""

    def __init__(self, portal: Portal) -> None:
        self._clock = portal.clock
        self.began = portal.clock.monotonic()
        self.seconds: float | None = None

    def __call__(self, progress: Progress) -> None:
        if self.seconds is None and progress.seconds_left is not None:
            self.seconds = self._clock.monotonic() - self.began + progress.seconds_left


def measure(portal: Portal, ids: list[int], model: str, limits: Limits) -> dict[str, Any]:
    """One run of all updates on a fresh budget."""
    portal.settle(**MODELS[model])
    client = portal.client(limits=limits)
    promise = Promise(portal)
    settled = Counter(outcome.settled for outcome in client.run(updates(ids), tell=promise))
    seconds = portal.clock.monotonic() - promise.began
    client.close()
    metrics = portal.control.metrics()
    done = written(portal, ids)
    missed = None if promise.seconds is None else abs(promise.seconds - seconds) / seconds
    return {
        "done": settled[Settled.DONE],
        "lost": len(ids) - done,
        "portal_seconds": round(seconds, 1),
        "promised": None if promise.seconds is None else round(promise.seconds, 1),
        "promise_missed_by": None if missed is None else round(missed, 3),
        "requests": metrics["requests"],
        "statuses": metrics["statuses"],
    }


def main() -> int:
    runs: dict[str, Any] = {}
    for model in MODELS:
        for given, limits in (("given", GIVEN), ("not_given", NOT_GIVEN)):
            with started(clock="moved") as portal:
                ids = portal.plant_leads(COUNT)
                runs[f"{model}, limit {given}"] = measure(portal, ids, model, limits)
    complete = all(run["done"] == COUNT and run["lost"] == 0 for run in runs.values())
    kept = all(run["promise_missed_by"] <= KEPT for name, run in runs.items() if name.endswith("limit given"))
    aim = "0 lost, complete; promise kept within 15 % when the limit is given"
    tell({"figure": "running-time limit", "aim": aim, "runs": runs, "reached": complete and kept})
    return 0


if __name__ == "__main__":
    sys.exit(main())
