"""Writes into commands, and outcomes of commands into results of writes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from b24kit.connectors.bitrix24 import calls, calls_create
from b24kit.connectors.bitrix24.calls import PlannedCall, call_for, calls_for, results_of
from b24kit.connectors.bitrix24.methods import METHODS
from b24kit.connectors.commands import CommandOutcome
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Merge, Settled, Unbind, Write
from b24kit.errors import UsageError


def contact(number: int, quiet: bool = True) -> Create:
    values = {"name": {"first": f"Ann {number}"}, "origin": {"system": "b24kit", "id": f"r/{number}"}}
    return Create(f"c{number}", Kind.CONTACT, values, quiet=quiet)


def outcome(call: PlannedCall, settled: Settled, result: Any = None, code: str = "") -> CommandOutcome:
    return CommandOutcome(call.command.key, settled, result=result, code=code, said=code.lower())


def test_quiet_cards_share_imports_of_twenty() -> None:
    planned = calls_for([contact(number) for number in range(45)])
    assert [call.command.method for call in planned] == ["crm.item.batchImport"] * 3
    assert [call.command.items for call in planned] == [20, 20, 5]
    assert planned[0].command.params["data"][3]["originId"] == "r/3"
    assert [write.key for call in planned for write in call.writes] == [f"c{number}" for number in range(45)]


def test_kinds_do_not_mix_in_an_import() -> None:
    planned = calls_for([contact(1), Create("co", Kind.COMPANY, {"title": "Acme"}), contact(2)])
    assert sorted(call.command.params["entityTypeId"] for call in planned) == [3, 4]


def test_cards_whose_robots_are_wanted_are_added_one_by_one() -> None:
    (planned,) = calls_for([contact(1, quiet=False)])
    assert planned.command.method == "crm.item.add"
    (result,) = results_of(planned, outcome(planned, Settled.DONE, {"item": {"id": 15}}))
    assert (result.settled, result.new_id) == (Settled.DONE, "15")


def test_an_import_tells_the_outcome_of_every_item() -> None:
    (planned,) = calls_for([contact(1), contact(2)])
    answer = {"items": [{"item": {"id": 15}}, {"error": "CRM_FIELD_ERROR_REQUIRED", "error_description": "Name"}]}
    first, second = results_of(planned, outcome(planned, Settled.DONE, answer))
    assert (first.settled, first.new_id) == (Settled.DONE, "15")
    assert (second.settled, second.code, second.said) == (Settled.REFUSED, "CRM_FIELD_ERROR_REQUIRED", "Name")


@pytest.mark.parametrize("answer", [{"items": [{"item": {"id": 15}}]}, {}, None, {"items": "?"}, {"items": [{}, {}]}])
def test_an_import_that_answers_in_another_shape_is_unknown_for_all(answer: Any) -> None:
    (planned,) = calls_for([contact(1), contact(2)])
    assert {result.settled for result in results_of(planned, outcome(planned, Settled.DONE, answer))} <= {
        Settled.UNKNOWN
    }


@pytest.mark.parametrize("settled", [Settled.UNKNOWN, Settled.NOT_EXECUTED, Settled.REFUSED])
def test_what_befalls_an_import_befalls_each_of_its_items(settled: Settled) -> None:
    (planned,) = calls_for([contact(1), contact(2)])
    assert [result.settled for result in results_of(planned, outcome(planned, settled, code="X"))] == [settled] * 2


LETTER, CLIENT = Ref(Kind.ACTIVITY, "9"), Ref(Kind.CONTACT, "4")


@pytest.mark.parametrize(
    ("write", "code", "settled"),
    [
        (Bind("b", LETTER, CLIENT), "ACTIVITY_IS_ALREADY_BOUND", Settled.DONE),
        (Unbind("b", LETTER, CLIENT), "BINDING_NOT_FOUND", Settled.DONE),
        (Unbind("b", LETTER, CLIENT), "LAST_BINDING_CANNOT_BE_DELETED", Settled.REFUSED),
        (Bind("b", LETTER, CLIENT), "BINDING_NOT_FOUND", Settled.REFUSED),
    ],
)
def test_a_binding_that_already_is_as_wanted_is_done(write: Write, code: str, settled: Settled) -> None:
    (planned,) = calls_for([write])
    (result,) = results_of(planned, outcome(planned, Settled.REFUSED, code=code))
    assert result.settled is settled


@pytest.mark.parametrize(
    ("write", "method", "params"),
    [
        (
            Change("x", Ref(Kind.LEAD, "5"), {"stage": "JUNK"}),
            "crm.lead.update",
            {"id": 5, "fields": {"STATUS_ID": "JUNK"}},
        ),
        (
            Change("x", Ref(Kind.STAGE, "15"), {"name": "New", "sort": 20, "colour": "#ffffff"}),
            "crm.status.update",
            {"id": 15, "fields": {"NAME": "New", "SORT": 20, "COLOR": "#ffffff"}},
        ),
        (
            Change("x", LETTER, {"done": True}),
            "crm.activity.update",
            {"id": 9, "fields": {"COMPLETED": "Y"}},
        ),
        (
            Change("x", Ref(Kind.DEAL, "8"), {"pipeline": "3", "stage": "C3:NEW"}),
            "crm.item.update",
            {
                "entityTypeId": 2,
                "id": 8,
                "fields": {"categoryId": 3, "stageId": "C3:NEW"},
                "useOriginalUfNames": "Y",
            },
        ),
        (
            Change("x", Ref(Kind.PIPELINE, "3"), {"name": "Upsell"}),
            "crm.category.update",
            {"entityTypeId": 2, "id": 3, "fields": {"name": "Upsell"}},
        ),
        (Delete("x", Ref(Kind.STAGE, "15")), "crm.status.delete", {"id": 15}),
        (Delete("x", Ref(Kind.TASK, "7")), "tasks.task.delete", {"taskId": 7}),
        (Delete("x", Ref(Kind.FIELD, "7"), {"card_kind": "lead"}), "crm.lead.userfield.delete", {"id": 7}),
        (
            Bind("x", LETTER, CLIENT),
            "crm.activity.binding.add",
            {"activityId": 9, "entityTypeId": 3, "entityId": 4},
        ),
        (
            Create("x", Kind.STAGE, {"ladder": "deals:3", "code": "WAIT", "name": "W", "sort": 5, "outcome": "lost"}),
            "crm.status.add",
            {
                "fields": {
                    "ENTITY_ID": "DEAL_STAGE_3",
                    "STATUS_ID": "C3:WAIT",
                    "NAME": "W",
                    "SORT": 5,
                    "SEMANTICS": "F",
                }
            },
        ),
        (
            Create("r1", Kind.COMMENT, {"card": "lead:5", "text": "moved"}),
            "crm.timeline.comment.add",
            {"fields": {"ENTITY_ID": 5, "ENTITY_TYPE": "lead", "COMMENT": "moved\n[b24kit:r1]"}},
        ),
        (
            Create("n1", Kind.NOTICE, {"user": "5", "text": "look"}),
            "im.notify.system.add",
            {"USER_ID": 5, "MESSAGE": "look", "TAG": "b24kit|n1", "CLIENT_ID": "b24kit"},
        ),
    ],
)
def test_each_write_has_its_call(write: Write, method: str, params: dict[str, Any]) -> None:
    assert call_for(write) == (method, params)
    assert method in METHODS and METHODS[method].writes


@pytest.mark.parametrize(
    "write",
    [
        Change("x", Ref(Kind.STAGE, "15"), {"outcome": "won"}),
        Change("x", Ref(Kind.STAGE, "15"), {"code": "X"}),
        Change("x", Ref(Kind.USER, "1"), {"name": "Ann"}),
        Delete("x", Ref(Kind.USER, "1")),
        Create("x", Kind.ACTIVITY, {"card": "lead:5", "channel": "email", "direction": "out", "done": True}),
        Create("x", Kind.TODO, {"card": "lead:5", "title": "call"}),
    ],
)
def test_what_the_vendor_cannot_do_is_refused_before_anything_is_sent(write: Write) -> None:
    with pytest.raises(UsageError):
        calls_for([contact(1), write])


AGAIN: dict[str, Any] = {
    "card": "lead:5",
    "channel": "email",
    "subject": "Счёт",
    "responsible": "3",
    "address": "a@x.ru",
}


def test_no_letter_can_ever_be_sent() -> None:
    for module in (calls, calls_create):  # one door for activities, and it refuses the form that sends
        assert '"crm.activity.add"' not in inspect.getsource(module)
    with pytest.raises(UsageError, match="letter_would_be_sent"):
        calls_for([Create("x", Kind.ACTIVITY, AGAIN | {"direction": "out", "done": True})])


@pytest.mark.parametrize("channel", ["email", "call", "meeting"])
@pytest.mark.parametrize("direction", ["in", "out", "none"])
@pytest.mark.parametrize("done", [True, False])
def test_no_activity_made_again_has_the_form_that_sends(channel: str, direction: str, done: bool) -> None:
    values = AGAIN | {"channel": channel, "direction": direction, "done": done}
    if (channel, direction, done) == ("email", "out", True):
        return
    fields = call_for(Create("x", Kind.ACTIVITY, values))[1]["fields"]
    assert (fields["TYPE_ID"], fields.get("DIRECTION"), fields["COMPLETED"]) != (4, 2, "Y")


def test_a_change_that_differs_in_nothing_needs_no_call() -> None:
    point = {"kind": "email", "value": "a@x.example", "use": "work", "id": "11"}
    change = Change("x", Ref(Kind.LEAD, "5"), {"points": [point]}, {"points": [point]})
    assert calls_for([change]) == []


def test_a_stage_is_never_removed_by_force() -> None:
    assert "FORCED" not in str(call_for(Delete("x", Ref(Kind.STAGE, "1"), {"system": True})))


def test_a_new_thing_without_an_id_in_the_answer_is_unknown() -> None:
    (planned,) = calls_for([Create("x", Kind.COMMENT, {"card": "lead:5", "text": "a"})])
    assert results_of(planned, outcome(planned, Settled.DONE, True))[0].settled is Settled.UNKNOWN
    assert results_of(planned, outcome(planned, Settled.DONE, 999))[0].new_id == "999"


MERGE = Merge("m", Ref(Kind.CONTACT, "5"), (Ref(Kind.CONTACT, "7"), Ref(Kind.CONTACT, "9")))


def test_a_merge_names_the_survivor_first() -> None:
    method, params = call_for(MERGE)
    assert (method, params) == ("crm.entity.mergeBatch", {"params": {"entityTypeId": 3, "entityIds": [5, 7, 9]}})


@pytest.mark.parametrize(
    ("answer", "settled", "code"),
    [
        ({"STATUS": "SUCCESS", "ENTITY_IDS": [7, 9]}, Settled.DONE, ""),
        ({"STATUS": "CONFLICT", "ENTITY_IDS": [5, 7, 9]}, Settled.REFUSED, "CONFLICT"),
        ({"STATUS": "ERROR", "ENTITY_IDS": []}, Settled.REFUSED, "ERROR"),
        ({}, Settled.UNKNOWN, "no_status"),
        (None, Settled.UNKNOWN, "no_status"),
    ],
)
def test_a_merge_is_judged_by_its_status_not_by_http(answer: Any, settled: Settled, code: str) -> None:
    (planned,) = calls_for([MERGE])
    (result,) = results_of(planned, outcome(planned, Settled.DONE, answer))
    assert (result.settled, result.code) == (settled, code)
    assert ("/crm/contact/merge/?id=5,7,9" in result.said) is (code == "CONFLICT")
