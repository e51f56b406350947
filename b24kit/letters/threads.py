"""Where a letter stands: its thread, who began it, and whether its writer wrote for the first time or again.

Threads follow Message-ID, In-Reply-To and References (RFC 5322) where a mailbox kept them, else the stem of the
subject, the people and the time between two letters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from b24kit.matching.groups import natural

SILENCE = timedelta(days=90)  # after so long the same subject is another matter, where no header says otherwise
_PREFIX = re.compile(
    r"^\W*(?:(?:re|fwd?|aw|wg|sv|отв|ответ|пересл|пер|ha|автоответ|automatic reply)\s*(?:\[\d+\]|\(\d+\))?\s*:\s*)+",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"^\W*(?:re|aw|sv|отв|ответ)\s*(?:\[\d+\]|\(\d+\))?\s*:", re.IGNORECASE)
_ID = re.compile(r"<[^<>\s]+>")
_LONG_AGO = datetime(1995, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Missive:
    """One letter as threads see it; `headers` are as the mailbox kept them."""

    id: str
    when: datetime | None
    subject: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Touch:
    """One inquiry of a writer: the id of its card, when it came, the subject's stem, and whether it was the first.

    `thread` is the id of the earliest letter of its thread; `answers_us`: we wrote before, by headers or subject.
    """

    id: str
    when: datetime | None
    stem: str
    first: bool
    opens_thread: bool
    thread: str = ""
    answers_us: bool = False


def stem(subject: str) -> str:
    """A subject without Re:, Fwd: and the like, lower case, spaces single: letters of one thread share it.

    >>> stem("RE: Отв: Счёт  на оплату")
    'счет на оплату'
    """
    bare = _PREFIX.sub("", subject)
    return " ".join(bare.lower().replace("ё", "е").split())


def moment_of(started: datetime | None, created: datetime | None) -> datetime | None:
    """When a letter came: its own date, unless no letter can have it; then when the portal stored it."""
    if started is None or started < _LONG_AGO:
        return created
    if created is not None and started > created + timedelta(days=2):
        return created
    return started


def touches(missives: Iterable[Missive]) -> list[Touch]:
    """The letters of one writer in order of time, undated ones last; the first is his first, the rest again."""
    ordered = sorted(missives, key=_in_time)
    roots = _threads(ordered)
    seen: set[str] = set()
    found = []
    for place, one in enumerate(ordered):
        root = roots[one.id]
        answers = _ANSWERS.match(one.subject) is not None or bool(_header(one, "in-reply-to"))
        found.append(Touch(one.id, one.when, stem(one.subject), place == 0, root not in seen, root, answers))
        seen.add(root)
    return found


def _in_time(one: Missive) -> tuple[bool, float, tuple[tuple[int, int | str], ...]]:
    return (one.when is None, one.when.timestamp() if one.when else 0.0, natural(one.id))


def _threads(ordered: Sequence[Missive]) -> dict[str, str]:
    """The earliest letter of each letter's thread: by shared message ids first, then by subject and time."""
    at: dict[str, int] = {}
    parent = list(range(len(ordered)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def tie(one: int, other: int) -> None:
        low, high = sorted((root(one), root(other)))
        parent[high] = low

    for place, one in enumerate(ordered):
        for message in _messages(one):
            tie(place, at.setdefault(message, place))
    for places in _by_subject(ordered).values():
        for earlier, later in pairwise(places):
            if _near(ordered[earlier], ordered[later]):
                tie(earlier, later)
    return {one.id: ordered[root(place)].id for place, one in enumerate(ordered)}


def _messages(one: Missive) -> list[str]:
    """All message ids that a letter speaks of: its own, the one it answers, and those before."""
    told = " ".join(_header(one, name) for name in ("message-id", "in-reply-to", "references"))
    return _ID.findall(told)


def _by_subject(ordered: Sequence[Missive]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(ordered):
        if text := stem(one.subject):
            found[text].append(place)
    return found


def _near(earlier: Missive, later: Missive) -> bool:
    """An answer under the same subject, or the same words again, before too long a silence."""
    if earlier.when is None or later.when is None:
        return True
    return later.when - earlier.when <= SILENCE


def _header(one: Missive, name: str) -> str:
    return next((value for key, value in one.headers.items() if key.lower() == name), "")
