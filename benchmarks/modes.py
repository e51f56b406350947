"""Every mode of the clean-up applied and taken back on the generated company: what is not as it was besides what the
plan had listed, letters sent, robots fired, promises lost. Prints one JSON object.

Robots stand on a stage that leads are moved to (the run has to refuse until they are switched off) and on the stage
where new deals open (a quiet creation must not start them).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from b24kit.change.planfile import load
from b24kit.change.snapshot import Snapshot, compare
from b24kit.cleanup.consent import refuses
from b24kit.cli.demo import FakePortal, demo_environment, fake_portal
from b24kit.crm.refs import Kind, Ref
from benchmarks.real_input import command

LEADS = 500
OPT_OUT = "UF_CRM_OPT_OUT"  # the field of the generated company
SEGMENT = "UF_CRM_SEGMENT"
MODES = ("archive", "convert", "convert_with_deal", "delete", "mixed", "extract")
ON_LEADS = {"entity_type_id": 1, "stage": "NEW", "action": "todo", "title": "Позвонить"}
ON_DEALS = [
    {"entity_type_id": 2, "stage": "NEW", "action": "mail", "subject": "Спасибо за заказ"},
    {"entity_type_id": 2, "stage": "NEW", "action": "task", "title": "Подготовить договор"},
]
MADE_BY_ROBOTS = ("task", "notification", "workflow")
CLASSES = {
    "convert_with_deal": {"human": "convert_with_deal"},
    "mixed": {"newsletter": "delete", "human": "convert", "relay": "review", "forwarded": "review"},
}


def main() -> None:
    """Print one JSON object; the number of leads may be given, and then a mode."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    asked = sys.argv[2:] or MODES
    print(json.dumps({"benchmark": "modes", "leads": leads, **{mode: measured(mode, leads) for mode in asked}}))


def measured(mode: str, leads: int) -> dict[str, Any]:
    """One mode on a company of its own, through the command line."""
    with (
        tempfile.TemporaryDirectory() as folder,
        fake_portal(["--leads-count", str(leads)]) as portal,
        demo_environment(portal, Path(folder), "en"),
    ):
        return round_trip(portal, Path(folder), mode)


def round_trip(portal: FakePortal, folder: Path, mode: str) -> dict[str, Any]:
    """Plan, refuse because of the robot, apply once it is off, look, take back, compare."""
    place(portal, [ON_LEADS, *ON_DEALS])
    before, made = pulled(folder), side_effects(portal)
    file, plan = folder / "plan.b24", folder / "plan.json"
    answers = ("--answer", "robots-leads=none", "--answer", "robots-deals-0=two robots, quiet creation")
    wished = mode if mode in ("archive", "delete", "extract") else "convert"
    planned = command(
        "plan", str(playbook(folder, mode)), "--mode", wished, "--tap-open", "-o", str(file), *answers, "--json"
    )
    final = planned["no_way_back"]
    confirm = ("--confirm", f"delete {final}") if final else ()
    refused = ends("apply", str(file), *confirm, "--json") if mode != "extract" else None
    touched = side_effects(portal) - made
    place(portal, ON_DEALS)
    run = command("apply", str(file), *confirm, "--json")
    after = pulled(folder)
    fired = side_effects(portal) - made
    listed = removed_by(file, folder)
    undo = command("undo", "--auto-approve", "--json")
    back = pulled(folder)
    plan.unlink(missing_ok=True)
    return {
        "actions": {note["code"].rpartition(".")[2]: note["facts"].get("count") for note in acts(planned)},
        "writes": planned["writes"],
        "requests": planned["cost"]["requests"],
        "refused_while_robot_stands": refused,
        "made_by_the_refused_run": dict(touched),
        "run": {name: run[name] for name in ("changed", "moved", "skipped", "conflict", "failed", "left")},
        "robots_fired": dict(fired),
        "mails_sent": len(portal.control.mails()),
        "consent_lost": consent_lost(before, after),
        "listed_as_final": final,
        "activities_listed": activities_listed(planned),
        "undone": {name: undo[name] for name in ("changed", "moved", "conflict", "failed", "left")},
        **differences(before, back, listed),
    }


