"""What an address says about who is behind it."""

from __future__ import annotations

import pytest

from b24kit.matching import domains


@pytest.mark.parametrize(
    "local", ["info", "sales", "office", "buh", "zakaz", "zakaz2", "info.msk", "sales-spb", "zakupki"]
)
def test_departments_are_known_by_the_mailbox(local: str) -> None:
    assert domains.is_role(local)


@pytest.mark.parametrize("local", ["ivanov", "a.salesov", "infante", "kdoe", "officer.ivan"])
def test_people_are_no_departments(local: str) -> None:
    assert not domains.is_role(local)


@pytest.mark.parametrize(
    "local", ["noreply", "no-reply", "mailer-daemon", "bounce+42=x", "shop-noreply", "do_not_reply2"]
)
def test_mailboxes_that_nobody_reads(local: str) -> None:
    assert domains.is_robot(local)


def test_people_are_no_robots() -> None:
    assert not any(map(domains.is_robot, ["robotov", "botova.anna", "ivan", "norep"]))


@pytest.mark.parametrize("domain", ["gmail.com", "mail.ru", "ya.ru", "internet.ru", "narod.ru", "xmail.ru", "vk.com"])
def test_free_mail_identifies_no_company(domain: str) -> None:
    assert domains.is_free_mail(domain)
    assert domains.corporate_domain(f"anna@{domain}") is None


def test_a_company_is_known_by_the_part_that_it_registered() -> None:
    assert domains.corporate_domain("anna@mail.firm.co.uk") == "firm.co.uk"
    assert domains.corporate_domain("anna@firm.example") == "firm.example"


def test_relays_are_no_companies_and_a_playbook_may_name_more() -> None:
    assert domains.is_relay("reply.avito.ru")
    assert domains.is_relay("forms-relay.example")
    assert domains.corporate_domain("x@tilda.ws") is None
    assert not domains.is_relay("leads.example")
    assert domains.is_relay("leads.example", frozenset({"leads.example"}))
