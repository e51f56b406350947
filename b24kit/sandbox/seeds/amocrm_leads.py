"""One inquiry of the generator on amoCRM: an incoming lead that waits, or a lead that somebody accepted and left.

Either way it has a fresh contact of its own, as the vendor makes one for every letter, form, call and chat. Of a
letter the account keeps the sender, the subject and a summary; its headers and the rest of its text nobody can read.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from b24kit.sandbox.amocrm import bonds, incoming
from b24kit.sandbox.amocrm.incoming_notes import add_note, letter_params
from b24kit.sandbox.amocrm.opening import add_field
from b24kit.sandbox.seeds import organiser
from b24kit.sandbox.seeds.amocrm_pen import Pen
from b24kit.sandbox.seeds.amocrm_walls import OPT_OUT_CODE
from b24kit.sandbox.seeds.letters import Letter
from b24kit.sandbox.seeds.organiser import OPT_OUT
from b24kit.sandbox.seeds.writing import Inquiry
from b24kit.sandbox.store import Row

CATEGORIES = {organiser.EMAIL: "mail", organiser.FORMS: "forms", organiser.PHONE: "sip", organiser.CHAT: "chats"}
TAGS = {"mail": "почта", "forms": "сайт", "sip": "звонок", "chats": "чат"}
SUMMARY_LENGTH = 1_000  # the vendor says "an excerpt" and no more
ORIGIN = "ORIGIN_ID"  # where the CSV's own id is kept
_TRACKED = ("UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN")
_UNSEEN = re.compile(r"<(style|script|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(r"<br\s*/?>|</p>|</div>|</tr>", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]+>")


def write(pen: Pen, inquiry: Inquiry, moment: int, *, waits: bool, previous: dict[int, str]) -> int:
    """The lead with its contact and message; its truth learns the uid and the contact. Gives the lead's id."""
    fields = inquiry.fields
    stage = str(fields["STATUS_ID"])
    category = CATEGORIES.get(stage)
    waits = waits and category is not None
    owner = int(fields["ASSIGNED_BY_ID"])
    row = pen.card(str(fields["TITLE"]), owner, moment) | {"custom_fields": _lead_fields(pen, fields)}
    row |= {"pipeline_id": pen.walls.ladder, "status_id": pen.walls.incoming if waits else pen.walls.statuses[stage]}
    if category and not waits:
        row["tags"] = [pen.tag("leads", TAGS[category])]
    lead_id = pen.portal.store["leads"].add(row)
    pen.begun(lead_id, since=(pen.walls.ladder, pen.walls.incoming) if category and not waits else None)
    contact_id = pen.portal.store["contacts"].add(_contact(pen, fields, owner, moment))
    metadata = _metadata(pen, category, inquiry, lead_id, moment)
    inquiry.truth |= {"incoming": None, "fresh_contact_id": contact_id}
    if waits and category:
        inquiry.truth["incoming"] = _wait(pen, category, inquiry, lead_id, contact_id, metadata, moment)
    else:
        bonds.tie(pen.portal, ("leads", lead_id), ("contacts", contact_id))
        _history(pen, category, inquiry, lead_id, metadata, moment)
    if inquiry.letter:
        previous[inquiry.root] = str(metadata["message_id"])
    return lead_id


def _wait(pen: Pen, category: str, inquiry: Inquiry, lead_id: int, contact_id: int, metadata: Row, moment: int) -> str:
    source = _source(category, inquiry)
    row_id = incoming.enter(
        pen.portal, category, lead_id, metadata, contact_id=contact_id, created_at=moment, source_name=source,
        source_uid=inquiry.fields.get(ORIGIN) or (f"{category}-{lead_id}" if category in ("forms", "sip") else None),
    )  # fmt: skip
    return str(pen.portal.store["unsorted"].rows[row_id]["uid"])


def _history(pen: Pen, category: str | None, inquiry: Inquiry, lead_id: int, metadata: Row, moment: int) -> None:
    """What an accepted inquiry left on its lead, and what was written down by hand."""
    owner, letter = int(inquiry.fields["ASSIGNED_BY_ID"]), inquiry.letter
    if category == "mail" and letter:
        add_note(pen.portal, lead_id, "amomail_message", _letter_note(letter, metadata), moment, 0)
        if letter.answered:
            answer = metadata | {
                "subject": f"Re: {letter.subject}",
                "content_summary": "Добрый день! Ответ во вложении.",
            }
            params = letter_params(answer, mailbox=letter.mailbox, income=False)
            add_note(pen.portal, lead_id, "amomail_message", params, moment, owner)
    elif category == "sip":
        call = {key: metadata.get(key) for key in ("uniq", "duration", "link", "phone", "call_responsible")}
        add_note(pen.portal, lead_id, "call_in", call | {"source": _source("sip", inquiry)}, moment, 0)
    if text := inquiry.fields.get("COMMENTS"):
        add_note(pen.portal, lead_id, "common", {"text": text}, moment, owner)


