"""Tier A: what joins without asking, and every known way in which two people look like one."""

from __future__ import annotations

import pytest

from tests.matching.piles import CROWD, joined, matched


def test_one_mailbox_in_two_spellings_under_one_name_in_two_scripts_is_one_person() -> None:
    assert joined(
        matched(("Ольга Щукарева", "o.shchukareva+expo@gmail.com"), ("Olga Shchukareva", "OShchukareva@googlemail.com"))
    )


def test_one_mobile_number_under_a_full_and_a_short_name_is_one_person() -> None:
    found = matched(
        ("Александр Бурмистров", "", "8 916 200-30-41"), ("Саша Бурмистров", "burm@mail.ru", "+79162003041")
    )
    assert joined(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Александр Бурмистров", "", "+79162003041"), ("Ольга Бурмистрова", "", "+79162003041")),  # a family
        (("", "a@one.example", "+79162003041"), ("", "b@two.example", "+79162003041")),  # no names
        (("Пётр Ганин", "", "+74952003041"), ("Пётр Ганин", "", "+74952003041")),  # an office
    ],
)
def test_a_number_that_one_person_need_not_hold_joins_nobody(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert not joined(matched(one, other))


def test_a_rare_full_name_at_one_firm_is_one_person() -> None:
    found = matched(("Евстафий Хворостухин", "e.hvorostuhin@f.example"), ("Хворостухин Евстафий", "orel@f.example"))
    assert joined(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Александр Иванов", "a.ivanov@firm.example"), ("Александр Иванов", "aleksandr.ivanov@firm.example")),
        (("Александр Иванов", "ivanov1@firm.example"), ("Александр Иванов", "ivanov2@firm.example")),
        (("Александр Иванов", "a.ivanov@mail.ru"), ("Александр Иванов", "a.ivanov@list.ru")),
        (("Александр Иванов", "ivanov1985@mail.ru"), ("Александр Иванов", "ivanov1985@list.ru")),
        (("Александр Иванов", ""), ("Александр Иванов", "")),
    ],
)
def test_namesakes_stay_two_people(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert not joined(matched(one, other))


def test_an_unusual_mailbox_name_is_a_second_sign_but_not_a_purpose() -> None:
    name = "Евстафий Хворостухин"
    assert joined(matched((name, "vodolaz77@mail.ru"), (name, "vodolaz77@users.noreply.github.com")))
    assert not joined(matched((name, "github@one.example"), (name, "github@two.example")))


def test_a_mailbox_name_that_two_people_use_is_nobodys_mark() -> None:
    name = "Евстафий Хворостухин"
    found = matched((name, "vodolaz77@mail.ru"), (name, "vodolaz77@list.ru"), ("Олег Жуковец", "vodolaz77@bk.ru"))
    assert not joined(found)


def test_a_rare_name_that_changes_its_mailbox_within_days_is_one_person() -> None:
    name = "Евстафий Хворостухин"
    near = matched((name, "e.hv@one.example", "", "2025-03-01"), (name, "hvorostuhin@two.example", "", "2025-03-04"))
    far = matched((name, "e.hv@one.example", "", "2025-03-01"), (name, "hvorostuhin@two.example", "", "2026-02-01"))
    common = matched(
        ("Иван Иванов", "i@one.example", "", "2025-03-01"), ("Иван Иванов", "v@two.example", "", "2025-03-04")
    )
    assert joined(near) and not joined(far) and not joined(common)


def test_a_pile_written_on_one_day_has_no_time_to_tell() -> None:
    rows = [(*row[:3], "2025-03-01") for row in CROWD]
    name = "Евстафий Хворостухин"
    found = matched(
        (name, "e.hv@one.example", "", "2025-03-01"), (name, "h@two.example", "", "2025-03-01"), *rows, crowd=False
    )
    assert not joined(found)


def test_one_mailbox_on_two_hosts_of_a_firm_is_one_person_when_its_name_is_unusual() -> None:
    assert joined(matched(("Олег Жуковец", "seagull@mail.firm.example"), ("", "seagull@firm.example")))
    assert not joined(
        matched(("Олег Жуковец", "zhukovec@mail.firm.example"), ("Олежка Жуковец", "zhukovec@firm.example"))
    )


@pytest.mark.parametrize("address", ["root@localhost", "anna@(none)", "devnull@localhost.localdomain"])
def test_a_machine_without_a_name_joins_nobody(address: str) -> None:
    assert not joined(matched(("Олег Жуковец", address), ("Олег Жуковец", address)))


def test_an_account_on_a_named_machine_is_the_person_of_its_full_name_only() -> None:
    assert joined(
        matched(("Евстафий Хворостухин", "eh@eh-laptop.local"), ("Евстафий Хворостухин", "eh@eh-laptop.local", "1"))
    )
    assert not joined(matched(("Олег Жуковец", "user@laptop.(none)"), ("Анна Ремизова", "user@laptop.(none)")))


def test_a_list_that_writes_for_people_joins_nobody() -> None:
    found = matched(("Олег Жуковец via Клуб", "club@union.example"), ("Анна Ремизова via Клуб", "club@union.example"))
    assert not joined(found)


def test_robots_with_a_name_are_nobody() -> None:
    assert not joined(
        matched(("deploy-helper[bot]", "helper@ci.example"), ("deploy-helper[bot]", "helper@other.example"))
    )


def test_a_shared_address_joins_the_same_full_name_and_no_other() -> None:
    found = matched(
        ("Евстафий Хворостухин", "union7@union.example"),
        ("Хворостухин Евстафий", "union7@union.example"),
        ("Олег Жуковец", "union7@union.example"),
        ("Анна Ремизова", "union7@union.example"),
    )
    assert joined(found, 0, 1) and not joined(found, 0, 2) and not joined(found, 2, 3)


def test_middle_initials_that_differ_are_two_people() -> None:
    found = matched(("Anna B. Remizova", "gull@f.example"), ("Anna K. Remizova", "dove@f.example"))
    assert not joined(found)


def test_a_chain_whose_ends_disagree_falls_apart_at_its_weakest_link() -> None:
    found = matched(
        ("Евстафий Хворостухин", "vodolaz77@mail.ru", "+79162003041"),
        ("Евстафий К. Хворостухин", "vodolaz77@list.ru"),
        ("Евстафий П. Хворостухин", "hvor@bk.ru", "+79162003041"),
    )
    assert joined(found, 0, 2) and not joined(found, 0, 1)
    (cut,) = found.clusters.cuts
    assert cut.rule.name == "NAME_AND_MAILBOX"
