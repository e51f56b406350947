"""What people decided, put into force on the clusters that the rules found: split, joined, left untouched.

The rules come first and people have the last word: nobody is joined whom somebody told apart, not even by a sure rule.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from b24kit.change.operation import Reason
from b24kit.cleanup.clients import KnownClients
from b24kit.cleanup.clusters import Clusters, company_of
from b24kit.cleanup.one_client import Cluster, in_time
from b24kit.cleanup.pile import Item
from b24kit.cleanup.standing_decisions import InForce, Pair
from b24kit.crm.cards import Company, Contact
from b24kit.crm.refs import Kind, Ref
from b24kit.matching import addresses
from b24kit.matching.addresses import Aliases
from b24kit.matching.groups import natural

SPLIT, PROTECTED = "clean.left.split_apart", "clean.left.protected_client"
# Two people behind one address: once a person told them apart, each is a client of his own.
_APART = frozenset({"clean.left.names_differ", "clean.left.contact_name_differs"})
_NEVER = frozenset({"clean.left.unknown_contact"})  # left for what no person's answer changes


def judged(found: Clusters, items: Iterable[Item], index: KnownClients, force: InForce, aliases: Aliases) -> Clusters:
    """The clusters as people decided. `items` are all leads that were to become clients."""
    if not (force.same or force.apart or force.protected or force.wrong):
        return found
    # Who is one client with somebody is told apart from whom that one is told apart from.
    apart = tuple(_with_clients(pair, force.same) for pair in force.apart)
    force = replace(force, apart=apart)
    work = _Work({item.lead.id: item for item in items}, index, force, aliases, dict(found.left))
    parts = [part for cluster in found.clusters for part in work.split(cluster)]
    return work.united(parts)


def cards_of(cluster: Cluster) -> frozenset[Ref]:
    """The leads of a cluster and the contact that they are of."""
    leads = frozenset(item.lead.ref for item in cluster.items)
    return leads | {cluster.contact.ref} if cluster.contact is not None else leads


@dataclass(slots=True)
class _Work:
    items: Mapping[str, Item]
    index: KnownClients
    force: InForce
    aliases: Aliases
    left: dict[str, Reason] = field(default_factory=dict)

    def split(self, cluster: Cluster) -> list[Cluster]:
        """A cluster cut wherever people told its members apart; whom nobody placed is left."""
        parts = [cluster]
        for pair in self.force.apart:
            parts = [piece for part in parts for piece in self._cut(part, pair)]
        return parts

    def _cut(self, cluster: Cluster, pair: Pair) -> list[Cluster]:
        there = cards_of(cluster)
        sides = [there & frozenset(side) for side in (pair.one, pair.other)]
        if not all(sides) or cluster.of_company:
            return [cluster]
        self._leave(there - sides[0] - sides[1], Reason(SPLIT, {"key": pair.key}))
        return [part for side in sides for part in self._part(cluster, side)]

    def _part(self, cluster: Cluster, side: frozenset[Ref]) -> list[Cluster]:
        items = tuple(item for item in cluster.items if item.lead.ref in side)
        contact = cluster.contact if cluster.contact is not None and cluster.contact.ref in side else None
        if not items:
            return []
        part = Cluster(items, self._addresses(items), contact)
        if contact is None and not part.addresses:
            self._leave(side, Reason("clean.left.no_address"))
            return []
        return [replace(part, company=self._company(part))]

    def united(self, parts: Sequence[Cluster]) -> Clusters:
        """Clusters that people called one client joined, those of protected cards left."""
        units = [*parts, *self._asked_for(parts)]
        into = self._roots(units)
        together: dict[int, list[Cluster]] = {}
        for root, unit in zip(into, units, strict=True):
            together.setdefault(root, []).append(unit)
        clusters = [one for several in together.values() for one in self._whole(several)]
        return Clusters(tuple(sorted(clusters, key=lambda one: natural(one.key))), self.left)

    def _roots(self, units: Sequence[Cluster]) -> list[int]:
        """By unit, the first unit of the same client; what people told apart stays apart."""
        place_of = {ref: place for place, unit in enumerate(units) if not unit.of_company for ref in cards_of(unit)}
        root = list(range(len(units)))
        members = {place: [place] for place in root}
        for cards in self._clients():
            places = sorted({place_of[ref] for ref in cards if ref in place_of})
            for one in places[1:]:
                low, high = sorted((root[places[0]], root[one]))
                if low != high and not self._told_apart(units, [*members[low], *members[high]]):
                    members[low] += members[high]
                    for place in members.pop(high):
                        root[place] = low
        return root

    def _clients(self) -> list[tuple[Ref, ...]]:
        """Cards that are one client: both sides of a yes; each side of a no where its leads were left undecided."""
        found = [(*pair.one, *pair.other) for pair in self.force.same]
        return found + [side for pair in self.force.apart if pair.fresh for side in self._undecided(pair)]

    def _undecided(self, pair: Pair) -> list[tuple[Ref, ...]]:
        sides = ((pair.one, pair.other), (pair.other, pair.one))
        found = [tuple(ref for ref in side if self._is_another(ref, theirs)) for side, theirs in sides]
        return [side for side in found if side]

    def _is_another(self, ref: Ref, theirs: Collection[Ref]) -> bool:
        """Whether a lead was left only because of people from whom it is told apart now."""
        if self._why(ref) not in _APART or ref.id not in self.items:
            return False
        own = self._addresses((self.items[ref.id],))
        holders = {contact for address in own for contact in self.index.contacts_by_address.get(address, ())}
        sharing = {
            one.lead.ref
            for one in self.items.values()
            if one.lead.ref != ref and self._why(one.lead.ref) in _APART and self._addresses((one,)) == own
        }
        alike = {one for one in sharing if set(self.items[one.id].names) & set(self.items[ref.id].names)}
        return {Ref(Kind.CONTACT, one) for one in holders} <= set(theirs) and sharing - alike <= set(theirs)

    def _asked_for(self, parts: Sequence[Cluster]) -> list[Cluster]:
        """Leads and contacts that people spoke of and that no rule put into a cluster, each for itself."""
        there = {ref for part in parts for ref in cards_of(part)}
        found: list[Cluster] = []
        for ref in dict.fromkeys(ref for cards in self._clients() for ref in cards if ref not in there):
            if ref.kind is Kind.CONTACT and ref.id in self.index.contacts:
                found.append(Cluster((), (), contact=self.index.contacts[ref.id]))
            elif ref.kind is Kind.LEAD and ref.id in self.items and self._why(ref) not in ("", *_NEVER):
                item = self.items[ref.id]
                found.append(Cluster((item,), self._addresses((item,))))
        return found

    def _why(self, ref: Ref) -> str:
        """The code of what a lead was left for; '' where it was not."""
        why = self.left.get(ref.id) if ref.kind is Kind.LEAD else None
        return why.code if why is not None else ""

    def _told_apart(self, units: Sequence[Cluster], places: Sequence[int]) -> bool:
        cards = {ref for place in places for ref in cards_of(units[place])}
        return any(not cards.isdisjoint(pair.one) and not cards.isdisjoint(pair.other) for pair in self.force.apart)

    def _whole(self, several: Sequence[Cluster]) -> list[Cluster]:
        items = tuple(item for one in several for item in one.items)
        if not items:
            return []
        whole = several[0]
        if len(several) > 1:
            every = tuple(sorted({address for one in several for address in one.addresses}))
            whole = Cluster(items, every, self._survivor([one.contact for one in several if one.contact is not None]))
            whole = in_time(replace(whole, company=self._company(whole) or _first_company(several)))
        touched = cards_of(whole) | ({whole.company.ref} if whole.of_company and whole.company else set())
        if touched & self.force.protected:
            self._leave(cards_of(whole), Reason(PROTECTED, {"client": str(min(touched & self.force.protected))}))
            return []
        if any(cards <= touched for cards in self.force.wrong):
            self._leave(touched, Reason("clean.left.wrong_cluster"))
            return []
        if whole.contact is None and not whole.of_company and not whole.addresses:
            return []  # still nothing to know a new client by: its leads keep the reason that they were left for
        for item in items:
            self.left.pop(item.lead.id, None)
        return [whole]

    def _survivor(self, contacts: Sequence[Contact]) -> Contact | None:
        """Of several contacts of one client: who has a running deal, then the oldest card."""
        order = sorted(contacts, key=lambda one: (not self.index.running_deals(one, None), natural(one.id)))
        return order[0] if order else None

    def _company(self, cluster: Cluster) -> Company | None:
        return company_of(cluster, cluster.contact, self.index)

    def _addresses(self, items: Iterable[Item]) -> tuple[str, ...]:
        written = (addresses.canonical(item.verdict.sender.address, self.aliases) for item in items)
        return tuple(sorted({address for address in written if address}))

    def _leave(self, cards: Iterable[Ref], why: Reason) -> None:
        self.left.update({ref.id: why for ref in cards if ref.kind is Kind.LEAD})


def _with_clients(pair: Pair, same: Sequence[Pair]) -> Pair:
    """A pair told apart with every card that is one client with either side; itself where the two would meet."""
    one, other = (_with_same(side, same) for side in (pair.one, pair.other))
    return pair if set(one) & set(other) else replace(pair, one=one, other=other)


def _with_same(side: tuple[Ref, ...], same: Sequence[Pair]) -> tuple[Ref, ...]:
    found = dict.fromkeys(side)
    while True:
        met = [pair for pair in same if not found.keys().isdisjoint((*pair.one, *pair.other))]
        more = dict.fromkeys(ref for pair in met for ref in (*pair.one, *pair.other))
        if more.keys() <= found.keys():
            return tuple(found)
        found |= more


def _first_company(several: Sequence[Cluster]) -> Company | None:
    return next((one.company for one in several if one.company is not None), None)