def _letter_note(letter: Letter, metadata: Row) -> Row:
    return letter_params(metadata, mailbox=letter.mailbox, income=True)


def _metadata(pen: Pen, category: str | None, inquiry: Inquiry, number: int, moment: int) -> Row:
    fields = inquiry.fields
    if category == "mail" and inquiry.letter:
        return _letter(pen, inquiry, inquiry.letter, number, moment)
    phone = _first(fields, "PHONE")
    name = f"{fields.get('NAME', '')} {fields.get('LAST_NAME', '')}".strip()
    if category == "forms":
        told: Row = {"form_id": "site", "form_name": fields["TITLE"], "form_page": f"https://{organiser.DOMAIN}/"}
        return told | {"ip": "192.0.2.7", "form_sent_at": moment, "referer": "", "visitor_uid": None}
    if category == "sip":
        told = {"from": phone, "phone": phone, "call_responsible": fields["ASSIGNED_BY_ID"], "called_at": moment}
        return told | {
            "duration": 30 + number % 240,
            "link": None,
            "service_code": "telephony",
            "uniq": f"call-{number}",
        }
    if category == "chats":
        told = {"from": name, "to": organiser.DOMAIN, "received_at": moment, "service": "livechat"}
        told |= {"client": {"name": name, "avatar": None}, "source_name": "Чат с сайта"}
        chat = {"chat_id": _first(fields, "IM"), "ref": None, "visitor_uid": None}
        return told | {"origin": chat, "last_message_text": fields.get("COMMENTS") or phone or None}
    return {}


def _letter(pen: Pen, inquiry: Inquiry, letter: Letter, number: int, moment: int) -> Row:
    longest = int(pen.portal.settings.get("mail_summary", SUMMARY_LENGTH))
    name = letter.sender_name if inquiry.header_name is None else inquiry.header_name
    # Threads of a CSV are numbered below nought.
    thread = 1_000 + inquiry.root if inquiry.root >= 0 else 1_000_000 - inquiry.root
    told: Row = {"from": {"email": letter.sender, "name": name}, "received_at": 0 if inquiry.broken_date else moment}
    told |= {"subject": letter.subject, "thread_id": thread, "message_id": 10_000 + number}
    return told | {"content_summary": plain(letter.body)[:longest]}


def plain(body: str) -> str:
    """A letter's text as a summary shows it: HTML without its tags."""
    if not body.startswith("<"):
        return body
    text = unescape(_TAGS.sub("", _BREAKS.sub("\n", _UNSEEN.sub("", body))))
    return "\n".join(line for line in (line.strip() for line in text.split("\n")) if line)


def _contact(pen: Pen, fields: Row, owner: int, moment: int) -> Row:
    given, surname = str(fields.get("NAME") or ""), str(fields.get("LAST_NAME") or "")
    points = {code: [one["VALUE"] for one in fields.get(code, ())] for code in ("PHONE", "EMAIL", "IM")}
    name = f"{given} {surname}".strip() or next((texts[0] for texts in points.values() if texts), "Без имени")
    stored = pen.values("contacts", points)
    _refuse(pen, "contacts", fields, stored)
    row = pen.card(name, owner, moment) | {"first_name": given, "last_name": surname}
    return row | {"created_by": 0, "custom_fields": stored}


def _lead_fields(pen: Pen, fields: Row) -> dict[str, list[Row]]:
    stored = pen.values("leads", {code: [str(fields[code])] for code in _TRACKED if fields.get(code)})
    if fields.get("COMPANY_TITLE"):
        stored |= pen.values("leads", {"COMPANY_TITLE": [str(fields["COMPANY_TITLE"])]})
    if fields.get(ORIGIN):
        if ("leads", ORIGIN) not in pen.walls.fields:
            pen.walls.fields["leads", ORIGIN] = add_field(pen.portal, "leads", "Номер письма", "text", code=ORIGIN)
        stored |= pen.values("leads", {ORIGIN: [str(fields[ORIGIN])]})
    _refuse(pen, "leads", fields, stored)
    return stored


def _refuse(pen: Pen, entity: str, fields: Row, stored: dict[str, list[Row]]) -> None:
    """The wish not to be written to, where the inquiry carries one."""
    if fields.get(OPT_OUT) == "Y":
        stored[str(pen.walls.fields[entity, OPT_OUT_CODE])] = [{"value": True}]


def _source(category: str, inquiry: Inquiry) -> str:
    if category == "mail" and inquiry.letter:
        return inquiry.letter.mailbox
    return {"forms": "Формы сайта", "sip": "Телефония", "chats": "Чат с сайта"}[category]


def _first(fields: Row, code: str) -> Any:
    return next((one["VALUE"] for one in fields.get(code, ())), "")
