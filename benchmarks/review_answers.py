"""What answering the questions brings: every question of real records answered, the answers read back by `match`.

"all yes" must reach the suggested tier; "by the truth" is what a person who knows the people would reach. Needs the
data and the scorer beside the repository (`../shared`); says so and stops where they are not there.
"""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA = SHARED / "data/identities"
SCORER = SHARED / "tools/er_score.py"
SETS = ("dev_mix", "dev_stream")


def main() -> None:
    """One JSON line for each set."""
    if not DATA.exists() or not SCORER.exists():
        print(json.dumps({"benchmark": "review_answers", "skipped": "needs ../shared/data/identities"}))
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in SETS:
            print(json.dumps({"benchmark": "review_answers", "set": name, **measure(name, Path(folder))}), flush=True)


def measure(name: str, folder: Path) -> dict[str, Any]:
    """The scores of the suggested tier, of all questions answered with yes, and of all answered by the truth."""
    leads, queue = DATA / f"{name}.leads.csv.gz", folder / f"{name}.queue.csv"
    suggested = _match(leads, folder / "suggested.csv", "--tier", "suggested", "--review", str(queue))
    truth = _truth(DATA / f"{name}.truth.csv.gz")
    found: dict[str, Any] = {"questions": _count(queue), "suggested": _score(name, suggested)}
    answers: dict[str, Callable[[str, str], bool]] = {
        "all_yes": lambda *_: True,
        "by_truth": lambda one, other: truth.get(one) == truth.get(other),
    }
    for title, is_same in answers.items():
        filled = folder / f"{name}.{title}.csv"
        _answer(queue, filled, is_same)
        for tier in ("auto", "suggested"):
            done = _match(leads, folder / f"{title}.csv", "--tier", tier, "--answers", str(filled))
            found[f"{title}, {tier}"] = _score(name, done)
    return found


def _answer(queue: Path, filled: Path, is_same: Callable[[str, str], bool]) -> None:
    with queue.open(encoding="utf-8") as stream, filled.open("w", newline="", encoding="utf-8") as out:
        reader = csv.DictReader(stream)
        writer = csv.DictWriter(out, reader.fieldnames or ())
        writer.writeheader()
        for row in reader:
            same = is_same(row["cluster_1"], row["cluster_2"])
            writer.writerow(row | {"answer": "same" if same else "different"})


def _truth(path: Path) -> dict[str, str]:
    """The person of each row: the first two columns of the truth."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream)
        next(rows)
        return {row[0]: row[1] for row in rows}


def _count(queue: Path) -> int:
    with queue.open(encoding="utf-8") as stream:
        return sum(1 for _ in csv.DictReader(stream))


def _match(leads: Path, out: Path, *options: str) -> Path:
    _run("-m", "b24kit", "match", str(leads), "-o", str(out), "--json", *options)
    return out


def _score(name: str, clusters: Path) -> dict[str, Any]:
    score = json.loads(_run(str(SCORER), str(DATA / f"{name}.truth.csv.gz"), str(clusters)))
    return {**score["pairwise"], "false_merges_per_1000": score["false_merges_per_1000"]}


def _run(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
