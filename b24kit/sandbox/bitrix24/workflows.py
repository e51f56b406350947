"""Workflows of a fake portal: templates, running instances, start and terminate, and the hand-made webhook trigger.

A `workflow_template` row: NAME, ENTITY (`CCrmDocumentLead`), DOCUMENT_TYPE (`LEAD`), AUTO_EXECUTE 0-3, USER_ID.
A `workflow` row: OWNER (owner_key), TEMPLATE_ID, STARTED, STARTED_BY; robots on stages leave such rows as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b24kit.sandbox.bitrix24 import moments, tablelist
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD, owner_key
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

ENTITIES = {
    LEAD: "CCrmDocumentLead",
    DEAL: "CCrmDocumentDeal",
    CONTACT: "CCrmDocumentContact",
    COMPANY: "CCrmDocumentCompany",
}
_PREFIX = {LEAD: "LEAD", DEAL: "DEAL", CONTACT: "CONTACT", COMPANY: "COMPANY"}
_TEMPLATE_KINDS = {
    "ID": "integer",
    "MODULE_ID": "string",
    "ENTITY": "string",
    "DOCUMENT_TYPE": "string",
    "AUTO_EXECUTE": "integer",
    "NAME": "string",
    "USER_ID": "integer",
    "SYSTEM_CODE": "string",
    "MODIFIED": "datetime",
    "IS_MODIFIED": "string",
}
_TEMPLATE_FIELDS = tablelist.fields_of(_TEMPLATE_KINDS, {"MODULE_ID": "crm", "AUTO_EXECUTE": 0, "IS_MODIFIED": "N"})
_STRUCTURES = ("TEMPLATE", "PARAMETERS", "VARIABLES", "CONSTANTS")
_INSTANCE_KINDS = {
    "ID": "string",
    "MODIFIED": "datetime",
    "OWNED_UNTIL": "datetime",
    "MODULE_ID": "string",
    "ENTITY": "string",
    "DOCUMENT_ID": "string",
    "STARTED": "datetime",
    "STARTED_BY": "integer",
    "TEMPLATE_ID": "integer",
}


@method("bizproc.workflow.template.list", scope="bizproc", admin=True)
def template_list(call: Call) -> Answer:
    """bizproc.workflow.template.list: administrators only, works by webhook; SELECT is `ID` unless told."""
    rows = call.portal.store["workflow_template"].rows
    columns = _selected(call.param("SELECT"), [*_TEMPLATE_KINDS, *_STRUCTURES], ["ID"])
    return tablelist.page(
        call,
        "workflow_template",
        _TEMPLATE_FIELDS,
        lambda i: _worded(call.portal, _template(i, rows[i]), columns, _TEMPLATE_KINDS),
        wanted=call.param("FILTER"),
        order=call.param("ORDER"),
    )


@method("bizproc.workflow.instances", scope="bizproc", admin=True)
def instances(call: Call) -> Answer:
    """bizproc.workflow.instances: what runs now, newest first unless told otherwise; administrators only."""
    table = call.portal.store["workflow"]

    def named(wanted: frozenset[Any]) -> set[int]:
        return {i for i, row in table if instance(i, row)["ID"] in wanted}

    fields = {name: Field(name, kind, read=_part(name)) for name, kind in _INSTANCE_KINDS.items()}
    fields["ID"] = Field("INSTANCE", "string", pool=named)
    columns = _selected(call.param("SELECT"), list(_INSTANCE_KINDS), ["ID", "MODIFIED", "OWNED_UNTIL"])
    return tablelist.page(
        call,
        "workflow",
        fields,
        lambda i: _worded(call.portal, instance(i, table.rows[i]), columns, _INSTANCE_KINDS),
        wanted=call.param("FILTER"),
        order=call.param("ORDER"),
        default={"MODIFIED": "DESC"},
    )


@method("bizproc.workflow.instance.list", scope="bizproc", admin=True)
def instance_list(call: Call) -> Answer:
    """The old name of bizproc.workflow.instances."""
    return instances(call)


@method("bizproc.workflow.start", scope="bizproc", admin=True)
def workflow_start(call: Call) -> Answer:
    """bizproc.workflow.start: the template's document type and the card's must agree; gives the instance's name."""
    template_id = whole(call.param("TEMPLATE_ID"))
    template = call.portal.store["workflow_template"].get(template_id)
    if template is None:
        raise Fault("ERROR_WRONG_WORKFLOW_ID", "Template not found")
    document = call.param("DOCUMENT_ID")
    if not isinstance(document, list) or len(document) != 3:
        raise Fault("", "Wrong DOCUMENT_ID!")
    type_id, card_id = _card(str(document[2]))
    if ENTITIES.get(type_id) != template.get("ENTITY"):
        raise Fault("", "Template type and DOCUMENT_ID mismatch!")
    if card_id not in call.portal.store[CARD_TABLES[type_id]].rows:
        raise Fault("", "Document not found")
    row = {"OWNER": owner_key(type_id, card_id), "TEMPLATE_ID": template_id, "STARTED": moments.now(call.portal)}
    new_id = call.portal.store["workflow"].add({**row, "STARTED_BY": call.user_id})
    return Answer(instance(new_id, call.portal.store["workflow"].rows[new_id])["ID"])


