"""Cards that a plan is being carried out on: robots leave them alone until it is done, but not for ever.

A half-converted lead that a robot moved would stay half converted. After an hour both go on as they do beside people:
each looks at the card just before it writes, and leaves alone what was moved meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from b24kit.crm.refs import Ref
from b24kit.robots.store import Held

LONGEST = timedelta(hours=1)  # a card waits so long for a plan
LOOK = timedelta(seconds=20)  # between two looks whether the plan is done with


class Claims:
    """Since when one worker's cards wait; `claimed` tells which cards a plan has now."""

    def __init__(self, claimed: Callable[[], Collection[Ref]]) -> None:
        self._claimed = claimed
        self._since: dict[Ref, datetime] = {}

    def waiting(self, held: Sequence[Held], now: datetime) -> list[Held]:
        """Which of these have to wait."""
        claimed = self._claimed()
        self._since = {card: since for card, since in self._since.items() if card in claimed}
        mine = [one for one in held if one.card in claimed]
        return [one for one in mine if now - self._since.setdefault(one.card, now) < LONGEST]

    def blocked(self, now: datetime) -> set[Ref]:
        """The cards that must not be written right now, also those that were claimed since they were looked at."""
        return {card for card in self._claimed() if now - self._since.get(card, now) < LONGEST}