def playbook(folder: Path, mode: str) -> Path:
    """The shipped playbook with the classes, the field of refusals and the field of segments of this trial."""
    import yaml

    from b24kit.playbook.shipped import find_playbook

    found = yaml.safe_load(find_playbook("talking-leads").read_text(encoding="utf-8"))
    found["clean"] |= {"consent": [OPT_OUT], "classes": CLASSES.get(mode, {})}
    found["clean"]["extract"] |= {"field": SEGMENT}
    file = folder / "modes.yaml"
    file.write_text(yaml.safe_dump(found, allow_unicode=True), encoding="utf-8")
    return file


def place(portal: FakePortal, robots: list[dict[str, Any]]) -> None:
    """Robots as a person puts them on stages; no method shows them."""
    portal.control.settings(portal=portal.control.settings()["portal"] | {"robots": robots})


def side_effects(portal: FakePortal) -> Counter[str]:
    """What robots may have made, and letters of the timeline that nobody received from outside."""
    tables = portal.control.dump([*MADE_BY_ROBOTS, "activity"])["tables"]
    return Counter({name: len(tables[name]) for name in MADE_BY_ROBOTS}) + Counter(
        {"todo": sum(row.get("SUBJECT") == ON_LEADS["title"] for row in tables["activity"].values())}
    )


def acts(planned: dict[str, Any]) -> list[dict[str, Any]]:
    """The notes that count leads by what is done with them."""
    kinds = ("clean.note.does_", "clean.note.deals", "clean.note.segment")
    return [note for note in planned["notes"] if note["code"].startswith(kinds)]


def activities_listed(planned: dict[str, Any]) -> int:
    """Letters and other activities that the plan says go with removed leads."""
    found = [note["facts"] for note in planned["notes"] if note["code"] == "clean.note.letters_go"]
    return sum(facts["count"] + facts["others"] for facts in found)


def removed_by(file: Path, folder: Path) -> frozenset[Ref]:
    """The cards that the plan says it removes for good."""
    from b24kit.change.operation import RemoveRecord

    plan = load(file, store=folder / ".b24kit" / "runs")
    return frozenset(one.ref for one in plan.operations if isinstance(one, RemoveRecord) and one.ref.kind is Kind.LEAD)


def consent_lost(before: Snapshot, after: Snapshot) -> int:
    """Leads that held a refusal and neither stand any more nor have a client who holds it."""
    contacts = {contact.id: contact for contact in after.contacts()}
    left = {lead.id: lead for lead in after.leads()}
    lost = 0
    for lead in before.leads():
        if not refuses(lead.extra.get(OPT_OUT)):
            continue
        now = left.get(lead.id)
        contact = contacts.get(now.contact or "") if now is not None else None
        kept = now is not None and refuses(now.extra.get(OPT_OUT))
        lost += not kept or (contact is not None and not refuses(contact.extra.get(OPT_OUT)))
    return lost


def differences(before: Snapshot, back: Snapshot, listed: frozenset[Ref]) -> dict[str, Any]:
    """What differs after the undo, apart from removed cards, what hung on them alone, and stages made again."""
    gone_with = {one.ref for one in before.activities() if one.card in listed}
    unlisted: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for one in compare(before, back):
        if one.ref.kind is Kind.STAGE and not one.field:
            continue  # made again under its old code with a new row id; cards carry the code
        expected = one.ref in listed or one.ref in gone_with or (not one.field and listed and one.before is None)
        (told if expected else unlisted)[f"{one.ref.kind.value}.{one.field or 'whole'}"] += 1
    return {"differences_listed": dict(told), "differences_not_listed": dict(unlisted)}


def ends(*arguments: str) -> int:
    """The exit code of a command line."""
    return subprocess.run(
        [sys.executable, "-m", "b24kit", *arguments], capture_output=True, env=os.environ, check=False
    ).returncode


def pulled(folder: Path) -> Snapshot:
    """A fresh snapshot of the whole portal."""
    command("pull", "--json")
    return Snapshot.open(max((folder / ".b24kit" / "snapshots").glob("*.sqlite")))


if __name__ == "__main__":
    main()
