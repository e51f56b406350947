"""Attempts to reach a client, counted from what really happened: calls, letters and messages, never ticked tasks.

A touch fills the first step of a sequence that its channel fits and no earlier touch filled; a WhatsApp message and a
letter in one sitting are two attempts, five calls in a row are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from b24kit.crm.activity import Channel
from b24kit.robots import answers, history
from b24kit.robots.facts import CardFacts, Touch
from b24kit.robots.rules import Rules
from b24kit.robots.spec_cadence import SequenceSpec, StepSpec
from b24kit.robots.spec_words import CHANNEL_OF


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How far a sequence is on a card: since when, and which touch filled which step (None: not yet).

    `reply` is the client's first word after its start: the sequence is over. `skipped` are steps by channels that
    reach nobody, since the client left no address for them.
    """

    sequence: SequenceSpec
    began: datetime
    touches: tuple[Touch | None, ...]
    skipped: frozenset[int]
    reply: Touch | None

    @property
    def made(self) -> int:
        """How many attempts were made."""
        return sum(touch is not None for touch in self.touches)

    @property
    def last(self) -> datetime | None:
        """When the latest attempt was made."""
        return max((touch.at for touch in self.touches if touch is not None), default=None)

    @property
    def upcoming(self) -> int | None:
        """The first step that is neither made nor skipped."""
        steps = enumerate(self.touches)
        return next((at for at, touch in steps if touch is None and at not in self.skipped), None)


def course(facts: CardFacts, rules: Rules, sequence: SequenceSpec) -> Course | None:
    """How far a sequence is; None where it does not hold for this card.

    It begins when the card comes to its stages. Where a reply does not lead to another stage it begins anew with our
    answer to it, else nobody would ever be asked twice.
    """
    stages = rules.codes(facts.ladder, sequence.stages)
    began = history.stay(facts, stages) if rules.covers(sequence, facts) else None
    if began is None:
        return None
    heard, spoken = history.replies(facts, began), None
    if _talks_here(facts, rules, sequence):
        heard, last = [], next((one for one in reversed(facts.touches) if history.is_reply(one)), None)
        answer = None if last is None else _answer(facts, last)
        if last is not None and answer is None:
            return None  # his word waits for ours: a matter of deadlines, not of attempts
        if answer is not None and answer.at >= began:
            began, spoken = answer.at, answer.ref
    ours = [touch for touch in history.reached_out(facts, began) if not history.is_talk(touch) and touch.ref != spoken]
    skipped = frozenset(at for at, step in enumerate(sequence.steps) if not _fits(facts, rules, step))
    made = _matched(ours, sequence, skipped)
    return Course(sequence=sequence, began=began, touches=made, skipped=skipped, reply=heard[0] if heard else None)


def _talks_here(facts: CardFacts, rules: Rules, sequence: SequenceSpec) -> bool:
    """Whether a reply leaves the card where it is."""
    return sequence.on_reply is None or rules.code(facts.ladder, sequence.on_reply) == facts.card.stage


def _answer(facts: CardFacts, reply: Touch) -> Touch | None:
    """Our first word after the client's; a talk answers itself."""
    if history.is_talk(reply):
        return reply
    return next((touch for touch in history.reached_out(facts, reply.at) if touch.at > reply.at), None)


def _fits(facts: CardFacts, rules: Rules, step: StepSpec) -> bool:
    """Whether a step is for this client: he can be reached so, and his data are those it asks for."""
    return reachable(facts, step) and answers.answered(facts, rules.gates.fields, step.only_if)


def reachable(facts: CardFacts, step: StepSpec) -> bool:
    """Whether the client left an address for one of the step's channels."""
    return any(reaches(facts, CHANNEL_OF[name]) for name in step.by)


def reaches(facts: CardFacts, channel: Channel) -> bool:
    """Whether the client can be reached this way: a letter needs an address, a chat a number or an earlier message."""
    if channel is Channel.EMAIL:
        return bool(answers.emails_of(facts))
    if channel is Channel.MESSAGE:
        return bool(answers.phones_of(facts)) or any(touch.channel is channel for touch in facts.touches)
    return channel is not Channel.CALL or bool(answers.phones_of(facts))


def _matched(touches: Sequence[Touch], sequence: SequenceSpec, skipped: frozenset[int]) -> tuple[Touch | None, ...]:
    made: list[Touch | None] = [None] * len(sequence.steps)
    counted: dict[Channel, datetime] = {}
    for touch in sorted(touches, key=lambda one: (one.at, str(one.ref))):
        before = counted.get(touch.channel)
        if before is not None and touch.at - before < sequence.apart:
            continue
        fits = (
            at
            for at, step in enumerate(sequence.steps)
            if made[at] is None and at not in skipped and touch.channel in {CHANNEL_OF[name] for name in step.by}
        )
        at = next(fits, None)
        if at is not None:
            made[at] = touch
            counted[touch.channel] = touch.at
    return tuple(made)
