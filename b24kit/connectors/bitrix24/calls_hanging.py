"""What is sent to make again what hung on a card: letters, calls and meetings as activities, and product rows.

A letter is never sent by it. The page crm.activity.add tells which form sends (an e-mail that is outgoing and done)
and which does not (the same, not done; it is marked as done by crm.activity.update afterwards).
"""

from __future__ import annotations

from typing import Any

from b24kit.connectors.bitrix24.methods import OWNER_TYPES
from b24kit.connectors.bitrix24.translate_hanging import PRODUCT_FIELDS
from b24kit.connectors.bitrix24.wirevalues import filled, switch, text, wire_id
from b24kit.crm.activity import Channel, Direction
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create
from b24kit.errors import UsageError

RestCall = tuple[str, dict[str, Any]]

SYSTEM = "b24kit"  # who made a thing: ORIGINATOR_ID, marks in texts, tags
_TYPES = {Channel.MEETING: 1, Channel.CALL: 2, Channel.EMAIL: 4}
_DIRECTIONS = {Direction.IN: 1, Direction.OUT: 2}
_HTML, _PLAIN = 3, 1
_OWNERS = {Kind.LEAD: "L", Kind.DEAL: "D"}
_LETTER = {"sender": "from", "to": "to", "cc": "cc", "reply_to": "replyTo", "mailbox": "__email"}


def origin_id(write: Create) -> str:
    """What marks a thing as made by this write: its origin, or its key where none was given."""
    origin = write.values.get("origin")
    return text(origin["id"]) if origin else write.key


def activity_call(write: Create) -> RestCall:
    """crm.activity.add; UsageError for the form that would send a letter, and for what it cannot make."""
    values = write.values
    channel, direction = Channel(values["channel"]), Direction(values.get("direction") or Direction.NONE)
    if channel not in _TYPES:
        raise UsageError("kind_not_creatable", kind=f"{write.kind.value} {channel.value}")
    if channel is Channel.EMAIL and direction is Direction.OUT and values.get("done"):
        raise UsageError("letter_would_be_sent", key=write.key)
    card = Ref.parse(values["card"])
    owner = {"ENTITY_ID": wire_id(card.id), "ENTITY_TYPE_ID": OWNER_TYPES[card.kind]}
    body = text(values.get("text"))
    fields: dict[str, Any] = {
        "OWNER_ID": owner["ENTITY_ID"],
        "OWNER_TYPE_ID": owner["ENTITY_TYPE_ID"],
        "TYPE_ID": _TYPES[channel],
        "SUBJECT": text(values.get("subject")) or "-",
        "RESPONSIBLE_ID": wire_id(values.get("responsible")) or 1,
        "COMMUNICATIONS": [{"VALUE": text(values.get("address")), **owner}],
        "COMPLETED": switch(values.get("done")),
        "DESCRIPTION": body,
        "DESCRIPTION_TYPE": _HTML if body.lstrip().startswith("<") else _PLAIN,
        "ORIGINATOR_ID": SYSTEM,
        "ORIGIN_ID": origin_id(write),
    }
    if direction in _DIRECTIONS:
        fields["DIRECTION"] = _DIRECTIONS[direction]
    for ours, theirs in (("start", "START_TIME"), ("end", "END_TIME")):
        if values.get(ours):
            fields[theirs] = values[ours]
    settings = _settings(values.get("letter")) if channel is Channel.EMAIL else {}
    if settings:
        fields["SETTINGS"] = settings
    if files := values.get("files"):
        fields["FILES"] = [{"fileData": [file["name"], file["content"]]} for file in files]
    return "crm.activity.add", {"fields": fields}


def product_call(write: Create) -> RestCall:
    """crm.item.productrow.add; UsageError for a card that has no product rows."""
    values = write.values
    card = Ref.parse(values["card"])
    if card.kind not in _OWNERS:
        raise UsageError("kind_not_creatable", kind=f"{write.kind.value} {card.kind.value}")
    fields: dict[str, Any] = {"ownerId": wire_id(card.id), "ownerType": _OWNERS[card.kind]}
    if values.get("product"):
        fields["productId"] = wire_id(values["product"])
    if values.get("name"):
        fields["productName"] = values["name"]
    fields |= {theirs: values[ours] for ours, theirs in PRODUCT_FIELDS.items() if filled(values.get(ours))}
    return "crm.item.productrow.add", {"fields": fields}


def _settings(letter: Any) -> dict[str, Any]:
    """The envelope where the mailbox leaves it, so that the letter reads as before."""
    if not letter:
        return {}
    meta = {theirs: letter[ours] for ours, theirs in _LETTER.items() if letter.get(ours)}
    headers = {name: value for name, value in (letter.get("headers") or {}).items() if value}
    found = {"EMAIL_META": meta, "MESSAGE_HEADERS": headers}
    return {name: value for name, value in found.items() if value}
