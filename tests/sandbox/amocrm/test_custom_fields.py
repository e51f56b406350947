"""Definitions of fields: enums that live and die by their ids, statuses that want a field, groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import FIRST, Wire

FIELDS = "/leads/custom_fields"
SELECT: dict[str, Any] = {
    "name": "Источник",
    "type": "select",
    "enums": [{"value": "Сайт", "sort": 1}, {"value": "Почта"}],
}


def make(wire: Wire, item: dict[str, Any]) -> Any:
    status, answer = wire.call("POST", FIELDS, [item])
    assert status == 201, answer
    return answer["_embedded"]["custom_fields"][0]


def test_a_dictionary_tells_totals_and_pages(wire: Wire) -> None:
    answer = wire.good("GET", "/contacts/custom_fields", limit=2)
    assert (answer["_total_items"], answer["_page"], answer["_page_count"]) == (3, 1, 2)
    assert {"next", "last"} <= answer["_links"].keys()
    assert [row["code"] for row in answer["_embedded"]["custom_fields"]] == ["PHONE", "EMAIL"]
    assert wire.row("/contacts/custom_fields", **{"filter[type][0]": "text"})["_total_items"] == 1


def test_enums_not_sent_again_die_with_their_values_on_cards(wire: Wire) -> None:
    field = make(wire, SELECT)
    site, mail = field["enums"]
    chosen = [{"field_id": field["id"], "values": [{"enum_id": one["id"]}]} for one in (site, mail)]
    leads = wire.add("leads", *({"custom_fields_values": [value]} for value in chosen))
    kept = [{"id": site["id"], "value": "Форма на сайте"}, {"value": "Звонок"}]
    changed = wire.good("PATCH", f"{FIELDS}/{field['id']}", {"enums": kept})
    assert [one["value"] for one in changed["enums"]] == ["Форма на сайте", "Звонок"]
    assert changed["enums"][0]["id"] == site["id"] and changed["enums"][1]["id"] not in (site["id"], mail["id"])
    first, second = (wire.row(f"/leads/{lead}")["custom_fields_values"] for lead in leads)
    assert first[0]["values"][0]["value"] == "Форма на сайте"
    assert second is None


def test_a_deleted_field_takes_its_values_along(wire: Wire) -> None:
    field = make(wire, {"name": "t", "type": "text"})
    (lead,) = wire.add("leads", {"custom_fields_values": [{"field_id": field["id"], "values": [{"value": "x"}]}]})
    assert wire.call("DELETE", f"{FIELDS}/{field['id']}") == (204, None)
    assert wire.row(f"/leads/{lead}")["custom_fields_values"] is None
    assert wire.call("GET", f"{FIELDS}/{field['id']}")[0] == 404
    phone = wire.rows("/contacts/custom_fields")[0]["id"]
    assert wire.wrongs("DELETE", f"/contacts/custom_fields/{phone}", None) == [("0", "id", "NotSupportedChoice")]


def test_a_field_may_be_required_by_statuses_which_the_api_does_not_enforce(wire: Wire) -> None:
    wanted = [{"pipeline_id": 1, "status_id": FIRST + 1}]
    field = make(wire, SELECT | {"required_statuses": wanted})
    assert wire.row(f"{FIELDS}/{field['id']}")["required_statuses"] == wanted
    (lead,) = wire.add("leads", {})
    wire.good("PATCH", f"/leads/{lead}", {"status_id": FIRST + 1})
    wire.good("DELETE", f"/leads/pipelines/1/statuses/{FIRST + 1}")
    assert wire.row(f"{FIELDS}/{field['id']}")["required_statuses"] == []


@pytest.mark.parametrize(
    ("item", "path", "code"),
    [
        ({"name": "x"}, "type", "FieldMissing"),
        ({"name": "x", "type": "colour"}, "type", "NotSupportedChoice"),
        ({"name": "x", "type": "select"}, "enums", "FieldMissing"),
        ({"name": "x", "type": "monetary"}, "currency", "FieldMissing"),
        ({"name": "x", "type": "text", "code": "UTM_SOURCE"}, "code", "NotSupportedChoice"),
        (
            {"name": "x", "type": "text", "required_statuses": [{"pipeline_id": 1, "status_id": 5}]},
            "required_statuses.0.status_id", "NotSupportedChoice",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_a_field_is_refused_for(wire: Wire, item: dict[str, Any], path: str, code: str) -> None:
    assert wire.wrongs("POST", FIELDS, [item]) == [("0", path, code)]


def test_groups_have_texts_for_ids_and_gather_fields(wire: Wire) -> None:
    field = make(wire, {"name": "t", "type": "text"})
    assert [row["id"] for row in wire.rows(f"{FIELDS}/groups")] == ["default", "statistic"]
    status, answer = wire.call("POST", f"{FIELDS}/groups", [{"name": "Доставка", "sort": 3}])
    group = answer["_embedded"]["custom_field_groups"][0]
    assert status == 201 and isinstance(group["id"], str)
    assert wire.good("PATCH", f"{FIELDS}/groups/{group['id']}", {"fields": [field["id"]]})["fields"] == [field["id"]]
    assert wire.row(f"{FIELDS}/{field['id']}")["group_id"] == group["id"]
    assert wire.call("DELETE", f"{FIELDS}/groups/{group['id']}") == (204, None)
    assert wire.row(f"{FIELDS}/{field['id']}")["group_id"] is None
    assert wire.call("DELETE", f"{FIELDS}/groups/default")[0] == 403
    assert wire.call("GET", f"{FIELDS}/groups/nope")[0] == 404
