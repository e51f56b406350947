"""What a signature tells: name, numbers, company with its legal form, position; Russian and English.

Only the writer's own text is looked at (`quotes.own_text`): the signature under a quoted letter is somebody else's.
A part that fits nothing is passed over, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from b24kit.matching import names
from b24kit.matching.phones import phones_in

_FAREWELL = re.compile(
    r"^\W*(?:с (?:глубоким |искренним |большим )?уважением|с наилучшими|с пожеланиями|с благодарностью|искренне|"
    r"заранее (?:спасибо|благодар)|благодар(?:ю|им)|спасибо|всего (?:доброго|наилучшего)|хорошего (?:дня|вечера)|"
    r"до (?:связи|встречи)|best|kind|warm|regards|sincerely|yours|thanks|thank you|cheers|br\b)[^\n]{0,60}",
    re.IGNORECASE,
)
_DASHES = re.compile(r"^\s*(?:--|—|__+|-{2,}|\*{3,})\s*$")
_FAREWELL_WORDS = re.compile(
    r"^\W*(?:с (?:глубоким |искренним |большим )?уважением|с наилучшими пожеланиями|с благодарностью|"
    r"(?:best|kind|warm)(?:est)?(?: regards| wishes)?|regards|sincerely(?: yours)?|yours (?:sincerely|truly|"
    r"faithfully)|"
    r"thanks(?: and regards)?|thank you|спасибо|всего доброго|br)\b[\s,!.:—-]*",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[|•·;\t]\s*|\s+[/\\]\s+|,\s+(?=(?:тел|моб|т\.|tel|mob|phone|\+7|8[ (]))", re.IGNORECASE)
_LEGAL = re.compile(
    r"(?:^|[\s,(«\"])(?:ООО|ОАО|ЗАО|ПАО|АО|НАО|ИП|ТОО|ФГУП|ГУП|МУП|ФГБУ|ФГБОУ|ФГАОУ|ГБУ|МБУ|АНО|НКО|ГК|ЧОУ|ЧУ|КФХ|СПК|"
    r"OOO|ZAO|PAO|JSC|PJSC|CJSC|LLC|LLP|Ltd\.?|Limited|Inc\.?|GmbH|AG|Corp\.?|S\.?A\.?|B\.?V\.?|Oy|AB)(?=$|[\s,.)»\"«])"
)
_COMPANY_WORD = re.compile(
    r"^(?i:компания|группа компаний|холдинг|завод|фабрика|комбинат|агентство|фирма|концерн|корпорация|company|group)"
    r"\s*[«\"A-ZА-ЯЁ]|(?i:\b(?:group|company|holding|studio|agency)$)",
)
_QUOTED = re.compile(r"^[«\"“][^»\"”]{2,60}[»\"”]$")
_POSITION = re.compile(
    r"\b(?:(?:ген\.?|генеральн|исполнительн|коммерческ|техническ|финансов|арт|креативн)?\w*директор|директриса|"
    r"менеджер|"
    r"бухгалтер|руководител|начальник|специалист|инженер|технолог|логист|помощник|ассистент|секретар|заместител|зам\.|"
    r"маркетолог|юрист|юрисконсульт|закупщик|снабженец|эксперт|координатор|администратор|аналитик|консультант|"
    r"президент|собственник|основатель|владелец|учредител|председател|мастер|агроном|товаровед|кадровик|методист|"
    r"преподавател|заведующ|управляющ|оператор|дизайнер|продюсер|редактор|рекрутер|экономист|аудитор|архитектор|"
    r"предпринимател|ceo|cfo|cto|coo|manager|director|head of|engineer|specialist|accountant|assistant|officer|founder|"
    r"owner|coordinator|representative|executive|consultant|analyst|buyer|president|secretary|team lead)",
    re.IGNORECASE,
)
_NAME = re.compile(r"^[A-ZА-ЯЁ][\w'’-]+(?:\s+[A-ZА-ЯЁ](?:[\w'’-]+|\.)?){1,2}$")
_WITH_INITIALS = re.compile(r"^(?:[A-ZА-ЯЁ]\.\s?){1,2}[A-ZА-ЯЁ][\w-]+$|^[A-ZА-ЯЁ][\w-]+\s(?:[A-ZА-ЯЁ]\.\s?){1,2}$")
_SHORT_NAME = re.compile(r"^[A-ZА-ЯЁ][а-яёa-z'’-]{2,}$")
_PATRONYMIC = re.compile(r"(?:ович|евич|ьич|овна|евна|ична|ovich|evich|ovna|evna|ichna)$", re.IGNORECASE)
_LOOKED_AT, _LONGEST = 12, 80


@dataclass(frozen=True, slots=True)
class Signature:
    """As written; `phones` are E.164. Empty where the signature does not tell."""

    name: str = ""
    phones: tuple[str, ...] = ()
    company: str = ""
    position: str = ""


NOTHING_SIGNED = Signature()


def read_signature(own: str, hint: str = "") -> Signature:
    """The signature under a writer's own text. `hint` is his name as the letter's header has it.

    A name that says another person than the header is not taken, nor is anything else of that signature.
    """
    parts = [part for line in _block(own) for part in _parts(line)]
    name = company = position = ""
    phones: dict[str, None] = {}
    for part in parts:
        found = phones_in(part)
        if found:
            phones.update((phone.number, None) for phone in found)
            part = _before_number(part)
        if not part or "@" in part or "://" in part or part.lower().startswith("www."):
            continue
        if not company and _is_company(part):
            company = part.strip(" ,.")
        elif not name and _is_name(part, hint):
            name = part.strip(" ,")
        elif not position and _is_position(part):
            position = part.strip(" ,.")
    if name and hint and names.unlike(name, hint):
        return NOTHING_SIGNED
    return Signature(name, tuple(phones), company, position)


def _block(own: str) -> list[str]:
    """The lines under the last farewell or dashes; without one, the last lines where something is told."""
    lines = [line.strip() for line in own.split("\n")]
    for at in range(len(lines) - 1, max(-1, len(lines) - 25), -1):
        if _DASHES.match(lines[at]):
            below = lines[at + 1 :]
            if any(below):
                return _filled(below)
        elif _FAREWELL.match(lines[at]) and len(lines[at]) <= _LONGEST:
            return _filled([_FAREWELL_WORDS.sub("", lines[at]), *lines[at + 1 :]])
    last = _filled(lines)[-5:]
    telling = any(phones_in(line) or _LEGAL.search(line) for line in last[1:])
    return [line for line in last if len(line) <= _LONGEST and not line.endswith("?")] if telling else []


def _filled(lines: list[str]) -> list[str]:
    return [line for line in lines if line][:_LOOKED_AT]


def _parts(line: str) -> Iterator[str]:
    """The pieces of a line that is laid out with bars; `менеджер Анна Белова` is a position and a name."""
    for part in _BETWEEN.split(line):
        bare = part.strip(" *_,")
        if not bare or len(bare) > _LONGEST:
            continue
        pieces = bare.split(", ")
        apart = len(pieces) > 1 and any(_is_name(piece, "") or _is_company(piece) for piece in pieces)
        named = pieces if apart else [bare]
        for piece in named:
            words = piece.split()
            split = next((n for n in (3, 2) if len(words) > n and _full(" ".join(words[-n:]))), 0)
            lead = " ".join(words[:-split]) if split else ""
            if lead and _POSITION.search(lead) and not _LEGAL.search(lead):
                yield lead
                yield " ".join(words[-split:])
            else:
                yield piece


def _before_number(part: str) -> str:
    """What stands before a number on its line, unless it only says that a number follows."""
    bare = re.split(r"(?:\+?\d[\d\s().-]{6,})", part, maxsplit=1)[0]
    bare = re.sub(
        r"(?i)\b(?:тел|моб|телефон|мобильный|сот|раб|т|м|tel|mob|mobile|phone|cell|факс|fax|whatsapp)\b\W*", "", bare
    )
    return bare.strip(" ,.:;()|/+—–-")


def _is_company(part: str) -> bool:
    return bool(_LEGAL.search(part) or _COMPANY_WORD.search(part) or _QUOTED.match(part)) and not part.endswith("?")


def _is_name(part: str, hint: str) -> bool:
    """Two or three capitalised words with a known given name or a patronymic, or that the header agrees with."""
    if _full(part):
        return True
    if hint and names.is_full(hint) and (_NAME.match(part) or _WITH_INITIALS.match(part)):
        return not _POSITION.search(part) and not _LEGAL.search(part) and names.alike(part, hint)
    return bool(_SHORT_NAME.match(part)) and names.is_given(part)


def _full(part: str) -> bool:
    if not _NAME.match(part) or _LEGAL.search(part) or _POSITION.search(part):
        return False
    words = part.split()
    return any(names.is_given(word) for word in words) or any(_PATRONYMIC.search(word) for word in words[1:])


def _is_position(part: str) -> bool:
    return _POSITION.search(part) is not None and len(part.split()) <= 9 and not part.endswith(("?", "!"))
