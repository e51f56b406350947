"""Tasks, letters and calls of amoCRM as activities. A letter or a call is a note of the card it hangs on.

The id of an activity is its address below /api/v4, since tasks and notes count by themselves: `tasks/12`,
`leads/notes/55`.
"""

from __future__ import annotations

from typing import Any

from b24kit.connectors.amocrm.methods import ENTITY_WORDS
from b24kit.connectors.amocrm.wirevalues import Row, ident, mapping, moment, text
from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError

LETTER = "amomail_message"
CALLS = {"call_in": Direction.IN, "call_out": Direction.OUT}
COMMENT = "common"
# Notes that are activities; all others are marks that the portal or a program left.
NOTE_TYPES = {Channel.EMAIL: (LETTER,), Channel.CALL: tuple(CALLS)}

MEETING = 2  # the vendor's second task type; the first is a follow-up, the others are the account's own
_KINDS = {"leads": Kind.LEAD, "contacts": Kind.CONTACT, "companies": Kind.COMPANY}


def to_task(row: Row, deals: frozenset[str] = frozenset()) -> Activity | None:
    """A row of /tasks; None for one that hangs on nothing b24kit knows. `deals`: leads that are deals of ours."""
    card = card_of(row.get("entity_type"), row.get("entity_id"), deals)
    if card is None:
        return None
    till = moment(row.get("complete_till"))
    said = text(row.get("text"))
    return Activity(
        id=f"tasks/{row['id']}",
        channel=Channel.MEETING if row.get("task_type_id") == MEETING else Channel.TODO,
        direction=Direction.NONE,
        subject=said.partition("\n")[0],
        card=card,
        done=bool(row.get("is_completed")),
        created=moment(row.get("created_at")),
        start=till,
        deadline=till,
        responsible=ident(row.get("responsible_user_id")),
        text=said,
        bindings=(card,),
        extra=_task_extra(row),
    )


def to_note(row: Row, entity: str, deals: frozenset[str] = frozenset()) -> Activity | None:
    """A row of /{entity}/notes; None for a note that is neither a letter nor a call."""
    kind = text(row.get("note_type"))
    card = card_of(entity, row.get("entity_id"), deals)
    if card is None or (kind != LETTER and kind not in CALLS):
        return None
    params = mapping(row.get("params"))
    letter = _letter(params) if kind == LETTER else None
    income = params.get("income") in (True, 1, "1", "true")
    return Activity(
        id=f"{entity}/notes/{row['id']}",
        channel=Channel.EMAIL if letter else Channel.CALL,
        direction=CALLS.get(kind, Direction.IN if income else Direction.OUT),
        subject=text(params.get("subject")) if letter else text(params.get("phone")),
        card=card,
        done=True,  # a note is something that happened
        created=moment(row.get("created_at")),
        start=moment(row.get("created_at")),
        responsible=ident(row.get("responsible_user_id")),
        text=text(params.get("content_summary")) if letter else text(params.get("call_result")),
        letter=letter,
        bindings=(card,),
        extra={"note_type": kind, **_kept(params)},
    )


def card_of(entity: Any, found: Any, deals: frozenset[str] = frozenset()) -> Ref | None:
    """The card that something hangs on."""
    kind, number = _KINDS.get(text(entity)), ident(found)
    if kind is None or number is None:
        return None
    return Ref(Kind.DEAL if kind is Kind.LEAD and number in deals else kind, number)


def address_of(activity: str) -> tuple[str, str]:
    """(path of its list, number) of an activity's id; UsageError for what is none.

    >>> address_of("leads/notes/55")
    ('/leads/notes', '55')
    """
    path, _, number = activity.rpartition("/")
    if path not in ("tasks", *(f"{entity}/notes" for entity in ENTITY_WORDS)) or not number.isdecimal():
        raise UsageError("amo_bad_activity", id=activity)
    return f"/{path}", number


def _letter(params: Row) -> Letter:
    sender, to = mapping(params.get("from")), mapping(params.get("to"))
    income = params.get("income") in (True, 1, "1", "true")
    mailbox = text((to if income else sender).get("email"))
    return Letter(sender=_address(sender), to=_address(to), mailbox=mailbox)


def _address(told: Row) -> str:
    name, email = text(told.get("name")), text(told.get("email"))
    return f"{name} <{email}>" if name and email and name != email else email


def _task_extra(row: Row) -> dict[str, Any]:
    kept: dict[str, Any] = {"task_type_id": row.get("task_type_id")}
    result = row.get("result")  # `[]` where there is none
    if isinstance(result, dict) and result.get("text"):
        kept["result"] = result["text"]
    return kept


def _kept(params: Row) -> dict[str, Any]:
    named = ("from", "to", "subject", "content_summary", "income", "call_result")
    return {name: value for name, value in params.items() if name not in named and value not in (None, "", [])}
