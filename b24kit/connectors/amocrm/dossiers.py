"""Cards of amoCRM with all that hangs on them: notes of every kind, tasks, links, and the moves its events tell of.

Files of notes stand in the account's own file service, which this access does not read: they are named, never fetched.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.lookup import read_refs, read_rows
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.reading import Reading
from b24kit.connectors.amocrm.remarks import listed_notes
from b24kit.connectors.amocrm.translate_activities import COMMENT, address_of, to_note
from b24kit.connectors.amocrm.wirevalues import Row, ident, mapping, moment, text
from b24kit.crm.dossier import Attachment, Dossier
from b24kit.crm.records import values_of
from b24kit.crm.refs import CARDS, Kind, Ref

AT_ONCE = 50  # cards: their tasks and their notes come in lists of so many cards
_ATTACHMENT = "attachment"


def dossiers(client: AmoClient, account: Account, reading: Reading, refs: Iterable[Ref]) -> Iterator[Dossier]:
    """Cards whole, some dozens in memory at a time; those that are gone are absent."""
    walk = iter(dict.fromkeys(ref for ref in refs if ref.kind in CARDS))
    while part := list(itertools.islice(walk, AT_ONCE)):
        yield from _some(client, account, reading, part)


def surviving(client: AmoClient, refs: Iterable[Ref]) -> set[Ref]:
    """Which of these activities, comments and tasks are still there."""
    wanted: dict[str, list[str]] = defaultdict(list)
    places: dict[Ref, tuple[str, str]] = {}
    for ref in dict.fromkeys(refs):
        if ref.kind in (Kind.ACTIVITY, Kind.TODO, Kind.TASK, Kind.COMMENT):
            places[ref] = address_of(ref.id if "/" in ref.id else f"tasks/{ref.id}")
            wanted[places[ref][0]].append(places[ref][1])
    rows = read_rows(client, wanted) if wanted else {}
    return {ref for ref, (path, number) in places.items() if number in rows[path]}


def _some(client: AmoClient, account: Account, reading: Reading, refs: Sequence[Ref]) -> Iterator[Dossier]:
    cards = read_refs(client, account, reading, refs)
    there = [ref for ref in refs if ref in cards]
    if not there:
        return
    tasks = _tasks(client, there)
    notes = _notes(client, there)
    for ref in there:
        yield _dossier(ref, values_of(cards[ref]), notes[ref], tasks.get(ref, []))


def _notes(client: AmoClient, refs: Sequence[Ref]) -> dict[Ref, list[Row]]:
    """Notes of these cards: one list for all cards of an entity, or card by card where the filter is ignored."""
    found: dict[Ref, list[Row]] = {ref: [] for ref in refs}
    for entity in dict.fromkeys(ENTITIES[ref.kind] for ref in refs):
        mine: dict[str, list[Ref]] = defaultdict(list)
        for ref in refs:
            if ENTITIES[ref.kind] == entity:
                mine[ref.id].append(ref)
        for row in listed_notes(client, entity, list(mine)):
            for ref in mine[str(ident(row.get("entity_id")))]:
                found[ref].append(row)
    return found


def _tasks(client: AmoClient, refs: Sequence[Ref]) -> dict[Ref, list[Row]]:
    found: dict[Ref, list[Row]] = defaultdict(list)
    for kind in dict.fromkeys(ref.kind for ref in refs):
        by_number = {ref.id: ref for ref in refs if ref.kind is kind}
        entity = ENTITIES[kind]
        query = [("filter[entity_type]", entity), *(("filter[entity_id][]", number) for number in by_number)]
        for row in client.directory("/tasks", "tasks", query):
            # A filter that the account's plan does not know is ignored: what came is looked at.
            number = str(ident(row.get("entity_id")))
            if row.get("entity_type") == entity and number in by_number:
                found[by_number[number]].append(row)
    return found


def _dossier(ref: Ref, card: Mapping[str, Any], notes: Sequence[Row], tasks: Sequence[Row]) -> Dossier:
    entity = ENTITIES[ref.kind]
    activities = [values_of(one) | {"id": one.id} for row in notes if (one := to_note(row, entity)) is not None]
    others = [row for row in notes if to_note(row, entity) is None]
    files = [_file(row) for row in others if text(row.get("note_type")) == _ATTACHMENT]
    return Dossier(
        ref=ref,
        card=card,
        activities=tuple(activities),
        comments=tuple(_comment(row, entity) for row in others),
        tasks=tuple(_task(row) for row in tasks),
        links=tuple({"id": f"contact:{one}"} for one in _more_contacts(card)),
        files=tuple(files),
    )


def _comment(row: Row, entity: str) -> dict[str, Any]:
    params = mapping(row.get("params"))
    said = text(params.get("text"))
    if text(row.get("note_type")) != COMMENT:
        said = f"{row.get('note_type')}: {said or params}"  # what a program left there, told whole
    return {"id": f"{entity}/notes/{row['id']}", "text": said, "files": []}


def _task(row: Row) -> dict[str, Any]:
    till = moment(row.get("complete_till"))
    return {
        "id": f"tasks/{row['id']}",
        "title": text(row.get("text")).partition("\n")[0],
        "text": text(row.get("text")),
        "owner": ident(row.get("responsible_user_id")),
        "deadline": till.isoformat() if till else None,
        "done": bool(row.get("is_completed")),
    }


def _file(row: Row) -> Attachment:
    params = mapping(row.get("params"))
    return Attachment(str(params.get("file_uuid") or row["id"]), text(params.get("file_name")))


def _more_contacts(card: Mapping[str, Any]) -> list[str]:
    """Contacts of a lead beside its main one, where its record tells them."""
    told = (card.get("extra") or {}).get("contacts") or ()
    return [str(one) for one in told if str(one) != str(card.get("contact"))]
