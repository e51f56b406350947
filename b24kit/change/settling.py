"""Writes whose answer never came: what became of them is found by looking at the portal, never by trying again.

That a thing is there is believed at once; that it is absent only a minute after the connection broke, since the portal
may still be at work on the request.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from b24kit.change.journal import Entry, State
from b24kit.clock import Clock
from b24kit.crm.portal import Portal
from b24kit.crm.writes import Result, Settled, Write

LATE_SECONDS = 60.0
LETTER_UNSURE = "change.failed.letter_unsure"  # it may have left, and nothing on the portal tells
# A write may wait this long between its line in the journal and its leaving: the counter is full, the portal refuses.
UNDER_WAY = timedelta(minutes=30)
_STATES = {
    Settled.DONE: State.DONE,
    Settled.REFUSED: State.REFUSED,
    Settled.NOT_EXECUTED: State.NOT_EXECUTED,
    Settled.UNKNOWN: State.UNKNOWN,
}


def heard(key: str, result: Result, at: datetime) -> Entry:
    """A portal's answer as a line of the journal."""
    return Entry(
        key=key, state=_STATES[result.settled], at=at, new_id=result.new_id, code=result.code, said=result.said
    )


class Settler:
    """Keeps the writes that were sent and not answered; `note` takes every outcome that is found."""

    def __init__(self, portal: Portal, clock: Clock, note: Callable[[Entry], None]) -> None:
        self._portal, self._clock, self._note = portal, clock, note
        self._owed: dict[str, tuple[str, Write, datetime]] = {}  # by the write's key

    @property
    def owing(self) -> bool:
        return bool(self._owed)

    def owe(self, key: str, write: Write, sent: datetime) -> None:
        """The write of operation `key` left at this moment, or is about to leave."""
        self._owed[write.key] = (key, write, sent)

    def owe_of_crash(self, key: str, write: Write, intended: datetime) -> None:
        """A write that an earlier process meant to send: it may have left at any moment until that process ended."""
        self.owe(key, write, min(self._clock.now(), intended + UNDER_WAY))

    def paid(self, write_key: str) -> None:
        """Its answer came."""
        self._owed.pop(write_key, None)

    def broke(self, write_key: str, at: datetime) -> None:
        """No answer will come any more; the portal may go on with the request for a while from now."""
        key, write, _ = self._owed[write_key]
        self._owed[write_key] = (key, write, at)

    def glance(self) -> None:
        """Look at once, and believe only what is there."""
        if not self._owed:
            return
        for write_key, result in self._ask().items():
            if result.settled is Settled.DONE:
                self._note(heard(self._owed.pop(write_key)[0], result, self._clock.now()))

    def settle(self) -> list[str]:
        """Look, wait out the minute, look again; the operations that surely were not executed, in order of sending."""
        self.glance()
        if not self._owed:
            return []
        latest = max(sent for _, _, sent in self._owed.values())
        self._clock.sleep(LATE_SECONDS - (self._clock.now() - latest).total_seconds())
        absent: list[str] = []
        answers = self._ask()
        for write_key, (key, _, _) in list(self._owed.items()):
            result = answers.get(write_key) or Result(write_key, Settled.UNKNOWN)
            self._note(heard(key, result, self._clock.now()))
            if result.settled is not Settled.DONE and result.settled is not Settled.REFUSED:
                absent.append(key)
            if result.settled is not Settled.UNKNOWN:
                del self._owed[write_key]
        return absent

    def forget(self, key: str) -> None:
        """Give an operation up whose outcome nobody can tell."""
        for write_key in [name for name, (owner, _, _) in self._owed.items() if owner == key]:
            del self._owed[write_key]

    def _ask(self) -> dict[str, Result]:
        return self._portal.settle([write for _, write, _ in self._owed.values()])
