"""Grouping without one false merge: every known trap, and independence of the order of rows."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as some

from b24kit.matching.groups import Grouping, Known, Row, SetAside, group_rows, natural
from b24kit.matching.joining import Rule


def grouped(*rows: tuple[str, str], known: Known | None = None) -> Grouping:
    """Rows given as (address, name), numbered from 1."""
    numbered = [Row(str(number), address, name) for number, (address, name) in enumerate(rows, 1)]
    return group_rows(numbered, known or Known())


def ids(grouping: Grouping) -> list[tuple[str, ...]]:
    return [group.ids for group in grouping.groups]


def test_one_mailbox_in_many_spellings_is_one_group() -> None:
    found = grouped(
        ("Anna.Belova@gmail.com", "Анна Белова"),
        ("annabelova+expo@googlemail.com", "Anna Belova"),
        ("ANNABELOVA@gmail.com", ""),
    )
    assert ids(found) == [("1", "2", "3")]
    assert found.groups[0].rules == (Rule.ADDRESS,)


def test_a_group_is_named_by_its_smallest_id() -> None:
    rows = [Row("10", "a.belova@firm.example"), Row("9", "a.belova@firm.example")]
    assert group_rows(rows).groups[0].key == "9"


def test_a_department_mailbox_joins_nobody() -> None:
    found = grouped(("info@firm.example", "Анна Белова"), ("info@firm.example", "Анна Белова"))
    assert not found.groups
    assert set(found.aside.values()) == {SetAside.ROLE}


def test_a_department_word_on_the_persons_own_domain_is_the_person() -> None:
    assert ids(grouped(("info@ivan-petrov.example", "Иван Петров"))) == [("1",)]


def test_a_firm_named_in_its_own_domain_is_no_person() -> None:
    assert grouped(("zakupki@etalon-trans.example", "Эталон Транс")).aside == {"1": SetAside.ROLE}


def test_three_unlike_full_names_make_an_address_shared() -> None:
    found = grouped(*(("gruppa7@union.example", name) for name in ("Анна Белова", "Олег Сидоров", "Павел Жук")))
    assert set(found.aside.values()) == {SetAside.HUB}


def test_two_unlike_names_on_one_address_are_left_to_a_person() -> None:
    found = grouped(("semya@mail.ru", "Анна Белова"), ("semya@mail.ru", "Олег Белов"), ("semya@mail.ru", ""))
    assert set(found.aside.values()) == {SetAside.NAMES_DIFFER}
    assert len(found.aside) == 3


def test_family_on_one_address_is_not_one_person_even_by_given_names() -> None:
    assert set(grouped(("dom@mail.ru", "Оля"), ("dom@mail.ru", "Марина")).aside.values()) == {SetAside.NAMES_DIFFER}


def test_robots_relays_and_our_own_are_nobodys() -> None:
    known = Known(frozenset({"boss@mail.ru"}), frozenset({"own.example"}), frozenset({"ads.example"}))
    found = grouped(
        ("noreply@shop.example", ""),
        ("mailer-daemon@mx.example", ""),
        ("user123@reply.avito.ru", "Анна Белова"),
        ("x@ads.example", "Анна Белова"),
        ("anna@own.example", "Анна Белова"),
        ("anna@mail.own.example", "Анна Белова"),
        ("boss@mail.ru", "Анна Белова"),
        known=known,
    )
    told = [found.aside[str(number)] for number in range(1, 8)]
    assert told == [SetAside.ROBOT] * 2 + [SetAside.RELAY] * 2 + [SetAside.OWN] * 3


def test_a_list_that_writes_for_people_joins_nobody() -> None:
    found = grouped(("club@union.example", "Анна Белова via Клуб"), ("club@union.example", "Анна Белова"))
    assert set(found.aside.values()) == {SetAside.HUB}


def test_one_firm_domain_joins_no_people() -> None:
    found = grouped(("a.belova@firm.example", "Анна Белова"), ("o.zhuk@firm.example", "Олег Жук"))
    assert ids(found) == [("1",), ("2",)]


def test_one_full_name_at_one_firm_is_one_person_when_one_mailbox_is_no_name() -> None:
    found = grouped(("a.belova@firm.example", "Анна Белова"), ("falcon7@firm.example", "Белова Анна"))
    assert ids(found) == [("1", "2")]
    assert Rule.NAME_AND_DOMAIN in found.groups[0].rules


def test_namesakes_at_one_firm_stay_two_people() -> None:
    for one, other in (("a.belova", "anna.belova"), ("falcon1", "falcon2")):
        found = grouped((f"{one}@firm.example", "Анна Белова"), (f"{other}@firm.example", "Анна Белова"))
        assert ids(found) == [("1",), ("2",)]
    initials = grouped(("falcon@f.example", "Anna B. Belova"), ("dragon@f.example", "Anna K. Belova"))
    assert len(initials.groups) + len(initials.aside) == 2


def test_one_full_name_at_two_free_mailboxes_is_no_proof() -> None:
    assert len(grouped(("a.belova@mail.ru", "Анна Белова"), ("a.belova@list.ru", "Анна Белова")).groups) == 2


def test_an_unusual_mailbox_name_with_the_same_full_name_is_one_person() -> None:
    found = grouped(("dragonfly@mail.ru", "Анна Белова"), ("dragonfly@list.ru", "Белова Анна"))
    assert ids(found) == [("1", "2")]
    assert Rule.NAME_AND_MAILBOX in found.groups[0].rules


def test_a_mailbox_name_that_two_names_use_is_nobodys_mark() -> None:
    found = grouped(
        ("dragonfly@mail.ru", "Анна Белова"),
        ("dragonfly@list.ru", "Анна Белова"),
        ("dragonfly@bk.ru", "Олег Жук"),
    )
    assert len(found.groups) == 3


def test_a_chain_that_disagrees_at_its_ends_falls_apart() -> None:
    found = grouped(
        ("dragonfly@firm.example", "Anna B. Belova"),
        ("dragonfly@mail.ru", "Anna Belova"),
        ("seagull@firm.example", "Anna K. Belova"),
    )
    assert len(found.groups) == 3


def test_an_empty_or_broken_or_double_address_is_set_aside() -> None:
    found = grouped(("", "Анна"), ("anna@", "Анна"), ("a@f.example, b@f.example", "Анна"))
    assert list(found.aside.values()) == [SetAside.NO_ADDRESS, SetAside.BROKEN_ADDRESS, SetAside.SEVERAL_ADDRESSES]


def test_ids_stand_in_the_order_people_read_them() -> None:
    assert sorted(["L10", "L9", "2"], key=natural) == ["2", "L9", "L10"]


_ADDRESS = some.sampled_from(
    ["a.belova@firm.example", "dragonfly@firm.example", "dragonfly@mail.ru", "info@firm.example", "x@y", "o.zhuk@ya.ru"]
)
_NAME = some.sampled_from(["", "Анна Белова", "Belova Anna", "Олег Жук", "Жук О.", "Анна", "Павел Сом"])


@given(some.lists(some.tuples(_ADDRESS, _NAME), max_size=12), some.randoms())
def test_every_row_has_one_place_and_the_order_does_not_matter(
    pairs: list[tuple[str, str]], chance: random.Random
) -> None:
    rows = [Row(str(number), address, name) for number, (address, name) in enumerate(pairs, 1)]
    there = group_rows(rows)
    placed = [identifier for group in there.groups for identifier in group.ids] + list(there.aside)
    assert sorted(placed) == sorted(row.id for row in rows)
    mixed = list(rows)
    chance.shuffle(mixed)
    again = group_rows(mixed)
    assert (again.groups, dict(again.aside)) == (there.groups, dict(there.aside))
