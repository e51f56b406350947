"""The present state of objects by their ids: hundreds of ids a request, several requests at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.client import AmoClient, Question
from b24kit.connectors.amocrm.incoming import to_incoming
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.paging import LONGEST
from b24kit.connectors.amocrm.reading import Reading
from b24kit.connectors.amocrm.remarks import with_remarks
from b24kit.connectors.amocrm.translate_activities import address_of, to_note, to_task
from b24kit.connectors.amocrm.translate_cards import CARD_READERS, EMBED
from b24kit.connectors.amocrm.wirevalues import Row
from b24kit.crm.records import Record, ref_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.errors import UsageError

ACTIVITY_KINDS = (Kind.ACTIVITY, Kind.TODO, Kind.TASK)
_DIRECTORY_KINDS = (
    *(Kind.STAGE, Kind.SOURCE, Kind.PIPELINE, Kind.GATE, Kind.LOSS_REASON, Kind.USER, Kind.TEAM, Kind.SUBSCRIPTION),
)
UIDS = 40  # of incoming leads in one address: they are long
READABLE = frozenset((*CARDS, *ACTIVITY_KINDS, *_DIRECTORY_KINDS, Kind.INCOMING))


def read_refs(client: AmoClient, account: Account, reading: Reading, refs: Iterable[Ref]) -> dict[Ref, Record]:
    """Records by reference; those that are gone are absent. A lead and a deal of one number are one card of the
    vendor's, and come as what they were asked for.
    """
    by_kind: dict[Kind, list[Ref]] = defaultdict(list)
    for ref in dict.fromkeys(refs):
        if ref.kind not in READABLE:
            raise UsageError("kind_not_readable", kind=ref.kind.value)
        by_kind[ref.kind].append(ref)
    found: dict[Ref, Record] = {}
    entities = dict.fromkeys(ENTITIES[kind] for kind in CARDS if by_kind[kind])
    wanted = {
        entity: [ref for kind in CARDS if ENTITIES[kind] == entity for ref in by_kind[kind]] for entity in entities
    }
    rows = read_rows(client, {f"/{entity}": _numbers(refs) for entity, refs in wanted.items()})
    for entity, asked in wanted.items():
        known = rows[f"/{entity}"]
        found |= {ref: CARD_READERS[ref.kind](known[ref.id]) for ref in asked if ref.id in known}
    found |= _activities(client, account, [ref for kind in ACTIVITY_KINDS for ref in by_kind[kind]])
    found |= _incoming(client, [ref.id for ref in by_kind[Kind.INCOMING]])
    for kind in _DIRECTORY_KINDS:
        found |= _directory(reading, by_kind[kind])
    return found


def read_texts(client: AmoClient, account: Account, activities: Iterable[Ref]) -> Iterator[tuple[Ref, str]]:
    """Bodies of activities by reference, a page's worth at a time."""
    refs = list(dict.fromkeys(activities))
    for at in range(0, len(refs), LONGEST):
        for ref, record in _activities(client, account, refs[at : at + LONGEST]).items():
            body = getattr(record, "text", None)
            if body:
                yield ref, body


def read_rows(client: AmoClient, wanted: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Row]]:
    """Rows of lists by path and id (`filter[id][]`). Where the account's plan has no filters they are ignored; then
    each row is asked for by its own address.
    """
    asked: list[tuple[str, Sequence[str]]] = []
    for path, ids in wanted.items():
        asked += [(path, ids[at : at + LONGEST]) for at in range(0, len(ids), LONGEST)]
    replies = client.ask([_by_ids(path, ids) for path, ids in asked]) if asked else []
    found: dict[str, dict[str, Row]] = {path: {} for path in wanted}
    alone: list[tuple[str, str]] = []
    for (path, ids), reply in zip(asked, replies, strict=True):
        rows = {str(row["id"]): row for row in rows_of(reply.body, _collection(path))}
        found[path] |= {one: rows[one] for one in ids if one in rows}
        if rows.keys() - set(ids):
            alone += [(path, one) for one in ids if one not in rows]
    if alone:
        singles = client.ask([(f"{path}/{one}", _embedding(path)) for path, one in alone])
        for (path, one), reply in zip(alone, singles, strict=True):
            if isinstance(reply.body, dict) and str(reply.body.get("id")) == one:
                found[path][one] = reply.body
    return found


def _by_ids(path: str, ids: Sequence[str]) -> Question:
    query: list[tuple[str, Any]] = [*_embedding(path), *(("filter[id][]", one) for one in ids)]
    return path, [*query, ("limit", LONGEST)]


def _embedding(path: str) -> list[tuple[str, Any]]:
    told = EMBED.get(path.lstrip("/"), "")
    return [("with", told)] if told else []


def _collection(path: str) -> str:
    return path.rpartition("/")[2]


def _numbers(refs: Sequence[Ref]) -> list[str]:
    return list(dict.fromkeys(ref.id for ref in refs if ref.id.isdecimal()))


def _activities(client: AmoClient, account: Account, refs: Sequence[Ref]) -> dict[Ref, Record]:
    wanted: dict[str, list[str]] = defaultdict(list)
    places = {}
    for ref in refs:
        path, number = address_of(ref.id if "/" in ref.id else f"tasks/{ref.id}")
        wanted[path].append(number)
        places[ref] = (path, number)
    if not places:
        return {}
    rows = read_rows(client, wanted)
    on_leads = any(row.get("entity_type") == "leads" for row in rows.get("/tasks", {}).values())
    deals = account.deals() if on_leads or rows.get("/leads/notes") else frozenset()
    found: dict[Ref, Record] = {}
    for ref, (path, number) in places.items():
        row = rows[path].get(number)
        if row is None:
            continue
        record = to_task(row, deals) if path == "/tasks" else to_note(row, path.split("/")[1], deals)
        if record is not None:
            found[ref] = record
    return found


def _incoming(client: AmoClient, uids: Sequence[str]) -> dict[Ref, Record]:
    """Those of the incoming leads that still wait (`filter[uid][]`); what else a list holds is passed over."""
    parts = [uids[at : at + UIDS] for at in range(0, len(uids), UIDS)]
    asked: list[Question] = [
        ("/leads/unsorted", [*(("filter[uid][]", uid) for uid in part), ("limit", LONGEST)]) for part in parts
    ]
    wanted = set(uids)
    rows: list[Row] = [row for reply in (client.ask(asked) if asked else []) for row in rows_of(reply.body, "unsorted")]
    if any(row.get("uid") not in wanted for row in rows):  # the filter was ignored: only the whole list tells
        rows = list(client.directory("/leads/unsorted", "unsorted"))
    told = (record for row in rows if (record := to_incoming(row)) is not None and record.id in wanted)
    return {record.ref: record for record in with_remarks(client, told)}


def _directory(reading: Reading, refs: Sequence[Ref]) -> dict[Ref, Record]:
    """Directories are small and come whole: one question for any number of references."""
    if not refs:
        return {}
    readers: dict[Kind, Callable[[], Iterable[Record]]] = {
        Kind.STAGE: reading.stages,
        Kind.SOURCE: reading.sources,
        Kind.PIPELINE: reading.pipelines,
        Kind.GATE: reading.gates,
        Kind.LOSS_REASON: reading.loss_reasons,
        Kind.USER: reading.users,
        Kind.TEAM: reading.teams,
        Kind.SUBSCRIPTION: reading.subscriptions,
    }
    known = {ref_of(record): record for record in readers[refs[0].kind]()}
    return {ref: known[ref] for ref in refs if ref in known}
