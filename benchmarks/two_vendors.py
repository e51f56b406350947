"""The generated company cleaned on both sandboxes by one playbook: same clusters, same owners, nothing lost, and the
undo equal to the snapshot except what the plan had listed. Prints one JSON object; the number of leads may be given.

Both portals are read, planned, applied, looked at and taken back through the same code; only the address differs.
Headers of letters, by which a newsletter or an answer address is told, no API of amoCRM gives: whose letters are a
client's on one side only is counted apart. Clients of a team are dealt out by who they are, not by whose turn it is;
such a client more on one side can still take the place of somebody whose share is full: these are counted apart.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from b24kit.change.draft import plan_over
from b24kit.change.guard import Consent, final_operations, final_phrase
from b24kit.change.intake import AttachIncoming, DeclineIncoming, Intake
from b24kit.change.inventory import Inventory
from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import Difference, Snapshot, compare, take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.cli.scope import EVERYTHING
from b24kit.clock import Clock
from b24kit.connectors.factory import open_portal, read_credentials
from b24kit.crm.portal import Portal
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Create
from b24kit.letters.plain import readable
from b24kit.owners.spec import OwnersSpec
from b24kit.reports.belongings import belongings_of
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox

LEADS = 600
SHARED = "owner.source_team"
VENDORS = ("bitrix24", "amocrm")
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CLEAN = {
    "pile": {"stages": ["E-mail"]},
    "tap_open": True,
    "own": {
        "domains": ["expo-standart.example"],
        "relays": ["forms-relay.example", "tilda-forms.example", "lead-form.example"],
    },
}
OWNERS = {
    "order": ["known_client", "seminars", "sources"],
    "seminars": [
        {"name": "Охрана труда", "words": ["охрана труда"], "manager": "Юлия Маркова"},
        {"name": "Налоговая реформа", "words": ["налоговая реформа"], "manager": "Павел Титов"},
    ],
    # Groups of amoCRM have no heads: that he takes no clients there as well, the playbook says.
    "sources": [{"source": "EMAIL", "team": "2", "spare": ["i.belov@expo-standart.example"]}],
    "fallback": {"to": "Павел Титов"},
}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What one portal came to."""

    figures: Mapping[str, Any]
    client_of: Mapping[str, str]  # the sender's letter, by its place in the company -> cluster
    owner_of: Mapping[str, str]
    rule_of: Mapping[str, str]


