"""Taking a run back: three-way, in the right order, as a plan that can itself be taken back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from b24kit.change.operation import CreateRecord, Phase, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.snapshot import compare
from b24kit.crm.cards import Deal
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import Refused
from tests.change.cases import WHY, company, photograph, plan_for, rollout, take_back


def codes(plan: Plan) -> dict[str, str]:
    return {str(left.ref): left.reason.code for left in plan.left}


def test_apply_then_undo_leaves_the_portal_as_it_was(tmp_path: Path) -> None:
    portal = company()
    before = photograph(portal)
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    plan, undone = take_back(portal, work, recap.run_id)
    assert undone.failed == undone.conflict == undone.skipped == undone.left == 0
    assert not plan.left
    # The removed stage is there again under its code; its row is a new one.
    assert [(one.ref.kind, one.field) for one in compare(before, photograph(portal))] == [(Kind.STAGE, "")] * 2
    again = [one for one in portal.stages() if one.code == "MAIL"]
    assert [(one.name, one.sort) for one in again] == [("E-mail", 20)]


def test_a_second_undo_has_nothing_to_do(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    take_back(portal, work, recap.run_id)
    plan, undone = take_back(portal, work, recap.run_id)
    assert plan.empty
    assert [note.code for note in plan.notes] == ["undo.nothing"]
    assert undone.changed == undone.moved == 0


def test_an_undo_can_be_taken_back(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    stages = {lead.id: lead.stage for lead in portal.leads()}
    _, undone = take_back(portal, work, recap.run_id)
    _, redone = take_back(portal, work, undone.run_id)
    assert redone.failed == redone.conflict == redone.skipped == 0
    assert {lead.id: lead.stage for lead in portal.leads()} == stages
    contacts = {contact.id: contact for contact in portal.contacts()}
    for lead in portal.leads():
        assert lead.contact is not None
        assert contacts[lead.contact].emails == lead.emails
    for letter in portal.activities():
        assert any(ref.kind is Kind.CONTACT and ref.id in contacts for ref in letter.bindings or ())


def test_what_a_person_changed_since_stays_and_the_rest_goes_back(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    portal.edit(Ref(Kind.LEAD, "4"), owner="7")
    plan, _ = take_back(portal, work, recap.run_id)
    assert codes(plan) == {"lead:4": "undo.left.edited"}
    lead = next(one for one in portal.leads() if one.id == "4")
    assert (lead.stage, lead.owner, lead.contact) == ("MAIL", "7", None)


def test_a_contact_that_people_touched_is_kept(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    first, second, *_ = [one for one in portal.contacts() if one.id != "1"]
    portal.edit(first.ref, comment="Перезвонить")
    portal.add(Deal(id="1", title="Курс", pipeline="0", stage="NEW", contact=second.id, changed=portal.clock.now()))
    plan, _ = take_back(portal, work, recap.run_id)
    assert codes(plan) == {str(first.ref): "undo.left.touched", str(second.ref): "undo.left.used"}
    assert {one.id for one in portal.contacts()} == {"1", first.id, second.id}


def test_a_renamed_stage_goes_back_and_the_cards_people_put_into_it_stay(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    portal.edit(Ref(Kind.LEAD, "5"), stage="NEW")
    take_back(portal, work, recap.run_id)
    assert next(one.name for one in portal.stages() if one.code == "NEW") == "Не определен"
    assert next(one.stage for one in portal.leads() if one.id == "5") == "NEW"


def test_a_stage_of_ours_with_cards_of_people_inside_stays(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    first = next(one for one in portal.leads() if one.stage == "CONVERTED")
    portal.edit(first.ref, stage="LINKED")
    plan, undone = take_back(portal, work, recap.run_id)
    assert "undo.left.in_use" in codes(plan).values()
    assert undone.failed == 0
    assert "LINKED" in {one.code for one in portal.stages()}


def test_comments_are_taken_back_once(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    comment = CreateRecord(
        key="n-1", phase=Phase.NOTES, reason=WHY, kind=Kind.COMMENT, values={"card": "lead:1", "text": "Письмо № 1"}
    )
    recap = work.apply(plan_for(portal, [comment]))
    assert len(portal.rows[Kind.COMMENT]) == 1
    take_back(portal, work, recap.run_id)
    assert not portal.rows[Kind.COMMENT]
    plan, _ = take_back(portal, work, recap.run_id)
    assert plan.empty


def test_points_that_we_added_go_and_those_of_people_stay(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    anna = Ref(Kind.CONTACT, "1")
    old = portal.rows[Kind.CONTACT]["1"]["points"]
    ours = [*old, {"kind": "email", "value": "anna@work.example", "use": "work", "id": None}]
    adding = UpdateRecord(
        key="p-1", phase=Phase.CONTACTS, reason=WHY, ref=anna, before={"points": old}, after={"points": ours}
    )
    recap = work.apply(plan_for(portal, [adding]))
    portal.edit(anna, points=[*ours, {"kind": "phone", "value": "+79000000000", "use": "work", "id": None}])
    take_back(portal, work, recap.run_id)
    contact = next(iter(portal.contacts()))
    assert contact.emails == ("anna@example.com",) and contact.phones == ("+79000000000",)


def test_an_old_run_cannot_be_taken_back(tmp_path: Path) -> None:
    portal = company()
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal))
    portal.clock.advance(timedelta(days=31).total_seconds())
    with pytest.raises(Refused, match=r"undo\.expired"):
        take_back(portal, work, recap.run_id)


def test_a_vendors_field_goes_back_alone_and_a_persons_other_field_stays(tmp_path: Path) -> None:
    portal = company()
    contact = Ref(Kind.CONTACT, "1")
    portal.rows[Kind.CONTACT]["1"]["extra"] = {"UF_B": "old"}
    write = UpdateRecord(
        key="segment",
        phase=Phase.CONTACTS,
        reason=WHY,
        ref=contact,
        before={"extra": {"UF_A": None, "UF_B": "old"}},
        after={"extra": {"UF_A": "Активные", "UF_B": "new"}},
    )
    work = rollout(portal, tmp_path)
    recap = work.apply(plan_for(portal, [write]))
    portal.rows[Kind.CONTACT]["1"]["extra"] = {"UF_A": "Активные", "UF_B": "by hand", "UF_C": "theirs"}
    plan, _ = take_back(portal, work, recap.run_id)
    (back,) = plan.operations
    assert isinstance(back, UpdateRecord) and back.after == {"extra": {"UF_A": None}}
    assert codes(plan) == {"contact:1": "undo.left.edited"}
