"""A small company in memory and a plan over it, shared by the engine's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from b24kit.change.draft import plan_over
from b24kit.change.guard import Consent
from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    Operation,
    Phase,
    Reason,
    RemoveRecord,
    UpdateRecord,
)
from b24kit.change.plan import Plan, ordered
from b24kit.change.recap import Recap
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import Snapshot
from b24kit.change.undo import undo_plan
from b24kit.clock import FakeClock
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Contact, Lead, PersonName
from b24kit.crm.pipeline import Outcome, Source
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref, new_ref
from tests.change.memory_portal import MemoryPortal, stage

WHY = Reason("test.why")
EVERYTHING = (
    Kind.STAGE,
    Kind.PIPELINE,
    Kind.SOURCE,
    Kind.COMPANY,
    Kind.CONTACT,
    Kind.DEAL,
    Kind.LEAD,
    Kind.ACTIVITY,
)


def company(leads: int = 8) -> MemoryPortal:
    """A portal with an E-mail stage full of letters, two of every three by one sender."""
    portal = MemoryPortal(FakeClock())
    portal.add(
        stage(1, "NEW", "Не определен"),
        stage(2, "MAIL", "E-mail"),
        stage(8, "CONVERTED", "Качественный", Outcome.WON),
        stage(9, "JUNK", "Некачественный", Outcome.LOST),
        Source(id="1", code="EMAIL", name="Почта"),
        Contact(id="1", title="", name=PersonName("Анна", "Известная"), points=(mail("anna@example.com"),)),
    )
    for number in range(1, leads + 1):
        lead = Lead(
            id=str(number), title=f"Письмо {number}", stage="MAIL", owner="5", points=(mail(f"c{number // 3}@x.ru"),)
        )
        letter = Activity(
            id=str(100 + number),
            channel=Channel.EMAIL,
            direction=Direction.IN,
            subject=f"Письмо {number}",
            card=lead.ref,
            done=True,
            bindings=(lead.ref,),
        )
        portal.add(lead, letter)
    return portal


def mail(address: str) -> Point:
    return Point(PointKind.EMAIL, address)


def photograph(portal: MemoryPortal) -> Snapshot:
    records: list[Record] = [record for kind in EVERYTHING for record in portal.all(kind)]
    return Snapshot.of(records, portal.facts(), portal.clock.now())


def operations(portal: MemoryPortal) -> list[Operation]:
    """Both phases in small: two new stages, a contact a client, letters bound, leads closed, the old stage removed."""
    found: list[Operation] = [
        UpdateRecord(
            key="s-new", phase=Phase.SETTINGS, reason=WHY, ref=Ref(Kind.STAGE, "1"),
            before={"name": "Не определен"}, after={"name": "Новое обращение"},
        ),
        CreateRecord(key="s-linked", phase=Phase.SETTINGS, reason=WHY, kind=Kind.STAGE, values=stage_values("LINKED")),
    ]  # fmt: skip
    moves: list[str] = []
    firsts: set[int] = set()
    for lead in portal.leads():
        client = int(lead.id) // 3
        cluster, maker = f"c-{client}", f"c-{client}-contact"
        if client not in firsts:
            found.append(
                CreateRecord(
                    key=maker, phase=Phase.CONTACTS, reason=WHY, cluster=cluster, kind=Kind.CONTACT,
                    values={"name": {"first": "Клиент", "last": str(client), "middle": ""}, "owner": "5",
                            "points": [{"kind": "email", "value": f"c{client}@x.ru", "use": "work", "id": None}]},
                )
            )  # fmt: skip
        contact = new_ref(Kind.CONTACT, maker)
        letter = Ref(Kind.ACTIVITY, str(100 + int(lead.id)))
        found.append(
            BindLetter(
                key=f"b-{lead.id}", phase=Phase.LINKS, reason=WHY, cluster=cluster, activity=letter, card=contact
            )
        )
        found.append(close_lead(lead, cluster, contact.id, "LINKED" if client in firsts else "CONVERTED"))
        moves.append(f"l-{lead.id}")
        firsts.add(client)
    old = next((one for one in portal.stages() if one.code == "MAIL"), None)
    if old is not None:
        before = photograph(portal).values(Ref(Kind.STAGE, old.id))
        assert before is not None
        found.append(
            RemoveRecord(
                key="s-mail",
                phase=Phase.RETIRE,
                reason=WHY,
                ref=Ref(Kind.STAGE, old.id),
                before=before,
                needs=tuple(moves),
            )
        )
    return list(ordered(found))


def close_lead(lead: Lead, cluster: str, contact: str, code: str, needs: Sequence[str] = ()) -> UpdateRecord:
    return UpdateRecord(
        key=f"l-{lead.id}", phase=Phase.CARDS, reason=WHY, cluster=cluster, ref=lead.ref,
        before={"stage": lead.stage, "contact": lead.contact, "owner": lead.owner},
        after={"stage": code, "contact": contact, "owner": "6"},
        needs=("s-linked", *needs),
    )  # fmt: skip


def stage_values(code: str) -> dict[str, Any]:
    return {
        "ladder": "leads",
        "code": code,
        "name": code.title(),
        "sort": 95,
        "colour": None,
        "outcome": "lost",
        "system": False,
    }


def plan_for(portal: MemoryPortal, found: Sequence[Operation] | None = None, **more: Any) -> Plan:
    todo = operations(portal) if found is None else list(found)
    now = portal.clock.now()
    portal.clock.advance(60)
    return plan_over(photograph(portal), todo, playbook="talking-leads", now=now, portal=portal, **more)


def rollout(portal: MemoryPortal, folder: Path, **more: Any) -> Rollout:
    more.setdefault("consent", Consent())
    return Rollout(portal=portal, store=RunStore(folder / "runs"), locks=folder / "state", clock=portal.clock, **more)


def take_back(portal: MemoryPortal, work: Rollout, run_id: str) -> tuple[Plan, Recap]:
    """Undo a run and carry the undo out."""
    run = work.store.open(run_id)
    plan = undo_plan(run, portal, work.store, portal.clock)
    run.close()
    portal.clock.advance(60)
    return plan, work.apply(plan)


DAY = timedelta(days=1)
