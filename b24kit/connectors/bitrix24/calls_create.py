"""What is sent to make one new thing that is no quiet card: directories, pipelines, fields, comments, reminders, tasks,
notices, and cards whose robots are wanted. Texts of ours carry a mark, by which a lost answer is settled later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b24kit.connectors.bitrix24.calls_hanging import SYSTEM, RestCall, activity_call, origin_id, product_call
from b24kit.connectors.bitrix24.calls_letters import letter_call
from b24kit.connectors.bitrix24.card_fields import item_fields, new_card
from b24kit.connectors.bitrix24.methods import OWNER_TYPES
from b24kit.connectors.bitrix24.subscriptions import creation
from b24kit.connectors.bitrix24.translate import SOURCES, directory_of, semantics_of, stage_code
from b24kit.connectors.bitrix24.wirevalues import switch, text, wire_id
from b24kit.crm.pipeline import Outcome
from b24kit.crm.records import Values
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Create
from b24kit.errors import UsageError

# im.notify.*: a webhook may use TAG only together with a CLIENT_ID of its own choice.
CLIENT_ID = SYSTEM
# CRM types in UF_CRM_TASK: letters instead of numbers.
_TASK_LETTERS = {Kind.LEAD: "L", Kind.DEAL: "D", Kind.CONTACT: "C", Kind.COMPANY: "CO"}
_TASK_DONE = 5
_FIELD_TYPES = {"list": "enumeration", "number": "double", "text": "string"}


def create_call(write: Create) -> RestCall:
    """The method and parameters of one Create; UsageError for a kind that this vendor's API cannot make."""
    if write.kind in CARDS:
        return _card(write)
    if write.kind is Kind.SUBSCRIPTION:
        return creation(write)
    maker = _MAKERS.get(write.kind)
    if maker is None:
        raise UsageError("kind_not_creatable", kind=write.kind.value)
    return maker(write)


def mark(write: Create) -> str:
    """The mark in a text by which this very write is found again: `[b24kit:<origin or key>]`."""
    return f"[{SYSTEM}:{origin_id(write)}]"


def notice_tag(write: Create) -> str:
    """The TAG of a notice: a second one with the same tag replaces the first, so repeating is harmless."""
    return text(write.values.get("tag")) or f"{SYSTEM}|{write.key}"


def task_binding(card: Ref) -> str:
    """A card as UF_CRM_TASK names it.

    >>> task_binding(Ref(Kind.COMPANY, "5"))
    'CO_5'
    """
    return f"{_TASK_LETTERS[card.kind]}_{card.id}"


def userfield_name(code: str) -> str:
    """The full name of a user field: the portal adds the prefix where it is missing, and upper-cases."""
    name = code.upper()
    return name if name.startswith("UF_CRM_") else f"UF_CRM_{name}"


def _card(write: Create) -> RestCall:
    # The page of crm.item.add describes the fields of every kind, its machine-readable form only those of leads:
    # categoryId, leadId, companyIds and the like are missing from that table, not from the method.
    return "crm.item.add", {
        "entityTypeId": OWNER_TYPES[write.kind],
        "fields": item_fields(new_card(write.kind, write.values), imported=False),
        "useOriginalUfNames": "Y",
    }


def _stage(write: Create) -> RestCall:
    values = write.values
    semantics = semantics_of(Outcome(values.get("outcome") or Outcome.OPEN))
    fields = {
        "ENTITY_ID": directory_of(values["ladder"]),
        "STATUS_ID": stage_code(values["ladder"], values["code"]),
        **_directory_fields(values),
        **({"SEMANTICS": semantics} if semantics else {}),
    }
    return "crm.status.add", {"fields": fields}


def _source(write: Create) -> RestCall:
    fields = {"ENTITY_ID": SOURCES, "STATUS_ID": write.values["code"], **_directory_fields(write.values)}
    return "crm.status.add", {"fields": fields}


