"""Notes of cards: calls, letters, messages and plain texts.

Rests on the vendor's page "Events and notes". Ten kinds may be written, all others are only read (a letter of the
account's mailbox is an `amomail_message`); a note is never deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import trail
from b24kit.sandbox.amocrm.conditions import listed, numbers, ordered, since
from b24kit.sandbox.amocrm.problems import (
    Wrong,
    checked,
    elements,
    invalid,
    missing,
    no_choice,
    not_expected,
    request_ids,
    single,
    wrong_type,
)
from b24kit.sandbox.amocrm.registry import NOTHING, Answer, Call, Change, Problem, route
from b24kit.sandbox.amocrm.tables import owner_key
from b24kit.sandbox.amocrm.wire import embedded, page, self_link
from b24kit.sandbox.store import Row

# The last two are not on the page; the vendor's own library sends them.
_CALL = ("uniq", "duration", "source", "link", "phone", "call_responsible", "call_status", "call_result")
PARAMS = {
    "common": ("text",), "call_in": _CALL, "call_out": _CALL, "service_message": ("service", "text"),
    "extended_service_message": ("service", "text"), "message_cashier": ("status", "text"),
    "geolocation": ("text", "address", "longitude", "latitude"), "sms_in": ("text", "phone"),
    "sms_out": ("text", "phone"), "attachment": ("file_uuid", "version_uuid", "file_name"),
}  # fmt: skip
_EVENTS = {
    "common": "common_note_added", "call_in": "incoming_call", "call_out": "outgoing_call",
    "service_message": "service_note_added", "extended_service_message": "service_note_added",
    "message_cashier": "message_to_cashier_note_added", "geolocation": "geo_note_added", "sms_in": "incoming_sms",
    "sms_out": "outgoing_sms", "attachment": "attachment_note_added",
}  # fmt: skip


@route("GET", "/{entity}/notes", "/{entity}/{entity_id}/notes")
def notes(call: Call) -> Answer:
    """Notes of one kind of card, or of one card."""
    table, wanted = call.store["note"], call.query.get("filter")
    wanted = wanted if isinstance(wanted, Mapping) else {}
    if "entity_id" in call.at:
        ids = table.find("owner", owner_key(call.entity, call.number("entity_id")))
    elif "entity_id" in wanted:
        owners = sorted(numbers(wanted["entity_id"]))
        ids = [i for owner in owners for i in table.find("owner", owner_key(call.entity, owner))]
    else:
        ids = table.find("entity", call.entity)
    kinds = set(listed(wanted.get("note_type")))
    found = [i for i in ids if _fits(i, table.rows[i], wanted, kinds)]
    return page(call, "notes", ordered(call, found, table.rows, ("id", "updated_at")), lambda i: shown(call, i))


@route("GET", "/{entity}/notes/{id}", "/{entity}/{entity_id}/notes/{id}")
def note(call: Call) -> Answer:
    """One note, or 204."""
    return NOTHING if _missing(call) else Answer(shown(call, call.number()))


@route("POST", "/{entity}/notes", "/{entity}/{entity_id}/notes")
def add(call: Call) -> Answer:
    """New notes; under a card's own address the elements need not name it."""
    given = elements(call.body)
    items = [{**item, "entity_id": call.number("entity_id")} for item in given] if "entity_id" in call.at else given
    checked(items, lambda item: _wrongs_of_new(call, item))
    rows = []
    for name, item in request_ids(items):
        note_id = make(call, item, (call.entity, item["entity_id"]))
        links = {"_links": self_link(call, f"/{call.entity}/{item['entity_id']}/notes/{note_id}")}
        rows.append({"id": note_id, "entity_id": item["entity_id"], "request_id": name, **links})
    return Answer(embedded(call, "notes", rows), items=len(rows))


@route("PATCH", "/{entity}/notes", "/{entity}/{entity_id}/notes")
def change_many(call: Call) -> Answer:
    """Changes of many notes, each with its id."""
    items = elements(call.body)
    checked(items, lambda item: _wrongs(call, item, item.get("id")))
    return Answer(embedded(call, "notes", [_changed(call, item["id"], item) for item in items]), items=len(items))


@route("PATCH", "/{entity}/notes/{id}", "/{entity}/{entity_id}/notes/{id}")
def change_one(call: Call) -> Answer:
    """A change of one note of a kind that may be written."""
    if _missing(call):
        raise Problem(404, "Note not found")
    item = single(call.body)
    found = _wrongs(call, item, call.number())
    if found:
        raise invalid([{"errors": [wrong.told() for wrong in found]}])
    return Answer(_changed(call, call.number(), item))


