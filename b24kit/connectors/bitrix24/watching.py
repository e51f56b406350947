"""What robots ask of a Bitrix24 portal: stage history, activities and tasks of many cards in one or two requests.

The first round asks for fifty cards a command and believes a page that is not full; cards of a full page are asked for
one by one in the second round. (crm.stagehistory.list, crm.activity.list with BINDINGS, tasks.task.list)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.calls_create import task_binding
from b24kit.connectors.bitrix24.calls_hanging import SYSTEM
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.methods import LISTS, OWNER_KINDS, OWNER_TYPES, PAGE_SIZE
from b24kit.connectors.bitrix24.translate_activities import ACTIVITY_SELECT, TEXT_SELECT, to_activity
from b24kit.connectors.bitrix24.wirevalues import (
    Row,
    filled,
    ident,
    mapping,
    moment,
    number,
    rows_of,
    rows_under,
    text,
    yes,
)
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import CardStory, CardTask, StageEntry
from b24kit.errors import NotAllowed

_STAGE_FIELDS = {Kind.LEAD: "STATUS_ID", Kind.DEAL: "STAGE_ID"}
_CLIENT_FIELDS = {Kind.CONTACT: "CONTACT_ID", Kind.COMPANY: "COMPANY_ID"}
_LETTERS = {"L": Kind.LEAD, "D": Kind.DEAL}
_TASK_DONE = ("5",)  # tasks: STATUS 5 is "completed"
_TASK_SELECT = ("ID", "TITLE", "DESCRIPTION", "DEADLINE", "RESPONSIBLE_ID", "STATUS", "UF_CRM_TASK")
_HAPPENING = (Channel.EMAIL, Channel.CALL, Channel.MESSAGE, Channel.MEETING, Channel.OTHER)

Rows = dict[Ref, list[Row]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One sort of rows: how to ask for some cards, and whose card a row is."""

    name: str
    command: Callable[[str, Sequence[Ref]], Command]
    rows: Callable[[Any], list[Row]]
    cards: Callable[[Row, Sequence[Ref]], Iterable[Ref]]
    optional: bool = False  # this access may lack the scope


def stories(client: RestClient, cards: Iterable[Ref]) -> dict[Ref, CardStory]:
    """The story of every lead and deal asked for, in one request for some hundred new cards."""
    wanted = list(dict.fromkeys(cards))
    found = _asked(client, wanted)
    told: dict[Ref, CardStory] = {}
    for card in wanted:
        activities = [one for row in found["activities"][card] if (one := to_activity(row)) is not None]
        activities.sort(key=lambda one: (str(one.start or one.created or ""), int(one.id)))
        told[card] = CardStory(
            entries=tuple(_entries(card, found["moves"][card])),
            happened=tuple(one for one in activities if one.channel in _HAPPENING),
            tasks=(*(_task(row) for row in found["tasks"][card]), *_todos(activities)),
            answered=frozenset(str(row["ID"]) for row in found["activities"][card] if _answered(row)),
            origins={
                str(row["ID"]): text(row.get("ORIGIN_ID"))
                for row in found["activities"][card]
                if row.get("ORIGINATOR_ID") == SYSTEM
            },
        )
    return told


def deals_of(client: RestClient, clients: Iterable[Ref]) -> dict[Ref, tuple[Ref, ...]]:
    """Open deals of contacts and companies by id (crm.deal.list; a contact's other deals are not its open ones)."""
    wanted = [one for one in dict.fromkeys(clients) if one.kind in _CLIENT_FIELDS]
    parts = []
    for kind, field in _CLIENT_FIELDS.items():
        ids = [one.id for one in wanted if one.kind is kind]
        parts += [(kind, field, ids[at : at + PAGE_SIZE]) for at in range(0, len(ids), PAGE_SIZE)]
    found: dict[Ref, list[int]] = defaultdict(list)
    for kind, field, ids in parts:
        select = ["ID", "CONTACT_ID", "COMPANY_ID"]
        params = {"select": select, "filter": {f"@{field}": [int(one) for one in ids], "STAGE_SEMANTIC_ID": "P"}}
        for row in client.rows("crm.deal.list", params, style="classic"):
            found[Ref(kind, text(row.get(field)))].append(int(row["ID"]))
    return {one: tuple(Ref(Kind.DEAL, str(deal)) for deal in sorted(found[one])) for one in wanted}


