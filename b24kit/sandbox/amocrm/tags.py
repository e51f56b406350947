"""Tags: one dictionary per kind of card, and the sets on cards.

Rests on the vendor's page "Tags". `_embedded.tags` replaces the whole set and wins over the incremental lists;
`_embedded.tags: null` was documented to clear it and measured to do nothing: the switch `tags_null` chooses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import trail
from b24kit.sandbox.amocrm.conditions import listed, numbers
from b24kit.sandbox.amocrm.problems import Wrong, checked, elements, missing, no_choice, request_ids, wrong_type
from b24kit.sandbox.amocrm.registry import Answer, Call, FakePortal, route
from b24kit.sandbox.amocrm.wire import embedded, page

_COLORS = """
EBEBEB D0D0D0 F2DDF7 D1A4DC FF8F92 FFC8C8 C7DB8C DDEBB5 8699DA AABDFF FFCE5A FFE193 90CDB0 C6F4DE A9A5D7 D8D5FF 86C0FC
832161 6A0F49 0C7C59 10599D 9D2B32 247BA0
"""
COLORS = frozenset(_COLORS.split())


@route("GET", "/{entity}/tags")
def tags(call: Call) -> Answer:
    """The dictionary of one kind of card: `filter[name]` exact, `filter[id]`, `query` a part of the name."""
    table, wanted = call.store["tag"], call.query.get("filter")
    wanted = wanted if isinstance(wanted, Mapping) else {}
    ids = table.find("entity", call.entity)
    if "id" in wanted:
        known = numbers(wanted["id"])
        ids = [i for i in ids if i in known]
    if "name" in wanted:
        names = set(listed(wanted["name"]))
        ids = [i for i in ids if table.rows[i]["name"] in names]
    if text := str(call.query.get("query") or "").lower():
        ids = [i for i in ids if text in table.rows[i]["name"].lower()]
    return page(call, "tags", ids, lambda i: shown(call.portal, i))


@route("POST", "/{entity}/tags")
def add(call: Call) -> Answer:
    """New words in the dictionary; a name that is there already gives its id."""
    items = elements(call.body)
    checked(items, lambda item: _check(call.entity, item))
    rows = []
    for name, item in request_ids(items):
        tag_id = tag_of(call.portal, call.entity, item["name"], item.get("color"))
        rows.append({**shown(call.portal, tag_id), "request_id": name})
    return Answer(embedded(call, "tags", rows, _total_items=len(rows)), items=len(rows))


def tag_of(portal: FakePortal, entity: str, name: str, color: str | None = None) -> int:
    """The id of a tag by name, made when it is new."""
    table = portal.store["tag"]
    for tag_id in table.find("entity", entity):
        if table.rows[tag_id]["name"] == name:
            return tag_id
    return table.add({"entity": entity, "name": name, "color": color if entity == "leads" else None})


def shown(portal: FakePortal, tag_id: int) -> dict[str, Any]:
    """A tag as it stands in answers."""
    row = portal.store["tag"].rows[tag_id]
    return {"id": tag_id, "name": row["name"], "color": row.get("color")}


def wrong_tags(portal: FakePortal, entity: str, item: Mapping[str, Any]) -> list[Wrong]:
    """What is wrong with the tags of an element of a card write."""
    inside = item.get("_embedded")
    given = {"_embedded.tags": inside.get("tags") if isinstance(inside, Mapping) else None}
    given |= {key: item.get(key) for key in ("tags_to_add", "tags_to_delete")}
    wrongs = []
    for path, refs in given.items():
        if refs is not None and not isinstance(refs, list):
            wrongs.append(wrong_type(path, "array"))
        for place, ref in enumerate(refs if isinstance(refs, list) else []):
            if not isinstance(ref, Mapping):
                wrongs.append(wrong_type(f"{path}.{place}", "array"))
            elif ref.get("id") is not None and not _known(portal, entity, ref["id"]):
                wrongs.append(no_choice(f"{path}.{place}.id"))
    return wrongs


def set_of(portal: FakePortal, entity: str, item: Mapping[str, Any], before: list[int]) -> list[int]:
    """A card's tags after a write; unknown names are made."""
    inside = item.get("_embedded")
    if isinstance(inside, Mapping) and "tags" in inside:
        if inside["tags"] is not None:
            return list(dict.fromkeys(_ids(portal, entity, inside["tags"])))
        return [] if portal.settings.get("tags_null") == "clear" else before
    gone = set(_ids(portal, entity, item.get("tags_to_delete") or []))
    return list(
        dict.fromkeys([i for i in [*before, *_ids(portal, entity, item.get("tags_to_add") or [])] if i not in gone])
    )


def tell(portal: FakePortal, entity: str, row_id: int, user_id: int, before: list[int], after: list[int]) -> None:
    """Events for tags that came and went."""
    for kind, ids in (("added", set(after) - set(before)), ("deleted", set(before) - set(after))):
        for tag_id in sorted(ids):
            told = [{"tag": {"name": portal.store["tag"].rows[tag_id]["name"]}}]
            sides = {"after" if kind == "added" else "before": told}
            trail.record(portal, f"entity_tag_{kind}", entity, row_id, user_id, **sides)


def _ids(portal: FakePortal, entity: str, refs: list[Mapping[str, Any]]) -> list[int]:
    return [
        int(ref["id"]) if ref.get("id") is not None else tag_of(portal, entity, str(ref.get("name")), ref.get("color"))
        for ref in refs
    ]


def _known(portal: FakePortal, entity: str, tag_id: Any) -> bool:
    row = portal.store["tag"].get(tag_id) if isinstance(tag_id, int) else None
    return row is not None and row["entity"] == entity


def _check(entity: str, item: dict[str, Any]) -> list[Wrong]:
    if not item.get("name"):
        return [missing("name")]
    color = item.get("color")
    return [no_choice("color")] if entity == "leads" and color is not None and color not in COLORS else []
