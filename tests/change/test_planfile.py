"""A plan in a file: whole, private, masked, versioned."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b24kit.change.operation import CreateRecord, Phase, Reason, UnbindLetter
from b24kit.change.plan import HandStep, LeftAlone, Plan
from b24kit.change.planfile import load, peek, save, sidecar
from b24kit.change.planform import body_of, operation_body, operation_of, plan_of
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError
from tests.change.cases import WHY, company, plan_for, rollout

PERSONAL = ("c0@x.ru", "Письмо 3", "Клиент", "anna@example.com", "+7 916 123-45-67")


def rich() -> Plan:
    portal = company()
    plan = plan_for(
        portal,
        steps=[HandStep(key="robots", code="s", facts={"n": 7}, link="/crm/", check="robots", blocking=True)],
        left=[LeftAlone(Ref(Kind.LEAD, "3"), Reason("left", {"sender": "anna@example.com", "days": 40}))],
        notes=[Reason("note", {"said": "позвонить +7 916 123-45-67", "n": 3})],
        assignment={"1": "contact:new:c-0"},
        names={"stage:leads:MAIL": "E-mail", "lead:3": "Письмо 3"},
    )
    unbind = UnbindLetter(
        key="u", phase=Phase.LINKS, reason=WHY, activity=Ref(Kind.ACTIVITY, "101"), card=Ref(Kind.LEAD, "1")
    )
    comment = CreateRecord(
        key="n", phase=Phase.NOTES, reason=WHY, kind=Kind.COMMENT, values={"card": "lead:1", "text": "Письмо 3"}
    )
    return replace(plan, operations=(*plan.operations, unbind, comment), undoes="run-1")


@pytest.mark.parametrize("personal", [False, True])
def test_a_plan_survives_the_round_trip_whole(tmp_path: Path, personal: bool) -> None:
    plan = rich()
    save(plan, tmp_path / "plan.json", store=tmp_path / "runs", personal=personal)
    again = load(tmp_path / "plan.json", store=tmp_path / "runs")
    assert body_of(again) == body_of(plan)
    assert again.cost == plan.cost and again.steps == plan.steps and again.left == plan.left


def test_the_shared_file_holds_nothing_personal_and_the_sidecar_does(tmp_path: Path) -> None:
    plan = rich()
    save(plan, tmp_path / "plan.json", store=tmp_path / "runs")
    shared = (tmp_path / "plan.json").read_text()
    kept = sidecar(tmp_path / "runs", plan.id).read_text()
    assert [text for text in PERSONAL if text in shared] == []
    assert [text for text in PERSONAL if text not in kept and text != "anna@example.com"] == []
    assert '"LINKED"' in shared and "Новое обращение" in shared, "stages are no secret"


def test_both_files_are_for_their_owner_only(tmp_path: Path) -> None:
    plan = rich()
    save(plan, tmp_path / "plan.json", store=tmp_path / "runs")
    for path in (tmp_path / "plan.json", sidecar(tmp_path / "runs", plan.id)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not list(tmp_path.rglob("*.part"))


def test_a_masked_file_without_its_sidecar_can_be_shown_but_not_applied(tmp_path: Path) -> None:
    plan = rich()
    save(plan, tmp_path / "plan.json", store=tmp_path / "runs")
    sidecar(tmp_path / "runs", plan.id).unlink()
    with pytest.raises(UsageError, match=r"plan\.no_sidecar"):
        load(tmp_path / "plan.json", store=tmp_path / "runs")
    assert peek(tmp_path / "plan.json").id == plan.id


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("personal", [False, True])
def test_an_edited_file_is_not_the_reviewed_plan(tmp_path: Path, personal: bool) -> None:
    path = tmp_path / "plan.json"
    save(rich(), path, store=tmp_path / "runs", personal=personal)
    edit(path, plan=json.loads(path.read_text())["plan"] | {"portal_id": "other.test"})
    with pytest.raises(UsageError, match=r"plan\.edited"):
        load(path, store=tmp_path / "runs")


def test_a_minor_version_may_add_fields_and_a_major_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    save(rich(), path, store=tmp_path / "runs", personal=True)
    edit(path, format="b24kit-plan/1.9", colour="blue")
    assert load(path, store=tmp_path / "runs").id == rich().id
    edit(path, format="b24kit-plan/2.0")
    with pytest.raises(UsageError, match=r"plan\.other_format"):
        load(path, store=tmp_path / "runs")
    assert plan_of(body_of(rich()) | {"added": 1}).id == rich().id


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other/1"}', '{"format": "b24kit-plan/1", "plan": []}'])
def test_what_is_no_plan_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(UsageError):
        load(tmp_path / "plan.json", store=tmp_path)
    with pytest.raises(UsageError, match=r"plan\.no_file"):
        load(tmp_path / "absent.json", store=tmp_path)


def test_a_sidecar_is_never_sought_outside_its_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        sidecar(tmp_path, "../../etc/passwd")


def test_a_plan_from_a_file_is_carried_out_like_the_one_that_was_saved(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    save(plan, tmp_path / "plan.json", store=tmp_path / "runs")
    recap = rollout(portal, tmp_path).apply(load(tmp_path / "plan.json", store=tmp_path / "runs"))
    assert recap.exit_code == 0
    assert {str(contact.name) for contact in portal.contacts()} == {
        "Известная Анна",
        "0 Клиент",
        "1 Клиент",
        "2 Клиент",
    }


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(values=st.dictionaries(st.text(max_size=8), JSON, max_size=5), quiet=st.booleans(), needs=st.lists(st.text()))
def test_any_operation_survives_the_round_trip(values: dict[str, Any], quiet: bool, needs: list[str]) -> None:
    made = CreateRecord(
        key="k",
        phase=Phase.CONTACTS,
        reason=WHY,
        kind=Kind.CONTACT,
        values=values,
        quiet=quiet,
        needs=tuple(needs),
        cluster="c",
    )
    assert operation_of(json.loads(json.dumps(operation_body(made)))) == made


def test_a_plan_made_a_day_later_has_another_id() -> None:
    portal = company()
    first = plan_for(portal)
    portal.clock.advance(timedelta(days=1).total_seconds())
    assert plan_for(portal).id != first.id == plan_for(company()).id