def stirred(client: RestClient, since: datetime) -> Iterator[tuple[Ref, datetime]]:
    """Owners of the activities that changed since: a letter that comes in does not change the card's own date."""
    params = {
        "select": ["ID", "OWNER_ID", "OWNER_TYPE_ID", "LAST_UPDATED"],
        "filter": {
            ">=LAST_UPDATED": since.isoformat(timespec="seconds"),
            "@OWNER_TYPE_ID": [OWNER_TYPES[Kind.LEAD], OWNER_TYPES[Kind.DEAL]],
        },
    }
    for row in client.rows("crm.activity.list", params, style="classic"):
        kind, at = OWNER_KINDS.get(number(row.get("OWNER_TYPE_ID"))), moment(row.get("LAST_UPDATED"))
        owner = ident(row.get("OWNER_ID"))
        if kind is not None and owner and at is not None:
            yield Ref(kind, owner), at


def _asked(client: RestClient, cards: Sequence[Ref]) -> dict[str, Rows]:
    groups: list[tuple[_Part, list[Ref]]] = []
    for kind in _STAGE_FIELDS:
        of_kind = [card for card in cards if card.kind is kind]
        for at in range(0, len(of_kind), PAGE_SIZE):
            groups += [(part, of_kind[at : at + PAGE_SIZE]) for part in _PARTS]
    found: dict[str, Rows] = {part.name: defaultdict(list) for part in _PARTS}
    full = [(part, [card]) for part, group in _round(client, groups, found) for card in group]
    for part, (card,) in _round(client, full, found):
        found[part.name][card] = _once(_all_pages(client, part, card))
    return found


def _round(
    client: RestClient, groups: Sequence[tuple[_Part, list[Ref]]], found: dict[str, Rows]
) -> list[tuple[_Part, list[Ref]]]:
    """Ask for these groups at once; those whose rows cannot be told apart or fill the page are given back unread."""
    commands = [part.command(f"w{n:05d}", group) for n, (part, group) in enumerate(groups)]
    outcomes = ask(client, commands)
    full = []
    for command, (part, group) in zip(commands, groups, strict=True):
        rows = _rows(part, command, outcomes.get(command.key))
        foreign = len(group) > 1 and any(not set(part.cards(row, group)) & set(group) for row in rows)
        if len(rows) >= PAGE_SIZE or foreign:  # foreign: it hangs on a card of ours, but belongs to another one
            full.append((part, group))
            continue
        for row in _once(rows):
            for card in part.cards(row, group):
                found[part.name][card].append(row)
    return full


def _rows(part: _Part, command: Command, outcome: CommandOutcome | None) -> list[Row]:
    try:
        return part.rows(result_of(command, outcome))
    except NotAllowed:
        if part.optional:
            return []
        raise


def _once(rows: Iterable[Row]) -> list[Row]:
    """Several bindings may give a row twice."""
    return list({text(row.get("ID") or row.get("id")): row for row in rows}.values())


def _all_pages(client: RestClient, part: _Part, card: Ref) -> Iterator[Row]:
    """A card with more than a page of anything is walked by offset: such cards are few."""
    offset: int | None = 0
    while offset is not None:
        command = part.command("page", [card])
        command = replace(command, params={**command.params, "start": offset})
        outcome = ask(client, [command]).get(command.key)
        rows = _rows(part, command, outcome)
        yield from rows
        offset = outcome.next if outcome is not None and rows else None


def _moves(key: str, cards: Sequence[Ref]) -> Command:
    kind = cards[0].kind
    return Command(
        key,
        "crm.stagehistory.list",
        {
            "entityTypeId": OWNER_TYPES[kind],
            "filter": {"@OWNER_ID": [int(card.id) for card in cards]},
            "select": ["ID", "OWNER_ID", "CREATED_TIME", "TYPE_ID", _STAGE_FIELDS[kind]],
            "order": {"ID": "ASC"},
        },
    )


