"""What a writer wrote himself and what he quotes or passes on: where a letter turns into an earlier one, ru and en.

Mail programs agree on nothing but habits: `>` before lines, a sentence that ends in "wrote:", a ruler with words, or
the bare headers of the letter below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_RULER = re.compile(
    r"^[>\s]*[-_=*]{2,}\s*(?P<words>[^\n]{0,60}?(?:original|исходное|оригинал\w*|forwarded|пересыла\w+|переслан\w+|"
    r"переадрес\w+|перенаправл\w+)\s+(?:message|e?-?mail|сообщени[ея]|письм[оа])[^\n]{0,40}?)\s*[-_=*]*\s*$",
    re.IGNORECASE,
)
_BEGIN = re.compile(
    r"^[>\s]*(?:begin forwarded message|начало (?:пере\w+) (?:сообщения|письма)|(?:forwarded|пересыла\w+|переслан\w+|"
    r"пере(?:адрес|направл)\w+) (?:message|сообщение|письмо))\s*:?\s*$",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(r"forward|пересыл|пересла|переадрес|перенаправ", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:^|\s)(?:wrote|writes|schrieb|пишет|писал|писала|писал\(а\)|написал|написала|написал\(а\))\s*:\s*$",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"^[>|*\s]*(?P<key>от(?: кого)?|from|отправлено|дата|sent|date|когда|кому|to|копия|cc|тема|subject|reply-to|"
    r"отправитель|sender|ответить)\s*\**\s*:\s*\**\s*(?P<value>.*?)\s*\**$",
    re.IGNORECASE,
)
_KEYS = {
    **dict.fromkeys(("от", "от кого", "from", "отправитель", "sender"), "from"),
    **dict.fromkeys(("отправлено", "дата", "sent", "date", "когда"), "date"),
    **dict.fromkeys(("кому", "to"), "to"),
    **dict.fromkeys(("копия", "cc"), "cc"),
    **dict.fromkeys(("тема", "subject"), "subject"),
    **dict.fromkeys(("reply-to", "ответить"), "reply_to"),
}
_HEAD_LINES = 14  # of a head nobody writes more


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of a letter inside a letter, raw; `passed_on` when its ruler says that it was forwarded."""

    fields: Mapping[str, str]
    line: int
    passed_on: bool

    @property
    def sender(self) -> str:
        return self.fields.get("from", "")


def own_text(text: str) -> str:
    """What the writer wrote: everything above the letter he answers or passes on, without lines quoted in between."""
    lines = text.split("\n")
    end = _first_seam(lines)
    return "\n".join(line for line in lines[:end] if not line.lstrip().startswith((">", "|"))).strip()


def heads(text: str) -> list[Head]:
    """Every letter inside this one that shows its headers, the outermost first."""
    lines = text.split("\n")
    found: list[Head] = []
    at = 0
    while at < len(lines):
        head = _head_at(lines, at)
        if head is None:
            at += 1
            continue
        found.append(head)
        at = head.line + len(head.fields) + 1
    return found


def passed_on(text: str) -> str:
    """The letter under the outermost head inside, empty when there is none."""
    found = heads(text)
    if not found:
        return ""
    lines = text.split("\n")[found[0].line :]
    under = next((at for at, line in enumerate(lines) if not line.strip(" >") and at >= len(found[0].fields)), 0)
    return "\n".join(re.sub(r"^\s*>\s?", "", line) for line in lines[under:])


def _first_seam(lines: list[str]) -> int:
    for at, line in enumerate(lines):
        if _RULER.match(line) or _BEGIN.match(line) or _wrote(lines, at):
            return at
        if _HEAD.match(line) and _head_at(lines, at) is not None:
            return at
    return len(lines)


def _wrote(lines: list[str], at: int) -> bool:
    """`On Monday ... wrote:`, `3 марта 2026 г., Анна Белова <a@f> пишет:`; programs break it over two lines."""
    line = lines[at].strip(" >")
    if _WROTE.search(line):
        above = lines[at - 1].strip(" >") if at else ""
        return bool(re.search(r"[@\d]", line)) or bool(re.search(r"[@\d]", above)) or len(line.split()) <= 5
    below = lines[at + 1].strip(" >") if at + 1 < len(lines) else ""
    broken = re.match(r"(?:On|Le|Am|\d{1,2}[ ./])", line) is not None and "@" in line + below
    return broken and bool(_WROTE.search(below))


def _head_at(lines: list[str], at: int) -> Head | None:
    """The head that begins on this line: headers under a ruler, or bare ones of which three stand together."""
    line = lines[at]
    ruled = bool(_RULER.match(line) or _BEGIN.match(line))
    first = _HEAD.match(line)
    if not ruled and (first is None or _KEYS[first["key"].lower()] != "from"):
        return None
    fields = dict(_fields(lines, at + 1 if ruled else at))
    if "from" not in fields or (not ruled and len(fields) < 3):
        return None
    above = next((text for text in reversed(lines[max(0, at - 2) : at]) if text.strip()), "")
    passed_on = bool(_PASSED_ON.search(line) or (not ruled and _PASSED_ON.search(above) and _BEGIN.match(above)))
    return Head(fields, at + 1 if ruled else at, passed_on)


def _fields(lines: list[str], start: int) -> Iterator[tuple[str, str]]:
    """Headers that stand together; a value may stand on the line below its key."""
    seen: set[str] = set()
    waiting = ""
    for line in lines[start : start + _HEAD_LINES]:
        found = _HEAD.match(line)
        if found is not None:
            key = _KEYS[found["key"].lower()]
            if key in seen:
                return
            waiting = "" if found["value"] else key
            if found["value"]:
                seen.add(key)
                yield key, found["value"]
        elif line.strip(" >") and waiting:
            seen.add(waiting)
            yield waiting, line.lstrip(" >*").rstrip(" *")
            waiting = ""
        elif line.strip(" >"):
            if seen:
                return
        elif len(seen) > 1:
            return
