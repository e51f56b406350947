"""Clients of people who work here no longer: their cards, running deals, open leads and planned work change hands.

What belongs together goes to one successor: a company with its people, their deals and leads. Who it is, the playbook
says by name; the rest is dealt out among the leaver's team or goes to its head. Cards that stay with somebody working
are not touched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from b24kit.change.operation import Operation, Phase, Reason, RemoveRecord, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.handover_spec import HandoverSpec
from b24kit.cleanup.merging_plan import MergePlan
from b24kit.crm.activity import Activity, Channel
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.pipeline import Outcome
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import Team
from b24kit.i18n import LANGUAGES, say
from b24kit.matching.cluster import components
from b24kit.matching.groups import natural
from b24kit.owners.staff import Staff

_WORK = frozenset({Channel.CALL, Channel.MEETING, Channel.TODO})
_PHASES = {Kind.CONTACT: Phase.CONTACTS, Kind.COMPANY: Phase.COMPANIES, Kind.DEAL: Phase.DEALS, Kind.LEAD: Phase.CARDS}


Card = TypeVar("Card", Contact, Company, Deal, Lead)
_Cards = Contact | Company | Deal | Lead


@dataclass(frozen=True, slots=True)
class Handover:
    """The new owner by card, and the operations that write it. Nothing where nobody hands over."""

    owners: Mapping[Ref, str] = field(default_factory=dict)
    operations: tuple[UpdateRecord, ...] = ()
    notes: tuple[Reason, ...] = ()

    def given(self, cards: Iterable[Card]) -> list[Card]:
        """The cards as they will be."""
        return [replace(one, owner=self.owners[one.ref]) if one.ref in self.owners else one for one in cards]

    def joined(self, operations: Sequence[Operation], gone: Collection[Ref] = ()) -> list[Operation]:
        """All operations of a plan, one update a card: what is written anyway gets the new owner too.

        A card whose owner is decided otherwise keeps that; `gone` are cards that are removed or swallowed.
        """
        more = {one.ref: one for one in self.operations}
        skip = {one.ref for one in operations if isinstance(one, RemoveRecord)} | set(gone)
        found: list[Operation] = []
        for one in operations:
            if isinstance(one, UpdateRecord) and (owner := more.pop(one.ref, None)) is not None:
                found.append(replace(one, before={**owner.before, **one.before}, after={**owner.after, **one.after}))
            else:
                found.append(one)
        return [*found, *(one for ref, one in more.items() if ref not in skip)]


NOBODY_LEFT = Handover()


def plan_handover(
    snapshot: Snapshot,
    spec: HandoverSpec | None,
    staff: Staff,
    merges: MergePlan,
    protected: Collection[Ref] = (),
    limit: int | None = None,
) -> Handover:
    """Who takes over which card; UsageError for a name that is nobody's, or a successor who was dismissed himself.

    `limit` hands over so many clients. Cards are taken as they will be after `merges`.
    """
    if spec is None:
        return NOBODY_LEFT
    cards: list[_Cards] = [
        *merges.contacts(snapshot.contacts()),
        *merges.companies(snapshot.companies()),
        *(one for one in merges.deals(snapshot.deals()) if one.outcome is Outcome.OPEN),
        *(one for one in snapshot.leads() if one.outcome is Outcome.OPEN),
    ]
    successors = _Successors(spec, staff)
    draft = _Draft(spec, protected, successors)
    taken = 0
    for client in _clients(cards):
        if limit is not None and taken >= limit:
            break
        taken += draft.hand_over(client)
    if "activity" in spec.kinds:
        draft.hand_over_work(snapshot.activities())
    return draft.done()


@dataclass(slots=True)
class _Successors:
    """Who follows whom; a team's people by turns."""

    spec: HandoverSpec
    staff: Staff
    named: dict[str, str] = field(default_factory=dict)
    turns: Counter[str] = field(default_factory=Counter)
    gone: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.gone = frozenset(user.id for user in self.staff.users if not user.active)
        for who, to in self.spec.to.items():
            self.named[self.staff.person(who).id] = self.staff.working_person(to).id

    @property
    def names(self) -> dict[str, str]:
        return {user.id: user.name for user in self.staff.users}

    def has_left(self, owner: str | None) -> bool:
        """Whether this person's cards change hands: dismissed, or named in the playbook."""
        return owner is not None and (owner in self.named or owner in self.gone)

    def of(self, leaver: str, client: Sequence[_Cards]) -> str | None:
        """The one who takes this client over from the leaver; None when nobody does."""
        if leaver in self.named or self.spec.others == "leave":
            return self.named.get(leaver)
        teams = self._teams(leaver)
        if self.spec.others == "head":
            heads = (self.staff.head_of(team) for team in teams)
            return next((head.id for head in heads if head is not None), None)
        people = [user.id for team in teams for user in self.staff.members(team)]
        leading = Counter(one.owner for one in client if isinstance(one, Contact | Company) and one.owner in people)
        if leading:  # a colleague who looks after this client already goes on with all of him
            return max(leading, key=lambda owner: (leading[owner], owner or ""))
        return people[self._turn(leaver) % len(people)] if people else None

    def _turn(self, leaver: str) -> int:
        self.turns[leaver] += 1
        return self.turns[leaver] - 1

    def _teams(self, leaver: str) -> list[Team]:
        person = next(user for user in self.staff.users if user.id == leaver)
        return [team for team in self.staff.teams if team.id in person.teams]


