"""Values of custom fields on cards: what may be written in which form, what is kept, and how it is read back.

Rests on the vendor's page "Fields and field groups". A card keeps {field id: [value, ...]}; enum values keep the
enum's id only, so that renaming an enum shows on all cards. What is read is not what may be written: `enum_code` of a
field without codes, sent back, is refused with FieldNotExpected.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from b24kit.sandbox.amocrm.problems import Wrong, no_choice, not_expected, wrong_type
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.store import Row

CHOICES = {"select", "multiselect", "radiobutton", "category"}
SINGLE = {"select", "radiobutton", "checkbox", "date", "date_time", "birthday", "numeric", "text", "textarea"}
MOMENTS = {"date", "date_time", "birthday"}
TEXTS = {"text", "textarea", "url", "streetaddress", "tracking_data", "org_legal_name", "numeric", "monetary", "price"}
Stored = dict[str, list[dict[str, Any]]]


def taken(portal: FakePortal, entity: str, given: Any) -> tuple[dict[str, list[dict[str, Any]] | None], list[Wrong]]:
    """`custom_fields_values` of a write as values to keep by field id (None clears), and everything wrong in it."""
    kept: dict[str, list[dict[str, Any]] | None] = {}
    wrongs: list[Wrong] = []
    if given is None:
        return kept, wrongs
    if not isinstance(given, list):
        return kept, [wrong_type("custom_fields_values", "array")]
    for place, item in enumerate(given):
        path = f"custom_fields_values.{place}"
        field_id = _field(portal, entity, item)
        if field_id is None:
            key = "field_code" if isinstance(item, Mapping) and item.get("field_id") is None else "field_id"
            wrongs.append(no_choice(f"{path}.{key}"))
            continue
        values, found = _values(portal.store["custom_field"].rows[field_id], item.get("values"), f"{path}.values")
        wrongs += found
        kept[str(field_id)] = values or None
    return kept, wrongs


def shown(portal: FakePortal, stored: Stored | None) -> list[dict[str, Any]] | None:
    """Kept values as the vendor shows them; None when there are none."""
    fields = portal.store["custom_field"]
    told = []
    for key, values in (stored or {}).items():
        field = fields.get(int(key))
        if field is None or not values:
            continue
        head = {"field_id": int(key), "field_name": field["name"], "field_code": field.get("code")}
        told.append({**head, "field_type": field["type"], "values": [_shown(field, value) for value in values]})
    return told or None


def texts(portal: FakePortal, stored: Stored | None) -> list[str]:
    """Everything that a search looks at in a card's fields."""
    fields = shown(portal, stored) or []
    return [str(value["value"]) for field in fields for value in field["values"] if value.get("value") is not None]


def _field(portal: FakePortal, entity: str, item: Any) -> int | None:
    fields = portal.store["custom_field"]
    if not isinstance(item, Mapping):
        return None
    field_id, code = item.get("field_id"), item.get("field_code")
    if field_id is not None:
        row = fields.get(field_id) if isinstance(field_id, int) else None
        return field_id if row is not None and row["entity"] == entity else None
    if code is None:
        return None
    return next((i for i in fields.find("entity", entity) if fields.rows[i].get("code") == code), None)


def _values(field: Row, given: Any, path: str) -> tuple[list[dict[str, Any]], list[Wrong]]:
    if given is None:
        return [], []
    if not isinstance(given, list):
        return [], [wrong_type(path, "array")]
    if len(given) > 1 and field["type"] in SINGLE:
        return [], [not_expected(f"{path}.1")]
    kept: list[dict[str, Any]] = []
    wrongs: list[Wrong] = []
    for place, value in enumerate(given):
        try:
            kept.append(_one(field, value, f"{path}.{place}"))
        except Wrong as wrong:
            wrongs.append(wrong)
    return kept, wrongs


def _one(field: Row, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong_type(path, "array")
    kind = field["type"]
    if kind in CHOICES or kind in ("multitext", "smart_address"):
        for key in value:
            # A null that was read with the value is as unexpected as an unknown key.
            if key not in ("value", "enum_id", "enum_code") or (key == "enum_code" and value[key] is None):
                raise not_expected(f"{path}.{key}")
        return _choice(field, value, path)
    expected = ("catalog_id", "catalog_element_id") if kind == "chained_list" else ("value",)
    for key in value:
        if key not in expected:
            raise not_expected(f"{path}.{key}")
    if kind == "chained_list":
        return dict(value)
    return {"value": _plain(kind, value.get("value"), f"{path}.value")}


def _choice(field: Row, value: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A value with an enum: of a choice the enum is all there is, of a phone or e-mail only its kind."""
    kind, enums = field["type"], field.get("enums") or []
    named = [key for key in ("enum_id", "enum_code") if value.get(key) is not None]
    if kind in CHOICES and not named:
        named = ["value"]
    columns = {"enum_id": "id", "enum_code": "code", "value": "value"}
    found = next((enum for enum in enums if all(enum.get(columns[key]) == value.get(key) for key in named)), None)
    if found is None:
        raise no_choice(f"{path}.{named[0]}" if named else path)
    if kind in CHOICES:
        return {"enum_id": found["id"]}
    if not isinstance(value.get("value"), str | int):
        raise wrong_type(f"{path}.value", "string")
    return {"value": str(value["value"]), "enum_id": found["id"]}


def _plain(kind: str, value: Any, path: str) -> Any:
    if kind == "checkbox":
        if not isinstance(value, bool):
            raise wrong_type(path, "bool")
        return value
    if kind in MOMENTS:
        return _moment(value, path)
    if kind in TEXTS:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise wrong_type(path, "string")
        return str(value)
    return value


def _moment(value: Any, path: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value.lstrip("-").isdecimal():
            return int(value)
        try:
            return int(datetime.fromisoformat(value).timestamp())
        except ValueError:
            pass
    raise wrong_type(path, "int")


def _shown(field: Row, value: dict[str, Any]) -> dict[str, Any]:
    if "enum_id" not in value:
        return value
    enum = next((one for one in field.get("enums") or [] if one["id"] == value["enum_id"]), None)
    text = value.get("value") if field["type"] in ("multitext", "smart_address") else (enum or {}).get("value")
    return {"value": text, "enum_id": value["enum_id"], "enum_code": (enum or {}).get("code")}
