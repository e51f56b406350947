"""One worker of one portal: takes due cards, re-reads them, decides, acts, and sets the moment to look again.

Everything rests on three things: cards are decided on from re-read facts, an action whose key is done is never done
again, and only the holder of a card's lease may write. A worker that dies loses nothing that another cannot find.
"""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from b24kit.change.executor import Bounds, Executor
from b24kit.change.journal import Journal, State
from b24kit.change.plan import operation_name
from b24kit.clock import Clock
from b24kit.crm.activity import Activity
from b24kit.crm.incoming import Incoming
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.watch import WATCHED
from b24kit.errors import B24kitError, NoAnswer, NotAllowed, Stopped, TooFast
from b24kit.robots.act import Planned, Ways, operations_for, robots_plan
from b24kit.robots.backlog import Backlog
from b24kit.robots.claims import LOOK, Claims
from b24kit.robots.decision import Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.gather import WatchedPortal, gather
from b24kit.robots.heartbeat import Heartbeat
from b24kit.robots.ledger import LeaseLost, Ledger, Writer
from b24kit.robots.metrics import Metrics
from b24kit.robots.outbox import Outbox
from b24kit.robots.payments import Payments
from b24kit.robots.posting import Posting, Postman
from b24kit.robots.settle import settle_open
from b24kit.robots.store import Event, Held, Store

