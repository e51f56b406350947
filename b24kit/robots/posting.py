"""Which messages may leave for a client now, asked of the card as it was just re-read, and what they leave as.

A message leaves when the rules still want it on the present facts, somebody let it go, the client did not object, the
hour is decent and neither the day nor this client has had enough. Where the vendor's API cannot send it, a to-do with
the ready text goes to the person in whose name it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from functools import cached_property
from hashlib import blake2b
from typing import Any

from b24kit.change.journal import Entry, State
from b24kit.change.operation import CreateRecord, Phase
from b24kit.change.settling import LETTER_UNSURE
from b24kit.crm.activity import Channel
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import User
from b24kit.i18n import Language, say
from b24kit.robots import answers
from b24kit.robots.act import Planned, messages_in
from b24kit.robots.decide import TURNING
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.ledger import Ledger
from b24kit.robots.outbox import Message, Outbox, Release
from b24kit.robots.spec_sending import SendingSpec
from b24kit.robots.spec_words import CHANNEL_OF

_ADDRESS = re.compile(r"[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']{1,255}")
_DAY = timedelta(days=1)
_HELD = "robots.held."
HAND = "~hand"  # ends the key of a to-do that stands for a message
# Journal states of a letter whose words are known not to have left.
_NEVER_LEFT = (None, "planned", State.SKIPPED.value, State.CONFLICT.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What a portal that may send is sent by: the playbook's section, what the vendor can send, who the senders are."""

    spec: SendingSpec
    sends: frozenset[Channel]
    zone: tzinfo
    users: Callable[[], Iterable[User]]
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # data -> codes of card fields
    language: Language = "ru"


@dataclass(slots=True)
class Leaving:
    """Operations of the messages that leave now, and when to look again at cards whose messages have to wait."""

    planned: list[Planned] = field(default_factory=list)
    later: dict[Ref, datetime] = field(default_factory=dict)


class Postman:
    """Takes messages out of the outbox of one portal."""

    def __init__(self, outbox: Outbox, ledger: Ledger, posting: Posting | None) -> None:
        """Without `posting` nothing leaves: messages are only kept."""
        self._outbox, self._ledger, self._posting = outbox, ledger, posting

    def leaving(self, facts: Mapping[Ref, CardFacts], decisions: Mapping[Ref, Decision], now: datetime) -> Leaving:
        """Keep the messages of these decisions; those that may leave are counted from here on."""
        for card, decision in decisions.items():
            self._outbox.keep(messages_in(decision.actions, facts[card].done), now)
        kept = {one.key: one for one in self._outbox.of_cards(list(decisions))}
        self._find_out(kept, facts, now)
        self._outbox.withdraw(withdrawn(kept.values(), decisions))
        found = Leaving()
        if self._posting is None:
            return found
        letting = _Letting(self._posting, self._outbox, self._ledger, now, found)
        for card, decision in decisions.items():
            for action in decision.actions:
                message = kept.get(action.key)
                if action.kind == "message" and message is not None and letting.let_go(message):
                    letting.take(action, message, facts[card])
        return found

    def heard(self, planned: Sequence[Planned], last: Mapping[str, Entry], now: datetime) -> set[str]:
        """Note what became of what was sent; the keys of operations that were letters."""
        letters = {one.operation.key: one for one in planned if _is_letter(one)}
        states: dict[str, tuple[Release, str]] = {}
        for key in letters:
            entry = last.get(key)
            if entry is None:
                continue
            if entry.state is State.DONE:
                states[key] = (Release.SENT, "")
            elif entry.state is State.REFUSED:
                states[key] = (Release.REFUSED, entry.said or entry.code)
            elif entry.state is State.FAILED:
                states[key] = (Release.DOUBT, entry.code)
        for one in planned:
            entry = last.get(one.operation.key)
            if one.keys and one.operation.key.endswith(HAND) and entry is not None and entry.state is State.DONE:
                states[one.keys[0]] = (Release.HANDED, "")
        self._outbox.mark(states, now)
        return set(letters)

    def _find_out(self, kept: Mapping[str, Message], facts: Mapping[Ref, CardFacts], now: datetime) -> None:
        """What a worker that died had begun: found sent, surely unsent, or for a person to judge."""
        states: dict[str, tuple[Release, str]] = {}
        for message in kept.values():
            known = facts.get(message.card)
            if known is not None and message.key in known.done:
                handed = self._ledger.state(f"{message.key}{HAND}")[0] is not None
                states[message.key] = (Release.HANDED if handed else Release.SENT, "")
            elif message.state is Release.LEAVING:
                state, code = self._ledger.state(message.key)
                if code == LETTER_UNSURE or state not in _NEVER_LEFT:
                    states[message.key] = (Release.DOUBT, code)
        self._outbox.mark(states, now)


