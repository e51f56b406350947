"""Values of a card, as writes carry them, into the vendor's fields: UPPER_CASE for the classic methods, camelCase for
the universal ones. Pure; which call takes them is for `calls` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from b24kit.connectors.bitrix24.fieldnames import MULTIFIELDS, RESTLESS, STAMPED, is_writable
from b24kit.connectors.bitrix24.wirevalues import filled, text, wire_id
from b24kit.crm.points import PointKind
from b24kit.crm.records import Values
from b24kit.crm.refs import Kind
from b24kit.errors import UsageError

Fields = dict[str, Any]

# Stamped by the portal when a card is made; a restore leaves them to it (imported dates must ascend).
STAMPS = frozenset({"created", "created_by", "changed", "changed_by", "moved", "last_activity", "outcome", "repeat"})
_TEXT = {"title": "TITLE", "comment": "COMMENTS", "company_title": "COMPANY_TITLE", "currency": "CURRENCY_ID"}
_CODE = {"source": "SOURCE_ID"}
_LINK = {"owner": "ASSIGNED_BY_ID", "contact": "CONTACT_ID", "company": "COMPANY_ID", "lead": "LEAD_ID"}
_BY_HAND = "IS_MANUAL_OPPORTUNITY"
_STAGE = {Kind.LEAD: "STATUS_ID", Kind.DEAL: "STAGE_ID"}
_NAME_PARTS = {"first": "NAME", "last": "LAST_NAME", "middle": "SECOND_NAME"}
_FIELD_OF_POINT = {
    PointKind.PHONE: "PHONE",
    PointKind.EMAIL: "EMAIL",
    PointKind.WEB: "WEB",
    PointKind.IM: "IM",
}
_ALLOWED = {
    Kind.LEAD: {
        *("title", "owner", "comment", "source", "company_title", "contact", "company", "name", "stage"),
        *("contacts", "observers"),
    },
    Kind.CONTACT: {"owner", "comment", "source", "company", "companies", "lead", "name"},
    Kind.COMPANY: {"title", "owner", "comment", "lead"},
    Kind.DEAL: {
        *("title", "owner", "comment", "contact", "company", "lead", "contacts", "observers"),
        *("stage", "pipeline", "amount", "currency"),
    },
}


def new_card(kind: Kind, values: Values) -> Fields:
    """The classic fields of a card to be made. Stamps of an old record are left out, unknown names are a UsageError."""
    fields: Fields = {}
    for name, value in values.items():
        if name in STAMPS or (kind is Kind.CONTACT and name == "title") or value in (None, ""):
            continue
        if name == "origin":
            fields |= {"ORIGINATOR_ID": value["system"], "ORIGIN_ID": value["id"]}
        elif name == "points":
            fields |= _new_points(kind, value)
        elif name == "extra":
            fields |= _new_extra(kind, value)
        else:
            fields |= _plain(kind, name, value)
    fields |= _told_switches(values)
    return _one_company({name: value for name, value in fields.items() if value != ""}, values)


def changed_card(kind: Kind, values: Values, before: Values) -> Fields:
    """The classic fields that turn `before` into `values`, naming only what has to be sent."""
    fields: Fields = {}
    for name, value in values.items():
        if name == "points":
            fields |= changed_points(value or (), before.get("points") or ())
        elif name == "extra":
            fields |= _changed_extra(kind, value or {})
        elif name in STAMPS or name == "origin":
            # A foreign ORIGIN_ID is never overwritten, and the rest is the portal's own to set.
            raise UsageError("field_not_writable", kind=kind.value, field=name)
        else:
            fields |= _plain(kind, name, value)
    return _one_company(fields | _told_switches(values), values)


def changed_points(wanted: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> Fields:
    """Multifields as a difference: new ones without an ID, changed and removed ones with it.

    The vendor has no "replace all", and a value sent again without its ID is stored a second time (crm.contact.update).
    """
    left = list(before)
    added: list[Mapping[str, Any]] = []
    found: dict[str, list[Fields]] = {}
    for point in wanted:
        known = _take(left, partial(_same_row, point))
        if known is None:
            added.append(point)
        elif _told(known) != _told(point):
            found.setdefault(_field(point), []).append({"ID": wire_id(known["id"]), **_told(point)})
    for point in added:
        if _take(left, partial(_same_value, point)) is None:
            found.setdefault(_field(point), []).append(_told(point))
    for point in left:
        found.setdefault(_field(point), []).append({"ID": wire_id(point["id"]), "DELETE": "Y"})
    return dict(found)


def item_fields(fields: Fields, *, imported: bool) -> Fields:
    """Classic fields in the spelling of crm.item.* (to be sent with useOriginalUfNames=Y).

    crm.item.import documents PHONE, EMAIL and the like as upper-case lists; crm.item.add takes one list `fm`.
    """
    spelled: Fields = {}
    for name, value in fields.items():
        if name in MULTIFIELDS and not imported:
            spelled.setdefault("fm", []).extend(_fm(name, value))
        elif name in MULTIFIELDS or name.startswith("UF_"):
            spelled[name] = value
        elif not name.startswith(("ADDRESS", "REG_ADDRESS")):  # the universal methods know no address columns
            spelled[item_name(name)] = value
    return spelled


def changed_item_fields(fields: Fields) -> Fields:
    """A change of a card in the spelling of crm.item.update: `fm` is a map there, by id, and `n0`, `n1` for new ones.

    A value is removed by emptying it; without `typeId` nothing would happen and the answer would be a success.
    """
    points = {name: rows for name, rows in fields.items() if name in MULTIFIELDS}
    plain = {name: value for name, value in fields.items() if name not in points}
    changed = [(name, row) for name, rows in points.items() for row in rows]
    fm = {str(row.get("ID", f"n{place}")): _changed_fm(name, row) for place, (name, row) in enumerate(changed)}
    return item_fields(plain, imported=False) | ({"fm": fm} if fm else {})


def item_name(name: str) -> str:
    """A field's name in the universal methods.

    >>> item_name("ASSIGNED_BY_ID"), item_name("STATUS_ID"), item_name("PARENT_ID_156")
    ('assignedById', 'stageId', 'parentId156')
    """
    irregular = {"STATUS_ID": "stageId", "COMPANY_TYPE": "typeId"}
    if name in irregular:
        return irregular[name]
    first, *rest = name.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def _plain(kind: Kind, name: str, value: Any) -> Fields:
    if name not in _ALLOWED[kind]:
        raise UsageError("field_unknown", kind=kind.value, field=name)
    if name == "owner" and not value:
        raise UsageError("owner_required", kind=kind.value)
    if name in _LINK:
        return {_LINK[name]: wire_id(value)}
    if name == "stage":
        return {_STAGE[kind]: value}
    if name == "pipeline":
        return {"CATEGORY_ID": wire_id(value)}
    if name == "name":
        return {field: text((value or {}).get(part)) for part, field in _NAME_PARTS.items()}
    if name == "amount":
        # Without the switch the portal computes the amount from product rows again.
        return {"OPPORTUNITY": text(value), _BY_HAND: "Y"}
    if name in ("contacts", "observers"):
        return {"CONTACT_IDS" if name == "contacts" else "OBSERVERS": [wire_id(one) for one in value or ()]}
    if name == "companies":
        return {"COMPANY_IDS": [wire_id(company) for company in value or ()]}
    return {(_TEXT | _CODE)[name]: text(value)}


def _told_switches(values: Values) -> Fields:
    """The amount's own switch, where somebody names it, beats the one that goes with an amount."""
    told = (values.get("extra") or {}).get(_BY_HAND)
    return {_BY_HAND: told} if told else {}


