"""Figure: the contract suite's calls on amoCRM held against the vendor's own descriptions. Aim: no break.

The contract kit lies beside the repository (`../shared/contract/amocrm/check_calls.py`) and is no part of it; where it
is absent the figure says so and is not counted as reached. Answers that a test cut in the middle are left out: what
is no JSON breaks no contract.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.portal import tell

ROOT = Path(__file__).resolve().parent.parent
KIT = ROOT.parent / "shared" / "contract" / "amocrm" / "check_calls.py"


def recorded_suite(folder: Path) -> Path:
    """Run tests/portals on amoCRM's sandbox; gives the file of its calls."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/portals", "-k", "amocrm"]
    environment = {**os.environ, "B24KIT_KEEP_CALLS": str(folder), "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if ended.returncode:
        raise SystemExit(f"the suite ended with {ended.returncode}:\n{ended.stdout.decode(errors='replace')[-2000:]}")
    return folder / "amocrm.jsonl"


def whole_calls(calls: Path, folder: Path) -> tuple[Path, int]:
    """The calls that are JSON as a file of their own, and how many were cut."""
    lines = [line for line in calls.read_text(encoding="utf-8").split("\n") if line]
    kept = [line for line in lines if _is_json(line)]
    whole = folder / "whole.jsonl"
    whole.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return whole, len(lines) - len(kept)


def judged(calls: Path, kit: Path = KIT) -> dict[str, Any]:
    """The kit's verdict: {calls, endpoints, breaks, found, reached}; `found` is by the kit's text, with its times."""
    ended = subprocess.run([sys.executable, str(kit), str(calls)], capture_output=True, text=True)
    if ended.returncode not in (0, 1):
        raise SystemExit(f"the contract kit ended with {ended.returncode}: {ended.stderr}")
    *lines, last = ended.stdout.splitlines()
    summary = json.loads(last)
    return {
        "calls": summary["calls"],
        "endpoints": summary["endpoints"],
        "breaks": summary["breaks"],
        "found": lines,
        "reached": summary["calls"] > 0 and summary["breaks"] == 0,
    }


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, help="judge this file of calls instead of running the suite")
    given = parser.parse_args()
    figure = {"figure": "the vendor's contract, amoCRM", "aim": "0 breaks"}
    if not KIT.is_file():
        tell(figure | {"skipped": "the contract kit is not beside the repository", "reached": False})
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, cut = whole_calls(given.log or recorded_suite(folder), folder)
        tell(figure | judged(whole) | {"cut": cut})


if __name__ == "__main__":
    main()