@method("bizproc.workflow.terminate", scope="bizproc", admin=True)
def workflow_terminate(call: Call) -> Answer:
    """bizproc.workflow.terminate: stop an instance."""
    call.portal.store["workflow"].remove(_running(call))
    return Answer(True)


@method("bizproc.workflow.kill", scope="bizproc", admin=True)
def workflow_kill(call: Call) -> Answer:
    """bizproc.workflow.kill: stop an instance and forget what it did."""
    call.portal.store["workflow"].remove(_running(call))
    return Answer([])


@method("crm.automation.trigger")
def fire_trigger(call: Call) -> Answer:
    """crm.automation.trigger: fires a hand-made "incoming webhook" trigger; `true` says nothing about a stage."""
    target = str(call.param("target", default="") or "")
    if not target:
        raise Fault("", "Target is not set.")
    type_id, card_id = _card(target)
    if not type_id:
        raise Fault("", "Incorrect target format.")
    if card_id not in call.portal.store[CARD_TABLES[type_id]].rows:
        raise Fault("", "Target is not found.")
    return Answer(True)


def instance(workflow_id: int, row: Row) -> Row:
    """A running workflow with the names that answers use; its string id is made of its start and its number."""
    type_id, _, card_id = str(row.get("OWNER", "0:0")).partition(":")
    started = str(row.get("STARTED", ""))
    stamp = sum(
        int(part) * scale for part, scale in zip(started[:10].split("-"), (372, 31, 1), strict=False) if part.isdigit()
    )
    return {
        "ID": f"{stamp:012x}.{workflow_id:08d}",
        "MODIFIED": row.get("MODIFIED", started),
        "OWNED_UNTIL": None,
        "MODULE_ID": "crm",
        "ENTITY": ENTITIES.get(int(type_id), ""),
        "DOCUMENT_ID": f"{_PREFIX.get(int(type_id), '')}_{card_id}",
        "STARTED": started,
        "STARTED_BY": row.get("STARTED_BY", 0),
        "TEMPLATE_ID": row.get("TEMPLATE_ID", 0),
    }


def _part(name: str) -> Callable[[Row], Any]:
    """A derived column of an instance as filters and orders read it."""
    return lambda row: instance(0, row)[name]


def _template(template_id: int, row: Row) -> Row:
    return {
        "MODULE_ID": "crm",
        "AUTO_EXECUTE": 0,
        "IS_MODIFIED": "N",
        **{name: [] for name in _STRUCTURES},
        **row,
        "ID": template_id,
    }


def _running(call: Call) -> int:
    name = str(call.param("ID", default=""))
    for workflow_id, row in call.portal.store["workflow"]:
        if instance(workflow_id, row)["ID"] == name:
            return workflow_id
    raise Fault("ERROR_WRONG_WORKFLOW_ID", "Workflow not found")


def _card(document: str) -> tuple[int, int]:
    prefix, _, number = document.partition("_")
    type_id = next((one for one, name in _PREFIX.items() if name == prefix), 0)
    return (type_id, int(number)) if type_id and number.isdigit() else (0, 0)


def _selected(asked: Any, known: list[str], default: list[str]) -> list[str]:
    return [name for name in tablelist.names_of(asked) if name in known] or default


def _worded(portal: FakePortal, row: Row, columns: list[str], kinds: dict[str, str]) -> Row:
    return {column: _word(portal, row.get(column), kinds.get(column, "")) for column in columns}


def _word(portal: FakePortal, value: Any, kind: str) -> Any:
    if kind == "datetime":
        return moments.shown(portal, value) if value else None
    return str(value) if kind == "integer" and value is not None else value
