"""What hangs on many cards, for counting before and after a run: whole pages over fifty cards where a list allows it.

Only comments have to be asked card by card, and product rows of those cards that have an amount. Letters of leads and
deals are found by their owner, those of contacts and companies by their bindings (crm.activity.list, OWNER_ID and
BINDINGS), tasks by several marks at once (tasks.task.list, UF_CRM_TASK).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from b24kit.connectors.bitrix24.calls_create import task_binding
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.dossiers import (
    OWNER_LETTERS,
    SAID,
    TASK_SELECT,
    Gathered,
    Listing,
    bound_activities,
    comments_of,
    dossier_from,
    products_of,
    read_dossiers,
    walk_lists,
)
from b24kit.connectors.bitrix24.lookup import read_refs
from b24kit.connectors.bitrix24.methods import LISTS, OWNER_TYPES, PAGE_SIZE
from b24kit.connectors.bitrix24.reading import Reading
from b24kit.connectors.bitrix24.translate_hanging import without_access
from b24kit.connectors.bitrix24.wirevalues import text
from b24kit.crm.cards import Deal, Lead
from b24kit.crm.dossier import Dossier
from b24kit.crm.records import Record, values_of
from b24kit.crm.refs import Kind, Ref

AT_ONCE = 2500  # cards of one round, fifty full pages: their letters are in memory together


def read_belongings(
    client: RestClient, reading: Reading, refs: Iterable[Ref], whole: Collection[Ref]
) -> Iterator[Dossier]:
    """Dossiers of cards, whole ones and such as suffice for counting; see `crm.portal.PortalReads.belongings`."""
    every = list(dict.fromkeys(refs))
    yield from read_dossiers(client, reading, [ref for ref in every if ref in whole])
    walk = iter([ref for ref in every if ref not in whole])
    while part := list(itertools.islice(walk, AT_ONCE)):
        yield from _round(client, reading, part)


def _round(client: RestClient, reading: Reading, refs: Sequence[Ref]) -> Iterator[Dossier]:
    cards = read_refs(client, reading, refs)
    there = [ref for ref in refs if ref in cards]
    found = Gathered()
    pages = [there[at : at + PAGE_SIZE] for at in range(0, len(there), PAGE_SIZE)]
    walk_lists(client, [listing for page in pages for listing in (*_shared(page), *_alone(page, cards))], found)
    _spread(found, there)
    for ref in there:
        yield dossier_from(ref, without_access(values_of(cards[ref])), found)


def _alone(refs: Iterable[Ref], cards: Mapping[Ref, Record]) -> Iterator[Listing]:
    """The lists that are asked card by card."""
    for ref in refs:
        yield comments_of(ref)
        if ref.kind not in OWNER_LETTERS:
            yield bound_activities(ref)
        elif _may_have_products(cards[ref]):
            yield products_of(ref)


def _may_have_products(card: Record) -> bool:
    """An amount that nobody set by hand is the sum of the product rows: where it is nothing, no row costs anything."""
    if not isinstance(card, Lead | Deal):
        return False
    amount = card.amount if isinstance(card, Deal) else text(card.extra.get("OPPORTUNITY"))
    return card.extra.get("IS_MANUAL_OPPORTUNITY") == "Y" or bool(amount.strip("0.,"))


def _shared(refs: Sequence[Ref]) -> Iterator[Listing]:
    """Lists over all these cards; their rows are gathered under a card of the kind that is none (number 0)."""
    marks = {"UF_CRM_TASK": [task_binding(ref) for ref in refs]}
    of_cards = {"select": TASK_SELECT, "filter": marks}
    yield Listing("tasks", _nobody(Kind.LEAD), "tasks.task.list", of_cards, "tasks", id_row="id")
    for kind in dict.fromkeys(ref.kind for ref in refs):
        ids = [int(ref.id) for ref in refs if ref.kind is kind]
        type_id, nobody = OWNER_TYPES[kind], _nobody(kind)
        select = ["id", "contactIds", "companyIds", "observers"]
        linked = {"entityTypeId": type_id, "select": select, "filter": {"@id": ids}}
        yield Listing("links", nobody, "crm.item.list", linked, "items", "id", "id")
        if kind in OWNER_LETTERS:
            owned = {"select": SAID, "filter": {"OWNER_TYPE_ID": type_id, "@OWNER_ID": ids}}
            yield Listing("activities", nobody, LISTS[Kind.ACTIVITY], owned)
            moved = {"entityTypeId": type_id, "filter": {"@OWNER_ID": ids}}
            yield Listing("moves", nobody, "crm.stagehistory.list", moved, "items")


def _spread(found: Gathered, refs: Sequence[Ref]) -> None:
    """The rows of lists over many cards given to the cards that they are of."""
    by_id = {(ref.kind, ref.id): ref for ref in refs}
    for kind in dict.fromkeys(ref.kind for ref in refs):
        for part, name in (("links", "id"), ("activities", "OWNER_ID"), ("moves", "OWNER_ID")):
            for row in found.of(part, _nobody(kind)):
                ref = by_id.get((kind, str(row[name])))
                if ref is not None:
                    found.of(part, ref).append(row)
    by_mark = {task_binding(ref): ref for ref in refs}
    told: set[tuple[str, Ref]] = set()
    for row in found.of("tasks", _nobody(Kind.LEAD)):  # a task of cards on several pages comes with each of them
        for ref in (by_mark[mark] for mark in row.get("ufCrmTask") or () if mark in by_mark):
            if (str(row["id"]), ref) not in told:
                told.add((str(row["id"]), ref))
                found.of("tasks", ref).append(row)


def _nobody(kind: Kind) -> Ref:
    return Ref(kind, "0")
