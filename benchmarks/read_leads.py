"""Figure: read 5,000 leads with all fields. The floor for two requests is 1.21 s; aim: 1.5 times it, 6 requests."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.portal import Portal, started, tell

COUNT = 5000
FLOOR = 1.21
SELECT = ["*", "UF_*", "EMAIL", "PHONE", "WEB", "IM"]


def measure(portal: Portal, ids: list[int]) -> dict[str, Any]:
    """One run on a fresh counter."""
    portal.settle()
    client = portal.client()
    began = time.perf_counter()
    rows = list(client.rows("crm.lead.list", {"select": SELECT}))
    seconds = time.perf_counter() - began
    client.close()
    metrics = portal.control.metrics()
    got = [int(row["ID"]) for row in rows]
    return {
        "rows": len(rows),
        "fields": max(len(row) for row in rows),
        "missing": len(set(ids) - set(got)),
        "doubled": len(got) - len(set(got)),
        "seconds": round(seconds, 3),
        "times_floor": round(seconds / FLOOR, 2),
        "requests": metrics["requests"],
        "refused": metrics["refused_503"],
    }


def main() -> None:
    with started() as portal:
        ids = portal.plant_leads(COUNT)
        figures = measure(portal, ids)
    reached = figures["times_floor"] <= 1.5 and figures["requests"] <= 6
    exact = not (figures["missing"] or figures["doubled"] or figures["refused"])
    tell({"figure": "read 5,000 leads", "aim": "1.5 x 1.21 s, 6 requests"} | figures | {"reached": reached and exact})


if __name__ == "__main__":
    main()
