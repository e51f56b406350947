"""What a list of writes and reads costs here: put into calls, then reckoned by the client with what it learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.methods import IMPORT_SIZE, LISTS, METHODS, PAGE_SIZE
from b24kit.crm.portal import BELONGINGS, DOSSIER, ROUND_TRIP, Cost
from b24kit.crm.refs import CARDS, Kind
from b24kit.errors import UsageError

_CREATED_BY = {
    Kind.STAGE: "crm.status.add",
    Kind.SOURCE: "crm.status.add",
    Kind.PIPELINE: "crm.category.add",
    Kind.FIELD: "crm.lead.userfield.add",
    Kind.ACTIVITY: "crm.activity.add",
    Kind.PRODUCT: "crm.item.productrow.add",
    Kind.COMMENT: "crm.timeline.comment.add",
    Kind.TODO: "crm.activity.todo.add",
    Kind.TASK: "tasks.task.add",
    Kind.NOTICE: "im.notify.system.add",
    Kind.LETTER: "crm.activity.add",
    Kind.SUBSCRIPTION: "event.bind",
}
_CHANGED_BY = {
    Kind.STAGE: "crm.status.update",
    Kind.SOURCE: "crm.status.update",
    Kind.PIPELINE: "crm.category.update",
    Kind.ACTIVITY: "crm.activity.update",
    Kind.TODO: "crm.activity.update",
    Kind.LAYOUT: "crm.item.details.configuration.set",
}
_DELETED_BY = {
    Kind.STAGE: "crm.status.delete",
    Kind.SOURCE: "crm.status.delete",
    Kind.PIPELINE: "crm.category.delete",
    Kind.ACTIVITY: "crm.activity.delete",
    Kind.TODO: "crm.activity.delete",
    Kind.PRODUCT: "crm.item.productrow.delete",
    Kind.COMMENT: "crm.timeline.comment.delete",
    Kind.TASK: "tasks.task.delete",
    Kind.NOTICE: "im.notify.delete",
    Kind.FIELD: "crm.lead.userfield.delete",
    Kind.SUBSCRIPTION: "event.unbind",
}
_DOSSIER = ("crm.activity.list", "crm.timeline.comment.list", "tasks.task.list", "crm.item.productrow.list")
_BELONGINGS = ("crm.lead.list", "crm.item.list", "tasks.task.list", "crm.stagehistory.list")
_LETTERS = 4  # activities of a card, as a rule of thumb
_BOUND_BY = {"bind": "crm.activity.binding.add", "unbind": "crm.activity.binding.delete"}
_BINDINGS = "crm.activity.binding.list"
_IMPORT = ("crm.item.batchImport", IMPORT_SIZE)
_WHOLE_LISTS = frozenset({Kind.STAGE, Kind.SOURCE, Kind.PIPELINE, Kind.SUBSCRIPTION})


def price(client: RestClient, writes: Mapping[str, int], reads: Mapping[str, int]) -> Cost:
    """The cost of so many writes by `write_name` and so many rows looked at by kind."""
    pieces = pieces_needed(writes, {kind: rows for kind, rows in reads.items() if kind != ROUND_TRIP})
    guess = {method: _seconds_a_piece(method) for method in pieces}
    return client.estimate(pieces, guess, alone=reads.get(ROUND_TRIP, 0))


def pieces_needed(writes: Mapping[str, int], reads: Mapping[str, int]) -> dict[str, int]:
    """Pieces of work by method: running time is measured by the piece, and one call of an import has twenty."""
    cards = sum(count for name, count in writes.items() if _write_method(name) == _IMPORT)
    return calls_needed(writes, reads) | ({_IMPORT[0]: cards} if cards else {})


def _seconds_a_piece(method: str) -> float:
    seconds = METHODS[method].seconds
    return seconds / IMPORT_SIZE if method == _IMPORT[0] else seconds


def calls_needed(writes: Mapping[str, int], reads: Mapping[str, int]) -> dict[str, int]:
    """How often each method will be called.

    >>> calls_needed({"create contact": 45, "bind activity": 7}, {"lead": 120})
    {'crm.item.batchImport': 3, 'crm.activity.binding.add': 7, 'crm.lead.list': 3}
    """
    counts: Counter[str] = Counter()
    for name, count in writes.items():
        method, size = _write_method(name)
        counts[method] += _parts(count, size)
    for kind, rows in reads.items():
        if kind == DOSSIER:  # a list each of a card's letters, comments, tasks and product rows
            counts.update(dict.fromkeys(_DOSSIER, rows))
            continue
        if kind == BELONGINGS:  # comments card by card, the rest by the page
            counts.update({"crm.timeline.comment.list": rows, "crm.activity.list": _parts(rows * _LETTERS, PAGE_SIZE)})
            counts.update(dict.fromkeys(_BELONGINGS, _parts(rows, PAGE_SIZE)))
            continue
        found = Kind(kind)
        size = 1 if found is Kind.LAYOUT else PAGE_SIZE  # views come one by one
        counts[LISTS[found]] += 1 if found in _WHOLE_LISTS else _parts(rows, size)
        if found is Kind.ACTIVITY:
            counts[_BINDINGS] += rows
    return {method: count for method, count in counts.items() if count}


def _write_method(name: str) -> tuple[str, int]:
    """The method of a `write_name`, and how many writes one call of it does."""
    verb, _, noun = name.partition(" ")
    kind = Kind(noun)
    if verb in _BOUND_BY and kind is Kind.COMMENT:
        return f"crm.timeline.bindings.{verb}", 1
    if verb in _BOUND_BY:
        return _BOUND_BY[verb], 1
    if verb == "merge":
        return "crm.entity.mergeBatch", 1
    if kind in CARDS:
        return _IMPORT if verb == "create" else (f"crm.{noun}.{_card_step(verb)}", 1)
    method = {"create": _CREATED_BY, "change": _CHANGED_BY, "delete": _DELETED_BY}.get(verb, {}).get(kind)
    if method is None:
        raise UsageError("write_unknown", write=name)
    return method, 1


def _card_step(verb: str) -> str:
    return {"change": "update", "delete": "delete"}[verb]


def _parts(count: int, size: int) -> int:
    return -(-count // size)
