"""Names of people as keys: one folded spelling for ё/е, case, accents, Cyrillic and Latin, and whether two names agree.

Folding goes one way: Cyrillic to Latin by our own table, then sounds that transliterations spell differently become
one letter. A name alone never joins two cards; these functions only say whether names stand in the way.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from b24kit.matching import given_names

_ALPHABET = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў"
_LATIN = "a b v g d e zh z i i k l m n o p r s t u f h c ch sh sh _ i _ e iu ia e i i e g u"
_CYRILLIC = dict(zip(_ALPHABET, _LATIN.split(), strict=True))
_SOUNDS = tuple(
    (re.compile(pattern), letter)
    for pattern, letter in (
        (r"(?:(?<=[bcdfghklmnprstvz])|\b)yo", "e"),  # ё
        (r"shch|sch", "sh"),
        (r"kh", "h"),
        (r"ph", "f"),
        (r"ts|tz", "c"),
        (r"ck|q", "k"),
        (r"(?<=[aou])e(?=[a-z])", ""),  # ä, ö, ü written as ae, oe, ue
        (r"x", "ks"),
        (r"w", "v"),
        (r"[yj]", "i"),
        (r"(?<=[aeiou])i(?=[aeou])", ""),
        (r"i+(?=[aeou])", "i"),
        (r"ei\b", "e"),
        (r"i{2,}", "i"),
        (r"(.)\1+", r"\1"),
    )
)
_MARKED = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "ß": "ss", "æ": "a", "œ": "o", "ı": "i", "þ": "th", "ð": "d"})
# Latin letters that look like Cyrillic ones inside a Cyrillic word, and the other way round.
_LOOKS_CYRILLIC = str.maketrans("aceopxykmthbABCEHKMOPTXY", "асеорхукмтнвАВСЕНКМОРТХУ")
_LOOKS_LATIN = str.maketrans("асеорхуАВСЕНКМОРТХУ", "aceopxyABCEHKMOPTXY")

_VIA = re.compile(r"\s+(?:via|через|от имени)\s+.*$|\s*\((?:via|через)\b.*?\)", re.IGNORECASE)
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|\"[^\"]*\"|«[^»]*»|<[^>]*>")
_GARBLED = re.compile(r"=\?[\w-]+\?[bqBQ]\?|\ufffd|\?\?")  # an undecoded header word, a wrong charset
_WORD = re.compile(r"[^\W\d_]+(?:['’`][^\W\d_]+)*")
_TITLE_WORDS = "mr mrs ms dr prof sir jr sr phd md gospodin gospozha"
_TITLES = frozenset(_TITLE_WORDS.split())
_ALIKE_SET, _ALIKE_WORD = 85.0, 0.9


def clean_name(text: str) -> str:
    """A display name without quotes, remarks in brackets and `via Some List`; empty for an address or garbled text.

    >>> clean_name("'Petrova, Anna' via Clients")
    'Anna Petrova'
    """
    bare = _VIA.sub("", text).strip(" '\"\t")
    bare = _ASIDE.sub(" ", bare).strip(" '\"\t,;")
    if "@" in bare or _GARBLED.search(bare):
        return ""
    last, comma, first = bare.partition(",")
    if comma and "," not in first and first.strip() and " " not in last.strip():
        bare = f"{first.strip()} {last.strip()}"
    return " ".join(bare.split())


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """One spelling of a word for comparing, in Latin letters.

    >>> fold("Щёголев"), fold("Shchegolev"), fold("Юлия"), fold("Yuliya")
    ('shegolev', 'shegolev', 'iulia', 'iulia')
    """
    text = _one_script(word).lower().translate(_MARKED)
    text = "".join(_CYRILLIC.get(char, char) for char in text).replace("_", "")
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if char.isalnum())
    for pattern, letter in _SOUNDS:
        text = pattern.sub(letter, text)
    return text


@lru_cache(maxsize=65536)
def words_of(name: str) -> tuple[str, ...]:
    """The folded words of a name in its order; titles left out, initials kept as one letter."""
    return split_words(clean_name(name))


def split_words(clean: str) -> tuple[str, ...]:
    """The same for a name that `clean_name` already went over."""
    split = (_word(found) for found in _WORD.finditer(clean))
    return tuple(word for word in split if word and word not in _TITLES)


def _word(found: re.Match[str]) -> str:
    """A folded word, or one letter for an initial: Ю. and Yu. are both the first sound of Юлия."""
    text = found[0]
    dotted = len(text) <= 2 and found.string[found.end() : found.end() + 1] == "."
    return fold(text)[:1] if len(text) == 1 or dotted else fold(text)


def is_via(name: str) -> bool:
    """Whether a display name says that a list or a service wrote for the person."""
    return _VIA.search(name) is not None


def full_words(name: str) -> tuple[str, ...]:
    """The words of a name that are more than initials."""
    return tuple(word for word in words_of(name) if len(word) > 1)


def initials(name: str) -> tuple[str, ...]:
    """The single letters of a name."""
    return tuple(word for word in words_of(name) if len(word) == 1)


@lru_cache(maxsize=65536)
def is_full(name: str) -> bool:
    """Whether a name says who it is: two or more words that are no initials; `IvanPetrov` and `ivan-p` are logins."""
    return len(full_words(name)) >= 2 and " " in clean_name(name)


def name_key(name: str) -> str | None:
    """An order-free key of a full name, initials aside; None when the name is not full."""
    return " ".join(sorted(full_words(name))) if is_full(name) else None


@lru_cache(maxsize=65536)
def alike(left: str, right: str) -> bool:
    """Whether two names may well be one person: no proof, but nothing stands in the way.

    >>> alike("Саша Петров", "Petrov A. I."), alike("Анна Петрова", "Олег Петров")
    (True, False)
    """
    mine, theirs = words_of(left), words_of(right)
    if not mine or not theirs:
        return True
    if len(mine) == 1 or len(theirs) == 1:
        return _short_alike(mine, theirs)
    return _covered(mine, theirs) or _covered(theirs, mine) or _close(mine, theirs)


def unlike(left: str, right: str) -> bool:
    """Whether two names stand in the way of being one person: both say who they are, and they do not agree."""
    return _tells(left) and _tells(right) and not alike(left, right)


def initials_clash(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether both names, given as folded words, hold something the other cannot mean, an initial among it.

    >>> initials_clash(("anna", "b", "belova"), ("anna", "k", "belova"))
    True
    >>> initials_clash(("anna", "b", "belova"), ("a", "boris", "belova"))
    False
    """
    one = [word for word in mine if len(word) == 1 or word not in theirs]
    other = [word for word in theirs if len(word) == 1 or word not in mine]
    for word in sorted(one, key=len, reverse=True):
        fellow = next((there for there in sorted(other, key=len, reverse=True) if same_word(word, there)), None)
        if fellow is not None:
            one.remove(word)
            other.remove(fellow)
    return bool(one and other) and min(map(len, one + other)) == 1


