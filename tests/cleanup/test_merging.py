"""Doubles of contacts and companies: which are merged, who stays, what is settled first, and what is left to people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.change.merging import MergeRecords, differing, weigh_merge
from b24kit.change.operation import CreateRecord, Reason, UpdateRecord
from b24kit.change.planform import operation_body, operation_of
from b24kit.cleanup.answers import Answers
from b24kit.cleanup.merging_plan import MergePlan, plan_merges
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.two_cards import why_one_client
from b24kit.crm.cards import Company, Contact, Deal, PersonName
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import Record, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.matching.standing import NOTHING_KNOWN
from b24kit.owners.spec import OwnersSpec
from tests.cleanup.portal_of import ABLE, NOW, contact, mail, phone, plan, snapshot

MERGING = replace(ABLE, merges=True, merge_blockers=frozenset({"IS_MY_COMPANY"}), merge_ignores=frozenset({"LEAD_ID"}))


def merged(*records: Record, merges: bool = True, said: Any = None, **clean: Any) -> MergePlan:
    spec = CleanSpec.model_validate({"merge": "auto", "consent": ["UF_CRM_NO"], **clean})
    able = MERGING if merges else replace(MERGING, merges=False)
    more = {"said": said} if said else {}
    return plan_merges(snapshot(*records), spec, NOTHING_KNOWN, able, **more)


def the_merge(found: MergePlan) -> MergeRecords:
    (one,) = [one for one in found.operations if isinstance(one, MergeRecords)]
    return one


ANNA, AGAIN = contact(5, "Белова Анна", "a.belova@gmail.com"), contact(7, "Белова Аня", "abelova+crm@gmail.com")


def test_off_merges_nothing() -> None:
    assert merged(ANNA, AGAIN, merge="off").operations == ()


def test_one_mailbox_behind_its_aliases_is_one_client_and_is_not_doubled() -> None:
    found = merged(ANNA, AGAIN)
    one = the_merge(found)
    assert (one.survivor, one.losers) == (ANNA.ref, (AGAIN.ref,))
    assert "почтовый ящик" in one.reason.facts["why_ru"]
    loser = next(op for op in found.operations if isinstance(op, UpdateRecord) and op.ref == AGAIN.ref)
    assert loser.after["points"] == [] and found.survivors[ANNA.ref].emails == ("a.belova@gmail.com",)


@pytest.mark.parametrize("name", ["Жук Олег", "Белов Антон"])
def test_another_name_on_the_address_is_left_to_people(name: str) -> None:
    assert merged(ANNA, contact(7, name, "a.belova@gmail.com")).operations == ()


def test_namesakes_are_never_merged() -> None:
    found = merged(ANNA, contact(7, "Белова Анна", "other@mail.ru"))
    assert found.operations == () and found.notes[0].code == "clean.note.doubtful_doubles"


def test_who_has_a_running_deal_stays_else_the_older_card() -> None:
    deal = Deal(id="1", pipeline="0", stage="NEW", contact="7")
    assert the_merge(merged(ANNA, AGAIN, deal)).survivor == AGAIN.ref
    assert the_merge(merged(ANNA, AGAIN, deal, survive={"survivor": "richest"})).survivor.id in ("5", "7")
    assert the_merge(merged(AGAIN, ANNA)).survivor == ANNA.ref


def test_a_refusal_of_any_card_wins_and_the_other_is_made_to_say_the_same() -> None:
    yes, no = replace(ANNA, extra={"UF_CRM_NO": "N"}), replace(AGAIN, extra={"UF_CRM_NO": "Y"})
    found = merged(yes, no)
    survivor = next(op for op in found.operations if isinstance(op, UpdateRecord) and op.ref == ANNA.ref)
    assert survivor.after["extra"] == {"UF_CRM_NO": "Y"}
    kept = {one["field"]: one["rule"] for one in the_merge(found).reason.facts["kept"]}
    assert kept["UF_CRM_NO"] == "strictest"


def test_after_the_settling_no_two_filled_values_stand_against_each_other() -> None:
    one = replace(ANNA, owner="2", source="CALL", comment="Смета", extra={"POST": "Логист"}, company="1")
    two = replace(AGAIN, owner="3", source="EMAIL", comment="Звонил", extra={"POST": "Директор"}, company="2")
    found = merged(one, replace(two, companies=("2",)))
    state = {card.ref: values_of(card) for card in (one, two)}
    assert differing(state[one.ref], state[two.ref])
    for op in found.operations:
        if isinstance(op, UpdateRecord):
            extra = {**state[op.ref]["extra"], **op.after.get("extra", {})}
            state[op.ref] = {**state[op.ref], **op.after, "extra": extra}
    assert differing(state[one.ref], state[two.ref]) == []
    assert weigh_merge(the_merge(found), state) == (two.ref,)
    (note,) = [op for op in found.operations if isinstance(op, CreateRecord)]
    assert all(value in note.values["text"] for value in ("Директор", "EMAIL", "3"))
    assert state[one.ref]["comment"] == "Смета\nЗвонил"


def test_what_somebody_changed_since_is_a_conflict_and_a_card_that_is_gone_is_none() -> None:
    one = the_merge(merged(ANNA, AGAIN))
    now = {card.ref: values_of(card) for card in (ANNA, replace(AGAIN, extra={"POST": "Новый"}))}
    refused = weigh_merge(one, now)
    assert isinstance(refused, Reason) and "POST" in refused.facts["fields"]
    assert weigh_merge(one, {ANNA.ref: values_of(ANNA)}) == ()


def test_a_field_that_the_playbook_wants_asked_leaves_the_group_to_people() -> None:
    one, two = replace(ANNA, extra={"UF_CRM_A": "1"}), replace(AGAIN, extra={"UF_CRM_A": "2"})
    found = merged(one, two, survive={"fields": {"UF_CRM_A": "review"}})
    assert found.operations == () and found.left[0].reason.code == "clean.left.double_review"


def test_only_what_people_confirmed_goes_when_reviewed_and_their_no_is_final() -> None:
    waits = merged(ANNA, AGAIN, merge="reviewed")
    assert waits.operations == () and waits.left[0].reason.code == "clean.left.double"
    both = frozenset({ANNA.ref, AGAIN.ref})
    assert the_merge(merged(ANNA, AGAIN, merge="reviewed", said=Answers(same=(both,))))
    apart = Answers(apart=((frozenset({ANNA.ref}), frozenset({AGAIN.ref})),))
    assert merged(ANNA, AGAIN, said=apart).left[0].reason.code == "clean.left.double_told_apart"
    kept = merged(ANNA, AGAIN, said=Answers(protected=frozenset({AGAIN.ref})))
    assert kept.operations == () and kept.left[0].reason.code == "clean.left.double_protected"
    deal = Deal(id="9", pipeline="0", stage="NEW", contact="7", outcome=Outcome.WON)
    running = Deal(id="8", pipeline="0", stage="NEW", contact="5")
    tied = merged(ANNA, AGAIN, deal, running, said=Answers(protected=frozenset({deal.ref})))
    assert tied.operations == () and tied.left[0].reason.facts["card"] == "deal:9"


def test_a_vendor_without_a_merge_gets_a_list_for_people() -> None:
    found = merged(ANNA, AGAIN, merges=False)
    assert found.operations == () and found.steps[0].facts["groups"] == "contact:5 + contact:7"


def company(number: int, title: str, site: str = "", **more: Any) -> Company:
    points = (Point(PointKind.WEB, site),) if site else ()
    return Company(id=str(number), title=title, points=points, **more)


def test_companies_are_one_by_domain_and_name_or_by_tax_number() -> None:
    romashka = company(1, "ООО «Ромашка»", "https://romashka.example")
    found = merged(romashka, company(2, "РОМАШКА", "www.romashka.example"), company(3, "Лютик", "romashka.example"))
    assert {ref.id for ref in the_merge(found).cards} == {"1", "2"}
    taxed = merged(company(1, "Ромашка ИНН 7707083893"), company(2, "Лютик, ИНН 7707083893"))
    assert the_merge(taxed).reason.facts["why_en"] == "One client: one tax number 7707083893."


def test_our_own_company_is_never_merged_with_a_client() -> None:
    ours = company(1, "Ромашка", "romashka.example", extra={"IS_MY_COMPANY": "Y"})
    found = merged(ours, company(2, "Ромашка", "romashka.example", extra={"IS_MY_COMPANY": "N"}))
    assert found.operations == () and found.left[0].reason.code == "clean.left.double_blocked"


def test_a_merge_survives_its_plan_file() -> None:
    one = the_merge(merged(ANNA, AGAIN))
    assert operation_of(operation_body(one)) == one


def test_letters_of_a_swallowed_card_go_to_the_survivor_with_one_update() -> None:
    here = snapshot(
        ANNA, replace(AGAIN, points=(*AGAIN.points, phone("+79161234567"))), mail(1, "Анна Белова <a.b@mail.ru>")
    )
    spec = CleanSpec.model_validate({"merge": "auto", "maybe_known": "new"})
    draft = plan_clean(here, spec, OwnersSpec(), NOW, MERGING)
    updates = [op.ref for op in draft.operations if isinstance(op, UpdateRecord)]
    assert len(updates) == len(set(updates))
    assert "contact:7" not in draft.assignment.values()


def test_a_letter_from_another_box_of_the_firm_under_the_same_rare_name_is_the_known_clients() -> None:
    known = contact(9, "Желатова Евпраксия", "zhelatova@romashka.example")
    draft = plan(snapshot(known, mail(1, "Евпраксия Желатова <sales.east@romashka.example>")))
    assert draft.assignment == {"1": "contact:9"}


def test_a_letter_of_a_namesake_is_left_with_the_question() -> None:
    draft = plan(snapshot(contact(9, "Желатова Евпраксия", "one@mail.ru"), mail(1, "Евпраксия Желатова <two@bk.ru>")))
    (left,) = draft.left
    assert left.reason.code == "clean.left.maybe_known" and left.reason.facts["contact"] == "9"
    assert "Желатова" in left.reason.facts["why_ru"] and draft.assignment == {}


@pytest.mark.parametrize(
    ("other", "code"),
    [
        (AGAIN, "match.why.joined"),
        (contact(8, "Жук Олег", "zhuk@mail.ru"), "match.why.names_differ"),
        (Contact(id="8", name=PersonName("Анна", "Белова")), "match.why.asked"),
    ],
)
def test_two_cards_are_explained_in_one_line(other: Contact, code: str) -> None:
    assert why_one_client(ANNA, other).code == code


def test_the_same_state_gives_the_same_merges() -> None:
    assert merged(ANNA, AGAIN).operations == merged(AGAIN, ANNA).operations
    assert Ref(Kind.CONTACT, "7") in merged(ANNA, AGAIN).into