LOG = logging.getLogger("b24kit.robots")
_LEADING = (Kind.ACTIVITY, Kind.TODO, Kind.INCOMING)  # kinds that lead to the cards they hang on
PASS = 400  # cards of one pass: eight commands of fifty
LEASE = timedelta(seconds=30)
TRIES = 6
ROUNDS = 12  # a card that is acted on so often in a row runs in a circle
BACKOFF = timedelta(seconds=15)
LONGEST = timedelta(hours=1)
AGAIN = timedelta(seconds=1)
Decide = Callable[[CardFacts, datetime], Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What a worker works for: a portal and the rules for it. `shadow`: decide and write down, but change nothing.

    Without `posting` no word leaves for a client.
    """

    portal_id: str
    portal: WatchedPortal
    decide: Decide
    shadow: bool = False
    claimed: Callable[[], Collection[Ref]] = frozenset  # cards that a plan is being carried out on right now
    acting: Callable[[], AbstractContextManager[None]] = nullcontext  # held while this portal is written to
    posting: Posting | None = None
    away: Callable[[], Collection[str] | None] = lambda: None  # whose open cards go to others; None: nobody's ever do
    numbers: tuple[str, ...] = ()  # fields of cards that hold the number which a payment may name


@dataclass(slots=True)
class Outcome:
    """What a pass came to."""

    cards: int = 0
    actions: int = 0
    failed: int = 0
    put_off: int = 0
    decided: list[tuple[Ref, Decision]] = field(default_factory=list)
    writes: Counter[str] = field(default_factory=Counter)  # by `write_name`


class Worker:
    """`name` must be new with every start: two lives of one worker are two holders of leases."""

    def __init__(
        self,
        duty: Duty,
        store: Store,
        clock: Clock,
        name: str,
        *,
        metrics: Metrics | None = None,
        stop: Callable[[], bool] = lambda: False,
        size: int = PASS,
    ) -> None:
        self.duty, self.name = duty, name
        self._store, self._clock, self._stop, self._size = store, clock, stop, size
        self._metrics = metrics or Metrics()
        self._ledger = Ledger(store, duty.portal_id)
        self._postman = Postman(Outbox(store, duty.portal_id), self._ledger, duty.posting)
        self._claims = Claims(duty.claimed)
        self._payments = Payments(store, duty.portal_id)
        self._backlog = Backlog(store, duty.portal_id, name, clock)
        self._failures = 0

    def drain(self, passes: int = 1000) -> Outcome:
        """Passes until nothing is due any more, or somebody stops us; the sum."""
        total = Outcome()
        acted = False
        for _ in range(passes):
            one = self.once()
            total.cards, total.actions = total.cards + one.cards, total.actions + one.actions
            total.failed, total.put_off = total.failed + one.failed, total.put_off + one.put_off
            total.decided += one.decided
            if self._stop() or (not one.cards and not acted):
                break
            if not one.cards:
                self._clock.sleep(AGAIN.total_seconds())  # what was acted on is looked at once more
            acted = bool(one.cards and one.actions and not self.duty.shadow)
        return total

    def once(self) -> Outcome:
        """One pass over up to `size` due cards; errors of the portal put its cards off and do not leave here."""
        now = self._clock.now()
        held = self._store.take(self.duty.portal_id, self.name, now, limit=self._size, lease=LEASE)
        if not held:
            return Outcome()
        self._backlog.ahead(self.duty.portal)
        begun = self._clock.monotonic()
        with Heartbeat(self._store, self.name, self._clock, LEASE):
            outcome = self._work(held)
        seconds = self._clock.monotonic() - begun
        self._metrics.observe("b24kit_pass_seconds", seconds, portal=self.duty.portal_id)
        if not outcome.put_off:
            self._backlog.passed(self.duty.portal, held, outcome.writes, seconds)
        self._metrics.count("b24kit_cards_total", len(held), portal=self.duty.portal_id)
        return outcome

    def _work(self, held: Sequence[Held]) -> Outcome:
        try:
            outcome = self._pass(held)
        except LeaseLost:
            self._log("lease_lost", cards=len(held))
            return Outcome(cards=len(held))
        except Stopped:
            self._release(held)
            return Outcome(cards=len(held))
        except (NoAnswer, NotAllowed, TooFast) as error:
            return self._portal_failed(held, error)
        except self._store.base.errors:
            raise  # no card's fault
        except Exception as error:  # the worker loop: what fails on one card must not stop the others
            if len(held) == 1:
                return self._spoilt(held[0], error)
            # One card may spoil the answer for all: look at them in halves.
            half = len(held) // 2
            return _sum(self._work(held[:half]), self._work(held[half:]))
        self._failures = 0
        return outcome

    def _pass(self, held: Sequence[Held]) -> Outcome:
        outcome = Outcome(cards=len(held))
        held = self._settle(self._unclaimed(self._on_cards(held), outcome), outcome)
        by_card = {one.card: one for one in held}
        if not by_card:
            return outcome
        misnamed: dict[Ref, Ref] = {}
        gathered = gather(self.duty.portal, list(by_card), self._ledger.done(list(by_card)), misnamed)
        facts = self._payments.with_facts(gathered)
        now = self._clock.now()
        if misnamed:  # an event may not tell a lead from a deal: back to the inbox under its name
            self._store.put(self.duty.portal_id, [Event(right, "stirred") for right in misnamed.values()], now)
        gone = [one for one in held if one.card not in facts]
        self._store.forget(self.duty.portal_id, self.name, gone)
        self._postman.card_gone([one.card for one in gone])
        decisions = self._decisions(facts, by_card, now, outcome)
        planned = self._planned(facts, decisions, by_card, outcome)
        if not self.duty.shadow:
            planned += self._letters(facts, decisions, now)
        failed = self._carry_out(planned, by_card) if planned and not self.duty.shadow else {}
        acted = {one.card for one in planned} if not self.duty.shadow else set()
        outcome.actions = sum(len(one.keys) for one in planned)
        outcome.writes.update(operation_name(one.operation) for one in planned if not self.duty.shadow)
        self._give_back(facts, decisions, by_card, acted, failed, outcome)
        return outcome

    def _on_cards(self, held: Sequence[Held]) -> list[Held]:
        """Events of letters, calls and tasks tell no card: they go on to the cards they hang on."""
        others = [one for one in held if one.card.kind not in WATCHED]
        if others:
            readable = [one.card for one in others if one.card.kind in _LEADING]
            present = self.duty.portal.read(readable) if readable else {}
            found = {ref for record in present.values() for ref in _cards_of(record)}
            self._store.put(self.duty.portal_id, [Event(ref, "stirred") for ref in found], self._clock.now())
            self._store.forget(self.duty.portal_id, self.name, others)
        return [one for one in held if one.card.kind in WATCHED]

    def _unclaimed(self, held: Sequence[Held], outcome: Outcome) -> list[Held]:
        """Without the cards that a plan is being carried out on: those are looked at again soon."""
        now = self._clock.now()
        waiting = self._claims.waiting(held, now)
        self._store.put_off(self.duty.portal_id, self.name, waiting, now + LOOK, "run", counts=False)
        outcome.put_off += len(waiting)
        return [one for one in held if one not in waiting]

    def _settle(self, held: Sequence[Held], outcome: Outcome) -> list[Held]:
        """First what an earlier life left open; cards about which nothing can be known yet wait."""
        deeds = self._ledger.open([one.card for one in held])
        if not deeds or self.duty.shadow:
            return list(held)
        lost = {one.card: one.lost for one in held}
        standing = settle_open(deeds, self._ledger, self.duty.portal, self.name, self._clock.now(), lost)
        for card, until in standing.until.items():
            waiting = [one for one in held if one.card == card]
            self._store.put_off(self.duty.portal_id, self.name, waiting, until, "doubt", counts=False)
            outcome.put_off += 1
        left = [one for one in held if one.card not in standing.until]
        again = [Planned(one.operation, one.card, ()) for one in standing.again if one.card not in standing.until]
        if again:
            self._carry_out(again, {one.card: one for one in left})
        return left

    def _decisions(
        self, facts: Mapping[Ref, CardFacts], held: Mapping[Ref, Held], now: datetime, outcome: Outcome
    ) -> dict[Ref, Decision]:
        found: dict[Ref, Decision] = {}
        for card, known in facts.items():
            reaction = max(0.0, (now - held[card].due).total_seconds())
            self._metrics.observe("b24kit_reaction_seconds", reaction, portal=self.duty.portal_id)
            found[card] = self.duty.decide(known, now)
        outcome.decided = list(found.items())
        return found

    def _planned(
        self,
        facts: Mapping[Ref, CardFacts],
        decisions: dict[Ref, Decision],
        held: Mapping[Ref, Held],
        outcome: Outcome,
    ) -> list[Planned]:
        planned: list[Planned] = []
        ways = Ways.of(self.duty.portal.capabilities, self._clock.now())
        for card in list(decisions):
            decision = decisions[card]
            if held[card].rounds >= ROUNDS and decision.actions and not self.duty.shadow:
                del decisions[card]
                self._store.bury(
                    self.duty.portal_id, self.name, held[card], self._clock.now(), "robots.circle", _kinds(decision)
                )
                continue
            try:
                planned += operations_for(decision.actions, facts[card], ways)
            except (ValueError, KeyError) as error:
                del decisions[card]
                self._failed(held[card], "robots.bad_action", str(error), outcome)
        return planned

    def _letters(self, facts: Mapping[Ref, CardFacts], decisions: dict[Ref, Decision], now: datetime) -> list[Planned]:
        """Messages that may leave; a card whose message has to wait is looked at again when it may."""
        leaving = self._postman.leaving(facts, decisions, now)
        for card, later in leaving.later.items():
            wake = decisions[card].wake
            decisions[card] = replace(decisions[card], wake=later if wake is None else min(wake, later))
        return leaving.planned

    def _carry_out(self, planned: Sequence[Planned], held: Mapping[Ref, Held]) -> dict[Ref, tuple[str, str]]:
        """Write the operations down and carry them out; cards on which something was refused, with code and words.

        A card that a plan has claimed since is left alone; it comes up again at once, and waits then.
        """
        with self.duty.acting():
            blocked = self._claims.blocked(self._clock.now())
            return self._write([one for one in planned if one.card not in blocked], held)

    def _write(self, planned: Sequence[Planned], held: Mapping[Ref, Held]) -> dict[Ref, tuple[str, str]]:
        now = self._clock.now()
        fresh = [one for one in planned if one.keys]
        self._ledger.plan([(one.operation, one.card, one.keys) for one in fresh], now)
        cards = {one.operation.key: one.card for one in planned}
        journal = self._ledger.for_run(self.name, held, cards, LEASE)
        plan = robots_plan(planned, self.duty.portal_id, now)
        bounds = Bounds(stop=self._stop)
        # The engine asks of a journal what Writer has: append, last and sent.
        Executor(plan, cast(Journal, journal), self.duty.portal, self._clock, bounds=bounds).execute()
        self._count(journal, planned)
        # A letter that was refused waits for a person; the card's other work goes on.
        letters = self._postman.heard(planned, journal.last(), self._clock.now())
        return {
            cards[key]: (entry.code or "robots.refused", entry.said)
            for key, entry in journal.last().items()
            if not entry.state.final and key not in letters
        }

    def _count(self, journal: Writer, planned: Sequence[Planned]) -> None:
        last = journal.last()
        for one in planned:
            entry = last.get(one.operation.key)
            state = entry.state if entry is not None else State.SKIPPED
            kind = str(one.operation.target.kind)
            self._metrics.count("b24kit_actions_total", portal=self.duty.portal_id, kind=kind, state=str(state))

    def _give_back(
        self,
        facts: Mapping[Ref, CardFacts],
        decisions: Mapping[Ref, Decision],
        held: Mapping[Ref, Held],
        acted: set[Ref],
        failed: Mapping[Ref, tuple[str, str]],
        outcome: Outcome,
    ) -> None:
        now = self._clock.now()
        settled = []
        for card, decision in decisions.items():
            if card in failed:
                self._failed(held[card], *failed[card], outcome)
                continue
            again = card in acted  # what we did changed the facts: look once more
            wake = now + AGAIN if again else decision.wake
            if wake is not None and not again:
                wake = max(wake, now + AGAIN)
            why = "acted" if again else "deadline"
            settled.append((held[card], wake, why, facts[card].card.changed, again))
        self._store.settle(self.duty.portal_id, self.name, settled)

    # -- failures

    def _portal_failed(self, held: Sequence[Held], error: B24kitError) -> Outcome:
        """The portal does not answer or refuses us: nobody's fault but its own, so no card's tries are counted."""
        self._failures += 1
        wait = min(BACKOFF * 2 ** min(self._failures - 1, 10), LONGEST)
        self._log("portal_failed", code=error.code, wait=wait.total_seconds())
        self._metrics.count("b24kit_errors_total", portal=self.duty.portal_id, code=error.code)
        self._store.put_off(self.duty.portal_id, self.name, held, self._clock.now() + wait, error.code, counts=False)
        return Outcome(cards=len(held), put_off=len(held))

    def _spoilt(self, held: Held, error: Exception) -> Outcome:
        """One card with which a pass fails: what the portal said, or where a rule broke; no client's data."""
        outcome = Outcome(cards=1)
        code, said = "robots.rule_failed", type(error).__name__
        if isinstance(error, B24kitError):
            code, said = error.code, str(error)
        else:
            self._log("rule_failed", card=str(held.card), error=said, at=_place(error))
        self._failed(held, code, said, outcome)
        return outcome

    def _failed(self, held: Held, code: str, said: str, outcome: Outcome) -> None:
        outcome.failed += 1
        self._metrics.count("b24kit_errors_total", portal=self.duty.portal_id, code=code)
        now = self._clock.now()
        if held.tries + 1 >= TRIES:
            self._log("given_up", card=str(held.card), code=code)
            self._store.bury(self.duty.portal_id, self.name, held, now, code, said)
            return
        wait = min(BACKOFF * 2**held.tries, LONGEST)
        self._store.put_off(self.duty.portal_id, self.name, [held], now + wait, code)

    def _release(self, held: Sequence[Held]) -> None:
        self._store.put_off(self.duty.portal_id, self.name, held, self._clock.now(), "stopped", counts=False)

    def _log(self, event: str, **facts: object) -> None:
        LOG.info(event, extra={"facts": {"portal": self.duty.portal_id, "worker": self.name, **facts}})


def _sum(left: Outcome, right: Outcome) -> Outcome:
    return Outcome(
        cards=left.cards + right.cards,
        actions=left.actions + right.actions,
        failed=left.failed + right.failed,
        put_off=left.put_off + right.put_off,
        decided=[*left.decided, *right.decided],
        writes=left.writes + right.writes,
    )


def _cards_of(record: Record) -> set[Ref]:
    if isinstance(record, Incoming):
        return {Ref(Kind.LEAD, record.lead)} if record.lead else set()
    if not isinstance(record, Activity):
        return set()
    return {ref for ref in (*(record.bindings or ()), record.card) if ref.kind in WATCHED}


def _place(error: BaseException) -> str:
    """Where an error came up, without its words: those may hold a client's data."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""


def _kinds(decision: Decision) -> str:
    return ", ".join(sorted({one.kind for one in decision.actions}))
