"""What is told of every letter: first or again, whose deal, the client inside; and what signatures add."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.crm.cards import Company, Deal
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import Record
from b24kit.letters.classify import LetterClass
from b24kit.reports.wording import reason_text
from tests.cleanup.portal_of import (
    FACTS,
    LADDER,
    NOW,
    SOURCES,
    TEAMS,
    USERS,
    contact,
    lead,
    letter,
    mail,
    outcomes,
    phone,
    plan,
)

ANNA = "Анна Белова <a.belova@firm.example>"
SIGNED = "Ждём счёт.\n\nС уважением,\nАнна Белова\nТехнолог\nООО «Лес»\nтел. 8 916 123-45-67"


def told(texts: dict[str, str], *records: Record | Iterable[Record], **clean: Any) -> CleanDraft:
    """The plan of a portal whose letters have these bodies."""
    flat: list[Record] = []
    for given in records:
        flat += given if isinstance(given, list) else [given]  # type: ignore[list-item]
    house = [*LADDER, *USERS, *TEAMS, *SOURCES, *flat]
    return plan(Snapshot.of(house, FACTS, NOW, texts), clean=clean)


def test_a_new_contact_gets_what_the_signature_tells() -> None:
    draft = told({"1": SIGNED}, mail(1, ANNA))
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    points = [(point["kind"], point["value"]) for point in create.values["points"]]
    assert points == [("email", "a.belova@firm.example"), ("phone", "+79161234567")]
    assert "Технолог" in create.values["comment"] and "ООО «Лес»" in create.values["comment"]
    assert create.reason.code == "clean.create_contact_signed"
    assert "Технолог, ООО «Лес», +79161234567" in reason_text(create.reason, "ru")


def test_the_signature_under_a_quoted_letter_is_not_the_writers() -> None:
    draft = told({"1": "Ок.\n\n> " + SIGNED.replace("\n", "\n> ")}, mail(1, ANNA))
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert [point["kind"] for point in create.values["points"]] == ["email"]


def test_signatures_are_left_alone_when_the_playbook_says_so() -> None:
    draft = told({"1": SIGNED}, mail(1, ANNA), signatures=False)
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert len(create.values["points"]) == 1 and "Технолог" not in create.values["comment"]


def test_a_signed_mobile_and_name_lead_an_unknown_address_to_the_known_contact() -> None:
    known = replace(contact(77, "Белова Анна"), points=(phone("+79161234567"),))
    draft = told({"1": SIGNED}, known, mail(1, "Анна Белова <belka@mail.ru>"))
    assert draft.assignment == {"1": "contact:77"}
    namesake = told({"1": SIGNED.replace("Анна", "Инна")}, known, mail(1, "Инна Белова <belka@mail.ru>"))
    assert namesake.assignment["1"].startswith("contact:new:")


def test_two_new_addresses_of_one_mobile_and_one_name_are_one_client() -> None:
    texts = {"1": SIGNED, "2": SIGNED}
    draft = told(texts, mail(1, ANNA), mail(2, "Белова Анна <belka@mail.ru>"))
    assert len(set(draft.assignment.values())) == 1
    apart = told(texts | {"2": SIGNED.replace("Анна", "Олег")}, mail(1, ANNA), mail(2, "Олег Белов <olegb@mail.ru>"))
    assert len(set(apart.assignment.values())) == 2
    reception = told(
        {str(n): SIGNED.replace("Анна Белова", f"Анна Белова{'' if n < 3 else 'й'}") for n in range(1, 6)},
        *[mail(n, f"Анна Белова <anna{n}{n}@mail.ru>") for n in range(1, 6)],
    )
    assert len(set(reception.assignment.values())) == 5


def test_who_wrote_first_and_who_again_is_told_and_counted() -> None:
    draft = told({}, mail(1, ANNA, days=50), mail(2, ANNA, days=90), mail(3, "Олег Жук <zhuk@firm.example>"))
    again = {lead_: one.touch.first for lead_, one in draft.readings.items() if one.touch}
    assert again == {"1": False, "2": True, "3": True}
    notes = {note.code: note.facts for note in draft.notes}
    assert notes["clean.note.first_and_again"] == {"first": 2, "again": 1}


def test_a_letter_that_no_plan_touches_is_told_of_too() -> None:
    draft = told({}, contact(77, "Белова Анна", "a.belova@firm.example"), mail(1, ANNA, days=3), mail(2, ANNA, days=90))
    assert outcomes(draft) == {"1": "young", "2": "B24KIT_LINKED"}
    young = draft.readings["1"]
    assert young.touch is not None and not young.touch.first
    assert str(young.client) == "contact:77"


def test_the_deal_of_a_letter_stands_in_the_reason_and_is_counted() -> None:
    known = contact(77, "Белова Анна", "a.belova@firm.example")
    deals = [
        Deal(id="40", pipeline="0", stage="C0:NEW", contact="77", title="Договор № 4411"),
        Deal(id="41", pipeline="0", stage="C0:NEW", contact="77", title="Договор № 5522"),
    ]
    draft = told({"1": "Пришлите акт по договору 5522."}, known, *deals, mail(1, ANNA))
    (update,) = [one for one in draft.operations if isinstance(one, UpdateRecord)]
    assert update.reason.facts["deal"] == "41"
    assert "относится к сделке 41: номер назван" in reason_text(update.reason, "ru")
    assert "belongs to deal 41" in reason_text(update.reason, "en")
    assert {note.code: note.facts for note in draft.notes}["clean.note.running_deals"] == {"count": 1, "deals": 1}


FORM = "Имя: Анна Белова\nE-mail: a.belova@firm.example\nТелефон: 8 916 123-45-67\nДолжность: технолог"


def test_the_client_inside_a_form_becomes_a_contact_and_the_class_stays_in_the_reason() -> None:
    draft = told(
        {"1": FORM},
        lead(1, "noreply@forms.example"),
        letter(1, "Форма <noreply@forms.example>", 1, subject="Новая заявка с сайта"),
    )
    assert outcomes(draft) == {"1": "CONVERTED"}
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert create.values["name"] == {"first": "Анна", "last": "Белова", "middle": ""}
    assert {point["value"] for point in create.values["points"]} == {"a.belova@firm.example", "+79161234567"}
    (update,) = [one for one in draft.operations if isinstance(one, UpdateRecord)]
    assert draft.readings["1"].kind is LetterClass.FORM
    assert "заявка с формы сайта" in reason_text(update.reason, "ru")
    assert {note.code: note.facts for note in draft.notes}["clean.note.inside"] == {"count": 1}


def test_a_forwarded_letter_of_a_known_client_is_linked_to_him_with_his_signature() -> None:
    inside = f"Ваш клиент.\n\n---------- Пересылаемое сообщение ----------\nОт: {ANNA}\nТема: Счёт\n\n{SIGNED}"
    forward = letter(1, "Денис Фролов <frolov@own.example>", 1, subject="Fwd: Счёт")
    known = contact(77, "Белова Анна", "a.belova@firm.example")
    assert told({"1": inside}, known, lead(1, "frolov@own.example"), forward).assignment == {"1": "contact:77"}
    fresh = told({"1": inside}, lead(1, "frolov@own.example"), forward)
    (create,) = [one for one in fresh.operations if isinstance(one, CreateRecord)]
    assert {point["value"] for point in create.values["points"]} == {"a.belova@firm.example", "+79161234567"}


def test_a_relay_that_the_playbook_archives_is_archived_even_with_its_client() -> None:
    draft = told(
        {"1": FORM},
        lead(1),
        letter(1, "noreply@forms.example", 1, subject="Новая заявка с сайта"),
        classes={"relay": "archive"},
    )
    assert outcomes(draft) == {"1": "B24KIT_ARCHIVE"}


def test_a_department_at_the_site_of_one_company_writes_for_that_company() -> None:
    firm = Company(id="5", title="Лес", points=(Point(PointKind.WEB, "https://www.firm.example/"),))
    assert told({}, firm, mail(1, "zakaz@firm.example")).assignment == {"1": "company:5"}
    twin = replace(firm, id="6")
    assert outcomes(told({}, firm, twin, mail(1, "zakaz@firm.example"))) == {"1": "role_mailbox"}
    unnamed = replace(firm, title="firm.example")
    assert outcomes(told({}, unnamed, mail(1, "zakaz@firm.example"))) == {"1": "role_mailbox"}
