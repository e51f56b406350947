"""Adding a lead with its contact and company in one call, and the account's duplicate control that goes with it.

Rests on the vendor's pages "Complex addition of leads" and "Duplicate control". The answer is a bare array. Duplicate
control is set up by people and told by no method: the switch `duplicate_control` holds its keys (EMAIL, PHONE),
`{"keys": ["EMAIL"]}`; without it nothing is ever merged. Duplicates inside one request are not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm import bonds, card_checks, card_writes, field_values, incoming, stages
from b24kit.sandbox.amocrm.opening import incoming_status, main_pipeline
from b24kit.sandbox.amocrm.problems import Wrong, checked, elements, no_choice, request_ids
from b24kit.sandbox.amocrm.registry import Answer, Call, Change, Problem, route

MOST = 50
MOST_FIELDS = 40
MOST_DUPLICATES = 3  # more than so many and nothing is merged
_TIED = ("contacts", "companies")


@route("POST", "/leads/complex")
def add(call: Call) -> Answer:
    """At most 50 leads, each with at most one contact and one company, new or named by id."""
    items = elements(call.body)
    if len(items) > MOST:
        raise Problem(422, f"Limit {MOST} per page", title="Unprocessable Entity")
    checked(items, lambda item: _wrongs(call, item))
    before = set(call.store["leads"].ids())
    return Answer([_one(call, name, item, before) for name, item in request_ids(items)], items=len(items))


def _one(call: Call, name: str, item: dict[str, Any], before: set[int]) -> dict[str, Any]:
    found = _duplicates(call, item, before) if _metadata(item) is None else []
    if found and len(found) <= MOST_DUPLICATES:
        lead_id = found[-1]  # the newest one
        card_writes.change(call.portal, "leads", lead_id, _lead(item), call.user_id)
        contact_id = bonds.main_contact(call.portal, lead_id)
        tied = bonds.linked(call.portal, ("leads", lead_id), "companies")
        company_id = tied[0][0][1] if tied else None
        return {"id": lead_id, "contact_id": contact_id, "company_id": company_id, "request_id": [name], "merged": True}
    ids = {entity: _tied(call, entity, item) for entity in _TIED}
    lead_id = _make(call, item, ids)
    contact_id, company_id = (one[0] if one is not None else None for one in ids.values())
    if contact_id and company_id:
        card_writes.link(call.portal, ("contacts", contact_id), ("companies", company_id), call.user_id)
    return {"id": lead_id, "contact_id": contact_id, "company_id": company_id, "request_id": [name], "merged": False}


Tied = tuple[int, bool] | None  # the card's id and whether it was made by this call


def _tied(call: Call, entity: str, item: Mapping[str, Any]) -> Tied:
    model = _inside(item, entity)
    if model is None:
        return None
    if model.get("id") is not None:
        return int(model["id"]), False
    hidden = _metadata(item) is not None
    return card_writes.make(call.portal, entity, model, call.user_id, hidden=hidden), True


def _make(call: Call, item: dict[str, Any], ids: Mapping[str, Tied]) -> int:
    metadata, portal = _metadata(item), call.portal
    lead = _lead(item)
    if metadata is None:
        lead_id = card_writes.make(portal, "leads", lead, call.user_id)
        fresh: dict[str, int] = {}
    else:
        pipeline_id = lead.get("pipeline_id") or main_pipeline(portal)
        place = {"pipeline_id": pipeline_id, "status_id": incoming_status(portal, pipeline_id)}
        lead_id = card_writes.make(portal, "leads", lead | place, call.user_id, hidden=True)
        fresh = {entity: one[0] for entity, one in ids.items() if one is not None and one[1]}
    for entity, one in ids.items():
        if one is not None and entity not in fresh:
            card_writes.link(portal, ("leads", lead_id), (entity, one[0]), call.user_id)
    if metadata is not None:
        kept = {key: value for key, value in metadata.items() if key != "category"}
        row_id = incoming.enter(
            portal, metadata["category"], lead_id, kept, contact_id=fresh.get("contacts"),
            company_id=fresh.get("companies"), source_name=str(metadata.get("form_name") or ""),
        )  # fmt: skip
        portal.announce(Change("add", "unsorted", row_id, call.user_id))
    return lead_id


def _duplicates(call: Call, item: Mapping[str, Any], before: set[int]) -> list[int]:
    """Open leads of the same pipeline whose main contact carries an address of the new one, oldest first."""
    control = call.portal.settings.get("duplicate_control") or {}
    model = _inside(item, "contacts")
    if not control or model is None or model.get("id") is not None:
        return []
    given, _ = field_values.taken(call.portal, "contacts", model.get("custom_fields_values"))
    wanted = _addresses(call, {key: values for key, values in given.items() if values}, control.get("keys", ()))
    pipeline_id, leads = item.get("pipeline_id") or main_pipeline(call.portal), call.store["leads"]
    found = []
    for lead_id in sorted(before & set(leads.find("pipeline_id", pipeline_id))):
        row, contact_id = leads.rows[lead_id], bonds.main_contact(call.portal, lead_id)
        if row.get("state") or row["status_id"] in (stages.WON, stages.LOST) or contact_id is None:
            continue
        own = call.store["contacts"].rows[contact_id].get("custom_fields") or {}
        if wanted & _addresses(call, own, control.get("keys", ())):
            found.append(lead_id)
    return found


def _addresses(call: Call, stored: field_values.Stored, keys: Any) -> set[tuple[str, str]]:
    fields = call.store["custom_field"].rows
    return {
        (str(fields[int(key)].get("code")), str(value.get("value")).strip().lower())
        for key, values in stored.items() if fields[int(key)].get("code") in keys
        for value in values
    }  # fmt: skip


def _lead(item: Mapping[str, Any]) -> dict[str, Any]:
    """The lead's own part; links are made by us."""
    inside = item.get("_embedded")
    kept = {key: inside[key] for key in ("tags", "source") if key in inside} if isinstance(inside, Mapping) else {}
    own = {key: value for key, value in item.items() if key != "_embedded"}
    return own | ({"_embedded": kept} if kept else {})


