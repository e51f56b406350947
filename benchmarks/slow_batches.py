"""Figure: 100 updates of 1.5 s each, so that a batch of 50 would pass the portal's 60 s. Aim: 0 undone, 0 repeated."""

from __future__ import annotations

from collections import Counter
from typing import Any

from b24kit.crm.writes import Settled
from benchmarks.portal import Portal, started, tell
from benchmarks.update_leads import updates, written

COUNT = 100


def measure(portal: Portal, ids: list[int]) -> dict[str, Any]:
    """One run; the portal's own call log tells what was done twice."""
    portal.settle(work={"*.update": 1.5})
    portal.control.log_calls(True, with_responses=False)
    client = portal.client()
    began = portal.clock.monotonic()
    settled = Counter(outcome.settled for outcome in client.run(updates(ids)))
    seconds = portal.clock.monotonic() - began
    client.close()
    calls = Counter(str(call["params"]["id"]) for call in portal.control.calls() if call["method"] == "crm.lead.update")
    return {
        "done": settled[Settled.DONE],
        "undone": len(ids) - written(portal, ids),
        "repeated": sum(count - 1 for count in calls.values()),
        "portal_seconds": round(seconds, 1),
        "requests": portal.control.metrics()["requests"],
    }


def main() -> None:
    with started(clock="moved") as portal:
        figures = measure(portal, portal.plant_leads(COUNT))
    reached = figures["done"] == COUNT and not figures["undone"] and not figures["repeated"]
    tell({"figure": "slow batches", "aim": "0 undone, 0 repeated"} | figures | {"reached": reached})


if __name__ == "__main__":
    main()
