"""The present state of objects by their ids: fifty ids a command, all commands in as few requests as they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.layouts import read_layouts
from b24kit.connectors.bitrix24.methods import LISTS, PAGE_SIZE
from b24kit.connectors.bitrix24.reading import Reading, select_of
from b24kit.connectors.bitrix24.translate_activities import ACTIVITY_SELECT, TEXT_SELECT, to_activity
from b24kit.connectors.bitrix24.translate_cards import CARD_READERS
from b24kit.connectors.bitrix24.wirevalues import Row, rows_of, text
from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.crm.activity import Activity
from b24kit.crm.records import Record, ref_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.errors import UsageError

Outcomes = Mapping[str, CommandOutcome]
TEXTS_AT_ONCE = 500  # bodies of letters are long: ten pages a request, not fifty

ACTIVITY_KINDS = (Kind.ACTIVITY, Kind.TODO)  # a to-do is an activity with a provider of its own
_DIRECTORY_KINDS = (Kind.STAGE, Kind.SOURCE, Kind.PIPELINE, Kind.USER, Kind.TEAM, Kind.SUBSCRIPTION)
READABLE = frozenset((*CARDS, *ACTIVITY_KINDS, *_DIRECTORY_KINDS, Kind.LAYOUT))


def read_refs(client: RestClient, reading: Reading, refs: Iterable[Ref]) -> dict[Ref, Record]:
    """Records by reference; those that are gone are absent. Activities come with text and bindings."""
    by_kind: dict[Kind, list[Ref]] = defaultdict(list)
    for ref in dict.fromkeys(refs):
        if ref.kind not in READABLE:
            raise UsageError("kind_not_readable", kind=ref.kind.value)
        by_kind[ref.kind].append(ref)
    activities = [ref for kind in ACTIVITY_KINDS for ref in by_kind[kind]]
    card_lists = {kind: _card_lists(kind, by_kind[kind]) for kind in CARDS}
    activity_lists, binding_lists = _activity_lists(activities), _binding_lists(activities)
    commands = [*(found for lists in card_lists.values() for found in lists), *activity_lists, *binding_lists]
    outcomes = ask(client, commands)
    found: dict[Ref, Record] = {}
    for kind, lists in card_lists.items():
        cards = map(CARD_READERS[kind], _rows(lists, outcomes))
        found |= {Ref(kind, card.id): card for card in cards}
    found |= _activities(activities, activity_lists, outcomes)
    for kind in _DIRECTORY_KINDS:
        found |= _directory(reading, by_kind[kind])
    found |= read_layouts(client, by_kind[Kind.LAYOUT])
    return found


@dataclass(slots=True)
class Lookup:
    """Up to a page of objects of one kind on their way: commands, and their outcomes as far as they came."""

    kind: Kind
    refs: tuple[Ref, ...]
    commands: tuple[Command, ...]
    outcomes: dict[str, CommandOutcome] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.outcomes) == len(self.commands)

    def found(self) -> dict[Ref, Record]:
        """The records, once all is answered; a refusal is raised."""
        lists = [command for command in self.commands if command.method == LISTS[self.kind]]
        if self.kind is Kind.ACTIVITY:
            return _activities(self.refs, lists, self.outcomes)
        cards = map(CARD_READERS[self.kind], _rows(lists, self.outcomes))
        return {Ref(self.kind, card.id): card for card in cards}


def lookup_of(refs: Sequence[Ref], tag: str) -> Lookup:
    """The commands that look at up to a page of cards of one kind, or of activities; `tag` begins their keys."""
    kind = Kind.ACTIVITY if refs[0].kind in ACTIVITY_KINDS else refs[0].kind
    commands = _activity_lists(refs) + _binding_lists(refs) if kind is Kind.ACTIVITY else _card_lists(kind, refs)
    named = tuple(replace(one, reads=True, key=one.key if one.key.startswith("b") else tag) for one in commands)
    return Lookup(kind, tuple(refs), named)


def read_texts(client: RestClient, activities: Iterable[Ref]) -> Iterator[tuple[Ref, str]]:
    """Bodies of activities by reference, a request's worth at a time (crm.activity.list, DESCRIPTION alone)."""
    refs = list(dict.fromkeys(activities))
    for at in range(0, len(refs), TEXTS_AT_ONCE):
        part = {ref.id: ref for ref in refs[at : at + TEXTS_AT_ONCE]}
        lists = list_by_id(LISTS[Kind.ACTIVITY], list(part), ("ID", "DESCRIPTION"), tag="text")
        for row in _rows(lists, ask(client, lists)):
            ref, body = part.get(str(row["ID"])), text(row.get("DESCRIPTION"))
            if ref is not None and body:
                yield ref, body