def _inside(item: Mapping[str, Any], entity: str) -> dict[str, Any] | None:
    inside = item.get("_embedded")
    given = inside.get(entity) if isinstance(inside, Mapping) else None
    return dict(given[0]) if isinstance(given, list) and given and isinstance(given[0], Mapping) else None


def _metadata(item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    inside = item.get("_embedded")
    given = inside.get("metadata") if isinstance(inside, Mapping) else None
    return given if isinstance(given, Mapping) else None


def _wrongs(call: Call, item: dict[str, Any]) -> list[Wrong]:
    metadata, lead = _metadata(item), _lead(item)
    if metadata is not None:
        lead.pop("status_id", None)  # a lead with metadata waits, whatever status it names
    found = _of_card(call, "leads", lead, "")
    if metadata is not None and metadata.get("category") not in ("forms", "sip"):
        found.append(no_choice("_embedded.metadata.category"))
    inside = item.get("_embedded")
    for entity in _TIED:
        given = inside.get(entity) if isinstance(inside, Mapping) else None
        if isinstance(given, list) and len(given) > 1:
            found.append(Wrong("TooMany", f"_embedded.{entity}", "This collection should contain 1 element or less."))
        if (model := _inside(item, entity)) is not None:
            found += _of_card(call, entity, model, f"_embedded.{entity}.0.")
    return found


def _of_card(call: Call, entity: str, model: dict[str, Any], path: str) -> list[Wrong]:
    """What is wrong with one of the cards: a named one must be there, a new one right in itself."""
    fields = model.get("custom_fields_values")
    if isinstance(fields, list) and len(fields) > MOST_FIELDS:
        return [Wrong("TooMany", f"{path}custom_fields_values", f"At most {MOST_FIELDS} fields.")]
    if entity != "leads" and model.get("id") is not None:
        wrongs = card_checks.existing(call.portal, entity, model)[1]
    else:
        wrongs = card_checks.wrongs(call.portal, entity, model, None)
    return [Wrong(wrong.code, path + wrong.path, wrong.detail) for wrong in wrongs]
