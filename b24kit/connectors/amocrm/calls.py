"""What each write becomes on amoCRM: a patch of the fields that differ, links one by one, or a named refusal.

A change of a card is first its fields, then its links, since v4 takes links at creation only; should a link be refused,
the fields are put back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.calls_create import create_step
from b24kit.connectors.amocrm.card_fields import changed_card
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.steps import NEW_ID, Planned, Step, step
from b24kit.connectors.amocrm.translate import LOST, WON, stage_numbers
from b24kit.connectors.amocrm.translate_activities import address_of
from b24kit.connectors.amocrm.wirevalues import unix, wire_id
from b24kit.crm.records import Values, same
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Delete, Unbind, Write
from b24kit.errors import UsageError

_LINKED = {"contact": ("contacts", True), "company": ("companies", False)}  # what a lead is linked to, and as the main


def plan_writes(account: Account, writes: Sequence[Write]) -> list[Planned]:
    """Every write as steps. All are translated before the first is sent: a UsageError stops them all. A Change that
    differs in nothing has no steps.
    """
    return [_planned(account, write) for write in writes]


def _planned(account: Account, write: Write) -> Planned:
    if isinstance(write, Create):
        first = create_step(account, write)
        company = _first_company(write.values) if write.kind is Kind.CONTACT else None
        return Planned(write, [first, *([_new_tie(company)] if company else [])], [None, None])
    if isinstance(write, Change):
        return _change(account, write)
    if isinstance(write, Delete):
        return Planned(write, [_delete(write)])
    if isinstance(write, Bind | Unbind):
        # A letter, a call and a task hang on one card; nothing moves or copies them.
        raise UsageError("amo_no_bindings", key=write.key)
    raise UsageError("amo_write_unknown", write=type(write).__name__)


def _first_company(values: Values) -> Any:
    return values.get("company") or next(iter(values.get("companies") or ()), None)


def _new_tie(company: Any) -> Step:
    """A new contact is linked to its company once it has an id."""
    body = {"entity_id": NEW_ID, "to_entity_id": wire_id(company), "to_entity_type": "companies"}
    return step("POST /contacts/link", body)


def _change(account: Account, write: Change) -> Planned:
    kind = write.ref.kind
    if kind in CARDS:
        return _change_card(account, write)
    if kind is Kind.STAGE:
        return Planned(write, _of([_change_stage(write)]))
    if kind is Kind.PIPELINE:
        body = _named(kind, write.values, {"name": "name", "sort": "sort"})
        return Planned(write, [step("PATCH /leads/pipelines/{id}", body, id=wire_id(write.ref.id))] if body else [])
    if kind is Kind.SOURCE:
        body = _named(kind, write.values, {"name": "name"})
        return Planned(write, [step("PATCH /sources/{id}", body, id=wire_id(write.ref.id))] if body else [])
    if kind in (Kind.ACTIVITY, Kind.TODO, Kind.TASK):
        return Planned(write, _of([_change_task(write)]))
    raise UsageError("amo_not_changeable", kind=kind.value)


def _change_card(account: Account, write: Change) -> Planned:
    kind, number = write.ref.kind, wire_id(write.ref.id)
    if write.before.get("stage") in account.ladders().unsorted():
        # Any patch takes a card out of the unsorted, and nothing brings it back: it has to be taken in first.
        raise UsageError("amo_lead_unsorted", lead=write.ref.id)
    fields = account.fields(kind)
    steps: list[Step] = []
    back: list[Step | None] = []
    body = changed_card(kind, write.values, write.before, fields)
    if body:
        steps.append(_patch(kind, number, body))
        known = {name: write.before[name] for name in write.values if name in write.before}
        old = changed_card(kind, known, {**write.before, **write.values}, fields)
        back.append(_patch(kind, number, old) if old else None)
    for one, taken_back in _links(write):
        steps.append(one)
        back.append(taken_back)
    return Planned(write, steps, back)


def _patch(kind: Kind, number: int, body: Mapping[str, Any]) -> Step:
    entity = ENTITIES[kind]
    return step(f"PATCH /{entity}", {"id": number, **body}, touches=f"{entity}/{number}")


def _links(write: Change) -> Iterable[tuple[Step, Step | None]]:
    """Links that a change of `contact` or `company` makes and ends, each with what takes it back."""
    names = {"contact", "company", "companies"} & write.values.keys()
    if "companies" in names:
        wanted = list(write.values["companies"] or ())
        if len(wanted) > 1:
            raise UsageError("amo_one_company", key=write.key)
        if "company" not in names:
            yield from _link(write, "company", wanted[0] if wanted else None)
    for name in sorted(names - {"companies"}):
        yield from _link(write, name, write.values[name])


def _link(write: Change, name: str, wanted: Any) -> Iterable[tuple[Step, Step | None]]:
    present = write.before.get(name)
    if same(name, present, wanted):
        return
    ref = write.ref
    if name == "contact" and ref.kind not in (Kind.LEAD, Kind.DEAL):
        raise UsageError("field_not_writable", kind=ref.kind.value, field=name)
    if present:  # a card has one company; a second one is not said to replace it
        yield _tie(ref, name, present, "unlink"), _tie(ref, name, present, "link")
    if wanted:
        yield _tie(ref, name, wanted, "link"), _tie(ref, name, wanted, "unlink")


def _tie(ref: Ref, name: str, other: Any, verb: str) -> Step:
    entity, number = ENTITIES[ref.kind], wire_id(ref.id)
    to, main = _LINKED[name]
    body: dict[str, Any] = {"entity_id": number, "to_entity_id": wire_id(other), "to_entity_type": to}
    if main and verb == "link":
        body["metadata"] = {"is_main": True}
    return step(f"POST /{entity}/{verb}", body, touches=f"{entity}/{number}")


def _change_stage(write: Change) -> Step | None:
    pipeline, status = stage_numbers(write.ref.id)
    body = _named(Kind.STAGE, write.values, {"name": "name", "sort": "sort", "colour": "color"})
    if status in (WON, LOST):
        moved = sorted(set(body) - {"name"})
        if moved:  # "system statuses: rename only"
            raise UsageError("amo_system_stage", stage=write.ref.id, field=moved[0])
    route = "PATCH /leads/pipelines/{pipeline}/statuses/{id}"
    return step(route, body, pipeline=pipeline, id=status) if body else None


def _change_task(write: Change) -> Step | None:
    path, number = address_of(write.ref.id if "/" in write.ref.id else f"tasks/{write.ref.id}")
    if path != "/tasks":
        raise UsageError("amo_note_is_fixed", id=write.ref.id)
    body: dict[str, Any] = {}
    for name, value in write.values.items():
        if name == "done":
            body["is_completed"] = bool(value)
        elif name == "responsible":
            body["responsible_user_id"] = wire_id(value)
        elif name == "deadline" and value:
            body["complete_till"] = unix(value)
        elif name == "text" and value:
            body["text"] = str(value)
        else:
            raise UsageError("field_not_writable", kind=write.ref.kind.value, field=name)
    return step("PATCH /tasks", {"id": int(number), **body}, touches=f"tasks/{number}") if body else None


def _delete(write: Delete) -> Step:
    kind = write.ref.kind
    if kind is Kind.STAGE:
        pipeline, status = stage_numbers(write.ref.id)
        return step("DELETE /leads/pipelines/{pipeline}/statuses/{id}", pipeline=pipeline, id=status)
    if kind is Kind.PIPELINE:
        return step("DELETE /leads/pipelines/{id}", id=wire_id(write.ref.id))
    if kind is Kind.SOURCE:
        return step("DELETE /sources/{id}", id=wire_id(write.ref.id))
    if kind is Kind.FIELD and write.before.get("card_kind"):
        entity = ENTITIES[Kind(write.before["card_kind"])]
        return step(f"DELETE /{entity}/custom_fields/{{id}}", id=wire_id(write.ref.id))
    raise UsageError("amo_not_deletable", kind=kind.value)


def _named(kind: Kind, values: Values, names: Mapping[str, str]) -> dict[str, Any]:
    body = {}
    for name, value in values.items():
        if name not in names:
            raise UsageError("field_not_writable", kind=kind.value, field=name)
        body[names[name]] = int(value) if names[name] == "sort" else value
    return body


def _of(steps: Sequence[Step | None]) -> list[Step]:
    return [one for one in steps if one is not None]
