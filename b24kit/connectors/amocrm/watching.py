"""What robots ask of an amoCRM account: where cards stood and when, what happened on them, what is to be done.

Stage history comes from the journal of events (ten cards a request), letters, calls and messages from the notes of a
lead and of its main contact since the lead came (fifty cards a request), tasks from their list. Filters that the
account's plan ignores show by foreign rows: then a card is asked for by its own address. (pages "Events and notes",
"Tasks", "Filters")
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.acquaintance import rows_with_leads
from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.client import AmoClient, Question
from b24kit.connectors.amocrm.lookup import read_rows
from b24kit.connectors.amocrm.paging import LONGEST
from b24kit.connectors.amocrm.spoken import NOTES, answered, to_message, to_spoken
from b24kit.connectors.amocrm.translate import LOST, WON, stage_code
from b24kit.connectors.amocrm.wirevalues import Row, embedded, ident, mapping, moment, text
from b24kit.crm.activity import Activity
from b24kit.crm.cards import Deal, Lead
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import CardStory, CardTask, StageEntry

AT_ONCE = 50  # cards whose notes or tasks are asked for together
EVENTS_AT_ONCE = 10  # "Events": no more ids in a filter
EVENTS_PAGE = 100
MOVED = "lead_status_changed"
MESSAGES = ("incoming_chat_message", "outgoing_chat_message")

Rows = dict[str, list[Row]]  # by the number of the card


@dataclass(frozen=True, slots=True)
class _Part:
    """One sort of rows: how so many cards are asked for at once, and one by itself."""

    path: str
    collection: str
    query: Callable[[Sequence[str]], list[tuple[str, Any]]]
    alone: Callable[[str], str] | None = None  # the address of one card's own list, where there is one
    fits: Callable[[Row], bool] = lambda _: True
    at_once: int = AT_ONCE
    page: int = LONGEST


def stories(
    client: AmoClient, account: Account, cards: Sequence[Ref], present: Mapping[Ref, Record]
) -> dict[Ref, CardStory]:
    """The story of every lead and deal, by what was just read of them; cards that are gone have empty ones."""
    alive = {card: record for card in cards if isinstance(record := present.get(card), Lead | Deal)}
    numbers = list(dict.fromkeys(card.id for card in alive))
    people = sorted({record.contact for record in alive.values() if record.contact}, key=int)
    parts = {
        "notes": (_notes("leads"), numbers),
        "spoken": (_notes("contacts"), people),
        "tasks": (_TASKS, numbers),
        "events": (_EVENTS, numbers),
    }
    found = _asked(client, parts)
    waiting = account.ladders().unsorted()
    told: dict[Ref, CardStory] = dict.fromkeys(cards, CardStory())
    for card, record in alive.items():
        events = sorted(found["events"][card.id], key=lambda one: (int(one.get("created_at") or 0), text(one["id"])))
        notes = [*found["notes"][card.id], *_since(record, found["spoken"][record.contact or ""])]
        told[card] = CardStory(
            entries=tuple(one for one in _entries(record, events) if one.stage not in waiting),
            happened=tuple(sorted(_happened(card, notes, events), key=_when)),
            tasks=tuple(_task(one) for one in found["tasks"][card.id]),
            answered=frozenset(to_spoken(one, card).id for one in notes if answered(one)),
        )
    return told


def stirred(client: AmoClient, account: Account, since: datetime) -> Iterator[tuple[Ref, datetime]]:
    """Leads and deals with notes, messages and tasks newer than that moment, and the open ones of such contacts."""
    edge = int(since.timestamp())
    at: dict[str, int] = {}
    people: dict[str, int] = {}
    for entity, row in _fresh(client, edge):
        number, when = ident(row.get("entity_id")), int(row.get("updated_at") or row.get("created_at") or 0)
        place = {"leads": at, "lead": at, "contacts": people, "contact": people}.get(entity)
        if number is not None and place is not None and when >= edge:
            place[number] = max(when, place.get(number, 0))
    for contact, row in rows_with_leads(client, Kind.CONTACT, list(people)).items():
        for lead in embedded(row, "leads"):
            number = text(lead.get("id"))
            at[number] = max(people[contact], at.get(number, 0))
    main = account.ladders().main
    for number, row in read_rows(client, {"/leads": list(at)})["/leads"].items() if at else ():
        if row.get("status_id") not in (WON, LOST) or at[number] >= int(row.get("closed_at") or 0):
            found = moment(at[number])
            assert found is not None
            yield _named(Ref(Kind.LEAD, number), row, main), found


def _named(card: Ref, row: Row | None, main: int) -> Ref:
    if row is None or card.kind not in (Kind.LEAD, Kind.DEAL):
        return card
    return Ref(Kind.LEAD if row.get("pipeline_id") == main else Kind.DEAL, card.id)


def _fresh(client: AmoClient, edge: int) -> Iterator[tuple[str, Row]]:
    """Notes and tasks that changed and messages that came since, newest first, each with the word of its card."""
    for entity in ("leads", "contacts"):
        query = [("filter[updated_at][from]", edge), *(("filter[note_type][]", one) for one in NOTES)]
        yield from ((entity, row) for row in _newest(client, f"/{entity}/notes", "notes", query, edge))
    tasks = _newest(client, "/tasks", "tasks", [("filter[updated_at][from]", edge)], edge)
    yield from ((text(row.get("entity_type")), row) for row in tasks)
    query = [("filter[type]", ",".join(MESSAGES)), ("filter[created_at][from]", edge)]
    events = _newest(client, "/events", "events", query, edge, page=EVENTS_PAGE, ordered=False)
    yield from ((text(row.get("entity_type")), row) for row in events if row.get("type") in MESSAGES)


def _newest(
    client: AmoClient,
    path: str,
    collection: str,
    query: Sequence[tuple[str, Any]],
    edge: int,
    *,
    page: int = LONGEST,
    ordered: bool = True,
) -> Iterator[Row]:
    """A list from its newest row on, so that one whose filter was ignored ends where it becomes too old."""
    order = [("order[updated_at]", "desc")] if ordered else []
    number = 1
    while True:
        rows = rows_of(client.get(path, [*query, *order, ("limit", page), ("page", number)]).body, collection)
        yield from rows
        oldest = min((int(row.get("updated_at") or row.get("created_at") or 0) for row in rows), default=0)
        if len(rows) < page or oldest < edge:
            return
        number += 1


def _asked(client: AmoClient, parts: Mapping[str, tuple[_Part, Sequence[str]]]) -> dict[str, Rows]:
    """All parts in one round; groups whose page was full, or not theirs, are asked for again, each in its own way."""
    groups = [
        (name, part, list(ids[at : at + part.at_once]))
        for name, (part, ids) in parts.items()
        for at in range(0, len(ids), part.at_once)
    ]
    questions: list[Question] = [(part.path, [*part.query(ids), ("limit", part.page)]) for _, part, ids in groups]
    found: dict[str, Rows] = {name: defaultdict(list) for name in parts}
    for (name, part, ids), reply in zip(groups, client.ask(questions) if questions else [], strict=True):
        rows: Sequence[Row] = rows_of(reply.body, part.collection)
        mine = set(ids)
        if any(str(ident(row.get("entity_id"))) not in mine or not part.fits(row) for row in rows):
            rows = _one_by_one(client, part, ids, rows)
        elif len(rows) >= part.page:
            rows = client.directory(part.path, part.collection, part.query(ids))
        for row in rows:
            number = str(ident(row.get("entity_id")))
            if number in mine and part.fits(row):
                found[name][number].append(row)
    return found


def _one_by_one(client: AmoClient, part: _Part, ids: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """The filter was ignored: each card's own list, or, where there is none, what is ours of the whole one."""
    if part.alone is None:
        return list(client.directory(part.path, part.collection, part.query(ids)) if part is _TASKS else rows)
    return [row for number in ids for row in client.directory(part.alone(number), part.collection)]


