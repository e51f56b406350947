"""What people put into a field or a loss reason that a plan made survives the undo of that plan, on every portal."""

from __future__ import annotations

from pathlib import Path

import pytest

from b24kit.change.draft import plan_over
from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.recap import Recap
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.crm.pipeline import Outcome
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change
from tests.portals.conftest import Field

WHY = Reason("design.create_field", {"field": "Роль", "n": 0})


class Work:
    """Plans carried out and taken back on the portal under test."""

    def __init__(self, field: Field, folder: Path) -> None:
        self.field, self.folder = field, folder
        self.store = RunStore(folder / "runs")

    def does(self, *operations: Operation) -> tuple[Plan, Recap]:
        portal, clock = self.field.portal, self.field.clock
        snapshot = take_snapshot(portal, self.folder / "now.db", want=(Kind.STAGE, Kind.LEAD), clock=clock)
        plan = plan_over(snapshot, operations, playbook="fields", now=clock.now(), portal=portal)
        snapshot.close()
        (self.folder / "now.db").unlink()
        return plan, self._carries(plan)

    def takes_back(self, run_id: str) -> Plan:
        run = self.store.open(run_id)
        plan = undo_plan(run, self.field.portal, self.store, self.field.clock)
        run.close()
        assert self._carries(plan).failed == 0
        return plan

    def _carries(self, plan: Plan) -> Recap:
        rollout = Rollout(
            portal=self.field.portal, store=self.store, locks=self.folder / "state", clock=self.field.clock
        )
        return rollout.apply(plan)


@pytest.fixture
def work(field: Field, tmp_path: Path) -> Work:
    return Work(field, tmp_path)


def a_field(card_kind: str, **more: object) -> CreateRecord:
    values = {"card_kind": card_kind, "code": "UF_CRM_B24KIT_ROLE", "label": "Роль", "type": "string", **more}
    return CreateRecord(key=f"field-{card_kind}", phase=Phase.SETTINGS, reason=WHY, kind=Kind.FIELD, values=values)


def writes_into(field: Field, ref: Ref, name: str, value: object) -> None:
    """Somebody writes a value into an unnamed field of a card."""
    [card] = field.portal.read([ref]).values()
    field.do(Change(f"{ref} {name}", ref, {"extra": {name: value}}, values_of(card)))


def left(plan: Plan) -> dict[Kind, str]:
    return {one.ref.kind: one.reason.code for one in plan.left}


def test_a_field_that_people_filled_stays_with_its_values(field: Field, work: Work) -> None:
    _, recap = work.does(a_field("contact"))
    assert recap.changed == 1
    made = Ref(Kind.FIELD, work.store.open(recap.run_id).journal.last()["field-contact"].new_id or "")
    kinds, name = field.portal.field_place(made, a_field("contact").values)
    assert kinds == (Kind.CONTACT,)
    card = next(iter(field.portal.contacts())).ref
    writes_into(field, card, name, "Участник")
    back = work.takes_back(recap.run_id)
    assert left(back) == {Kind.FIELD: "undo.left.field_held"} and back.left[0].reason.facts["card"] == str(card)
    [now] = field.portal.read([card]).values()
    assert "Участник" in str(values_of(now)["extra"][name])


def test_a_field_that_nobody_filled_goes(field: Field, work: Work) -> None:
    _, recap = work.does(a_field("contact"))
    back = work.takes_back(recap.run_id)
    assert not back.left and [one.target.kind for one in back.operations] == [Kind.FIELD]


def test_what_the_run_itself_wrote_into_its_field_goes_with_it(field: Field, work: Work) -> None:
    card = next(iter(field.portal.contacts()))
    write = UpdateRecord(
        key="write", cluster="c-1", phase=Phase.CONTACTS, reason=WHY, ref=card.ref, needs=("field-contact",),
        before={"extra": {"UF_CRM_B24KIT_ROLE": None}}, after={"extra": {"UF_CRM_B24KIT_ROLE": "Спонсор"}},
    )  # fmt: skip
    _, recap = work.does(a_field("contact"), write)
    assert recap.changed == 2
    back = work.takes_back(recap.run_id)
    assert Kind.FIELD not in left(back)


def test_a_field_that_stays_demands_nothing_any_more(field: Field, work: Work) -> None:
    if not field.portal.capabilities.native_gates:
        pytest.skip("fields are demanded by hand here")
    stage = next(one for one in field.portal.stages() if one.outcome is Outcome.OPEN and not one.system)
    _, recap = work.does(a_field("lead", required_on=[stage.code]))
    made = Ref(Kind.FIELD, work.store.open(recap.run_id).journal.last()["field-lead"].new_id or "")
    kinds, name = field.portal.field_place(made, {"card_kind": "lead", "code": "UF_CRM_B24KIT_ROLE"})
    assert set(kinds) == {Kind.LEAD, Kind.DEAL}
    writes_into(field, next(iter(field.portal.deals())).ref, name, "Участник")
    back = work.takes_back(recap.run_id)
    assert left(back) == {Kind.FIELD: "undo.left.field_held"}
    assert next(gate.required_on for gate in field.portal.gates() if gate.id == made.id) == ()


def test_a_loss_reason_that_people_closed_with_stays(field: Field, work: Work) -> None:
    if not field.portal.capabilities.loss_reasons:
        pytest.skip("failures are stages here")
    reason = CreateRecord(
        key="reason", phase=Phase.SETTINGS, reason=WHY, kind=Kind.LOSS_REASON, values={"name": "Нет связи", "sort": 90}
    )
    _, recap = work.does(reason)
    made = work.store.open(recap.run_id).journal.last()["reason"].new_id
    deal = next(iter(field.portal.deals()))
    lost = next(one for one in field.portal.stages() if one.outcome is Outcome.LOST and one.ladder.startswith("deals:"))
    [card] = field.portal.read([deal.ref]).values()
    wanted = {"stage": lost.code, "extra": {"loss_reason_id": made}}
    field.do(Change("close", deal.ref, wanted, values_of(card)))
    assert left(work.takes_back(recap.run_id)) == {Kind.LOSS_REASON: "undo.left.loss_reason_held"}
    assert made in {one.id for one in field.portal.loss_reasons()}
