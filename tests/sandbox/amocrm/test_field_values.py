"""Values of custom fields: written in several forms, read in one, refused by path and code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import Wire, address


@pytest.fixture
def fields(wire: Wire) -> dict[str, int]:
    """Ids of one field of each sort."""
    enums = [{"value": "Сайт", "code": "site"}, {"value": "Почта"}]
    made = [
        {"name": "text", "type": "text"}, {"name": "flag", "type": "checkbox"}, {"name": "date", "type": "date"},
        {"name": "select", "type": "select", "enums": enums}, {"name": "many", "type": "multiselect", "enums": enums},
        {"name": "number", "type": "numeric"},
    ]  # fmt: skip
    rows = wire.good("POST", "/leads/custom_fields", made)["_embedded"]["custom_fields"]
    return {row["name"]: row["id"] for row in rows}


def written(wire: Wire, field_id: int, *values: Any) -> Any:
    """What is read after these values were written."""
    (lead,) = wire.add("leads", {"custom_fields_values": [{"field_id": field_id, "values": list(values)}]})
    (field,) = wire.row(f"/leads/{lead}")["custom_fields_values"]
    return field["values"]


def test_plain_values_keep_their_types(wire: Wire, fields: dict[str, int]) -> None:
    assert written(wire, fields["text"], {"value": "x"}) == [{"value": "x"}]
    assert written(wire, fields["text"], {"value": 5}) == [{"value": "5"}]
    assert written(wire, fields["flag"], {"value": True}) == [{"value": True}]
    assert written(wire, fields["number"], {"value": "12.5"}) == [{"value": "12.5"}]
    assert written(wire, fields["date"], {"value": 1_700_000_000}) == [{"value": 1_700_000_000}]
    assert written(wire, fields["date"], {"value": "2023-11-14T22:13:20+00:00"}) == [{"value": 1_700_000_000}]


def test_a_choice_is_written_by_id_code_or_value_and_read_with_all_three(wire: Wire, fields: dict[str, int]) -> None:
    site, mail = wire.row(f"/leads/custom_fields/{fields['select']}")["enums"]
    full = [{"value": "Сайт", "enum_id": site["id"], "enum_code": "site"}]
    for value in ({"enum_id": site["id"]}, {"enum_code": "site"}, {"value": "Сайт"}):
        assert written(wire, fields["select"], value) == full
    many = wire.row(f"/leads/custom_fields/{fields['many']}")["enums"]
    assert len(written(wire, fields["many"], *({"enum_id": one["id"]} for one in many))) == 2
    assert mail["code"] is None


def test_phones_and_mails_are_read_with_the_field_and_the_kind(wire: Wire) -> None:
    (contact,) = wire.add("contacts", {"custom_fields_values": [address("EMAIL", "a@b.example", "PRIV")]})
    (field,) = wire.row(f"/contacts/{contact}")["custom_fields_values"]
    assert (field["field_code"], field["field_type"], field["field_name"]) == ("EMAIL", "multitext", "Email")
    assert [(one["value"], one["enum_code"]) for one in field["values"]] == [("a@b.example", "PRIV")]


def test_a_change_replaces_listed_fields_clears_by_null_and_leaves_others(wire: Wire) -> None:
    both = [address("EMAIL", "a@b.example"), address("PHONE", "+79123456789")]
    (contact,) = wire.add("contacts", {"custom_fields_values": both})
    wire.good("PATCH", f"/contacts/{contact}", {"custom_fields_values": [address("EMAIL", "c@d.example")]})
    fields = wire.row(f"/contacts/{contact}")["custom_fields_values"]
    assert {one["field_code"]: one["values"][0]["value"] for one in fields} == {
        "EMAIL": "c@d.example", "PHONE": "+79123456789",
    }  # fmt: skip
    for code in ("EMAIL", "PHONE"):
        wire.good("PATCH", f"/contacts/{contact}", {"custom_fields_values": [{"field_code": code, "values": None}]})
    assert wire.row(f"/contacts/{contact}")["custom_fields_values"] is None


@pytest.mark.parametrize(
    ("name", "value", "path", "code"),
    [
        ("text", {"value": {}}, "value", "InvalidType"),
        ("text", {"value": "x", "enum_id": 1}, "enum_id", "FieldNotExpected"),
        ("text", {"value": "x", "enum_code": "WORK"}, "enum_code", "FieldNotExpected"),
        ("flag", {"value": "yes"}, "value", "InvalidType"),
        ("date", {"value": "tomorrow"}, "value", "InvalidType"),
        ("select", {"enum_id": 99999}, "enum_id", "NotSupportedChoice"),
        ("select", {"value": "Telegram"}, "value", "NotSupportedChoice"),
        ("select", {"value": "Сайт", "enum_code": None}, "enum_code", "FieldNotExpected"),
    ],
    ids=lambda value: str(value),
)
def test_what_a_value_is_refused_for(
    wire: Wire, fields: dict[str, int], name: str, value: dict[str, Any], path: str, code: str
) -> None:
    lead = {"custom_fields_values": [{"field_id": fields[name], "values": [value]}]}
    assert wire.wrongs("POST", "/leads", [lead]) == [("0", f"custom_fields_values.0.values.0.{path}", code)]


def test_an_unknown_field_poisons_the_whole_request(wire: Wire, fields: dict[str, int]) -> None:
    lead = {"custom_fields_values": [{"field_id": 99999, "values": [{"value": "x"}]}]}
    assert wire.wrongs("POST", "/leads", [{"name": "good"}, lead]) == [
        ("1", "custom_fields_values.0.field_id", "NotSupportedChoice")
    ]
    by_code = {"custom_fields_values": [{"field_code": "EMAIL", "values": [{"value": "a@b.example"}]}]}
    assert wire.wrongs("POST", "/leads", [by_code]) == [
        ("0", "custom_fields_values.0.field_code", "NotSupportedChoice")
    ]
