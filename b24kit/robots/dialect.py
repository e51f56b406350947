"""How one portal says what rules speak of: names of fields, choices of lists, reasons of a loss, sources.

Rules speak of data and stages of the design. Before they look at a card it is put into those words (`heard`), and what
they decide is put back into the portal's (`said`): so a rule is the same on every portal, and a field that a portal has
not is never written. The card itself is left as it was read, for its before-image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from b24kit.crm.activity import Activity, Channel
from b24kit.crm.cardfield import CardField
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.pipeline import LossReason, Stage
from b24kit.crm.refs import Kind
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts

LOSS_REASON = "loss_reason_id"  # where cards of a portal with loss reasons hold theirs
DATUM = "loss_reason"
SOURCE = "SOURCE_ID"
_CHANNELS = {Channel.EMAIL: "EMAIL", Channel.CALL: "CALL", Channel.MESSAGE: "CHAT"}
_AT_ONCE = 600  # seconds between a card and the message that made it
_EMPTY: tuple[Any, ...] = (None, "", [], (), {})
T = TypeVar("T", Lead, Deal, Contact, Company, Lead | Deal)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of the design where a ladder has one stage of failure: that stage, and the reason that tells it."""

    code: str  # what rules call it
    stage: Stage
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`fields` are None where the portal does not tell them: then names are taken as they stand.

    `places`: the portal's name for what the playbook calls a field. `sources`: the codes of sources by their names.
    """

    fields: tuple[CardField, ...] | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[LossReason, ...] = ()
    failures: tuple[Failure, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    tells_sources: bool = True  # whether leads carry the code of their source

    def heard(self, facts: CardFacts) -> CardFacts:
        """The facts in the words of rules."""
        card = self._plain(facts.card)
        stage = self._failure_of(facts.card)
        moves = facts.moves
        if stage is not None:
            card = replace(card, stage=stage)
            if moves and moves[-1].stage == facts.card.stage:
                moves = (*moves[:-1], replace(moves[-1], stage=stage))
        if not self.tells_sources:
            taken = _taken(facts)
            source = self._source_of(facts, taken)
            form = dict(zip(_FORM, taken[2:4], strict=False))
            card = replace(card, extra={**card.extra, **form, **({SOURCE: source} if source else {})})
        contact = None if facts.contact is None else self._plain(facts.contact)
        company = None if facts.company is None else self._plain(facts.company)
        named = {name for one in (card, contact, company) if one for name, value in one.extra.items() if _said(value)}
        return replace(
            facts, card=card, contact=contact, company=company, moves=moves, filled=facts.filled | frozenset(named)
        )

    def said(self, decision: Decision, facts: CardFacts) -> Decision:
        """The decision in the words of the portal; actions that would write nothing there are left out."""
        kept = (self._action(one, facts.card.ref.kind) for one in decision.actions)
        return replace(decision, actions=tuple(one for one in kept if one is not None))

    def lacks(self, kind: Kind, names: Iterable[str]) -> list[str]:
        """Which of these fields cards of a kind do not have here."""
        if self.fields is None:
            return []
        return [name for name in dict.fromkeys(names) if self._field(kind, name) is None]

    def _plain(self, card: T) -> T:
        """Unnamed values under every name they have, choices by their texts."""
        extra = dict(card.extra)
        for one in self.fields or ():
            if one.kind is card.ref.kind and one.key in extra:
                value = _values(extra[one.key], one)
                extra |= {name: value for name in (one.key, one.code) if name}
        for name, key in self.places.items():
            if key in extra and name not in extra:
                extra[name] = extra[key]
        reason = self._reason(str(extra.get(LOSS_REASON) or ""))
        return replace(card, extra=extra | ({DATUM: reason.name} if reason is not None else {}))

    def _failure_of(self, card: Lead | Deal) -> str | None:
        reason = str(card.extra.get(LOSS_REASON) or "")
        found = (one.code for one in self.failures if one.stage.code == card.stage and one.reason == reason)
        return next(found, None)

    def _source_of(self, facts: CardFacts, taken: list[str]) -> str | None:
        """By the name the card carries, else by how it was taken in, else by what the client did first."""
        named = self.sources.get(_folded(facts.card.extra.get("source") or ""))
        if named is not None:
            return named
        way = WAYS.get(taken[0]) if taken else None
        first = next(iter(facts.letters), None)
        return way or (_CHANNELS.get(first.channel) if first is not None and _opened(first, facts) else None)

    def _action(self, action: Action, kind: Kind) -> Action | None:
        values = dict(action.values)
        target = Kind.DEAL if action.kind == "open_card" and values.get("ladder") != "leads" else kind
        fields = self._fields(values.get("fields") or {}, target)
        failure = next((one for one in self.failures if one.code == values.get("stage")), None)
        if failure is not None:
            values["stage"] = failure.stage.code
            fields[LOSS_REASON] = failure.reason
        elif action.kind == "close" and (reason := self._named(values.get("reason"))) is not None:
            fields[LOSS_REASON] = reason.id
        if values.get("fields") and not fields and action.kind == "fill":
            return None
        if "fields" in values or fields:
            values["fields"] = fields
        return action if values == dict(action.values) else replace(action, values=values)

    def _fields(self, wanted: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
        if self.fields is None:
            return dict(wanted)
        found: dict[str, Any] = {}
        for name, value in wanted.items():
            place = self._field(kind, name)
            if place is not None and (written := _written(value, place)) is not None:
                found[place.key] = written
        return found

    def _field(self, kind: Kind, name: str) -> CardField | None:
        names = (name, self.places.get(name, name))
        mine = [one for one in self.fields or () if one.kind is kind]
        return next((one for one in mine if one.key in names or (one.code and one.code in names)), None)

    def _reason(self, number: str) -> LossReason | None:
        return next((one for one in self.reasons if one.id == number), None)

    def _named(self, name: object) -> LossReason | None:
        return next((one for one in self.reasons if name and _folded(one.name) == _folded(name)), None)


TAKEN = "intake"  # the rule whose keys tell by what way an incoming lead was taken in
WAYS = {"mail": "EMAIL", "forms": "WEBFORM", "sip": "CALL", "chats": "CHAT"}


_FORM = ("FORM_ID", "FORM_NAME")


def _taken(facts: CardFacts) -> list[str]:
    """By what way we took the card in, and for a form its number and name: the parts of that action's key."""
    start = f"{TAKEN}/{facts.card.ref}/"
    found = sorted(key.removeprefix(start) for key in facts.done if key.startswith(start) and "~accept" in key)
    return found[0].split("~", 3) if found else []


