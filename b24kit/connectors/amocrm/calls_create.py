"""What is sent to make one new thing. Texts of ours carry a mark, by which a lost answer is settled later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.card_fields import new_card
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.steps import Step, step
from b24kit.connectors.amocrm.translate import stage_numbers
from b24kit.connectors.amocrm.wirevalues import text, unix, wire_id
from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Create
from b24kit.errors import UsageError

SYSTEM = "b24kit"
FOLLOW_UP = 1  # the task type that every account has
_FIELD_TYPES = {"string": "text", "list": "select", "number": "numeric", "double": "numeric", "enumeration": "select"}
_MULTIPLE = {"select": "multiselect"}
ORDER_STEP = 10


def create_step(account: Account, write: Create) -> Step:
    """The one request of a Create; UsageError for a kind that this vendor's API cannot make."""
    if write.kind is Kind.STAGE:
        return _stage(account, write)
    if write.kind in CARDS:
        entity = ENTITIES[write.kind]
        return step(f"POST /{entity}", new_card(write.kind, write.values, account.fields(write.kind)))
    maker = _MAKERS.get(write.kind)
    if maker is None:
        raise UsageError("amo_not_creatable", kind=write.kind.value)
    return maker(write)


def mark(write: Create) -> str:
    """The mark in a text by which this very write is found again: `[b24kit:<origin or key>]`."""
    return f"[{SYSTEM}:{origin_id(write)}]"


def origin_id(write: Create) -> str:
    """What marks a thing as made by this write: its origin, or its key where none was given."""
    origin = write.values.get("origin")
    return text(origin["id"]) if origin else write.key


def _stage(account: Account, write: Create) -> Step:
    values = write.values
    if Outcome(values.get("outcome") or Outcome.OPEN) is not Outcome.OPEN:
        # Won and lost are 142 and 143 of each pipeline, and no others.
        raise UsageError("amo_no_more_exits", stage=text(values.get("name")))
    pipeline = account.ladders().pipeline(values["ladder"])
    body: dict[str, Any] = {"name": values["name"], "sort": int(values.get("sort") or ORDER_STEP)}
    if values.get("colour"):
        body["color"] = values["colour"]
    return step("POST /leads/pipelines/{pipeline}/statuses", body, pipeline=pipeline)


def _pipeline(write: Create) -> Step:
    values = write.values
    body = {
        "name": values["name"],
        "sort": int(values.get("sort") or ORDER_STEP),
        "is_main": False,
        "is_unsorted_on": bool((values.get("extra") or {}).get("is_unsorted_on", False)),
    }
    return step("POST /leads/pipelines", body)


def _source(write: Create) -> Step:
    values = write.values
    return step("POST /sources", {"name": values["name"], "external_id": text(values["code"])})


def _field(write: Create) -> Step:
    values = write.values
    kind = _FIELD_TYPES.get(values["type"], values["type"])
    if values.get("multiple"):
        kind = _MULTIPLE.get(kind, kind)
    body: dict[str, Any] = {"name": text(values.get("label")) or values["code"], "type": kind, "code": values["code"]}
    if values.get("options"):
        body["enums"] = [
            {"value": option, "sort": (place + 1) * ORDER_STEP} for place, option in enumerate(values["options"])
        ]
    required = (values.get("extra") or {}).get("required_stages")
    if required:
        numbers = [stage_numbers(code) for code in required]
        body["required_statuses"] = [{"pipeline_id": pipeline, "status_id": status} for pipeline, status in numbers]
    return step(f"POST /{ENTITIES[Kind(values['card_kind'])]}/custom_fields", body)


def _comment(write: Create) -> Step:
    card = _card(write)
    body = {"entity_id": wire_id(card.id), "note_type": "common", "params": {"text": _marked(write)}}
    return step(f"POST /{ENTITIES[card.kind]}/notes", body)


def _task(write: Create) -> Step:
    values = write.values
    if not values.get("deadline"):
        raise UsageError("amo_deadline_required", kind=write.kind.value, key=write.key)
    said = "\n".join(filter(None, (text(values.get("title")), _marked(write))))
    body: dict[str, Any] = {"text": said, "complete_till": unix(values["deadline"]), "task_type_id": FOLLOW_UP}
    if values.get("owner"):
        body["responsible_user_id"] = wire_id(values["owner"])
    if values.get("card"):
        card = _card(write)
        body |= {"entity_id": wire_id(card.id), "entity_type": ENTITIES[card.kind]}
    return step("POST /tasks", body)


def _card(write: Create) -> Ref:
    card = Ref.parse(write.values["card"])
    if card.kind not in CARDS:
        raise UsageError("kind_not_readable", kind=card.kind.value)
    return card


def _marked(write: Create) -> str:
    said = text(write.values.get("text"))
    return f"{said}\n{mark(write)}" if said else mark(write)


_MAKERS: dict[Kind, Callable[[Create], Step]] = {
    Kind.SOURCE: _source,
    Kind.PIPELINE: _pipeline,
    Kind.FIELD: _field,
    Kind.COMMENT: _comment,
    Kind.TODO: _task,
    Kind.TASK: _task,
}