@lru_cache(maxsize=65536)
def _tells(name: str) -> bool:
    """A full name, a surname with initials, or a known given name; a login or a firm's word says nothing."""
    words = words_of(name)
    if len(words) == 1:
        return is_given(name)
    return len(words) > 1 and " " in clean_name(name) and any(len(word) > 1 for word in words)


def _short_alike(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """One of them is a single word: a given name must fit, anything else (a login, a firm) says nothing."""
    single, other = (mine, theirs) if len(mine) == 1 else (theirs, mine)
    if not _GIVEN.get(single[0]):
        return True
    known = [word for word in other if _GIVEN.get(word)]
    return not known or any(same_word(single[0], word) for word in other)


def _covered(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether every word of one name has its own fellow in the other, at least one of them written out.

    An initial may lack its fellow when two other words or initials have theirs.
    """
    left, met, written_out, unmet = list(theirs), 0, 0, 0
    for word in sorted(mine, key=len, reverse=True):
        fellow = next((other for other in left if same_word(word, other)), None)
        if fellow is not None:
            left.remove(fellow)
            met += 1
            written_out += len(word) > 1 and len(fellow) > 1
        elif len(word) > 1:
            return False
        else:
            unmet += 1
    return written_out > 0 and (met > 1 or not unmet)


def one_word(one: str, other: str) -> bool:
    """Whether two folded words are one: equal, or forms of one given name; slips of the pen do not count."""
    return one == other or bool(_GIVEN.get(one, frozenset()) & _GIVEN.get(other, frozenset()))


def same_word(one: str, other: str) -> bool:
    """Whether two folded words may be one: initials, short forms and slips of the pen among them."""
    if one == other:
        return True
    forms = _GIVEN.get(one, frozenset()), _GIVEN.get(other, frozenset())
    if min(len(one), len(other)) == 1:
        return bool(_initials(one, forms[0]) & _initials(other, forms[1]))
    if forms[0] & forms[1]:
        return True
    if forms[0] and forms[1]:
        return False  # two known given names that are not one: Марина is not Мария
    return min(len(one), len(other)) >= 4 and JaroWinkler.similarity(one, other) >= _ALIKE_WORD + 0.02


def _initials(word: str, forms: frozenset[str]) -> set[str]:
    """А. may stand for Саша, who is Александр."""
    return {word[0]} | {form[0] for form in forms}


def _close(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Typing slips over the whole name; two different known given names are no slip."""
    given_mine = {form for word in mine for form in _GIVEN.get(word, ())}
    given_theirs = {form for word in theirs for form in _GIVEN.get(word, ())}
    if given_mine and given_theirs and not given_mine & given_theirs:
        return False
    return fuzz.token_sort_ratio(" ".join(mine), " ".join(theirs)) >= _ALIKE_SET


def other_given(left: str, right: str) -> bool:
    """Whether two names hold known given names that are not forms of one: Анна is not Илья, Саша may be Александр."""
    mine = {form for word in words_of(left) for form in _GIVEN.get(word, ())}
    theirs = {form for word in words_of(right) for form in _GIVEN.get(word, ())}
    return bool(mine and theirs) and not mine & theirs


def is_given(name: str) -> bool:
    """Whether a single word is a given name that the table knows."""
    return knows_given(words_of(name))


def knows_given(words: tuple[str, ...]) -> bool:
    """Whether folded words are a single given name that the table knows."""
    return len(words) == 1 and words[0] in _GIVEN


def _one_script(word: str) -> str:
    """Look-alike letters of the other script put right: a word is written in one script."""
    cyrillic = sum("а" <= char.lower() <= "я" or char.lower() == "ё" for char in word)
    latin = sum("a" <= char.lower() <= "z" for char in word)
    if not cyrillic or not latin:
        return word
    return word.translate(_LOOKS_CYRILLIC if cyrillic >= latin else _LOOKS_LATIN)


_GIVEN = {fold(word): frozenset(fold(full) for full in fulls) for word, fulls in given_names.forms().items()}
