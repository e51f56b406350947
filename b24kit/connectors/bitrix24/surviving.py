"""Which things that once hung on a card are still there, on whatever card: asked by number, all in few requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.lookup import is_gone, list_by_id
from b24kit.connectors.bitrix24.methods import LISTS
from b24kit.connectors.bitrix24.wirevalues import rows_of, rows_under
from b24kit.connectors.commands import Command
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError


def still_there(client: RestClient, refs: Iterable[Ref]) -> set[Ref]:
    """Those activities, comments and tasks that exist; UsageError for another kind."""
    by_kind: dict[Kind, list[str]] = defaultdict(list)
    for ref in dict.fromkeys(refs):
        by_kind[ref.kind].append(ref.id)
    if strange := by_kind.keys() - {Kind.ACTIVITY, Kind.COMMENT, Kind.TASK}:
        raise UsageError("kind_not_readable", kind=min(kind.value for kind in strange))
    found = {Ref(Kind.ACTIVITY, one) for one in _activities(client, by_kind[Kind.ACTIVITY])}
    found |= {Ref(Kind.COMMENT, one) for one in _comments(client, by_kind[Kind.COMMENT])}
    return found | {Ref(Kind.TASK, one) for one in _tasks(client, by_kind[Kind.TASK])}


def _activities(client: RestClient, ids: Sequence[str]) -> set[str]:
    lists = list_by_id(LISTS[Kind.ACTIVITY], ids, ("ID",), tag="there")
    outcomes = ask(client, lists)
    return {str(row["ID"]) for one in lists for row in rows_of(result_of(one, outcomes.get(one.key)))}


def _comments(client: RestClient, ids: Sequence[str]) -> set[str]:
    """One question a comment: their list asks for the card, which may be another one by now."""
    asked = {found: Command(f"c{found}", "crm.timeline.comment.get", {"id": int(found)}) for found in ids}
    outcomes = ask(client, list(asked.values()))
    return {found for found, one in asked.items() if not is_gone(outcomes.get(one.key))}


def _tasks(client: RestClient, ids: Sequence[str]) -> set[str]:
    asked = {found: _task(found) for found in ids}
    outcomes = ask(client, list(asked.values()))
    return {found for found, one in asked.items() if rows_under(result_of(one, outcomes.get(one.key)), "tasks")}


def _task(found: str) -> Command:
    return Command(f"t{found}", "tasks.task.list", {"filter": {"ID": int(found)}, "select": ["ID"]})
