"""The people of a portal at a moment: whose hours, who heads whom, who is there, who stands in, who has room.

`people_of` resolves the playbook's `people:` section against the staff once; the answers are pure, so the same
question gets the same answer until the staff, the absences or the counts of open cards are read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from b24kit.crm.absence import Absence
from b24kit.crm.portal import PortalFacts
from b24kit.crm.refs import Ref
from b24kit.crm.user import Team, User
from b24kit.errors import UsageError
from b24kit.matching.groups import natural
from b24kit.owners.absence import Absences, Away
from b24kit.owners.production import Exceptions
from b24kit.owners.spec_people import PeopleSpec, RotaSpec, ScheduleSpec, Spans, read_days
from b24kit.owners.staff import Staff
from b24kit.owners.turns import Seat
from b24kit.owners.worktime import Rota, Schedule, Week, Worktime


@dataclass(frozen=True, slots=True)
class Load:
    """Open cards by owner, counted at a moment."""

    open: Mapping[str, int] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Share:
    weight: int = 1
    cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody of the portal with hours, absences and shares. Users are ids; `last` gets what nobody takes."""

    staff: Staff
    company: Worktime
    own_hours: Mapping[str, Worktime]
    absences: Absences
    last: User
    shares: Mapping[str, _Share]
    usual: _Share
    phones: Mapping[str, str]
    load: Load = Load()

    def hours(self, user: str | None) -> Worktime:
        """His working time; the company's own for None or a user nobody knows."""
        return self.own_hours.get(user or "", self.company)

    def head(self, user: str | None) -> str | None:
        """Who is told when this person does not act: the head of his team, or of one above; else the head of all."""
        for team in self._teams_of(user):
            above: Team | None = team
            seen: set[str] = set()
            while above is not None and above.id not in seen:
                seen.add(above.id)
                found = self.staff.head_of(above)
                if found is not None and found.id != user:
                    return found.id
                above = next((one for one in self.staff.teams if above is not None and one.id == above.parent), None)
        return self.last.id

    def successor(self, card: Ref, pool: str | None, without: Collection[str], at: datetime) -> str | None:
        """Who takes the card next: from the team `pool`, else from the teams of those who had it (`without`).

        Nobody absent or dismissed; who has room for one more card goes first. None when nobody is left.
        """
        teams = [self.staff.team(pool)] if pool else [team for user in sorted(without) for team in self._teams_of(user)]
        members = {user.id for team in teams for user in self.staff.members(team)} - set(without)
        free = [user for user in sorted(members, key=natural) if self.is_here(user, at)]
        return min(free, key=lambda user: (not self._has_room(user), _lot(card, user)), default=None)

    def named(self, who: str) -> str | None:
        """The id of the employee that a playbook means, None when there is no such working person."""
        try:
            return self.staff.working_person(who).id
        except UsageError:
            return None

    def name(self, user: str | None) -> str:
        """How the person is called in a letter; empty when unknown."""
        return next((one.name for one in self.staff.users if one.id == user), "")

    def phone(self, user: str | None) -> str:
        """The number a client is given for him; empty when unknown."""
        return self.phones.get(user or "", "")

    def is_here(self, user: str | None, at: datetime) -> bool:
        """Whether he works here and is not away on his own calendar day; whether his hours run is another question."""
        return self.absences.is_here(user, at.astimezone(self.hours(user).zone).date())

    def stand_in(self, user: str, at: datetime) -> str | None:
        """Who acts for him at a moment: himself, or the first of his deputies who is there; None when nobody is."""
        return self.absences.stand_in(user, at.astimezone(self.hours(user).zone).date())

    def back_at(self, user: str, at: datetime) -> datetime | None:
        """The beginning of his first working time after an absence; None when nobody knows."""
        hours = self.hours(user)
        day = self.absences.back_on(user, at.astimezone(hours.zone).date())
        if day is None:
            return None
        return hours.next_start(max(at, datetime.combine(day, time(), hours.zone).astimezone(UTC)))

    def leaves_at(self, user: str, at: datetime) -> datetime | None:
        """When his next known absence begins, by the first working minute of that day; None when none is known."""
        hours = self.hours(user)
        day = self.absences.next_away(user, at.astimezone(hours.zone).date())
        return None if day is None else hours.next_start(datetime.combine(day, time(), hours.zone).astimezone(UTC))

    def anyone(self, at: datetime) -> str:
        """Who gets what nobody takes: the head of all or who stands in, else an administrator, else anybody there."""
        found = self.stand_in(self.last.id, at)
        if found is not None:
            return found
        there = [user for user in self.staff.users if self.is_here(user.id, at)]
        return next((user.id for user in there if user.admin), there[0].id if there else self.last.id)

    def seats(self, users: Iterable[User], at: datetime, *, on_shift: bool = True) -> tuple[Seat, ...]:
        """Seats of those who are there, with their weight, cap and open cards.

        `on_shift`: only those who work now; when nobody does, those whose working time begins first.
        """
        here = [user.id for user in users if self.is_here(user.id, at)]
        if on_shift and here:
            starts = {user: self.hours(user).next_start(at) for user in here}
            first = min(starts.values())
            here = [user for user in here if starts[user] == first]
        return tuple(self._seat(user) for user in here)

    def _seat(self, user: str) -> Seat:
        share = self.shares.get(user, self.usual)
        return Seat(user, share.weight, share.cap, self.load.open.get(user, 0))

    def _has_room(self, user: str) -> bool:
        seat = self._seat(user)
        return seat.cap is None or seat.open < seat.cap

    def _teams_of(self, user: str | None) -> list[Team]:
        member = next((one for one in self.staff.users if one.id == user), None)
        return [] if member is None else [team for team in self.staff.teams if team.id in member.teams]


