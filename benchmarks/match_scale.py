"""`b24kit match` on invented CRM rows: seconds, memory, false merges. The sizes are arguments: 100000 1000000."""

from __future__ import annotations

import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from benchmarks.crm_rows import rows

SIZES = (10_000, 100_000)
TIMES = 3


def main() -> None:
    """One JSON line a size."""
    sizes = [int(argument) for argument in sys.argv[1:]] or SIZES
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(size, Path(folder), TIMES)), flush=True)


def measure(size: int, folder: Path, times: int) -> dict[str, Any]:
    """Median seconds of whole runs of the command, start of Python and files included; peak memory of the largest."""
    leads, out = folder / "leads.csv", folder / "clusters.csv"
    person: dict[str, str] = {}
    with leads.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "name", "email", "phone", "date"))
        for identifier, name, email, phone, day, number in rows(size):
            writer.writerow((identifier, name, email, phone, day))
            person[identifier] = number
    seconds, busy = [], []
    for _ in range(times):
        started, before = time.perf_counter(), _cpu()
        command = [sys.executable, "-m", "b24kit", "match", str(leads), "-o", str(out), "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
        seconds.append(time.perf_counter() - started)
        busy.append(_cpu() - before)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    with out.open(encoding="utf-8") as stream:
        cluster = {row["id"]: row["cluster"] for row in csv.DictReader(stream)}
    return {
        "benchmark": "match_scale", "rows": size, "seconds": round(statistics.median(seconds), 1),
        "cpu_seconds": round(statistics.median(busy), 1), "peak_mb": peak,
        **scored(person, cluster),
    }  # fmt: skip


def _cpu() -> float:
    """Processor seconds of finished commands: what a busy machine does not distort."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def scored(person: dict[str, str], cluster: dict[str, str]) -> dict[str, float]:
    """Pairwise precision and recall, and people joined into another's cluster for each 1,000 rows."""
    members: dict[str, Counter[str]] = defaultdict(Counter)
    for identifier, label in cluster.items():
        members[label][person[identifier]] += 1
    true = _pairs(Counter(person.values()))
    joined = _pairs(Counter({label: sum(people.values()) for label, people in members.items()}))
    right = sum(_pairs(people) for people in members.values())
    false = sum(len(people) - 1 for people in members.values())
    return {
        "precision": round(right / joined, 6) if joined else 1.0, "recall": round(right / true, 4),
        "false_merges": false, "false_merges_per_1000": round(1000 * false / len(cluster), 3),
    }  # fmt: skip


def _pairs(sizes: Counter[str]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())


if __name__ == "__main__":
    main()
