"""One value in several spellings: "Ген. директор", "генеральный директор" and "гендиректор" are one position.

For fields that people fill in by hand; a key says that two texts mean the same word for word, never that they are near.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
# What people cut short on cards; a whole word by its beginning as they write it.
_CUT = {
    "ген": "генеральный", "дир": "директор", "зам": "заместитель", "гл": "главный", "бух": "бухгалтер",
    "нач": "начальник", "рук": "руководитель", "исп": "исполнительный", "комм": "коммерческий", "ком": "коммерческий",
    "тех": "технический", "фин": "финансовый", "спец": "специалист", "отд": "отдела", "маркет": "маркетинг",
    "ст": "старший", "вед": "ведущий", "инж": "инженер", "мен": "менеджер", "мр": "менеджер",
}  # fmt: skip
_JOINED = re.compile(r"^(ген|зам|глав|тех|ком|фин|спец)(директор|бухгалтер|инженер)[а-я]*$")
_HYPHENED = re.compile(r"(?<=[a-zа-я])-(?=[a-zа-я])")


def spelling_key(text: str) -> str:
    """What the spellings of one value have in common; empty for a text without letters and digits.

    >>> spelling_key("Ген. директор") == spelling_key("генеральный  ДИРЕКТОР") == spelling_key("Гендиректор")
    True
    """
    folded = _HYPHENED.sub("", text.lower().replace("ё", "е"))
    return " ".join(part for word in _WORD.findall(folded) for part in _whole(word))


def spellings(values: Iterable[str]) -> dict[str, Counter[str]]:
    """The written forms by key, only of keys with more than one; each form counted."""
    found: dict[str, Counter[str]] = {}
    for value in values:
        if key := spelling_key(value):
            found.setdefault(key, Counter())[value.strip()] += 1
    return {key: forms for key, forms in found.items() if len(forms) > 1}


def best_form(forms: Counter[str]) -> str:
    """The form to keep: the most frequent, of equals the longest, then by alphabet."""
    return max(forms, key=lambda form: (forms[form], len(form), form))


def _whole(word: str) -> list[str]:
    joined = _JOINED.fullmatch(word)
    if joined:
        start = "гл" if joined[1] == "глав" else joined[1]
        return [_CUT[start], joined[2]]
    return [_CUT.get(word, word)]
