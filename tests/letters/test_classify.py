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


FORM_TEXT = "Имя: Анна Белова\nE-mail: anna@firm.example\nТелефон: 8 916 123-45-67\n"


@pytest.mark.parametrize(
    ("sender", "subject", "text", "wanted"),
    [
        ("noreply@forms-relay.example", "Привет", None, LetterClass.RELAY),
        ("noreply@any.example", "Новая заявка с сайта", None, LetterClass.FORM),
        ("wordpress@own.example", "Заказ обратного звонка", None, LetterClass.FORM),
        ("noreply@any.example", "Форма", FORM_TEXT, LetterClass.FORM),
        ("user1@reply.avito.ru", "Сообщение", None, LetterClass.MARKETPLACE),
        ("noreply@any.example", "Отклик на ваше объявление", "Ответьте в кабинете.", LetterClass.MARKETPLACE),
        ("noreply@any.example", "Пропущенный звонок с +7 916 123-45-67", None, LetterClass.TELEPHONY),
        ("report@any.example", "Вам звонили: +7 916 123-45-67", None, LetterClass.TELEPHONY),
        ("x@mango-office.ru", "Отчёт", None, LetterClass.TELEPHONY),
        ("lead@any.example", "Запрос", FORM_TEXT + "Не отвечайте на это письмо.", LetterClass.FORM),
    ],
)
def test_an_inquiry_through_a_machine_is_a_relay_not_a_notice(
    sender: str, subject: str, text: str | None, wanted: LetterClass
) -> None:
    assert kind(sender, subject, text) is wanted


def test_a_person_who_speaks_of_forms_calls_and_holidays_is_a_person() -> None:
    for subject in ("Пропущенный звонок", "Вопрос с сайта", "Заявка на семинар", "Объявление о наборе"):
        assert kind(subject=subject, text="Добрый день! Перезвоните мне.") is LetterClass.HUMAN
    assert kind(text="С понедельника я в отпуске, вышлите счёт сегодня.") is LetterClass.HUMAN
    assert kind(subject="Re: Счёт", text="Я в отпуске. Можно ли перенести оплату?") is LetterClass.HUMAN
    assert kind(text="Прошу отписать меня от рассылки, но на семинар приду.") is LetterClass.HUMAN
    assert kind(text="Ждём.\n\n> Чтобы отписаться, перейдите: http://own.example/u\n> Unsubscribe") is LetterClass.HUMAN


@pytest.mark.parametrize(
    "text", ["Имя: Анна\nE-mail: anna@firm.example", "Анна", "Почта: anna@firm.example\nE-mail: oleg@firm.example"]
)
def test_the_client_of_a_relay_is_certain_by_one_address_only(text: str) -> None:
    verdict = classify(Letter(sender="noreply@x.example"), "Новая заявка с сайта", OWN, text)
    assert verdict.is_clients is text.startswith("Имя")
    assert verdict.sender.address == ("anna@firm.example" if verdict.is_clients else "noreply@x.example")


def test_a_relay_with_the_client_in_reply_to_is_the_clients_letter() -> None:
    letter = Letter(sender="noreply@forms-relay.example", reply_to=PERSON)
    verdict = classify(letter, "Новая заявка с сайта", OWN)
    assert (verdict.kind, verdict.sender.address, verdict.is_clients) == (LetterClass.FORM, "anna@firm.example", True)


def test_reply_to_and_a_field_that_name_two_people_leave_the_client_open() -> None:
    letter = Letter(sender="noreply@forms-relay.example", reply_to=PERSON)
    assert not classify(letter, "Новая заявка с сайта", OWN, "E-mail: oleg@firm.example").is_clients


FORWARDED = """Коллеги, ваш клиент.

---------- Пересылаемое сообщение ----------
От: Анна Белова <anna@firm.example>
Тема: Счёт

Добрый день!"""


def test_a_forward_shows_its_client_or_leaves_him_open() -> None:
    boss = Letter(sender="Boss <boss@own.example>")
    inside = classify(boss, "Fwd: Счёт", OWN, FORWARDED)
    assert (inside.kind, inside.sender.address, inside.sender.name) == (
        LetterClass.FORWARDED,
        "anna@firm.example",
        "Анна Белова",
    )
    assert classify(boss, "Счёт", OWN, FORWARDED).kind is LetterClass.FORWARDED
    assert not classify(boss, "Fwd: Счёт", OWN, "Посмотрите").is_clients
    assert classify(boss, "Re: Счёт", OWN, FORWARDED).kind is LetterClass.EMPLOYEE


def test_a_forward_of_a_newsletter_has_no_client() -> None:
    text = FORWARDED.replace("anna@firm.example", "noreply@promo.example")
    assert not classify(Letter(sender="boss@own.example"), "Fwd: Счёт", OWN, text).is_clients


@pytest.mark.parametrize(
    ("sender", "subject", "text", "wanted"),
    [
        ("help@firm.example", "[#4411] Счёт", "Ваше обращение зарегистрировано.", LetterClass.AUTO_REPLY),
        (PERSON, "Re: Счёт", "Нахожусь в отпуске до 5 мая.", LetterClass.AUTO_REPLY),
        (PERSON, "Re: Счёт", "Анна больше не работает в компании.", LetterClass.AUTO_REPLY),
        ("support@mx.example", "Не доставлено: Счёт", "550 5.1.1 User unknown", LetterClass.BOUNCE),
        ("x@promo.example", "Скидки", "Успейте!\nhttp://promo.example\nОтписаться", LetterClass.NEWSLETTER),
        ("x@bank.example", "Пароль", "Письмо сформировано автоматически.", LetterClass.NOTIFICATION),
    ],
)
def test_machines_without_headers_are_known_by_what_they_say(
    sender: str, subject: str, text: str, wanted: LetterClass
) -> None:
    assert kind(sender, subject, text) is wanted


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
