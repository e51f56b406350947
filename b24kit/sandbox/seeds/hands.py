"""How people of the generated company write: greetings, requests, signatures of many habits, quotations, HTML."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from random import Random

from b24kit.sandbox.seeds import names
from b24kit.sandbox.seeds.cast import Person
from b24kit.sandbox.seeds.organiser import COMPANY_NAME, DOMAIN

_GREETINGS = (
    "Добрый день!",
    "Здравствуйте!",
    "Доброе утро!",
    "Коллеги, добрый день.",
    "Здравствуйте, уважаемые организаторы!",
    "Приветствую.",
    "",
)
_REQUESTS = (
    "Подскажите, пожалуйста, есть ли ещё свободные места и какова стоимость для двух человек.",
    "Просим выставить счёт на участие. Реквизиты во вложении.",
    "Когда будет готов договор? Без него бухгалтерия не проводит оплату.",
    "Интересует стенд 12 кв. м с оборудованием. Пришлите схему зала.",
    "Направляем заполненную анкету участника.",
    "Во вложении подписанный акт. Оригинал отправим почтой.",
    "Можно ли перенести участие на следующий поток?",
    "Пришлите, пожалуйста, программу и список спикеров.",
    "Напоминаю о своём вопросе, ответа пока не получили.",
    "С понедельника я в отпуске, поэтому вышлите счёт сегодня, если можно.",
    "Получили ваше письмо, спасибо, передал директору. Ответим завтра.",
    "Прошу отписать меня от вашей рассылки, но на семинар я приду.",
    "Заявку на сайте оставить не смог, форма не отправляется. Запишите нас так.",
    "Звонил вам дважды, не дозвонился. Перезвоните, пожалуйста, после обеда.",
    "Мы разместили у себя объявление о вашем мероприятии, ждём логотип.",
    "Please send us the price list in English.",
)
_FAREWELLS = (
    "С уважением,",
    "С наилучшими пожеланиями,",
    "Спасибо!",
    "--",
    "Best regards,",
    "С уважением",
    "Благодарю,",
)


def body_of(chance: Random, person: Person, about: str = "") -> str:
    """Greeting, one or two sentences, perhaps a word on the matter, and a signature."""
    sentences = chance.sample(_REQUESTS, 1 if chance.random() < 0.6 else 2)
    parts = [chance.choice(_GREETINGS), about, " ".join(sentences), signature(chance, person)]
    return "\n\n".join(part for part in parts if part)


def signature(chance: Random, person: Person) -> str:
    """Name, position, company and phone in one of the ways people sign; some leave out a part, some everything."""
    if chance.random() < 0.08:
        return chance.choice((person.name.given, "Отправлено с iPhone", "Отправлено из мобильной Почты"))
    return chance.choice(_STYLES)(chance, person)


def quoted_under(chance: Random, text: str, person: Person) -> str:
    """Our answer and the client's own earlier words as mail programs put them under a reply."""
    ours = f"Добрый день, {person.name.given}!\nОтвечаем на ваш вопрос, подробности во вложении.\n\nС уважением,\n"
    ours += f"Ольга Киселёва\nМенеджер по продажам, {COMPANY_NAME}\nтел. +7 495 000-11-22"
    date = f"{chance.randrange(1, 28)}.{chance.randrange(1, 12):02d}.2025"
    lines = "\n".join(f"> {line}" for line in (*ours.split("\n"), *text.split("\n")[:4]))
    styles = (
        lines,
        f"{date}, 14:05, Ольга Киселёва <o.kiseleva@{DOMAIN}>:\n{lines}",
        f"{date} 12:10, {COMPANY_NAME} пишет:\n{lines}",
        f"On {date} at 12:10 {COMPANY_NAME} <info@{DOMAIN}> wrote:\n{lines}",
        f"-----Original Message-----\nFrom: {COMPANY_NAME} <info@{DOMAIN}>\nSent: {date}\nSubject: Re\n\n{ours}",
        f"От: info@{DOMAIN}\nОтправлено: {date} 10:00\nКому: {person.addresses[0]}\nТема: Re: вопрос\n\n{ours}",
    )
    return chance.choice(styles)


def as_html(text: str) -> str:
    """The same text as a mail program's HTML, quotations as a blockquote."""
    shown: list[str] = []
    quoting = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        if quoted != quoting:
            shown.append("<blockquote>" if quoted else "</blockquote>")
            quoting = quoted
        shown.append(f"<div>{escape(line.lstrip('> ') if quoted else line) or '<br>'}</div>")
    return "<html><head><style>div{font:14px Arial}</style></head><body>" + "".join(shown) + "</body></html>"


def _blocks(chance: Random, person: Person) -> str:
    full = f"{person.name.given} {person.name.surname}"
    lines = [chance.choice(_FAREWELLS), full]
    if person.firm and chance.random() < 0.8:
        lines += [person.position, person.firm.legal_title]
    if chance.random() < 0.75:
        lines.append(f"тел. {names.phone_spelling(chance, person.phone)}")
    return "\n".join(lines)


def _full_name_first(chance: Random, person: Person) -> str:
    name = person.name
    firm = f"{person.firm.legal_title}, " if person.firm else ""
    line = f"{firm}{person.position[:1].lower()}{person.position[1:]}"
    number = names.phone_spelling(chance, person.phone)
    return f"С уважением,\n{name.surname} {name.given} {name.patronymic}\n{line}\nМоб.: {number}"


def _bars(_: Random, person: Person) -> str:
    firm = f" | {person.firm.legal_title}" if person.firm else ""
    first = f"{person.name.given} {person.name.surname} | {person.position}{firm}"
    return f"--\n{first}\n{person.phone} | {person.addresses[0]}"


def _one_line(chance: Random, person: Person) -> str:
    position = f"{person.position.lower()} " if chance.random() < 0.6 else ""
    number = names.phone_spelling(chance, person.phone)
    return f"С уважением, {position}{person.name.given} {person.name.surname}, т. {number}"


def _latin(_: Random, person: Person) -> str:
    firm = f"\n{names.latin(person.firm.title).title()} LLC" if person.firm else ""
    return f"Kind regards,\n{person.name.latin_given} {person.name.latin_surname}{firm}\nMobile: {person.phone}"


def _bare(chance: Random, person: Person) -> str:
    return f"{person.name.given}\n{names.phone_spelling(chance, person.phone)}"


def _initials(_: Random, person: Person) -> str:
    name = person.name
    firm = f"\n{person.firm.legal_title}" if person.firm else ""
    return f"{person.position}{firm}\n{name.given[0]}.{name.patronymic[0]}. {name.surname}\nРаб.: {person.phone}"


_STYLES: tuple[Callable[[Random, Person], str], ...] = (
    _blocks,
    _blocks,
    _blocks,
    _full_name_first,
    _bars,
    _one_line,
    _latin,
    _bare,
    _initials,
)