def list_by_id(method: str, ids: Sequence[str], select: Sequence[str], *, tag: str) -> list[Command]:
    """Commands that list these ids, a page each: IN by the prefix `@`, no counting (`start=-1`)."""
    parts = [ids[at : at + PAGE_SIZE] for at in range(0, len(ids), PAGE_SIZE)]
    return [Command(f"{tag}{place:04d}", method, _page(select, part)) for place, part in enumerate(parts)]


def binding_list(activity: str) -> Command:
    """The command that lists the cards an activity hangs on; its key is told by the activity's id."""
    return Command(f"b{activity}", "crm.activity.binding.list", {"activityId": int(activity)})


def is_gone(outcome: CommandOutcome | None) -> bool:
    """Whether the portal says that the object is not there: by code, or by text where the code is empty."""
    return outcome is not None and (
        "not_found" in outcome.code.lower() or (not outcome.result and "not found" in outcome.said.lower())
    )


def _page(select: Sequence[str], ids: Sequence[str]) -> dict[str, Any]:
    wanted = {"@ID": [int(found) for found in ids]}
    return {"select": list(select), "filter": wanted, "order": {"ID": "ASC"}, "start": -1}


def _card_lists(kind: Kind, refs: Sequence[Ref]) -> list[Command]:
    return list_by_id(LISTS[kind], [ref.id for ref in refs], select_of(kind), tag=kind.value)


def _activity_lists(refs: Sequence[Ref]) -> list[Command]:
    ids = list(dict.fromkeys(ref.id for ref in refs))
    return list_by_id(LISTS[Kind.ACTIVITY], ids, (*ACTIVITY_SELECT, *TEXT_SELECT), tag="activity")


def _binding_lists(refs: Sequence[Ref]) -> list[Command]:
    return [binding_list(activity) for activity in dict.fromkeys(ref.id for ref in refs)]


def _rows(lists: Sequence[Command], outcomes: Outcomes) -> Iterator[Row]:
    for command in lists:
        yield from rows_of(result_of(command, outcomes.get(command.key)))


def _activities(refs: Sequence[Ref], lists: Sequence[Command], outcomes: Outcomes) -> dict[Ref, Record]:
    found: dict[str, Activity] = {}
    for row in _rows(lists, outcomes):
        asked = binding_list(str(row["ID"]))
        bound = outcomes.get(asked.key)
        activity = None if is_gone(bound) else to_activity(row, rows_of(result_of(asked, bound)))
        if activity is not None:
            found[activity.id] = activity
    return {ref: found[ref.id] for ref in refs if ref.id in found}


def _directory(reading: Reading, refs: Sequence[Ref]) -> dict[Ref, Record]:
    """Directories are small and come whole: one call for any number of references."""
    if not refs:
        return {}
    readers: dict[Kind, Callable[[], Sequence[Record]]] = {
        Kind.STAGE: reading.stages,
        Kind.SOURCE: reading.sources,
        Kind.PIPELINE: reading.pipelines,
        Kind.USER: reading.users,
        Kind.TEAM: reading.teams,
        Kind.SUBSCRIPTION: reading.subscriptions,
    }
    known = {ref_of(record): record for record in readers[refs[0].kind]()}
    return {ref: known[ref] for ref in refs if ref in known}
