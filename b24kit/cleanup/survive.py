"""What a new contact gets from the leads it is made of: the best name, all points, the oldest source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from b24kit.cleanup.pile import Item
from b24kit.crm.cards import PersonName
from b24kit.crm.points import Point, PointKind
from b24kit.letters.signature import Signature
from b24kit.matching import addresses, names
from b24kit.matching.phones import phones_in

_PATRONYMIC = re.compile(r"(ович|евич|ич|овна|евна|ична|инична|ovich|evich|ovna|evna|ichna|yevna)$", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*\.?")


def best_name(spellings: Iterable[str], address: str) -> PersonName:
    """The fullest Cyrillic spelling, taken apart; the mailbox's own name when nobody ever signed."""
    counted = Counter(clean for text in spellings if (clean := names.clean_name(text)))
    if not counted:
        return PersonName(first=addresses.split_address(address)[0])
    return person_name(max(counted, key=lambda text: (*worth(text), counted[text], text)))


def person_name(text: str) -> PersonName:
    """First, last and middle name out of one line: a patronymic and known given names tell the order.

    >>> person_name("Петров Иван Сергеевич")
    PersonName(first='Иван', last='Петров', middle='Сергеевич')
    """
    words = [_cased(word) for word in _LETTERS.findall(text)]
    if not words:
        return PersonName(first=text)
    if len(words) == 1:
        return PersonName(first=words[0])
    middle = next((place for place, word in enumerate(words) if place and _PATRONYMIC.search(word)), None)
    if middle is not None and len(words) >= 3:
        given = middle - 1
        last = [word for place, word in enumerate(words) if place not in (given, middle)]
        return PersonName(first=words[given], last=" ".join(last), middle=words[middle])
    if names.is_given(words[-1]) and not names.is_given(words[0]):
        return PersonName(first=words[-1], last=" ".join(words[:-1]))
    return PersonName(first=words[0], last=" ".join(words[1:]))


def united_points(items: Sequence[Item], own: frozenset[str], *, signed: bool = True) -> tuple[Point, ...]:
    """Points of all leads, each value once by its canonical form, written as last used; `own` are the client's keys.

    E-mails of the leads that are not the client's are left on the leads. `signed` adds the numbers he signs with.
    """
    found: dict[tuple[PointKind, str], Point] = {}
    for item in items:
        numbers = (Point(PointKind.PHONE, number) for number in item.told.phones) if signed else ()
        for point in (*numbers, *_written(item), *item.lead.points):
            key = point_key(point)
            if point.kind is PointKind.EMAIL and key not in own:
                continue
            use = found[point.kind, key].use if (point.kind, key) in found else point.use
            found[point.kind, key] = Point(point.kind, _bare(point), use)
    return tuple(found[place] for place in sorted(found, key=lambda place: (_ORDER[place[0]], place[1])))


def signed_by(items: Sequence[Item]) -> Signature:
    """What the client signs with: position and company of his latest letter that tells them, all his numbers."""

    def latest(field: str) -> str:
        return next((value for item in reversed(items) if (value := getattr(item.told, field))), "")

    phones = tuple(dict.fromkeys(number for item in items for number in item.told.phones))
    return Signature("", phones, latest("company"), latest("position"))


def oldest_source(items: Sequence[Item]) -> str | None:
    """The source of the first lead that has one."""
    return next((item.lead.source for item in items if item.lead.source), None)


_ORDER = {PointKind.EMAIL: 0, PointKind.PHONE: 1, PointKind.WEB: 2, PointKind.IM: 3}


def _written(item: Item) -> tuple[Point, ...]:
    """The writer's address, typed as the card types it, work where the card does not say."""
    address = item.verdict.sender.address
    key = addresses.canonical(address)
    if key is None:
        return ()
    use = next((point.use for point in item.lead.points if point_key(point) == key), "work")
    return (Point(PointKind.EMAIL, address, use),)


def _bare(point: Point) -> str:
    """An e-mail without what stands around it in the field; everything else as written."""
    found = addresses.addresses_in(point.value) if point.kind is PointKind.EMAIL else ()
    return found[0] if found else point.value


def point_key(point: Point) -> str:
    """What makes two written values one: the mailbox behind its aliases, the number behind its spellings."""
    if point.kind is PointKind.EMAIL:
        return addresses.canonical(point.value) or point.value
    if point.kind is PointKind.PHONE:
        return ",".join(phone.number for phone in phones_in(point.value)) or point.value.strip()
    return point.value.strip().lower()


def worth(text: str) -> tuple[bool, bool, bool, int]:
    """Full before short, Cyrillic before Latin, a patronymic before none, then the number of written-out words."""
    words = names.full_words(text)
    patronymic = any(_PATRONYMIC.search(word) for word in text.split()[1:])
    return (len(words) >= 2, bool(_CYRILLIC.search(text)), patronymic and len(words) >= 3, min(len(words), 3))


def _cased(word: str) -> str:
    """ИВАНОВ and иванов as Иванов; Mc and de are left as people write them."""
    return word.title() if len(word) > 2 and (word.isupper() or word.islower()) else word
