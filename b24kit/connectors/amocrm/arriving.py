"""Leads that wait in an account's unsorted, with what robots need to decide about them: who wrote, whether the writer
is known, what of his is open, and whether an earlier message of his waits too. (page "Incoming leads")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.acquaintance import known_by, rows_with_leads
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.lookup import read_rows
from b24kit.connectors.amocrm.reading import Reading
from b24kit.connectors.amocrm.translate import LOST, WON, stage_code
from b24kit.connectors.amocrm.wirevalues import embedded, text
from b24kit.crm.cards import Deal, Lead
from b24kit.crm.incoming import Incoming
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import Arriving


def arriving(
    client: AmoClient, account: Account, reading: Reading, cards: Iterable[Lead | Deal]
) -> dict[Ref, Arriving]:
    """For each of these cards that stands in the unsorted: the message it came as, None when somebody settled it."""
    waiting = account.ladders().unsorted()
    mine = [card for card in cards if card.stage in waiting]
    if not mine:
        return {}
    everything = list(reading.incoming(None))
    by_lead = {one.lead: one for one in everything if one.lead}
    senders = {card.ref: points for card in mine if (one := by_lead.get(card.id)) and (points := points_of(one))}
    known = known_by(client, senders) if senders else {}
    own = {card.ref: _others(known.get(card.ref, ()), by_lead.get(card.id)) for card in mine}
    clients = list(dict.fromkeys(ref for refs in own.values() for ref in refs))
    open_cards = _open_cards(client, account, clients)
    return {
        card.ref: Arriving(
            incoming=by_lead.get(card.id),
            behind=_is_behind(by_lead.get(card.id), everything),
            clients=own[card.ref],
            cards=tuple(dict.fromkeys(one for ref in own[card.ref] for one in open_cards.get(ref, ()))),
        )
        for card in mine
    }


def points_of(one: Incoming) -> list[Point]:
    """What the writer is known by."""
    told = ((PointKind.EMAIL, one.sender_address), (PointKind.PHONE, one.sender_phone))
    return [Point(kind, value) for kind, value in told if value]


def _others(found: Sequence[Ref], one: Incoming | None) -> tuple[Ref, ...]:
    """Without the contact and the company that came with the message itself."""
    fresh = {Ref(Kind.CONTACT, contact) for contact in one.contacts} if one is not None else set()
    return tuple(ref for ref in found if ref not in fresh)


def _is_behind(one: Incoming | None, everything: Sequence[Incoming]) -> bool:
    """Whether an earlier message of the same writer waits: that one decides who he is."""
    if one is None:
        return False
    keys = {point.value.lower() for point in points_of(one)}
    earlier = (other for other in everything if (_at(other), other.id) < (_at(one), one.id))
    return any(keys & {point.value.lower() for point in points_of(other)} for other in earlier)


def _at(one: Incoming) -> float:
    return one.created.timestamp() if one.created is not None else 0.0


def _open_cards(client: AmoClient, account: Account, clients: Sequence[Ref]) -> dict[Ref, list[Ref]]:
    """Open leads and deals of these clients, the newest first."""
    leads: dict[Ref, list[str]] = {}
    for kind in (Kind.CONTACT, Kind.COMPANY):
        rows = rows_with_leads(client, kind, [one.id for one in clients if one.kind is kind])
        for number, row in rows.items():
            leads[Ref(kind, number)] = [text(one.get("id")) for one in embedded(row, "leads")]
    numbers = list(dict.fromkeys(number for found in leads.values() for number in found))
    known = read_rows(client, {"/leads": numbers})["/leads"] if numbers else {}
    ladders = account.ladders()
    waiting = ladders.unsorted()
    names = {
        number: Ref(Kind.LEAD if row.get("pipeline_id") == ladders.main else Kind.DEAL, number)
        for number, row in known.items()
        if row.get("status_id") not in (WON, LOST)
        and stage_code(int(row["pipeline_id"]), int(row["status_id"])) not in waiting
    }
    return {
        one: [names[number] for number in sorted(found, key=int, reverse=True) if number in names]
        for one, found in leads.items()
    }