def _activities(key: str, cards: Sequence[Ref]) -> Command:
    bindings = [{"OWNER_TYPE_ID": OWNER_TYPES[card.kind], "OWNER_ID": int(card.id)} for card in cards]
    params = {
        "select": [*ACTIVITY_SELECT, *TEXT_SELECT],
        "filter": {"BINDINGS": bindings},
        "order": {"ID": "ASC"},
    }
    return Command(key, LISTS[Kind.ACTIVITY], params)


def _tasks(key: str, cards: Sequence[Ref]) -> Command:
    params = {
        "select": list(_TASK_SELECT),
        "filter": {"UF_CRM_TASK": [task_binding(card) for card in cards]},
        "order": {"ID": "ASC"},
    }
    return Command(key, "tasks.task.list", params)


def _moved_cards(row: Row, group: Sequence[Ref]) -> Iterable[Ref]:
    return (Ref(group[0].kind, text(row.get("OWNER_ID"))),)


def _activity_cards(row: Row, group: Sequence[Ref]) -> Iterable[Ref]:
    """The owner: the list does not say on which further cards an activity hangs."""
    if len(group) == 1:
        return (group[0],)
    kind = OWNER_KINDS.get(number(row.get("OWNER_TYPE_ID")))
    return (Ref(kind, text(row.get("OWNER_ID"))),) if kind else ()


def _task_cards(row: Row, _: Sequence[Ref]) -> Iterable[Ref]:
    bound = [str(one).partition("_") for one in row.get("ufCrmTask") or ()]
    return [Ref(_LETTERS[letter], card) for letter, _, card in bound if letter in _LETTERS]


_PARTS = (
    _Part("moves", _moves, lambda result: rows_under(result, "items"), _moved_cards),
    _Part("activities", _activities, rows_of, _activity_cards),
    _Part("tasks", _tasks, lambda result: rows_under(result, "tasks"), _task_cards, optional=True),
)


def _entries(card: Ref, rows: Iterable[Row]) -> Iterator[StageEntry]:
    field = _STAGE_FIELDS[card.kind]
    for row in sorted(rows, key=lambda one: int(one["ID"])):
        at = moment(row.get("CREATED_TIME"))
        if at is not None:
            yield StageEntry(at, text(row.get(field)))


def _todos(activities: Iterable[Activity]) -> Iterator[CardTask]:
    for one in activities:
        if one.channel is Channel.TODO:
            yield CardTask(
                ref=Ref(Kind.TODO, one.id),
                title=one.subject,
                text=one.text or "",
                deadline=one.deadline,
                owner=one.responsible,
                done=one.done,
            )


def _task(row: Row) -> CardTask:
    return CardTask(
        ref=Ref(Kind.TASK, text(row.get("id"))),
        title=text(row.get("title")),
        text=text(row.get("description")),
        deadline=moment(row.get("deadline")),
        owner=ident(row.get("responsibleId")),
        done=text(row.get("status")) in _TASK_DONE,
    )


def _answered(row: Row) -> bool:
    """Whether the other side took a call: it is over, lasted, and is not marked as missed.

    SETTINGS.MISSED_CALL stands on missed calls of the portal's telephony (page voximplant, "Missed call").
    """
    activity = to_activity(row)
    if activity is None or activity.channel is not Channel.CALL or not yes(row.get("COMPLETED")):
        return activity is not None and activity.direction is Direction.IN and activity.channel is not Channel.CALL
    settings: Mapping[str, Any] = mapping(row.get("SETTINGS"))
    if filled(settings.get("MISSED_CALL")) and text(settings.get("MISSED_CALL")) not in ("N", "0", "false", "False"):
        return False
    begun, ended = moment(row.get("START_TIME")), moment(row.get("END_TIME"))
    return begun is None or ended is None or ended > begun
