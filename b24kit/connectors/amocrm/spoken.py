"""What was said between a client and us on amoCRM: notes of letters, calls and short messages, events of chats.

Each becomes an activity of the card it is told about, though the note may hang on that card's contact. (pages "Events
and notes": the states of a call, `params` of notes)
"""

from __future__ import annotations

from dataclasses import replace

from b24kit.connectors.amocrm.translate_activities import CALLS, LETTER, to_note
from b24kit.connectors.amocrm.wirevalues import Row, ident, mapping, moment, text
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.refs import Ref

SHORT = {"sms_in": Direction.IN, "sms_out": Direction.OUT}
NOTES = (LETTER, *CALLS, *SHORT)
TALKED = 4  # a call's state: "the talk took place"


def to_spoken(row: Row, card: Ref) -> Activity:
    """A note of one of `NOTES` as an activity of the card; the id stays the note's own."""
    entity = _entity(row)
    found = to_note(row, entity)
    if found is not None:
        return replace(found, card=card, bindings=(card,))
    params, at = mapping(row.get("params")), moment(row.get("created_at"))
    return Activity(
        id=f"{entity}/notes/{row['id']}",
        channel=Channel.MESSAGE,
        direction=SHORT[text(row.get("note_type"))],
        subject=text(params.get("phone")),
        card=card,
        done=True,
        created=at,
        start=at,
        responsible=ident(row.get("responsible_user_id")),
        text=text(params.get("text")),
        bindings=(card,),
    )


def to_message(event: Row, card: Ref) -> Activity:
    """A message of a chat: the journal says that and when it came, its words are kept elsewhere."""
    at = moment(event.get("created_at"))
    incoming = text(event.get("type")).startswith("incoming")
    return Activity(
        id=f"events/{event['id']}",
        channel=Channel.MESSAGE,
        direction=Direction.IN if incoming else Direction.OUT,
        subject="",
        card=card,
        done=True,
        created=at,
        start=at,
        responsible=None if incoming else ident(event.get("created_by")),
        bindings=(card,),
    )


def answered(row: Row) -> bool:
    """Whether the other side took a call, or the note is the client's own word."""
    kind, params = text(row.get("note_type")), mapping(row.get("params"))
    if kind in CALLS:
        state = ident(params.get("call_status"))
        return state == str(TALKED) if state else _seconds(params) > 0
    return kind == "sms_in" or (kind == LETTER and params.get("income") in (True, 1, "1", "true"))


def _seconds(params: Row) -> int:
    told = text(params.get("duration"))
    return int(told) if told.isdecimal() else 0


def _entity(row: Row) -> str:
    """Where the note hangs, by its own address (`/api/v4/contacts/7/notes/55`)."""
    link = text(mapping(mapping(row.get("_links")).get("self")).get("href"))
    return "contacts" if "/contacts/" in link else "leads"
