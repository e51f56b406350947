"""Custom fields of an account: which there are, and their values in both directions.

Rests on the vendor's page "Custom fields": what is read as `{value, enum_id, enum_code}` bounces when it is written
back whole, so values are kept in the shape that may be written; an unknown field spoils a whole request, so fields are
looked up first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24kit.connectors.amocrm.wirevalues import Row, mapping, text
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind
from b24kit.errors import UsageError

MARK = "B24KIT_ID"  # our own text field: which of our operations made a card
POINT_CODES = {"PHONE": PointKind.PHONE, "EMAIL": PointKind.EMAIL, "WEB": PointKind.WEB, "IM": PointKind.IM}
_CODES = {kind: code for code, kind in POINT_CODES.items()}
# The vendor's words for a number's or an address's use, and ours.
_USES = {"PHONE": {"MOB": "mobile"}, "EMAIL": {"PRIV": "home"}}
_KNOWN = {"PHONE": ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"), "EMAIL": ("WORK", "PRIV", "OTHER")}
_CHOICES = frozenset(("select", "multiselect", "radiobutton", "category"))

EXTRA = "cf"  # a value of the unnamed field 40 rides in `extra` as cf40


@dataclass(frozen=True, slots=True)
class CustomField:
    """One field of one entity."""

    id: int
    code: str
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The fields of one entity."""

    entity: str
    fields: Sequence[CustomField] = field(default_factory=tuple)

    def by_code(self, code: str) -> CustomField | None:
        return next((one for one in self.fields if one.code == code), None)

    def by_name(self, name: str) -> CustomField:
        """The field that a name of `extra` means; UsageError when the account has none."""
        number = name.removeprefix(EXTRA)
        found = next((one for one in self.fields if str(one.id) == number), None) or self.by_code(name)
        if found is None:
            raise UsageError("field_unknown", kind=self.entity, field=name)
        return found


def to_field(row: Row) -> CustomField:
    """A row of /{entity}/custom_fields."""
    return CustomField(int(row["id"]), text(row.get("code")), text(row.get("type")), text(row.get("name")))


def points_of(row: Row) -> tuple[Point, ...]:
    """Phones, e-mails, sites and messengers of a contact or company, in the portal's order."""
    found = []
    for code, values in _values(row):
        kind = POINT_CODES.get(text(code.get("field_code")))
        if kind is not None:
            found += [Point(kind, text(one.get("value")), _use(text(code["field_code"]), one)) for one in values]
    return tuple(found)


def mark_of(row: Row) -> str:
    """What stands in our own field; "" when nothing does."""
    for code, values in _values(row):
        if code.get("field_code") == MARK and values:
            return text(values[0].get("value"))
    return ""


def extra_of(row: Row) -> dict[str, Any]:
    """All other values under `cf<number>`, in the shape that may be written back."""
    named = {*POINT_CODES, MARK}
    return {
        f"{EXTRA}{code['field_id']}": [_writable(one, text(code.get("field_type"))) for one in values]
        for code, values in _values(row)
        if text(code.get("field_code")) not in named
    }


def wire_points(points: Sequence[Mapping[str, Any]], fields: FieldSet) -> list[dict[str, Any]]:
    """All points of a card: kinds that are not among them are emptied, where the account has a field for them."""
    told = []
    for kind in PointKind:
        mine = [point for point in points if point["kind"] == kind.value]
        found = fields.by_code(_CODES[kind])
        if found is None:
            if mine:
                raise UsageError("field_unknown", kind=fields.entity, field=_CODES[kind])
            continue
        values = [_wire_point(point, found) for point in mine]
        told.append({"field_id": found.id, "values": values or None})
    return told


def wire_extra(name: str, value: Any, fields: FieldSet) -> dict[str, Any]:
    """One unnamed field as it is written; null, "" and [] empty it. Plain values are taken as well as kept shapes."""
    found = fields.by_name(name)
    if value in (None, "", [], {}):
        return {"field_id": found.id, "values": None}
    listed = value if isinstance(value, list | tuple) else [value]
    return {
        "field_id": found.id,
        "values": [dict(one) if isinstance(one, Mapping) else {"value": one} for one in listed],
    }


def wire_mark(mark: str, fields: FieldSet) -> dict[str, Any] | None:
    """Our own mark; None where the account has no such field yet."""
    found = fields.by_code(MARK)
    return None if found is None else {"field_id": found.id, "values": [{"value": mark}] if mark else None}


def field_types(kind: Kind) -> frozenset[str]:
    """Types that a field of a card may have ("Custom fields": not every type on every entity)."""
    shared = frozenset(
        ("text", "numeric", "checkbox", "select", "multiselect", "date", "url", "textarea", "radiobutton", "date_time")
    )
    return shared | (frozenset(("tracking_data",)) if kind in (Kind.LEAD, Kind.DEAL) else frozenset())


def _values(row: Row) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    listed = row.get("custom_fields_values")
    found = []
    for item in listed if isinstance(listed, list) else []:
        values = mapping(item).get("values")
        found.append((mapping(item), [one for one in values or () if isinstance(one, Mapping)]))
    return found


def _use(code: str, value: Mapping[str, Any]) -> str:
    told = text(value.get("enum_code") or value.get("enum")).upper()  # older accounts spell the key `enum`
    return _USES.get(code, {}).get(told, told.lower()) or "work"


def _wire_point(point: Mapping[str, Any], found: CustomField) -> dict[str, Any]:
    if found.type != "multitext":
        return {"value": point["value"]}
    use = text(point.get("use") or "work").lower()
    words = {ours: theirs for theirs, ours in _USES.get(found.code, {}).items()}
    wanted = words.get(use, use.upper())
    known = _KNOWN.get(found.code)
    return {"value": point["value"], "enum_code": wanted if known is None or wanted in known else "OTHER"}


def _writable(value: Mapping[str, Any], kind: str) -> dict[str, Any]:
    if kind in _CHOICES and value.get("enum_id"):
        return {"enum_id": value["enum_id"]}
    if "catalog_element_id" in value:
        return {name: value[name] for name in ("catalog_id", "catalog_element_id") if name in value}
    if kind == "smart_address" and value.get("enum_id"):
        return {"value": value.get("value"), "enum_id": value["enum_id"]}
    return {"value": value.get("value")}
