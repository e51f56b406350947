"""An incoming request of an amoCRM account: whether it is the account's, and at which card it hints.

Rests on the vendor's page "Webhooks format": nothing is signed, so the secret in the address is the proof, and the form
can only be held against the account it names. Companies come under `contacts` with a `type`; of tasks only those on
leads matter.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from b24kit.crm.event import Event, Happened
from b24kit.crm.refs import Kind, Ref

_HAPPENED = {
    "add": Happened.ADDED,
    "update": Happened.CHANGED,
    "status": Happened.CHANGED,
    "responsible": Happened.CHANGED,
    "restore": Happened.ADDED,
    "delete": Happened.DELETED,
    "note": Happened.STIRRED,
}
_ELEMENTS = {"1": Kind.CONTACT, "2": Kind.LEAD, "3": Kind.COMPANY}  # entity types of tasks and messages


def prove(form: Mapping[str, Any], number: str) -> bool:
    """Whether a form names the account by its number, which stays when the account is renamed."""
    account = form.get("account")
    told = account.get("id") if isinstance(account, Mapping) else None
    given = told if isinstance(told, str) else ""
    return hmac.compare_digest(number.encode(), given.encode("utf-8", "surrogatepass"))


def decode(form: Mapping[str, Any], lead_pipeline: str | None = None) -> list[Event]:
    """The hints of a form, each card once. A lead of the vendor's in another pipeline than `lead_pipeline` is a deal
    of ours; without that number every one is a lead.

    >>> decode({"leads": {"status": {"0": {"id": "7", "pipeline_id": "1"}}}}, "1")[0].card
    Ref(kind=<Kind.LEAD: 'lead'>, id='7')
    """
    return list(dict.fromkeys(_hints(form, lead_pipeline)))


@dataclass(frozen=True, slots=True)
class AmoHook:
    """Implements `crm.event.Hook`; `account` is its number, `lead_pipeline` that of the ladder of leads."""

    account: str
    lead_pipeline: str | None = None

    def prove(self, form: Mapping[str, Any]) -> bool:
        return prove(form, self.account)

    def decode(self, form: Mapping[str, Any]) -> list[Event]:
        return decode(form, self.lead_pipeline)


def _hints(form: Mapping[str, Any], lead_pipeline: str | None) -> Iterator[Event]:
    for word, actions in form.items():
        for action, rows in actions.items() if isinstance(actions, Mapping) else ():
            for row in _rows(rows):
                hint = _hint(word, action, row, lead_pipeline)
                if hint is not None:
                    yield hint


def _hint(word: str, action: str, row: Mapping[str, Any], lead_pipeline: str | None) -> Event | None:
    if word == "task":
        return _on_element(row.get("element_type"), row.get("element_id"), row, lead_pipeline)
    if word in ("message", "talk"):
        kind = "2" if row.get("entity_type") in ("lead", "leads", "2") else ""
        return _on_element(row.get("element_type") or kind, row.get("element_id") or row.get("entity_id"), row, None)
    happened = _HAPPENED.get(action)
    if word == "unsorted":
        uid = row.get("uid")
        known = isinstance(uid, str) and 0 < len(uid) <= 128 and uid.isascii() and uid.isprintable()
        gone = action == "delete"
        return Event(Ref(Kind.INCOMING, str(uid)), Happened.DELETED if gone else Happened.ADDED) if known else None
    if happened is None or word not in ("leads", "contacts", "companies"):
        return None
    if happened is Happened.STIRRED:
        row = row["note"] if isinstance(row.get("note"), Mapping) else row
        return _on_element(row.get("element_type"), row.get("element_id"), row, lead_pipeline)
    if not _is_id(row.get("id")):
        return None
    return Event(Ref(_kind(word, row, lead_pipeline), str(row["id"])), happened, _moment(row))


def _kind(word: str, row: Mapping[str, Any], lead_pipeline: str | None) -> Kind:
    if word == "leads":
        other = lead_pipeline is not None and row.get("pipeline_id") not in (None, lead_pipeline)
        return Kind.DEAL if other else Kind.LEAD
    return Kind.COMPANY if word == "companies" or row.get("type") == "company" else Kind.CONTACT


def _on_element(kind: Any, number: Any, row: Mapping[str, Any], lead_pipeline: str | None) -> Event | None:
    found = _ELEMENTS.get(str(kind))
    if found is None or not _is_id(number):
        return None
    if found is Kind.LEAD:
        found = _kind("leads", row, lead_pipeline)
    return Event(Ref(found, str(number)), Happened.STIRRED, _moment(row))


def _rows(rows: Any) -> Iterator[Mapping[str, Any]]:
    listed = rows.values() if isinstance(rows, Mapping) else rows if isinstance(rows, list) else ()
    return (row for row in listed if isinstance(row, Mapping))


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and 0 < len(value) < 19 and int(value) > 0


def _moment(row: Mapping[str, Any]) -> datetime | None:
    """`last_modified` or `updated_at`, in unix seconds."""
    told = row.get("last_modified") or row.get("updated_at")
    if not isinstance(told, str) or not told.isascii() or not told.isdigit() or len(told) > 10:
        return None
    return datetime.fromtimestamp(int(told), UTC)
