"""From a lead's creation on an idle portal to its owner being written, pushed by an event. Prints JSON.

The event leaves as soon as the lead exists, as the portal's own would; the owner is seen by asking the fake portal.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.robots_office import OWNERS, VENDORS, bureau, deliver, share

LEADS = 60
PORT = 8973


def main() -> None:
    """Print one JSON object; the number of leads may be given as the only argument."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    with tempfile.TemporaryDirectory() as folder:
        told = {vendor: measure(Path(folder), leads, vendor=vendor) for vendor in VENDORS}
        print(json.dumps({"benchmark": "robots_reaction", "leads": leads, **told}))


def measure(folder: Path, leads: int, pause: float = 3.0, vendor: str = "bitrix24") -> dict[str, Any]:
    """One lead at a time, with pauses in which the portal's counter runs empty again."""
    times = []
    place = folder / f"{vendor}.sqlite"
    with bureau(folder, port=PORT, place=str(place), vendor=vendor) as office:
        office.start()
        time.sleep(3)
        for _ in range(leads):
            begun = time.monotonic()
            (lead,) = office.leads(1)
            deliver(PORT, [office.form(lead)], at_once=1)
            while office.owner(lead) not in OWNERS:
                if time.monotonic() - begun > 30:
                    raise SystemExit("nobody got the lead")
                time.sleep(0.01)
            times.append(time.monotonic() - begun)
            time.sleep(pause)
    return {
        "p50_s": round(share(times, 0.5), 3),
        "p95_s": round(share(times, 0.95), 3),
        "max_s": round(max(times), 3),
    }


if __name__ == "__main__":
    main()
