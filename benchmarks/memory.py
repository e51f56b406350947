"""Figure: memory of the process that reads 100,000 leads into a snapshot. Aim: under 200 MB.

The reader is a process of its own, so that planting the leads does not count.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from b24kit.change.snapshot import take_snapshot
from b24kit.clock import SystemClock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.refs import Kind
from benchmarks.portal import started, tell

COUNT = 100_000
ALLOWED = 200
WEBHOOK = "B24KIT_BENCHMARK_WEBHOOK"


def read() -> dict[str, Any]:
    """In the reader's process: all leads into one file, and the most memory that took."""
    clock = SystemClock()
    portal = open_portal(Webhook.parse(os.environ[WEBHOOK]), clock)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.sqlite3"
        snapshot = take_snapshot(portal, path, want={Kind.LEAD}, clock=clock)
        rows = sum(1 for _ in snapshot.leads())
        snapshot.close()
        size = path.stat().st_size
    portal.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rows": rows,
        "seconds": round(time.perf_counter() - began, 1),
        "snapshot_mb": round(size / 2**20, 1),
        "most_mb": round(most / (2**20 if sys.platform == "darwin" else 2**10), 1),
    }


def measure(webhook: Webhook) -> dict[str, Any]:
    """Start the reader and take its figures."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", "--read"],
        env=os.environ | {WEBHOOK: webhook.base_url},
        stdout=subprocess.PIPE,
        check=True,
    )
    return cast(dict[str, Any], json.loads(done.stdout))


def main() -> None:
    if "--read" in sys.argv:
        print(json.dumps(read()))
        return
    with started() as portal:
        portal.plant_leads(COUNT, gaps=False)
        portal.settle(work={})
        figures = measure(portal.webhook)
        figures["requests"] = portal.control.metrics()["requests"]
    reached = figures["rows"] == COUNT and figures["most_mb"] < ALLOWED
    tell({"figure": "memory for 100,000 leads", "aim": f"under {ALLOWED} MB"} | figures | {"reached": reached})


if __name__ == "__main__":
    main()
