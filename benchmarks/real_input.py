"""Real letters through the real commands: a CSV of letters becomes stuck e-mail leads, the plan's assignment of leads
to clients is exported as `id,cluster` and scored against the truth that the people themselves wrote down.

Needs the data beside the repository (`../shared`); says so and stops where it is not there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from b24kit.cli.demo import demo_environment, fake_portal

SHARED = Path(__file__).resolve().parents[2] / "shared"
LEADS = SHARED / "data/identities/dev_stream.leads.csv.gz"
TRUTH = SHARED / "data/identities/dev_stream.truth.csv.gz"
SCORER = SHARED / "tools/er_score.py"


def main() -> None:
    """Print one JSON object."""
    if not LEADS.exists() or not SCORER.exists():
        print(json.dumps({"benchmark": "real_input", "skipped": "needs ../shared/data/identities"}))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"benchmark": "real_input", "set": LEADS.name, **measure(Path(folder))}))


def measure(folder: Path) -> dict[str, Any]:
    """Audit, plan, apply, plan again and report on the loaded letters; the score of the assignment."""
    with fake_portal(["--leads", str(LEADS)]) as portal, demo_environment(portal, folder, "en"):
        plan, clusters = folder / "plan.b24", folder / "clusters.csv"
        audit = command("audit", "--json")
        planned = command(
            "plan", "talking-leads", "-o", str(plan), "--answer", "robots-leads=none", "--tap-open", "--json"
        )
        started = portal.control.clock()["elapsed"]
        run = command("apply", str(plan), "--json")
        seconds = portal.control.clock()["elapsed"] - started
        command("export", "clusters", "-o", str(clusters), "--origin", "csv", "--json")
        second = command("plan", "talking-leads", "--tap-open", "--json")
        proof = command("report", "--json")
        score = json.loads(
            subprocess.run(
                [sys.executable, str(SCORER), str(TRUTH), str(clusters)], check=True, capture_output=True, text=True
            ).stdout
        )
        return {
            "open_before": audit["open"],
            "stuck_before": audit["stuck"],
            "writes": planned["writes"],
            "run": {name: run[name] for name in ("changed", "moved", "conflict", "failed", "left")},
            "portal_seconds": round(seconds),
            "second_plan_empty": second["empty"],
            "lost": proof["lost"],
            "mails_sent": len(portal.control.mails()),
            "score": score,
        }


def command(*arguments: str) -> dict[str, Any]:
    """One command line; its JSON document. Progress lines before the document are passed over."""
    done = subprocess.run(
        [sys.executable, "-m", "b24kit", *arguments], capture_output=True, text=True, env=os.environ, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
