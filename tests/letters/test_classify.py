"""Whether a person wrote: headers, mailbox, subject; an inquiry through a machine is never taken for a notice."""

from __future__ import annotations

import pytest

from b24kit.crm.activity import Letter
from b24kit.letters.classify import LetterClass, classify
from b24kit.letters.sender import own_addresses

OWN = own_addresses(["boss@own.example"], ["info@own.example"])
PERSON = "Анна Белова <anna@firm.example>"


def kind(sender: str = PERSON, subject: str = "Вопрос", text: str | None = None, **headers: str) -> LetterClass:
    """What a letter is; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify(Letter(sender=sender, headers=named), subject, OWN, text).kind


def test_a_person_is_human() -> None:
    assert kind() is LetterClass.HUMAN
    assert kind(Auto_Submitted="no") is LetterClass.HUMAN


def test_a_department_mailbox_is_human_too_whose_it_is_comes_later() -> None:
    assert kind("info@firm.example") is LetterClass.HUMAN


@pytest.mark.parametrize(
    "told",
    [
        {"Auto_Submitted": "auto-replied"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
        {"subject": "Автоответ: Вопрос"},
        {"subject": "Out of Office: question"},
    ],
)
def test_answering_machines(told: dict[str, str]) -> None:
    assert kind(**told) is LetterClass.AUTO_REPLY


@pytest.mark.parametrize(
    "told",
    [
        {"sender": "MAILER-DAEMON@mx.own.example", "Auto_Submitted": "auto-replied"},
        {"Content_Type": 'multipart/report; report-type="delivery-status"'},
        {"sender": "postmaster@mx.example", "subject": "Undelivered Mail Returned to Sender"},
        {"X_Failed_Recipients": "gone@firm.example"},
    ],
)
def test_bounces(told: dict[str, str]) -> None:
    assert kind(**told) is LetterClass.BOUNCE


@pytest.mark.parametrize(
    "told", [{"List_Id": "<news.example>"}, {"List_Unsubscribe": "<https://n.example>"}, {"Precedence": "bulk"}]
)
def test_newsletters(told: dict[str, str]) -> None:
    assert kind("Новости <hello7@promo.example>", **told) is LetterClass.NEWSLETTER


def test_a_robots_notice() -> None:
    assert kind("noreply@bank.example", "Выписка") is LetterClass.NOTIFICATION
    assert kind("x7@bank.example", "Выписка", Auto_Submitted="auto-generated") is LetterClass.NOTIFICATION


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("noreply@forms-relay.example", "Привет", None),
        ("noreply@any.example", "Новая заявка с сайта", None),
        ("wordpress@own.example", "Заказ обратного звонка", None),
        ("noreply@any.example", "Форма", "Имя: Анна\nE-mail: anna@firm.example\n"),
        ("user1@reply.avito.ru", "Сообщение", None),
    ],
)
def test_an_inquiry_through_a_machine_is_a_relay_not_a_notice(sender: str, subject: str, text: str | None) -> None:
    assert kind(sender, subject, text) is LetterClass.RELAY


def test_a_relay_with_the_client_in_reply_to_is_the_clients_letter() -> None:
    letter = Letter(sender="noreply@forms-relay.example", reply_to=PERSON)
    verdict = classify(letter, "Новая заявка с сайта", OWN)
    assert (verdict.kind, verdict.sender.address) == (LetterClass.HUMAN, "anna@firm.example")


def test_a_newsletter_with_a_reply_to_stays_a_newsletter() -> None:
    letter = Letter(sender="noreply@promo.example", reply_to="editor@promo.example", headers={"List-Id": "<n>"})
    assert classify(letter, "Скидки", OWN).kind is LetterClass.NEWSLETTER


def test_our_own_people_are_no_clients_and_their_forwards_hold_one() -> None:
    assert kind("Boss <boss@own.example>", "Re: Счёт") is LetterClass.EMPLOYEE
    assert kind("Other <other@own.example>", "Счёт") is LetterClass.EMPLOYEE
    assert kind("Boss <boss@own.example>", "Fwd: Счёт") is LetterClass.FORWARDED
    assert kind("Boss <boss@own.example>", "Пересл.: Счёт") is not LetterClass.HUMAN


@pytest.mark.parametrize("sender", ["", "anna@", "a@f.example, b@f.example"])
def test_nobodys_letter_is_unclear(sender: str) -> None:
    assert kind(sender) is LetterClass.UNCLEAR


def test_the_sign_that_decided_is_told() -> None:
    assert classify(Letter(sender=PERSON, headers={"Precedence": "bulk"}), "x", OWN).sign == "precedence"
