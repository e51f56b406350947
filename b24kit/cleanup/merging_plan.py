"""Doubles of a whole portal into one draft: what is merged, what is left and why, and who is who from then on.

Everything else that a plan does is decided as if the merges were done already: letters go to the survivor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from b24kit.change.merging import MergeRecords
from b24kit.change.operation import Operation, Reason, UpdateRecord
from b24kit.change.plan import HandStep, LeftAlone
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.answers import NOBODY_ASKED, Answers
from b24kit.cleanup.doubles import Client, Double, Doubles, company_doubles, confirmed, contact_doubles
from b24kit.cleanup.merge import Merged, merge
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.standing import Standing, standing_of
from b24kit.crm.cards import Company, Contact, Deal
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import Language
from b24kit.matching.groups import Known

_SHOWN = 30


@dataclass(frozen=True, slots=True)
class MergePlan:
    """`into` leads from a swallowed card to the one that stays; `survivors` are those cards as they will be."""

    operations: tuple[Operation, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    notes: tuple[Reason, ...] = ()
    steps: tuple[HandStep, ...] = ()
    into: Mapping[Ref, Ref] = field(default_factory=dict)
    survivors: Mapping[Ref, Client] = field(default_factory=dict)

    def contacts(self, contacts: Iterable[Contact]) -> list[Contact]:
        """The contacts as they will be, each with the companies that will be."""
        return [replace(one, company=self.id(Kind.COMPANY, one.company)) for one in self._stay(contacts)]

    def companies(self, companies: Iterable[Company]) -> list[Company]:
        return list(self._stay(companies))

    def deals(self, deals: Iterable[Deal]) -> list[Deal]:
        return [
            replace(
                one, contact=self.id(Kind.CONTACT, one.contact), company=self.id(Kind.COMPANY, one.company)
            )
            for one in deals
        ]  # fmt: skip

    def id(self, kind: Kind, card: str | None) -> str | None:
        """The id of the card that a link will lead to."""
        return self.into.get(Ref(kind, card), Ref(kind, card)).id if card else card

    def _stay(self, cards: Iterable[Any]) -> list[Any]:
        return [self.survivors.get(one.ref, one) for one in cards if one.ref not in self.into]


NOTHING_TO_MERGE = MergePlan()


def plan_merges(
    snapshot: Snapshot,
    spec: CleanSpec,
    known: Known,
    capabilities: Capabilities,
    *,
    lang: Language = "ru",
    said: Answers = NOBODY_ASKED,
    limit: int | None = None,
) -> MergePlan:
    """Which cards of the portal are merged by this playbook; nothing where it says off.

    `said` are people's answers about two cards; with `reviewed` only groups of which every pair was confirmed go.
    A vendor without a merge gets the groups as a step for people.
    """
    if spec.merge == "off":
        return NOTHING_TO_MERGE
    standing = _standing(snapshot)
    found = [one for kind in spec.merge_kinds for one in _doubles(snapshot, Kind(kind), known, capabilities, said)]
    draft = _Draft(spec, standing, capabilities, lang, said)
    for doubles in found:
        for double, reason in doubles.left:
            draft.leave(double, reason)
        for double in doubles.groups:
            draft.take(double, limit)
    return draft.plan(sum(doubles.doubtful for doubles in found))


def follow(operations: Sequence[Operation], plan: MergePlan) -> list[Operation]:
    """The other operations of a plan after its merges: links lead to the survivors, and a survivor gets one update."""
    if not plan.into:
        return list(operations)
    merges = list(plan.operations)
    found: list[Operation] = []
    for operation in operations:
        if isinstance(operation, UpdateRecord) and operation.ref in plan.survivors:
            merges = _folded(merges, operation)
        else:
            found.append(_followed(operation, plan))
    return [*merges, *found]


def _folded(merges: Sequence[Operation], more: UpdateRecord) -> list[Operation]:
    """The merges with what a client's leads add to the survivor, which was decided on the card as it will be.

    A word of the leads that stands against a loser's is written to the loser too, or the portal would ask a person.
    """
    merging = next(one for one in merges if isinstance(one, MergeRecords) and one.survivor == more.ref)
    wanted = {more.ref: dict(more.after)}
    for loser in merging.losers:
        held = merging.before[str(loser)].get("extra") or {}
        against = {name: value for name, value in (more.after.get("extra") or {}).items() if held.get(name)}
        if against:
            wanted[loser] = {"extra": against}
        if "owner" in more.after:
            wanted.setdefault(loser, {})["owner"] = more.after["owner"]
    settles = {one.ref: one for one in merges if isinstance(one, UpdateRecord) and one.ref in wanted}
    made = {ref: _settle(merging, ref, settles.get(ref), after) for ref, after in wanted.items()}
    keys = tuple(dict.fromkeys([*merging.needs, *(one.key for one in made.values())]))
    kept = [one for one in merges if one is not merging and not (isinstance(one, UpdateRecord) and one.ref in made)]
    return [*kept, *made.values(), replace(merging, needs=keys)]


def _settle(merging: MergeRecords, ref: Ref, settle: UpdateRecord | None, more: Mapping[str, Any]) -> UpdateRecord:
    """One card's update before the merge with these values too; what it held stands in the merge's before-image."""
    held = merging.before[str(ref)]
    after = {**(settle.after if settle else {}), **more}
    if "extra" in more:
        after["extra"] = {**((settle.after if settle else {}).get("extra") or {}), **more["extra"]}
    before = {name: held.get(name) for name in after}
    if "extra" in after:
        before["extra"] = {name: (held.get("extra") or {}).get(name) for name in after["extra"]}
    code = "clean.settle_survivor" if ref == merging.survivor else "clean.settle_loser"
    reason = settle.reason if settle else Reason(code, {**_phrases(merging), "card": str(merging.survivor)})
    key = f"settle-{ref.kind.value}-{ref.id}"
    return UpdateRecord(
        key=key, cluster=merging.cluster, phase=merging.phase, reason=reason, ref=ref, before=before, after=after
    )


def _phrases(merging: MergeRecords) -> dict[str, Any]:
    return {name: value for name, value in merging.reason.facts.items() if name.startswith("why_")}


def _followed(operation: Operation, plan: MergePlan) -> Operation:
    """A lead that hangs on a swallowed card will hang on the survivor by the time it is written."""
    if not isinstance(operation, UpdateRecord):
        return operation
    after = dict(operation.after)
    for name, kind in (("contact", Kind.CONTACT), ("company", Kind.COMPANY)):
        held = operation.before.get(name)
        if held and Ref(kind, held) in plan.into and name not in after:
            after[name] = plan.id(kind, held)
    return operation if after == operation.after else replace(operation, after=after)


@dataclass(slots=True)
class _Draft:
    spec: CleanSpec
    standing: Standing
    able: Capabilities
    lang: Language
    said: Answers
    operations: list[Operation] = field(default_factory=list)
    left: list[LeftAlone] = field(default_factory=list)
    by_hand: list[Double] = field(default_factory=list)
    into: dict[Ref, Ref] = field(default_factory=dict)
    survivors: dict[Ref, Client] = field(default_factory=dict)

    def leave(self, double: Double, reason: Reason) -> None:
        self.left.append(LeftAlone(double.cards[0].ref, reason))

    def take(self, double: Double, limit: int | None) -> None:
        """Merge a group, or say why not."""
        facts = {**double.facts, "cards": ", ".join(card.id for card in double.cards)}
        if not self.able.merges:
            self.by_hand.append(double)
        elif self.spec.merge == "reviewed" and not confirmed(double, self.said):
            self.leave(double, Reason("clean.left.double", facts))
        elif limit is not None and len(self.survivors) >= limit:
            self.leave(double, Reason("clean.left.limit"))
        else:
            done = merge(double, self.standing, self.spec, self.able.merge_ignores, self.lang)
            if isinstance(done, Reason):
                self.leave(double, done)
                return
            if kept := self._tied_to_protected(done):
                self.leave(double, Reason("clean.left.double_protected", {**facts, "card": kept}))
                return
            self.operations += done.operations
            self.survivors[done.survivor.ref] = done.survivor
            self.into |= {loser.ref: done.survivor.ref for loser in done.losers}

    def _tied_to_protected(self, done: Merged) -> str:
        """Protected cards that speak of a swallowed one: the portal would write the survivor into them."""
        links = {link for loser in done.losers for link in self.standing.links.get(str(loser.ref), ())}
        return ", ".join(sorted(links & {str(ref) for ref in self.said.protected}))

    def plan(self, doubtful: int) -> MergePlan:
        notes = [Reason("clean.note.merges", {"count": len(self.survivors), "cards": len(self.into)})]
        notes = notes if self.survivors else []
        if doubtful:
            notes.append(Reason("clean.note.doubtful_doubles", {"count": doubtful}))
        return MergePlan(
            tuple(_companies_last(self.operations)),
            tuple(self.left),
            tuple(notes),
            tuple(self._steps()),
            self.into,
            self.survivors,
        )

    def _steps(self) -> list[HandStep]:
        """A vendor without a merge: the list of what belongs together, for people."""
        if not self.by_hand:
            return []
        listed = "; ".join(" + ".join(str(card.ref) for card in double.cards) for double in self.by_hand[:_SHOWN])
        more = len(self.by_hand) - _SHOWN
        facts = {"count": len(self.by_hand), "groups": listed + (f" (+{more})" if more > 0 else "")}
        return [HandStep(key="merge-by-hand", code="step.merge_by_hand", facts=facts)]


def _companies_last(operations: Sequence[Operation]) -> list[Operation]:
    """A company is merged after the contacts that speak of it: those were planned on the companies as they are."""
    people = [one for one in operations if isinstance(one, MergeRecords) and one.survivor.kind is Kind.CONTACT]
    found: list[Operation] = []
    for operation in operations:
        if isinstance(operation, MergeRecords) and operation.survivor.kind is Kind.COMPANY:
            firms = {ref.id for ref in operation.cards}
            needs = [one.key for one in people if firms & _firms(one)]
            operation = replace(operation, needs=tuple(dict.fromkeys([*operation.needs, *needs])))
        found.append(operation)
    return found


def _firms(operation: MergeRecords) -> set[str]:
    return {str(firm) for values in operation.before.values() for firm in values.get("companies") or ()}


def _doubles(snapshot: Snapshot, kind: Kind, known: Known, able: Capabilities, said: Answers) -> list[Doubles]:
    if kind is Kind.CONTACT:
        return [contact_doubles(list(snapshot.contacts()), known, able.merge_blockers, said)]
    return [company_doubles(list(snapshot.companies()), known, able.merge_blockers, said)]


def _standing(snapshot: Snapshot) -> Standing:
    hung = (one.card for one in snapshot.activities() if one.card.kind in (Kind.CONTACT, Kind.COMPANY))
    return standing_of(snapshot.contacts(), snapshot.deals(), snapshot.leads(), hung)
