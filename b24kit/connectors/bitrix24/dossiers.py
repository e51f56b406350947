"""A card with everything that hangs on it, in few requests: most questions are asked once for many cards, the rest are
one command a card, fifty to a request.

Rests on the pages crm.activity.list (BINDINGS, FILES), crm.timeline.comment.list, tasks.task.list (UF_CRM_TASK),
crm.item.productrow.list, crm.stagehistory.list, crm.item.list (contactIds, observers) and crm.requisite.list.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.calls_create import task_binding
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.fieldnames import names
from b24kit.connectors.bitrix24.lookup import is_gone, read_refs
from b24kit.connectors.bitrix24.methods import LISTS, OWNER_TYPES, PAGE_SIZE
from b24kit.connectors.bitrix24.reading import Reading
from b24kit.connectors.bitrix24.translate_activities import ACTIVITY_SELECT, TEXT_SELECT
from b24kit.connectors.bitrix24.translate_hanging import (
    activity_item,
    attachments_of,
    comment_item,
    link_items,
    move_item,
    product_item,
    task_item,
    without_access,
)
from b24kit.connectors.bitrix24.wirevalues import Row, rows_of, rows_under
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.dossier import Dossier
from b24kit.crm.records import values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.errors import NotAllowed, UsageError

AT_ONCE = 50  # cards of one round: their letters are in memory together
OWNER_LETTERS = {Kind.LEAD: "L", Kind.DEAL: "D"}
SAID = [*ACTIVITY_SELECT, *TEXT_SELECT, "FILES"]
TASK_SELECT = names("ID TITLE DESCRIPTION RESPONSIBLE_ID CREATED_BY CREATED_DATE DEADLINE STATUS UF_CRM_TASK")
_REQUISITE, _BANKS, _ADDRESSES = "crm.requisite.list", "crm.requisite.bankdetail.list", "crm.address.list"
_OWNER_OF_ADDRESS = 8  # crm.enum.ownertype: a requisite
Items = dict[Ref, list[Row]]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list about one card: how its next page is asked for, and where its rows and their ids stand."""

    part: str
    card: Ref
    method: str
    params: Mapping[str, Any]
    rows_key: str | None = None
    id_filter: str = "ID"
    id_row: str = "ID"

    def command(self, key: str, above: int) -> Command:
        """The page above an id, uncounted."""
        narrowed = {**self.params["filter"], f">{self.id_filter}": above}
        order = {self.id_filter: "ASC"}
        return Command(key, self.method, {**self.params, "filter": narrowed, "order": order, "start": -1})

    def rows(self, result: Any) -> list[Row]:
        return rows_of(result) if self.rows_key is None else rows_under(result, self.rows_key)


@dataclass(slots=True)
class Gathered:
    """What a round of cards brought, by part and card."""

    items: dict[str, Items] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    unread: set[str] = field(default_factory=set)

    def of(self, part: str, card: Ref) -> list[Row]:
        return self.items[part][card]


def read_dossiers(client: RestClient, reading: Reading, refs: Iterable[Ref]) -> Iterator[Dossier]:
    """Dossiers of cards, those of one round in the order they were named; UsageError for what is no card."""
    walk = iter(dict.fromkeys(refs))
    while part := list(itertools.islice(walk, AT_ONCE)):
        for ref in part:
            if ref.kind not in CARDS:
                raise UsageError("kind_not_readable", kind=ref.kind.value)
        yield from _round(client, reading, part)


def _round(client: RestClient, reading: Reading, refs: Sequence[Ref]) -> Iterator[Dossier]:
    cards = read_refs(client, reading, refs)
    there = [ref for ref in refs if ref in cards]
    found = Gathered()
    walk_lists(client, [listing for ref in there for listing in _listings(ref)], found)
    for kind in CARDS:
        same = [ref for ref in there if ref.kind is kind]
        if same:
            _ask_together(client, kind, same, found)
    for ref in there:
        yield dossier_from(ref, without_access(values_of(cards[ref])), found)


