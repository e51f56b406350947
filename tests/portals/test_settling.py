"""Answers that never came: what is unknown is said to be unknown, and is found out by looking."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.crm.activity import Channel
from b24kit.crm.pipeline import deals_ladder
from b24kit.crm.records import values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Settled, Unbind, Write

from .conftest import Field
from .test_writing import email, first, new_contact, small_things


def new_cards(field: Field) -> list[Create]:
    titled: dict[str, Any] = {"title": "T"}
    return [
        Create("lead", Kind.LEAD, {**titled, "origin": field.origin("lead")}),
        new_contact(field, "contact"),
        Create("company", Kind.COMPANY, {**titled, "origin": field.origin("company")}),
        Create("deal", Kind.DEAL, {**titled, "origin": field.origin("deal")}),
    ]


def new_directories(field: Field) -> list[Create]:
    outcome = "lost" if field.portal.capabilities.own_stage_codes else "open"
    stage = {"ladder": "leads", "code": "B24KIT_LINKED", "name": "Связан", "sort": 900, "outcome": outcome}
    ladder = deals_ladder(next(pipeline.id for pipeline in field.portal.pipelines() if pipeline.default))
    further = {"ladder": ladder, "code": "WAIT", "name": "Ждём", "sort": 15, "outcome": "open"}
    return [
        Create("stage", Kind.STAGE, stage),
        Create("further", Kind.STAGE, further),
        Create("source", Kind.SOURCE, {"code": "FAIR", "name": "Выставка"}),
        Create("pipeline", Kind.PIPELINE, {"name": "Upsell", "sort": 700}),
    ]


def every_creation(field: Field) -> list[Create]:
    card = first(field, Kind.LEAD).ref
    small = [thing for thing in small_things(field, card) if thing.kind is not Kind.NOTICE]
    return [*new_cards(field), *(new_directories(field) if field.stay is None else ()), *small]


def test_creations_that_never_happened_are_told_as_absent(field: Field) -> None:
    settled = field.portal.settle(every_creation(field))
    assert {key: result.settled for key, result in settled.items()} == dict.fromkeys(settled, Settled.NOT_EXECUTED)


def test_creations_that_happened_are_found_with_their_ids(field: Field) -> None:
    writes = every_creation(field)
    done = field.do(*writes)
    settled = field.portal.settle(writes)
    assert {key: (r.settled, r.new_id) for key, r in settled.items()} == {
        key: (Settled.DONE, r.new_id) for key, r in done.items()
    }


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("quiet", [True, False])
def test_a_lost_answer_is_unknown_and_looking_tells_the_truth(field: Field, done: bool, quiet: bool) -> None:
    writes = [new_contact(field, f"c{number}", quiet) for number in range(5)]
    with field.losing_answers(done=done):
        results = field.do(*writes)
    assert {result.settled for result in results.values()} == {Settled.UNKNOWN}
    settled = field.portal.settle(writes)
    assert {result.settled for result in settled.values()} == {Settled.DONE if done else Settled.NOT_EXECUTED}
    if done:
        found = field.portal.read([Ref(Kind.CONTACT, str(result.new_id)) for result in settled.values()])
        assert len(found) == 5


def test_a_new_card_without_a_mark_of_ours_stays_unknown(field: Field) -> None:
    write = Create("never sent", Kind.CONTACT, {"name": {"first": "Ann"}})
    assert field.portal.settle([write])[write.key].settled is Settled.UNKNOWN


@pytest.mark.parametrize("kind", CARDS)
def test_a_change_is_found_out_by_comparing(field: Field, kind: Kind) -> None:
    card = first(field, kind)
    wanted = field.within(kind, {"comment": "touched", "owner": field.user(3)})
    if kind is not Kind.CONTACT:
        wanted["title"] = "Переименован"
    if field.has(kind, "points") and kind is not Kind.DEAL:
        wanted["points"] = [*values_of(card)["points"], email("added@x.example")]
    change = Change("x", card.ref, wanted, values_of(card))
    assert field.portal.settle([change])["x"].settled is Settled.NOT_EXECUTED
    field.do(change)
    assert field.portal.settle([change])["x"].settled is Settled.DONE


def test_a_change_of_a_card_that_is_gone_did_not_happen(field: Field) -> None:
    settled = field.portal.settle([Change("x", field.absent(Kind.LEAD), {"title": "x"})])["x"]
    assert settled.settled is Settled.NOT_EXECUTED


def test_a_removal_is_found_out_by_absence(field: Field) -> None:
    kind = Kind.LEAD if field.deletes(Kind.LEAD) else Kind.PIPELINE
    made = Create("p", kind, {"name": "Upsell", "sort": 700}) if kind is Kind.PIPELINE else None
    ref = Ref(kind, field.made(made)) if made else first(field, Kind.LEAD).ref
    removal = Delete("d", ref, values_of(field.portal.read([ref])[ref]))
    assert field.portal.settle([removal])["d"].settled is Settled.NOT_EXECUTED
    field.do(removal)
    assert field.portal.settle([removal])["d"].settled is Settled.DONE


def test_bindings_are_found_out_by_their_list(field: Field) -> None:
    letter = field.one(field.portal.activities(on=Kind.LEAD, channel=Channel.EMAIL))
    contact = first(field, Kind.CONTACT)
    if field.refuses("bind activity"):
        pytest.skip("letters hang on one card here")
    bind, unbind = Bind("b", letter.ref, contact.ref), Unbind("u", letter.ref, contact.ref)
    told = {key: result.settled for key, result in field.portal.settle([bind, unbind]).items()}
    assert told == {"b": Settled.NOT_EXECUTED, "u": Settled.DONE}
    field.do(bind)
    told = {key: result.settled for key, result in field.portal.settle([bind, unbind]).items()}
    assert told == {"b": Settled.DONE, "u": Settled.NOT_EXECUTED}


def test_a_binding_of_a_letter_that_is_gone_is_not_there(field: Field) -> None:
    if field.refuses("bind activity"):
        pytest.skip("letters hang on one card here")
    gone = Bind("b", field.absent(Kind.ACTIVITY), first(field, Kind.CONTACT).ref)
    assert field.portal.settle([gone])["b"].settled is Settled.NOT_EXECUTED


def test_a_comment_whose_card_is_gone_went_with_it(field: Field) -> None:
    if field.portal.capabilities.vendor != "bitrix24":
        pytest.skip("cards stay here")
    made = field.do(Create("card", Kind.LEAD, {"title": "T"}))["card"].new_id
    note: dict[str, Any] = {"card": f"lead:{made}", "text": "x"}
    number = field.do(Create("n", Kind.COMMENT, note))["n"].new_id
    removal = Delete("r", Ref(Kind.COMMENT, str(number)), note)
    assert field.portal.settle([removal])["r"].settled is Settled.NOT_EXECUTED
    field.do(Delete("gone", Ref(Kind.LEAD, str(made)), {}))
    told = {key: one.settled for key, one in field.portal.settle([removal, Create("m", Kind.COMMENT, note)]).items()}
    assert told == {"r": Settled.DONE, "m": Settled.NOT_EXECUTED}


def test_hundreds_of_unknown_writes_are_settled_in_few_requests(field: Field) -> None:
    field.needs_seed("a full directory of marks")
    writes: list[Write] = [new_contact(field, f"c{number}") for number in range(300)]
    field.portal.settle(writes)
    field.control.forget_metrics()
    assert len(field.portal.settle(writes)) == 300
    assert len(field.control.requests()) <= 10


def test_a_refusal_an_unknown_outcome_and_a_success_stay_distinct(field: Field) -> None:
    good, bad = first(field, Kind.LEAD).ref, field.absent(Kind.LEAD)
    results = field.do(Change("good", good, {"title": "x"}), Change("bad", bad, {"title": "x"}))
    assert (results["good"].settled, results["bad"].settled) == (Settled.DONE, Settled.REFUSED)
    with field.losing_answers(done=True):
        lost = field.do(Change("good", good, {"title": "y"}), Change("bad", bad, {"title": "y"}))
    # Where a bulk is refused as a whole the refusal itself arrives: only the work that was done is in the dark.
    assert lost["good"].settled is Settled.UNKNOWN and lost["bad"].settled in (Settled.UNKNOWN, Settled.REFUSED)


def test_a_change_that_people_went_on_from_was_made_all_the_same(field: Field) -> None:
    lead = first(field, Kind.LEAD)
    write = Change("w", lead.ref, {"title": "Наше", "owner": field.user(3)}, values_of(lead))
    field.do(write)
    field.do(Change("person", lead.ref, {"owner": field.user(5)}, values_of(field.portal.read([lead.ref])[lead.ref])))
    assert field.portal.settle([write])["w"].settled is Settled.DONE


def test_a_change_half_of_which_people_made_is_not_taken_for_ours(field: Field) -> None:
    field.needs_seed("several people")
    lead = first(field, Kind.LEAD)
    write = Change("w", lead.ref, {"title": "Наше", "owner": field.user(3)}, values_of(lead))
    field.do(Change("person", lead.ref, {"title": "Наше"}, values_of(lead)))
    assert field.portal.settle([write])["w"].settled is Settled.NOT_EXECUTED
