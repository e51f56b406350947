"""Figure: an apply on a company of 300 leads (stages and clean-up) is killed with -9 at 20 seeded random moments, each
time resumed by the same command. Aim: the portal ends exactly as after an undisturbed run, nothing doubled.

Moments are places in the journal's growth, with up to 40 ms more so that requests are in flight. The portal's tables
are compared row by row; moments in time and the numbers of new rows are left out, contacts known by their origin.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from b24kit.cli.demo import FakePortal, demo_environment, fake_portal
from b24kit.clock import SystemClock
from benchmarks.portal import SEED, tell

ANSWER = ("--answer", "robots-leads=none")
# The company is planted relative to the portal's present, and two portals are not planted in the same second: a bare
# date (a seeded deal's closing date, which nothing of ours writes) may fall on the other side of midnight.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T|$)")
_CONTACT_TYPE = "3"
_REAL = SystemClock()


@dataclass(frozen=True, slots=True)
class Trial:
    """One killed run: at how many journal lines, with how many writes open, rows off before and after the resume."""

    killed_after: int
    died: bool
    open_writes: int
    rows_off: int
    resumed_exit: int
    wrong: tuple[str, ...]


def main() -> None:
    """Print the figure as JSON; ends with 1 when a trial differs from the undisturbed run."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--leads", type=int, default=300)
    given.add_argument("--moments", type=int, default=20)
    asked = given.parse_args()
    trials, doubled, lines = measure(asked.leads, asked.moments)
    equal = sum(1 for trial in trials if not trial.wrong and trial.resumed_exit == 0)
    tell(
        {
            "figure": "kill -9 at random moments of an apply, each resumed",
            "leads": asked.leads,
            "journal_lines_undisturbed": lines,
            "moments": [trial.killed_after for trial in trials],
            "killed": sum(trial.died for trial in trials),
            "writes_open_when_killed": [trial.open_writes for trial in trials],
            "rows_unlike_before_the_resume": [trial.rows_off for trial in trials],
            "equal_to_undisturbed": equal,
            "doubled": doubled,
            "differences": [list(trial.wrong[:5]) for trial in trials if trial.wrong],
            "aim": "equal_to_undisturbed == moments, doubled == 0",
            "reached": equal == len(trials) and doubled == 0,
        }
    )
    if equal != len(trials) or doubled:
        raise SystemExit(1)


def measure(leads: int, moments: int) -> tuple[list[Trial], int, int]:
    """So many killed and resumed runs; them, how many contacts or stage moves were doubled, lines of a calm run."""
    with tempfile.TemporaryDirectory() as base, fake_portal(["--leads-count", str(leads)]) as portal:
        template = Path(base) / "template"
        template.mkdir()
        with demo_environment(portal, template, "en"):
            b24kit("plan", "talking-leads", "-o", str(template / "plan.b24"), "--tap-open", *ANSWER)
        calm_folder = fresh(portal, leads, template, Path(base) / "calm")
        with demo_environment(portal, calm_folder, "en"):
            b24kit("apply", str(calm_folder / "plan.b24"))
        calm, lines = state(portal), journal_lines(calm_folder)
        chance = random.Random(SEED)
        trials, doubled = [], 0
        for number in range(moments):
            folder = fresh(portal, leads, template, Path(base) / f"trial{number}")
            trials.append(killed_run(portal, folder, chance.randrange(lines), chance.uniform(0, 0.04), calm))
            doubled += doubles(portal)
        return trials, doubled, lines


def fresh(portal: FakePortal, leads: int, template: Path, folder: Path) -> Path:
    """The portal as it was at first, and a client's folder that holds nothing but the plan."""
    portal.control.reset(keep_settings=True)
    portal.control.seed({"kind": "company", "leads": leads})
    portal.control.forget_metrics()
    shutil.copytree(template, folder)
    return folder