def dossier_from(ref: Ref, card: Mapping[str, Any], found: Gathered) -> Dossier:
    """A card's dossier out of what a round of questions brought."""
    activities, comments = found.of("activities", ref), found.of("comments", ref)
    files = [one for row in (*activities, *comments) for one in attachments_of(row)]

    def read(part: str, make: Callable[[Row], dict[str, Any]]) -> tuple[dict[str, Any], ...]:
        return tuple(make(row) for row in found.of(part, ref))

    return Dossier(
        ref=ref,
        card=card,
        activities=read("activities", activity_item),
        comments=read("comments", comment_item),
        tasks=read("tasks", task_item),
        products=read("products", product_item),
        moves=read("moves", move_item),
        links=tuple(item for row in found.of("links", ref) for item in link_items(ref, row, card)),
        requisites=tuple(found.of("requisites", ref)),
        files=tuple({one.id: one for one in files}.values()),
        unread=frozenset(found.unread),
    )


def _listings(ref: Ref) -> Iterator[Listing]:
    """The lists that have to be asked card by card."""
    yield bound_activities(ref)
    yield comments_of(ref)
    of_card = {"select": TASK_SELECT, "filter": {"UF_CRM_TASK": task_binding(ref)}}
    yield Listing("tasks", ref, "tasks.task.list", of_card, "tasks", id_row="id")
    if ref.kind in OWNER_LETTERS:
        yield products_of(ref)


def products_of(ref: Ref) -> Listing:
    """Product rows of a lead or a deal; the method takes one owner a call (an array it ignores, says its page)."""
    owned = {"filter": {"=ownerType": OWNER_LETTERS[ref.kind], "=ownerId": int(ref.id)}}
    return Listing("products", ref, "crm.item.productrow.list", owned, "productRows", "id", "id")


def bound_activities(ref: Ref) -> Listing:
    """Every activity that hangs on a card, whosever it is."""
    bound = [{"OWNER_TYPE_ID": OWNER_TYPES[ref.kind], "OWNER_ID": int(ref.id)}]
    return Listing("activities", ref, LISTS[Kind.ACTIVITY], {"select": SAID, "filter": {"BINDINGS": bound}})


def comments_of(ref: Ref) -> Listing:
    """Every comment on a card."""
    on_card = {"ENTITY_ID": int(ref.id), "ENTITY_TYPE": ref.kind.value}
    commented = {"select": ["ID", "COMMENT", "CREATED", "AUTHOR_ID", "FILES"], "filter": on_card}
    return Listing("comments", ref, "crm.timeline.comment.list", commented)


def walk_lists(client: RestClient, listings: Sequence[Listing], found: Gathered) -> None:
    """Page after page of all lists together: a second round only for those whose page was full."""
    todo = [(listing, 0) for listing in listings]
    while todo:
        asked = {f"d{place:05d}": pair for place, pair in enumerate(todo)}
        commands = {key: listing.command(key, above) for key, (listing, above) in asked.items()}
        outcomes = ask(client, list(commands.values()))
        todo = []
        for key, (listing, _) in asked.items():
            rows = _allowed(listing, commands[key], outcomes.get(key), found)
            found.of(listing.part, listing.card).extend(rows)
            if len(rows) == PAGE_SIZE:
                todo.append((listing, int(rows[-1][listing.id_row])))


def _allowed(listing: Listing, command: Command, outcome: CommandOutcome | None, found: Gathered) -> list[Row]:
    """The rows of an answer; a family that this access may not see is named instead. The card itself was just read."""
    if is_gone(outcome):
        return []
    try:
        return listing.rows(result_of(command, outcome))
    except NotAllowed:
        if listing.part == "activities":
            raise
        found.unread.add(listing.part)
        return []