class _Letting:
    """One look at a portal's messages: what lets them go and what holds them up."""

    def __init__(self, posting: Posting, outbox: Outbox, ledger: Ledger, now: datetime, found: Leaving) -> None:
        self._posting, self._outbox, self._ledger, self._now, self._found = posting, outbox, ledger, now, found

    @cached_property
    def _users(self) -> dict[str, User]:
        return {one.id: one for one in self._posting.users()}

    def let_go(self, message: Message) -> bool:
        by_rule = self._posting.spec.approve == "rule" and message.state is Release.WAITING
        if message.state is Release.LEAVING:
            state, code = self._ledger.state(message.key)
            return state in _NEVER_LEFT and code != LETTER_UNSURE
        return by_rule or message.state is Release.APPROVED

    def take(self, action: Action, message: Message, facts: CardFacts) -> None:
        """Find out whether it may leave, and as what."""
        found, now = self._found, self._now
        held = self._objection(facts)
        if held is None and CHANNEL_OF[message.values["channel"]] not in self._posting.sends:
            found.planned.append(self._by_hand(action, message, facts))
            return
        address, client = _address(facts)
        sender = self._sender(message)
        if held is None and (not address or not sender):
            held = "no_address" if not address else "no_sender"
        if held is not None:
            self._outbox.mark({message.key: (message.state, _HELD + held)}, now)
            return
        start = self._decent(now)
        if start > now:
            found.later[facts.card.ref] = start
            return
        spec = self._posting.spec
        day = datetime.combine(now.astimezone(self._posting.zone).date(), time(), self._posting.zone)
        print_of = blake2b(address.casefold().encode(), digest_size=12, person=b"b24kit").hexdigest()
        if not self._outbox.reserve(message.key, print_of, now, day=day, per_day=spec.per_day, every=spec.every):
            found.later[facts.card.ref] = self._decent(min(day + _DAY, now + max(spec.every, timedelta(hours=1))))
            return
        found.planned.append(_letter(action, message, facts, address, client, sender))

    def _objection(self, facts: CardFacts) -> str | None:
        """Why this client gets no word of ours: he refused, or did not consent."""
        spec, fields = self._posting.spec, self._posting.fields
        if any(_says_yes(answers.value(facts, fields, datum)) for datum in spec.never_if):
            return "refused"
        if not all(_says_yes(answers.value(facts, fields, datum)) for datum in spec.needs):
            return "no_consent"
        return None

    def _sender(self, message: Message) -> str:
        """`Name <address>` of the person in whose name it leaves; empty when there is none who works here."""
        user = self._users.get(str(message.values.get("sender") or ""))
        if user is None or not user.active:
            return ""
        address = self._posting.spec.mailbox or user.email
        name = " ".join(re.sub(r"[<>\"\r\n]", " ", user.name).split())[:100]
        return f"{name} <{address}>".strip() if _ADDRESS.fullmatch(address) else ""

    def _decent(self, at: datetime) -> datetime:
        """`at` itself while clients may be written to, else the beginning of the next such time."""
        spec, zone = self._posting.spec, self._posting.zone
        local = at.astimezone(zone)
        for ahead in range(9):
            day = local.date() + timedelta(days=ahead)
            if spec.weekdays_only and day.weekday() > 4:
                continue
            midnight = datetime.combine(day, time(), zone)
            for begun, ended in spec.hours:
                if at < midnight + timedelta(minutes=ended):
                    return max(at, midnight + timedelta(minutes=begun))
        return at + _DAY

    def _by_hand(self, action: Action, message: Message, facts: CardFacts) -> Planned:
        """A to-do with the ready text for whoever the message would have been from."""
        values, lang = message.values, self._posting.language
        text = "\n\n".join(part for part in (values.get("subject"), values.get("text")) if part)
        operation = CreateRecord(
            key=f"{action.key}{HAND}",
            phase=Phase.NOTES,
            reason=action.reason,
            cluster=str(action.card),
            kind=Kind.TODO,
            values={
                "card": str(action.card),
                "title": say(f"robots.by_hand.{values['channel']}", lang),
                "text": text,
                "owner": str(values.get("sender") or facts.card.owner or ""),
                "deadline": (self._now + _DAY).isoformat(),
            },
        )
        return Planned(operation, action.card, (action.key,))


def withdrawn(kept: Iterable[Message], decisions: Mapping[Ref, Decision]) -> list[str]:
    """Messages that the rules do not want any more. A card about to become another one is judged at the next look."""
    wanted = {one.key for found in decisions.values() for one in found.actions}
    settled = {card for card, found in decisions.items() if not any(one.kind in TURNING for one in found.actions)}
    free = (one for one in kept if one.state not in (Release.LEAVING, Release.DOUBT) and one.card in settled)
    return [one.key for one in free if one.key not in wanted]


def _letter(action: Action, message: Message, facts: CardFacts, address: str, client: Ref, sender: str) -> Planned:
    values: dict[str, Any] = {
        "card": str(action.card),
        "client": str(client),
        "address": address,
        "sender": sender,
        "owner": str(message.values.get("sender") or facts.card.owner or ""),
        "subject": message.values.get("subject") or "",
        "text": message.values["text"],
    }
    operation = CreateRecord(
        key=action.key,
        phase=Phase.NOTES,
        reason=action.reason,
        cluster=str(action.card),
        kind=Kind.LETTER,
        values=values,
    )
    return Planned(operation, action.card, (action.key,))


def _address(facts: CardFacts) -> tuple[str, Ref]:
    """The client's first sound address, and on which card it stands."""
    for record in (facts.contact, facts.card, facts.company):
        for address in () if record is None else getattr(record, "emails", ()):
            if record is not None and _ADDRESS.fullmatch(address.strip()):
                return address.strip(), record.ref
    return "", facts.card.ref


def _is_letter(planned: Planned) -> bool:
    return isinstance(planned.operation, CreateRecord) and planned.operation.kind is Kind.LETTER


def _says_yes(value: Any) -> bool:
    """Whether a field was filled with anything but a no."""
    folded = str(value).strip().casefold() if not isinstance(value, bool | list | tuple) else value
    return bool(folded) and folded not in ("none", "0", "n", "no", "нет", "false", "off", "[]")