def _one_company(fields: Fields, values: Values) -> Fields:
    """A contact's one company goes by COMPANY_ID, several by COMPANY_IDS, never both: the last one named would win."""
    many = fields.pop("COMPANY_IDS", None)
    if many is None:
        return fields
    if len(many) > 1:
        first = wire_id(values.get("company")) or many[0]
        fields.pop("COMPANY_ID", None)
        return fields | {"COMPANY_IDS": sorted(many, key=lambda company: company != first)}
    return fields | {"COMPANY_ID": many[0] if many else 0}


def _new_points(kind: Kind, points: Sequence[Mapping[str, Any]]) -> Fields:
    if points and kind is Kind.DEAL:
        raise UsageError("field_unknown", kind=kind.value, field="points")
    found: Fields = {}
    for point in points:
        found.setdefault(_field(point), []).append(_told(point))
    return found


def _new_extra(kind: Kind, extra: Mapping[str, Any]) -> Fields:
    fields: Fields = {}
    for name, value in extra.items():
        if name in STAMPED[kind] or name in RESTLESS or _is_file(value) or not filled(value):
            continue
        _writable(kind, name)
        fields[name] = [_without_id(row) for row in value] if name in MULTIFIELDS else value
    return fields


def _changed_extra(kind: Kind, extra: Mapping[str, Any]) -> Fields:
    for name in extra:
        _writable(kind, name)
    return {name: "" if value is None or value == [] else value for name, value in extra.items()}


def _writable(kind: Kind, name: str) -> None:
    # Classic methods ignore a field they do not know, and the answer is a success all the same.
    if not is_writable(kind, name):
        raise UsageError("field_not_writable", kind=kind.value, field=name)


def _is_file(value: Any) -> bool:
    """A stored file is described by its addresses; nothing that could be sent back."""
    rows = value if isinstance(value, list) else [value]
    return any(isinstance(row, Mapping) and ("downloadUrl" in row or "showUrl" in row) for row in rows)


def _without_id(row: Mapping[str, Any]) -> Fields:
    return {name: row[name] for name in ("VALUE", "VALUE_TYPE") if name in row}


def _field(point: Mapping[str, Any]) -> str:
    return _FIELD_OF_POINT[PointKind(point["kind"])]


def _told(point: Mapping[str, Any]) -> Fields:
    return {"VALUE": text(point.get("value")), "VALUE_TYPE": text(point.get("use") or "work").upper()}


def _same_row(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    return bool(new.get("id")) and old.get("id") == new["id"] and _field(old) == _field(new)


def _same_value(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    return _told(old) == _told(new) and _field(old) == _field(new)


def _take(left: list[Mapping[str, Any]], fits: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any] | None:
    for place, point in enumerate(left):
        if fits(point):
            return left.pop(place)
    return None


def _changed_fm(name: str, row: Fields) -> Fields:
    if row.get("DELETE") == "Y":
        return {"typeId": name, "value": ""}
    return {"typeId": name, "valueType": row["VALUE_TYPE"], "value": row["VALUE"]}


def _fm(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Fields]:
    for row in rows:
        yield {"typeId": name, "valueType": row.get("VALUE_TYPE", "WORK"), "value": row["VALUE"]}
