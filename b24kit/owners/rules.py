"""Who becomes responsible for a client, and by which rule: seminar, source, known client, else the head.

The rules of a playbook are resolved against the portal's people once (`resolve`); routing is then a pure question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from b24kit.change.operation import Reason
from b24kit.crm.cards import Company, Contact, Deal
from b24kit.crm.pipeline import Source
from b24kit.crm.portal import PortalFacts
from b24kit.crm.user import User
from b24kit.errors import UsageError
from b24kit.owners.phrases import mentions, stems
from b24kit.owners.shares import deal
from b24kit.owners.spec import FallbackSpec, OwnersSpec, SeminarSpec, SourceRule
from b24kit.owners.staff import Staff


@dataclass(frozen=True, slots=True)
class Letter:
    """What routing looks at in one inquiry: its subject, its day and the lead's source code."""

    subject: str
    when: datetime | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """All letters of one client in order of time, and the cards that he is known by.

    `client` tells him from others and holds from plan to plan and from portal to portal: an address, a phone.
    """

    letters: tuple[Letter, ...]
    client: str = ""
    contact: Contact | None = None
    company: Company | None = None
    deals: tuple[Deal, ...] = ()


@dataclass(frozen=True, slots=True)
class Routed:
    """The owner's user id and the rule that decided."""

    owner: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Turns:
    """Who of each team takes which client of one plan: user ids by the source's code and the client's key."""

    dealt: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, source: SourceOwner, client: str) -> User:
        """The person for a client; one who was not dealt out with the others is dealt out alone."""
        found = self.dealt.get(source.code, {}).get(client) or _share([client], source.people)[client]
        return next(user for user in source.people if user.id == found)


@dataclass(frozen=True, slots=True)
class SeminarOwner:
    """An event of the playbook with its people."""

    spec: SeminarSpec
    manager: User
    deputy: User | None

    def runs(self, day: date | None) -> bool:
        """Whether the event takes inquiries of that day."""
        if day is None:
            return True
        return not ((self.spec.since and day < self.spec.since) or (self.spec.until and day > self.spec.until))

    def weight(self, letter: Letter) -> int:
        """How many words of its longest phrase a letter names; 0 when it speaks of something else."""
        if not self.runs(letter.when.date() if letter.when else None):
            return 0
        return max((len(stems(phrase)) for phrase in self.spec.phrases if mentions(letter.subject, phrase)), default=0)

    def is_away(self, day: date) -> bool:
        """Whether the table says that the manager is away on a day."""
        spec = self.spec
        if spec.away_from is None and spec.away_until is None:
            return False
        return (spec.away_from is None or spec.away_from <= day) and (spec.away_until is None or day <= spec.away_until)

    def leader(self, now: datetime) -> User:
        """The manager, or the deputy while the manager is away or no longer works here."""
        if self.deputy is not None and (self.is_away(now.date()) or not self.manager.active):
            return self.deputy
        return self.manager


@dataclass(frozen=True, slots=True)
class SourceOwner:
    """A source of the playbook with the people of its person or team, and of the team in reserve."""

    rule: SourceRule
    code: str
    name: str
    people: tuple[User, ...]
    reserve: tuple[User, ...] = ()


@dataclass(frozen=True, slots=True)
class Owners:
    """A playbook's rules with every person and team found on the portal."""

    spec: OwnersSpec
    staff: Staff
    seminars: tuple[SeminarOwner, ...]
    sources: tuple[SourceOwner, ...]
    last: User
    warnings: tuple[Reason, ...] = ()  # whom the rules mean and the portal does not tell, and who stands in

    @property
    def topics(self) -> tuple[str, ...]:
        """The names under which letters speak of our events."""
        return tuple(phrase for seminar in self.seminars for phrase in seminar.spec.phrases)

    def deal(self, inquiries: Iterable[Inquiry], now: datetime) -> Turns:
        """Deal out all clients of a plan that go to teams, so that shares are even whatever order they come in."""
        waiting: dict[str, list[str]] = defaultdict(list)
        teams: dict[str, tuple[User, ...]] = {}
        for inquiry in inquiries:
            found = self._decided(inquiry, now)
            if isinstance(found, SourceOwner):
                waiting[found.code].append(inquiry.client)
                teams[found.code] = found.people
        return Turns({code: _share(clients, teams[code]) for code, clients in waiting.items()})

    def route(self, inquiry: Inquiry, turns: Turns, now: datetime) -> Routed:
        """The owner of a client; there always is one."""
        found = self._decided(inquiry, now)
        if isinstance(found, SourceOwner):
            user = turns.of(found, inquiry.client)
            facts = {"source": found.name, "team": found.rule.team or "", "user": user.name}
            return Routed(user.id, Reason("owner.source_team" if found.rule.team else "owner.source", facts))
        return found or Routed(self.last.id, Reason("owner.fallback", {"user": self.last.name}))

    def _decided(self, inquiry: Inquiry, now: datetime) -> Routed | SourceOwner | None:
        """The first rule that speaks of this client: a person, or a source whose people share its clients."""
        for rule in self.spec.order:
            found: Routed | SourceOwner | None
            if rule == "known_client":
                found = self._his_manager(inquiry)
            elif rule == "seminars":
                found = self._by_seminar(inquiry, now)
            else:
                found = self._by_source(inquiry)
            if found is not None:
                return found
        return None

    def _his_manager(self, inquiry: Inquiry) -> Routed | None:
        """A client stays with his manager: the contact's, else that of the running deal, else the company's."""
        if self.spec.known_client == "off":
            return None
        known = (
            ("owner.known_contact", inquiry.contact.owner if inquiry.contact else None),
            *(("owner.running_deal", deal.owner) for deal in inquiry.deals),
            ("owner.known_company", inquiry.company.owner if inquiry.company else None),
        )
        for code, owner in known:
            if owner is not None and self.staff.is_active(owner):
                return Routed(owner, Reason(code, {"user": self._name(owner)}))
        return None

    def _by_seminar(self, inquiry: Inquiry, now: datetime) -> Routed | None:
        """The seminar that the earliest letter names; of two in one letter the one named with more words."""
        for letter in inquiry.letters:
            weighed = [(seminar.weight(letter), -place) for place, seminar in enumerate(self.seminars)]
            weight, place = max(weighed, default=(0, 0))
            if weight:
                seminar = self.seminars[-place]
                leader = seminar.leader(now)
                return Routed(leader.id, Reason("owner.seminar", {"seminar": seminar.spec.name, "user": leader.name}))
        return None

    def _by_source(self, inquiry: Inquiry) -> SourceOwner | None:
        codes = {letter.source for letter in inquiry.letters}
        return next((one for one in self.sources if one.code in codes), None)

    def _name(self, user_id: str) -> str:
        return next((user.name for user in self.staff.users if user.id == user_id), user_id)


