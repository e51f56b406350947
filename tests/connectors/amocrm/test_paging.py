"""Lists whose rows vanish while they are read, without a portal."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from b24kit.connectors.amocrm.paging import LONGEST, Closing, Page, Walk


class Living:
    """A list that loses a row at some pages; `pages_asked` in the order they were answered."""

    def __init__(self, count: int, losing: dict[int, int], *, endless: bool = False) -> None:
        self.ids = list(range(1, count + 1))
        self.losing, self.endless = losing, endless
        self.gone: list[int] = []
        self.asked: list[int] = []

    def page(self, number: int) -> Page:
        self.asked.append(number)
        at = 0 if self.endless else (number - 1) * LONGEST
        rows: list[dict[str, Any]] = [{"id": found} for found in self.ids[at : at + LONGEST]]
        more = self.endless or at + LONGEST < len(self.ids)
        place = self.losing.pop(len(self.asked), None)
        if place is not None and place < len(self.ids):
            self.gone.append(self.ids.pop(place))
        return Page(rows, more)

    def closing(self) -> Closing:
        return Closing(min(self.gone) if self.gone else None)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.mark.parametrize("count", [0, 1, 249, 250, 251, 2000])
def test_a_quiet_list_comes_whole_and_in_order(count: int, pool: ThreadPoolExecutor) -> None:
    rows = list(Walk(Living(count, {}), pool).rows())
    assert [row["id"] for row in rows] == list(range(1, count + 1))


@pytest.mark.parametrize("seed", range(20))
def test_rows_that_stay_are_never_lost_though_others_vanish(seed: int, pool: ThreadPoolExecutor) -> None:
    chance = random.Random(seed)
    living = Living(2600, {turn: chance.randrange(2500) for turn in range(1, 30) if chance.random() < 0.6})
    ids = [row["id"] for row in Walk(living, pool).rows()]
    assert len(ids) == len(set(ids))
    assert set(range(1, 2601)) - set(living.gone) <= set(ids)


def test_a_list_that_answers_every_page_alike_ends(pool: ThreadPoolExecutor) -> None:
    living = Living(LONGEST, {}, endless=True)
    assert len(list(Walk(living, pool).rows())) == LONGEST
    assert len(living.asked) < 10


def test_a_list_of_one_page_takes_one_request(pool: ThreadPoolExecutor) -> None:
    living = Living(40, {})
    list(Walk(living, pool).rows())
    assert living.asked == [1]
