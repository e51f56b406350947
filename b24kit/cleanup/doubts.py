"""What people are asked about a pile: letters that may be one client's, or a known contact's, with all that both show.

The clusters of the clean-up are the groups; a lead that was left undecided is a group of its own. Contacts stand behind
them, so that a question may be "is this letter from that client of ours?".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.decisions import About, Decision
from b24kit.cleanup.doubts_of_doubles import sure_doubles
from b24kit.cleanup.judged import cards_of
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.pile import Item
from b24kit.cleanup.sort_out import SortedOut
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.standing_decisions import InForce, print_of
from b24kit.crm.cards import Contact
from b24kit.crm.refs import Kind, Ref
from b24kit.matching.explain import Why
from b24kit.matching.keys import read_keys
from b24kit.matching.records import UNKNOWN_TIME, Pile
from b24kit.matching.review import review
from b24kit.matching.sides import SURE, Asked, Joined, Side, joined, questions, side_of, standing_apart

# What a person may clear up: the others are left for what stands on their face, not for whose they are.
_ASKABLE = frozenset(
    f"clean.left.{why}"
    for why in (
        *("several_contacts", "contact_name_differs", "names_differ", "shared_mailbox", "role_mailbox", "no_address"),
        *("split_apart", "review", "maybe_known"),
    )
)

_Line = tuple[str, str, str, str, str, float, str]  # id, name, address, phones, company, moment, subject


@dataclass(frozen=True, slots=True)
class Doubts:
    """Questions, best first; clusters joined without asking; fingerprints of the cards that both speak of."""

    questions: tuple[Asked, ...]
    joined: tuple[Joined, ...]
    prints: Mapping[str, str]
    decided: tuple[Asked, ...] = ()


def find_doubts(
    sorted_out: SortedOut,
    snapshot: Snapshot,
    force: InForce,
    decisions: Iterable[Decision] = (),
    spec: CleanSpec | None = None,
) -> Doubts:
    """The doubtful middle of a pile, without what is decided already and without what the decisions imply.

    Those of `decisions` that are about a question and in force come back with their sides as they are now. Where `spec`
    merges doubles by review, contacts are compared with each other too, and sure doubles are asked about first.
    """
    merging = spec is not None and spec.merge == "reviewed" and "contact" in spec.merge_kinds
    rows = _Rows({company.id: company.title for company in sorted_out.index.companies.values()})
    clusters = [one for one in sorted_out.clusters if not one.of_company]
    for cluster in clusters:
        rows.add_group([_of_item(item) for item in cluster.items], cluster.contact)
    maybe = [cluster for cluster in sorted_out.doubtful if _undecided(cluster, sorted_out)]
    grouped = {item.lead.id for cluster in maybe for item in cluster.items}
    for cluster in maybe:
        rows.add_group([_of_item(item) for item in cluster.items])
    for item in sorted_out.pile.items:
        why = sorted_out.left.get(item.lead.id)
        if why is not None and why.code in _ASKABLE and item.lead.id not in grouped:
            rows.add_group([_of_item(item)])
    leads = rows.groups
    met = {one.contact.id for one in clusters if one.contact is not None}
    for contact in sorted_out.index.contacts.values():
        if contact.id not in met and contact.ref not in force.protected:
            rows.add_group([], contact)
    sure = sure_doubles(snapshot, spec, sorted_out.pile.known, force) if spec is not None else ()
    if not leads and not merging and not sure:
        return Doubts((), (), {})
    holding = {pair.key for pair in (*force.same, *force.apart) if pair.fresh}
    decided = tuple(_again(sorted_out, rows, [one for one in decisions if one.key in holding]))
    found = standing_apart(read_keys(rows.pile(), sorted_out.pile.known), rows.group)
    same, settled = (_doubles_of(rows, sure), None) if merging else ((), leads)
    there = review(found, apart=_apart(force, rows), same=same, settled=settled)
    asked = (*sure, *questions(found, there))
    several = joined(found, sorted_out.pile.known, {at for at, one in enumerate(clusters) if len(cards_of(one)) > 1})
    named = {name for one in (*asked, *decided) for side in (one.one, one.other) for name in side.ids}
    named |= {name for one in several for side in one.members for name in side.ids}
    records = {name: snapshot.get(Ref.parse(name)) for name in sorted(named)}
    prints = {name: print_of(record) for name, record in records.items() if record is not None}
    return Doubts(asked, tuple(several), prints, decided)


def _undecided(cluster: Cluster, sorted_out: SortedOut) -> bool:
    """Whether a new client who may be a known one is still left for that: an answer may have placed him."""
    return all(item.lead.id in sorted_out.left for item in cluster.items)


def _again(sorted_out: SortedOut, rows: _Rows, decisions: Iterable[Decision]) -> Iterator[Asked]:
    """Answered questions with both sides as they are now, where some of each is still open or known."""
    known = {item.lead.ref: item for item in sorted_out.pile.items}
    for one in decisions:
        if one.about is About.QUESTION:
            sides = [rows.side(side, known, sorted_out.index.contacts) for side in (one.one, one.other)]
            if sides[0] is not None and sides[1] is not None:
                yield Asked(one.key, sides[0], sides[1], SURE, Why("review.decided_why"))


def _apart(force: InForce, rows: _Rows) -> set[tuple[int, int]]:
    """Pairs of groups that need no question: people told them apart, and nothing changed since."""
    group_of = dict(zip(rows.ids, rows.group, strict=True))
    found: set[tuple[int, int]] = set()
    for pair in force.apart:
        if pair.fresh:
            sides = [{group_of[str(ref)] for ref in side if str(ref) in group_of} for side in (pair.one, pair.other)]
            found |= {(one, other) for one in sides[0] for other in sides[1]}
    return found


def _doubles_of(rows: _Rows, sure: Iterable[Asked]) -> set[tuple[int, int]]:
    """Groups that are sure doubles: asked about already, so nothing that their yes implies is asked again."""
    group_of = dict(zip(rows.ids, rows.group, strict=True))
    ends = ((one.one.head, one.other.head) for one in sure)
    return {(group_of[one], group_of[other]) for one, other in ends if one in group_of and other in group_of}


class _Rows:
    """Rows of the pile that is compared: a letter is one, a contact as many as it has addresses."""

    def __init__(self, firms: Mapping[str, str]) -> None:
        self._firms = firms
        self._columns: list[_Line] = []
        self.group: list[int] = []
        self.groups = 0

    @property
    def ids(self) -> list[str]:
        return [row[0] for row in self._columns]

    def add_group(self, letters: list[_Line], contact: Contact | None = None) -> None:
        """One more client, by his letters and his card."""
        every = [*letters, *(self._of_contact(contact) if contact is not None else ())]
        self._columns += every
        self.group += [self.groups] * len(every)
        self.groups += 1

    def _of_contact(self, contact: Contact) -> Iterator[_Line]:
        phones = "; ".join(contact.phones)
        firm = self._firms.get(contact.company or "", "")
        for address in contact.emails or ("",):
            yield str(contact.ref), str(contact.name), address, phones, firm, UNKNOWN_TIME, ""

    def side(self, cards: Iterable[str], items: Mapping[Ref, Item], contacts: Mapping[str, Contact]) -> Side | None:
        """What these cards show; None when none of them is open or known any more."""
        found: list[_Line] = []
        for ref in map(Ref.parse, cards):
            if ref in items:
                found.append(_of_item(items[ref]))
            elif ref.kind is Kind.CONTACT and ref.id in contacts:
                found += self._of_contact(contacts[ref.id])
        return side_of(_pile(found), range(len(found))) if found else None

    def pile(self) -> Pile:
        return _pile(self._columns)


def _pile(lines: Sequence[_Line]) -> Pile:
    return Pile(*map(list, zip(*lines, strict=True)))


def _of_item(item: Item) -> _Line:
    sender = item.verdict.sender
    name = sender.raw_name or next(iter(item.names), "")
    when = item.when.timestamp() if item.when else UNKNOWN_TIME
    company = item.told.company or item.lead.company_title
    return str(item.lead.ref), name, sender.address, "; ".join(item.phones), company, when, item.subject
