"""The writing roles of the protocol: what is done stands on the portal, and can be taken back."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

from b24kit.crm.activity import Channel
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.records import Record, comparable, fingerprint, values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Settled, Unbind, Write, write_name
from b24kit.errors import UsageError

from .conftest import Field


def email(value: str, use: str = "work") -> dict[str, Any]:
    return {"kind": "email", "value": value, "use": use, "id": None}


def new_contact(field: Field, key: str, quiet: bool = True) -> Create:
    values: dict[str, Any] = {
        "name": {"first": "Анна + Ко", "last": "Ли & 50 %", "middle": ""},
        "points": [email(f"ann+{key}@x.example"), email("second@x.example", "home")],
        "owner": field.user(1),
        "source": "EMAIL",
        "comment": "line 1\nline 2",
        "origin": field.origin(key),
    }
    return Create(key, Kind.CONTACT, field.within(Kind.CONTACT, values), quiet=quiet)


def first(field: Field, kind: Kind) -> Any:
    """A card that may be changed."""
    return field.cards(kind, 1)[0]


def now(field: Field, ref: Ref) -> Record:
    return field.portal.read([ref])[ref]


@pytest.mark.parametrize("quiet", [True, False])
def test_a_new_contact_stands_as_it_was_wanted(field: Field, quiet: bool) -> None:
    write = new_contact(field, "c1", quiet)
    stored = now(field, Ref(Kind.CONTACT, field.made(write)))
    assert isinstance(stored, Contact)
    values = values_of(stored)
    for name in write.values:
        assert comparable(name, values[name]) == comparable(name, write.values[name]), name


def test_many_contacts_get_an_id_each_and_keep_their_own_values(field: Field) -> None:
    writes = [new_contact(field, f"c{number}") for number in range(field.many(47))]
    results = field.do(*writes)
    ids = {key: result.new_id for key, result in results.items()}
    assert len(set(ids.values())) == len(writes)
    stored = field.portal.read([Ref(Kind.CONTACT, str(found)) for found in ids.values()])
    for key, found in ids.items():
        card = stored[Ref(Kind.CONTACT, str(found))]
        assert isinstance(card, Contact) and f"ann+{key}@x.example" in card.emails


def test_cards_of_every_kind_are_made_and_removed(field: Field) -> None:
    made = {
        Kind.LEAD: Create(
            "l", Kind.LEAD, {"title": "L", "stage": first(field, Kind.LEAD).stage, "origin": field.origin("l")}
        ),
        Kind.COMPANY: Create("co", Kind.COMPANY, {"title": "Acme", "origin": field.origin("co")}),
        Kind.DEAL: Create("d", Kind.DEAL, {"title": "D", "amount": "99", "origin": field.origin("d")}),
        Kind.CONTACT: new_contact(field, "c"),
    }
    refs = [Ref(kind, field.made(write)) for kind, write in made.items()]
    assert field.portal.read(refs).keys() == set(refs)
    if not all(field.deletes(kind) for kind in made):
        with pytest.raises(UsageError):
            field.do(*(Delete(str(ref), ref) for ref in refs))
        return
    results = field.do(*(Delete(str(ref), ref) for ref in refs))
    assert {result.settled for result in results.values()} == {Settled.DONE}
    assert field.portal.read(refs) == {}


@pytest.mark.parametrize("kind", CARDS)
def test_a_card_changes_and_changes_back_without_a_trace(field: Field, kind: Kind) -> None:
    before = first(field, kind)
    old = values_of(before)
    wanted = field.within(kind, {"owner": field.user(3), "comment": "touched + & %"})
    if kind is not Kind.CONTACT:
        wanted["title"] = "Новое «имя»"
    if field.has(kind, "points") and kind is not Kind.DEAL:
        wanted["points"] = [*old["points"][:1], email("added@x.example")]
    field.do(Change("there", before.ref, wanted, old))
    changed = values_of(now(field, before.ref))
    assert {name: comparable(name, changed[name]) for name in wanted} == {
        name: comparable(name, value) for name, value in wanted.items()
    }
    field.do(Change("back", before.ref, {name: old[name] for name in wanted}, changed))
    assert fingerprint(values_of(now(field, before.ref))) == fingerprint(old)


def test_a_lead_moves_between_stages_and_is_linked_and_unlinked(field: Field) -> None:
    lead, contact = first(field, Kind.LEAD), first(field, Kind.CONTACT)
    lost = next(s.code for s in field.portal.stages() if s.ladder == LEADS and s.outcome is Outcome.LOST)
    field.do(Change("c", lead.ref, {"stage": lost, "contact": contact.id}, values_of(lead)))
    moved = now(field, lead.ref)
    assert isinstance(moved, Lead)
    assert (moved.stage, moved.outcome, moved.contact) == (lost, Outcome.LOST, contact.id)
    field.do(Change("u", lead.ref, {"stage": lead.stage, "contact": lead.contact}, values_of(moved)))
    assert fingerprint(values_of(now(field, lead.ref))) == fingerprint(values_of(lead))


def test_a_contact_is_linked_to_a_company_and_unlinked(field: Field) -> None:
    contact = Ref(Kind.CONTACT, field.made(new_contact(field, "c")))
    company = first(field, Kind.COMPANY)
    field.do(Change("c", contact, {"company": company.id}, values_of(now(field, contact))))
    linked = now(field, contact)
    assert isinstance(linked, Contact) and linked.company == company.id
    field.do(Change("u", contact, {"company": None}, values_of(linked)))
    alone = now(field, contact)
    assert isinstance(alone, Contact) and alone.company is None


def test_a_deal_moves_to_another_pipeline(field: Field) -> None:
    pipelines = [pipeline.id for pipeline in field.portal.pipelines()]
    deal = first(field, Kind.DEAL)
    other = field.one(pipeline for pipeline in pipelines if pipeline != deal.pipeline)
    entry = next(s.code for s in field.portal.stages() if s.ladder == f"deals:{other}")
    results = field.do(Change("m", deal.ref, {"pipeline": other, "stage": entry}, values_of(deal)))
    assert results["m"].settled is Settled.DONE, results
    moved = now(field, deal.ref)
    assert isinstance(moved, Deal) and (moved.pipeline, moved.stage) == (other, entry)


def test_a_stage_is_made_renamed_and_removed(field: Field) -> None:
    before = field.portal.stages()
    able = field.portal.capabilities
    colour = able.colours[0] if able.colours else "#112233"
    wanted: dict[str, Any] = {"ladder": LEADS, "name": "Связан", "colour": colour}
    # Codes and exits of our own, and the place that was asked for, are not every vendor's.
    wanted |= {"code": "B24KIT_LINKED", "sort": 900, "outcome": "lost"} if able.own_stage_codes else {"outcome": "open"}
    stage = Ref(Kind.STAGE, field.made(Create("s", Kind.STAGE, {"code": "B24KIT_LINKED", "sort": 900, **wanted})))
    values = values_of(now(field, stage))
    assert {name: values[name] for name in wanted} == wanted
    field.do(Change("r", stage, {"name": "Привязан", "sort": 910}, values))
    assert values_of(now(field, stage))["name"] == "Привязан"
    field.do(Delete("d", stage, values))
    assert [(s.code, s.name) for s in field.portal.stages()] == [(s.code, s.name) for s in before]


def test_a_stage_where_cards_stand_is_not_removed(field: Field) -> None:
    lead = first(field, Kind.LEAD)
    stage = next(s for s in field.portal.stages() if s.ladder == LEADS and s.code == lead.stage)
    if field.portal.capabilities.empties_removed_stages and not stage.system:
        pytest.skip("cards of a removed stage move to the first one here")
    result = field.do(Delete("d", Ref(Kind.STAGE, stage.id)))["d"]
    assert (result.settled, result.new_id) == (Settled.REFUSED, None)
    assert result.said
    assert stage in field.portal.stages()


def test_a_pipeline_with_its_stages_is_made_renamed_and_removed(field: Field) -> None:
    pipeline = Ref(Kind.PIPELINE, field.made(Create("p", Kind.PIPELINE, {"name": "Upsell", "sort": 700})))
    ladder = f"deals:{pipeline.id}"
    assert any(stage.ladder == ladder for stage in field.portal.stages())
    wanted = {"ladder": ladder, "code": "WAIT", "name": "Ждём", "sort": 15, "outcome": "open"}
    field.made(Create("s", Kind.STAGE, wanted))
    field.do(Change("r", pipeline, {"name": "Upsell 2"}))
    assert values_of(now(field, pipeline))["name"] == "Upsell 2"
    field.do(Delete("d", pipeline))
    assert field.portal.read([pipeline]) == {}


def test_a_source_is_made_and_removed(field: Field) -> None:
    source = Ref(Kind.SOURCE, field.made(Create("s", Kind.SOURCE, {"code": "FAIR", "name": "Форум", "sort": 70})))
    assert "Форум" in {found.name for found in field.portal.sources()}
    field.do(Delete("d", source))
    assert "Форум" not in {found.name for found in field.portal.sources()}


def test_a_letter_is_bound_to_a_contact_and_taken_off_again(field: Field) -> None:
    letter = field.one(field.portal.activities(on=Kind.LEAD, channel=Channel.EMAIL))
    contact = first(field, Kind.CONTACT)
    if field.refuses("bind activity"):
        with pytest.raises(UsageError):
            field.do(Bind("b", letter.ref, contact.ref))
        return
    for _ in range(2):  # binding twice is as good as once
        assert field.do(Bind("b", letter.ref, contact.ref))["b"].settled is Settled.DONE
    assert set(values_of(now(field, letter.ref))["bindings"]) == {str(letter.card), str(contact.ref)}
    for _ in range(2):
        assert field.do(Unbind("u", letter.ref, contact.ref))["u"].settled is Settled.DONE
    assert values_of(now(field, letter.ref))["bindings"] == [str(letter.card)]


def test_the_last_card_of_a_letter_is_kept(field: Field) -> None:
    letter = field.one(field.portal.activities(on=Kind.LEAD, channel=Channel.EMAIL))
    if field.refuses("unbind activity"):
        with pytest.raises(UsageError):
            field.do(Unbind("u", letter.ref, letter.card))
        return
    assert field.do(Unbind("u", letter.ref, letter.card))["u"].settled is Settled.REFUSED


def test_an_activity_is_closed_and_opened_again(field: Field) -> None:
    letter = field.one(field.portal.activities(on=Kind.LEAD, open_only=True))
    field.do(Change("c", letter.ref, {"done": True}))
    assert values_of(now(field, letter.ref))["done"] is True
    field.do(Change("o", letter.ref, {"done": False}))
    assert values_of(now(field, letter.ref))["done"] is False


def small_things(field: Field, card: Ref) -> list[Create]:
    """One of each kind that has no record of its own; on a real portal nobody is notified and no field is added."""
    user = field.user(1)
    work = {"card": str(card), "title": "Позвонить", "owner": user, "deadline": "2030-01-01T10:00:00+03:00"}
    things = [
        Create("comment", Kind.COMMENT, {"card": str(card), "text": "Клиент известен"}),
        Create("todo", Kind.TODO, {**work, "text": ""}),
        Create("task", Kind.TASK, {**work, "text": "Отчёт"}),
    ]
    if field.stay is None:
        things.append(Create("notice", Kind.NOTICE, {"user": user, "text": "Готово", "tag": "b24kit|done"}))
        options = {"card_kind": "lead", "code": "B24KIT_A", "label": "A", "type": "string"}
        things.append(Create("field", Kind.FIELD, options))
    return things


def removals(card: Ref, ids: dict[str, str | None]) -> list[Delete]:
    removals = [
        Delete("comment", Ref(Kind.COMMENT, str(ids.get("comment"))), {"card": str(card)}),
        Delete("todo", Ref(Kind.TODO, str(ids.get("todo")))),
        Delete("task", Ref(Kind.TASK, str(ids.get("task")))),
        Delete("notice", Ref(Kind.NOTICE, str(ids.get("notice")))),
        Delete("field", Ref(Kind.FIELD, str(ids.get("field"))), {"card_kind": "lead"}),
    ]
    return [one for one in removals if one.key in ids or one.key == "notice"]


def _possible(field: Field, writes: Sequence[Any]) -> list[Any]:
    """Those that the vendor has a way for; the others are refused by name before anything is sent."""
    able = field.portal.capabilities
    names = {write.key: write_name(write) for write in writes}
    kept = [
        write
        for write in writes
        if names[write.key] not in able.refuses
        and not (isinstance(write, Delete) and not field.deletes(write.ref.kind))
    ]
    for write in writes:
        if write not in kept:
            with pytest.raises(UsageError):
                field.do(write)
    return kept


def test_comments_reminders_tasks_notices_and_fields_are_made_and_removed(field: Field) -> None:
    card = first(field, Kind.LEAD).ref
    results = field.do(*_possible(field, small_things(field, card)))
    ids = {key: result.new_id for key, result in results.items()}
    assert all(ids.values()), results
    # A vendor may have one kind of task only: then a task is an activity of its card.
    assert {"comment", "activity"} <= {trace.what for trace in field.portal.traces(card)}
    gone = field.do(*_possible(field, removals(card, ids)))
    assert {result.settled for result in gone.values()} == {Settled.DONE}, gone


def test_every_batch_is_announced_before_it_leaves_and_all_writes_are_announced(field: Field) -> None:
    announced: list[str] = []
    seen_at_announcement: list[int] = []

    def intend(batch: Sequence[Write]) -> None:
        seen_at_announcement.append(field.count(Kind.CONTACT))
        announced.extend(write.key for write in batch)

    stood = field.count(Kind.CONTACT)
    writes = [new_contact(field, f"c{number}") for number in range(5)]
    results = list(field.portal.perform(writes, intend))
    assert sorted(announced) == sorted(write.key for write in writes) == sorted(result.key for result in results)
    assert seen_at_announcement[0] == stood


def test_an_announcement_that_fails_sends_nothing(field: Field) -> None:
    def intend(batch: Sequence[Write]) -> None:
        raise RuntimeError("the journal is full")

    write = new_contact(field, "c1")
    with pytest.raises(RuntimeError):
        list(field.portal.perform([write], intend))
    assert field.portal.settle([write])["c1"].settled is Settled.NOT_EXECUTED


def test_closing_early_sends_no_more_batches(field: Field) -> None:
    field.needs_seed("more changes than are on their way at a time")
    announced: list[str] = []
    leads = field.cards(Kind.LEAD, 60)
    writes = [
        Change(f"{lead.id}/{turn}", lead.ref, {"title": f"{turn}"}, values_of(lead))
        for turn in range(20)
        for lead in leads
    ]
    results = field.portal.perform(writes, lambda batch: announced.extend(write.key for write in batch))
    next(results)
    assert isinstance(results, Generator)
    results.close()
    field.wait(5)
    sent = {f"{lead.id}/{lead.title}" for lead in field.portal.leads() if lead.title.isdigit()}
    assert sent and sent <= set(announced) and len(announced) < len(writes)


def test_a_mistake_in_one_write_stops_all_before_anything_is_sent(field: Field) -> None:
    lead = first(field, Kind.LEAD)
    with pytest.raises(UsageError):
        field.do(Change("ok", lead.ref, {"title": "x"}), Change("bad", lead.ref, {"no_such_field": 1}))
    assert now(field, lead.ref) == lead


def test_progress_is_told_in_writes(field: Field) -> None:
    told: list[tuple[int, int | None]] = []
    writes = [new_contact(field, f"c{number}") for number in range(field.many(45))]
    list(
        field.portal.perform(writes, lambda batch: None, lambda progress: told.append((progress.done, progress.total)))
    )
    assert told[-1] == (len(writes), len(writes)) and [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_price_covers_every_kind_of_write(field: Field) -> None:
    card = first(field, Kind.LEAD).ref
    letter = field.one(field.portal.activities(on=Kind.LEAD)).ref
    things = small_things(field, card)
    writes: list[Write] = [*things, *removals(card, {thing.key: "1" for thing in things})]
    writes += [new_contact(field, "c"), Change("l", card, {"title": "x"}), Delete("d", card), Bind("b", letter, card)]
    writes += [Unbind("u", letter, card), Change("a", letter, {"done": True})]
    writes = [write for write in writes if write_name(write) not in field.portal.capabilities.refuses]
    writes = [write for write in writes if not isinstance(write, Delete) or field.deletes(write.ref.kind)]
    cost = field.portal.price({write_name(write): 100 for write in writes}, {"lead": 5000, "stage": 10})
    assert cost.requests > 10
    assert 0 < cost.seconds_low <= cost.seconds_high
    assert field.portal.price({}).requests == 0


def test_a_company_is_found_again_by_its_origin(field: Field) -> None:
    origin = field.origin("co")
    made = field.made(Create("co", Kind.COMPANY, {"title": "A", "origin": origin}))
    company = now(field, Ref(Kind.COMPANY, made))
    assert isinstance(company, Company) and company.origin is not None
    assert (company.origin.system, company.origin.id) == (origin["system"], origin["id"])
