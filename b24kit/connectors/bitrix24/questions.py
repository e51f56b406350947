"""What to ask a portal about one write whose answer never came, and how to judge what it says. Pure.

Cards are known by ORIGIN_ID, stages and sources by code, pipelines by name, fields by name, bindings by their list,
comments, reminders and tasks by a mark of ours in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from b24kit.connectors.bitrix24.calls_create import mark, task_binding, userfield_name
from b24kit.connectors.bitrix24.calls_hanging import SYSTEM, RestCall, origin_id, product_call
from b24kit.connectors.bitrix24.methods import LISTS, OWNER_TYPES
from b24kit.connectors.bitrix24.subscriptions import made_id
from b24kit.connectors.bitrix24.translate import SOURCES, directory_of, stage_code
from b24kit.connectors.bitrix24.translate_activities import TODO_PROVIDER
from b24kit.connectors.bitrix24.wirevalues import Row, number, rows_of, rows_under, text
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Bind, Create, Delete, Result, Settled, Unbind

# A mark is looked for among the newest texts of a card: one page, which holds everything a run may have lost.
_NEWEST = {"ID": "DESC"}
ORIGINS_A_PAGE = 25  # half a page: a card that was made twice must not push another one off it


@dataclass(frozen=True, slots=True)
class Question:
    """One reading call, and what its result says of one write."""

    call: RestCall
    judge: Callable[[Any], Result]
    card: Ref | None = None  # once this card is gone the portal refuses the call, and nothing of the write is there


def about_binding(write: Bind | Unbind) -> Question:
    """crm.activity.binding.list; the numbers in it are real ones. Of a comment, crm.timeline.bindings.list."""
    if write.activity.kind is Kind.COMMENT:
        return _comment_binding(write)
    wanted = (OWNER_TYPES[write.card.kind], int(write.card.id))

    def judge(result: Any) -> Result:
        bound = any((number(row["entityTypeId"]), number(row["entityId"])) == wanted for row in rows_of(result))
        done = bound is isinstance(write, Bind)
        return Result(write.key, Settled.DONE if done else Settled.NOT_EXECUTED)

    return Question(("crm.activity.binding.list", {"activityId": int(write.activity.id)}), judge)


def _comment_binding(write: Bind | Unbind) -> Question:
    wanted = (write.card.kind.value, write.card.id)

    def judge(result: Any) -> Result:
        bound = any((text(row.get("ENTITY_TYPE")), text(row.get("ENTITY_ID"))) == wanted for row in rows_of(result))
        return Result(write.key, Settled.DONE if bound is isinstance(write, Bind) else Settled.NOT_EXECUTED)

    return Question(("crm.timeline.bindings.list", {"filter": {"OWNER_ID": int(write.activity.id)}}), judge)


def about_origins(kind: Kind, system: str, ids: Sequence[str]) -> RestCall:
    """The list of cards that were made under these origin ids."""
    return LISTS[kind], {
        "select": ["ID", "ORIGIN_ID"],
        "filter": {"ORIGINATOR_ID": system, "@ORIGIN_ID": list(ids)},
        "order": {"ID": "ASC"},
        "start": -1,
    }


def about_origin(write: Create, page: RestCall) -> Question:
    """A new card on a page of `about_origins`; made twice, the first one counts."""
    wanted = text(write.values["origin"]["id"])
    return Question(
        page, lambda result: _found(write, rows_of(result), lambda row: text(row.get("ORIGIN_ID")) == wanted)
    )


def about_creation(write: Create) -> Question | None:
    """A new thing other than a card; None where the vendor gives nothing to know it by."""
    asker = _ASKERS.get(write.kind)
    return asker(write) if asker else None


def about_deletion(write: Delete) -> Question | None:
    """Whether a comment, task or field is still there; None for kinds that are read by reference."""
    kind, before = write.ref.kind, write.before
    if kind is Kind.COMMENT:
        # By its number: the list of a card that is gone is refused, and there the comment went with its card.
        return Question(("crm.timeline.comment.get", {"id": int(write.ref.id)}), _absent(write))
    if kind is Kind.TASK:
        call = "tasks.task.list", {"filter": {"ID": int(write.ref.id)}, "select": ["ID"]}
        return Question(call, lambda result: _absent(write)(_tasks(result)))
    if kind is Kind.FIELD and before.get("card_kind"):
        method = f"crm.{before['card_kind']}.userfield.list"
        return Question((method, {"filter": {"ID": int(write.ref.id)}}), _absent(write))
    return None


def _stage(write: Create) -> Question:
    ladder = write.values["ladder"]
    return _status(write, directory_of(ladder), stage_code(ladder, write.values["code"]))


def _source(write: Create) -> Question:
    return _status(write, SOURCES, write.values["code"])


def _status(write: Create, directory: str, code: str) -> Question:
    call = "crm.status.list", {"filter": {"ENTITY_ID": directory}}
    return Question(call, lambda result: _found(write, rows_of(result), lambda row: row.get("STATUS_ID") == code))


def _pipeline(write: Create) -> Question:
    """By our mark; where the portal did not keep it, the newest unmarked pipeline of this name is it."""
    call = "crm.category.list", {"entityTypeId": OWNER_TYPES[Kind.DEAL]}

    def judge(result: Any) -> Result:
        rows = sorted(rows_under(result, "categories"), key=lambda row: -number(row.get("id")))
        marked = _found(write, rows, lambda row: text(row.get("originId")) == origin_id(write), key="id")
        if marked.settled is Settled.DONE:
            return marked
        unmarked = [row for row in rows if not row.get("originId")]
        return _found(write, unmarked, lambda row: text(row.get("name")) == write.values["name"], key="id")

    return Question(call, judge)


def _field(write: Create) -> Question:
    name = userfield_name(write.values["code"])
    call = f"crm.{write.values['card_kind']}.userfield.list", {"filter": {"FIELD_NAME": name}}
    return Question(call, lambda result: _found(write, rows_of(result), lambda row: row.get("FIELD_NAME") == name))


def _comment(write: Create) -> Question:
    card = Ref.parse(write.values["card"])

    def judge(result: Any) -> Result:
        return _found(write, rows_of(result), lambda row: mark(write) in text(row.get("COMMENT")))

    return Question(_comments(card), judge, card)


def _activity(write: Create) -> Question:
    """By our origin id, which the portal keeps on activities too."""
    wanted = origin_id(write)
    narrowed = {"ORIGINATOR_ID": SYSTEM, "ORIGIN_ID": wanted}
    call = "crm.activity.list", {"select": ["ID", "ORIGIN_ID"], "filter": narrowed, "order": {"ID": "ASC"}}
    return Question(call, lambda result: _found(write, rows_of(result), lambda row: row.get("ORIGIN_ID") == wanted))


def _product(write: Create) -> Question:
    """A row that says the same on the same card; rows of a card differ at least in their places."""
    fields = product_call(write)[1]["fields"]
    asked = {"filter": {"=ownerType": fields["ownerType"], "=ownerId": fields["ownerId"]}}
    told = {name: value for name, value in fields.items() if name not in ("ownerType", "ownerId")}

    def judge(result: Any) -> Result:
        rows = rows_under(result, "productRows")
        return _found(write, rows, lambda row: all(str(row.get(k)) == str(v) for k, v in told.items()), key="id")

    return Question(("crm.item.productrow.list", asked), judge)


def _todo(write: Create) -> Question:
    card = Ref.parse(write.values["card"])
    call = (
        "crm.activity.list",
        {
            "select": ["ID", "DESCRIPTION"],
            "filter": {"OWNER_TYPE_ID": OWNER_TYPES[card.kind], "OWNER_ID": int(card.id), "PROVIDER_ID": TODO_PROVIDER},
            "order": _NEWEST,
        },
    )
    return Question(
        call, lambda result: _found(write, rows_of(result), lambda row: mark(write) in text(row.get("DESCRIPTION")))
    )


def _task(write: Create) -> Question:
    values = write.values
    narrowed: dict[str, Any] = {"RESPONSIBLE_ID": int(values["owner"])}
    if values.get("card"):
        narrowed["UF_CRM_TASK"] = task_binding(Ref.parse(values["card"]))
    call = "tasks.task.list", {"select": ["ID", "DESCRIPTION"], "filter": narrowed, "order": _NEWEST}

    def judge(result: Any) -> Result:
        return _found(write, _tasks(result), lambda row: mark(write) in text(row.get("description")), key="id")

    return Question(call, judge)


def _subscription(write: Create) -> Question:
    """By its event and address, or by its code: the lists of an application hold only its own."""
    sort, name, address = write.values["sort"], write.values["name"], text(write.values.get("address"))
    made = Result(write.key, Settled.DONE, new_id=made_id(write))
    absent = Result(write.key, Settled.NOT_EXECUTED)
    if sort in ("robot", "trigger"):
        method = "bizproc.robot.list" if sort == "robot" else "crm.automation.trigger.list"

        def has_code(result: Any) -> Result:
            codes = {text(one.get("CODE")) if isinstance(one, dict) else text(one) for one in result or ()}
            return made if name in codes else absent

        return Question((method, {}), has_code)

    def has_handler(result: Any) -> Result:
        queued = sort == "queue"
        stands = any(
            text(row.get("event")).upper() == name
            and bool(number(row.get("offline"))) is queued
            and (queued or text(row.get("handler")) == address)
            for row in rows_of(result)
        )
        return made if stands else absent

    return Question(("event.get", {}), has_handler)


def _comments(card: Ref) -> RestCall:
    return "crm.timeline.comment.list", {
        "select": ["ID", "COMMENT"],
        "filter": {"ENTITY_ID": int(card.id), "ENTITY_TYPE": card.kind.value},
        "order": _NEWEST,
    }


def _tasks(result: Any) -> list[Row]:
    """tasks.task.list wraps its rows, and spells their keys in camelCase."""
    return rows_under(result, "tasks")


def _found(write: Create, rows: Sequence[Row], fits: Callable[[Row], bool], key: str = "ID") -> Result:
    for row in rows:
        if fits(row):
            return Result(write.key, Settled.DONE, new_id=str(row[key]))
    return Result(write.key, Settled.NOT_EXECUTED)


def _absent(write: Delete) -> Callable[[Any], Result]:
    def judge(result: Any) -> Result:
        rows = [result] if isinstance(result, dict) else rows_of(result)
        there = any(str(row.get("ID", row.get("id"))) == write.ref.id for row in rows)
        return Result(write.key, Settled.NOT_EXECUTED if there else Settled.DONE)

    return judge


_ASKERS: dict[Kind, Callable[[Create], Question]] = {
    Kind.STAGE: _stage,
    Kind.SOURCE: _source,
    Kind.PIPELINE: _pipeline,
    Kind.FIELD: _field,
    Kind.ACTIVITY: _activity,
    Kind.LETTER: _activity,
    Kind.PRODUCT: _product,
    Kind.COMMENT: _comment,
    Kind.TODO: _todo,
    Kind.TASK: _task,
    Kind.SUBSCRIPTION: _subscription,
}
