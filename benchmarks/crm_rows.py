"""Rows as a Russian CRM collects them, with the person behind each: for time, memory and traps, not for recall claims.

35 % of the rows repeat a person: Cyrillic and Latin, short names, typing slips, swapped words, phone spellings, plus
tags, department mailboxes, office phones. Names come at the shares at which people bear them, so namesakes do too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from b24kit.matching.addresses import canonical
from b24kit.matching.given_names import forms
from b24kit.matching.names import fold
from b24kit.matching.shares import background

REPEATS = 0.35
FREE_MAIL = ("mail.ru", "yandex.ru", "gmail.com", "bk.ru", "inbox.ru", "list.ru", "rambler.ru")
_FROM_LATIN = (("shch", "щ"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("iu", "ю"), ("ia", "я"))
_LETTERS = dict(zip("abcdefghiklmnoprstuvz", "абцдефгхиклмнопрстувз", strict=True))
_SPELLED = "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya"
_GOST = dict(zip("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", _SPELLED.split(), strict=True))
_TYPED = _GOST | {"х": "h", "ц": "c", "ю": "ju", "я": "ja", "й": "j", "щ": "sch", "ё": "yo"}
_CONSONANTS, _VOWELS = "bcdfgklmnprstvz", "aeiou"


@dataclass(slots=True)
class Person:
    """One invented client."""

    number: int
    given: str
    surname: str
    email: str
    second: str
    phone: str
    firm: int
    office: bool


def rows(count: int, seed: int = 1) -> Iterator[tuple[str, str, str, str, str, str]]:
    """`count` rows: id, name, email, phone, date, and the person's number; the same for the same seed."""
    chance = random.Random(seed)
    people = _people(round(count * (1 - REPEATS)), chance)
    order = list(range(len(people))) + [chance.randrange(len(people)) for _ in range(count - len(people))]
    seen: set[int] = set()
    for identifier, at in enumerate(order, 1):
        person = people[at]
        name, email, phone = _first(person, chance) if at not in seen else _again(person, chance)
        seen.add(at)
        day = f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T{chance.randint(7, 20):02}:00:00+03:00"
        yield str(identifier), name, email, phone, day, str(person.number)


