"""Decisions where inquiries bring contacts of their own: fresh cards adopted, doubles marked, letters settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from b24kit.change.intake import AcceptIncoming, AttachIncoming, DeclineIncoming
from b24kit.change.operation import CreateRecord, Operation, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.arrivals import unfold
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Contact, Deal, Lead
from b24kit.crm.incoming import Category, Incoming
from b24kit.crm.pipeline import LEADS, Outcome, Stage
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.owners.spec import OwnersSpec

from .portal_of import ABLE, FACTS, NOW, SOURCES, TEAMS, USERS, contact, lead, letter

LOST, WON = "1:143", "1:142"
LADDER = [
    Stage(id=code, ladder=LEADS, code=code, name=name, sort=place, colour=None, outcome=outcome)
    for place, (code, name, outcome) in enumerate(
        [("1:1", "Неразобранное", Outcome.OPEN), ("NEW", "E-mail", Outcome.OPEN), (WON, "Успех", Outcome.WON),
         (LOST, "Отказ", Outcome.LOST)]
    )
]  # fmt: skip
HERE: Capabilities = replace(
    ABLE,
    deletes=frozenset({Kind.STAGE}),
    merges=False,
    brings_contacts=True,
    keeps_incoming=True,
    one_failure=True,
    refuses=frozenset({"bind activity"}),
    lacks={Kind.CONTACT: frozenset({"comment", "source"}), Kind.LEAD: frozenset({"source"})},
)


def brought(number: int, address: str, days: int = 100, name: str = "Пётр Орлов", **changes: Any) -> list[Record]:
    """A lead of a letter with the fresh contact that came with it."""
    fresh = contact(1000 + number, name, address, created=NOW - timedelta(days=days), owner="1")
    made = lead(number, days=days, contact=fresh.id, source=None, **changes)
    return [fresh, made, letter(number, f"{name} <{address}>", number, days)]


def waits(number: int, address: str, days: int = 50, **changes: Any) -> list[Record]:
    """An incoming letter, its lead, and a contact that nobody can see."""
    one = Incoming(
        id=f"uid{number}", category=Category.MAIL, created=NOW - timedelta(days=days), sender_name="Пётр Орлов",
        sender_address=address, subject=f"Вопрос {number}", summary="Пришлите счёт", lead=str(number),
        contacts=(str(1000 + number),),
    )  # fmt: skip
    return [replace(one, **changes), lead(number, days=days, stage="1:1", source=None)]


def planned(*records: list[Record], **clean: Any) -> CleanDraft:
    flat = [one for given in records for one in given]
    here = Snapshot.of([*LADDER, *USERS, *TEAMS, *SOURCES, *flat], FACTS, NOW)
    owners = OwnersSpec.model_validate({"fallback": {"to": "2"}})
    return plan_clean(here, CleanSpec.model_validate(clean), owners, NOW, HERE)


def by_key(draft: CleanDraft) -> dict[str, Operation]:
    return {one.key: one for one in draft.operations}


def test_the_fresh_contact_of_the_first_letter_becomes_the_client_and_the_next_ones_doubles() -> None:
    found = by_key(planned(brought(1, "orlov@firm.example"), brought(2, "orlov@firm.example", 90)))
    assert not any(isinstance(one, CreateRecord) and one.kind is Kind.CONTACT for one in found.values())
    first, second = found["lead-1"], found["lead-2"]
    assert isinstance(first, UpdateRecord) and isinstance(second, UpdateRecord)
    assert first.after["stage"] == WON and "contact" not in first.after
    assert (second.before["contact"], second.after["contact"]) == ("1002", "1001")
    double = found["loser-1002"]
    assert isinstance(double, UpdateRecord) and double.after == {"extra": {"tags": ["b24kit: двойник"]}}


def test_a_closed_letter_says_why_by_reason_and_tag() -> None:
    found = by_key(planned(brought(1, "orlov@firm.example"), brought(2, "orlov@firm.example", 90)))
    second = found["lead-2"]
    assert isinstance(second, UpdateRecord)
    assert second.after["stage"] == LOST
    assert second.after["extra"] == {"tags": ["b24kit: письмо клиента"], "loss_reason_id": "new:reason-linked"}
    assert "reason-linked" in second.needs and isinstance(found["reason-linked"], CreateRecord)


def test_a_new_person_is_taken_in_once_and_his_other_letters_are_copied_and_turned_down() -> None:
    draft = planned(waits(1, "orlov@firm.example"), waits(2, "orlov@firm.example", 40))
    found = by_key(draft)
    accept, copied, decline = found["accept-1"], found["copy-2"], found["decline-2"]
    assert isinstance(accept, AcceptIncoming) and (accept.stage, accept.owner) == (WON, "2")
    assert isinstance(copied, CreateRecord) and copied.values["card"] == "contact:1001"
    assert "Пришлите счёт" in copied.values["text"] and "accept-1" in copied.needs
    assert isinstance(decline, DeclineIncoming) and decline.needs == ("copy-2",)
    assert set(draft.assignment.values()) == {"contact:1001"}
    revealed = found["contact-c-1"]
    assert isinstance(revealed, UpdateRecord) and revealed.revealed and revealed.ref.id == "1001"


def test_the_first_acceptance_is_a_canary_for_all_others() -> None:
    found = planned(waits(1, "a@one.example"), waits(2, "b@two.example", sender_name="Анна Белова")).operations
    accepts = [one for one in found if isinstance(one, AcceptIncoming)]
    assert [one.needs for one in accepts] == [(), (accepts[0].key,)]


def test_a_letter_of_a_known_client_is_never_taken_in() -> None:
    known = contact(7, "Орлов Пётр", "orlov@firm.example")
    found = by_key(planned([known], waits(1, "orlov@firm.example")))
    assert not any(isinstance(one, AcceptIncoming) for one in found.values())
    copied = found["copy-1"]
    assert isinstance(copied, CreateRecord) and copied.values["card"] == "contact:7"
    assert isinstance(found["decline-1"], DeclineIncoming)


def test_a_letter_about_an_open_deal_is_linked_only_where_the_playbook_tries_it() -> None:
    known = contact(7, "Орлов Пётр", "orlov@firm.example")
    deal = Deal(id="5", title="Стенд", pipeline="2", stage="2:9", contact="7", created=NOW - timedelta(days=80))
    cards: list[Record] = [known, deal]
    records = cards, waits(1, "orlov@firm.example")
    assert isinstance(by_key(planned(*records, incoming={"link": "probe"}))["attach-1"], AttachIncoming)
    assert "attach-1" not in by_key(planned(*records))


def test_forms_calls_and_chats_are_left_to_people() -> None:
    draft = planned(
        waits(1, "a@one.example", category=Category.FORMS), waits(2, "b@two.example", category=Category.SIP)
    )
    assert draft.operations == ()
    assert {one.reason.code for one in draft.left} == {"clean.left.incoming_forms", "clean.left.incoming_sip"}
    assert all(one.ref.kind is Kind.INCOMING for one in draft.left)


def test_incoming_letters_may_be_left_alone() -> None:
    assert planned(waits(1, "a@one.example"), incoming={"mail": "leave"}).operations == ()


def test_a_contact_that_people_work_with_is_nobodys_fresh_one() -> None:
    old = contact(7, "Орлов Пётр", "orlov@firm.example", created=NOW - timedelta(days=500))
    here = Snapshot.of([*LADDER, old, lead(1, contact="7"), *brought(2, "b@two.example")], FACTS, NOW)
    seen = unfold(here, HERE)
    assert set(seen.fresh) == {"2"}
    assert [one.id for one in seen.snapshot.contacts()] == ["7"]
    [one] = [one for one in seen.snapshot.leads() if one.id == "2"]
    assert isinstance(one, Lead) and one.contact is None and one.emails == ("b@two.example",)


def test_a_marked_double_is_no_known_client() -> None:
    double = contact(9, "Орлов Пётр", "orlov@firm.example", extra={"tags": ["b24kit: double"]})
    here = Snapshot.of([*LADDER, double], FACTS, NOW)
    assert [one for one in unfold(here, HERE).snapshot.contacts() if isinstance(one, Contact)] == []


def test_where_inquiries_bring_no_contacts_nothing_is_read_otherwise() -> None:
    here = Snapshot.of([*LADDER, *brought(2, "b@two.example")], FACTS, NOW)
    assert unfold(here, ABLE).snapshot is here


def test_removal_is_offered_as_archive_and_said() -> None:
    draft = planned(brought(1, "orlov@firm.example"), mode="delete")
    assert "clean.note.delete_is_archive" in {note.code for note in draft.notes}
    [closed] = [one for one in draft.operations if isinstance(one, UpdateRecord) and one.ref == Ref(Kind.LEAD, "1")]
    assert closed.after["stage"] == LOST and closed.after["extra"]["loss_reason_id"] == "new:reason-archive"


@pytest.mark.parametrize(("mode", "gone"), [("archive", False), ("delete", True)])
def test_a_persons_letter_goes_to_the_bin_only_where_removal_was_asked_for(mode: str, gone: bool) -> None:
    draft = planned(waits(1, "orlov@firm.example"), mode=mode)
    assert any(isinstance(one, DeclineIncoming) for one in draft.operations) is gone
    assert ("clean.left.incoming_archive" in {one.reason.code for one in draft.left}) is not gone


def test_an_incoming_lead_that_people_work_on_is_left_to_them() -> None:
    task = Activity(
        id="tasks/1",
        channel=Channel.TODO,
        direction=Direction.NONE,
        subject="Перезвонить",
        card=Ref(Kind.LEAD, "1"),
        done=False,
    )
    draft = planned(waits(1, "orlov@firm.example"), [task])
    assert draft.operations == ()
    assert [one.reason.code for one in draft.left] == ["clean.left.incoming_worked_on"]


def test_an_incoming_letter_that_people_noted_something_on_is_left_to_them() -> None:
    draft = planned(waits(1, "orlov@firm.example", remarks=1), waits(2, "orlov@firm.example"))
    assert [(str(one.ref), one.reason.code) for one in draft.left] == [
        ("incoming:uid1", "clean.left.incoming_remarked")
    ]
    assert not any(one.target.id == "uid1" for one in draft.operations)
    assert any(one.target.id == "uid2" for one in draft.operations)
