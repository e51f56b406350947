"""Links between cards as they are stored: leads and deals know their contacts, contacts their companies.

The primary link stands in its own indexed column (CONTACT_ID, COMPANY_ID); all of them, when there are several, in
CONTACT_IDS or COMPANY_IDS. A company's contacts are found from the contacts' side.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import values
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD
from b24kit.sandbox.store import Row


def link_contacts(portal: FakePortal, company_id: int, contact_ids: list[int]) -> None:
    """Make these contacts, and no others, the people of a company."""
    for contact_id in contacts_of(portal, company_id):
        if contact_id not in contact_ids:
            drop_link(portal, CONTACT, contact_id, "COMPANY_IDS", "COMPANY_ID", company_id)
    for contact_id in contact_ids:
        row = portal.store["contact"].get(contact_id)
        if row is not None:
            companies = linked(row, "COMPANY_IDS", "COMPANY_ID")
            if company_id not in companies:
                set_links(portal, CONTACT, contact_id, "COMPANY_IDS", "COMPANY_ID", [*companies, company_id])


def contacts_of(portal: FakePortal, company_id: int) -> list[int]:
    """Contacts of a company, those included for whom it is a further one."""
    table = portal.store["contact"]
    further = [i for i in table.find("MANY_COMPANIES", True) if company_id in (table.rows[i].get("COMPANY_IDS") or ())]
    return sorted({*table.find("COMPANY_ID", company_id), *further})


def linked(row: Mapping[str, Any], many: str, one: str) -> list[int]:
    """Ids of the linked contacts or companies of a card, in order."""
    listed = row.get(many)
    return list(listed) if listed else [row[one]] if row.get(one) else []


def set_links(
    portal: FakePortal, type_id: int, card_id: int, many: str, one: str, ids: list[int], primary: int | None = None
) -> None:
    """Write the links of a card; the primary one is the given, else the present one if it stays, else the first."""
    table = portal.store[CARD_TABLES[type_id]]
    present = table.rows[card_id].get(one)
    chosen = primary if primary in ids else present if present in ids else (ids[0] if ids else None)
    table.change(card_id, link_columns(many, one, ids, chosen))


def drop_link(portal: FakePortal, type_id: int, card_id: int, many: str, one: str, gone: int) -> None:
    """Take one link off a card."""
    row = portal.store[CARD_TABLES[type_id]].rows[card_id]
    set_links(portal, type_id, card_id, many, one, [other for other in linked(row, many, one) if other != gone])


def link_columns(many: str, one: str, ids: list[int], primary: int | None) -> Row:
    """The columns that hold a set of links: the primary one, and all of them when there are several."""
    columns: Row = {one: primary, many: list(ids) if len(ids) > 1 else None}
    if many == "COMPANY_IDS":
        columns["MANY_COMPANIES"] = True if len(ids) > 1 else None
    return columns


def sent_ids(sent: Any) -> list[int]:
    """Ids from a list, a map by number or one bare value; each once, in order."""
    listed = sent.values() if isinstance(sent, Mapping) else sent if isinstance(sent, list) else [sent]
    found = (values.whole(one) for one in listed)
    return list(dict.fromkeys(number for number in found if number > 0))


def cut_links(portal: FakePortal, type_id: int, card_id: int) -> None:
    """Other cards forget a contact or a company that is being deleted."""
    if type_id == COMPANY:
        for contact_id in contacts_of(portal, card_id):
            drop_link(portal, CONTACT, contact_id, "COMPANY_IDS", "COMPANY_ID", card_id)
        for other in (LEAD, DEAL):
            table = portal.store[CARD_TABLES[other]]
            for row_id in table.find("COMPANY_ID", card_id):
                table.change(row_id, {"COMPANY_ID": None})
        return
    for other in (LEAD, DEAL):
        table = portal.store[CARD_TABLES[other]]
        for row_id, row in table:
            if row.get("CONTACT_ID") == card_id or card_id in (row.get("CONTACT_IDS") or ()):
                drop_link(portal, other, row_id, "CONTACT_IDS", "CONTACT_ID", card_id)