def _notes(entity: str) -> _Part:
    return _Part(
        path=f"/{entity}/notes",
        collection="notes",
        query=lambda ids: [
            *(("filter[entity_id][]", number) for number in ids),
            *(("filter[note_type][]", kind) for kind in NOTES),
        ],
        alone=lambda number: f"/{entity}/{number}/notes",
        fits=lambda row: row.get("note_type") in NOTES,
    )


_TASKS = _Part(
    path="/tasks",
    collection="tasks",
    query=lambda ids: [("filter[entity_type]", "leads"), *(("filter[entity_id][]", number) for number in ids)],
    fits=lambda row: row.get("entity_type") == "leads",
)
_EVENTS = _Part(
    path="/events",
    collection="events",
    query=lambda ids: [
        ("filter[entity]", "lead"),
        ("filter[type]", ",".join((MOVED, *MESSAGES))),
        *(("filter[entity_id][]", number) for number in ids),
    ],
    fits=lambda row: row.get("entity_type") == "lead" and row.get("type") in (MOVED, *MESSAGES),
    at_once=EVENTS_AT_ONCE,
    page=EVENTS_PAGE,
)


def _since(card: Lead | Deal, notes: Iterable[Row]) -> Iterator[Row]:
    """What was spoken with the lead's contact since the lead came: before that it was about something else."""
    begun = int(card.created.timestamp()) if card.created is not None else 0
    return (row for row in notes if int(row.get("created_at") or 0) >= begun)


def _entries(card: Lead | Deal, events: Iterable[Row]) -> Iterator[StageEntry]:
    """Its first stage is the one that its first move left, or where it still stands."""
    moves = [row for row in events if row.get("type") == MOVED]
    if card.created is not None:
        first = _stage(moves[0], "value_before") if moves else card.stage
        yield StageEntry(card.created, first or card.stage, card.created_by)
    for row in moves:
        at, stage = moment(row.get("created_at")), _stage(row, "value_after")
        if at is not None and stage is not None:
            yield StageEntry(at, stage, _by(row))


def _by(row: Row) -> str | None:
    return ident(row.get("created_by"))


def _stage(event: Row, side: str) -> str | None:
    for one in event.get(side) or ():
        told = mapping(mapping(one).get("lead_status"))
        if told.get("id") and told.get("pipeline_id"):
            return stage_code(int(told["pipeline_id"]), int(told["id"]))
    return None


def _happened(card: Ref, notes: Iterable[Row], events: Iterable[Row]) -> Iterator[Activity]:
    yield from (to_spoken(row, card) for row in notes)
    yield from (to_message(row, card) for row in events if row.get("type") in MESSAGES)


def _when(activity: Activity) -> tuple[str, str]:
    return str(activity.start or ""), activity.id


def _task(row: Row) -> CardTask:
    said = text(row.get("text"))
    return CardTask(
        ref=Ref(Kind.TODO, f"tasks/{row['id']}"),
        title=said.partition("\n")[0],
        text=said,
        deadline=moment(row.get("complete_till")),
        owner=ident(row.get("responsible_user_id")),
        done=bool(row.get("is_completed")),
    )
