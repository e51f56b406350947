"""Nothing lost: on the generated company with belongings, clients converted, rubbish archived or removed; what hung on
the leads is counted and hashed before and after, then everything is undone and compared again. One JSON object.

Aims: data lost 0, consent lost 0, side effects 0; after the undo only what was told before the start differs.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from b24kit.change.draft import plan_over
from b24kit.change.guard import Consent
from b24kit.change.idmap import id_map
from b24kit.change.inventory import Inventory
from b24kit.change.operation import Operation, Reason, RemoveRecord, UpdateRecord
from b24kit.change.plan import HandStep, Plan, ordered
from b24kit.change.recap import Recap
from b24kit.change.recreation import losses
from b24kit.change.rollout import Rollout
from b24kit.change.runs import Run, RunStore
from b24kit.change.snapshot import Snapshot, take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.cleanup.remove import remove
from b24kit.cli.stock import clients_of
from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.cards import Lead
from b24kit.crm.dossier import Dossier, Part, print_of
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind, Ref
from b24kit.letters.plain import readable
from b24kit.playbook.compose import compose
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.shipped import find_playbook
from b24kit.reports.belongings import Belongings, belongings_of
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.seeds.organiser import OPT_OUT
from b24kit.sandbox.server import Sandbox
from benchmarks.portal import tell

LEADS = 500
REMOVED = ("newsletter", "notification", "bounce", "auto_reply")
WANT = (Kind.USER, Kind.TEAM, Kind.COMPANY, Kind.CONTACT, Kind.DEAL, Kind.LEAD, Kind.ACTIVITY)
SIDE_EFFECTS = ("mail", "notification", "workflow")
# What making again is told to change (`recreation.losses`): these parts are compared by what they say instead.
_IN_WORDS = (Part.COMMENTS, Part.MARKS, Part.TASKS, Part.TODOS, Part.MOVES)
_STAMPS = frozenset({"created", "created_by", "changed", "changed_by", "moved", "last_activity", "origin", "repeat"})


@dataclass(frozen=True, slots=True)
class Scene:
    """A portal under work, and where its runs are kept."""

    portal: Portal
    clock: Clock
    control: SandboxControl
    folder: Path

    def rollout(self, plan: Plan) -> Rollout:
        phrase = f"delete {sum(isinstance(one, RemoveRecord) and one.kept for one in plan.operations)}"
        store, locks = RunStore(self.folder / "runs"), self.folder / "state"
        consent = Consent(phrase=phrase, answers={step.key: "none" for step in plan.steps})
        return Rollout(portal=self.portal, store=store, locks=locks, clock=self.clock, consent=consent)


def main() -> None:
    """Print the figures; the number of leads may be given as the only argument."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    seed = {"kind": "company", "leads": leads, "seed": 7, "belongings": True}
    with Sandbox(seed=seed, clock="moved", grace=0.001) as sandbox, tempfile.TemporaryDirectory() as folder:
        clock = RemoteClock(sandbox.control)
        portal = open_portal(Webhook.parse(sandbox.webhook_url), clock)
        scene = Scene(portal, clock, sandbox.control, Path(folder))
        tell({"benchmark": "nothing_lost", "leads": leads, **measure(scene)})
        portal.close()


def measure(scene: Scene) -> dict[str, Any]:
    """Apply, prove, undo, compare."""
    snapshot = take_snapshot(
        scene.portal, scene.folder / "before.sqlite", want=WANT, clock=scene.clock, shorten=readable
    )
    leads = [lead.ref for lead in snapshot.leads()]
    plan = planned(scene, snapshot)
    before, contents = told(scene, leads), hashes(scene, leads)
    effects = effects_on(scene)
    rollout = scene.rollout(plan)
    inventory = Inventory(scene.folder / "inventory.sqlite")
    inventory.take_before(scene.portal, plan, (OPT_OUT,))
    manifest = rollout.back_up(plan)
    done = rollout.apply(plan)
    run = rollout.store.open(done.run_id)
    proof = proven(scene, plan, run, inventory, rollout.store)
    after_apply = effects_on(scene)
    back, undone = taken_back(scene, run, rollout.store)
    ids = {ref: ref for ref in leads} | dict(id_map(back, rollout.store))
    now = told(scene, [ids[ref] for ref in leads])
    differences = Counter(name for ref in leads for name in differs(before[ref], now.get(ids[ref])))
    again = hashes(scene, [ids[ref] for ref in leads])
    return {
        "reasons": dict(Counter(one.reason.code for one in plan.operations if one.target.kind is Kind.LEAD)),
        "removed": sum(isinstance(one, RemoveRecord) and one.kept for one in plan.operations),
        "applied": done.line(),
        "copied": None if manifest is None else dict(manifest.parts),
        "told_before": [] if manifest is None else [f"{one.code} {dict(one.facts)}" for one in losses(manifest)],
        "proof": proof.document(),
        "data_lost": proof.lost,
        "consent_lost": proof.consent_lost,
        "side_effects_of_apply": moved(effects, after_apply),
        "undone": undone.line(),
        "made_again": sum(old != new for old, new in ids.items()),
        "differences_after_undo": dict(differences),
        "file_contents_equal": contents == again,
        "side_effects_of_undo": moved(after_apply, effects_on(scene)),
    }


