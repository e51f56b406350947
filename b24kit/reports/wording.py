"""Facts in people's words: fields, kinds, cards, stages, people and moments, before a catalogue's sentence is said.

Operations and errors speak of refs and codes; here a plan's names turn them into what stands on the portal's screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from b24kit.change.operation import Reason
from b24kit.crm.refs import Ref
from b24kit.i18n import Language, has, say

_MOMENTS = frozenset({"since", "expired", "until", "when"})
_CARDS = frozenset({"card", "client"})
_STAGES = frozenset({"to", "from"})
_NUMBERS_NOT_COUNTED = frozenset({"pid", "port", "status", "position", "exit"})  # no thousands in these
_NAMELESS: Mapping[str, str] = {}


def reason_text(reason: Reason, lang: Language, names: Mapping[str, str] = _NAMELESS) -> str:
    """A reason as a sentence; `names` are the plan's, for people and stages."""
    return say(reason.code, lang, **worded(reason.facts, lang, names))


def worded(facts: Mapping[str, Any], lang: Language, names: Mapping[str, str] = _NAMELESS) -> dict[str, Any]:
    """The same facts as people say them; facts that are words already stay."""
    found = {name: _worded(name, value, lang, names) for name, value in facts.items()}
    phrase = facts.get(f"phrase_{lang}", facts.get(f"why_{lang}"))
    return found if phrase is None else {**found, "phrase": phrase}


def card_text(card: Ref | str, lang: Language) -> str:
    """`lead:812` as "лид 812"; what a plan will create is called new."""
    try:
        ref = card if isinstance(card, Ref) else Ref.parse(card)
    except ValueError:
        return str(card)
    code = f"card.new_{ref.kind.value}" if ref.is_new else f"card.{ref.kind.value}"
    return say(code, lang, id=ref.id) if has(code, lang) else str(ref)


def stage_name(code: str, names: Mapping[str, str], ladder: str = "leads") -> str:
    """The stage of a ladder by its name, a code that nobody named as it is."""
    return names.get(f"stage:{ladder}:{code}", code)


def field_name(field: str, lang: Language) -> str:
    """A field of the vocabulary in people's words."""
    return say(f"field.{field}", lang) if has(f"field.{field}", lang) else field


def moment_text(moment: datetime | str, lang: Language) -> str:
    """A moment in this machine's own time zone; a text that is no moment stays."""
    try:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        return str(moment)
    if isinstance(moment, str) and len(moment) <= len("2026-01-31"):
        return f"{at:%d.%m.%Y}" if lang == "ru" else moment
    local = at.astimezone() if at.tzinfo is not None else at
    return f"{local:%d.%m.%Y %H:%M}" if lang == "ru" else f"{local:%Y-%m-%d %H:%M}"


def kept_lines(reason: Reason, lang: Language) -> list[str]:
    """Which value each field of a merged card keeps and why, as a plan's reason tells it; none for other reasons."""
    kept = reason.facts.get("kept")
    lines = [_kept_line(one, lang) for one in kept] if isinstance(kept, list | tuple) else []
    added = reason.facts.get("added")
    return [*lines, say("clean.kept.added", lang, added=added)] if lines and added else lines


def _kept_line(kept: Mapping[str, Any], lang: Language) -> str:
    lost = ", ".join(f"{value} ({card})" for card, value in kept["lost"].items())
    code = "clean.kept.line_lost" if lost else "clean.kept.line"
    facts = {"value": str(kept["value"]).replace("\n", " / "), "rule": say(f"clean.rule.{kept['rule']}", lang)}
    return say(code, lang, field=field_name(str(kept["field"]), lang), card=str(kept["from"]), lost=lost, **facts)


def _worded(name: str, value: Any, lang: Language, names: Mapping[str, str]) -> Any:
    if name == "fields" and isinstance(value, list | tuple):
        return ", ".join(field_name(str(field), lang) for field in value)
    if name in _NUMBERS_NOT_COUNTED:
        return str(value)
    if name == "by":
        return _people(value, lang, names)
    if isinstance(value, str):
        if name == "kind" and has(f"kind.{value}", lang):
            return say(f"kind.{value}", lang)
        if name in _MOMENTS:
            return moment_text(value, lang)
        if name in _CARDS:
            return card_text(value, lang)
        if name in _STAGES:
            return f"«{names[key]}»" if (key := f"stage:leads:{value}") in names else value
    return value


def _people(value: Any, lang: Language, names: Mapping[str, str]) -> str:
    if value in (None, "", "?"):
        return say("user.unknown", lang)
    ids = [part.strip() for part in str(value).split(",")]
    return ", ".join(names.get(f"user:{one}", one) for one in ids)
