"""Leads, contacts and companies: list, read, add and change, one and many.

Rests on the vendor's pages "Leads", "Contacts" and "Companies": POST takes an array and answers ids, PATCH takes an
array or one object, all or nothing; an unknown id is 204 without a body.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.amocrm import bonds, card_checks, card_rows, card_writes, conditions, field_values
from b24kit.sandbox.amocrm.problems import Wrong, checked, elements, invalid, request_ids, single
from b24kit.sandbox.amocrm.registry import NOTHING, Answer, Call, route
from b24kit.sandbox.amocrm.wire import embedded, page, self_link


@route("GET", "/{entity}")
def cards(call: Call) -> Answer:
    """A page of cards. Cards of the bin only with `with=only_deleted`, hidden contacts of incoming leads never."""
    entity, table = call.entity, call.store[call.entity]
    state = "deleted" if call.has("only_deleted") else ""
    wanted = conditions.tests(call, entity, lambda row_id: card_rows.due(call.portal, entity, row_id))
    ids = [i for i in table.find("state", state) if all(test(i, table.rows[i]) for test in wanted)]
    if text := str(call.query.get("query") or ""):
        ids = [i for i in ids if conditions.search(call.portal, text, table.rows[i], _nearby(call, i))]
    ids = conditions.ordered(call, ids, table.rows, conditions.ORDERS[entity])
    return page(call, entity, ids, lambda i: card_rows.card(call, entity, i, in_list=True))


@route("GET", "/{entity}/{id}")
def card(call: Call) -> Answer:
    """One card, or 204."""
    row = call.row(call.entity)
    if row is None or (row.get("state") == "deleted") != call.has("only_deleted"):
        return NOTHING
    return Answer(card_rows.card(call, call.entity, call.number()))


@route("POST", "/{entity}")
def add(call: Call) -> Answer:
    """New cards; the answer holds their ids and the names that the request gave them."""
    items = elements(call.body)
    checked(items, lambda item: card_checks.wrongs(call.portal, call.entity, item, None))
    rows = []
    for name, item in request_ids(items):
        row_id = card_writes.make(call.portal, call.entity, item, call.user_id)
        rows.append({"id": row_id, "request_id": name, "_links": self_link(call, f"/{call.entity}/{row_id}")})
    return Answer(embedded(call, call.entity, rows), items=len(rows))


@route("PATCH", "/{entity}")
def change_many(call: Call) -> Answer:
    """Changes of many cards, each with its id; one fault refuses all of them."""
    items = elements(call.body)
    checked(items, lambda item: _wrongs(call, item))
    rows = [
        _changed(call, item["id"], item) | ({"request_id": name} if item.get("request_id") is not None else {})
        for name, item in request_ids(items)
    ]
    return Answer(embedded(call, call.entity, rows), items=len(rows))


@route("PATCH", "/{entity}/{id}")
def change_one(call: Call) -> Answer:
    """A change of one card; the answer is a bare object."""
    item = {**single(call.body), "id": call.number()}
    found = _wrongs(call, item)
    if found:
        raise invalid([{"errors": [wrong.told() for wrong in found]}])
    return Answer(_changed(call, call.number(), item))


def _wrongs(call: Call, item: dict[str, Any]) -> list[Wrong]:
    row, missing = card_checks.existing(call.portal, call.entity, item)
    return missing if row is None else card_checks.wrongs(call.portal, call.entity, item, row)


def _changed(call: Call, row_id: int, item: dict[str, Any]) -> dict[str, Any]:
    row = card_writes.change(call.portal, call.entity, row_id, item, call.user_id)
    name = {} if call.entity == "leads" else {"name": row.get("name") or ""}
    links = self_link(call, f"/{call.entity}/{row_id}")
    return {"id": row_id, **name, "updated_at": row["updated_at"], "_links": links}


def _nearby(call: Call, row_id: int) -> list[str]:
    """What a search of leads looks at besides the lead: its contacts' names and fields."""
    if call.entity != "leads":
        return []
    found: list[str] = []
    for (entity, number), _ in bonds.linked(call.portal, ("leads", row_id), "contacts"):
        row = call.store[entity].rows[number]
        found += [str(row.get("name") or ""), *field_values.texts(call.portal, row.get("custom_fields"))]
    return found
