"""A tenth of the events never delivered, a tenth twice, all in wrong order: is every lead owned exactly once within one
sweep? Prints JSON."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.robots_office import VENDORS, bureau, deliver

LEADS = 500
PORT = 8975
SWEEP = 20.0


def main() -> None:
    """Print one JSON object; the number of leads may be given as the only argument."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    with tempfile.TemporaryDirectory() as folder:
        told = {vendor: measure(Path(folder), leads, vendor) for vendor in VENDORS}
        print(json.dumps({"benchmark": "robots_faults", "leads": leads, **told}))


def measure(folder: Path, leads: int, vendor: str = "bitrix24") -> dict[str, Any]:
    """The service sweeps every twenty seconds; its first sweep is over before the leads are made."""
    chance = random.Random(11)
    place = folder / f"{vendor}.sqlite"
    with bureau(folder, port=PORT, place=str(place), sweep_seconds=SWEEP, vendor=vendor) as office:
        office.start()
        time.sleep(3)
        made = office.leads(leads)
        never = set(chance.sample(made, leads // 10))
        sent = [lead for lead in made if lead not in never]
        sent += chance.sample(sent, leads // 10)
        chance.shuffle(sent)
        begun = time.monotonic()
        statuses, _ = deliver(PORT, [office.form(lead) for lead in sent])
        office.wait_owned(leads, 120)
        took = time.monotonic() - begun
        time.sleep(2)
        comments = Counter(office.commented())
        return {
            "never_delivered": len(never),
            "delivered_twice": leads // 10,
            "answers_200": statuses.count(200),
            "owned": office.owned(),
            "owned_twice": sum(count > 1 for count in comments.values()),
            "owned_in_s": round(took, 1),
            "sweep_every_s": SWEEP,
        }


if __name__ == "__main__":
    main()
