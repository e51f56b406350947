"""The reading roles of the protocol."""

from __future__ import annotations

from collections import Counter
from datetime import UTC

from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.pipeline import LEADS, Outcome, deals_ladder
from b24kit.crm.portal import Where
from b24kit.crm.records import Record, record_from, ref_of, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change

from .conftest import Field
from .test_writing import first, now


def test_facts_tell_who_and_where_we_are(field: Field) -> None:
    facts = field.portal.facts()
    assert facts.leads_on and facts.admin
    assert facts.user_name and facts.id and "/" not in facts.id
    assert facts.missing_scopes == frozenset()
    assert facts.now.tzinfo is UTC
    assert abs((facts.now - field.clock.now()).total_seconds()) < 60


def test_every_ladder_has_its_stages_in_order_and_an_exit_on_both_sides(field: Field) -> None:
    stages = field.portal.stages()
    ladders = {LEADS, *(deals_ladder(pipeline.id) for pipeline in field.portal.pipelines())}
    assert {stage.ladder for stage in stages} == ladders
    for ladder in ladders:
        own = [stage for stage in stages if stage.ladder == ladder]
        assert [stage.sort for stage in own] == sorted(stage.sort for stage in own)
        assert {stage.outcome for stage in own} == set(Outcome)


def test_one_pipeline_is_the_default_one(field: Field) -> None:
    assert [pipeline.default for pipeline in field.portal.pipelines()].count(True) == 1


def test_people_and_their_teams_fit_together(field: Field) -> None:
    users, teams = field.portal.users(), field.portal.teams()
    known = {team.id for team in teams}
    assert all(set(user.teams) <= known for user in users)
    assert {team.head for team in teams if team.head} <= {user.id for user in users}
    assert field.stay is not None or any(not user.active for user in users), "the dismissed are listed as well"


def test_leads_come_by_ascending_id_and_each_once(field: Field) -> None:
    ids = [int(lead.id) for lead in field.portal.leads()]
    assert ids == sorted(set(ids)) and (field.stay is not None or len(ids) == 60)


def test_leads_stand_on_stages_and_come_from_sources_that_are_known(field: Field) -> None:
    stages = {stage.code: stage for stage in field.portal.stages() if stage.ladder == LEADS}
    sources = {source.code for source in field.portal.sources()}
    for lead in field.portal.leads():
        assert stages[lead.stage].outcome is lead.outcome
        # On a living portal a source may have been removed under its leads.
        assert lead.source in sources or lead.source is None or field.stay is not None


def test_open_leads_are_those_on_open_stages(field: Field) -> None:
    closed, left = field.cards(Kind.LEAD, 2)
    lost = next(s for s in field.portal.stages() if s.ladder == LEADS and s.outcome is Outcome.LOST)
    field.do(Change("c", closed.ref, {"stage": lost.code}, values_of(closed)))
    still = {lead.id for lead in field.portal.leads(field.near(closed, open_only=True))}
    assert closed.id not in still and left.id in still and (field.stay is not None or len(still) == 59)
    field.do(Change("o", closed.ref, {"stage": closed.stage}, values_of(now(field, closed.ref))))


def test_leads_are_narrowed_by_stage_and_by_id(field: Field) -> None:
    everything = list(field.portal.leads())
    field.needs_whole_lists()
    stage, count = Counter(lead.stage for lead in everything).most_common(1)[0]
    assert {lead.stage for lead in field.portal.leads(Where(stages=(stage,)))} == {stage}
    assert sum(1 for _ in field.portal.leads(Where(stages=(stage,)))) == count
    middle = len(everything) // 2
    above = field.portal.leads(Where(above_id=everything[middle].id))
    assert [lead.id for lead in above] == [lead.id for lead in everything[middle + 1 :]]


def test_changed_cards_are_found_by_time(field: Field) -> None:
    lead = first(field, Kind.LEAD)
    field.wait(120)
    since = field.portal.facts().now
    field.wait(5)
    field.do(Change("c", lead.ref, {"title": "new"}, values_of(lead)))
    found = [card.id for card in field.portal.leads(Where(changed_since=since))]
    assert found == [lead.id] or (field.stay is not None and lead.id in found)


