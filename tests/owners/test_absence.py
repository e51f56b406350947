"""Deputies act for people who are away; chains end at who is there, and never run in a ring."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from b24kit.owners.absence import Absences, Away

MONDAY = date(2026, 3, 2)
FRIDAY = MONDAY + timedelta(days=4)
ALL = ("1", "2", "3")


def test_both_days_of_an_absence_are_in_it() -> None:
    known = Absences([Away("1", MONDAY, FRIDAY)], {}, ALL)
    day = timedelta(days=1)
    assert [known.is_here("1", one) for one in (MONDAY - day, MONDAY, FRIDAY, FRIDAY + day)] == [
        True,
        False,
        False,
        True,
    ]


def test_the_deputy_of_an_absence_goes_before_the_standing_one() -> None:
    known = Absences([Away("1", MONDAY, FRIDAY, "2")], {"1": "3"}, ALL)
    assert known.stand_in("1", MONDAY) == "2"
    assert Absences([Away("1", MONDAY)], {"1": "3"}, ALL).stand_in("1", MONDAY) == "3"


def test_a_chain_goes_on_to_the_first_who_is_there() -> None:
    known = Absences([Away("1", MONDAY), Away("2", MONDAY)], {"1": "2", "2": "3"}, ALL)
    assert known.chain("1", MONDAY) == ("1", "2", "3")


def test_deputies_of_each_other_who_are_both_away_have_nobody() -> None:
    known = Absences([Away("1", MONDAY), Away("2", MONDAY)], {"1": "2", "2": "1"}, ALL)
    assert known.stand_in("1", MONDAY) is None


def test_who_was_dismissed_is_never_there_but_may_have_a_deputy() -> None:
    known = Absences([], {"1": "2"}, ("2", "3"))
    assert not known.is_here("1", MONDAY)
    assert known.stand_in("1", MONDAY) == "2"
    assert known.back_on("1", MONDAY) is None


def test_somebody_is_back_after_the_last_of_adjoining_absences() -> None:
    known = Absences([Away("1", MONDAY, FRIDAY), Away("1", FRIDAY, FRIDAY + timedelta(days=3))], {}, ALL)
    assert known.back_on("1", MONDAY) == FRIDAY + timedelta(days=4)
    assert Absences([Away("1", MONDAY)], {}, ALL).back_on("1", MONDAY) is None


people = st.sampled_from([str(number) for number in range(6)])
absences = st.builds(
    lambda user, start, length, deputy: Away(user, start, start + timedelta(days=length) if length else None, deputy),
    people,
    st.dates(MONDAY, MONDAY + timedelta(days=20)),
    st.integers(0, 9),
    st.none() | people,
)


@given(st.lists(absences, max_size=8), st.dictionaries(people, people), st.frozensets(people), people)
def test_whoever_stands_in_is_there(
    away: list[Away], deputies: dict[str, str], working: frozenset[str], user: str
) -> None:
    known, day = Absences(away, deputies, working), MONDAY + timedelta(days=9)
    acting = known.stand_in(user, day)
    assert acting is None or known.is_here(acting, day)
    assert known.chain(user, day)[0] == user
    assert len(set(known.chain(user, day))) == len(known.chain(user, day))
    back = known.back_on(user, day)
    assert back is None or (back >= day and known.is_here(user, back))
