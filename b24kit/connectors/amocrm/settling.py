"""What became of writes whose answer never came: found out by looking, never by trying again.

A new card of ours is told by our own field: the portal is asked for its value and what comes back is compared exactly,
since search finds what is like it, too. Without that field it is told by its name and the minute it was made in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.calls_create import mark, origin_id
from b24kit.connectors.amocrm.calls_incoming import card_of_incoming, settled_intake
from b24kit.connectors.amocrm.client import AmoClient, Question
from b24kit.connectors.amocrm.comparing import as_wanted
from b24kit.connectors.amocrm.fields import MARK, mark_of
from b24kit.connectors.amocrm.lookup import READABLE, read_refs, read_rows
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.paging import LONGEST
from b24kit.connectors.amocrm.reading import Reading
from b24kit.connectors.amocrm.translate import stage_numbers
from b24kit.connectors.amocrm.wirevalues import Row, mapping, text, wire_id
from b24kit.connectors.came_through import came_through
from b24kit.crm.records import Record, values_of
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Accept, Change, Create, Decline, Delete, LinkIncoming, Result, Settled, TakeIn, Write

MARKS_AT_ONCE = 50
BEFORE, AFTER = 5.0, 120.0  # seconds around the sending in which a card of that name is ours
_BY_KIND = {Kind.TODO: "tasks", Kind.TASK: "tasks", Kind.COMMENT: "notes"}


def settle(
    client: AmoClient, account: Account, reading: Reading, writes: Sequence[Write], sent: Mapping[str, float]
) -> dict[str, Result]:
    """One Result a write: DONE with its id, NOT_EXECUTED when there is no trace, UNKNOWN when nobody can tell.

    `sent`: when this process sent each write, in unix seconds, by its key.
    """
    account.forget()
    found: dict[str, Result] = {}
    cards: dict[str, list[Create]] = defaultdict(list)
    compared: list[Change | Delete] = []
    intake: list[TakeIn] = []
    for write in writes:
        if isinstance(write, Create) and write.kind in CARDS:
            cards[ENTITIES[write.kind]].append(write)
        elif isinstance(write, Create):
            found[write.key] = _thing(client, account, reading, write)
        elif isinstance(write, Accept | Decline | LinkIncoming):
            intake.append(write)
        elif isinstance(write, Change | Delete) and write.ref.kind in READABLE:
            compared.append(write)
        elif isinstance(write, Delete):
            found[write.key] = _field_gone(account, write)
    for made in cards.values():
        found |= _cards(client, account, made, sent)
    present = read_refs(client, account, reading, [write.ref for write in compared])
    found |= {write.key: _compared(write, present) for write in compared}
    found |= _intake(client, account, reading, intake) if intake else {}
    return {write.key: found.get(write.key) or _untold(write) for write in writes}


def _intake(client: AmoClient, account: Account, reading: Reading, writes: Sequence[TakeIn]) -> dict[str, Result]:
    """Whether incoming leads still wait, and where their cards are when they do not."""
    waiting = read_refs(client, account, reading, [write.incoming for write in writes])
    cards = {write.key: card_of_incoming(write.before) for write in writes if write.incoming not in waiting}
    numbers = list(dict.fromkeys(card.id for card in cards.values() if card is not None))
    rows = read_rows(client, {"/leads": numbers})["/leads"] if numbers else {}
    found = {}
    for write in writes:
        card = cards.get(write.key)
        unknown = write.incoming not in waiting and card is None
        row = rows.get(card.id) if card is not None else None
        found[write.key] = _untold(write) if unknown else settled_intake(write, write.incoming in waiting, row)
    return found


def _cards(
    client: AmoClient, account: Account, writes: Sequence[Create], sent: Mapping[str, float]
) -> dict[str, Result]:
    field = account.fields(writes[0].kind).by_code(MARK)
    marked = [write for write in writes if field is not None and write.values.get("origin")]
    found: dict[str, Result] = {}
    path = f"/{ENTITIES[writes[0].kind]}"
    for at in range(0, len(marked), MARKS_AT_ONCE if account.filters_work() else len(marked) or 1):
        part = marked[at : at + MARKS_AT_ONCE] if account.filters_work() else marked
        assert field is not None
        known = _marked(client, path, field.id, [origin_id(write) for write in part], account.filters_work())
        found |= {write.key: _told(write, known.get(origin_id(write), [])) for write in part}
    for write in writes:
        if write.key not in found:
            found[write.key] = _by_name(client, path, write, sent.get(write.key))
    return found


def _marked(client: AmoClient, path: str, field: int, marks: Sequence[str], filters: bool) -> dict[str, list[Row]]:
    """Rows by the mark that they carry. A filter that was ignored shows by rows without a wanted mark: then every
    mark is searched for by itself.
    """
    wanted = frozenset(marks)
    if filters:
        name = f"filter[custom_fields_values][{field}][]"
        query: list[tuple[str, Any]] = [*((name, one) for one in marks), ("limit", LONGEST)]
        rows = rows_of(client.get(path, query).body, path.strip("/"))
        if all(mark_of(row) in wanted for row in rows):
            return _by_mark(rows, wanted)
    asked: list[Question] = [(path, [("query", one), ("limit", LONGEST)]) for one in marks]
    return _by_mark([row for reply in client.ask(asked) for row in rows_of(reply.body, path.strip("/"))], wanted)


def _by_mark(rows: Sequence[Row], wanted: frozenset[str]) -> dict[str, list[Row]]:
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if mark_of(row) in wanted:
            found[mark_of(row)][str(row["id"])] = row
    return {mark: list(rows.values()) for mark, rows in found.items()}


def _told(write: Create, rows: Sequence[Row]) -> Result:
    if not rows:
        return Result(write.key, Settled.NOT_EXECUTED)
    first = min(rows, key=lambda row: int(row["id"]))
    return Result(write.key, Settled.DONE, new_id=str(first["id"]))


def _by_name(client: AmoClient, path: str, write: Create, sent: float | None) -> Result:
    """Exactly one card of that very name made in the window of the sending; else nobody can tell."""
    name = _name_of(write)
    if sent is None or not name:
        return Result(write.key, Settled.UNKNOWN, code="no_mark", said="the write carried nothing to find it by")
    query = [("query", name), ("order[id]", "desc"), ("limit", LONGEST)]
    rows = [
        row
        for row in rows_of(client.get(path, query).body, path.strip("/"))
        if _full_name(row) == name and sent - BEFORE <= int(row.get("created_at") or 0) <= sent + AFTER
    ]
    if len(rows) > 1:
        return Result(write.key, Settled.UNKNOWN, code="no_mark", said="several cards of this name were made then")
    return _told(write, rows)


def _name_of(write: Create) -> str:
    if write.kind is Kind.CONTACT:
        told = mapping(write.values.get("name"))
        return " ".join(filter(None, (text(told.get(part)) for part in ("first", "middle", "last"))))
    return text(write.values.get("title"))


def _full_name(row: Row) -> str:
    parts = " ".join(filter(None, (text(row.get("first_name")), text(row.get("last_name")))))
    return parts or text(row.get("name"))


def _thing(client: AmoClient, account: Account, reading: Reading, write: Create) -> Result:
    """A stage, pipeline or source by its name, a field by its code, a task or note by our mark in its text."""
    values, kind = write.values, write.kind
    if kind is Kind.STAGE:
        ids = [s.id for s in reading.stages() if s.ladder == values["ladder"] and s.name == values["name"]]
    elif kind is Kind.PIPELINE:
        ids = [str(row["id"]) for row in account.ladders().rows if row.get("name") == values["name"]]
    elif kind is Kind.LOSS_REASON:
        ids = [reason.id for reason in reading.loss_reasons() if reason.name == values["name"]]
    elif kind is Kind.SOURCE:
        ids = [source.id for source in reading.sources() if source.name == values["name"]]
    elif kind is Kind.FIELD:
        field = account.fields(Kind(values["card_kind"])).by_code(str(values["code"]))
        ids = [str(field.id)] if field else []
    elif kind is Kind.SUBSCRIPTION:
        ids = [one.id for one in reading.subscriptions() if one.ours]
    elif kind in _BY_KIND:
        ids = _texts_with(client, write)
    else:
        return _untold(write)
    if not ids:
        return Result(write.key, Settled.NOT_EXECUTED)
    return Result(write.key, Settled.DONE, new_id=ids[0] if kind is Kind.SUBSCRIPTION else min(ids, key=_number))


def _texts_with(client: AmoClient, write: Create) -> list[str]:
    """Ids of the tasks or notes on the card that carry the mark of this write."""
    said, card = mark(write), write.values.get("card")
    query: list[tuple[str, Any]] = [("order[id]", "desc"), ("limit", LONGEST)]
    owner = Ref.parse(card) if card else None
    if _BY_KIND[write.kind] == "notes":
        assert owner is not None
        path = f"/{ENTITIES[owner.kind]}/{wire_id(owner.id)}/notes"
        rows = rows_of(client.get(path, query).body, "notes")
        return [str(row["id"]) for row in rows if said in text(mapping(row.get("params")).get("text"))]
    if owner is not None:
        query += [("filter[entity_type]", ENTITIES[owner.kind]), ("filter[entity_id][]", wire_id(owner.id))]
    rows = rows_of(client.get("/tasks", query).body, "tasks")
    return [str(row["id"]) for row in rows if said in text(row.get("text"))]


def _field_gone(account: Account, write: Delete) -> Result:
    if write.ref.kind is not Kind.FIELD or not write.before.get("card_kind"):
        return _untold(write)
    fields = account.fields(Kind(write.before["card_kind"])).fields
    there = any(str(field.id) == write.ref.id for field in fields)
    return Result(write.key, Settled.NOT_EXECUTED if there else Settled.DONE)


def _compared(write: Change | Delete, present: Mapping[Ref, Record]) -> Result:
    record = present.get(write.ref)
    if isinstance(write, Delete):
        return Result(write.key, Settled.DONE if record is None else Settled.NOT_EXECUTED)
    if record is None:
        return Result(write.key, Settled.NOT_EXECUTED, code="gone")
    done = came_through(write, values_of(record), as_wanted)
    return Result(write.key, Settled.DONE if done else Settled.NOT_EXECUTED)


def _untold(write: Write) -> Result:
    return Result(write.key, Settled.UNKNOWN, code="no_mark", said="the write carried nothing to find it by")


def _number(found: str) -> int:
    return stage_numbers(found)[1] if ":" in found else int(found)
