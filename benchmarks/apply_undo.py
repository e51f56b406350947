"""Apply and undo on the generated company: is every object that can go back equal to the snapshot, and is a second
plan empty? Prints one JSON object; what differs is counted by kind and field."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from b24kit.change.snapshot import Snapshot, compare
from b24kit.cli.demo import demo_environment, fake_portal
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind
from benchmarks.real_input import command

LEADS = 5000


def main() -> None:
    """Print one JSON object; the number of leads may be given as the only argument."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"benchmark": "apply_undo", "leads": leads, **measure(Path(folder), leads)}))


def measure(folder: Path, leads: int) -> dict[str, Any]:
    """One whole round trip, through the command line."""
    with fake_portal(["--leads-count", str(leads)]) as portal, demo_environment(portal, folder, "en"):
        plan, answer = folder / "plan.b24", ("--answer", "robots-leads=none")
        before = pulled(folder)
        command("plan", "talking-leads", "-o", str(plan), "--tap-open", *answer, "--json")
        run = command("apply", str(plan), "--json")
        second = command("plan", "talking-leads", "--tap-open", *answer, "--json")
        undo = command("undo", "--auto-approve", "--json")
        after = pulled(folder)
        again = command("undo", "--auto-approve", "--json")
        differences = [one for one in compare(before, after) if one.ref.kind is not Kind.STAGE or one.field]
        return {
            "changed": run["changed"] + run["moved"],
            "second_plan_empty": second["empty"],
            "undone": undo["changed"] + undo["moved"],
            "undo_left": undo["left"],
            "second_undo_empty": again["empty"],
            "differences": dict(Counter(f"{one.ref.kind.value}.{one.field or 'whole'}" for one in differences)),
            # A stage that was removed and made again has another row id; its code, which cards carry, is the same.
            "stages_equal": stages(before) == stages(after),
            "mails_sent": len(portal.control.mails()),
        }


def stages(snapshot: Snapshot) -> list[dict[str, Any]]:
    """All stages by ladder and order, without their row ids."""
    return [values_of(stage) for stage in snapshot.stages()]


def pulled(folder: Path) -> Snapshot:
    """A fresh snapshot of the whole portal."""
    command("pull", "--json")
    return Snapshot.open(max((folder / ".b24kit" / "snapshots").glob("*.sqlite")))


if __name__ == "__main__":
    main()
