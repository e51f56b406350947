"""Making incoming leads by the API: forms and calls only; letters and chats come by the vendor's own channels.

Rests on the vendor's page "Unsorted": the lead, the contact and the company are sent whole, as for their own
addresses, but at most one of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import card_checks, card_writes, incoming
from b24kit.sandbox.amocrm.opening import incoming_status, main_pipeline
from b24kit.sandbox.amocrm.problems import (
    Wrong,
    checked,
    elements,
    invalid_one,
    missing,
    no_choice,
    request_ids,
    wrong_type,
)
from b24kit.sandbox.amocrm.registry import Answer, Call, Change, route
from b24kit.sandbox.amocrm.unsorted import embedded
from b24kit.sandbox.amocrm.wire import self_link
from b24kit.sandbox.store import Row

REFUSES_SAME = "unsorted_refuses_same"  # setting: the page says that the same data twice is an error; live ones took it
_REQUIRED = ("source_name", "source_uid", "metadata")
_NAMES = ("name", "first_name", "last_name")  # the page's own sample sends numbers here


@route("POST", "/leads/unsorted/forms")
def add_forms(call: Call) -> Answer:
    """Requests from sites."""
    return _add(call, "forms")


@route("POST", "/leads/unsorted/sip")
def add_calls(call: Call) -> Answer:
    """Calls that came in."""
    return _add(call, "sip")


def _add(call: Call, category: str) -> Answer:
    items = elements(call.body)
    checked(items, lambda item: _wrongs(call, item))
    if call.portal.settings.get(REFUSES_SAME):
        _refuse_same(call, category, items)
    rows = []
    for name, item in request_ids(items):
        row = call.store["unsorted"].rows[_enter(call, category, item)]
        told: Row = {"uid": row["uid"], "account_id": call.portal.account_id, "request_id": name}
        told["_links"] = self_link(call, f"/leads/unsorted/{row['uid']}")
        rows.append(told | {"_embedded": embedded(call, row, ("contacts", "leads", "companies"))})
    return Answer({"_total_items": len(rows), "_embedded": {"unsorted": rows}}, items=len(rows))


def _wrongs(call: Call, item: dict[str, Any]) -> list[Wrong]:
    found = [missing(key) for key in _REQUIRED if item.get(key) is None]
    if not isinstance(item.get("metadata", {}), Mapping | None):
        found.append(wrong_type("metadata", "array"))
    pipeline_id = item.get("pipeline_id")
    if pipeline_id is not None and not _takes_incoming(call, pipeline_id):
        found.append(no_choice("pipeline_id"))
    for entity in ("leads", "contacts", "companies"):
        wrongs = card_checks.wrongs(call.portal, entity, _model(item, entity), None)
        found += [Wrong(wrong.code, f"_embedded.{entity}.0.{wrong.path}", wrong.detail) for wrong in wrongs]
    return found


def _takes_incoming(call: Call, pipeline_id: Any) -> bool:
    row = call.store["pipeline"].get(pipeline_id) if isinstance(pipeline_id, int) else None
    return row is not None and bool(row.get("is_unsorted_on"))


def _model(item: Mapping[str, Any], entity: str) -> Row:
    """The one card of a kind that was sent; its place in the pipeline is not the sender's to choose."""
    inside = item.get("_embedded")
    sent = inside.get(entity) if isinstance(inside, Mapping) else None
    model = dict(sent[0]) if isinstance(sent, list) and sent and isinstance(sent[0], Mapping) else {}
    for key in _NAMES:
        if isinstance(model.get(key), int):
            model[key] = str(model[key])
    return {key: value for key, value in model.items() if key not in ("id", "status_id", "pipeline_id")}


def _enter(call: Call, category: str, item: Mapping[str, Any]) -> int:
    portal = call.portal
    pipeline_id = item.get("pipeline_id") or main_pipeline(portal)
    place = {"pipeline_id": pipeline_id, "status_id": incoming_status(portal, pipeline_id)}
    moment = {"created_at": item["created_at"]} if item.get("created_at") else {}
    ids = {}
    for entity in ("contacts", "companies"):
        if model := _model(item, entity):
            ids[entity] = card_writes.make(portal, entity, moment | model, call.user_id, hidden=True)
    lead_id = card_writes.make(portal, "leads", moment | _model(item, "leads") | place, call.user_id, hidden=True)
    metadata = {key: value for key, value in item["metadata"].items() if key != "is_call_event_needed"}
    row_id = incoming.enter(
        portal, category, lead_id, metadata | ({"visitor_uid": None} if category == "forms" else {}),
        contact_id=ids.get("contacts"), company_id=ids.get("companies"), source_uid=str(item["source_uid"]),
        source_name=str(item["source_name"]), created_at=item.get("created_at"),
    )  # fmt: skip
    portal.announce(Change("add", "unsorted", row_id, call.user_id))
    return row_id


def _refuse_same(call: Call, category: str, items: list[dict[str, Any]]) -> None:
    known = [
        (row["source_uid"], row["metadata"])
        for _, row in call.store["unsorted"]
        if not row["state"] and row["category"] == category
    ]
    for name, item in request_ids(items):
        if any(uid == str(item["source_uid"]) and item["metadata"].items() <= told.items() for uid, told in known):
            raise invalid_one(Wrong("NotUnique", "source_uid", "This value is already used."), name)
