"""Every lead of the pile gets one outcome, and a second plan has nothing to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from b24kit.change.operation import BindLetter, CreateRecord, Phase, UnbindLetter, UpdateRecord
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Company, Deal
from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import Refused
from b24kit.i18n import LANGUAGES, has
from b24kit.owners.spec import OwnersSpec
from tests.cleanup.portal_of import (
    ABLE,
    NOW,
    applied,
    contact,
    email,
    lead,
    letter,
    mail,
    outcomes,
    phone,
    plan,
    snapshot,
)

ANNA = "Анна Белова <a.belova@firm.example>"


def test_the_first_letter_of_a_new_person_converts_and_the_others_are_linked() -> None:
    here = snapshot(mail(12, ANNA, days=50), mail(11, ANNA, days=60), mail(10, "A.Belova@Firm.Example", days=40))
    draft = plan(here)
    assert outcomes(draft) == {"11": "CONVERTED", "12": "B24KIT_LINKED", "10": "B24KIT_LINKED"}
    assert set(draft.assignment.values()) == {"contact:new:contact-c-10"}
    assert draft.counters["new_clients"] == 1


def test_the_new_contact_carries_name_points_owner_source_and_the_dates_of_its_leads() -> None:
    made = replace(lead(5, "a.belova@firm.example"), points=(email("a.belova@firm.example"), phone("8 916 123-45-67")))
    draft = plan(snapshot(made, letter(5, "Белова Анна Сергеевна <a.belova@firm.example>", 5)))
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert create.values["name"] == {"first": "Анна", "last": "Белова", "middle": "Сергеевна"}
    assert [point["value"] for point in create.values["points"]] == ["a.belova@firm.example", "8 916 123-45-67"]
    assert create.values["owner"] == "1"
    assert create.values["source"] == "EMAIL"
    assert "24.07.2026" in create.values["comment"]


def test_every_letter_is_bound_before_its_lead_is_closed() -> None:
    draft = plan(snapshot(mail(1, ANNA), letter(2, ANNA, 1, days=90)))
    binds = [one for one in draft.operations if isinstance(one, BindLetter)]
    assert [bind.activity.id for bind in binds] == ["1", "2"]
    assert all(bind.needs == ("contact-c-1",) for bind in binds)
    assert [one.phase for one in draft.operations] == sorted(one.phase for one in draft.operations)
    assert draft.operations[-1].phase is Phase.CARDS


def test_letters_leave_the_lead_only_when_the_playbook_moves_them() -> None:
    here = snapshot(mail(1, ANNA))
    assert not [one for one in plan(here).operations if isinstance(one, UnbindLetter)]
    draft = plan(here, clean={"move_letters": True})
    (unbind,) = [one for one in draft.operations if isinstance(one, UnbindLetter)]
    assert unbind.needs == ("bind-1",)


def test_letters_of_a_known_contact_are_linked_to_him_and_keep_his_manager() -> None:
    here = snapshot(contact(77, "Белова Анна", "A.Belova@firm.example"), mail(1, ANNA), mail(2, ANNA))
    draft = plan(here)
    assert outcomes(draft) == {"1": "B24KIT_LINKED", "2": "B24KIT_LINKED"}
    assert draft.assignment == {"1": "contact:77", "2": "contact:77"}
    update = next(one for one in draft.operations if isinstance(one, UpdateRecord))
    assert update.after["owner"] == "2"
    assert update.before == {"stage": "NEW", "owner": "1", "contact": None, "company": None}


def test_a_new_address_of_a_known_contact_is_added_to_his_points() -> None:
    known = replace(contact(77, "Белова Анна"), points=(phone("+79161234567"),))
    wrote = replace(lead(1, "belka@mail.ru"), points=(email("belka@mail.ru"), phone("8 916 123 45 67")))
    draft = plan(snapshot(known, wrote, letter(1, "Анна Белова <belka@mail.ru>", 1)))
    (points,) = [one for one in draft.operations if one.key == "points-77"]
    assert isinstance(points, UpdateRecord)
    assert [point["value"] for point in points.after["points"]] == ["+79161234567", "belka@mail.ru"]
    assert draft.assignment == {"1": "contact:77"}
    assert not [
        one for one in plan(snapshot(known, wrote), clean={"add_addresses": False}).operations if "points" in one.key
    ]


def test_two_addresses_of_one_known_contact_are_one_client() -> None:
    here = snapshot(
        contact(77, "Белова Анна", "a.belova@firm.example", "belka@mail.ru"), mail(1, ANNA), mail(2, "belka@mail.ru")
    )
    draft = plan(here)
    assert draft.counters["known_clients"] == 1
    assert {one.cluster for one in draft.operations} == {"c-1"}


def test_an_address_on_two_contacts_names_nobody() -> None:
    here = snapshot(
        contact(7, "Белова Анна", "a.belova@firm.example"), contact(8, "", "a.belova@firm.example"), mail(1, ANNA)
    )
    (left,) = plan(here).left
    assert left.reason.code == "clean.left.several_contacts"
    assert left.reason.facts["contacts"] == "7, 8"


def test_a_contact_under_another_name_is_not_taken() -> None:
    here = snapshot(contact(7, "Жук Олег", "a.belova@firm.example"), mail(1, ANNA))
    assert outcomes(plan(here)) == {"1": "contact_name_differs"}


def test_a_lead_tied_to_another_contact_is_left() -> None:
    here = snapshot(
        contact(7, "Белова Анна", "a.belova@firm.example"),
        contact(8, "Жук Олег"),
        replace(lead(1, "a.belova@firm.example"), contact="8"),
    )
    assert outcomes(plan(here)) == {"1": "several_contacts"}


@pytest.mark.parametrize(
    ("sender", "told", "ends"),
    [
        ("news@promo.example", {"headers": {"List-Id": "<n>"}}, "B24KIT_ARCHIVE"),
        ("noreply@bank.example", {}, "B24KIT_ARCHIVE"),
        (ANNA, {"headers": {"Auto-Submitted": "auto-replied"}}, "B24KIT_ARCHIVE"),
        ("MAILER-DAEMON@mx.example", {}, "B24KIT_ARCHIVE"),
        ("Денис <frolov@own.example>", {}, "B24KIT_ARCHIVE"),
        ("Денис <frolov@own.example>", {"subject": "Fwd: Счёт"}, "class_forwarded"),
        ("noreply@forms-relay.example", {}, "class_relay"),
        ("noreply@forms-relay.example", {"reply_to": ANNA}, "CONVERTED"),
        ("info@firm.example", {}, "role_mailbox"),
        ("Анна Белова via Клуб <club@union.example>", {}, "shared_mailbox"),
        ("anna@", {}, "class_unclear"),
        ("a@firm.example, b@firm.example", {}, "class_unclear"),
    ],
)
def test_each_kind_of_letter_ends_where_the_playbook_says(sender: str, told: dict[str, Any], ends: str) -> None:
    assert outcomes(plan(snapshot(lead(1), letter(1, sender, 1, **told)))) == {"1": ends}


def test_two_people_on_one_address_are_left_to_a_person() -> None:
    here = snapshot(mail(1, "Анна Белова <dom@mail.ru>"), mail(2, "Олег Белов <dom@mail.ru>"))
    assert outcomes(plan(here)) == {"1": "names_differ", "2": "names_differ"}


def test_letters_of_two_people_in_one_lead_are_left() -> None:
    here = snapshot(mail(1, ANNA), letter(2, "Олег Жук <zhuk@firm.example>", 1))
    assert outcomes(plan(here)) == {"1": "several_senders"}


def test_a_card_with_another_persons_address_is_left() -> None:
    here = snapshot(lead(1, "zhuk@firm.example"), letter(1, ANNA, 1))
    assert outcomes(plan(here)) == {"1": "address_differs"}


def test_young_leads_and_those_with_a_next_step_are_left_alone() -> None:
    step = Activity(
        id="9",
        channel=Channel.TODO,
        direction=Direction.NONE,
        subject="Позвонить",
        card=Ref(Kind.LEAD, "2"),
        done=False,
        deadline=NOW + timedelta(days=1),
    )
    here = snapshot(mail(1, ANNA, days=3), mail(2, ANNA), step, mail(3, ANNA))
    assert outcomes(plan(here)) == {"1": "young", "2": "next_step", "3": "CONVERTED"}


def test_only_open_leads_of_the_named_stages_and_sources_are_the_pile() -> None:
    here = snapshot(
        mail(1, ANNA),
        replace(lead(2, "zhuk@firm.example"), stage="UC_WORK"),
        replace(lead(3, "som@firm.example"), source="CALL"),
        replace(lead(4, "som@firm.example"), stage="JUNK", outcome=Outcome.LOST),
    )
    draft = plan(here, clean={"pile": {"stages": ["E-mail"], "sources": ["электронная почта"]}})
    assert outcomes(draft) == {"1": "CONVERTED"}


def test_a_stage_that_is_not_there_is_noted_with_what_is() -> None:
    draft = plan(snapshot(mail(1, ANNA)), clean={"pile": {"stages": ["Письма"]}})
    codes = {note.code for note in draft.notes}
    assert codes == {"clean.note.no_stage", "clean.note.empty_pile"}
    assert not draft.operations


def test_a_department_mailbox_on_one_companys_card_links_its_letters_to_the_company() -> None:
    firm = Company(id="5", title="Фирма", owner="3", points=(email("info@firm.example"),))
    draft = plan(snapshot(firm, mail(1, "info@firm.example"), mail(2, "Анна Белова <info@firm.example>")))
    assert outcomes(draft) == {"1": "B24KIT_LINKED", "2": "B24KIT_LINKED"}
    assert set(draft.assignment.values()) == {"company:5"}
    update = next(one for one in draft.operations if isinstance(one, UpdateRecord))
    assert (update.after["company"], update.after["owner"]) == ("5", "3")
    assert "contact" not in update.after


def test_a_new_person_joins_the_only_company_of_the_domain() -> None:
    firm = Company(id="5", title="Фирма", owner="3", points=(email("info@firm.example"),))
    twin = Company(id="6", title="Фирма", points=(email("office@firm.example"),))
    draft = plan(snapshot(firm, mail(1, ANNA)))
    create = next(one for one in draft.operations if isinstance(one, CreateRecord))
    assert (create.values["company"], create.values["owner"]) == ("5", "3")
    alone = plan(snapshot(firm, twin, mail(1, ANNA)))
    assert "company" not in next(one for one in alone.operations if isinstance(one, CreateRecord)).values


def test_companies_are_made_only_when_asked_and_never_of_free_mail() -> None:
    here = snapshot(mail(1, ANNA), mail(2, "Олег Жук <zhuk@firm.example>"), mail(3, "Павел Сом <som@mail.ru>"))
    assert not [one for one in plan(here).operations if "company" in one.key]
    draft = plan(here, clean={"company_by_domain": "create"})
    (made,) = [one for one in draft.operations if isinstance(one, CreateRecord) and one.kind is Kind.COMPANY]
    assert made.values["title"] == "firm.example"
    people = {one.key: one for one in draft.operations if isinstance(one, CreateRecord) and one.kind is Kind.CONTACT}
    assert people["contact-c-1"].needs == (made.key,)
    assert people["contact-c-1"].values["company"] == f"new:{made.key}"
    assert "company" not in people["contact-c-3"].values


def test_the_archive_mode_sends_everything_stuck_to_the_archive() -> None:
    draft = plan(snapshot(mail(1, ANNA), mail(2, "info@firm.example")), clean={"mode": "archive"})
    assert set(outcomes(draft).values()) == {"B24KIT_ARCHIVE"}
    assert draft.stages_needed == {"B24KIT_ARCHIVE"}


def test_a_limit_cuts_whole_clients_and_the_rest_is_left_for_the_next_plan() -> None:
    here = snapshot(mail(1, ANNA), mail(2, ANNA), mail(3, "Олег Жук <zhuk@firm.example>"), mail(4, ANNA))
    assert outcomes(plan(here, limit=1)) == {"1": "CONVERTED", "2": "B24KIT_LINKED", "4": "B24KIT_LINKED", "3": "limit"}


def test_a_second_plan_after_the_first_has_nothing_to_do() -> None:
    here = snapshot(
        contact(77, "Сом Павел", "som@mail.ru"),
        mail(1, ANNA),
        mail(2, ANNA),
        mail(3, "Павел Сом <som@mail.ru>"),
        mail(4, "noreply@bank.example"),
        mail(5, "info@firm.example"),
    )
    first = plan(here, clean={"company_by_domain": "create", "move_letters": True})
    second = plan(applied(here, first.operations), clean={"company_by_domain": "create", "move_letters": True})
    assert second.operations == ()
    assert "clean.note.nothing_to_do" in {note.code for note in second.notes}
    assert outcomes(second) == {"5": "role_mailbox"}


def test_a_letter_that_comes_after_the_first_run_is_linked_to_the_contact_made_then() -> None:
    here = snapshot(mail(1, ANNA))
    later = applied(here, plan(here).operations)
    more = [*later.records(Kind.CONTACT), *later.records(Kind.LEAD), *later.records(Kind.ACTIVITY), *mail(2, ANNA)]
    draft = plan(snapshot(more))
    assert outcomes(draft) == {"2": "B24KIT_LINKED"}
    assert draft.assignment["2"].startswith("contact:10")


def test_the_same_state_gives_the_same_plan() -> None:
    records = [*mail(1, ANNA), *mail(2, "Олег Жук <zhuk@mail.ru>"), *mail(3, ANNA)]
    assert plan(snapshot(records)) == plan(snapshot(list(reversed(records))))


def test_the_plan_warns_of_repeat_leads_and_of_namesakes_and_makes_no_deals() -> None:
    here = snapshot(contact(7, "Белова Анна", "other@mail.ru"), mail(1, ANNA))
    notes = {note.code: note.facts for note in plan(here).notes}
    assert notes["clean.note.repeat_leads"] == {"count": 1}
    assert notes["clean.note.namesakes"] == {"count": 1}
    assert "clean.note.no_deals" in notes


def test_nothing_in_a_plan_can_send_mail() -> None:
    """crm.activity.add of an outgoing letter sends it, so a plan never makes an activity."""
    draft = plan(snapshot(mail(1, ANNA), mail(2, "noreply@bank.example")))
    assert {one.kind for one in draft.operations if isinstance(one, CreateRecord)} == {Kind.CONTACT}


def test_running_deals_of_the_client_are_named() -> None:
    deal = Deal(id="40", pipeline="0", stage="C0:NEW", contact="7", owner="3")
    here = snapshot(contact(7, "Белова Анна", "a.belova@firm.example", owner="5"), deal, mail(1, ANNA))
    update = next(one for one in plan(here).operations if isinstance(one, UpdateRecord))
    assert update.reason.facts["deals"] == "40"
    assert update.after["owner"] == "3"  # the contact's own manager was dismissed


def test_a_portal_without_leads_is_refused() -> None:
    here = snapshot()
    here.facts = replace(here.facts, leads_on=False)
    with pytest.raises(Refused, match=r"clean\.no_leads"):
        plan_clean(here, CleanSpec(), OwnersSpec(), NOW, ABLE)


def test_every_code_of_a_draft_has_its_sentence() -> None:
    here = snapshot(mail(1, ANNA, days=5), mail(2, "info@f.example"), mail(3, ANNA), mail(4, "noreply@bank.example"))
    draft = plan(here)
    codes = {one.reason.code for one in draft.operations} | {one.reason.code for one in draft.left}
    codes |= {note.code for note in draft.notes}
    codes |= {step.code for step in draft.steps} | {f"clean.class.{kind}" for kind in draft.classes}
    codes |= {str(one.reason.facts["owner_rule"]) for one in draft.operations if "owner_rule" in one.reason.facts}
    assert not [code for code in codes for lang in LANGUAGES if not has(code, lang)]
