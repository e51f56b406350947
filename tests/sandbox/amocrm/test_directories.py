"""Loss reasons, and sources that only their integration sees."""

from __future__ import annotations

from tests.sandbox.amocrm.wire import Wire


def test_loss_reasons_are_added_and_deleted_but_never_changed(wire: Wire) -> None:
    assert wire.call("GET", "/leads/loss_reasons") == (204, None)
    late, early = wire.add("leads/loss_reasons", {"name": "Дорого", "sort": 20}, {"name": "Дубль", "sort": 10})
    assert [row["name"] for row in wire.rows("/leads/loss_reasons")] == ["Дубль", "Дорого"]
    assert wire.row(f"/leads/loss_reasons/{late}")["sort"] == 20
    assert wire.call("PATCH", f"/leads/loss_reasons/{early}", {"name": "x"})[0] == 405
    assert wire.call("DELETE", f"/leads/loss_reasons/{early}") == (204, None)
    assert wire.call("GET", f"/leads/loss_reasons/{early}") == (204, None)


def test_a_source_leads_a_new_lead_to_its_pipeline(wire: Wire) -> None:
    new = {
        "name": "P",
        "sort": 2,
        "is_main": False,
        "is_unsorted_on": False,
        "_embedded": {"statuses": [{"name": "A", "sort": 1}]},
    }
    pipeline = wire.good("POST", "/leads/pipelines", [new])["_embedded"]["pipelines"][0]["id"]
    (source,) = wire.add("sources", {"name": "Сайт", "external_id": "site-1", "pipeline_id": pipeline})
    named = {"_embedded": {"source": {"external_id": "site-1", "type": "widget"}}}
    (lead,) = wire.add("leads", named)
    row = wire.row(f"/leads/{lead}", **{"with": "source,source_id"})
    assert (row["pipeline_id"], row["source_id"], row["_embedded"]["source"]["name"]) == (pipeline, source, "Сайт")


def test_sources_are_the_integrations_own_and_their_names_are_unique(wire: Wire) -> None:
    (source,) = wire.add("sources", {"name": "Сайт", "external_id": "site-1"})
    assert wire.wrongs("POST", "/sources", [{"name": "x", "external_id": "site-1"}]) == [
        ("0", "external_id", "SourceAlreadyExists")
    ]
    wire.box.control.settings(tokens=[{"user_id": 1}, {"user_id": 1, "integration": "other"}])
    other = Wire(wire.box, wire.box.tokens[1])
    assert other.call("GET", "/sources") == (204, None)
    assert other.call("DELETE", f"/sources/{source}")[0] == 404
    other.client.close()
    assert wire.good("PATCH", f"/sources/{source}", {"name": "Форма"})["name"] == "Форма"
    assert wire.call("DELETE", "/sources", [{"id": source}]) == (204, None)
    assert wire.call("GET", "/sources") == (204, None)
