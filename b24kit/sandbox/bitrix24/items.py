"""The universal methods crm.item.* for leads, deals, contacts and companies: camelCase, numbers, and checked values.

Unlike the classic family they answer with the whole row, refuse values that are not valid, take `leadId` and a deal's
`categoryId`, and save nothing when nothing changed (pages "crm.item.add", "crm.item.update").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import card_listing, cards, directory, fields, listing, multifields, values, wire
from b24kit.sandbox.bitrix24.arguments import listed
from b24kit.sandbox.bitrix24.fields import MULTIFIELD_TYPES, STAGE_COLUMNS
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row


def type_of(call: Call) -> int:
    """The kind of card that a call names; NOT_FOUND for one that this portal does not have."""
    type_id = whole(call.param("entityTypeId"))
    if type_id not in CARD_TABLES:
        raise Fault("NOT_FOUND", "Smart process not found")
    return type_id


def keeps_names(call: Call) -> bool:
    """Whether user fields travel under their original names (useOriginalUfNames=Y)."""
    return values.flag(call.param("useOriginalUfNames", default="N")) == "Y"


def invalid(name: str) -> Fault:
    """The vendor's refusal of a value."""
    return Fault("CRM_FIELD_ERROR_VALUE_NOT_VALID", f'Неверное значение поля "{name}"')


def to_classic(portal: FakePortal, type_id: int, sent: Mapping[str, Any], *, original_names: bool) -> Row:
    """camelCase fields under their classic names; what is not known is left out.

    Raises Fault 100 when a multiple field is no list.
    """
    known = fields.item_columns(type_id)
    row: Row = {}
    for name, value in sent.items():
        column = known.get(name)
        if column is not None:
            row[column.name] = _checked_list(value) if column.multiple else value
        elif name == "observers":
            row["OBSERVERS"] = _checked_list(value)
        elif name == "contactIds" and type_id == COMPANY:
            row["CONTACT_ID"] = _checked_list(value)
        elif name in MULTIFIELD_TYPES and type_id != DEAL:
            row[name] = value
    return row | _custom(portal, type_id, sent, original_names)


def _custom(portal: FakePortal, type_id: int, sent: Mapping[str, Any], original_names: bool) -> Row:
    row: Row = {}
    for described in fields.custom_fields(portal, type_id):
        stored = described["FIELD_NAME"]
        name = stored if original_names else fields.custom_camel(stored)
        if name in sent:
            row[stored] = _checked_list(sent[name]) if described.get("MULTIPLE") == "Y" else sent[name]
    return row


def _checked_list(value: Any) -> Any:
    if value in (None, ""):
        return []
    if not isinstance(value, (list, Mapping)):
        kind = {"str": "string", "int": "integer", "float": "double", "bool": "boolean"}[type(value).__name__]
        raise Fault(100, f"Expected iterable value for multiple field, but got {kind} instead")
    return value


def check(portal: FakePortal, type_id: int, row: Mapping[str, Any], category_id: int) -> None:
    """Refuse a stage that the pipeline does not have and a pipeline that the portal does not have."""
    if type_id == DEAL and category_id and portal.store["category"].get(category_id) is None:
        raise invalid("categoryId")
    stage = row.get(STAGE_COLUMNS.get(type_id, ""))
    if stage and directory.find(portal, directory.stage_directory(type_id, category_id), str(stage)) is None:
        raise invalid("stageId")


def check_required(type_id: int, row: Mapping[str, Any], fm: Any = None) -> None:
    """Refuse a company without a title and a contact without any name or address."""
    if type_id == COMPANY and not str(row.get("TITLE") or "").strip():
        raise Fault("CRM_FIELD_ERROR_REQUIRED", 'Поле "Название" обязательно для заполнения')
    named = ("NAME", "LAST_NAME", "SECOND_NAME", *MULTIFIELD_TYPES)
    if type_id == CONTACT and not fm and not any(row.get(name) for name in named):
        raise Fault("CRM_FIELD_ERROR_REQUIRED", 'Поле "Имя" обязательно для заполнения')


def origin(type_id: int, sent: Mapping[str, Any]) -> Row:
    """LEAD_ID, read-only in the classic methods, as the universal ones write it."""
    if type_id == LEAD or "leadId" not in sent:
        return {}
    return {"LEAD_ID": whole(sent["leadId"]) or None}


