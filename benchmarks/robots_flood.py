"""Many leads at once, at most twenty deliveries at a time: how quickly the receiver answers, whether all leads get
their owner within the vendor's limits, and how near the promised time was. Prints JSON."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from b24kit.clock import SystemClock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.portal import Cost
from benchmarks.robots_office import SECRET, TOKEN, Bureau, answered_within, bureau, deliver, form, share
from benchmarks.sender import Delivered, send

LEADS = 5000
KNOWN = 300
SETTLE = 25.0
WORK = {"*.list": 0.02, "*.update": 0.05, "*.add": 0.03}  # seconds of the portal's work a command
PORT = 8971


def main() -> None:
    """Print one JSON object; the number of leads may be given as the only argument."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"benchmark": "robots_flood", "leads": leads, **measure(Path(folder), leads)}))


def measure(folder: Path, leads: int) -> dict[str, Any]:
    """A small flood first, from which the portal's speeds are learned; then leads are made, and all events sent."""
    with bureau(folder, port=PORT, manners={"work": WORK}) as office:
        service = office.start()
        known = office.leads(KNOWN)
        deliver(PORT, [form(lead) for lead in known])
        office.wait_owned(KNOWN, 120)
        service.terminate()
        service.wait(30)
        office.start()
        time.sleep(SETTLE)  # its first sweep is over, and the counter is empty again
        made = office.leads(leads)
        office.box.control.forget_metrics()
        cost = promise(office, leads)
        promised = (cost.seconds_low + cost.seconds_high) / 2
        begun = time.monotonic()
        sent = send(PORT, f"/hooks/{SECRET}", int(made[0].id), leads, TOKEN)
        all_owned = office.wait_owned(KNOWN + leads, 1200, pause=max(0.2, leads / 2000))
        took = time.monotonic() - begun
        metrics = office.box.control.metrics()
        return {
            **answers(sent),
            "answered_within_50_ms_by_service": round(answered_within(PORT, "0.05"), 4),
            "owned": office.owned() - KNOWN,
            "all_owned": all_owned,
            "owned_in_s": round(took, 1),
            "promised_s": [round(cost.seconds_low, 1), round(cost.seconds_high, 1)],
            "off_by": round(took / promised - 1, 3),
            "requests": metrics["requests"],
            "refused_503": metrics["refused_503"],
        }


def answers(sent: Delivered) -> dict[str, Any]:
    """What the sender saw, from his last byte in to the first byte out."""
    return {
        "answers_200": sent.statuses[200],
        "answer_p50_ms": round(1000 * share(sent.times, 0.5), 1),
        "answer_p99_ms": round(1000 * share(sent.times, 0.99), 1),
        "answer_max_ms": round(1000 * max(sent.times), 1),
        "delivered_in_s": round(sent.seconds, 1),
    }


def promise(office: Bureau, leads: int) -> Cost:
    """What the portal's own prices say: every lead is changed and commented, and read before, at and after that."""
    credentials = Webhook.parse(office.box.webhook_url)
    portal = open_portal(credentials, SystemClock(), state_dir=office.folder / "state")
    reads = {"lead": 3 * leads, "activity": 2 * leads}
    found = portal.price({"change lead": leads, "create comment": leads}, reads)
    portal.close()
    return found


if __name__ == "__main__":
    main()
