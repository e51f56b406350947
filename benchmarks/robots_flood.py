"""Many leads at once, at most twenty deliveries at a time: how quickly the receiver answers, whether all leads get
their owner within the vendor's limits, and how near the promised time was. Prints JSON."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from b24kit.clock import SystemClock
from b24kit.robots.backlog import Promise, standing_promise
from b24kit.robots.store import Store
from benchmarks.robots_office import PORTAL, SECRET, TOKEN, answered_within, bureau, deliver, form, share
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
        service = office.start()
        time.sleep(SETTLE)  # its first sweep is over, and the counter is empty again
        made = office.leads(leads)
        office.box.control.forget_metrics()
        begun = time.monotonic()
        sent = send(PORT, f"/hooks/{SECRET}", int(made[0].id), leads, TOKEN)
        figures = {**answers(sent), "answered_within_50_ms_by_service": round(answered_within(PORT, "0.05"), 4)}
        figures |= worked_off(Store(folder / "robots.sqlite"), leads)
        metrics = office.box.control.metrics()
        return {
            **figures,
            "owned": office.owned() - KNOWN,
            "owned_in_s": round(time.monotonic() - begun, 1),
            "processor_s_of_the_service": processor_seconds(service.pid),
            "requests": metrics["requests"],
            "refused_503": metrics["refused_503"],
        }


def worked_off(store: Store, leads: int) -> dict[str, Any]:
    """Follow what the service promises about its heap until nothing is left of it; the store is read, nothing else."""
    clock, promises = SystemClock(), list[Promise]()
    until = time.monotonic() + 1800
    while time.monotonic() < until:
        now = clock.now()
        found = standing_promise(store, PORTAL, now)
        if found is not None and (not promises or promises[-1].at != found.at):
            promises.append(found)
        if promises and promises[-1].done >= 0.8 * leads and not store.fresh(PORTAL, now):
            break
        time.sleep(0.2)
    ended = clock.now()
    store.close()
    asked = next((one for one in promises if one.done >= 0.1 * leads), promises[-1])
    real = (ended - asked.at).total_seconds()
    return {
        "promised_before_s": [promises[0].low, promises[0].high],
        "promised_before_for_cards": promises[0].left,
        "before_took_s": round((ended - promises[0].at).total_seconds(), 1),
        "asked_after_cards": asked.done,
        "promised_then_s": [asked.low, asked.high],
        "then_took_s": round(real, 1),
        "off_by": round(asked.middle / real - 1, 3),
    }


def processor_seconds(process: int) -> float | None:
    """Processor time of a process, where the system tells it in a file."""
    told = Path(f"/proc/{process}/stat")
    if not told.exists():
        return None
    parts = told.read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def answers(sent: Delivered) -> dict[str, Any]:
    """What the sender saw, from his last byte in to the first byte out."""
    return {
        "answers_200": sent.statuses[200],
        "answer_p50_ms": round(1000 * share(sent.times, 0.5), 1),
        "answer_p99_ms": round(1000 * share(sent.times, 0.99), 1),
        "answer_max_ms": round(1000 * max(sent.times), 1),
        "delivered_in_s": round(sent.seconds, 1),
    }


if __name__ == "__main__":
    main()
