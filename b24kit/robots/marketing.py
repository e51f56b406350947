"""Letters that go by themselves: a card stands on a letter's stage until it has left, a reply ends the sequence.

Nothing is sent from here: messages go to the outbox, and a card moves on only once its letter was handed over and
sending is allowed. Where it is not, the cards wait on the stage of the letter they have not got.
"""

from __future__ import annotations

from datetime import datetime

from b24kit.change.operation import Reason
from b24kit.crm.activity import Direction
from b24kit.robots import history
from b24kit.robots.answers import known
from b24kit.robots.attempts import reaches
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.moments import after, stamp
from b24kit.robots.people import Hours, People
from b24kit.robots.rules import Rules
from b24kit.robots.scripts import close, move, notice, spoken
from b24kit.robots.spawn import opened, running_in
from b24kit.robots.spec_spawn import EndSpec, LetterSpec, MarketingSpec
from b24kit.robots.spec_words import CHANNEL_OF

_CARRIED = ("loss_reason",)


def decide_marketing(facts: CardFacts, rules: Rules, people: People, now: datetime) -> Decision:
    """The next letter of an open card in a marketing funnel, or what a reply or a refusal makes of it."""
    for spec in rules.spawn.marketing if history.is_open(facts) else ():
        if rules.ladder(spec.pipeline) == facts.ladder:
            return _Sequence(facts, rules, people, spec, now).decision()
    return Decision()


class _Sequence:
    """One card in one funnel at one moment."""

    def __init__(self, facts: CardFacts, rules: Rules, people: People, spec: MarketingSpec, now: datetime) -> None:
        self.facts, self.rules, self.people, self.spec, self.now = facts, rules, people, spec, now
        stages = [rules.code(facts.ladder, letter.stage) for letter in spec.letters]
        self.at = stages.index(facts.card.stage) if facts.card.stage in stages else None
        self.stages = stages
        self.entered = history.entered(facts)
        self.began = history.stay(facts, stages)

    def decision(self) -> Decision:
        if self.at is None or self.entered is None or self.began is None:
            return Decision()
        reply = next((one for one in self.facts.touches if self._answers(one.at, one.direction)), None)
        if reply is not None:
            return self._fresh(self._replied(reply.at), Reason("robots.marketing.reply", {"funnel": self.spec.name}))
        if any(known(self.facts, self.rules.gates.fields, datum) for datum in self.spec.stop_if):
            reason = Reason("robots.marketing.refused", {"funnel": self.spec.name})
            end = self.spec.stopped or self.spec.exhausted
            return self._fresh([self._close(end, "refused", reason)], reason)
        return self._letter(self.spec.letters[self.at], self.at, self.entered)

    def _answers(self, at: datetime, direction: Direction) -> bool:
        return direction is Direction.IN and self.began is not None and at > self.began

    def _letter(self, letter: LetterSpec, at: int, entered: datetime) -> Decision:
        key = history.key(self.facts, "letter", self.spec.name, self.facts.card.stage, stamp(entered))
        told_of = {"number": at + 1, "of": len(self.spec.letters)}
        sent = self._sent(key, entered)
        if sent is None and reaches(self.facts, CHANNEL_OF[letter.by]):
            due = self._undisturbed(after(self._hours, entered, letter.after, self.spec.days))
            reason = Reason("robots.marketing.letter", told_of)
            if due > self.now:
                return Decision((), due, (reason,))
            return self._fresh([self._message(letter, key, reason)], reason)
        reason = Reason("robots.marketing.next" if sent else "robots.marketing.no_address", told_of)
        if at + 1 < len(self.stages):
            return self._fresh([move(self.facts, f"{key}~next", self.stages[at + 1], reason)], reason)
        due = after(self._hours, sent or entered, self.spec.exhausted_after, self.spec.days)
        reason = Reason("robots.marketing.exhausted", told_of)
        if due > self.now:
            return Decision((), due, (reason,))
        return self._fresh([self._close(self.spec.exhausted, "exhausted", reason)], reason)

    @property
    def _hours(self) -> Hours:
        return self.people.hours(self.facts.card.owner)

    def _sent(self, key: str, entered: datetime) -> datetime | None:
        """When the letter left. One that waits in the outbox of a playbook that sends nothing has not."""
        return self.facts.done_at.get(key, entered) if self.rules.armed and key in self.facts.done else None

    def _undisturbed(self, due: datetime) -> datetime:
        touched = history.hand_touch(self.facts)
        return due if touched is None else max(due, touched + self.spec.quiet_for)

    def _message(self, letter: LetterSpec, key: str, reason: Reason) -> Action:
        sender = self.facts.card.owner if letter.sender is None else self.people.named(letter.sender)
        subject = "" if letter.subject is None else spoken(self.facts, self.rules, self.people, letter.subject)
        text = spoken(self.facts, self.rules, self.people, letter.text)
        values = {"channel": letter.by, "subject": subject, "text": text, "sender": sender}
        return Action(kind="message", key=key, card=self.facts.card.ref, values=values, reason=reason)

    def _replied(self, at: datetime) -> list[Action]:
        """A new request in the main funnel, unless one is being worked on; then the end of the sequence."""
        key = history.key(self.facts, "letter", self.spec.name, "reply", stamp(self.began or at))
        ladder = self.rules.ladder(self.spec.on_reply.pipeline)
        running = None if key in self.facts.done else running_in(self.facts, ladder)
        reason = Reason("robots.marketing.reply", {"funnel": self.spec.name})
        target = self.spec.on_reply
        args = (self.facts, self.rules, self.people, key, target, _CARRIED, reason, self.now)
        card = None if running is not None else opened(*args)
        found = [] if card is None else [card]
        owner = self.facts.card.owner
        if owner is not None:
            found.append(notice(self.facts, self.rules, f"{key}~owner", owner, reason))
        return [*found, self._close(self.spec.replied, "replied", reason)]

    def _close(self, end: EndSpec, why: str, reason: Reason) -> Action:
        assert self.began is not None
        key = history.key(self.facts, "letter", self.spec.name, why, stamp(self.began), "close")
        return close(self.facts, self.rules, key, end.stage, end.reason, reason)

    def _fresh(self, actions: list[Action], reason: Reason) -> Decision:
        return Decision(tuple(one for one in actions if one.key not in self.facts.done), None, (reason,))