@dataclass(slots=True)
class _Draft:
    spec: HandoverSpec
    protected: Collection[Ref]
    successors: _Successors
    owners: dict[Ref, str] = field(default_factory=dict)
    operations: list[UpdateRecord] = field(default_factory=list)
    given: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    kept: Counter[str] = field(default_factory=Counter)
    heirs: dict[str, str] = field(default_factory=dict)  # who took most of a leaver's cards, for work on no card

    def hand_over(self, client: Sequence[_Cards]) -> bool:
        """All cards of one client; whether any changes hands."""
        leavers = sorted(
            {one.owner for one in client if one.owner and self.successors.has_left(one.owner)}, key=natural
        )
        to = {leaver: self.successors.of(leaver, client) for leaver in leavers}
        cluster = f"h-{client[0].ref.kind.value}-{client[0].id}"
        before = len(self.operations)
        for card in client:
            if card.owner in to and card.ref.kind.value in self.spec.kinds and card.ref not in self.protected:
                self._give(card.ref, "owner", card.owner, to[card.owner], cluster)
        return len(self.operations) > before

    def hand_over_work(self, activities: Iterable[Activity]) -> None:
        """Planned calls, meetings and to-dos: to whom their card went, else to whom most of the leaver's cards went."""
        for one in activities:
            leaver = one.responsible
            if one.done or one.channel not in _WORK or leaver is None or not self.successors.has_left(leaver):
                continue
            to = self.owners.get(one.card) or self.successors.named.get(leaver) or self._heir(leaver)
            self._give(one.ref, "responsible", leaver, to, f"h-activity-{one.id}")

    def done(self) -> Handover:
        """The whole, with a line for each pair of people and for each leaver who keeps something."""
        names = self.successors.names
        notes = [
            Reason("clean.note.handover", {"who": names.get(who, who), "to": names.get(to, to), **_in_words(found)})
            for (who, to), found in sorted(self.given.items())
        ]
        notes += [
            Reason("clean.note.handover_left", {"who": names.get(who, who), "count": count})
            for who, count in sorted(self.kept.items())
        ]
        return Handover(self.owners, tuple(self.operations), tuple(notes))

    def _heir(self, leaver: str) -> str | None:
        found = {to: sum(counts.values()) for (who, to), counts in self.given.items() if who == leaver}
        return max(found, key=lambda to: (found[to], to)) if found else None

    def _give(self, ref: Ref, name: str, leaver: str, to: str | None, cluster: str) -> None:
        if to is None or to == leaver:
            self.kept[leaver] += 1
            return
        names = self.successors.names
        self.given[leaver, to][ref.kind.value] += 1
        if ref.kind is not Kind.ACTIVITY:
            self.owners[ref] = to
        self.operations.append(
            UpdateRecord(
                key=f"owner-{ref.kind.value}-{ref.id}",
                cluster=cluster,
                phase=_PHASES.get(ref.kind, Phase.NOTES),
                reason=Reason("clean.hand_over", {"leaver": names.get(leaver, leaver), "user": names.get(to, to)}),
                ref=ref,
                before={name: leaver},
                after={name: to},
            )
        )


def _clients(cards: Sequence[_Cards]) -> Iterator[list[_Cards]]:
    """Cards that hang together, companies and contacts first in each, by their numbers."""
    place_of = {card.ref: place for place, card in enumerate(cards)}
    pairs = [(place_of[card.ref], place_of[other]) for card in cards for other in _hangs_on(card) if other in place_of]
    labels = components(len(cards), [one for one, _ in pairs], [other for _, other in pairs]).tolist()
    together: dict[int, list[_Cards]] = defaultdict(list)
    for card, label in zip(cards, labels, strict=True):
        together[label].append(card)
    yield from together.values()


def _hangs_on(card: _Cards) -> Iterator[Ref]:
    if isinstance(card, Contact):
        yield from (Ref(Kind.COMPANY, firm) for firm in {card.company, *card.companies} if firm)
    elif not isinstance(card, Company):
        if card.contact:
            yield Ref(Kind.CONTACT, card.contact)
        if card.company:
            yield Ref(Kind.COMPANY, card.company)


def _in_words(found: Mapping[str, int]) -> dict[str, str]:
    """What changes hands, in both languages: `why_ru` and `why_en`, as a plan keeps a phrase."""
    kinds = [kind for kind in ("contact", "company", "deal", "lead", "activity") if found.get(kind)]
    return {
        f"why_{lang}": ", ".join(say(f"clean.handed.{kind}", lang, n=found[kind]) for kind in kinds)
        for lang in LANGUAGES
    }