def _people(count: int, chance: random.Random) -> list[Person]:
    given, given_weights = _given()
    surnames, surname_weights = _surnames()
    firsts = chance.choices(given, given_weights, k=count)
    lasts = chance.choices(surnames, surname_weights, k=count)
    taken: set[str] = set()
    firms = max(1, count // 8)
    found = []
    for number, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        firm = chance.randrange(firms) if chance.random() < 0.4 else -1
        email = _mailbox(first, last, firm, taken, chance)
        second = _second(email, taken, chance) if chance.random() < 0.3 else email
        phone = f"9{chance.randrange(10**9):09}"
        found.append(Person(number, first, last, email, second, phone, firm, firm >= 0 and chance.random() < 0.25))
    return found


def _given() -> tuple[list[str], list[float]]:
    shares = background()
    fulls = sorted({full for several in forms().values() for full in several if full[0] > "z"})
    weights = [shares[fold(full)].given if fold(full) in shares else 1e-5 for full in fulls]
    return [full.title() for full in fulls], weights


def _surnames() -> tuple[list[str], list[float]]:
    endings = ("ov", "ova", "ev", "eva", "sky", "ko")
    russian = {word: one.surname for word, one in background().items() if word.endswith(endings)}
    kept = sorted(word for word in russian if set(word) <= set(_LETTERS) | set("h") and len(word) > 3)
    return [_cyrillic(word).title() for word in kept], [russian[word] for word in kept]


def _cyrillic(word: str) -> str:
    for latin, letter in _FROM_LATIN:
        word = word.replace(latin, letter)
    return "".join(_LETTERS.get(letter, letter) for letter in word)


def _latin(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text.lower()).replace("_", "")


def _mailbox(first: str, last: str, firm: int, taken: set[str], chance: random.Random) -> str:
    one, two = _latin(first, _GOST), _latin(last, _GOST)
    styles = (f"{one[0]}.{two}", f"{two}.{one[0]}", f"{one}.{two}", f"{one[0]}{two}", f"{two}{chance.randint(60, 99)}",
              f"{one}{two}", f"{two}_{one}", _nickname(chance))  # fmt: skip
    local = chance.choice(styles)
    domain = f"firma{firm}.ru" if firm >= 0 else chance.choice(FREE_MAIL)
    while canonical(f"{local}@{domain}") in taken:
        local = f"{local}{chance.randrange(10)}"
    taken.add(canonical(f"{local}@{domain}") or "")
    return f"{local}@{domain}"


def _second(email: str, taken: set[str], chance: random.Random) -> str:
    """The same mailbox name at another provider, when nobody else has it."""
    other = f"{email.partition('@')[0]}@{chance.choice(FREE_MAIL)}"
    if canonical(other) in taken:
        return email
    taken.add(canonical(other) or "")
    return other


def _nickname(chance: random.Random) -> str:
    word = "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(chance.randint(3, 4)))
    return f"{word}{chance.randrange(1000)}" if chance.random() < 0.5 else word + chance.choice(_CONSONANTS)


def _first(person: Person, chance: random.Random) -> tuple[str, str, str]:
    return f"{person.given} {person.surname}", _written(person, chance), _phone(person, chance)


def _again(person: Person, chance: random.Random) -> tuple[str, str, str]:
    """A repeat: the name in another spelling, now and then another mailbox or number."""
    email = _written(person, chance)
    dice = chance.random()
    if dice < 0.15:
        email = ""
    elif dice < 0.55:
        email = person.second
    phone = "" if chance.random() < 0.3 else _phone(person, chance)
    return _respelled(person, chance), email, phone


def _written(person: Person, chance: random.Random) -> str:
    dice = chance.random()
    local, _, domain = person.email.partition("@")
    if person.firm >= 0 and dice < 0.04:
        return f"{chance.choice(('info', 'sales', 'office', 'zakaz'))}@{domain}"
    if dice < 0.12 and domain in ("gmail.com", "yandex.ru", "mail.ru"):
        return f"{local}+{chance.choice(('expo', 'work', 'b24'))}@{domain}"
    return person.email.upper() if dice < 0.17 else person.email


def _phone(person: Person, chance: random.Random) -> str:
    if person.office and chance.random() < 0.5:
        digits = f"495{1_000_000 + person.firm:07}"
        return f"+7 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
    digits = person.phone
    if chance.random() < 0.12:
        return ""
    spellings = (f"+7{digits}", f"8{digits}", f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}",
                 f"+7 {digits[:3]} {digits[3:6]} {digits[6:]}", digits)  # fmt: skip
    return chance.choice(spellings)


def _respelled(person: Person, chance: random.Random) -> str:
    first, last, dice = person.given, person.surname, chance.random()
    if dice < 0.2:
        short = sorted(word for word, fulls in forms().items() if first.lower() in fulls and word[0] > "z")
        first = chance.choice(short or [first]).title()
    elif dice < 0.3:
        last = _slip(last, chance)
    elif dice < 0.4:
        first, last = last, first
    elif dice < 0.45:
        return f"{last} {first[0]}."
    if chance.random() < 0.25:
        table = chance.choice((_GOST, _TYPED))
        first, last = _latin(first, table).title(), _latin(last, table).title()
    return f"{first} {last}"


def _slip(word: str, chance: random.Random) -> str:
    """One letter left out, doubled or swapped with its neighbour."""
    at = chance.randrange(1, max(2, len(word) - 1))
    before, letter, after = word[:at], word[at], word[at + 1 :]
    return chance.choice((before + after, before + letter + letter + after, before[:-1] + letter + before[-1] + after))
