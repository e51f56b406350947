"""Many leads at once, at most twenty deliveries at a time: how quickly the receiver answers, whether all leads get
their owner within the vendor's limits, and how near the promised time was. Prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.robots_office import answered_within, bureau, deliver, form, share

LEADS = 5000
PORT = 8971


def main() -> None:
    """Print one JSON object; the number of leads may be given as the only argument."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"benchmark": "robots_flood", "leads": leads, **measure(Path(folder), leads)}))


def measure(folder: Path, leads: int) -> dict[str, Any]:
    """Leads are made first, so that the events really come at once."""
    with bureau(folder, port=PORT) as office:
        made = office.leads(leads)
        office.box.control.forget_metrics()
        portal = office.portal()
        cost = portal.price({"change lead": leads, "create comment": leads}, {"lead": 3 * leads})
        promised = (cost.seconds_low + cost.seconds_high) / 2
        portal.close()
        office.start()
        begun = time.monotonic()
        statuses, times = deliver(PORT, [form(lead) for lead in made])
        delivered = time.monotonic() - begun
        all_owned = office.wait_owned(leads, 1200, pause=max(0.2, leads / 2000))
        took = time.monotonic() - begun
        metrics = office.box.control.metrics()
        return {
            "answers_200": statuses.count(200),
            "answer_p50_ms": round(1000 * share(times, 0.5), 1),
            "answer_p99_ms": round(1000 * share(times, 0.99), 1),
            "answer_max_ms": round(1000 * max(times), 1),
            "answered_within_50_ms_by_service": round(answered_within(PORT, "0.05"), 4),
            "delivered_in_s": round(delivered, 1),
            "owned": office.owned(),
            "all_owned": all_owned,
            "owned_in_s": round(took, 1),
            "promised_s": [round(cost.seconds_low, 1), round(cost.seconds_high, 1)],
            "off_by": round(took / promised - 1, 3),
            "requests": metrics["requests"],
            "refused_503": metrics["refused_503"],
        }


if __name__ == "__main__":
    main()
