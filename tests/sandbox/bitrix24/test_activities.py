"""crm.activity.add/get/update/delete: what is wanted, what is kept, and the one form that really sends a letter."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.sandbox.bitrix24.tables import CONTACT, LEAD
from tests.sandbox.bitrix24.counter import Counter


@pytest.fixture
def desk() -> Counter:
    found = Counter()
    found.planted(kind="empty")
    return found


def letter(owner: int, **fields: Any) -> dict[str, Any]:
    row = {
        "OWNER_TYPE_ID": LEAD,
        "OWNER_ID": owner,
        "TYPE_ID": 4,
        "SUBJECT": "price",
        "RESPONSIBLE_ID": 1,
        "DIRECTION": 1,
    }
    row["COMMUNICATIONS"] = [{"VALUE": "ann@acme.example", "ENTITY_ID": owner, "ENTITY_TYPE_ID": LEAD, "TYPE": "EMAIL"}]
    return {**row, **fields}


def mails(desk: Counter) -> list[dict[str, Any]]:
    return [row for _, row in desk.portal.store["mail"]]


def test_an_incoming_letter_reads_back_with_strings_and_the_portals_offset(desk: Counter) -> None:
    lead = desk.card(LEAD, TITLE="t")
    settings = {"EMAIL_META": {"from": "Ann <ann@acme.example>"}}
    activity = desk.ask("crm.activity.add", fields=letter(lead, SETTINGS=settings))
    assert isinstance(activity, int)
    row = desk.ask("crm.activity.get", id=activity)
    assert (row["ID"], row["OWNER_ID"], row["OWNER_TYPE_ID"], row["TYPE_ID"]) == (str(activity), str(lead), "1", "4")
    assert (row["PROVIDER_ID"], row["PROVIDER_TYPE_ID"]) == ("CRM_EMAIL", "EMAIL")
    assert row["CREATED"] == "2026-11-22T12:00:00+03:00"
    assert row["SETTINGS"] == settings
    assert row["PROVIDER_PARAMS"] == []
    assert row["COMPLETED"] == "N"
    assert "COMMUNICATIONS" not in row


@pytest.mark.parametrize(
    ("gone", "text"),
    [
        ("SUBJECT", "The field SUBJECT is not defined or empty"),
        ("RESPONSIBLE_ID", "The field RESPONSIBLE_ID is not defined or invalid"),
        ("TYPE_ID", "The field TYPE_ID is not defined or invalid"),
        ("COMMUNICATIONS", "The field COMMUNICATIONS is not defined or invalid"),
    ],
)
def test_a_missing_field_is_refused_in_the_vendors_words(desk: Counter, gone: str, text: str) -> None:
    fields = letter(desk.card(LEAD, TITLE="t"))
    del fields[gone]
    assert desk.refusal("crm.activity.add", fields=fields) == ("", text)


def test_only_an_outgoing_letter_added_as_completed_is_sent(desk: Counter) -> None:
    lead = desk.card(LEAD, TITLE="t")
    sender = {"MESSAGE_FROM": "We <we@us.example>"}
    desk.ask("crm.activity.add", fields=letter(lead))
    desk.ask("crm.activity.add", fields=letter(lead, COMPLETED="Y"))
    kept = desk.ask("crm.activity.add", fields=letter(lead, DIRECTION=2, COMPLETED="N", SETTINGS=sender))
    desk.ask("crm.activity.update", id=kept, fields={"COMPLETED": "Y"})
    assert mails(desk) == []
    desk.ask("crm.activity.add", fields=letter(lead, DIRECTION="2", COMPLETED="Y", SETTINGS=sender))
    assert [(mail["TO"], mail["FROM"]) for mail in mails(desk)] == [("ann@acme.example", "We <we@us.example>")]


def test_a_letter_without_a_sender_is_not_sent_and_not_stored(desk: Counter) -> None:
    fields = letter(desk.card(LEAD, TITLE="t"), DIRECTION=2, COMPLETED="Y")
    assert desk.refusal("crm.activity.add", fields=fields)[1] == 'Email send error. "From" is not found'
    assert len(desk.portal.store["activity"]) == 0


def test_communications_bind_the_activity_to_their_cards_as_well(desk: Counter) -> None:
    lead, contact = desk.card(LEAD, TITLE="t"), desk.card(CONTACT, NAME="Ann")
    who = [{"VALUE": "ann@acme.example", "ENTITY_ID": contact, "ENTITY_TYPE_ID": CONTACT}]
    activity = desk.ask("crm.activity.add", fields=letter(lead, COMMUNICATIONS=who))
    bound = desk.ask("crm.activity.binding.list", activityId=activity)
    assert bound == [{"entityTypeId": 1, "entityId": lead}, {"entityTypeId": 3, "entityId": contact}]


def test_a_new_activity_moves_last_activity_time_of_its_card(desk: Counter) -> None:
    lead = desk.card(LEAD, TITLE="t")
    desk.wait(days=2)
    desk.ask("crm.activity.add", fields=letter(lead))
    assert desk.portal.store["lead"].rows[lead]["LAST_ACTIVITY_TIME"] == "2026-11-24T09:00:00+00:00"


def test_owner_and_type_are_immutable_and_status_follows_completed(desk: Counter) -> None:
    lead, other = desk.card(LEAD, TITLE="t"), desk.card(LEAD, TITLE="o")
    activity = desk.ask("crm.activity.add", fields=letter(lead))
    assert (
        desk.ask("crm.activity.update", id=activity, fields={"OWNER_ID": other, "TYPE_ID": 2, "COMPLETED": "Y"}) is True
    )
    row = desk.ask("crm.activity.get", id=activity)
    assert (row["OWNER_ID"], row["TYPE_ID"], row["COMPLETED"], row["STATUS"]) == (str(lead), "4", "Y", "2")


def test_the_deadline_of_a_call_is_its_start_and_of_a_letter_its_end(desk: Counter) -> None:
    lead = desk.card(LEAD, TITLE="t")
    times = {"START_TIME": "2026-12-01T10:00:00+03:00", "END_TIME": "2026-12-02T10:00:00+03:00"}
    call = desk.ask("crm.activity.add", fields=letter(lead, TYPE_ID=2, **times))
    mail = desk.ask("crm.activity.add", fields=letter(lead, **times))
    assert desk.ask("crm.activity.get", id=call)["DEADLINE"] == times["START_TIME"]
    assert desk.ask("crm.activity.get", id=mail)["DEADLINE"] == times["END_TIME"]


def test_a_deleted_activity_takes_its_bindings_along(desk: Counter) -> None:
    activity = desk.ask("crm.activity.add", fields=letter(desk.card(LEAD, TITLE="t")))
    assert desk.ask("crm.activity.delete", id=activity) is True
    assert len(desk.portal.store["binding"]) == 0
    assert desk.refusal("crm.activity.get", id=activity) == ("", "Activity is not found")


def test_the_fields_answer_names_every_column_of_a_row(desk: Counter) -> None:
    activity = desk.ask("crm.activity.add", fields=letter(desk.card(LEAD, TITLE="t")))
    described = desk.ask("crm.activity.fields")
    assert desk.ask("crm.activity.get", id=activity).keys() <= described.keys()
    assert described["OWNER_ID"]["isImmutable"] is True
    assert set(desk.ask("crm.activity.communication.fields")) >= {"ENTITY_ID", "TYPE", "VALUE"}
