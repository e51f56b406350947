"""Which cards hang together: lead with contacts and company, contact with company. One row a link, counted once.

Rests on the vendor's pages "Entity links" and "Subject area": any number of contacts a lead, one of them main; one
company a lead, one company a contact.
"""

from __future__ import annotations

from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.amocrm.tables import owner_key
from b24kit.sandbox.store import Row

RANK = {"leads": 0, "contacts": 1, "companies": 2}
Card = tuple[str, int]


def split(key: str) -> Card:
    """`leads:5` -> ("leads", 5)."""
    entity, _, number = key.partition(":")
    return entity, int(number)


def linked(portal: FakePortal, card: Card, entity: str | None = None) -> list[tuple[Card, Row]]:
    """Cards tied to one, in the order they were tied, each with the row of the link."""
    table, key = portal.store["link"], owner_key(*card)
    found = [(split(table.rows[i]["to"]), table.rows[i]) for i in table.find("from", key)]
    found += [(split(table.rows[i]["from"]), table.rows[i]) for i in table.find("to", key)]
    return [(other, row) for other, row in found if entity is None or other[0] == entity]


def main_contact(portal: FakePortal, lead_id: int) -> int | None:
    """The id of a lead's main contact."""
    contacts = linked(portal, ("leads", lead_id), "contacts")
    return next((card[1] for card, row in contacts if row.get("is_main")), None)


def tie(portal: FakePortal, one: Card, other: Card, *, main: bool | None = None) -> bool:
    """Link two cards; False when they were linked (a wish to be main is heard all the same).

    A lead's first contact is its main one. A second company takes the place of the first.
    """
    upper, lower = sorted((one, other), key=lambda card: RANK[card[0]])
    table, found = portal.store["link"], _row(portal, upper, lower)
    if lower[0] == "companies" and found is None:
        for card, _ in linked(portal, upper, "companies"):
            untie(portal, upper, card)
    first = upper[0] == "leads" and lower[0] == "contacts" and not linked(portal, upper, "contacts")
    if main and upper[0] == "leads" and lower[0] == "contacts":
        for row_id in table.find("from", owner_key(*upper)):
            if table.rows[row_id].get("is_main"):
                table.change(row_id, {"is_main": False})
    if found is not None:
        if main:
            table.change(found, {"is_main": True})
        return False
    table.add({"from": owner_key(*upper), "to": owner_key(*lower), "is_main": bool(main or first)})
    return True


def untie(portal: FakePortal, one: Card, other: Card) -> bool:
    """Take a link away; False when there was none. A lead left without its main contact takes the next one."""
    upper, lower = sorted((one, other), key=lambda card: RANK[card[0]])
    found = _row(portal, upper, lower)
    if found is None:
        return False
    was_main = portal.store["link"].remove(found).get("is_main")
    rest = linked(portal, upper, "contacts") if was_main else []
    if rest:
        row_id = _row(portal, upper, rest[0][0])
        assert row_id is not None
        portal.store["link"].change(row_id, {"is_main": True})
    return True


def _row(portal: FakePortal, upper: Card, lower: Card) -> int | None:
    table, key = portal.store["link"], owner_key(*lower)
    return next((i for i in table.find("from", owner_key(*upper)) if table.rows[i]["to"] == key), None)
