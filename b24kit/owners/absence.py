"""Who is away and who stands in: chains of deputies without loops, and the day somebody is back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Away:
    """An absence of one user by his own calendar days, both included; `until` None: nobody knows yet."""

    user: str
    since: date
    until: date | None = None
    deputy: str | None = None

    def covers(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


class Absences:
    """Absences of a playbook and of the portal together, with standing deputies; `working` are those not dismissed."""

    def __init__(self, away: Iterable[Away], deputies: Mapping[str, str], working: Collection[str]) -> None:
        self._of: dict[str, list[Away]] = {}
        for one in away:
            self._of.setdefault(one.user, []).append(one)
        self._deputies = dict(deputies)
        self._working = frozenset(working)

    def away(self, user: str, day: date) -> Away | None:
        """The absence that keeps this user away on a day, of several the one that ends last."""
        found = [one for one in self._of.get(user, ()) if one.covers(day)]
        return max(found, key=lambda one: (one.until or date.max, one.deputy is not None), default=None)

    def is_here(self, user: str | None, day: date) -> bool:
        """Whether somebody works here and is not away."""
        return user is not None and user in self._working and self.away(user, day) is None

    def next_away(self, user: str, day: date) -> date | None:
        """The first day after `day` on which a known absence of this user begins."""
        return min((one.since for one in self._of.get(user, ()) if one.since > day), default=None)

    def chain(self, user: str, day: date) -> tuple[str, ...]:
        """The user and his deputies in order, up to the first who is there; it ends where it would turn in a ring."""
        found = [user]
        while not self.is_here(found[-1], day):
            following = self._deputy(found[-1], day)
            if following is None or following in found:
                break
            found.append(following)
        return tuple(found)

    def stand_in(self, user: str, day: date) -> str | None:
        """Who acts for the user on a day: himself, or the first deputy who is there; None when nobody is."""
        last = self.chain(user, day)[-1]
        return last if self.is_here(last, day) else None

    def back_on(self, user: str, day: date) -> date | None:
        """The first day from `day` on when the user is there; None when dismissed, or away without an end."""
        if user not in self._working:
            return None
        while (absence := self.away(user, day)) is not None:
            if absence.until is None:
                return None
            day = absence.until + _DAY
        return day

    def _deputy(self, user: str, day: date) -> str | None:
        absence = self.away(user, day)
        return (absence.deputy if absence else None) or self._deputies.get(user)