def test_contacts_companies_and_deals_hang_together(field: Field) -> None:
    companies = {company.id for company in field.portal.companies()}
    contacts = {contact.id: contact for contact in field.portal.contacts()}
    deals = list(field.portal.deals())
    field.needs_whole_lists()
    assert field.stay is not None or (companies and contacts)
    assert all(set(contact.companies) <= companies for contact in contacts.values())
    assert {deal.contact for deal in deals if deal.contact} <= contacts.keys()
    assert {deal.pipeline for deal in deals} <= {pipeline.id for pipeline in field.portal.pipelines()}
    running = {deal.id for deal in deals if deal.outcome is Outcome.OPEN}
    assert {deal.id for deal in field.portal.deals(Where(open_only=True))} == running


def test_letters_have_senders_and_hang_on_leads(field: Field) -> None:
    letters = list(field.portal.activities(on=Kind.LEAD, channel=Channel.EMAIL))
    assert field.one(letters)
    for letter in letters:
        assert letter.card.kind is Kind.LEAD and letter.letter is not None and letter.text is None
        assert letter.direction is not Direction.IN or "@" in letter.letter.sender


def test_texts_come_when_they_are_asked_for(field: Field) -> None:
    letters = list(field.portal.activities(channel=Channel.EMAIL, text=True))
    assert field.one(letters) and any(letter.text for letter in letters)


def test_bodies_alone_are_read_by_reference_and_the_missing_are_absent(field: Field) -> None:
    letters = [one.ref for one in field.portal.activities(on=Kind.LEAD, channel=Channel.EMAIL)]
    assert field.one(letters)
    found = dict(field.portal.texts([*letters, field.absent(Kind.ACTIVITY)]))
    assert found.keys() <= set(letters) and len(found) > len(letters) * 0.9
    (first,) = field.portal.read([letters[0]]).values()
    assert isinstance(first, Activity) and found[letters[0]] == first.text


def test_open_activities_are_those_not_done(field: Field) -> None:
    everything = list(field.portal.activities())
    still = {activity.id for activity in everything if not activity.done}
    found = {activity.id for activity in field.portal.activities(open_only=True)}
    field.needs_whole_lists()
    assert found == still


def test_objects_are_read_by_reference_and_the_missing_are_absent(field: Field) -> None:
    lead = field.one(field.portal.leads())
    contact = field.one(field.portal.contacts())
    letter = field.one(field.portal.activities(on=Kind.LEAD))
    stage = field.portal.stages()[0]
    gone = [field.absent(Kind.LEAD), field.absent(Kind.ACTIVITY), field.absent(Kind.STAGE)]
    found = field.portal.read([lead.ref, contact.ref, letter.ref, ref_of(stage), *gone])
    assert found.keys() == {lead.ref, contact.ref, letter.ref, ref_of(stage)}
    assert (found[lead.ref], found[contact.ref], found[ref_of(stage)]) == (lead, contact, stage)


def test_an_activity_read_by_reference_tells_all_its_cards_and_its_text(field: Field) -> None:
    letter = field.one(field.portal.activities(on=Kind.LEAD, channel=Channel.EMAIL))
    found = field.portal.read([letter.ref])[letter.ref]
    values = values_of(found)
    assert values["bindings"] == [str(letter.card)] and values["text"]


def test_hundreds_of_references_take_few_requests(field: Field) -> None:
    field.needs_seed("ids from one on")
    wanted = [Ref(kind, str(number)) for kind in (Kind.LEAD, Kind.CONTACT) for number in range(1, 500)]
    field.portal.read(wanted)  # speeds of a portal never seen are felt for with small batches
    field.control.forget_metrics()
    assert len(field.portal.read(wanted)) >= 60
    assert len(field.control.requests()) <= 4  # amoCRM: two pages of 250 ids for each kind


def test_every_record_survives_being_stored_as_values(field: Field) -> None:
    portal = field.portal
    records: list[Record] = [
        *portal.leads(),
        *portal.contacts(),
        *portal.companies(),
        *portal.deals(),
        *portal.activities(text=True),
    ]
    records += [*portal.stages(), *portal.pipelines(), *portal.sources(), *portal.users(), *portal.teams()]
    for record in records:
        ref = ref_of(record)
        assert record_from(ref.kind, ref.id, values_of(record)) == record


def test_what_hangs_on_a_card_is_named(field: Field) -> None:
    letter = field.one(field.portal.activities(on=Kind.LEAD))
    assert ("activity", letter.id) in {(trace.what, trace.id) for trace in field.portal.traces(letter.card)}