def _sent(call: Call) -> Mapping[str, Any]:
    sent = call.param("fields", default={})
    return sent if isinstance(sent, Mapping) else {}


def _existing(call: Call, type_id: int) -> int:
    card_id = whole(call.param("id"))
    if call.portal.store[CARD_TABLES[type_id]].get(card_id) is None:
        raise Fault("NOT_FOUND", "Element not found")
    return card_id


def _item(call: Call, type_id: int, card_id: int) -> Answer:
    rows = wire.item_rows(call.portal, type_id, [card_id], ["*"], original_names=keeps_names(call))
    return Answer({"item": rows[0]})


@method("crm.item.list")
def item_list(call: Call) -> Answer:
    """A page of items; `start` is a real offset here, an unknown field in filter or order is refused."""
    type_id, original = type_of(call), keeps_names(call)
    found = listing.read_page(
        card_listing.items(call.portal, type_id, original_names=original),
        call.param("filter", default={}),
        call.param("order", default={}),
        call.param("start", default=0),
    )
    select = [name for name in listed(call.param("select")) if name]
    rows = wire.item_rows(call.portal, type_id, found.ids, select, original_names=original)
    return Answer({"items": rows}, total=found.total, next=found.next, counted=found.counted)


@method("crm.item.get")
def item_get(call: Call) -> Answer:
    """One whole item with `fm`."""
    type_id = type_of(call)
    return _item(call, type_id, _existing(call, type_id))


@method("crm.item.fields")
def item_fields(call: Call) -> Answer:
    """Descriptions of the fields of a kind of card."""
    return Answer({"fields": fields.describe_items(call.portal, type_of(call), keeps_names(call))})


@method("crm.item.add")
def item_add(call: Call) -> Answer:
    """A new item; robots act, the whole row comes back."""
    type_id, sent = type_of(call), _sent(call)
    row = to_classic(call.portal, type_id, sent, original_names=keeps_names(call))
    check(call.portal, type_id, row, whole(row.get("CATEGORY_ID")))
    check_required(type_id, row, sent.get("fm"))
    card_id = cards.create(call.portal, type_id, row, call.user_id, system=origin(type_id, sent), fm=sent.get("fm"))
    return _item(call, type_id, card_id)


@method("crm.item.update")
def item_update(call: Call) -> Answer:
    """Change an item; nothing is saved and no robot acts when nothing changed."""
    type_id, sent = type_of(call), _sent(call)
    card_id = _existing(call, type_id)
    stored = call.portal.store[CARD_TABLES[type_id]].rows[card_id]
    row = to_classic(call.portal, type_id, sent, original_names=keeps_names(call))
    if type_id == DEAL:
        _follow_pipeline(call.portal, stored, row)
    check(call.portal, type_id, row, whole(row.get("CATEGORY_ID", stored.get("CATEGORY_ID"))))
    if type_id == COMPANY and "TITLE" in row:
        check_required(type_id, row)
    wanted = cards.accept(call.portal, type_id, row) | origin(type_id, sent)
    changes = {name: value for name, value in wanted.items() if (stored.get(name) or None) != (value or None)}
    if type_id == COMPANY and "CONTACT_ID" in row:
        cards.update(call.portal, type_id, card_id, {"CONTACT_ID": row["CONTACT_ID"]}, call.user_id)
    if changes:
        cards.write(call.portal, type_id, card_id, changes, call.user_id)
    if type_id != DEAL and multifields.write_items(call.portal, type_id, card_id, sent.get("fm")):
        cards.keep_presence(call.portal, type_id, card_id)
        if not changes:
            cards.write(call.portal, type_id, card_id, {}, call.user_id)
    return _item(call, type_id, card_id)


@method("crm.item.delete")
def item_delete(call: Call) -> Answer:
    """Answers an empty list."""
    type_id = type_of(call)
    cards.delete(call.portal, type_id, _existing(call, type_id))
    return Answer([])


def _follow_pipeline(portal: FakePortal, stored: Mapping[str, Any], row: Row) -> None:
    """A deal that changes its pipeline without naming a stage comes to stand in the first one."""
    if "CATEGORY_ID" not in row:
        return
    target = whole(row["CATEGORY_ID"])
    row["CATEGORY_ID"] = target
    if target != (stored.get("CATEGORY_ID") or 0) and not row.get("STAGE_ID"):
        row["STAGE_ID"] = directory.first_code(portal, directory.deal_stages(target))