def main() -> None:
    """Print the figures."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    print(json.dumps(measured(leads), ensure_ascii=False, indent=2))


def measured(leads: int) -> dict[str, Any]:
    """Clean both portals and hold one against the other."""
    found = {vendor: cleaned(vendor, leads) for vendor in VENDORS}
    one, other = (found[vendor] for vendor in VENDORS)
    both = one.client_of.keys() & other.client_of.keys()
    pairs = [{frozenset(group) for group in _groups(part.client_of, both)} for part in (one, other)]
    owners = [part.owner_of for part in (one, other)]
    differing = [lead for lead in sorted(both) if owners[0].get(lead) != owners[1].get(lead)]
    by_shares = sum(one.rule_of.get(lead) == SHARED for lead in differing)
    return {
        "benchmark": "two_vendors",
        "leads": leads,
        "letters_with_client_on_both": len(both),
        "letters_with_client_on_one_only": {vendor: len(found[vendor].client_of.keys() - both) for vendor in VENDORS},
        "clusters": [len(groups) for groups in pairs],
        "clusters_that_differ": len(pairs[0] ^ pairs[1]),
        "owners_that_differ": len(differing) - by_shares,
        "owners_that_differ_by_shares": by_shares,
        **{vendor: part.figures for vendor, part in found.items()},
    }


def cleaned(vendor: str, leads: int) -> Cleaned:
    """Plan, apply, prove, second plan, undo, compare on one fresh portal."""
    manners = {"rate": None} if vendor == "amocrm" else {}
    seed = {"kind": "company", "leads": leads, "seed": 7}
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(vendor=vendor, seed=seed, clock="moved", start=START, grace=0.001, manners=manners) as sandbox,
    ):
        clock = RemoteClock(sandbox.control)
        access = sandbox.webhook_url if vendor == "bitrix24" else f"{sandbox.url} {sandbox.token}"
        portal = open_portal(read_credentials(access), clock)
        _prepare(portal)
        try:
            return _round(portal, clock, Path(folder), sandbox)
        finally:
            portal.close()


def _round(portal: Portal, clock: Clock, folder: Path, sandbox: Sandbox) -> Cleaned:
    before = _pulled(portal, clock, folder / "before.db")
    draft = _draft(portal, before, clock)
    plan = _plan(portal, before, draft, clock)
    store = RunStore(folder / "runs")
    inventory = Inventory(folder / "inventory.db")
    inventory.take_before(portal, plan)
    run = _apply(portal, plan, clock, store, folder)
    made = {key: entry.new_id for key, entry in store.open(run["run"]).journal.last().items() if entry.new_id}
    inventory.take_after(portal, plan, made)
    stock = belongings_of(inventory, {})
    after = _pulled(portal, clock, folder / "after.db")
    again = _draft(portal, after, clock)
    lost = _letters_lost(plan, portal)
    back = undo_plan(store.open(run["run"]), portal, store, clock)
    undone = _apply(portal, back, clock, store, folder)
    last = _pulled(portal, clock, folder / "last.db")
    client_of, owner_of, rule_of = _told(draft, before)
    figures = {
        "counters": dict(draft.counters),
        "classes": dict(draft.classes),
        "writes": plan.write_counts(),
        "requests_planned": plan.cost.requests,
        "no_way_back": Counter(f"{one.code} {one.ref.kind.value}" for one in plan.no_way_back(portal.capabilities)),
        "final": len(final_operations(plan.operations, portal.capabilities)),
        "run": run,
        "second_plan_writes": Counter(type(one).__name__ for one in again.operations),
        "belongings_lost": stock.lost,
        "missing": [f"{one.card} {one.part} {one.id}" for one in stock.missing[:5]],
        "declined_letters_without_copy": lost,
        "undone": undone,
        **_differences(before, last, plan),
        "mails_sent": len(sandbox.control.mails()),
    }
    return Cleaned(figures, client_of, owner_of, rule_of)


def _prepare(portal: Portal) -> None:
    """The field in which a portal without origins keeps our marks, and the stages that the playbook closes on."""
    if portal.capabilities.marks_need_field:
        field = {"code": "B24KIT_ID", "label": "b24kit", "type": "string"}
        kinds = [kind for kind in CARDS if kind is not Kind.DEAL]
        list(
            portal.perform([Create(kind.value, Kind.FIELD, {**field, "card_kind": kind.value}) for kind in kinds], _no)
        )
    if not portal.capabilities.one_failure:
        stages = [("B24KIT_LINKED", "Письмо клиента"), ("B24KIT_ARCHIVE", "Архив")]
        made = [
            Create(
                code, Kind.STAGE, {"ladder": "leads", "code": code, "name": name, "sort": 900 + n, "outcome": "lost"}
            )
            for n, (code, name) in enumerate(stages)
        ]
        list(portal.perform(made, _no))


def _no(batch: Any) -> None:
    """Planting is not journalled."""


def _pulled(portal: Portal, clock: Clock, path: Path) -> Snapshot:
    return take_snapshot(portal, path, want=EVERYTHING, clock=clock, shorten=readable)


def _draft(portal: Portal, snapshot: Snapshot, clock: Clock) -> CleanDraft:
    spec, owners = CleanSpec.model_validate(CLEAN), OwnersSpec.model_validate(OWNERS)
    return plan_clean(snapshot, spec, owners, clock.now(), portal.capabilities)


def _plan(portal: Portal, snapshot: Snapshot, draft: CleanDraft, clock: Clock) -> Plan:
    return plan_over(
        snapshot, draft.operations, playbook="two-vendors", now=clock.now(), portal=portal, left=draft.left,
        notes=draft.notes, assignment=draft.assignment,
    )  # fmt: skip


def _apply(portal: Portal, plan: Plan, clock: Clock, store: RunStore, folder: Path) -> dict[str, Any]:
    final = len(final_operations(plan.operations, portal.capabilities))
    consent = Consent(phrase=final_phrase(final)["en"] if final else "")
    rollout = Rollout(portal=portal, store=store, locks=folder / "locks", clock=clock, consent=consent)
    recap = rollout.apply(plan)
    troubles = Counter(f"{one.state} {one.code} {one.said}" for one in recap.undone)
    return {"run": recap.run_id, "line": recap.line(), "troubles": dict(troubles)}


def _told(draft: CleanDraft, snapshot: Snapshot) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Client, owner and the rule that named him by lead: a letter has the same place on both portals."""
    first = min((int(lead.id) for lead in snapshot.leads()), default=0)
    names = {lead: str(int(lead) - first) for lead in draft.assignment}
    clients = {names[lead]: client for lead, client in draft.assignment.items()}
    owners: dict[str, str] = {}
    rules: dict[str, str] = {}
    for one in draft.operations:
        if one.target.kind is Kind.LEAD and one.target.id in names and "owner_rule" in one.reason.facts:
            rules[names[one.target.id]] = str(one.reason.facts["owner_rule"])
        if isinstance(one, UpdateRecord) and one.ref.kind is Kind.LEAD and one.ref.id in names:
            owners[names[one.ref.id]] = str(one.after.get("owner") or one.before["owner"])
        elif isinstance(one, Intake) and str(one.before.get("lead")) in names:
            owners[names[str(one.before["lead"])]] = str(
                getattr(one, "owner", "") or one.reason.facts.get("owner") or ""
            )
    return clients, {lead: owner for lead, owner in owners.items() if owner}, rules