def planned(scene: Scene, snapshot: Snapshot) -> Plan:
    """The shipped playbook's plan, with what no person wrote removed instead of archived."""
    playbook = load_playbook(find_playbook("talking-leads"))
    assert playbook.clean is not None
    clean = playbook.clean.model_copy(update={"consent": (OPT_OUT,)})
    playbook = playbook.model_copy(update={"clean": clean})
    facts, now = scene.portal.facts(), scene.clock.now()
    pieces = compose(playbook, snapshot, capabilities=scene.portal.capabilities, facts=facts, now=now)
    hanging: dict[Ref, list[Ref]] = {}
    for activity in snapshot.activities(Kind.LEAD):
        hanging.setdefault(activity.card, []).append(activity.ref)
    operations = waiting_rightly([(one, instead(one, snapshot, hanging)) for one in pieces.operations])
    return plan_over(
        snapshot,
        ordered(operations),
        playbook=playbook.name,
        now=now,
        portal=scene.portal,
        steps=[HandStep(key=step.key, code=step.code, answer="none") for step in pieces.steps],
        assignment=pieces.assignment,
        names=pieces.names,
    )


def instead(operation: Operation, snapshot: Snapshot, hanging: Mapping[Ref, Sequence[Ref]]) -> list[Operation]:
    """A lead that would be archived for what no person wrote is removed."""
    word = operation.reason.code.removeprefix("clean.archive_")
    record = snapshot.get(operation.target) if isinstance(operation, UpdateRecord) and word in REMOVED else None
    if not isinstance(record, Lead):
        return [operation]
    return remove(record, hanging.get(record.ref, ()), Reason(operation.reason.code), operation.cluster)


def waiting_rightly(replaced: Sequence[tuple[Operation, list[Operation]]]) -> list[Operation]:
    """Who waited for an operation waits for the last of those in its place: a stage goes when its cards are gone."""
    last = {old.key: new[-1].key for old, new in replaced}
    found = [one for _, new in replaced for one in new]
    return [replace(one, needs=tuple(last.get(key, key) for key in one.needs)) for one in found]


def proven(scene: Scene, plan: Plan, run: Run, inventory: Inventory, store: RunStore) -> Belongings:
    """What the proof sheet says."""
    ids = {key: entry.new_id for key, entry in run.journal.last().items() if entry.new_id is not None}
    inventory.take_copy(store.backups.find(plan.id))
    inventory.take_after(scene.portal, plan, ids, (OPT_OUT,))
    return belongings_of(inventory, clients_of(plan, ids))


def taken_back(scene: Scene, run: Run, store: RunStore) -> tuple[Run, Recap]:
    """Undo the run."""
    plan = undo_plan(run, scene.portal, store, scene.clock)
    recap = scene.rollout(plan).apply(plan)
    return store.open(recap.run_id), recap


def told(scene: Scene, refs: Sequence[Ref]) -> dict[Ref, Dossier]:
    """Every card with all that hangs on it."""
    return {dossier.ref: dossier for dossier in scene.portal.dossiers(refs)}


def hashes(scene: Scene, refs: Sequence[Ref]) -> Counter[str]:
    """The contents of all files, by hash: how often each is there."""
    files = {file.id: file for dossier in scene.portal.dossiers(refs) for file in dossier.files}
    read = scene.portal.contents(files.values())
    return Counter("unread" if content is None else hashlib.sha256(content).hexdigest() for _, content in read)


def differs(before: Dossier, now: Dossier | None) -> Iterator[str]:
    """What is not as it was, by part; parts that come back in other words are compared by their words."""
    if now is None:
        yield "card gone"
        return
    same_card = before.ref == now.ref
    for part in Part:
        old, new = items(before, part), items(now, part)
        if part is Part.CARD:
            yield from (f"card.{name}" for name in fields(before, now))
        elif part in _IN_WORDS and not same_card:
            words = " ".join(str(one) for _, _, one in now.items())
            lost = [one for one in old for text in said(one) if text not in words]
            yield from [f"{part.value} lost"] * len(lost)
        elif part is Part.LINKS:
            if {one["id"] for one in old} != {one["id"] for one in new}:
                yield part.value
        elif part is not Part.MOVES and prints(part, old) != prints(part, new):
            yield part.value


def items(dossier: Dossier, part: Part) -> list[Mapping[str, Any]]:
    return [one for found, _, one in dossier.items() if found is part]


def prints(part: Part, found: Sequence[Mapping[str, Any]]) -> Counter[str]:
    return Counter(print_of(part, one) for one in found)


def said(item: Mapping[str, Any]) -> Iterator[str]:
    """The words of an item that have to be found again somewhere on the card."""
    for name in ("title", "subject", "text", "stage"):
        if item.get(name):
            yield str(item[name]).split("\n")[0]


def fields(before: Dossier, now: Dossier) -> Iterator[str]:
    """Fields of the card itself; what the portal stamps is told before and left out."""
    for name in before.card.keys() - _STAMPS:
        old, new = before.card[name], now.card.get(name)
        if name == "points":
            old, new = ([{**one, "id": None} for one in value or ()] for value in (old, new))
        if old != new:
            yield name


def effects_on(scene: Scene) -> dict[str, int]:
    """How many letters, notices and workflows the portal has seen."""
    tables = scene.control.dump(SIDE_EFFECTS)["tables"]
    return {name: len(tables[name]) for name in SIDE_EFFECTS}


def moved(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in before}


if __name__ == "__main__":
    main()