def _directory_fields(values: Values) -> dict[str, Any]:
    fields: dict[str, Any] = {"NAME": values["name"]}
    if values.get("sort") is not None:
        fields["SORT"] = int(values["sort"])
    if values.get("colour"):
        fields["COLOR"] = values["colour"]
    return fields


def _pipeline(write: Create) -> RestCall:
    sort = write.values.get("sort")
    # originatorId and originId stand among the writable ones of crm.category.fields, and in every row of the list; the
    # table of crm.category.add forgets them.
    fields = {"name": write.values["name"], "originatorId": SYSTEM, "originId": origin_id(write)}
    if sort is not None:
        fields["sort"] = int(sort)
    return "crm.category.add", {"entityTypeId": OWNER_TYPES[Kind.DEAL], "fields": fields}


def _field(write: Create) -> RestCall:
    values = write.values
    kind = Kind(values["card_kind"])
    label = text(values.get("label")) or values["code"]
    fields: dict[str, Any] = {
        "USER_TYPE_ID": _FIELD_TYPES.get(values["type"], values["type"]),
        "FIELD_NAME": userfield_name(values["code"]),
        "LABEL": label,
        "EDIT_FORM_LABEL": label,
        "LIST_COLUMN_LABEL": label,
        "MULTIPLE": switch(values.get("multiple")),
    }
    if values.get("options"):
        fields["LIST"] = [{"VALUE": option, "SORT": (place + 1) * 10} for place, option in enumerate(values["options"])]
    return f"crm.{kind.value}.userfield.add", {"fields": fields}


def _comment(write: Create) -> RestCall:
    card = Ref.parse(write.values["card"])
    fields: dict[str, Any] = {"ENTITY_ID": wire_id(card.id), "ENTITY_TYPE": card.kind.value, "COMMENT": _marked(write)}
    if files := write.values.get("files"):
        fields["FILES"] = [[file["name"], file["content"]] for file in files]
    return "crm.timeline.comment.add", {"fields": fields}


def _todo(write: Create) -> RestCall:
    values = write.values
    card = Ref.parse(values["card"])
    if not values.get("deadline"):
        raise UsageError("deadline_required", kind=write.kind.value, key=write.key)
    params = {
        "ownerTypeId": OWNER_TYPES[card.kind],
        "ownerId": wire_id(card.id),
        "deadline": values["deadline"],
        "title": text(values.get("title")),
        "description": _marked(write),
    }
    if values.get("owner"):
        params["responsibleId"] = wire_id(values["owner"])
    return "crm.activity.todo.add", params


def _task(write: Create) -> RestCall:
    values = write.values
    fields: dict[str, Any] = {
        "TITLE": values["title"],
        "RESPONSIBLE_ID": wire_id(values["owner"]),
        "DESCRIPTION": _marked(write),
    }
    if values.get("deadline"):
        fields["DEADLINE"] = values["deadline"]
    if values.get("done"):
        fields["STATUS"] = _TASK_DONE
    if values.get("card"):
        fields["UF_CRM_TASK"] = [task_binding(Ref.parse(values["card"]))]
    return "tasks.task.add", {"fields": fields}


def _notice(write: Create) -> RestCall:
    return "im.notify.system.add", {
        "USER_ID": wire_id(write.values["user"]),
        "MESSAGE": write.values["text"],
        "TAG": notice_tag(write),
        "CLIENT_ID": CLIENT_ID,
    }


def _marked(write: Create) -> str:
    said = text(write.values.get("text"))
    return f"{said}\n{mark(write)}" if said else mark(write)


_MAKERS: dict[Kind, Callable[[Create], RestCall]] = {
    Kind.STAGE: _stage,
    Kind.SOURCE: _source,
    Kind.PIPELINE: _pipeline,
    Kind.FIELD: _field,
    Kind.ACTIVITY: activity_call,
    Kind.PRODUCT: product_call,
    Kind.COMMENT: _comment,
    Kind.TODO: _todo,
    Kind.TASK: _task,
    Kind.NOTICE: _notice,
    Kind.LETTER: letter_call,
}
