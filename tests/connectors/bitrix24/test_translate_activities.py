"""Activities: rows into records, letters with their envelope."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from b24kit.connectors.bitrix24.translate_activities import channel_filter, to_activity
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.refs import Kind, Ref

LETTER: dict[str, Any] = {
    "ID": "7685",
    "OWNER_ID": "11",
    "OWNER_TYPE_ID": "1",
    "TYPE_ID": "4",
    "PROVIDER_ID": "CRM_EMAIL",
    "SUBJECT": "Re: price",
    "DIRECTION": "1",
    "COMPLETED": "N",
    "CREATED": "2026-01-20T10:00:00+03:00",
    "START_TIME": "2026-01-20T10:00:00+03:00",
    "DEADLINE": "9999-12-31T00:00:00+03:00",
    "RESPONSIBLE_ID": "5",
    "SETTINGS": {
        "EMAIL_META": {
            "__email": "sales@we.example",
            "from": "Ann <ann@acme.example>",
            "replyTo": "desk@acme.example",
            "to": "sales@we.example",
            "cc": "",
            "bcc": "boss@we.example",
        },
        "IS_BATCH_EMAIL": False,
        "MESSAGE_HEADERS": {"Message-Id": "<1@acme.example>"},
        "MARK": 3,
    },
    "COMMUNICATIONS": [{"ID": "44", "TYPE": "EMAIL", "VALUE": "ann@acme.example"}],
}


def read(**changes: Any) -> Activity:
    activity = to_activity({**LETTER, **changes})
    assert activity is not None
    return activity


def test_a_letter_has_its_envelope() -> None:
    letter = read().letter
    assert letter is not None
    assert (letter.sender, letter.to, letter.cc) == ("Ann <ann@acme.example>", "sales@we.example", "")
    assert (letter.reply_to, letter.mailbox) == ("desk@acme.example", "sales@we.example")
    assert letter.headers == {"Message-Id": "<1@acme.example>"}


def test_what_the_envelope_does_not_name_rides_along() -> None:
    settings = read().extra["SETTINGS"]
    assert settings == {"IS_BATCH_EMAIL": False, "MARK": 3, "EMAIL_META": {"bcc": "boss@we.example"}}


def test_the_plain_parts_of_a_letter() -> None:
    activity = read()
    assert (activity.channel, activity.direction, activity.done) == (Channel.EMAIL, Direction.IN, False)
    assert activity.card == Ref(Kind.LEAD, "11")
    assert activity.created == datetime(2026, 1, 20, 7, tzinfo=UTC)
    assert activity.deadline is None  # the vendor's "never"
    assert (activity.text, activity.bindings) == (None, None)


@pytest.mark.parametrize("settings", [[], None, {}, {"EMAIL_META": []}])
def test_an_older_letter_takes_its_sender_from_the_card(settings: Any) -> None:
    letter = read(SETTINGS=settings).letter
    assert letter is not None and letter.sender == "ann@acme.example"
    sent = read(SETTINGS=settings, DIRECTION="2").letter
    assert sent is not None and sent.sender == ""


def test_bindings_keep_the_cards_that_are_known_here() -> None:
    bound = [
        {"entityTypeId": 1, "entityId": 11},
        {"entityTypeId": 3, "entityId": 7},
        {"entityTypeId": 31, "entityId": 2},
    ]
    activity = to_activity(LETTER, bound)
    assert activity is not None
    assert activity.bindings == (Ref(Kind.LEAD, "11"), Ref(Kind.CONTACT, "7"))


def test_an_activity_of_an_invoice_is_seen_through_the_card_it_also_hangs_on() -> None:
    invoice = {**LETTER, "OWNER_TYPE_ID": "31"}
    assert to_activity(invoice) is None
    bound = to_activity(invoice, [{"entityTypeId": 2, "entityId": 4}])
    assert bound is not None and bound.card == Ref(Kind.DEAL, "4")


@pytest.mark.parametrize(
    ("kind", "provider", "channel"),
    [
        ("1", "CRM_MEETING", Channel.MEETING),
        ("2", "VOXIMPLANT_CALL", Channel.CALL),
        ("3", "TASKS", Channel.TASK),
        ("6", "CRM_TASKS_TASK", Channel.TASK),
        ("6", "CRM_TODO", Channel.TODO),
        ("6", "IMOPENLINES_SESSION", Channel.OTHER),
    ],
)
def test_the_channel_follows_type_and_provider(kind: str, provider: str, channel: Channel) -> None:
    assert read(TYPE_ID=kind, PROVIDER_ID=provider).channel is channel


def test_a_channel_is_asked_for_by_type_or_provider() -> None:
    assert channel_filter(Channel.EMAIL) == {"TYPE_ID": 4}
    assert channel_filter(Channel.TODO) == {"TYPE_ID": 6, "PROVIDER_ID": "CRM_TODO"}
    assert channel_filter(Channel.OTHER) == {}
