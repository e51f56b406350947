"""Incoming leads: what lies in a pipeline's first, system status with the letter, form, call or chat it came as.

Rests on the vendor's page "Unsorted". The lead itself is a lead like any other; its contact and company are hidden
until somebody accepts it. A row stays when it is settled, for the summary: `state` is "" while it waits, then
accepted, declined, linked or ejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from b24kit.sandbox.amocrm import bonds, card_writes, trail
from b24kit.sandbox.amocrm.incoming_notes import keep_message
from b24kit.sandbox.amocrm.registry import Change, FakePortal
from b24kit.sandbox.store import Row

CATEGORIES = ("sip", "mail", "forms", "chats")


def enter(
    portal: FakePortal,
    category: str,
    lead_id: int,
    metadata: Mapping[str, Any],
    *,
    contact_id: int | None = None,
    company_id: int | None = None,
    source_uid: str | None = None,
    source_name: str = "",
    created_at: int | None = None,
) -> int:
    """Put a lead that stands in its incoming status among the waiting; gives the row's id.

    Its contact and company, when they are given, are hidden from now on and tied to the lead.
    """
    lead = portal.store["leads"].rows[lead_id]
    uid = blake2b(f"{portal.account_id}/{category}/{lead_id}".encode(), digest_size=26).hexdigest()
    row: Row = {"uid": uid, "category": category, "lead_id": lead_id, "pipeline_id": lead["pipeline_id"], "state": ""}
    row |= {"contact_id": contact_id, "company_id": company_id, "metadata": dict(metadata)}
    row |= {"source_uid": source_uid, "source_name": source_name, "created_at": created_at or portal.unix()}
    for entity, card_id in tied(row):
        portal.store[entity].change(card_id, {"state": "unsorted"})
        bonds.tie(portal, ("leads", lead_id), (entity, card_id))
    return portal.store["unsorted"].add(row)


def tied(row: Row) -> list[bonds.Card]:
    """The contact and the company that came with an incoming lead."""
    pairs = (("contacts", row.get("contact_id")), ("companies", row.get("company_id")))
    return [(entity, int(card_id)) for entity, card_id in pairs if card_id]


def waiting(portal: FakePortal, uid: str) -> int | None:
    """The row of an incoming lead that nobody settled yet."""
    table = portal.store["unsorted"]
    return next((i for i in table.find("uid", uid) if waits(portal, table.rows[i])), None)


def waits(portal: FakePortal, row: Row) -> bool:
    """Whether nobody settled it and nobody put its lead into the bin by hand."""
    return not row["state"] and not portal.store["leads"].rows[row["lead_id"]].get("state")


def accept(portal: FakePortal, row_id: int, user_id: int, pipeline_id: int, status_id: int) -> Row:
    """The lead moves on, its contact and company appear, what it came as becomes a note; gives the row.

    To webhooks the lead and its cards are new now. Which hooks a live account sends besides the one about the
    incoming lead itself the vendor does not say.
    """
    row = portal.store["unsorted"].rows[row_id]
    leads, now = portal.store["leads"], portal.unix()
    lead = leads.rows[row["lead_id"]]
    before = {"id": lead["status_id"], "pipeline_id": lead["pipeline_id"]}
    moved = {"pipeline_id": pipeline_id, "status_id": status_id, "responsible_user_id": user_id}
    closed = {"closed_at": now} if status_id in (142, 143) else {}
    leads.change(row["lead_id"], moved | closed | {"updated_at": now, "updated_by": user_id})
    after = {"id": status_id, "pipeline_id": pipeline_id}
    told = {"before": [{"lead_status": before}], "after": [{"lead_status": after}]}
    trail.record(portal, "lead_status_changed", "leads", row["lead_id"], user_id, **told)
    reveal(portal, row, user_id)
    keep_message(portal, row, row["lead_id"], user_id)
    portal.announce(Change("add", "leads", row["lead_id"], user_id))
    return _settle(portal, row_id, "accepted", user_id, "accept")


def decline(portal: FakePortal, row_id: int, user_id: int) -> Row:
    """The lead goes to the bin, and with it what was never seen outside; gives the row."""
    row = portal.store["unsorted"].rows[row_id]
    _bin(portal, ("leads", row["lead_id"]), user_id)
    for card in tied(row):
        if portal.store[card[0]].rows[card[1]].get("state") == "unsorted":
            _bin(portal, card, user_id)
    return _settle(portal, row_id, "declined", user_id, "decline")


def link(portal: FakePortal, row_id: int, lead_id: int, contact_id: int | None, user_id: int) -> Row:
    """The message joins another lead, the incoming one goes to the bin; gives the row.

    With `contact_id` the sender is taken for that contact and his fresh card goes too. Without it the fresh contact
    appears and is tied to the lead: what a live account does then the vendor does not say, this is the worse case.
    """
    row = portal.store["unsorted"].rows[row_id]
    keep_message(portal, row, lead_id, user_id)
    for card in tied(row):
        bonds.untie(portal, ("leads", row["lead_id"]), card)
        if portal.store[card[0]].rows[card[1]].get("state") != "unsorted":
            continue
        if contact_id is not None or card[0] == "companies":
            _bin(portal, card, user_id)
        else:
            _show(portal, card, user_id)
            card_writes.link(portal, ("leads", lead_id), card, user_id)
    if contact_id is not None:
        card_writes.link(portal, ("leads", lead_id), ("contacts", contact_id), user_id)
    _bin(portal, ("leads", row["lead_id"]), user_id)
    return _settle(portal, row_id, "linked", user_id, "accept")


def ejected(portal: FakePortal, lead_id: int) -> None:
    """A plain change took the lead out of its waiting place: it is settled, and its contact can be seen."""
    table = portal.store["unsorted"]
    for row_id in table.find("lead_id", lead_id):
        row = table.rows[row_id]
        if not row["state"]:
            reveal(portal, row, 0)
            keep_message(portal, row, lead_id, 0)
            _settle(portal, row_id, "ejected", 0, "accept")


def reveal(portal: FakePortal, row: Row, user_id: int) -> None:
    """Let contact and company of an incoming lead be seen."""
    for card in tied(row):
        if portal.store[card[0]].rows[card[1]].get("state") == "unsorted":
            _show(portal, card, user_id)


def _show(portal: FakePortal, card: bonds.Card, user_id: int) -> None:
    portal.store[card[0]].change(card[1], {"state": "", "updated_at": portal.unix()})
    trail.created(portal, card[0], card[1], user_id)


def _bin(portal: FakePortal, card: bonds.Card, user_id: int) -> None:
    entity, row_id = card
    changes = {"state": "deleted", "updated_at": portal.unix(), "updated_by": user_id}
    portal.store[entity].change(row_id, changes)
    trail.record(portal, f"{trail.SINGULAR[entity]}_deleted", entity, row_id, user_id)
    portal.announce(Change("delete", entity, row_id, user_id))


def _settle(portal: FakePortal, row_id: int, state: str, user_id: int, action: str) -> Row:
    row = portal.store["unsorted"].change(row_id, {"state": state, "settled_at": portal.unix()})
    contacts = [row["contact_id"]] if row.get("contact_id") and action == "accept" else []
    told = {"action": action, "leads": [row["lead_id"]], "contacts": contacts}
    portal.announce(Change("delete", "unsorted", row_id, user_id, told))
    return row


card_writes.EJECTED.append(ejected)
