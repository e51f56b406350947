"""What is wrong with an element of a card write, before anything of the whole request is written.

Rests on the vendor's pages "Leads", "Contacts", "Companies" and "Error codes"; every id must be one that the account
has, and a key that no page names is FieldNotExpected.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import field_values, stages, tags
from b24kit.sandbox.amocrm.opening import main_pipeline
from b24kit.sandbox.amocrm.problems import Wrong, missing, no_choice, not_expected, wrong_type
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.store import Row

_ALWAYS = (
    *("id", "name", "responsible_user_id", "created_by", "updated_by", "created_at", "updated_at"),
    *("custom_fields_values", "tags_to_add", "tags_to_delete", "_embedded", "request_id"),
)
WRITABLE = {
    "leads": frozenset((*_ALWAYS, "price", "status_id", "pipeline_id", "loss_reason_id", "closed_at", "visitor_uid")),
    "contacts": frozenset((*_ALWAYS, "first_name", "last_name", "is_main")),
    "companies": frozenset(_ALWAYS),
}
# Read with the card and passed over when it is sent back whole.
_NOISE = frozenset(
    ("_links", "account_id", "group_id", "is_deleted", "is_unsorted", "closest_task_at", "score", "labor_cost")
)
_INTS = ("created_at", "updated_at", "closed_at")


def wrongs(portal: FakePortal, entity: str, item: Mapping[str, Any], row: Row | None) -> list[Wrong]:
    """Everything wrong with a creation (`row` None) or a change of a card."""
    known = WRITABLE[entity] | _NOISE
    found = [not_expected(key) for key in item if key not in known]
    found += _types(item) + _people(portal, item) + tags.wrong_tags(portal, entity, item)
    found += field_values.taken(portal, entity, item.get("custom_fields_values"))[1]
    if entity == "leads":
        found += _place(portal, item, row)
    if row is None:
        found += _ties(portal, item)
    return found


def existing(portal: FakePortal, entity: str, item: Mapping[str, Any]) -> tuple[Row | None, list[Wrong]]:
    """The row that an element of a bulk change names."""
    if item.get("id") is None:
        return None, [missing("id")]
    row = portal.store[entity].get(item["id"]) if isinstance(item["id"], int) else None
    if row is None or row.get("state") == "deleted":
        return None, [no_choice("id")]
    return row, []


def _types(item: Mapping[str, Any]) -> list[Wrong]:
    names = ("name", "first_name", "last_name")
    found = [wrong_type(key, "string") for key in names if not isinstance(item.get(key, ""), str | None)]
    for key in _INTS:
        value = item.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            found.append(wrong_type(key, "int"))
    price = item.get("price")
    if price is not None and (isinstance(price, bool) or not isinstance(price, int | float)):
        found.append(wrong_type("price", "int"))
    return found


def _people(portal: FakePortal, item: Mapping[str, Any]) -> list[Wrong]:
    """Users must be of the account; 0 is the robot, and only an author."""
    found = []
    for key in ("responsible_user_id", "created_by", "updated_by"):
        value = item.get(key)
        if value is None or (value == 0 and key != "responsible_user_id"):
            continue
        if not isinstance(value, int) or portal.store["user"].get(value) is None:
            found.append(no_choice(key))
    return found


def _place(portal: FakePortal, item: Mapping[str, Any], row: Row | None) -> list[Wrong]:
    found = []
    pipeline_id = item.get("pipeline_id")
    if pipeline_id is not None and portal.store["pipeline"].get(pipeline_id) is None:
        return [no_choice("pipeline_id")]
    if pipeline_id is None:
        pipeline_id = row["pipeline_id"] if row else main_pipeline(portal)
    status_id = item.get("status_id")
    if status_id is not None and not stages.may_hold(portal, pipeline_id, status_id):
        found.append(no_choice("status_id"))
    reason = item.get("loss_reason_id")
    if reason is not None and portal.store["loss_reason"].get(reason) is None:
        found.append(no_choice("loss_reason_id"))
    return found


def _ties(portal: FakePortal, item: Mapping[str, Any]) -> list[Wrong]:
    """Cards named at creation must be there."""
    found, inside = [], item.get("_embedded")
    for entity in ("contacts", "companies"):
        refs = inside.get(entity) if isinstance(inside, Mapping) else None
        for place, ref in enumerate(refs if isinstance(refs, list) else []):
            row_id = ref.get("id") if isinstance(ref, Mapping) else None
            row = portal.store[entity].get(row_id) if isinstance(row_id, int) else None
            if row is None or row.get("state") == "deleted":
                found.append(no_choice(f"_embedded.{entity}.{place}.id"))
    return found
