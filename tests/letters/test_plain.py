"""Bodies as text: HTML, BB code and plain ones, whatever a mail program made of them."""

from __future__ import annotations

from b24kit.letters.plain import readable


def test_html_becomes_lines_and_quotations_keep_their_mark() -> None:
    body = "<html><head><style>p{x}</style></head><body><p>Добрый день!</p>Ждём&nbsp;<b>счёт</b>.<br>"
    body += "<blockquote><div>Когда?</div><div>Завтра</div></blockquote>Спасибо</body></html>"
    assert readable(body) == "Добрый день!\nЖдём счёт.\n> Когда?\n> Завтра\nСпасибо"


def test_a_table_of_a_form_keeps_label_and_value_on_one_line() -> None:
    body = "<table><tr><td>Имя</td><td>Анна</td></tr><tr><td>Телефон</td><td>123</td></tr></table>"
    assert readable(body) == "Имя\tАнна\nТелефон\t123"


def test_plain_text_is_left_as_it_is_even_with_angle_brackets() -> None:
    assert readable("Анна <anna@firm.example> пишет:\r\n> да\r\n") == "Анна <anna@firm.example> пишет:\n> да"


def test_bb_code_loses_its_marks() -> None:
    assert readable("[b]Счёт[/b] нужен[quote]Когда?[/quote]") == "Счёт нужен\n> Когда?"


def test_a_long_body_keeps_its_beginning_and_its_end() -> None:
    found = readable("А" * 5000 + "Отписаться", head=100, tail=50)
    assert len(found) < 170
    assert found.startswith("А") and found.endswith("Отписаться")


def test_broken_html_and_endless_bodies_do_no_harm() -> None:
    assert "счёт" in readable("<div><p>счёт<table><td></div><!-- <br>")
    assert len(readable("<p>" + "слово " * 100_000 + "</p>")) < 5000