def _opened(first: Activity, facts: CardFacts) -> bool:
    """Whether that message made the card: what came long after it did not."""
    at, created = first.start or first.created, facts.card.created
    return at is not None and created is not None and (at - created).total_seconds() < _AT_ONCE


def _values(raw: Any, place: CardField) -> Any:
    listed = raw if isinstance(raw, list | tuple) else [raw]
    found = [one for one in (_value(item, place.options) for item in listed) if one not in _EMPTY]
    return found if place.multiple else next(iter(found), "")


def _value(raw: Any, options: Mapping[str, str]) -> Any:
    if isinstance(raw, Mapping):
        chosen = raw.get("enum_id")
        raw = raw.get("value") if chosen is None else chosen
    return options.get(str(raw), raw) if options else raw


def _written(value: Any, place: CardField) -> Any:
    """A value as this field takes it; None for a choice that it does not offer."""
    if not place.options:
        return value
    ids = {_folded(text): number for number, text in place.options.items()}
    listed = value if isinstance(value, list | tuple) else [value]
    chosen = [ids[_folded(one)] for one in listed if _folded(one) in ids]
    if not chosen:
        return "" if value in _EMPTY else None
    told = chosen if place.by_id else [place.options[number] for number in chosen]
    return told if place.multiple else told[0]


def _said(value: Any) -> bool:
    return value not in _EMPTY and value is not False


def _folded(text: object) -> str:
    return " ".join(str(text).casefold().replace("ё", "е").split())
