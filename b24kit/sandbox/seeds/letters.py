"""Texts of the generated letters: subjects, bodies with signatures, and the headers that tell one kind from another."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from b24kit.sandbox.seeds import names
from b24kit.sandbox.seeds.cast import Person
from b24kit.sandbox.seeds.organiser import DOMAIN, Seminar

# Formats take kind (as the event's kind is named in that case) and title.
_EVENT_SUBJECTS = (
    "{nominative} «{title}»",
    "Заявка на {accusative} «{title}»",
    "Участие в {prepositional} «{title}»",
    "Вопрос о {prepositional} «{title}»",
    "Хотим на {accusative} «{title}»",
    '{nominative} "{title}", стоимость участия',
    "Регистрация на {accusative} {title}",
)
_OTHER_SUBJECTS = (
    "Запрос стоимости участия",
    "Счёт на оплату",
    "Договор и закрывающие документы",
    "Аренда стенда",
    "Вопрос по программе",
    "Список участников",
    "Акт сверки",
    "Реквизиты для договора",
    "Перенос даты",
    "Предложение о сотрудничестве",
    "Застройка стенда, технический план",
    "Пропуска и монтаж",
    "",
)
_GREETINGS = (
    "Добрый день!",
    "Здравствуйте!",
    "Доброе утро!",
    "Коллеги, добрый день.",
    "Здравствуйте, уважаемые организаторы!",
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
)
_FAREWELLS = ("С уважением,", "С наилучшими пожеланиями,", "Спасибо!", "--", "Best regards,")
_NEWS = (
    "Скидки недели до 70 %",
    "Дайджест отрасли: итоги месяца",
    "Только до пятницы: два по цене одного",
    "Вебинар для HR завтра",
)
_NOTICES = (
    "Выписка по счёту",
    "Ваш заказ принят",
    "Документ подписан в ЭДО",
    "Изменён пароль",
    "Уведомление о доставке",
)


@dataclass(slots=True)
class Letter:
    """What came into a connected mailbox. `kind` is the truth about it; `person` the one it is really about."""

    kind: str  # human, shared, relay, forwarded, employee, newsletter, notification, auto_reply, bounce
    mailbox: str
    owner: int
    sender_name: str
    sender: str
    subject: str
    body: str
    person: Person | None = None
    event: Seminar | None = None
    reply_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def sender_line(self) -> str:
        """The From header: `Иван Петров <i.petrov@alfa.example>`."""
        if not self.sender or not self.sender_name:
            return self.sender_name or self.sender
        return f"{self.sender_name} <{self.sender}>"


def subject_of(chance: Random, event: Seminar | None) -> str:
    """A subject that names the event in one of its forms, or speaks of something else."""
    if event is None:
        return chance.choice(_OTHER_SUBJECTS)
    words = {"title": event.title, "accusative": event.accusative, "prepositional": event.prepositional}
    text = chance.choice(_EVENT_SUBJECTS).format(nominative=event.nominative, **words)
    return text.lower() if chance.random() < 0.15 else text


def body_of(chance: Random, person: Person, quoted: str = "") -> str:
    """Greeting, one or two sentences, a signature, and the quoted letter under a reply."""
    sentences = chance.sample(_REQUESTS, 1 if chance.random() < 0.6 else 2)
    parts = [chance.choice(_GREETINGS), " ".join(sentences), signature(chance, person)]
    if quoted:
        parts.append("\n".join(f"> {line}" for line in quoted.splitlines()[:4]))
    return "\n\n".join(parts)


def signature(chance: Random, person: Person) -> str:
    """Name, position, company and phone as people sign; every fourth letter lacks some of it."""
    full = f"{person.name.given} {person.name.surname}"
    lines = [chance.choice(_FAREWELLS), full]
    if person.firm and chance.random() < 0.8:
        lines += [person.position, person.firm.legal_title]
    if chance.random() < 0.75:
        lines.append(f"тел. {names.phone_spelling(chance, person.phone)}")
    return "\n".join(lines)


def newsletter(chance: Random, number: int) -> tuple[str, str, str, str, dict[str, str]]:
    """Sender's name, address, subject, body and headers of a bulk letter."""
    domain = f"news{number % 40}.promo-rassylka.example"
    headers = {"List-Unsubscribe": f"<https://{domain}/unsubscribe>", "Precedence": "bulk"}
    return (
        "Новости отрасли",
        f"news@{domain}",
        chance.choice(_NEWS),
        "Если письмо не отображается, откройте его в браузере.",
        headers,
    )


def notification(chance: Random) -> tuple[str, str, str, str, dict[str, str]]:
    """Sender's name, address, subject, body and headers of a machine's notice."""
    domain = chance.choice(("bank.example", "edo-service.example", "delivery.example", "market.example"))
    subject = f"{chance.choice(_NOTICES)} № {chance.randrange(1000, 99999)}"
    headers = {"Auto-Submitted": "auto-generated"}
    return (
        "",
        f"{chance.choice(('noreply', 'no-reply', 'robot'))}@{domain}",
        subject,
        "Не отвечайте на это письмо.",
        headers,
    )


def auto_reply(chance: Random, subject: str) -> tuple[str, str, dict[str, str]]:
    """Subject, body and headers of an answering machine."""
    if chance.random() < 0.6:
        text = "Я в отпуске до понедельника. По срочным вопросам обращайтесь к коллегам."
        return f"Автоответ: {subject}", text, {"Auto-Submitted": "auto-replied", "X-Autoreply": "yes"}
    return (
        f"Out of office: {subject}",
        "I am out of office with limited access to e-mail.",
        {"Auto-Submitted": "auto-replied"},
    )


def bounce(address: str) -> tuple[str, str, dict[str, str]]:
    """Subject, body and headers of an undelivered letter."""
    text = f"The following address had permanent fatal errors:\n<{address}>\n550 5.1.1 User unknown"
    return (
        "Undelivered Mail Returned to Sender",
        text,
        {"Auto-Submitted": "auto-replied", "Content-Type": "multipart/report"},
    )


def relayed(chance: Random, person: Person, event: Seminar | None) -> tuple[str, str]:
    """Subject and body of a letter that a site's form sends on behalf of a person."""
    lines = [
        f"Имя: {person.name.given} {person.name.surname}",
        f"E-mail: {person.addresses[0]}",
        f"Телефон: {names.phone_spelling(chance, person.phone)}",
        f"Компания: {person.firm.title if person.firm else '-'}",
        f"Мероприятие: {event.title if event else 'не указано'}",
    ]
    return f"Новая заявка с сайта {DOMAIN}", "\n".join(lines)


def forwarded(chance: Random, person: Person, subject: str) -> tuple[str, str]:
    """Subject and body of a client's letter that a colleague passed on."""
    line = "-" * 10
    author = f"{person.name.given} {person.name.surname} <{person.addresses[0]}>"
    head = f"{line} Пересылаемое сообщение {line}\nОт: {author}"
    return f"Fwd: {subject}", f"Коллеги, ваш клиент.\n\n{head}\nТема: {subject}\n\n{body_of(chance, person)}"
