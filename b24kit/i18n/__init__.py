"""Sentences for people, by message code, in Russian and English. Wording is chosen once, at the edge.

A catalogue entry is a `str.format` pattern; `{count|lead|leads}` (Russian: three forms) picks the plural that fits
the number: `{n|лид|лида|лидов}` with n=5 gives "5 лидов".
"""

from __future__ import annotations

import re
import tomllib
from contextvars import ContextVar
from functools import lru_cache
from importlib import resources
from typing import Literal

Language = Literal["ru", "en"]
LANGUAGES: tuple[Language, ...] = ("ru", "en")

_PLURAL = re.compile(r"\{(\w+)\|([^{}]+)\}")


# Whose portal the sentences are about: one that is called otherwise there stands under `as.<vendor>.<code>`.
_about: ContextVar[str] = ContextVar("vendor that sentences are about", default="")


def speak_of(vendor: str) -> None:
    """From now on sentences name the places and things of this vendor's portals as its people do; "" for none."""
    _about.set(vendor)


def say(code: str, lang: Language = "ru", /, **facts: object) -> str:
    """The sentence of `code` in `lang` with its gaps filled; an unknown code comes back as itself with its facts.

    Of two wordings the one of the vendor at hand is taken (see `speak_of`).
    """
    known = catalogue(lang)
    pattern = known.get(f"as.{_about.get()}.{code}", known.get(code))
    if pattern is None:
        return " ".join([code, *(f"{name}={value}" for name, value in facts.items())])
    return _fill(pattern, lang, facts)


def has(code: str, lang: Language = "ru") -> bool:
    return code in catalogue(lang)


def number(value: float, lang: Language = "ru", digits: int = 0) -> str:
    """A number as people write it: 3 765,5 in Russian, 3,765.5 in English."""
    text = f"{value:,.{digits}f}"
    return text if lang == "en" else text.replace(",", "\u00a0").replace(".", ",")


def plural(count: int, forms: tuple[str, ...], lang: Language) -> str:
    """The form that goes with `count`: two forms in English, three in Russian (1 лид, 2 лида, 5 лидов)."""
    if lang == "en" or len(forms) < 3:
        return forms[0 if abs(count) == 1 else 1]
    tail, last = abs(count) % 100, abs(count) % 10
    if 11 <= tail <= 14 or last == 0 or last >= 5:
        return forms[2]
    return forms[0 if last == 1 else 1]


@lru_cache
def catalogue(lang: Language) -> dict[str, str]:
    """All sentences of a language, by dotted code; the catalogues are the TOML files beside this module."""
    found: dict[str, str] = {}
    for entry in sorted(resources.files(__package__).iterdir(), key=lambda item: item.name):
        if entry.name.endswith(f".{lang}.toml") or entry.name == f"{lang}.toml":
            _flatten(tomllib.loads(entry.read_text(encoding="utf-8")), "", found)
    return found


def _flatten(tree: dict[str, object], prefix: str, into: dict[str, str]) -> None:
    for key, value in tree.items():
        code = f"{prefix}{key}"
        if isinstance(value, dict):
            _flatten(value, f"{code}.", into)
        else:
            into[code] = str(value)


def _fill(pattern: str, lang: Language, facts: dict[str, object]) -> str:
    def choose(match: re.Match[str]) -> str:
        value = facts.get(match[1], 0)
        count = int(value) if isinstance(value, (int, float)) else 0
        return f"{number(count, lang)} {plural(count, tuple(match[2].split('|')), lang)}"

    shown = {name: _shown(value, lang) for name, value in facts.items()}
    return _PLURAL.sub(choose, pattern).format_map(_Gaps(shown))


def _shown(value: object, lang: Language) -> object:
    """Numbers as people write them, lists with commas, nothing as a dash."""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    if value is None:
        return "—"
    if type(value) is float:
        return number(value, lang, 0 if value.is_integer() else 1)
    return number(value, lang) if type(value) is int else value


class _Gaps(dict[str, object]):
    """A missing fact shows its own name instead of breaking the sentence that tells about an error."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
