"""What a stage design needs of every portal: places, prompts, demands of fields and loss reasons, each taken back."""

from __future__ import annotations

import pytest

from b24kit.crm.pipeline import LEADS, Gate, Outcome, Stage
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create, Delete, Settled
from tests.portals.conftest import Field

SANDBOX_ONLY = "stages, fields and loss reasons are everybody's: a design is tried on the sandbox only"


def working(field: Field) -> list[Stage]:
    """Stages of the lead ladder that a design may move, in their order."""
    return [
        one for one in field.portal.stages() if one.ladder == LEADS and one.outcome is Outcome.OPEN and not one.system
    ]


def test_a_stage_takes_the_place_that_was_written_and_no_two_share_one(field: Field) -> None:
    if field.portal.capabilities.stage_numbers is None:
        pytest.skip("numbers of stages stay as they were written here")
    first, *_, last = working(field)
    field.do(Change("up", Ref(Kind.STAGE, last.id), {"sort": first.sort}, values_of(last)))
    assert [one.id for one in working(field)][:2] == [last.id, first.id]
    now = working(field)
    assert now[0].sort == first.sort and len({one.sort for one in now}) == len(now)
    field.do(Change("down", Ref(Kind.STAGE, last.id), {"sort": last.sort}, values_of(now[0])))
    assert working(field)[-1].id == last.id and working(field)[-1].sort == last.sort


def test_a_stage_carries_prompts_by_level_and_loses_them_again(field: Field) -> None:
    levels = field.portal.capabilities.prompt_levels
    if not levels:
        pytest.skip("stages carry no prompts here")
    stage = working(field)[0]
    ref, told = Ref(Kind.STAGE, stage.id), {level: f"Подсказка: {level}" for level in levels}
    field.do(Change("p", ref, {"prompts": told}, values_of(stage)))
    assert working(field)[0].prompts == {**stage.prompts, **told}
    field.do(Change("q", ref, {"prompts": {levels[0]: None}}, values_of(working(field)[0])))
    assert levels[0] not in working(field)[0].prompts and levels[-1] in working(field)[0].prompts


def test_a_field_is_demanded_on_stages_and_no_more(field: Field) -> None:
    if not field.portal.capabilities.native_gates:
        assert field.portal.gates() == []
        return
    gate = next(one for one in field.portal.gates() if one.card_kind == "contact" and one.code == "PHONE")
    ref, codes = Ref(Kind.GATE, gate.id), [one.code for one in working(field)[:2]]
    field.do(Change("g", ref, {"required_on": codes}, values_of(gate)))
    [now] = field.portal.read([ref]).values()
    assert isinstance(now, Gate) and sorted(now.required_on) == sorted(codes) and now.name == gate.name
    field.do(Change("h", ref, {"required_on": list(gate.required_on)}, values_of(now)))
    assert field.portal.read([ref]) == {ref: gate}


def test_a_new_field_is_demanded_from_the_start(field: Field) -> None:
    if not field.portal.capabilities.native_gates:
        pytest.skip("fields are demanded by hand here")
    code = working(field)[0].code
    values = {"card_kind": "lead", "code": "B24KIT_ROLE", "label": "Роль", "type": "list", "options": ["А", "Б"]}
    made = field.made(Create("f", Kind.FIELD, {**values, "required_on": [code]}))
    [gate] = field.portal.read([Ref(Kind.GATE, made)]).values()
    assert isinstance(gate, Gate) and (gate.code, gate.required_on) == ("B24KIT_ROLE", (code,))


@pytest.mark.parametrize("done", [True, False], ids=["done", "lost"])
def test_a_lost_answer_about_a_loss_reason_is_settled_by_looking(field: Field, done: bool) -> None:
    if not field.portal.capabilities.loss_reasons:
        assert field.portal.loss_reasons() == []
        return
    write = Create("p.r", Kind.LOSS_REASON, {"name": "Не наш клиент", "sort": 90})
    with field.losing_answers(done=done):
        list(field.portal.perform([write], lambda batch: None))
    field.clock.sleep(61)
    result = field.portal.settle([write])[write.key]
    assert (result.settled.value, bool(result.new_id)) == (("done", True) if done else ("not_executed", False))


def test_a_loss_reason_is_made_and_removed(field: Field) -> None:
    if not field.portal.capabilities.loss_reasons:
        pytest.skip("every failure has a stage of its own here")
    known = field.portal.loss_reasons()
    made = Ref(Kind.LOSS_REASON, field.made(Create("r", Kind.LOSS_REASON, {"name": "Выбрал других", "sort": 90})))
    assert "Выбрал других" in {one.name for one in field.portal.loss_reasons()}
    assert field.do(Delete("d", made))["d"].settled is Settled.DONE
    assert field.portal.loss_reasons() == known
