"""A letter of the generated company, and what people write on the subject line."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from b24kit.sandbox.seeds.cast import Person, Running
from b24kit.sandbox.seeds.organiser import Seminar

_NUMBER_SUBJECTS = (
    "По договору № {number}",
    "Договор {number}, закрывающие документы",
    "Счёт к договору №{number}",
    "Вопрос по дог. {number}",
)
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


@dataclass(slots=True)
class Letter:
    """What came into a connected mailbox. `kind` is the truth about it; `person` the one it is really about."""

    kind: str  # human, shared, form_relay, marketplace_relay, telephony_relay, forwarded, employee, newsletter, ...
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
    text: str = ""  # the key of the text it was made of
    deal: Running | None = None  # the running deal it was written about
    told: bool = True  # whether the client's address can be seen in it
    unseen: bool = False  # made of a text that the rules for reading letters were not written against
    answered: bool = False  # somebody of ours answered it

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


def subject_with_number(chance: Random, number: str) -> str:
    """A subject that gives the number of a contract."""
    return chance.choice(_NUMBER_SUBJECTS).format(number=number)
