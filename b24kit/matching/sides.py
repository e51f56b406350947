"""Questions and clusters as a person looks at them: both sides with all they show, and which member holds a cluster.

Works on any pile: rows of a file, or the cards of a portal, of which one may take several rows under one id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from b24kit.matching.certain import certain_links, shared_addresses
from b24kit.matching.cluster import Clusters, components
from b24kit.matching.explain import Why, why_asked
from b24kit.matching.joining import Rule
from b24kit.matching.keys import Keys, read_keys
from b24kit.matching.records import Pile
from b24kit.matching.review import Review
from b24kit.matching.shares import NameShares
from b24kit.matching.standing import NOTHING_KNOWN, Known, natural
from b24kit.matching.tiers import Automatic
from b24kit.matching.verdicts import question_key

SURE = 99  # per cent; a question is never certain
_TRIED = 40  # members of a cluster that are left out one by one
_FIRST = "contact:"  # a client's own card stands for his letters


@dataclass(frozen=True, slots=True)
class Side:
    """What one side shows, as it was written; the first id stands for it. Moments are seconds since 1970."""

    ids: tuple[str, ...]
    names: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    subject: str = ""  # of the newest row
    first: float | None = None
    last: float | None = None

    @property
    def head(self) -> str:
        return self.ids[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: are these two one client? `percent` is how likely a yes is, never 100."""

    key: str
    one: Side
    other: Side
    percent: int
    why: Why


@dataclass(frozen=True, slots=True)
class Joined:
    """One cluster that was joined without asking. `holds` are the ids without any of which it would fall apart."""

    key: str
    members: tuple[Side, ...]
    rules: tuple[Rule, ...]
    holds: frozenset[str] = field(default_factory=frozenset)


def standing_apart(keys: Keys, groups: Sequence[int]) -> Automatic:
    """Rows under clusters that are decided already (a number for each row), as if tier A had made them."""
    every = keys.row_card
    dialled = defaultdict[int, list[int]](list)
    for card, number in zip(keys.phone_card.tolist(), keys.phone_number.tolist(), strict=True):
        dialled[card].append(number)
    # Two rows that say the same may stand in two clusters, so here each row is a card of its own.
    pairs = [(row, number) for row, card in enumerate(every.tolist()) for number in dialled.get(card, ())]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    apart = replace(
        keys,
        row_card=np.arange(len(every), dtype=np.int64),
        card_name=keys.card_name[every],
        card_address=keys.card_address[every],
        card_full=keys.card_full[every],
        phone_card=table[:, 0],
        phone_number=table[:, 1],
    )
    of_card = np.asarray(groups, dtype=np.int64)
    full = [keys.full_names[at] for at in np.unique(keys.card_full[keys.card_full >= 0]).tolist()]
    marks = np.zeros(int(of_card.max(initial=-1)) + 1, dtype=np.int64)
    return Automatic(apart, NameShares(full), shared_addresses(keys), Clusters(of_card, marks, ()))


def questions(found: Automatic, review: Review) -> Iterator[Asked]:
    """The questions of a review with both sides, best first."""
    for question in review.questions:
        one = side_of(found.keys.pile, review.gallery.portrait(question.one).rows)
        other = side_of(found.keys.pile, review.gallery.portrait(question.other).rows)
        percent = min(SURE, round(100 * question.score.likely))
        why = Why("match.why.asked", why_asked(question.score))
        yield Asked(question_key(one.head, other.head), one, other, percent, why)


def side_of(pile: Pile, rows: Iterable[int]) -> Side:
    """Everything that these rows show."""
    at = list(rows)
    moments = [moment for row in at if len(pile.moments) and (moment := pile.moments[row]) == pile.moments[row]]
    newest = max(at, key=lambda row: _known_moment(pile, row))
    return Side(
        tuple(sorted({pile.ids[row] for row in at}, key=rank)),
        _texts(pile.names, at),
        _texts(pile.emails, at),
        _texts(pile.phones, at),
        _texts(pile.companies, at),
        pile.subjects[newest] if pile.subjects else "",
        min(moments, default=None),
        max(moments, default=None),
    )


