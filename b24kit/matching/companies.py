"""Which spellings are one company: by ИНН, or by the letters of the name without its legal form, or a domain's label.

Only equal keys join: most other names of a company are renames and take-overs that no string shows; the rest is left to
people. A domain of a free mail provider or a relay is no company's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from b24kit.matching.cluster import components
from b24kit.matching.domains import is_free_mail, is_relay, registrable
from b24kit.matching.keys import plain
from b24kit.matching.legal_forms import LEGAL_FORMS, LONG_FORMS
from b24kit.matching.names import fold
from b24kit.matching.tiers import labelled

_INN = re.compile(r"(?:инн|inn)\D{0,3}(\d{10}|\d{12})(?!\d)|^\s*(\d{10}|\d{12})\s*$", re.IGNORECASE)
_REMARK = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_PERSON = re.compile(r"^\s*(?:ип|чп|индивидуальный предприниматель)\b", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:https?://)?(?:www\.)?([a-zа-яё0-9-]+(?:\.[a-zа-яё0-9-]+)+)/?", re.IGNORECASE)
_LONG = re.compile(r"\b(?:" + "|".join(plain(form) for form in LONG_FORMS) + r")\b")  # plain: й is и there too
_WEIGHTS_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_12 = ((7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
_SHORTEST = 2
_SHORTEST_LABEL = 3


def group_companies(values: Sequence[tuple[str, str, str]]) -> list[str]:
    """The cluster of each (id, value, kind); kind is name, alias, domain or empty (then it is told by its looks)."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for place, (_, value, kind) in enumerate(values):
        for key in company_keys(value, kind):
            by_key[key].append(place)
    pairs = [(block[0], other) for block in by_key.values() for other in block[1:]]
    joined = components(len(values), [one for one, _ in pairs], [other for _, other in pairs])
    return labelled([one[0] for one in values], joined)


def company_keys(value: str, kind: str = "") -> Iterator[str]:
    """What a spelling is known by.

    >>> sorted(company_keys('ООО «Ромашка», ИНН 7707083893')), list(company_keys("romashka.example", "domain"))
    (['inn 7707083893', 'name romashka'], ['name romashka'])
    """
    if number := inn(value):
        yield f"inn {number}"
    domain = _DOMAIN.fullmatch(value.strip())
    if kind == "domain" or (domain and registrable(domain[1].lower())):
        if label := domain_label(domain[1] if domain else value):
            yield f"name {label}"
    elif name := company_name(value):
        yield f"name {name}"


def inn(text: str) -> str | None:
    """The ИНН in a text, when its check digits are right.

    >>> inn("ИНН 7707083893"), inn("ИНН 7707083894")
    ('7707083893', None)
    """
    found = _INN.search(text)
    number = (found[1] or found[2]) if found else ""
    return number if number and _checks(number) else None


def _checks(number: str) -> bool:
    digits = [int(digit) for digit in number]
    if len(digits) == 10:
        return _check_digit(digits, _WEIGHTS_10) == digits[9]
    return all(_check_digit(digits, weights) == digits[10 + at] for at, weights in enumerate(_WEIGHTS_12))


def _check_digit(digits: Iterable[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11 % 10


def company_name(text: str) -> str:
    """The letters of a name without its legal form, folded to Latin; '' where nothing is left.

    A sole trader is a person: his name is no company's key.
    """
    if _PERSON.match(text):
        return ""
    bare = plain(_INN.sub(" ", _REMARK.sub(" ", text)).replace("&", " and "))
    words = [word for word in _LONG.sub(" ", bare).split() if word not in LEGAL_FORMS]
    folded = "".join(fold(word) for word in words if word not in ("the", "and"))
    return folded if len(folded) >= _SHORTEST else ""


def domain_label(domain: str) -> str:
    """The name in a domain that somebody registered: `mail.romashka.co.uk` -> `romashka`."""
    owner = registrable(domain.strip().lower())
    if not owner or is_free_mail(owner) or is_relay(owner):
        return ""
    label = owner.partition(".")[0].replace("-", "")
    return fold(label) if len(label) >= _SHORTEST_LABEL else ""
