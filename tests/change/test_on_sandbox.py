"""The engine on a real server: lost connections, late commits, robots, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from b24kit.change.canary import CanaryFirst
from b24kit.change.draft import plan_over
from b24kit.change.operation import BindLetter, CreateRecord, Operation, Phase, UpdateRecord
from b24kit.change.plan import Plan, ordered
from b24kit.change.recap import Ended, Recap
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import Snapshot, compare, take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind, new_ref
from b24kit.crm.writes import Change, Create, Write
from b24kit.errors import Refused
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox
from tests.change.cases import EVERYTHING, WHY


@dataclass(frozen=True, slots=True)
class Place:
    portal: Portal
    clock: Clock
    control: SandboxControl
    folder: Path

    def rollout(self, **more: Any) -> Rollout:
        return Rollout(
            portal=self.portal,
            store=RunStore(self.folder / "runs"),
            locks=self.folder / "state",
            clock=self.clock,
            **more,
        )

    def snapshot(self, name: str) -> Snapshot:
        return take_snapshot(self.portal, self.folder / f"{name}.sqlite", want=EVERYTHING, clock=self.clock)

    def plan(self, operations: list[Operation], over: Snapshot) -> Plan:
        return plan_over(over, ordered(operations), playbook="test", now=self.clock.now(), portal=self.portal)

    def to_the_end(self, plan: Plan) -> Recap:
        """Apply, and resume while bad luck leaves something undone: a write is tried four times in one go."""
        recap = self.rollout().apply(plan)
        for _ in range(5):
            if recap.ended is Ended.PARTLY:
                recap = self.rollout().resume(recap.run_id)
        assert recap.ended is Ended.DONE, recap
        return recap

    def count(self, kind: Kind) -> int:
        return len(self.control.dump([kind.value])["tables"][kind.value])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Sandbox(seed={"kind": "company", "leads": 60, "seed": 7}, clock="moved", grace=0.001) as sandbox:
        clock = RemoteClock(sandbox.control)
        portal = open_portal(Webhook.parse(sandbox.webhook_url), clock)
        yield Place(portal, clock, sandbox.control, tmp_path)
        portal.close()
        assert not sandbox.control.mails(), "a letter was really sent"
        secret = sandbox.webhook_url.rstrip("/").rpartition("/")[2].encode()
        leaks = [path.name for path in tmp_path.rglob("*") if path.is_file() and secret in path.read_bytes()]
        assert len(secret) > 8 and not leaks, "the webhook is a password"


def work_on(found: Snapshot) -> list[Operation]:
    """A stage, a contact a lead, its letters bound, a comment, the lead closed on the new stage."""
    values = {"ladder": LEADS, "code": "B24KIT_TEST", "name": "Закрыто", "sort": 500, "colour": "#AABBCC"}
    operations: list[Operation] = [
        CreateRecord(
            key="stage",
            phase=Phase.SETTINGS,
            reason=WHY,
            kind=Kind.STAGE,
            values=values | {"outcome": "lost", "system": False},
        )
    ]
    letters = {activity.card: activity for activity in found.activities(on=Kind.LEAD)}
    for lead in list(found.leads())[:40]:
        shared: dict[str, Any] = {"reason": WHY, "cluster": f"c-{lead.id}"}
        contact = new_ref(Kind.CONTACT, f"contact-{lead.id}")
        operations.append(
            CreateRecord(
                key=f"contact-{lead.id}",
                phase=Phase.CONTACTS,
                kind=Kind.CONTACT,
                values={
                    "name": {"first": "Клиент", "last": lead.id, "middle": ""},
                    "owner": "1",
                    "points": [{"kind": "email", "value": f"client{lead.id}@firm.example", "use": "work", "id": None}],
                },
                **shared,
            )
        )
        if lead.ref in letters:
            operations.append(
                BindLetter(
                    key=f"bind-{lead.id}",
                    phase=Phase.LINKS,
                    activity=letters[lead.ref].ref,
                    card=contact,
                    **shared,
                )
            )
        operations.append(
            UpdateRecord(
                key=f"lead-{lead.id}",
                phase=Phase.CARDS,
                ref=lead.ref,
                before={"stage": lead.stage, "contact": lead.contact},
                after={"stage": "B24KIT_TEST", "contact": contact.id},
                **shared,
            )
        )
        operations.append(
            CreateRecord(
                key=f"note-{lead.id}",
                phase=Phase.NOTES,
                kind=Kind.COMMENT,
                values={"card": str(lead.ref), "text": f"Лид {lead.id} разобран"},
                **shared,
            )
        )
    return operations


FAULTS = {
    "calm": [],
    "cut after the work": [{"kind": "cut_after", "writes_only": True, "probability": 0.5, "seed": 1}],
    "cut before the work": [{"kind": "cut_before", "writes_only": True, "probability": 0.5, "seed": 1}],
    "cut, and done late": [
        {"kind": "cut_during", "writes_only": True, "probability": 0.5, "seed": 1, "commit_delay": [1, 50]}
    ],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_lost_answers_double_nothing_and_the_undo_leaves_the_portal_as_it_was(
    place: Place, faults: list[dict[str, Any]]
) -> None:
    before = place.snapshot("before")
    contacts = place.count(Kind.CONTACT)
    plan = place.plan(work_on(before), before)
    place.control.faults(*faults)
    recap = place.to_the_end(plan)
    place.control.faults()
    assert place.count(Kind.CONTACT) == contacts + 40 and place.count(Kind.COMMENT) == 40
    place.control.faults(*faults)
    run = place.rollout().store.open(recap.run_id)
    undo = undo_plan(run, place.portal, place.rollout().store, place.clock)
    assert undo.left == ()
    place.to_the_end(undo)
    place.control.faults()
    assert compare(before, place.snapshot("after")) == []
    assert place.count(Kind.COMMENT) == 0


def test_what_people_did_meanwhile_stays(place: Place) -> None:
    before = place.snapshot("before")
    recap = place.rollout().apply(place.plan(work_on(before), before))
    first, second = list(before.leads())[:2]
    ours = {contact.name.last: contact for contact in place.portal.contacts() if contact.name.first == "Клиент"}
    person = place.control
    person.settings(webhooks=[*person.settings()["webhooks"], {"user_id": 3, "code": "person0000000000"}])
    host = place.portal.facts().id
    colleague = open_portal(Webhook(host, "3", "person0000000000", "http"), place.clock)
    writes: list[Write] = [
        Change("a", first.ref, {"owner": "3"}),
        Change("b", ours[second.id].ref, {"comment": "Важный клиент"}),
        Create("c", Kind.DEAL, {"title": "Курс", "pipeline": "0", "contact": ours[first.id].id}),
    ]
    assert {result.settled.value for result in colleague.perform(writes, lambda batch: None)} == {"done"}
    colleague.close()
    run = place.rollout().store.open(recap.run_id)
    undo = undo_plan(run, place.portal, place.rollout().store, place.clock)
    left = {str(one.ref): one.reason.code for one in undo.left}
    assert left == {
        str(ours[second.id].ref): "undo.left.touched",
        str(ours[first.id].ref): "undo.left.used",
    }
    assert place.rollout().apply(undo).ended is Ended.DONE
    now = {lead.id: lead for lead in place.portal.leads()}
    assert (now[first.id].owner, now[first.id].stage) == ("3", first.stage)


ROBOTS = {
    "a to-do": ({"action": "todo", "title": "Позвонить"}, "activity"),
    "a task": ({"action": "task", "title": "Проверить"}, "task"),
    "a move onward": ({"action": "stage", "to": "JUNK"}, "stage"),
}


@pytest.mark.parametrize(("robot", "named"), ROBOTS.values(), ids=ROBOTS.keys())
def test_the_canary_meets_robots_that_no_method_can_list(place: Place, robot: dict[str, Any], named: str) -> None:
    before = place.snapshot("before")
    leads = place.count(Kind.LEAD)
    place.control.settings(
        portal=place.control.settings()["portal"] | {"robots": [{"entity_type_id": 1, "stage": "B24KIT_TEST", **robot}]}
    )
    rollout = place.rollout(before_phase=CanaryFirst(place.portal, place.clock))
    with pytest.raises(Refused) as caught:
        rollout.apply(place.plan(work_on(before), before))
    assert named in str(caught.value.facts["met"])
    assert place.count(Kind.LEAD) == leads
    assert {lead.stage for lead in place.portal.leads()} == {lead.stage for lead in before.leads()}


def test_the_canary_is_content_with_a_portal_without_robots(place: Place) -> None:
    before = place.snapshot("before")
    leads = place.count(Kind.LEAD)
    rollout = place.rollout(before_phase=CanaryFirst(place.portal, place.clock))
    assert rollout.apply(place.plan(work_on(before), before)).ended is Ended.DONE
    assert place.count(Kind.LEAD) == leads
    assert next(stage.outcome for stage in place.portal.stages() if stage.code == "B24KIT_TEST") is Outcome.LOST
