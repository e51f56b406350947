"""Employees as a playbook names them (number, e-mail, name or position), found among the portal's users.

Dismissed people never become owners; a name that fits two people is an error that names both. Where the portal keeps
no positions, a role or a team that one person has stands for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind
from b24kit.crm.user import Team, User
from b24kit.errors import UsageError
from b24kit.matching import addresses, names
from b24kit.matching.groups import natural

_NEAR = 55.0
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Staff:
    """The portal's users and teams, both in order of id."""

    users: tuple[User, ...]
    teams: tuple[Team, ...]
    positions: bool = True  # the portal tells who holds which

    @classmethod
    def of(cls, users: Iterable[User], teams: Iterable[Team], able: Capabilities | None = None) -> Staff:
        by_id = sorted(users, key=lambda user: natural(user.id)), sorted(teams, key=lambda team: natural(team.id))
        told = able is None or "position" not in able.lacks.get(Kind.USER, frozenset())
        return cls(tuple(by_id[0]), tuple(by_id[1]), told)

    def is_active(self, user_id: str | None) -> bool:
        return any(user.id == user_id and user.active for user in self.users)

    def person(self, who: str) -> User:
        """The one employee meant by `who`, working or not; UsageError when there is none or more than one."""
        found = self._by_name(who)
        working = [user for user in found if user.active]
        candidates = working or found
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise UsageError("owners.ambiguous", who=who, candidates=_listed(candidates))
        code = "owners.unknown_person" if self.positions else "owners.no_positions"
        raise UsageError(code, who=who, candidates=self._near(who) or "—")

    def is_post(self, who: str) -> bool:
        """Whether these words can only be a position, on a portal that tells none: they are nobody and near nobody."""
        a_word = "@" not in who and not who.strip().isdecimal()
        return a_word and not self.positions and not self._by_name(who) and not self._sounds_like(who)

    def working_person(self, who: str) -> User:
        """The one working employee meant by `who`; UsageError when that person was dismissed."""
        user = self.person(who)
        if not user.active:
            raise UsageError("owners.dismissed", who=who, candidates=_listed([user]))
        return user

    def team(self, name: str) -> Team:
        """The one team with this number or name; of several called the same, the one in which anybody works."""
        wanted = _folded(name)
        found = [team for team in self.teams if team.id == name.strip() or _folded(team.name) == wanted]
        staffed = [team for team in found if self.members(team)]
        found = staffed if len(staffed) == 1 else found
        if len(found) == 1:
            return found[0]
        listed = ", ".join(f"{team.name} ({team.id})" for team in found or self.teams)
        raise UsageError("owners.ambiguous_team" if found else "owners.unknown_team", team=name, candidates=listed)

    def members(self, team: Team) -> tuple[User, ...]:
        """Working people of a team, its head only when there is nobody else."""
        working = [user for user in self.users if user.active and team.id in user.teams]
        others = tuple(user for user in working if user.id != team.head)
        return others or tuple(working)

    def head_of(self, team: Team) -> User | None:
        """The working head of a team, else of the nearest team above it."""
        above = {one.id: one for one in self.teams}
        at: Team | None = team
        seen: set[str] = set()
        while at is not None and at.id not in seen:
            seen.add(at.id)
            head = next((user for user in self.users if user.id == at.head and user.active), None)
            if head is not None:
                return head
            at = above.get(at.parent or "")
        return None

    def first_admin(self) -> User | None:
        return next((user for user in self.users if user.active and user.admin), None)

    def _by_name(self, who: str) -> Sequence[User]:
        wanted = who.strip()
        if wanted.isdecimal():
            return [user for user in self.users if user.id == wanted]
        if "@" in wanted:
            key = addresses.canonical(wanted)
            return [user for user in self.users if key and addresses.canonical(user.email) == key]
        words = set(names.words_of(wanted))
        named = [user for user in self.users if words and words <= set(names.words_of(user.name))]
        return (
            named or [user for user in self.users if _folded(user.position) == _folded(wanted)] or self._alone(wanted)
        )

    def _alone(self, team: str) -> Sequence[User]:
        """Where nobody's position is told: the people of the team that is called so."""
        called = {one.id for one in self.teams if _folded(one.name) == _folded(team)} if not self.positions else set()
        return [user for user in self.users if user.active and called.intersection(user.teams)]

    def _sounds_like(self, who: str) -> bool:
        """Whether the words are near the name of anybody who works here: then they are a name mistyped."""
        labels = [_spelled(user.name) for user in self.users if user.active]
        return process.extractOne(_spelled(who), labels, scorer=fuzz.token_sort_ratio, score_cutoff=_NEAR) is not None

    def _near(self, who: str) -> str:
        labels = {user.id: _spelled(user.name) for user in self.users if user.active}
        ranked = process.extract(_spelled(who), labels, scorer=fuzz.token_sort_ratio, limit=_SHOWN)
        # Where nobody is near, the nearest few are named all the same: a list to choose from.
        chosen = {identifier for _, score, identifier in ranked if score >= _NEAR} or {one[2] for one in ranked}
        return _listed([user for user in self.users if user.id in chosen])


def _spelled(name: str) -> str:
    return " ".join(names.words_of(name))


def _folded(text: str) -> str:
    return " ".join(text.lower().replace("ё", "е").split())


def _listed(users: Iterable[User]) -> str:
    return ", ".join(f"{user.name} ({user.id})" for user in users)
