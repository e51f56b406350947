"""Fields of a card as they are written: only what differs, never the shape that was read.

Rests on the vendor's pages of leads, contacts and companies: a status goes with its pipeline, tags are added and taken
away by name, a custom field is emptied by null. Fields that amoCRM does not have are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.connectors.amocrm.fields import FieldSet, wire_extra, wire_mark, wire_points
from b24kit.connectors.amocrm.translate import stage_numbers
from b24kit.connectors.amocrm.wirevalues import wire_id
from b24kit.crm.records import Values, same
from b24kit.crm.refs import Kind
from b24kit.errors import UsageError

_LINKS = frozenset(("contact", "company", "companies"))  # steps of their own after a creation
_CARDS_OF_LEADS = (Kind.LEAD, Kind.DEAL)
# Unnamed fields that are told by the vendor and cannot be written.
_TOLD = frozenset(("source", "contacts"))


def new_card(kind: Kind, values: Values, fields: FieldSet) -> dict[str, Any]:
    """The body of a new card, its links among it."""
    given = {name: value for name, value in values.items() if value not in (None, "", [], (), {})}
    body = _fields(kind, given, {}, fields)
    if "origin" in given:
        _put_field(body, wire_mark(str(given["origin"]["id"]), fields))
    tags = (given.get("extra") or {}).get("tags")
    body.pop("tags_to_add", None)
    body.pop("tags_to_delete", None)
    tied = {
        "tags": [{"name": str(tag)} for tag in tags or ()],
        "contacts": [{"id": wire_id(given["contact"]), "is_main": True}] if given.get("contact") else [],
        "companies": [{"id": wire_id(found)} for found in _company(given)],
    }
    # A contact's company is no part of the documented body of a new contact: `calls` links it afterwards.
    kept = {name: found for name, found in tied.items() if found and not (kind is Kind.CONTACT and name == "companies")}
    return body | ({"_embedded": kept} if kept else {})


def changed_card(kind: Kind, values: Values, before: Values, fields: FieldSet) -> dict[str, Any]:
    """The body of a patch; {} when nothing but links differs."""
    differing = {
        name: value
        for name, value in values.items()
        if name not in _LINKS and not (name in before and same(name, before[name], value))
    }
    body = _fields(kind, differing, before, fields)
    if "origin" in differing:
        mark = differing["origin"]
        _put_field(body, wire_mark(str(mark["id"]) if mark else "", fields))
    return body


def _fields(kind: Kind, values: Values, before: Values, fields: FieldSet) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, value in values.items():
        if name in _LINKS or name == "origin":
            continue
        if name == "title" and kind is not Kind.CONTACT:
            body["name"] = str(value or "")
        elif name == "name" and kind is Kind.CONTACT:
            body |= _person(value)
        elif name == "owner":
            if not value:
                raise UsageError("owner_required", kind=kind.value)
            body["responsible_user_id"] = wire_id(value)
        elif name == "stage" and kind in _CARDS_OF_LEADS:
            body["pipeline_id"], body["status_id"] = stage_numbers(str(value))
        elif name == "pipeline" and kind is Kind.DEAL:
            _same_pipeline(values, value, body)
        elif name == "amount" and kind is Kind.DEAL:
            body["price"] = _price(value)
        elif name == "points" and kind in (Kind.CONTACT, Kind.COMPANY):
            for one in wire_points(value or (), fields):
                if before or one["values"]:  # a new card has nothing to empty
                    _put_field(body, one)
        elif name == "extra":
            _extra(kind, value or {}, before, fields, body)
        elif value not in (None, "", [], (), {}):
            raise UsageError("field_not_writable", kind=kind.value, field=name)
    return body


def _extra(kind: Kind, wanted: Mapping[str, Any], before: Values, fields: FieldSet, body: dict[str, Any]) -> None:
    present = before.get("extra") or {}
    for name, value in wanted.items():
        if same(name, present.get(name), value) or name in _TOLD:
            continue
        if name == "tags":
            _tags(set(present.get("tags") or ()), set(value or ()), body)
        elif name == "price" and kind in _CARDS_OF_LEADS:
            body["price"] = _price(value)
        elif name == "loss_reason_id" and kind in _CARDS_OF_LEADS:
            body["loss_reason_id"] = None if value is None else wire_id(value)
        else:
            _put_field(body, wire_extra(name, value, fields))


def _tags(present: set[str], wanted: set[str], body: dict[str, Any]) -> None:
    """Added and taken away one by one: the whole list would undo what people tag meanwhile."""
    if wanted - present:
        body["tags_to_add"] = [{"name": tag} for tag in sorted(wanted - present)]
    if present - wanted:
        body["tags_to_delete"] = [{"name": tag} for tag in sorted(present - wanted)]


def _person(value: Any) -> dict[str, str]:
    """First and last name; a middle name stands with the first, where amoCRM has none of its own."""
    told = value or {}
    first = " ".join(filter(None, (str(told.get("first") or ""), str(told.get("middle") or ""))))
    return {"first_name": first, "last_name": str(told.get("last") or "")}


def _same_pipeline(values: Values, pipeline: Any, body: dict[str, Any]) -> None:
    """A pipeline is never written without a stage of it."""
    stage = values.get("stage")
    if stage is None or stage_numbers(str(stage))[0] != wire_id(pipeline):
        raise UsageError("amo_pipeline_needs_stage", pipeline=str(pipeline))
    body["pipeline_id"], body["status_id"] = stage_numbers(str(stage))


def _price(value: Any) -> int:
    """Whole units of the account's money: older accounts take nothing else."""
    try:
        return round(float(value or 0))
    except ValueError:
        raise UsageError("amo_bad_amount", amount=str(value)) from None


def _put_field(body: dict[str, Any], field: dict[str, Any] | None) -> None:
    if field is not None:
        body.setdefault("custom_fields_values", []).append(field)


def _company(values: Values) -> list[Any]:
    return [values["company"]] if values.get("company") else list(values.get("companies") or ())
