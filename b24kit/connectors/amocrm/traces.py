"""What hangs on one card: tasks, notes of every kind, and what a robot of the account changed. This is how robots that
nobody can list are found out: a card of ours is moved, and what appears on it is named.
"""

from __future__ import annotations

from b24kit.connectors.amocrm.answers import rows_of
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.paging import LONGEST
from b24kit.connectors.amocrm.translate_activities import CALLS, COMMENT, LETTER
from b24kit.connectors.amocrm.wirevalues import Row, mapping, moment, text, wire_id
from b24kit.crm.portal import Trace
from b24kit.crm.refs import CARDS, Ref
from b24kit.errors import UsageError


def traces_on(client: AmoClient, card: Ref) -> list[Trace]:
    """Everything that hangs on a card, the newest page of each sort; UsageError for what is no card."""
    if card.kind not in CARDS:
        raise UsageError("kind_not_readable", kind=card.kind.value)
    entity, number = ENTITIES[card.kind], wire_id(card.id)
    newest = [("order[id]", "desc"), ("limit", LONGEST)]
    on_card = [("filter[entity_type]", entity), ("filter[entity_id][]", number)]
    tasks, notes = client.ask([("/tasks", [*on_card, *newest]), (f"/{entity}/{number}/notes", newest)])
    mine = [
        row
        for row in rows_of(tasks.body, "tasks")
        if row.get("entity_type") == entity and row.get("entity_id") == number
    ]
    return [*map(_task, mine), *(_note(row, entity) for row in rows_of(notes.body, "notes"))]


def _task(row: Row) -> Trace:
    return Trace("activity", f"tasks/{row['id']}", text(row.get("text")), moment(row.get("created_at")))


def _note(row: Row, entity: str) -> Trace:
    """Letters and calls are activities, what a person wrote is a comment, all else is what a program left there."""
    kind, params = text(row.get("note_type")), mapping(row.get("params"))
    title = text(params.get("subject") or params.get("text") or params.get("phone") or kind)
    at = moment(row.get("created_at"))
    if kind == LETTER or kind in CALLS:
        return Trace("activity", f"{entity}/notes/{row['id']}", title, at)
    return Trace("comment" if kind == COMMENT else "workflow", str(row["id"]), title, at)
