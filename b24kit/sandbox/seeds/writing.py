"""How one inquiry becomes a lead with its activity on the portal, and how one in two hundred is spoilt on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from b24kit.sandbox.bitrix24 import activities, cards, todos
from b24kit.sandbox.bitrix24.activity_fields import CALL, EMAIL, INCOMING, PROVIDER
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import LEAD
from b24kit.sandbox.seeds.cast import Person
from b24kit.sandbox.seeds.letters import Letter
from b24kit.sandbox.seeds.organiser import DOMAIN, OPT_OUT, Seminar
from b24kit.sandbox.seeds.organiser import EMAIL as EMAIL_STAGE
from b24kit.sandbox.store import Row

_TITLE_LENGTH = 255
_PLAIN_TEXT, _HTML = 1, 3
_OUTGOING = 2


@dataclass(slots=True)
class Inquiry:
    """A lead to be: its fields as cards.create takes them, the activity it came with, and the truth about it."""

    fields: Row
    truth: dict[str, Any]
    letter: Letter | None = None
    root: int = 0  # the thread of the letter
    provider: tuple[str, str] | None = None
    broken_date: bool = False
    header_name: str | None = field(default=None)  # overrides the sender's name in the headers


def of_letter(letter: Letter, root: int) -> Inquiry:
    """The lead that the portal makes of an incoming letter: the subject as title, the sender as its person."""
    given, _, surname = letter.sender_name.partition(" ")
    title = (letter.subject or f"Письмо от {letter.sender}")[:_TITLE_LENGTH]
    fields: Row = {"TITLE": title, "STATUS_ID": EMAIL_STAGE, "ASSIGNED_BY_ID": letter.owner, "SOURCE_ID": "EMAIL"}
    fields |= {
        "NAME": given or letter.sender.partition("@")[0],
        "LAST_NAME": surname,
        **contact_points(letter.sender, ""),
    }
    person = letter.person
    if person and ((person.opted_out and person.known_id is None) or person.refused_on_lead):
        fields[OPT_OUT] = "Y"  # a newcomer has no other card to hold his refusal
    fields["SOURCE_DESCRIPTION"] = f"Создан на основе письма на {letter.mailbox}"
    truth = truth_of(letter.kind, letter.person, letter.event)
    truth |= {
        "deal_id": letter.deal.id if letter.deal else None,
        "text": letter.text,
        "told": letter.told,
        "thread": root,
        "unseen": letter.unseen,
    }
    return Inquiry(fields, truth, letter, root)


def of_person(
    stage: str, kind: str, fields: Row, person: Person, event: Seminar | None, provider: tuple[str, str] | None
) -> Inquiry:
    """A lead that came otherwise: by a form, a call, a chat, or by hand."""
    truth = truth_of(kind, person, event) | {"told": "EMAIL" in fields}
    return Inquiry({"STATUS_ID": stage, **fields}, truth, provider=provider)


def truth_of(kind: str, person: Person | None, event: Seminar | None) -> dict[str, Any]:
    """What only the generator knows: the person behind a lead, his card and running deal, the event and its manager."""
    firm = person.firm if person else None
    return {
        "class": kind,
        "person": person.key if person else None,
        "company": firm.key if firm else None,
        "contact_id": person.known_id if person else None,
        "company_id": firm.known_id if firm else None,
        "deal_id": None,
        "event": event.title if event else None,
        "manager_id": event.manager if event else None,
        "planned": False,
    }


def contact_points(email: str, phone: str) -> Row:
    """EMAIL and PHONE of a card, as far as they are known."""
    fields: Row = {"EMAIL": [{"VALUE": email, "VALUE_TYPE": "WORK"}]} if email else {}
    return fields | ({"PHONE": [{"VALUE": phone, "VALUE_TYPE": "WORK"}]} if phone else {})


def spoil(inquiry: Inquiry, kind: str) -> None:
    """Damage an inquiry the way real portals are damaged."""
    fields = inquiry.fields
    if kind == "no_address":
        fields.pop("EMAIL", None)
        fields.pop("PHONE", None)
        if inquiry.letter:
            inquiry.letter.sender = ""
    elif kind == "two_addresses":
        first = fields["EMAIL"][0]["VALUE"] if "EMAIL" in fields else "zakaz@dva.example"
        fields["EMAIL"] = [{"VALUE": f"{first}, office@vtoroy.example", "VALUE_TYPE": "WORK"}]
    elif kind == "broken_date":
        inquiry.broken_date = True
    elif kind == "broken_name":
        fields |= {"NAME": "=?windows-1251?B?yODt7uI=?=", "LAST_NAME": "????? \ufffd\ufffd"}
        inquiry.header_name = "????? \ufffd\ufffd"
    else:
        fields["TITLE"] = _spoilt_title(kind, fields["TITLE"])


def _spoilt_title(kind: str, title: str) -> str:
    if kind == "emoji":
        return f"🔥🔥 СРОЧНО‼️ {title} 👨‍👩‍👧"
    if kind == "html":
        return f'<script>alert("лид")</script><b onmouseover="x()">{title}</b>'
    if kind == "formula":
        return "=1+1"
    return f"\u200b{title}\u00a0\u202e\tДва\nряда"


def write(portal: FakePortal, inquiry: Inquiry, moment: str, previous: dict[int, str]) -> int:
    """Store the lead and what it came with; `previous` carries message ids from letter to letter of a thread."""
    owner = int(inquiry.fields["ASSIGNED_BY_ID"])
    system: Row = {"DATE_CREATE": moment, "DATE_MODIFY": moment, "MOVED_TIME": moment, "LAST_ACTIVITY_TIME": moment}
    system |= {"CREATED_BY_ID": owner, "MODIFY_BY_ID": owner, "MOVED_BY_ID": owner, "LAST_ACTIVITY_BY": owner}
    if inquiry.broken_date and not inquiry.letter:
        system["BIRTHDATE"] = "0001-01-01"  # what an import without a date leaves behind
    lead_id = cards.create(portal, LEAD, inquiry.fields, owner, system=system, robots=False)
    if inquiry.letter:
        _write_letter(portal, lead_id, inquiry, moment, previous)
    elif inquiry.provider:
        _write_contact(portal, lead_id, inquiry, moment)
    return lead_id


def email_activity(
    moment: str, owner: int, letter: Letter, headers: Row, card: tuple[int, int], sender_line: str | None = None
) -> Row:
    """The incoming e-mail activity of a card, as the mail module stores it (columns of crm.activity.fields)."""
    meta = {"__email": letter.mailbox, "from": letter.sender_line if sender_line is None else sender_line}
    meta |= {"replyTo": letter.reply_to, "to": letter.mailbox, "cc": "", "bcc": ""}
    name, _, surname = letter.sender_name.partition(" ")
    who = {
        "ID": "1",
        "TYPE": "EMAIL",
        "VALUE": letter.sender,
        "ENTITY_TYPE_ID": str(card[0]),
        "ENTITY_ID": str(card[1]),
    }
    row: Row = {
        "TYPE_ID": EMAIL,
        "DIRECTION": INCOMING,
        "SUBJECT": letter.subject or "(без темы)",
        "DESCRIPTION": letter.body,
    }
    row |= {
        "DESCRIPTION_TYPE": _HTML if letter.body.startswith("<") else _PLAIN_TEXT,
        "COMPLETED": "N",
        "STATUS": 1,
        "PRIORITY": 2,
        "IS_INCOMING_CHANNEL": "Y",
    }
    row |= {"CREATED": moment, "RESPONSIBLE_ID": owner, "AUTHOR_ID": owner, "EDITOR_ID": owner}
    row["SETTINGS"] = {"EMAIL_META": meta, "IS_BATCH_EMAIL": False, "MESSAGE_HEADERS": headers}
    row["COMMUNICATIONS"] = [{**who, "ENTITY_SETTINGS": {"NAME": name, "LAST_NAME": surname, "COMPANY_TITLE": ""}}]
    return row


def _write_letter(portal: FakePortal, lead_id: int, inquiry: Inquiry, moment: str, previous: dict[int, str]) -> None:
    letter = inquiry.letter
    if letter is None:
        return
    if inquiry.header_name is not None:
        letter.sender_name = inquiry.header_name
    message_id = f"<{lead_id:08d}.{letter.owner}@{letter.sender.partition('@')[2] or 'unknown.example'}>"
    sent = format_datetime(datetime.fromisoformat(moment))
    headers: Row = {"Message-Id": message_id, "Date": "Thu, 32 Foo 2199 25:61:00" if inquiry.broken_date else sent}
    if inquiry.root in previous:  # a reply answers our own answer, which quotes the letter before
        headers |= {"In-Reply-To": f"<answer.{previous[inquiry.root].strip('<').partition('@')[0]}@{DOMAIN}>"}
        headers["References"] = f"{previous[inquiry.root]} {headers['In-Reply-To']}"
    previous[inquiry.root] = message_id
    row = email_activity(moment, letter.owner, letter, {**headers, **letter.headers}, (LEAD, lead_id))
    if inquiry.broken_date:
        row |= {"START_TIME": "1970-01-01T00:00:00+00:00", "END_TIME": "1970-01-01T00:00:00+00:00"}
    if lead_id % 7 == 0:  # some were ticked off without anything having been done
        row |= {"COMPLETED": "Y", "STATUS": 2}
    activities.create(portal, (LEAD, lead_id), row)
    if letter.answered:
        _write_answer(portal, lead_id, letter, moment, message_id)


def _write_answer(portal: FakePortal, lead_id: int, letter: Letter, moment: str, message_id: str) -> None:
    """Our answer as the mail module keeps it: an outgoing letter that was sent long ago."""
    row = email_activity(moment, letter.owner, letter, {}, (LEAD, lead_id))
    meta = {
        "__email": letter.mailbox,
        "from": letter.mailbox,
        "to": letter.sender_line,
        "replyTo": "",
        "cc": "",
        "bcc": "",
    }
    answer = f"<answer.{message_id.strip('<').partition('@')[0]}@{DOMAIN}>"
    row["SETTINGS"] = {"EMAIL_META": meta, "IS_BATCH_EMAIL": False}
    row["SETTINGS"]["MESSAGE_HEADERS"] = {"Message-Id": answer, "In-Reply-To": message_id}
    row |= {"DIRECTION": _OUTGOING, "COMPLETED": "Y", "STATUS": 2, "IS_INCOMING_CHANNEL": "N"}
    row |= {
        "SUBJECT": f"Re: {letter.subject}",
        "DESCRIPTION": "Добрый день! Ответ во вложении.",
        "DESCRIPTION_TYPE": _PLAIN_TEXT,
    }
    activities.create(portal, (LEAD, lead_id), row)


def _write_contact(portal: FakePortal, lead_id: int, inquiry: Inquiry, moment: str) -> None:
    provider, kind = inquiry.provider or ("", "")
    owner = int(inquiry.fields["ASSIGNED_BY_ID"])
    row: Row = {"TYPE_ID": CALL if kind == "CALL" else PROVIDER, "PROVIDER_ID": provider, "PROVIDER_TYPE_ID": kind}
    row |= {"SUBJECT": inquiry.fields["TITLE"], "DIRECTION": INCOMING, "COMPLETED": "Y", "IS_INCOMING_CHANNEL": "Y"}
    row |= {"CREATED": moment, "RESPONSIBLE_ID": owner, "AUTHOR_ID": owner, "EDITOR_ID": owner}
    points = [(name, one["VALUE"]) for name in ("PHONE", "EMAIL", "IM") for one in inquiry.fields.get(name, ())]
    row["COMMUNICATIONS"] = [
        {
            "ID": "1",
            "TYPE": name,
            "VALUE": value,
            "ENTITY_TYPE_ID": str(LEAD),
            "ENTITY_ID": str(lead_id),
            "ENTITY_SETTINGS": {},
        }
        for name, value in points[:1]
    ]
    activities.create(portal, (LEAD, lead_id), row)


def plan(portal: FakePortal, lead_id: int, owner: int, deadline: str, moment: str, *, task: bool) -> None:
    """Put a reminder on a lead, or a task beside it."""
    if task:
        row: Row = {"TITLE": "Связаться с клиентом", "RESPONSIBLE_ID": owner, "CREATED_BY": owner, "STATUS": 2}
        row |= {"CREATED_DATE": moment, "CHANGED_DATE": moment, "DEADLINE": deadline, "UF_CRM_TASK": [f"L_{lead_id}"]}
        portal.store["task"].add(row)
        return
    texts: Row = {"SUBJECT": "Перезвонить клиенту", "CREATED": moment, "AUTHOR_ID": owner, "RESPONSIBLE_ID": owner}
    todos.add(portal, (LEAD, lead_id), deadline, texts)
