"""What a mailbox name says of its holder, and what it tells beyond that."""

from __future__ import annotations

import pytest

from b24kit.matching.mailbox import own_bits
from b24kit.matching.mailbox_says import Says, says
from b24kit.matching.names import words_of


@pytest.mark.parametrize(
    "local",
    ["remizova", "a.remizova", "anna.remizova", "remizova_anna", "annaremizova", "aremizova", "remizovaa", "ar"],
)
def test_a_mailbox_made_of_the_name_tells_nothing_more(local: str) -> None:
    assert own_bits(local, words_of("Анна Ремизова")) == 0


def test_the_order_of_words_and_melted_letters_do_not_matter() -> None:
    assert own_bits("stefannaewe", ("naeve", "stefan")) == 0
    assert own_bits("aleksandr.kovalenko", ("aleksandr", "kovalenko")) == 0


def test_a_year_tells_less_than_a_word_of_ones_own() -> None:
    words = words_of("Анна Ремизова")
    assert 0 < own_bits("remizova1985", words) < 8 < own_bits("dragonfly", words)


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ("annaremizova", Says.IN_FULL),
        ("remizovaanna7", Says.IN_FULL),
        ("aremizova", Says.INITIAL),
        ("anna", Says.NOTHING),
        ("dragonfly", Says.NOTHING),
    ],
)
def test_a_login_says_a_name_in_full_or_by_its_surname(mark: str, told: Says) -> None:
    assert says(mark, words_of("Анна Ремизова")) is told
