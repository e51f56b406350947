"""An incoming request of a Bitrix24 portal: whether it is the portal's, and at which card it hints.

Rests on the vendor's pages "Events", "Safe Event Handlers" and bizproc.robot.add: a message carries `auth` with the
`application_token`, and ids and nothing else of what happened. No address or token of a message is ever used.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from b24kit.crm.event import Event, Happened
from b24kit.crm.refs import Kind, Ref

_CARDS = {"LEAD": Kind.LEAD, "DEAL": Kind.DEAL, "CONTACT": Kind.CONTACT, "COMPANY": Kind.COMPANY}
_ACTIONS = {"ADD": Happened.ADDED, "UPDATE": Happened.CHANGED, "DELETE": Happened.DELETED}
_LATEST = 32_503_680_000  # the year 3000: a larger number is no time


def prove(form: Mapping[str, Any], tokens: Collection[str]) -> bool:
    """Whether a form carries one of the application tokens that we know, compared in constant time.

    Without any known token nothing is proven: the secret path alone, which stands in logs of proxies, is no proof.
    """
    auth = form.get("auth")
    told = auth.get("application_token") if isinstance(auth, Mapping) else None
    given = told.encode("utf-8", "surrogatepass") if isinstance(told, str) else b""
    found = False
    for token in tokens:  # every one is compared: time must not tell which
        found |= hmac.compare_digest(token.encode(), given)
    return found


def decode(form: Mapping[str, Any]) -> list[Event]:
    """The hints of a form: an event of a card or of an activity, or a card that has reached a robot of ours.

    >>> decode({"event": "onCrmLeadAdd", "data": {"FIELDS": {"ID": "7"}}})[0].card
    Ref(kind=<Kind.LEAD: 'lead'>, id='7')
    """
    return list(_hints(form))


@dataclass(frozen=True, slots=True)
class BitrixHook:
    """Implements `crm.event.Hook`. `tokens`: of the application and of webhooks made by hand; while none is known
    nothing is believed and the sweep does the work. It may grow: an installation brings a token.
    """

    tokens: Collection[str] = field(default=frozenset(), repr=False)

    def prove(self, form: Mapping[str, Any]) -> bool:
        return prove(form, self.tokens)

    def decode(self, form: Mapping[str, Any]) -> list[Event]:
        return decode(form)


def _hints(form: Mapping[str, Any]) -> Iterator[Event]:
    at = _moment(form.get("ts"))
    name = form.get("event")
    if isinstance(name, str):
        data = form.get("data")
        fields = data.get("FIELDS") if isinstance(data, Mapping) else None
        number = fields.get("ID") if isinstance(fields, Mapping) else None
        hint = _of_event(name.upper())
        if hint is not None and _is_id(number):
            kind, happened = hint
            yield Event(Ref(kind, str(number)), happened, at)
    elif "code" in form:
        card = _document(form.get("document_id"))
        if card is not None:
            yield Event(card, Happened.STIRRED, at)


def _of_event(name: str) -> tuple[Kind, Happened] | None:
    if not name.startswith("ONCRM"):
        return None
    for action, happened in _ACTIONS.items():
        entity = name.removeprefix("ONCRM").removesuffix(action)
        if name.endswith(action) and entity in _CARDS:
            return _CARDS[entity], happened
        if name.endswith(action) and entity == "ACTIVITY":
            return Kind.ACTIVITY, Happened.STIRRED
    # A deal that changes its pipeline has an event of its own.
    return (Kind.DEAL, Happened.CHANGED) if name == "ONCRMDEALMOVETOCATEGORY" else None


def _document(told: Any) -> Ref | None:
    """`["crm", "CCrmDocumentLead", "LEAD_777"]`, its places by number as forms have them."""
    parts = list(told.values()) if isinstance(told, Mapping) else told
    if not isinstance(parts, list) or len(parts) != 3 or not isinstance(parts[2], str):
        return None
    word, _, number = parts[2].partition("_")
    kind = _CARDS.get(word)
    return Ref(kind, number) if kind is not None and _is_id(number) else None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and 0 < len(value) < 19 and int(value) > 0


def _moment(told: Any) -> datetime | None:
    if not isinstance(told, str) or not told.isascii() or not told.isdigit() or len(told) > 11:
        return None
    return datetime.fromtimestamp(int(told), UTC) if int(told) < _LATEST else None
