"""A pile sorted before anything is planned for it: what is ended, who is a client, and what is left with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from b24kit.change.operation import Reason
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.answers import Answers
from b24kit.cleanup.arrivals import unfold
from b24kit.cleanup.clients import KnownClients, index_clients
from b24kit.cleanup.clusters import find_clusters
from b24kit.cleanup.consent import refusals
from b24kit.cleanup.handover import NOBODY_LEFT, Handover
from b24kit.cleanup.judged import judged
from b24kit.cleanup.merging_plan import NOTHING_TO_MERGE, MergePlan
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.pile import Item, Pile, read_pile
from b24kit.cleanup.spec import ENDING, Action, CleanSpec
from b24kit.cleanup.standing_decisions import InForce
from b24kit.cleanup.stuck import Standing
from b24kit.cleanup.tally import Tally, class_in_words
from b24kit.crm.portal import Capabilities
from b24kit.errors import Refused
from b24kit.letters.classify import LetterClass


@dataclass(frozen=True, slots=True)
class SortedOut:
    """Who is a client, who is left and why, and what is known already."""

    pile: Pile
    clusters: tuple[Cluster, ...]
    left: Mapping[str, Reason]
    index: KnownClients
    doubtful: tuple[Cluster, ...] = ()  # left too: new people who may be known ones
    to_end: tuple[Item, ...] = ()  # leads that are archived or removed


def sort_out(
    snapshot: Snapshot,
    spec: CleanSpec,
    now: datetime,
    decisions: InForce,
    stage_limits: Mapping[str, timedelta] | None = None,
    capabilities: Capabilities | None = None,
) -> SortedOut:
    """The clusters that a plan would be made of, for people to look at beforehand."""
    if capabilities is not None:
        snapshot = unfold(snapshot, capabilities, mail=spec.incoming.mail == "take").snapshot
    if not snapshot.facts.leads_on:
        raise Refused("clean.no_leads", portal=snapshot.portal_id)
    return sort_pile(snapshot, spec, read_pile(snapshot, spec, now, stage_limits), decisions)


def sort_pile(
    snapshot: Snapshot,
    spec: CleanSpec,
    pile: Pile,
    force: InForce,
    merges: MergePlan = NOTHING_TO_MERGE,
    hand: Handover = NOBODY_LEFT,
    tally: Tally | None = None,
) -> SortedOut:
    """Every lead of the pile in one of three places; what goes to review is counted in `tally`.

    Clients are known as they will be after `merges` and with the owners of `hand`.
    """
    return _Sorting(snapshot, spec, pile, force, merges, hand, tally or Tally()).done()


def wanted(item: Item, spec: CleanSpec) -> Action:
    """What the playbook wants done; a lead that has only a phone is asked for among the known clients."""
    kind = item.verdict.kind
    if item.verdict.is_clients and spec.action(kind) not in ENDING:
        kind = LetterClass.HUMAN  # whoever passed his letter on, the client is certain
    if kind is LetterClass.UNCLEAR and not item.verdict.sender.address and item.lead.phones:
        kind = LetterClass.HUMAN
    return spec.action(kind)


@dataclass(slots=True)
class _Sorting:
    snapshot: Snapshot
    spec: CleanSpec
    pile: Pile
    force: InForce
    merges: MergePlan
    hand: Handover
    tally: Tally
    left: dict[str, Reason] = field(default_factory=dict)
    to_end: list[Item] = field(default_factory=list)
    people: list[Item] = field(default_factory=list)
    to_review: list[Item] = field(default_factory=list)

    def done(self) -> SortedOut:
        for item in self.pile.items:
            why = self._why_left(item)
            if why is not None:
                self.left[item.lead.id] = why
            elif wanted(item, self.spec) in ENDING:
                self.to_end.append(item)
            else:
                self.people.append(item)
        index = self._known_clients()
        clusters, doubtful = self._clustered(index)
        return SortedOut(self.pile, clusters, self.left, index, doubtful, tuple(self.to_end))

    def _why_left(self, item: Item) -> Reason | None:
        """Why a lead is not touched, if it is not; one that goes to review is noted on the way."""
        action, lead = wanted(item, self.spec), item.lead
        facts = {"sign": item.verdict.sign, "address": item.verdict.sender.address}
        if item.standing is not Standing.STUCK:
            return Reason(f"clean.left.{item.standing.value}")
        if lead.ref in self.force.protected:
            return Reason("clean.left.protected")
        if action == "delete" and refusals((lead,), self.spec.consent).any:
            return Reason("clean.left.holds_refusal", {"fields": ", ".join(self.spec.consent)})
        if action == "review":
            self.tally.note(action, [item])
            self.to_review.append(item)
            return Reason("clean.left.review", facts | class_in_words(item.verdict.kind))
        if action == "leave":
            return Reason(f"clean.left.class_{item.verdict.kind.value}", facts)
        if item.doubt and action not in ENDING:
            return Reason(f"clean.left.{item.doubt}", {"address": item.verdict.sender.address})
        return None

    def _known_clients(self) -> KnownClients:
        """The clients a lead may be of; an empty index where nobody will be asked for."""
        removed = any(wanted(item, self.spec) == "delete" for item in self.to_end)
        if not (self.people or self.to_review or removed):
            return KnownClients()
        return index_clients(
            self.hand.given(self.merges.contacts(self.snapshot.contacts())),
            self.hand.given(self.merges.companies(self.snapshot.companies())),
            self.hand.given(self.merges.deals(self.snapshot.deals())),
            self.pile.known.aliases,
            self.merges.into,
        )

    def _clustered(self, index: KnownClients) -> tuple[tuple[Cluster, ...], tuple[Cluster, ...]]:
        """Clusters to work on and doubtful ones; the leads of the others are left."""
        ask, said = self.spec.maybe_known == "leave", Answers.of(self.force)
        ours = {item.lead.id for item in self.people}
        others = [*self.pile.others, *(item for item in self.pile.items if item.lead.id not in ours)]
        found = find_clusters(self.people, index, self.pile.known, ask=ask, said=said, others=others)
        waiting = {item.lead.id: self.left[item.lead.id] for item in self.to_review}
        everyone = replace(found, left={**found.left, **waiting})
        after = judged(everyone, [*self.people, *self.to_review], index, self.force, self.pile.known.aliases)
        for lead in waiting.keys() - after.left.keys():
            del self.left[lead]  # somebody said whose it is
        self.left.update(after.left)
        return after.clusters, found.doubtful