def people_of(
    spec: PeopleSpec,
    staff: Staff,
    last: User,
    facts: PortalFacts,
    told: Sequence[Absence] = (),
    load: Load | None = None,
) -> People:
    """The people of a portal as the playbook means them.

    `told` are absences that the portal itself reports, `last` is the fallback of the `owners:` section. UsageError
    for a name that fits nobody or more than one; people who were dismissed may still be named.
    """
    zone: tzinfo = ZoneInfo(spec.zone) if spec.zone else timezone(timedelta(minutes=facts.utc_offset_minutes))
    own = Exceptions(frozenset(spec.working_days), frozenset(spec.short_days), frozenset(spec.days_off))
    away = [Away(staff.person(one.who).id, one.since, one.until, _id(staff, one.deputy)) for one in spec.absences]
    working = frozenset(user.id for user in staff.users if user.active)
    deputies = {staff.person(one.who).id: staff.person(one.deputy).id for one in spec.deputies}
    return People(
        staff=staff,
        company=Worktime(_week(spec.week), zone, spec.holidays == "rest", own),
        own_hours=_own_hours(spec, staff, zone, own),
        absences=Absences((*away, *map(_reported, told)), deputies, working),
        last=last,
        shares={staff.person(one.who).id: _Share(one.weight, _cap(one.cap, spec.cap)) for one in spec.shares},
        usual=_Share(cap=spec.cap),
        phones={staff.person(who).id: phone for who, phone in spec.phones.items()},
        load=load or Load(),
    )


def _own_hours(spec: PeopleSpec, staff: Staff, zone: tzinfo, own: Exceptions) -> dict[str, Worktime]:
    """One Worktime for all people of a line; the upper line of two that name the same person counts.

    A line without a zone and people without a line live in the zone that the portal tells of them, else the company's.
    """
    found: dict[str, Worktime] = {}
    zones = {user.id: _known_zone(user.zone) or zone for user in staff.users}
    made: dict[tuple[int, tzinfo], Worktime] = {}
    for place, one in enumerate(spec.schedules):
        resting = one.holidays or ("work" if one.rota else spec.holidays)
        for user in _covered(one, staff):
            lives = ZoneInfo(one.zone) if one.zone else zones.get(user, zone)
            if (place, lives) not in made:
                made[place, lives] = Worktime(_schedule(one, spec), lives, resting == "rest", own)
            found.setdefault(user, made[place, lives])
    for user, lives in zones.items():
        if lives != zone and user not in found:
            if (-1, lives) not in made:
                made[-1, lives] = Worktime(_week(spec.week), lives, spec.holidays == "rest", own)
            found[user] = made[-1, lives]
    return found


def _known_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _reported(absence: Absence) -> Away:
    return Away(absence.user, absence.first, absence.last)


def _covered(one: ScheduleSpec, staff: Staff) -> Iterable[str]:
    teams = {staff.team(team).id for team in one.teams}
    yield from (staff.person(who).id for who in one.people)
    yield from (user.id for user in staff.users if teams.intersection(user.teams))


def _schedule(one: ScheduleSpec, spec: PeopleSpec) -> Schedule:
    return _rota(one.rota) if one.rota else _week(one.week or spec.week)


def _rota(spec: RotaSpec) -> Rota:
    return Rota(spec.start, spec.hours)


def _week(week: Mapping[str, Spans]) -> Week:
    days: list[Spans] = [()] * 7
    for key, hours in week.items():
        for day in read_days(key):
            days[day] = hours
    return Week(tuple(days))


def _id(staff: Staff, who: str | None) -> str | None:
    return staff.person(who).id if who else None


def _cap(own: int | None, usual: int | None) -> int | None:
    return usual if own is None else own


def _lot(card: Ref, user: str) -> bytes:
    """A lot drawn by the card's own number: cards scatter over a team, and the same card falls the same."""
    return hashlib.sha256(f"{card}|{user}".encode()).digest()
