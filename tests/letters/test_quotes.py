"""Where a letter turns into an earlier one, in the habits of many mail programs."""

from __future__ import annotations

import pytest

from b24kit.letters.quotes import heads, own_text, passed_on

OWN = "Спасибо, ждём."


@pytest.mark.parametrize(
    "quoted",
    [
        "> Добрый день",
        "03.03.2025 12:10, Анна Белова пишет:\n> Добрый день",
        "3 марта 2025 г., 12:10 пользователь Анна <anna@firm.example> написал:\nДобрый день",
        "On Mon, Mar 3, 2025 at 10:00 Anna Belova <\nanna@firm.example> wrote:\n> Hello",
        "-----Original Message-----\nFrom: Anna\nSent: Monday\nHello",
        "-------- Исходное сообщение --------\nОт: Анна",
        "От: anna@firm.example\nОтправлено: 3 марта\nКому: мне\nТема: Счёт\n\nДобрый день",
    ],
)
def test_the_earlier_letter_is_cut_off(quoted: str) -> None:
    assert own_text(f"{OWN}\n\n{quoted}") == OWN


def test_answers_between_quoted_lines_stay() -> None:
    assert own_text("> Когда?\nЗавтра.\n> Сколько?\nДва.") == "Завтра.\nДва."


def test_a_single_line_that_looks_like_a_header_is_the_writers_own() -> None:
    text = "Тема: о счёте\nКому: бухгалтерии"
    assert own_text(text) == text
    assert own_text("От: души спасибо!") == "От: души спасибо!"


def test_heads_inside_are_found_in_order_and_the_letter_under_the_first() -> None:
    text = (
        "Прошу.\n\n-------- Forwarded Message --------\nSubject: \tСчёт\nDate: \t3 марта\n"
        "From: \tBoss <boss@own.example>\n"
        "To: \tя\n\nСм. ниже\n\n---------- Пересылаемое сообщение ----------\n"
        "От: Анна <anna@firm.example>\nТема: Счёт\n\nТекст"
    )
    found = heads(text)
    assert [head.sender for head in found] == ["Boss <boss@own.example>", "Анна <anna@firm.example>"]
    assert all(head.passed_on for head in found)
    assert passed_on(text).strip().startswith("См. ниже")


def test_a_value_below_its_key_is_read() -> None:
    (head,) = heads("Begin forwarded message:\n\nFrom:\nAnna <anna@firm.example>\nSubject:\nInvoice\n\nHello")
    assert head.fields == {"from": "Anna <anna@firm.example>", "subject": "Invoice"}
