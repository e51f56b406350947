"""Where a letter stands: the stem of its subject, and whether its writer wrote for the first time or again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from b24kit.matching.groups import natural

_PREFIX = re.compile(
    r"^\W*(?:(?:re|fwd?|aw|wg|sv|отв|ответ|пересл|пер|ha)\s*(?:\[\d+\]|\(\d+\))?\s*:\s*)+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Touch:
    """One inquiry of a writer: the id of its card, when it came, the subject's stem, and whether it was the first."""

    id: str
    when: datetime | None
    stem: str
    first: bool
    opens_thread: bool


def stem(subject: str) -> str:
    """A subject without Re:, Fwd: and the like, lower case, spaces single: letters of one thread share it.

    >>> stem("RE: Отв: Счёт  на оплату")
    'счет на оплату'
    """
    bare = _PREFIX.sub("", subject)
    return " ".join(bare.lower().replace("ё", "е").split())


def touches(inquiries: Iterable[tuple[str, datetime | None, str]]) -> list[Touch]:
    """(id, when, subject) of one writer in order of time, undated ones last; the first is his first, the rest again."""
    ordered = sorted(inquiries, key=lambda item: (item[1] is None, item[1] and item[1].timestamp(), natural(item[0])))
    seen: set[str] = set()
    found = []
    for place, (identifier, when, subject) in enumerate(ordered):
        thread = stem(subject)
        found.append(Touch(identifier, when, thread, place == 0, not thread or thread not in seen))
        seen.add(thread)
    return found