@route("POST", "/{entity}/notes/{id}/pin", "/{entity}/notes/{id}/unpin")
def pin(call: Call) -> Answer:
    """Hold a note at the top of its card, or let it go."""
    if _missing(call):
        raise Problem(404, "Note not found")
    call.store["note"].change(call.number(), {"is_pinned": call.path.rstrip("/").endswith("/pin")})
    return Answer(None, 204)


def shown(call: Call, note_id: int) -> dict[str, Any]:
    """A note as it is read."""
    row = call.store["note"].rows[note_id]
    return {
        "id": note_id, "entity_id": row["entity_id"], "created_by": row.get("created_by") or 0,
        "updated_by": row.get("updated_by") or 0, "created_at": row["created_at"], "updated_at": row["updated_at"],
        "responsible_user_id": row.get("responsible_user_id") or 0, "group_id": 0, "note_type": row["note_type"],
        "params": row.get("params") or {}, "account_id": call.portal.account_id,
        "_links": self_link(call, f"/{row['entity']}/{row['entity_id']}/notes/{note_id}"),
    }  # fmt: skip


def make(call: Call, item: Mapping[str, Any], card: tuple[str, int]) -> int:
    """A new note of a card; gives its id."""
    (entity, card_id), now = card, call.portal.unix()
    author = item.get("created_by", call.user_id)
    row: Row = {"entity": entity, "entity_id": card_id, "note_type": item["note_type"]}
    row |= {"owner": owner_key(entity, card_id), "params": dict(item.get("params") or {})}
    row |= {"created_by": author, "updated_by": author, "created_at": item.get("created_at") or now, "updated_at": now}
    row["responsible_user_id"] = (
        item.get("responsible_user_id") or call.store[entity].rows[card_id]["responsible_user_id"]
    )
    note_id = call.store["note"].add(row)
    told = [{"note": {"id": note_id}}]
    trail.record(call.portal, _EVENTS[item["note_type"]], entity, card_id, call.user_id, after=told)
    call.portal.announce(Change("note", entity, card_id, call.user_id, {"note_id": note_id}))
    return note_id


def _changed(call: Call, note_id: int, item: Mapping[str, Any]) -> dict[str, Any]:
    table = call.store["note"]
    row = table.rows[note_id]
    changes: Row = {"updated_at": call.portal.unix(), "updated_by": call.user_id}
    if item.get("params") is not None:
        changes["params"] = {**(row.get("params") or {}), **item["params"]}
    if item.get("responsible_user_id") is not None:
        changes["responsible_user_id"] = item["responsible_user_id"]
    table.change(note_id, changes)
    links = {"_links": self_link(call, f"/{row['entity']}/{row['entity_id']}/notes/{note_id}")}
    return {"id": note_id, "entity_id": row["entity_id"], "updated_at": row["updated_at"], **links}


def _fits(note_id: int, row: Row, wanted: Mapping[str, Any], kinds: set[str]) -> bool:
    return (
        ("id" not in wanted or note_id in numbers(wanted["id"]))
        and (not kinds or row["note_type"] in kinds)
        and ("updated_at" not in wanted or since(row["updated_at"], wanted["updated_at"]))
    )


def _missing(call: Call) -> bool:
    row = call.row("note")
    if row is None or row["entity"] != call.entity:
        return True
    return "entity_id" in call.at and row["entity_id"] != call.number("entity_id")


def _wrongs_of_new(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    if item.get("note_type") not in PARAMS:
        return [no_choice("note_type") if item.get("note_type") else missing("note_type")]
    card = call.store[call.entity].get(item["entity_id"]) if isinstance(item.get("entity_id"), int) else None
    if card is None or card.get("state") == "deleted":
        return [no_choice("entity_id") if item.get("entity_id") else missing("entity_id")]
    if not item.get("params"):
        return [missing("params")]
    return _wrong_params(item["note_type"], item["params"]) + _wrong_people(call, item)


def _wrongs(call: Call, item: Mapping[str, Any], note_id: Any) -> list[Wrong]:
    row = call.store["note"].get(note_id) if isinstance(note_id, int) else None
    if row is None or row["entity"] != call.entity:
        return [no_choice("id")]
    if row["note_type"] not in PARAMS:
        return [no_choice("note_type")]
    return _wrong_params(row["note_type"], item.get("params") or {}) + _wrong_people(call, item)


def _wrong_params(kind: str, params: Any) -> list[Wrong]:
    if not isinstance(params, Mapping):
        return [wrong_type("params", "array")]
    return [not_expected(f"params.{key}") for key in params if key not in PARAMS[kind]]


def _wrong_people(call: Call, item: Mapping[str, Any]) -> list[Wrong]:
    users = call.store["user"]
    named = ((key, item.get(key)) for key in ("created_by", "responsible_user_id"))
    return [no_choice(key) for key, value in named if value and (not isinstance(value, int) or not users.get(value))]
