"""What hangs on one card: activities, tasks, comments and running workflows. This is how robots that nobody can list
are found out: a card of ours is moved, and what appears on it is named.

A part that this access may not see (no scope for tasks or workflows, no administrator) is left out;
`PortalFacts.scopes` tells beforehand which parts that will be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b24kit.connectors.bitrix24.asking import ask, result_of
from b24kit.connectors.bitrix24.calls_create import task_binding
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.methods import OWNER_TYPES
from b24kit.connectors.bitrix24.wirevalues import Row, moment, rows_of, rows_under, text
from b24kit.connectors.commands import Command
from b24kit.crm.portal import Trace
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.errors import NotAllowed, UsageError

_DOCUMENTS = {
    Kind.LEAD: "CCrmDocumentLead",
    Kind.DEAL: "CCrmDocumentDeal",
    Kind.CONTACT: "CCrmDocumentContact",
    Kind.COMPANY: "CCrmDocumentCompany",
}


def traces_on(client: RestClient, card: Ref) -> list[Trace]:
    """Everything that hangs on a card, the newest page of each sort; UsageError for what is no card."""
    if card.kind not in CARDS:
        raise UsageError("kind_not_readable", kind=card.kind.value)
    asked = [_activities(card), _tasks(card), _comments(card), _workflows(card)]
    outcomes = ask(client, [command for command, _ in asked])
    found: list[Trace] = []
    for command, read in asked:
        try:
            found += read(result_of(command, outcomes.get(command.key)))
        except NotAllowed:
            continue
    return found


Asked = tuple[Command, Callable[[Any], list[Trace]]]


def _activities(card: Ref) -> Asked:
    params = {
        "select": ["ID", "SUBJECT", "CREATED"],
        "filter": {"BINDINGS": [{"OWNER_TYPE_ID": OWNER_TYPES[card.kind], "OWNER_ID": int(card.id)}]},
        "order": {"ID": "DESC"},
        "start": -1,
    }
    command = Command("activities", "crm.activity.list", params)
    return command, lambda result: [_trace("activity", row, "ID", "SUBJECT", "CREATED") for row in rows_of(result)]


def _tasks(card: Ref) -> Asked:
    params = {
        "select": ["ID", "TITLE", "CREATED_DATE"],
        "filter": {"UF_CRM_TASK": task_binding(card)},
        "order": {"ID": "DESC"},
    }

    def read(result: Any) -> list[Trace]:
        return [_trace("task", row, "id", "title", "createdDate") for row in rows_under(result, "tasks")]

    return Command("tasks", "tasks.task.list", params), read


def _comments(card: Ref) -> Asked:
    params = {
        "select": ["ID", "COMMENT", "CREATED"],
        "filter": {"ENTITY_ID": int(card.id), "ENTITY_TYPE": card.kind.value},
        "order": {"ID": "DESC"},
    }
    command = Command("comments", "crm.timeline.comment.list", params)
    return command, lambda result: [_trace("comment", row, "ID", "COMMENT", "CREATED") for row in rows_of(result)]


def _workflows(card: Ref) -> Asked:
    # This family spells its parameters in upper case.
    params = {
        "SELECT": ["ID", "STARTED", "TEMPLATE_ID", "DOCUMENT_ID"],
        "FILTER": {
            "MODULE_ID": "crm",
            "ENTITY": _DOCUMENTS[card.kind],
            "DOCUMENT_ID": f"{card.kind.value.upper()}_{card.id}",
        },
        "ORDER": {"STARTED": "DESC"},
    }
    command = Command("workflows", "bizproc.workflow.instances", params)
    return command, lambda result: [_trace("workflow", row, "ID", "TEMPLATE_ID", "STARTED") for row in rows_of(result)]


def _trace(what: str, row: Row, found: str, title: str, at: str) -> Trace:
    return Trace(what, text(row.get(found)), text(row.get(title)), moment(row.get(at)))
