"""The outside world of the generated company: people, their firms and their addresses, before any card is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from random import Random

from b24kit.sandbox.seeds import names
from b24kit.sandbox.seeds.names import FullName
from b24kit.sandbox.seeds.organiser import Seminar

FREE_MAIL = ("mail.ru", "yandex.ru", "gmail.com", "bk.ru", "inbox.ru", "list.ru", "ya.ru", "rambler.ru")
_FREE_WEIGHTS = (34, 28, 20, 4, 4, 3, 4, 3)
_CORPORATE_ZONES = ("example", "example", "example", "test")  # reserved: no letter to them can ever arrive
SECOND_ADDRESS_SHARE = 0.08
RECEPTION_PHONE_SHARE = 0.10
OPT_OUT_SHARE = 0.03  # asked not to be written to
REFUSED_SHARE = 0.02  # asked so later, and only a lead knows
FAMILY_SHARE = 0.012  # share a telephone with somebody of their family, a third of them the mailbox too
SWAPPED_SHARE, MISTYPED_SHARE = 0.03, 0.02  # of the cards

_HEADS_TEXT = """
Альфа Вектор Гранд Дельта Евро Запад Импульс Каскад Лидер Магнит Норд Орион Партнёр Регион Север Титан Урал
Феникс Центр Эталон Юг Агро Био Вира Гамма Прайм Интер Кристалл Люкс Мега Нева Омега Пром Рост Сфера Тех Уник
Фарм Хлеб Эко
"""
_HEADS = _HEADS_TEXT.split()
_TAILS_TEXT = """
Сервис Строй Трейд Продукт Логистика Монтаж Групп Инвест Снаб Маркет Пласт Мебель Транс Пак Маш Хим Свет Торг
Инжиниринг Комплект Ресурс Дизайн Медиа Консалт
"""
_TAILS = _TAILS_TEXT.split()
_FORMS = ("ООО", "ООО", "ООО", "АО", "ИП", "ПАО", "ГК")
POSITIONS = (
    "Директор по развитию",
    "Менеджер по закупкам",
    "Главный бухгалтер",
    "Технолог",
    "Специалист по охране труда",
    "Руководитель отдела маркетинга",
    "Коммерческий директор",
    "Начальник отдела кадров",
    "Логист",
    "Помощник руководителя",
)


@dataclass(slots=True, eq=False)
class Firm:
    """A company outside: `known_id` is its card on the portal, when it has one."""

    key: str
    title: str
    legal_form: str
    domain: str
    phone: str
    people: list[Person] = field(default_factory=list, repr=False)
    known_id: int | None = None
    owner: int = 0

    @property
    def legal_title(self) -> str:
        """`ООО «Альфа-Сервис»`."""
        return f"{self.legal_form} «{self.title}»"


@dataclass(frozen=True, slots=True)
class Running:
    """A running deal: its card, its event, its number where the title has one, and how many days ago it began."""

    id: int
    event: Seminar
    named: bool  # the title names the event
    number: str
    age: float
    quiet: float  # days since its last activity


@dataclass(slots=True, eq=False)
class Person:
    """A person outside: addresses in canonical form, the first being the usual one."""

    key: str
    name: FullName
    addresses: list[str]
    phone: str
    position: str
    firm: Firm | None = None
    known_id: int | None = None
    owner: int = 0
    opted_out: bool = False
    refused_on_lead: bool = False  # said so in a letter; the card does not know yet
    deals: list[Running] = field(default_factory=list, repr=False)
    card: str = "right"  # how the name stands on the card: right, swapped or mistyped
    shares_box: bool = False  # writes from a mailbox of the family


@dataclass(slots=True)
class Cast:
    """Everybody: known clients first met as contacts, and newcomers whom the portal does not know."""

    known: list[Person]
    newcomers: list[Person]
    firms: list[Firm]
    foreign_firms: list[Firm]  # firms of newcomers, without a card


def gather(chance: Random, leads: int) -> Cast:
    """People and firms in proportion to the pile: about 900 known persons in 300 firms for 5,000 leads."""
    taken: set[str] = set()
    firms = [_firm(chance, f"F{number + 1}", taken) for number in range(max(3, round(leads * 0.06)))]
    known = [_person(chance, f"K{number + 1}", firms, 0.85, taken) for number in range(max(6, round(leads * 0.18)))]
    foreign = [_firm(chance, f"X{number + 1}", taken) for number in range(max(2, round(leads * 0.025)))]
    new = max(4, round(leads * 0.075))
    newcomers = [_person(chance, f"N{number + 1}", foreign, 0.55, taken) for number in range(new)]
    _families(chance, known, newcomers)
    for person in known:
        roll = chance.random()
        person.card = (
            "swapped" if roll < SWAPPED_SHARE else "mistyped" if roll < SWAPPED_SHARE + MISTYPED_SHARE else "right"
        )
        person.refused_on_lead = not person.opted_out and chance.random() < REFUSED_SHARE
    return Cast(known, newcomers, firms, foreign)


def address_spelling(chance: Random, address: str) -> str:
    """The same mailbox as a sender may write it: other case, a plus tag, dots of Gmail, ya.ru for yandex.ru."""
    box, _, domain = address.partition("@")
    roll = chance.random()
    if roll < 0.78:
        return address
    if roll < 0.86:
        return f"{box.title()}@{domain}"
    if roll < 0.90:
        return address.upper()
    if domain == "gmail.com":
        return (
            f"{box}+{chance.choice(('expo', 'work', 'seminar'))}@{domain}" if roll < 0.95 else f"{dotted(box)}@{domain}"
        )
    if domain == "yandex.ru":
        return f"{box}@ya.ru" if roll < 0.95 else f"{box.replace('.', '-')}@{domain}"
    return address


def dotted(box: str) -> str:
    """A Gmail mailbox with a dot more or less: the same box for Gmail."""
    return box.replace(".", "") if "." in box else f"{box[:1]}.{box[1:]}"


def _families(chance: Random, known: Sequence[Person], newcomers: Sequence[Person]) -> None:
    """Pairs of one surname with one telephone: the one is a client, the other is not known yet."""
    private = [one for one in known if one.firm is None]
    others = [one for one in newcomers if one.firm is None]
    count = min(len(private), len(others), round(len(known) * FAMILY_SHARE))
    for number, (one, other) in enumerate(zip(private[:count], others[:count], strict=True)):
        female = not one.name.female
        surname = _masculine(one.name) if one.name.female else names.feminine(one.name.surname)
        given = chance.choice(names.FEMALE if female else names.MALE)
        other.name = names.FullName(given, names.patronymic("Иван", female), surname, female)
        other.phone = one.phone
        if number % 3 == 0:
            other.addresses = [one.addresses[0]]
            one.shares_box = other.shares_box = True


def _masculine(name: FullName) -> str:
    if name.surname.endswith("ская"):
        return name.surname[:-4] + "ский"
    return name.surname[:-1] if name.surname.endswith("а") else name.surname


def _firm(chance: Random, key: str, taken: set[str]) -> Firm:
    while True:
        head, tail = chance.choice(_HEADS), chance.choice(_TAILS)
        title = chance.choice([f"{head}{tail}", f"{head}-{tail}", f"{head} {tail}"])
        if chance.random() < 0.35:
            title += f" {chance.choice(('М', 'Плюс', '2000', 'СПб', 'Волга', 'Сибирь', 'Восток'))}"
        domain = f"{names.latin(title).replace(' ', '-')}.{chance.choice(_CORPORATE_ZONES)}"
        if domain not in taken:
            taken.add(domain)
            return Firm(key, title, chance.choice(_FORMS), domain, names.phone(chance))


def _person(chance: Random, key: str, firms: Sequence[Firm], in_firm: float, taken: set[str]) -> Person:
    name = names.full_name(chance)
    firm = chance.choice(firms) if chance.random() < in_firm else None
    first = _mailbox(chance, name, firm.domain if firm else _free(chance), taken)
    addresses = [first]
    if chance.random() < SECOND_ADDRESS_SHARE:
        addresses.append(_mailbox(chance, name, _free(chance), taken))
    # Some give the reception's number: one phone, many people.
    number = firm.phone if firm and chance.random() < RECEPTION_PHONE_SHARE else names.phone(chance)
    person = Person(key, name, addresses, number, chance.choice(POSITIONS), firm)
    person.opted_out = chance.random() < OPT_OUT_SHARE
    if firm:
        firm.people.append(person)
    return person


def _free(chance: Random) -> str:
    return chance.choices(FREE_MAIL, _FREE_WEIGHTS)[0]


def _mailbox(chance: Random, name: FullName, domain: str, taken: set[str]) -> str:
    given, surname = names.latin(name.given), names.latin(name.surname)
    forms = (
        f"{given[0]}.{surname}",
        f"{given}.{surname}",
        f"{surname}.{given[0]}",
        f"{surname}{chance.randrange(60, 99)}",
    )
    numbered = (f"{surname}.{number}" for number in count(2))
    for form in chain(chance.sample(forms, len(forms)), numbered):
        address = f"{form}@{domain}"
        if _mailbox_key(address) not in taken:
            taken.add(_mailbox_key(address))
            return address
    raise AssertionError("numbered forms have no end")


def _mailbox_key(address: str) -> str:
    """Two people never share a mailbox, however its provider reads dots and hyphens."""
    box, _, domain = address.partition("@")
    domain = "yandex.ru" if domain == "ya.ru" else domain
    return f"{box.replace('.', '').replace('-', '') if domain in ('gmail.com', 'yandex.ru') else box}@{domain}"