def _groups(client_of: Mapping[str, str], leads: Iterable[str]) -> list[frozenset[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for lead in leads:
        groups[client_of[lead]].add(lead)
    return [frozenset(group) for group in groups.values()]


def _letters_lost(plan: Plan, portal: Portal) -> int:
    """Letters of clients that were turned down and stand in no note; machines' letters stay in the journal alone."""
    copies = {one.key: one for one in plan.operations if isinstance(one, CreateRecord) and one.kind is Kind.COMMENT}
    lost = 0
    wanted = [
        one for one in plan.operations if isinstance(one, DeclineIncoming) and one.reason.code == "clean.decline_copied"
    ]
    cards = {str(copies[one.needs[0]].values["card"]) for one in wanted}
    texts: dict[str, str] = defaultdict(str)
    for dossier in portal.dossiers(map(Ref.parse, sorted(cards))):
        texts[str(dossier.ref)] = "\n".join(str(comment["text"]) for comment in dossier.comments)
    for one in wanted:
        there = texts[str(copies[one.needs[0]].values["card"])]
        told = (one.before["sender_address"], one.before["subject"], one.before["summary"])
        lost += any(part and part not in there for part in told)
    return lost


def _differences(before: Snapshot, last: Snapshot, plan: Plan) -> dict[str, Any]:
    """What is not as it was after the undo, apart from what the plan had listed as having no way back."""
    listed = set()
    for one in plan.operations:
        if isinstance(one, Intake):
            listed |= {str(one.incoming), f"lead:{one.before['lead']}"}
            listed |= {f"contact:{number}" for number in one.before["contacts"]}
            listed |= {f"lead:{one.card.id}", str(one.card)} if isinstance(one, AttachIncoming) else set()
    found = compare(before, last)
    unlisted = [one for one in found if str(one.ref) not in listed and _card_of(one) not in listed]
    return {
        "undo_differs": len(unlisted),
        "undo_differs_as_listed": len(found) - len(unlisted),
        "undo_some": [f"{one.ref} {one.field}: {one.before!r} -> {one.after!r}"[:160] for one in unlisted[:8]],
    }


def _card_of(one: Difference) -> str:
    """The card of an activity that came or went with it: a letter that was taken in is a note from then on."""
    values = one.after or one.before
    return str(values.get("card")) if one.ref.kind is Kind.ACTIVITY and isinstance(values, Mapping) else ""


if __name__ == "__main__":
    main()
