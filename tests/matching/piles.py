"""Small piles of invented people for the tests of matching."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

from b24kit.matching.keys import read_keys
from b24kit.matching.records import Pile, moment
from b24kit.matching.review import Review, review
from b24kit.matching.tiers import Automatic, automatic

# Enough other people that a pile is a crowd: a name is rare or common only among others.
# They wrote ten days apart; a row without a date was written at an unknown time.
_SYLLABLES = ("ба", "го", "ду", "ке", "ми", "пла", "ста")
CROWD = tuple(
    (
        f"Гостомысл {''.join(three).title()}чук",
        f"{number}@crowd{number}.example",
        "",
        str(date(2020, 1, 1) + timedelta(10 * number)),
    )
    for number, three in enumerate(product(_SYLLABLES, repeat=3))
)


def matched(*rows: tuple[str, ...], crowd: bool = True) -> Automatic:
    """Tier A of rows given as (name, email, phone, date), later ones optional; a crowd of others stands behind them."""
    everybody: tuple[tuple[str, ...], ...] = (*rows, *CROWD) if crowd else rows
    column = [tuple(row) + ("",) * (4 - len(row)) for row in everybody]
    return automatic(
        read_keys(
            Pile(
                [str(number) for number in range(1, len(column) + 1)],
                names=[row[0] for row in column],
                emails=[row[1] for row in column],
                phones=[row[2] for row in column],
                moments=[moment(row[3]) for row in column],
            )
        )
    )


def joined(found: Automatic, one: int = 0, other: int = 1) -> bool:
    """Whether two rows, by place, are one client in tier A."""
    numbers = found.of_row
    return bool(numbers[one] == numbers[other])


def asked(found: Automatic, one: int = 0, other: int = 1) -> bool:
    """Whether two rows are two in tier A and one once every question is answered with yes."""
    questions: Review = review(found)
    suggested = questions.of_group[found.of_row]
    return not joined(found, one, other) and bool(suggested[one] == suggested[other])
