"""A pile of rows as columns, the form in which a million of them fits into memory: what came in, as it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

FIELDS = ("name", "email", "phone", "company", "date", "subject")
UNKNOWN_TIME = float("nan")


@dataclass(frozen=True, slots=True)
class Pile:
    """Columns of equal length; a column that was not given is empty. `moments` are seconds since 1970, nan unknown."""

    ids: Sequence[str]
    names: Sequence[str] = ()
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    companies: Sequence[str] = ()
    moments: Sequence[float] = ()
    subjects: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class Columns:
    """Collects rows into a pile."""

    ids: list[str] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)

    def pile(self) -> Pile:
        """The pile; unreadable dates are unknown times."""
        get = self.fields.get
        moments = [moment(text) for text in get("date", ())]
        return Pile(
            self.ids, get("name", ()), get("email", ()), get("phone", ()), get("company", ()), moments,
            get("subject", ()),
        )  # fmt: skip


def pile_of(rows: Iterable[Mapping[str, str]], id_column: str = "id") -> Pile:
    """A pile from rows with the columns name, email, phone, company, date, subject, as far as they are there."""
    found = list(rows)
    present = {name for row in found for name in row}
    columns = {name: [row.get(name) or "" for row in found] for name in FIELDS if name in present}
    return Columns([row[id_column] for row in found], columns).pile()


@lru_cache(maxsize=4096)
def moment(text: str) -> float:
    """An ISO 8601 date or moment as seconds since 1970 (UTC where no offset is given); nan when it is none.

    >>> moment("2026-01-02T03:04:05+00:00") - moment("2026-01-02")
    11045.0
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return UNKNOWN_TIME
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
