"""Background shares of names: Russian and Latin, in any order of words, raised by what the pile shows."""

from __future__ import annotations

from b24kit.matching.names import fold
from b24kit.matching.shares import NameShares, is_given


def share(name: str, pile: tuple[str, ...] = ()) -> float:
    return NameShares(pile).share([fold(word) for word in name.split()])


def test_a_common_name_is_a_thousand_times_as_common_as_a_rare_one() -> None:
    assert share("Александр Иванов") > 1e-4 > 1e-7 > share("Евстафий Хворостухин")


def test_scripts_and_order_do_not_change_a_share() -> None:
    assert share("Александр Иванов") == share("Ivanov Aleksandr")


def test_a_patronymic_makes_a_name_rarer_and_no_name_is_unique() -> None:
    assert 0 < share("Александр Петрович Иванов") < share("Александр Иванов")
    assert share("Зазазаза Бубубубу") > 1e-9


def test_a_surname_that_fills_the_pile_is_common_there() -> None:
    pile = tuple(f"hvorostuhin {letter * 3}" for letter in "abcdefgh")
    assert share("Евстафий Хворостухин", pile) > 100 * share("Евстафий Хворостухин")


def test_given_names_are_known_in_both_scripts() -> None:
    assert is_given(fold("Ольга")) and is_given(fold("Daniel")) and not is_given(fold("Хворостухин"))
