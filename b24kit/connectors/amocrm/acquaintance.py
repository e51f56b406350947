"""Which contacts and companies of an account have one of these phones or addresses, and which deals of theirs run.

The search (`query`) finds what is like a value, so every find is compared exactly here; it takes one value a request.
(pages "Contacts", "Companies", "Filters")
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.client import AmoClient, Question
from b24kit.connectors.amocrm.fields import points_of
from b24kit.connectors.amocrm.lookup import read_rows
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.paging import LONGEST
from b24kit.connectors.amocrm.translate import LOST, WON, stage_code
from b24kit.connectors.amocrm.wirevalues import Row, embedded, ident, text
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind, Ref

CLIENTS = (Kind.CONTACT, Kind.COMPANY)
_DIGITS = 10  # of a phone that tell it: codes of countries are written in several ways


def known_by(client: AmoClient, cards: Mapping[Ref, Sequence[Point]]) -> dict[Ref, tuple[Ref, ...]]:
    """Contacts, then companies, that share a phone or an address with each card, oldest first; cards nobody knows are
    left out.
    """
    wanted = {card: {key for point in points if (key := _key(point))} for card, points in cards.items()}
    keys = sorted(set().union(*wanted.values())) if wanted else []
    places = [(kind, key) for key in keys for kind in CLIENTS]
    asked: list[Question] = [(f"/{ENTITIES[kind]}", [("query", key), ("limit", LONGEST)]) for kind, key in places]
    found: dict[str, set[Ref]] = defaultdict(set)
    for (kind, key), reply in zip(places, client.ask(asked) if asked else [], strict=True):
        rows = rows_of(reply.body, ENTITIES[kind])
        found[key] |= {Ref(kind, str(row["id"])) for row in rows if key in set(map(_key, points_of(row)))}
    told = {card: set().union(*(found[key] for key in mine)) for card, mine in wanted.items() if mine}
    return {card: tuple(sorted(refs, key=_oldest)) for card, refs in told.items() if refs}


def deals_of(client: AmoClient, account: Account, clients: Iterable[Ref]) -> dict[Ref, tuple[Ref, ...]]:
    """Open deals of these contacts and companies, oldest first (`with=leads`)."""
    wanted = [one for one in dict.fromkeys(clients) if one.kind in CLIENTS]
    leads: dict[Ref, list[str]] = {}
    for kind in CLIENTS:
        rows = rows_with_leads(client, kind, [one.id for one in wanted if one.kind is kind])
        leads |= {Ref(kind, number): list(_leads(row)) for number, row in rows.items()}
    numbers = list(dict.fromkeys(number for found in leads.values() for number in found))
    known = read_rows(client, {"/leads": numbers})["/leads"] if numbers else {}
    ladders = account.ladders()
    waiting = ladders.unsorted()
    running = {
        number
        for number, row in known.items()
        if row.get("status_id") not in (WON, LOST)
        and row.get("pipeline_id") != ladders.main
        and stage_code(int(row["pipeline_id"]), int(row["status_id"])) not in waiting
    }
    return {
        one: tuple(Ref(Kind.DEAL, number) for number in sorted(leads.get(one, ()), key=int) if number in running)
        for one in wanted
    }


def rows_with_leads(client: AmoClient, kind: Kind, ids: Sequence[str]) -> dict[str, Row]:
    """Rows of contacts or companies by id, with the leads they have; those that are gone are absent."""
    path = f"/{ENTITIES[kind]}"
    asked: list[Question] = [
        (path, [("with", "leads"), ("limit", LONGEST), *(("filter[id][]", one) for one in ids[at : at + LONGEST])])
        for at in range(0, len(ids), LONGEST)
    ]
    wanted = set(ids)
    rows = [row for reply in (client.ask(asked) if asked else []) for row in rows_of(reply.body, ENTITIES[kind])]
    found = {str(row["id"]): row for row in rows if str(row["id"]) in wanted}
    if len(rows) > len(found):  # the filter was ignored: each by its own address
        missing = [one for one in ids if one not in found]
        singles = client.ask([(f"{path}/{one}", [("with", "leads")]) for one in missing]) if missing else []
        found |= {one: reply.body for one, reply in zip(missing, singles, strict=True) if isinstance(reply.body, dict)}
    return found


def _leads(row: Row) -> Iterator[str]:
    return (number for one in embedded(row, "leads") if (number := ident(one.get("id"))) is not None)


def _key(point: Point) -> str:
    """What is searched for and compared: an address in small letters, the last digits of a phone; "" for others."""
    if point.kind is PointKind.EMAIL:
        return point.value.strip().lower()
    digits = re.sub(r"\D", "", text(point.value))
    return digits[-_DIGITS:] if point.kind is PointKind.PHONE and len(digits) >= _DIGITS else ""


def _oldest(ref: Ref) -> tuple[int, int]:
    return CLIENTS.index(ref.kind), int(ref.id)