def killed_run(portal: FakePortal, folder: Path, lines: int, pause: float, calm: Mapping[str, Counter[str]]) -> Trial:
    """Start an apply, kill it when its journal has so many lines, resume it, and compare the portal."""
    with demo_environment(portal, folder, "en"):
        command = [sys.executable, "-m", "b24kit", "apply", str(folder / "plan.b24")]
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while run.poll() is None and journal_lines(folder) <= lines:
            _REAL.sleep(0.001)
        _REAL.sleep(pause)
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.pid, signal.SIGKILL)
        run.wait()
        open_writes, rows_off = open_lines(folder), len(list(difference(calm, state(portal))))
        # A run that ended before the blow came needs no resume.
        again = 0 if finished(folder) else b24kit("apply", str(folder / "plan.b24"), check=False)
    died = run.returncode == -signal.SIGKILL
    return Trial(lines, died, open_writes, rows_off, again, tuple(difference(calm, state(portal))))


def b24kit(*arguments: str, check: bool = True) -> int:
    """Run a command of b24kit in a process of its own; its exit code."""
    done = subprocess.run([sys.executable, "-m", "b24kit", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(f"b24kit {arguments[0]}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode


def journal_lines(folder: Path) -> int:
    """How many lines the journal of the folder's run has, 0 while there is none."""
    return int(_asked(folder, "SELECT count(*) FROM entries") or 0)


def open_lines(folder: Path) -> int:
    """How many writes had left, or were about to, without an answer in the journal."""
    last = "SELECT max(seq) FROM entries GROUP BY key"
    return int(_asked(folder, f"SELECT count(*) FROM entries WHERE state = 'intended' AND seq IN ({last})") or 0)


def finished(folder: Path) -> bool:
    """Whether the run had ended before it could be killed."""
    return bool(_asked(folder, "SELECT value FROM meta WHERE name = 'how'") == "done")


def _asked(folder: Path, question: str) -> Any:
    for path in (folder / ".b24kit" / "runs").glob("*/journal.sqlite"):
        with contextlib.suppress(sqlite3.OperationalError):
            base = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)
            try:
                row = base.execute(question).fetchone()
                return row[0] if row else None
            finally:
                base.close()
    return None


def state(portal: FakePortal) -> dict[str, Counter[str]]:
    """Every table as a bag of rows, made independent of time and of the numbers of new contacts."""
    tables: dict[str, dict[str, dict[str, Any]]] = portal.control.dump()["tables"]
    names = {key: row["ORIGIN_ID"] for key, row in tables["contact"].items() if row.get("ORIGINATOR_ID") == "b24kit"}
    return {table: Counter(_line(row, names) for row in rows.values()) for table, rows in tables.items()}


def _line(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return json.dumps({name: _plain(name, value, row, names) for name, value in row.items()}, sort_keys=True)


def _plain(name: str, value: Any, row: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    if isinstance(value, str) and _MOMENT.match(value):
        return "moment"
    if name in ("CONTACT_ID", "CONTACT_IDS"):
        found = value if isinstance(value, list) else [value]
        return [names.get(str(one), one) for one in found]
    if name == "OWNER" and isinstance(value, str) and value.startswith(f"{_CONTACT_TYPE}:"):
        return names.get(value.partition(":")[2], value)
    if name == "OWNER_ID" and str(row.get("OWNER_TYPE_ID")) == _CONTACT_TYPE:
        return names.get(str(value), value)
    return value


def difference(calm: Mapping[str, Counter[str]], now: Mapping[str, Counter[str]]) -> Iterator[str]:
    """What the portal has more or less than after the undisturbed run."""
    for table in sorted(calm.keys() | now.keys()):
        left, right = calm.get(table, Counter()), now.get(table, Counter())
        yield from (f"{table} - {line}" for line in sorted((left - right).elements()))
        yield from (f"{table} + {line}" for line in sorted((right - left).elements()))


def doubles(portal: FakePortal) -> int:
    """Contacts made twice for one operation, and leads moved more than once."""
    tables = portal.control.dump(["contact", "stagehistory"])["tables"]
    origins = Counter(row["ORIGIN_ID"] for row in tables["contact"].values() if row.get("ORIGINATOR_ID") == "b24kit")
    moves = Counter(row["OWNER"] for row in tables["stagehistory"].values() if _is_ours(row))
    return sum(n - 1 for n in origins.values()) + sum(n - 1 for n in moves.values())


def _is_ours(row: Mapping[str, Any]) -> bool:
    return bool(row["OWNER_TYPE_ID"] == 1 and row["TYPE_ID"] != 1)  # 1: the card was born


if __name__ == "__main__":
    main()
