"""Who wrote: headers as they really come, and Reply-To where From speaks for somebody else."""

from __future__ import annotations

import pytest

from b24kit.crm.activity import Letter
from b24kit.letters.sender import Found, own_addresses, parse, speaking_for_many, who_wrote

OWN = own_addresses(["boss@own.example", "helper@mail.ru"], ["info@own.example"], ["second.example"])


@pytest.mark.parametrize(
    ("header", "address", "name"),
    [
        ("Anna Belova <anna@firm.example>", "anna@firm.example", "Anna Belova"),
        ('"Белова, Анна" <anna@firm.example>', "anna@firm.example", "Анна Белова"),
        ("anna@firm.example (Anna Belova)", "anna@firm.example", "Anna Belova"),
        ("anna@firm.example", "anna@firm.example", ""),
        ("<anna@firm.example>", "anna@firm.example", ""),
        ("mailto:anna@firm.example", "anna@firm.example", ""),
        ("=?utf-8?B?0JDQvdC90LAg0JHQtdC70L7QstCw?= <anna@firm.example>", "anna@firm.example", "Анна Белова"),
        ("=?koi8-r?Q?=E1=CE=CE=C1?= <anna@firm.example>", "anna@firm.example", "Анна"),
        ("'Anna Belova' via Clients <clients@list.example>", "clients@list.example", "Anna Belova"),
        ("anna@firm.example <anna@firm.example>", "anna@firm.example", ""),
        ("Анна Белова", "", "Анна Белова"),
        ("", "", ""),
    ],
)
def test_a_header_gives_address_and_name(header: str, address: str, name: str) -> None:
    sender = parse(header)
    assert (sender.address, sender.name) == (address, name)


def test_an_encoded_word_in_an_unknown_charset_stays_as_it_came() -> None:
    assert parse("=?no-such?B?0JDQ?= <anna@firm.example>").address == "anna@firm.example"


def test_several_addresses_stay_several() -> None:
    assert parse("a@firm.example, b@firm.example").address == "a@firm.example, b@firm.example"
    assert parse("a@firm.example, b@firm.example").key is None


def test_a_broken_address_is_kept_to_be_shown() -> None:
    assert parse("anna@").address == "anna@"


@pytest.mark.parametrize(
    "from_", ["Форма <noreply@forms-relay.example>", "robot@shop.example", "Boss <boss@own.example>"]
)
def test_reply_to_is_the_client_when_from_speaks_for_others(from_: str) -> None:
    found = who_wrote(Letter(sender=from_, reply_to="Анна <anna@firm.example>"), OWN)
    assert (found.address, found.name, found.found) == ("anna@firm.example", "Анна", Found.REPLY_TO)


def test_the_relays_own_name_is_not_the_clients() -> None:
    assert who_wrote(Letter(sender="Форма Сайта <noreply@x.example>", reply_to="anna@firm.example"), OWN).name == ""


def test_a_relay_that_shows_the_clients_name_gives_it() -> None:
    letter = Letter(sender="Anna Belova <noreply@x.example>", reply_to="belova@firm.example")
    assert who_wrote(letter, OWN).name == "Anna Belova"


def test_a_persons_reply_to_changes_nothing() -> None:
    letter = Letter(sender="Анна <anna@firm.example>", reply_to="other@firm.example")
    assert who_wrote(letter, OWN).address == "anna@firm.example"


@pytest.mark.parametrize("reply_to", ["info@own.example", "noreply@x.example", "a@f.example, b@f.example", "нет"])
def test_a_reply_to_that_is_no_person_is_not_believed(reply_to: str) -> None:
    letter = Letter(sender="noreply@shop.example", reply_to=reply_to)
    assert who_wrote(letter, OWN).found is Found.FROM


def test_own_domains_come_from_firm_addresses_never_from_free_mail() -> None:
    assert OWN.domains == {"own.example", "second.example"}
    assert "helper@mail.ru" in OWN.addresses


def test_a_mailbox_that_asks_to_answer_to_many_people_is_a_relay_nobody_listed() -> None:
    def letters(sender: str, count: int) -> list[Letter]:
        return [Letter(sender=sender, reply_to=f"client{number}@firm.example") for number in range(count)]

    assert speaking_for_many(letters("results@survey.example", 3), OWN) == {"survey.example"}
    assert speaking_for_many(letters("anna@survey.example", 2), OWN) == frozenset()
    assert speaking_for_many(letters("anna@gmail.com", 5), OWN) == frozenset()
    assert speaking_for_many(letters("site@own.example", 5), OWN) == frozenset()
    same = [Letter(sender="a@survey.example", reply_to="anna@mail.ru")] * 5
    assert speaking_for_many(same, OWN) == frozenset()
