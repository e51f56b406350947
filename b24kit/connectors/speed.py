"""How quick a portal is: seconds a piece of work takes by method, and what a request costs around its work.

What one process measured the next one begins with, for some weeks: portals change, and so do their speeds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from b24kit.connectors.accounting import Worked
from b24kit.connectors.commands import Command
from b24kit.connectors.ledger import Ledger

SMOOTHING = 0.3
HICCUP = 0.1  # seconds that any answer may be late without meaning anything: a new connection, the net
REMEMBERED = 30 * 86400.0  # seconds for which what was measured is believed
AROUND = ""  # the name under which the time around the work is kept
FORGETTING = 1.002  # the best time seen slowly becomes worse, or one lucky answer would rule for ever


@dataclass(slots=True)
class Pace:
    """Of one method, in seconds an item: `usual` smoothed, `best` seen, and how many commands were answered."""

    usual: float
    best: float
    answered: int


class Speeds:
    """What was measured on one portal; safe to share between threads."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}
        self._lock = Lock()
        self._fresh: set[str] = set()  # measured by this process
        self.around = 0.15  # seconds of a request that are not work of its commands

    def knows(self, method: str) -> bool:
        return method in self._paces

    def answered(self, method: str) -> int:
        """How many commands of the method were answered."""
        pace = self._paces.get(method)
        return pace.answered if pace else 0

    def usual(self, method: str, otherwise: float) -> float:
        """Seconds of one item."""
        pace = self._paces.get(method)
        return pace.usual if pace else otherwise

    def seconds(self, commands: Iterable[Command], otherwise: float) -> float:
        """Expected work of these commands together."""
        return sum(self.usual(command.method, otherwise) * command.items for command in commands)

    def take_in(self, commands: Sequence[Worked], elapsed: float) -> float:
        """Learn from an answered request; gives how many times slower it was than the best seen (1 or more)."""
        with self._lock:
            around = max(0.0, elapsed - sum(command.seconds for command in commands))
            known = [self._paces.get(command.method) for command in commands]
            best = sum(p.best * c.items for p, c in zip(known, commands, strict=True) if p)
            complete = all(known) and best > 0
            slowdown = elapsed / (min(self.around, around) + HICCUP + best) if complete else 1.0
            self.around = min(self.around * FORGETTING, around) if self._paces else around
            for method in {command.method for command in commands}:
                self._learn(method, [command for command in commands if command.method == method])
            return max(1.0, slowdown)

    def too_slow(self, commands: Sequence[Command], seconds: float) -> None:
        """A request came to no end in so many seconds: its commands take at least that long."""
        items = sum(command.items for command in commands) or 1
        with self._lock:
            for method in {command.method for command in commands}:
                pace = self._paces.setdefault(method, Pace(0.0, seconds / items, 0))
                pace.usual = max(pace.usual * 2, seconds / items)

    def recall(self, ledger: Ledger, portal: str, now: float) -> None:
        """Begin with what was measured on this portal not too long ago; `now` is a Unix time."""
        with ledger.turn() as db:
            rows = db.execute(
                "select method, seconds, answered from paces where portal = ? and at between ? and ?",
                (portal, now - REMEMBERED, now + REMEMBERED),
            ).fetchall()
        with self._lock:
            for method, seconds, answered in rows:
                if method == AROUND:
                    self.around = seconds
                else:
                    # How slow the portal is today is judged by today's best, never by a memory.
                    self._paces.setdefault(method, Pace(seconds, math.inf, answered))

    def remember(self, ledger: Ledger, portal: str, now: float) -> None:
        """Keep what this process measured, with the date."""
        with self._lock:
            kept = [(m, pace.usual, pace.answered) for m, pace in self._paces.items() if m in self._fresh]
            around = self.around
        if not kept:
            return
        rows = [(portal, method, seconds, answered, now) for method, seconds, answered in kept]
        with ledger.turn() as db:
            db.executemany(
                "insert or replace into paces values (?, ?, ?, ?, ?)", [*rows, (portal, AROUND, around, 0, now)]
            )

    def _learn(self, method: str, commands: Sequence[Worked]) -> None:
        each = sum(c.seconds for c in commands) / max(1, sum(c.items for c in commands))
        pace = self._paces.get(method)
        self._fresh.add(method)
        if pace is None:
            self._paces[method] = Pace(each, each, len(commands))
            return
        pace.usual += SMOOTHING * (each - pace.usual)
        pace.best = min(pace.best * FORGETTING, each)
        pace.answered += len(commands)