def rank(identifier: str) -> tuple[bool, tuple[tuple[int, int | str], ...]]:
    """Order of the ids of one client: his contact first, then by number."""
    return not identifier.startswith(_FIRST), natural(identifier)


def joined(found: Automatic, known: Known = NOTHING_KNOWN, only: Collection[int] | None = None) -> list[Joined]:
    """The clusters of two or more rows, those that one member holds together first.

    Rows that show the same are one member: nobody can tell them apart by looking.
    """
    together: dict[int, dict[tuple[str, ...], list[int]]] = defaultdict(lambda: defaultdict(list))
    pile = found.keys.pile
    for row, number in enumerate(found.of_row.tolist()):
        if only is None or number in only:
            together[number][_shown(pile, row)].append(row)
    several = (list(shown.values()) for shown in together.values())
    clusters = [
        _joined(found, members, known)
        for members in several
        if len({pile.ids[row] for rows in members for row in rows}) > 1
    ]
    return sorted(clusters, key=lambda one: (not one.holds, natural(one.key)))


def _shown(pile: Pile, row: int) -> tuple[str, ...]:
    """What makes a row look like another; a client's own card is never taken for a letter."""
    if pile.ids[row].startswith(_FIRST):
        return (pile.ids[row],)
    columns = (pile.names, pile.emails, pile.phones)
    return ("", *(" ".join(column[row].casefold().split()) if len(column) else "" for column in columns))


def _joined(found: Automatic, members: Sequence[Sequence[int]], known: Known) -> Joined:
    sides = [side_of(found.keys.pile, rows) for rows in members]
    pieces, rules = _pieces(found, members, known)
    held: frozenset[str] = frozenset()
    if 2 < len(members) <= _TRIED and len({_address(found.keys, row) for rows in members for row in rows}) > 1:
        held = frozenset(
            side.head
            for at, side in enumerate(sides)
            if _pieces(found, [*members[:at], *members[at + 1 :]], known)[0] > pieces
        )
    order = sorted(sides, key=lambda side: (side.head not in held, rank(side.head)))
    return Joined(min((side.head for side in sides), key=rank), tuple(order), rules or (Rule.ADDRESS,), held)


def _address(keys: Keys, row: int) -> int:
    return int(keys.card_address[keys.row_card[row]])


def _pieces(found: Automatic, members: Sequence[Sequence[int]], known: Known) -> tuple[int, tuple[Rule, ...]]:
    """Into how many clients these members fall by the sure rules, and which rules were used."""
    # Many rows of a member that show the same add nothing but time; a contact's rows are its addresses.
    rows = [(place, row) for place, at in enumerate(members) for row in at[:_TRIED]]
    keys = read_keys(_rows(found.keys.pile, [row for _, row in rows]), known)
    links = list(certain_links(keys, shared_addresses(keys), found.shares))
    cards = keys.cards
    # A member and its cards are one node: a contact joins all the addresses that stand on it.
    ties = [(int(keys.row_card[at]), cards + place) for at, (place, _) in enumerate(rows)]
    ends = [*((link.one, link.other) for link in links), *ties]
    labels = components(cards + len(members), [end[0] for end in ends], [end[1] for end in ends])
    return len(set(labels.tolist())), tuple(sorted({link.rule for link in links}))


def _rows(pile: Pile, rows: Sequence[int]) -> Pile:
    def taken(column: Sequence[str]) -> Sequence[str]:
        return [column[row] for row in rows] if len(column) else ()

    moments = [pile.moments[row] for row in rows] if len(pile.moments) else ()
    texts = taken(pile.names), taken(pile.emails), taken(pile.phones), taken(pile.companies)
    return Pile([pile.ids[row] for row in rows], *texts, moments, taken(pile.subjects))


def _known_moment(pile: Pile, row: int) -> tuple[float, int]:
    moment = pile.moments[row] if len(pile.moments) else 0.0
    return (moment if moment == moment else float("-inf")), row


def _texts(column: Sequence[str], rows: Iterable[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for row in rows if (text := column[row].strip()))) if len(column) else ()
