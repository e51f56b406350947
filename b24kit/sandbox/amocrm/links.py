"""Links between cards: of one, of many, tie and untie.

Rests on the vendor's page "Entity links": the main contact is written as `is_main` and read as `main_contact`;
untying what is not tied is no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import bonds, card_writes
from b24kit.sandbox.amocrm.conditions import numbers
from b24kit.sandbox.amocrm.problems import Wrong, checked, elements, invalid, missing, no_choice
from b24kit.sandbox.amocrm.registry import NOTHING, Answer, Call, Problem, route
from b24kit.sandbox.amocrm.wire import embedded, href

# From whose address what may be tied; contact -> leads and company -> leads are not on the page but work.
ALLOWED = {
    "leads": ("contacts", "companies"), "contacts": ("companies", "leads"), "companies": ("contacts", "leads")
}  # fmt: skip


@route("GET", "/{entity}/{id}/links")
def links(call: Call) -> Answer:
    """Links of one card; an unknown card is 404."""
    row = call.row(call.entity)
    if row is None or row.get("state") == "deleted":
        raise Problem(404, "Entity not found")
    rows = _links(call, call.number())
    return Answer(embedded(call, "links", rows, _total_items=len(rows))) if rows else NOTHING


@route("GET", "/{entity}/links")
def links_of_many(call: Call) -> Answer:
    """Links of many cards, named by `filter[entity_id]`, which must be there."""
    wanted = _filter(call)
    ids = sorted(numbers(wanted.get("entity_id")))
    if not ids:
        raise invalid([{"errors": [missing("filter.entity_id").told()]}])
    head = {"entity_type": call.entity}
    rows = [{"entity_id": i, **head, **row} for i in ids if call.store[call.entity].get(i) for row in _links(call, i)]
    return Answer(embedded(call, "links", rows, _total_items=len(rows)), items=len(rows)) if rows else NOTHING


@route("POST", "/{entity}/{id}/link")
def link_one(call: Call) -> Answer:
    """Tie a card to others."""
    return _tie(call, [{**item, "entity_id": call.number()} for item in elements(call.body)])


@route("POST", "/{entity}/link")
def link_many(call: Call) -> Answer:
    """Tie many cards, each element with its `entity_id`."""
    return _tie(call, elements(call.body))


@route("POST", "/{entity}/{id}/unlink")
def unlink_one(call: Call) -> Answer:
    """Untie a card from others."""
    return _untie(call, [{**item, "entity_id": call.number()} for item in elements(call.body)])


@route("POST", "/{entity}/unlink")
def unlink_many(call: Call) -> Answer:
    """Untie many cards."""
    return _untie(call, elements(call.body))


def _tie(call: Call, items: list[dict[str, Any]]) -> Answer:
    checked(items, lambda item: _wrongs(call, item))
    rows = []
    for item in items:
        asked = item.get("metadata")
        metadata: Mapping[str, Any] = asked if isinstance(asked, Mapping) else {}
        one, other = (call.entity, item["entity_id"]), (item["to_entity_type"], item["to_entity_id"])
        main = True if metadata.get("is_main") else None
        card_writes.link(call.portal, one, other, _author(call, metadata), main=main)
        _touch(call, *one)
        rows += [
            {"entity_id": one[1], "entity_type": one[0], **row}
            for row in _links(call, one[1], {"to_entity_type": other[0], "to_entity_id": str(other[1])})
        ]
    told = embedded(call, "links", rows, _total_items=len(rows))
    told["_links"] = {"self": href(f"{call.base}{call.path.rstrip('/')}s")}  # the answer names the list, not itself
    return Answer(told, items=len(rows))


def _untie(call: Call, items: list[dict[str, Any]]) -> Answer:
    checked(items, lambda item: _wrongs(call, item))
    for item in items:
        one, other = (call.entity, item["entity_id"]), (item["to_entity_type"], item["to_entity_id"])
        card_writes.unlink(call.portal, one, other, call.user_id)
        _touch(call, *one)
    return Answer(None, 204, items=len(items))


def _links(call: Call, row_id: int, wanted: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    asked = _filter(call) if wanted is None else wanted
    kind, number = asked.get("to_entity_type"), numbers(asked.get("to_entity_id"))
    rows = []
    for (entity, other), row in bonds.linked(call.portal, (call.entity, row_id)):
        if (kind and entity != kind) or (number and other not in number):
            continue
        main = {"main_contact": bool(row.get("is_main"))} if (call.entity, entity) == ("leads", "contacts") else None
        rows.append({"to_entity_id": other, "to_entity_type": entity, "metadata": main})
    return rows


def _wrongs(call: Call, item: dict[str, Any]) -> list[Wrong]:
    found = [missing(key) for key in ("entity_id", "to_entity_id", "to_entity_type") if item.get(key) is None]
    if found:
        return found
    if item["to_entity_type"] not in ALLOWED[call.entity]:
        return [no_choice("to_entity_type")]
    for key, entity in (("entity_id", call.entity), ("to_entity_id", item["to_entity_type"])):
        row = call.store[entity].get(item[key]) if isinstance(item[key], int) else None
        if row is None or row.get("state") == "deleted":
            found.append(no_choice(key))
    return found


def _author(call: Call, metadata: Mapping[str, Any]) -> int:
    named = metadata.get("updated_by")
    return named if isinstance(named, int) and call.store["user"].get(named) else call.user_id


def _touch(call: Call, entity: str, row_id: int) -> None:
    """A card whose links change counts as changed (not on a page: how live accounts behave is not certain)."""
    call.store[entity].change(row_id, {"updated_at": call.portal.unix(), "updated_by": call.user_id})


def _filter(call: Call) -> Mapping[str, Any]:
    wanted = call.query.get("filter")
    return wanted if isinstance(wanted, Mapping) else {}
