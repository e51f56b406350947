"""What a letter or a call leaves in a lead's history: notes that only the vendor's own mail and telephony write.

Rests on the vendor's page "Events and notes" and on the note models of its own library: the text of a letter is no
more than its summary, there is no address that gives the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.amocrm.tables import owner_key
from b24kit.sandbox.store import Row

_LETTER_KEYS = ("thread_id", "message_id", "from", "subject", "content_summary")
_CALL_KEYS = ("uniq", "duration", "link", "phone", "call_responsible")


def keep_message(portal: FakePortal, incoming: Row, lead_id: int, user_id: int) -> None:
    """The note of an incoming letter or call on a lead; forms and chats leave none."""
    metadata: Mapping[str, Any] = incoming["metadata"]
    source, moment = incoming["source_name"], incoming["created_at"]
    if incoming["category"] == "mail":
        params = letter_params(metadata, mailbox=source, income=True)
        add_note(portal, lead_id, "amomail_message", params, moment, user_id)
    elif incoming["category"] == "sip":
        params = {key: metadata.get(key) for key in _CALL_KEYS} | {"source": source}
        add_note(portal, lead_id, "call_in", params, moment, user_id)


def letter_params(metadata: Mapping[str, Any], *, mailbox: str, income: bool) -> Row:
    """`params` of a letter's note; of an outgoing one sender and receiver change places."""
    told = {key: metadata.get(key) for key in _LETTER_KEYS}
    box = {"email": mailbox, "name": ""}
    told |= {"private": False, "income": income, "to": box if income else metadata.get("from")}
    if not income:
        told["from"] = box
    return told | {"attach_cnt": 0, "delivery": {"status": "delivered", "time": None, "reason": None}}


def add_note(portal: FakePortal, lead_id: int, note_type: str, params: Row, moment: int, user_id: int) -> int:
    """A note on a lead, as the tables keep notes; gives its id."""
    owner = portal.store["leads"].rows[lead_id].get("responsible_user_id", user_id)
    row: Row = {"owner": owner_key("leads", lead_id), "entity": "leads", "entity_id": lead_id, "note_type": note_type}
    row |= {"params": params, "created_by": user_id, "updated_by": user_id, "created_at": moment}
    return portal.store["note"].add(row | {"updated_at": moment, "responsible_user_id": owner})
