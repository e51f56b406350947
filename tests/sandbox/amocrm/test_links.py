"""Links between cards, of one and of many, the main contact, the one company."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.amocrm.wire import Wire

Cards = dict[str, list[int]]


@pytest.fixture
def cards(wire: Wire) -> Cards:
    return {entity: wire.add(entity, {"name": "a"}, {"name": "b"}) for entity in ("leads", "contacts", "companies")}


def to(entity: str, row_id: int, **metadata: Any) -> dict[str, Any]:
    return {"to_entity_id": row_id, "to_entity_type": entity} | ({"metadata": metadata} if metadata else {})


def contacts_of(wire: Wire, lead: int) -> list[tuple[int, bool]]:
    rows = wire.rows(f"/leads/{lead}/links", **{"filter[to_entity_type]": "contacts"})
    return [(row["to_entity_id"], row["metadata"]["main_contact"]) for row in rows]


def test_the_first_contact_is_main_until_another_is_made_so(wire: Wire, cards: Cards) -> None:
    lead, (one, other) = cards["leads"][0], cards["contacts"]
    (made,) = wire.good("POST", f"/leads/{lead}/link", [to("contacts", one)])["_embedded"]["links"]
    assert made == {
        "entity_id": lead, "entity_type": "leads", "to_entity_id": one, "to_entity_type": "contacts",
        "metadata": {"main_contact": True},
    }  # fmt: skip
    wire.good("POST", f"/leads/{lead}/link", [to("contacts", other)])
    assert contacts_of(wire, lead) == [(one, True), (other, False)]
    wire.good("POST", f"/leads/{lead}/link", [to("contacts", other, is_main=True)])
    assert contacts_of(wire, lead) == [(one, False), (other, True)]
    assert wire.call("POST", f"/leads/{lead}/unlink", [to("contacts", other)]) == (204, None)
    assert contacts_of(wire, lead) == [(one, True)]


def test_a_second_company_takes_the_place_of_the_first(wire: Wire, cards: Cards) -> None:
    contact, (one, other) = cards["contacts"][0], cards["companies"]
    wire.good("POST", "/contacts/link", [{"entity_id": contact, **to("companies", one)}])
    wire.good("POST", "/contacts/link", [{"entity_id": contact, **to("companies", other)}])
    assert [row["to_entity_id"] for row in wire.rows(f"/contacts/{contact}/links")] == [other]


def test_links_of_many_cards_name_their_owner_and_want_ids(wire: Wire, cards: Cards) -> None:
    for lead, contact in zip(cards["leads"], cards["contacts"], strict=True):
        wire.good("POST", f"/contacts/{contact}/link", [to("leads", lead)])
    rows = wire.rows("/leads/links", **{"filter[entity_id][]": cards["leads"]})
    assert [(row["entity_id"], row["entity_type"], row["to_entity_id"]) for row in rows] == [
        (lead, "leads", contact) for lead, contact in zip(cards["leads"], cards["contacts"], strict=True)
    ]
    assert wire.call("GET", "/leads/links")[0] == 400
    assert wire.call("GET", f"/companies/{cards['companies'][0]}/links") == (204, None)


def test_untying_what_is_not_tied_is_no_error(wire: Wire, cards: Cards) -> None:
    item = {"entity_id": cards["leads"][0], **to("contacts", cards["contacts"][0])}
    assert wire.call("POST", "/leads/unlink", [item]) == (204, None)


def test_a_link_to_nobody_is_refused_and_nothing_is_tied(wire: Wire, cards: Cards) -> None:
    lead = cards["leads"][0]
    items = [to("contacts", cards["contacts"][0]), to("contacts", 99), to("leads", cards["leads"][1])]
    assert wire.wrongs("POST", f"/leads/{lead}/link", items) == [
        ("1", "to_entity_id", "NotSupportedChoice"), ("2", "to_entity_type", "NotSupportedChoice"),
    ]  # fmt: skip
    assert wire.call("GET", f"/leads/{lead}/links") == (204, None)


def test_a_link_is_told_in_the_journals_of_both(wire: Wire, cards: Cards) -> None:
    lead, contact = cards["leads"][0], cards["contacts"][0]
    wire.good("POST", f"/leads/{lead}/link", [to("contacts", contact)])
    rows = wire.rows("/events", **{"filter[type]": "lead_linked,contact_linked"})
    assert {(row["entity_type"], row["type"]) for row in rows} == {
        ("lead", "contact_linked"),
        ("contact", "lead_linked"),
    }


def test_the_answer_to_a_link_names_the_list_of_links(wire: Wire, cards: Cards) -> None:
    lead, contact = cards["leads"][0], cards["contacts"][0]
    answer = wire.good("POST", f"/leads/{lead}/link", [to("contacts", contact)])
    assert answer["_links"]["self"]["href"].endswith(f"/api/v4/leads/{lead}/links")