def _share(clients: Iterable[str], people: tuple[User, ...]) -> dict[str, str]:
    """User ids by client. People are told apart by e-mail, where each has his own: it is the same on every portal."""
    users = {user.email.lower(): user.id for user in people if user.email}
    if len(users) < len(people):
        users = {user.id: user.id for user in people}
    return {client: users[person] for client, person in deal(list(clients), list(users)).items()}


def resolve(
    spec: OwnersSpec, staff: Staff, sources: Iterable[Source], facts: PortalFacts, strict: bool = True
) -> Owners:
    """Find everybody that the rules name; UsageError for who cannot be found, is ambiguous or was dismissed.

    With `strict` off dismissed people and empty teams stay in the rules: work that runs for months asks each time
    who is there, and must not stop because somebody left. Who is named by a position on a portal that tells none gives
    way to the fallback, with a warning.
    """
    known, warnings = tuple(sources), list[Reason]()
    last = _last(spec.fallback, staff, facts, strict, warnings)
    meant = _Meant(staff, strict, last, warnings)
    seminars = tuple(_seminar(one, meant) for one in spec.seminars)
    by_source = tuple(_source(one, meant, known) for one in spec.sources)
    return Owners(spec, staff, seminars, by_source, last, tuple(warnings))


@dataclass(frozen=True, slots=True)
class _Meant:
    """Whom the words of a rule mean on this portal."""

    staff: Staff
    strict: bool
    last: User
    warnings: list[Reason]

    def person(self, who: str, *, working: bool = True) -> User:
        """The employee, dismissed or not unless `working` is asked for strictly; the fallback for a mere position."""
        if self.staff.is_post(who):
            warning = Reason("owner.warning.post", {"who": who, "user": self.last.name})
            if warning not in self.warnings:
                self.warnings.append(warning)
            return self.last
        return self.staff.working_person(who) if working and self.strict else self.staff.person(who)


def _seminar(spec: SeminarSpec, meant: _Meant) -> SeminarOwner:
    deputy = meant.person(spec.deputy) if spec.deputy else None
    return SeminarOwner(spec, meant.person(spec.manager, working=deputy is None), deputy)


def _source(rule: SourceRule, meant: _Meant, sources: tuple[Source, ...]) -> SourceOwner:
    staff, wanted = meant.staff, rule.source.strip().lower()
    found = next((one for one in sources if wanted in (one.code.lower(), one.name.lower())), None)
    if rule.to:
        people: tuple[User, ...] = (meant.person(rule.to),)
    else:
        spared = {meant.person(one, working=False).id for one in rule.spare}
        people = tuple(user for user in staff.members(staff.team(rule.team or "")) if user.id not in spared)
    if not people and meant.strict:
        raise UsageError("owners.empty_team", team=rule.team)
    reserve = staff.members(staff.team(rule.reserve)) if rule.reserve else ()
    # A source that the portal does not have yet (the design makes it) is meant by its code.
    code, name = (found.code, found.name) if found else (rule.source, rule.source)
    return SourceOwner(rule, code, name, people, reserve)


def _last(spec: FallbackSpec, staff: Staff, facts: PortalFacts, strict: bool, warnings: list[Reason]) -> User:
    post = bool(spec.to) and staff.is_post(spec.to or "")
    if spec.to and not post and (strict or staff.person(spec.to).active):
        return staff.working_person(spec.to)
    head = staff.head_of(staff.team(spec.head_of)) if spec.head_of else None
    found = head or staff.first_admin()
    if found is None and facts.admin:
        found = next((user for user in staff.users if user.id == facts.user and user.active), None)
    if found is None:
        raise UsageError("owners.no_fallback", team=spec.head_of or "")
    if post:
        warnings.append(Reason("owner.warning.post", {"who": spec.to, "user": found.name}))
    if spec.head_of and head is None:
        warnings.append(Reason("owner.warning.no_head", {"team": spec.head_of, "user": found.name}))
    return found