def _ask_together(client: RestClient, kind: Kind, refs: Sequence[Ref], found: Gathered) -> None:
    """What one question tells of many cards: contacts and observers, stage history, requisites."""
    by_id = {ref.id: ref for ref in refs}
    ids = [int(ref.id) for ref in refs]
    selected = {"entityTypeId": OWNER_TYPES[kind], "select": ["id", "contactIds", "companyIds", "observers"]}
    linked = Listing("links", refs[0], "crm.item.list", {**selected, "filter": {"@id": ids}}, "items", "id", "id")
    _spread(client, linked, lambda row: by_id.get(str(row["id"])), found)
    if kind in OWNER_LETTERS:
        moved = {"entityTypeId": OWNER_TYPES[kind], "filter": {"@OWNER_ID": ids}}
        history = Listing("moves", refs[0], "crm.stagehistory.list", moved, "items")
        _spread(client, history, lambda row: by_id.get(str(row["OWNER_ID"])), found)
    else:
        _requisites(client, kind, by_id, found)
        _holders(client, kind, by_id, found)


def _holders(client: RestClient, kind: Kind, by_id: Mapping[str, Ref], found: Gathered) -> None:
    """Cards that speak of a contact or a company: leads, deals, and a company's contacts."""
    field_ = f"{kind.value.upper()}_ID"
    for holder in (Kind.LEAD, Kind.DEAL, *((Kind.CONTACT,) if kind is Kind.COMPANY else ())):
        narrowed = {"select": ["ID", field_], "filter": {f"@{field_}": [int(card) for card in by_id]}}
        own = Gathered()
        any_card = next(iter(by_id.values()))
        walk_lists(client, [Listing("links", any_card, LISTS[holder], narrowed)], own)
        for row in own.of("links", any_card):
            card = by_id.get(str(row[field_]))
            if card is not None:
                found.of("links", card).append({"holder": f"{holder.value}:{row['ID']}"})


def _spread(client: RestClient, listing: Listing, whose: Callable[[Row], Ref | None], found: Gathered) -> None:
    """The rows of one list given to the cards they belong to."""
    own = Gathered()
    walk_lists(client, [listing], own)
    found.unread |= own.unread
    for row in own.of(listing.part, listing.card):
        ref = whose(row)
        if ref is not None:
            found.of(listing.part, ref).append(row)


def _requisites(client: RestClient, kind: Kind, by_id: Mapping[str, Ref], found: Gathered) -> None:
    """Requisites with their bank details and addresses: three questions, the last two only where there are any."""
    any_card = next(iter(by_id.values()))
    owners = {"ENTITY_TYPE_ID": OWNER_TYPES[kind], "@ENTITY_ID": [int(card) for card in by_id]}
    own = Gathered()
    walk_lists(client, [Listing("requisites", any_card, _REQUISITE, {"select": ["*"], "filter": owners})], own)
    found.unread |= own.unread
    rows = own.of("requisites", any_card)
    if not rows:
        return
    ids = [int(row["ID"]) for row in rows]
    walk_lists(client, [Listing("banks", any_card, _BANKS, {"select": ["*"], "filter": {"@ENTITY_ID": ids}})], own)
    at = _addresses(client, ids)
    for row in rows:
        card = by_id.get(str(row["ENTITY_ID"]))
        if card is not None:
            mine = str(row["ID"])
            banks = [dict(one) for one in own.of("banks", any_card) if str(one["ENTITY_ID"]) == mine]
            told = {"id": mine, "fields": dict(row), "banks": banks, "addresses": at[mine]}
            found.of("requisites", card).append(told)


def _addresses(client: RestClient, requisites: Sequence[int]) -> dict[str, list[Row]]:
    """Addresses have no ids to page by, so each requisite is asked for its few."""
    asked = {
        str(one): Command(f"a{one}", _ADDRESSES, {"filter": {"ENTITY_TYPE_ID": _OWNER_OF_ADDRESS, "ENTITY_ID": one}})
        for one in requisites
    }
    outcomes = ask(client, list(asked.values()))
    return {one: [*map(dict, rows_of(result_of(c, outcomes.get(c.key))))] for one, c in asked.items()}
