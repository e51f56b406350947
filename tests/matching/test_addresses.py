"""One mailbox, however it was written; rules of providers can be switched off."""

from __future__ import annotations

import pytest

from b24kit.matching.addresses import Aliases, addresses_in, canonical


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Anna.Belova@Firm.Example", "anna.belova@firm.example"),
        (" <anna@firm.example> ", "anna@firm.example"),
        ("mailto:anna@firm.example", "anna@firm.example"),
        ("a.n.n.a+expo@gmail.com", "anna@gmail.com"),
        ("Anna@GoogleMail.com", "anna@gmail.com"),
        ("anna-belova@ya.ru", "anna.belova@yandex.ru"),
        ("anna.belova+work@yandex.kz", "anna.belova@yandex.ru"),
        ("anna.belova@narod.ru", "anna.belova@yandex.ru"),
        ("anna+1@outlook.com", "anna@outlook.com"),
        ("anna+1@mail.ru", "anna@mail.ru"),
        ("123+annab@users.noreply.github.com", "annab@users.noreply.github.com"),
        ("анна@почта.рф", "анна@xn--80a1acny.xn--p1ai"),
    ],
)
def test_spellings_of_one_mailbox_have_one_key(written: str, key: str) -> None:
    assert canonical(written) == key


@pytest.mark.parametrize("other", ["bk.ru", "inbox.ru", "list.ru", "internet.ru"])
def test_mail_ru_and_its_sisters_are_different_mailboxes(other: str) -> None:
    assert canonical("anna@mail.ru") != canonical(f"anna@{other}")


def test_unknown_hosts_keep_dots_and_tags() -> None:
    assert canonical("a.b+c@firm.example") == "a.b+c@firm.example"
    assert canonical("ab@firm.example") != canonical("a.b@firm.example")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "no",
        "root@localhost",
        "anna@pc.(none)",
        "anna@mac.local",
        "anna@",
        "@firm.example",
        "anna@10.0.0.1",
        "+x@gmail.com",
    ],
)
def test_what_is_no_public_address_is_no_key(broken: str) -> None:
    assert canonical(broken) is None


def test_two_addresses_in_one_field_are_nobodys_key() -> None:
    assert canonical("a@firm.example, b@firm.example") is None
    assert addresses_in("a@firm.example, b@firm.example") == ("a@firm.example", "b@firm.example")


def test_rules_of_providers_can_be_switched_off() -> None:
    assert canonical("a-b@ya.ru", Aliases(yandex=False)) == "a-b@ya.ru"
    assert canonical("a.b@gmail.com", Aliases(gmail=False)) == "a.b@gmail.com"
    assert canonical("ab+x@gmail.com", Aliases(plus_tags=False)) == "ab+x@gmail.com"
    assert canonical("ab+x@mail.ru", Aliases(mail_ru=False)) == "ab+x@mail.ru"
