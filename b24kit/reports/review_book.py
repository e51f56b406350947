"""The workbook of doubtful clients: one row one question, a list to choose the answer from, both cards side by side.

What the answers are read by stands in hidden columns of the row itself, so rows may be sorted, deleted and copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from b24kit.i18n import Language, say
from b24kit.matching.joining import Rule
from b24kit.matching.sides import Asked, Joined, Side
from b24kit.matching.verdicts import Verdict
from b24kit.reports.tables import LONGEST, inert
from b24kit.reports.wording import card_text

HIDDEN = ("#key", "#portal", "#about", "#one", "#other")
ANSWER, NOTE, WHO = "review.column.answer", "review.column.note", "review.column.who"
CHOICES = {
    "question": (Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE, Verdict.PROTECT),
    "member": (Verdict.SPLIT, Verdict.PROTECT),
    "cluster": (Verdict.RIGHT, Verdict.WRONG, Verdict.UNSURE),
}
_SIDE = ("card", "name", "emails", "phones", "company", "subject", "dates", "ids")
_WIDTHS = {"answer": 17, "note": 22, "who": 14, "likely": 9, "why": 46, "card": 13, "subject": 34, "dates": 23}
_SPARE = 500  # rows below the last in which the list still drops down
_SHOWN = 12  # names, addresses and ids in one cell
Link = Callable[[str], str | None]
Prints = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that stands in a row already."""

    answer: str = ""
    note: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewBook:
    """What the workbook holds. `prints` are fingerprints by card id, `given` answers by the row's key."""

    portal: str
    questions: Sequence[Asked]
    joined: Sequence[Joined] = ()
    sample: Sequence[Joined] = ()
    decided: Sequence[Asked] = ()
    prints: Prints = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    """One row: visible cells after the three of the answer, then what it is read back by."""

    key: str
    cells: tuple[Any, ...]
    one: Sequence[str]
    other: Sequence[str] = ()


def member_key(member: str, rest: str) -> str:
    """The key of the question whether a member belongs to its cluster."""
    return f"out:{member}~{rest}"


def cluster_key(cluster: Joined) -> str:
    """The key of a sampled cluster: by the card that stands for it and by how many cards it has."""
    return f"all:{cluster.key}~{sum(len(member.ids) for member in cluster.members)}"


def write_review(book: ReviewBook, path: Path, lang: Language, link: Link) -> None:
    """Write the workbook: questions, joined clusters, the sample where one is asked for, a legend."""
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), options) as file:
        file.set_properties({"title": say("review.title", lang), "comments": f"b24kit review {book.portal}"})
        writer = _Writer(file, book, lang, link)
        sides = tuple(f"{name}_{number}" for number in (1, 2) for name in _SIDE)
        writer.sheet("question", ("likely", "why", *sides), [_question(one, lang) for one in book.questions])
        if book.decided:
            asked = [_question(one, lang) for one in book.decided]
            writer.sheet("question", ("likely", "why", *sides), asked, "decided")
        if book.sample:
            writer.sheet("cluster", ("cluster", "why", *_SIDE[1:]), [_cluster(one, lang) for one in book.sample])
        members = [line for one in book.joined if len(one.members) > 1 for line in _members(one, lang)]
        if members:
            writer.sheet("member", ("cluster", "attention", "why", *_SIDE), members)
        writer.legend()
    path.chmod(0o600)


class _Writer:
    """Sheets of one workbook."""

    def __init__(self, file: Any, book: ReviewBook, lang: Language, link: Link) -> None:
        self._file, self._book, self._lang, self._link = file, book, lang, link
        # Excel keeps a cell with this mark a text even when somebody edits it: no name ever becomes a formula.
        text = {"quote_prefix": True, "num_format": "@", "text_wrap": True, "valign": "top", "border": 4}
        self._text = file.add_format(text)
        self._plain = file.add_format({"valign": "top", "border": 4, "align": "center"})
        self._answer = file.add_format({"bg_color": "#FFF7D6", "valign": "top", "border": 4, "text_wrap": True})
        self._link_style = file.add_format({"font_color": "#0563C1", "underline": 1, "valign": "top", "border": 4})
        heads = {"": "#E8EEF4", "1": "#DDEBF7", "2": "#E2EFDA"}
        bold = {"bold": True, "text_wrap": True, "valign": "top", "border": 1}
        self._heads = {side: file.add_format({**bold, "bg_color": colour}) for side, colour in heads.items()}

    def sheet(self, about: str, columns: Sequence[str], lines: Sequence[_Line], name: str = "") -> None:
        """One sheet: answer columns, the visible ones, the hidden ones; header frozen, filtered, list of answers."""
        sheet = self._file.add_worksheet(say(f"review.sheet.{name or about}", self._lang))
        visible = ("answer", "note", "who", *columns)
        for column, title in enumerate(visible):
            stem, _, side = title.partition("_")
            sheet.set_column(column, column, _WIDTHS.get(stem, 26))
            sheet.write_string(0, column, self._header(stem, side), self._heads[side])
        last = len(visible)
        for place, mark in enumerate(HIDDEN):
            sheet.write_string(0, last + place, mark)
        sheet.set_column(last, last + len(HIDDEN) - 1, 12, None, {"hidden": True})
        for row, line in enumerate(lines, 1):
            self._row(sheet, row, about, line, last)
        choices = [say(f"review.answer.{choice.value}", self._lang) for choice in CHOICES[about]]
        sheet.data_validation(1, 0, len(lines) + _SPARE, 0, self._validation(choices))
        sheet.freeze_panes(1, 3)
        sheet.autofilter(0, 0, max(1, len(lines)), last - 1)

    def legend(self) -> None:
        """What each answer means and how to hand the file back, line by line."""
        sheet = self._file.add_worksheet(say("review.sheet.legend", self._lang))
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 1, 110)
        row = 0
        for code in ("what", "how", "edit", "joined", "decided", "sample", "back", "personal"):
            sheet.write_string(row, 1, say(f"review.legend.{code}", self._lang), self._text)
            row += 1
        for verdict in dict.fromkeys(choice for choices in CHOICES.values() for choice in choices):
            sheet.write_string(row, 0, say(f"review.answer.{verdict.value}", self._lang), self._heads[""])
            sheet.write_string(row, 1, say(f"review.meaning.{verdict.value}", self._lang), self._text)
            row += 1
        sheet.write_string(row, 0, say("review.legend.portal", self._lang), self._heads[""])
        sheet.write_string(row, 1, self._book.portal, self._text)

    def _header(self, stem: str, side: str) -> str:
        title = say(f"review.column.{stem}", self._lang)
        return f"{title} {side}" if side else title

    def _validation(self, choices: list[str]) -> dict[str, Any]:
        return {
            "validate": "list",
            "source": choices,
            "error_title": say("review.wrong_title", self._lang),
            "error_message": say("review.wrong", self._lang),
        }

    def _row(self, sheet: Any, row: int, about: str, line: _Line, last: int) -> None:
        given = self._book.given.get(line.key, Given())
        for column, text in enumerate((given.answer, given.note, given.who)):
            if text:
                sheet.write_string(row, column, _cut(text), self._answer)
            else:
                sheet.write_blank(row, column, None, self._answer)
        for column, value in enumerate(line.cells, 3):
            self._cell(sheet, row, column, value)
        hidden = (line.key, self._book.portal, about, self._sealed(line.one), self._sealed(line.other))
        for place, text in enumerate(hidden):
            sheet.write_string(row, last + place, text)

    def _cell(self, sheet: Any, row: int, column: int, value: Any) -> None:
        if isinstance(value, int):
            sheet.write_number(row, column, value, self._plain)
        elif isinstance(value, _Card):
            text, url = value.text, self._link(value.card)
            if url is None:
                sheet.write_string(row, column, _cut(text), self._text)
            else:
                sheet.write_url(row, column, url, self._link_style, text)
        else:
            sheet.write_string(row, column, _cut(str(value)), self._text)

    def _sealed(self, ids: Sequence[str]) -> str:
        """Ids with their fingerprints; as many as fit, the one that stands for the side is the first."""
        parts, length = [], 0
        for one in ids:
            part = f"{one}={self._book.prints.get(one, '')}"
            length += len(part) + 1
            if length > LONGEST:
                break
            parts.append(part)
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class _Card:
    card: str
    text: str


def _question(asked: Asked, lang: Language) -> _Line:
    cells = (asked.percent, asked.why.sentence(lang), *_side(asked.one, lang), *_side(asked.other, lang))
    return _Line(asked.key, cells, asked.one.ids, asked.other.ids)


def _members(cluster: Joined, lang: Language) -> list[_Line]:
    found = []
    for member in cluster.members:
        rest = [one for other in cluster.members if other is not member for one in other.ids]
        attention = say("review.attention", lang) if member.head in cluster.holds else ""
        cells = (_card(cluster.key, lang), attention, _rules(cluster.rules, lang), *_side(member, lang))
        found.append(_Line(member_key(member.head, rest[0]), cells, member.ids, rest))
    return found


def _cluster(cluster: Joined, lang: Language) -> _Line:
    ids = tuple(one for member in cluster.members for one in member.ids)
    whole = Side(
        ids,
        names=_every(cluster.members, "names"),
        emails=_every(cluster.members, "emails"),
        phones=_every(cluster.members, "phones"),
        companies=_every(cluster.members, "companies"),
        subject=max(cluster.members, key=lambda one: one.last or 0.0).subject,
        first=min((one.first for one in cluster.members if one.first is not None), default=None),
        last=max((one.last for one in cluster.members if one.last is not None), default=None),
    )
    cells = (_Card(cluster.key, _card(cluster.key, lang)), _rules(cluster.rules, lang), *_side(whole, lang)[1:])
    return _Line(cluster_key(cluster), cells, ids)


def _every(members: Iterable[Side], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for member in members for text in getattr(member, name)))


def _side(side: Side, lang: Language) -> tuple[Any, ...]:
    listed = (side.names, side.emails, side.phones, side.companies)
    names, emails, phones, companies = ("\n".join(_some(texts)) for texts in listed)
    moments = [datetime.fromtimestamp(one, UTC) for one in (side.first, side.last) if one is not None]
    days = [f"{one:%d.%m.%Y}" if lang == "ru" else f"{one:%Y-%m-%d}" for one in moments]
    ids = ", ".join(_some([_card(one, lang) for one in side.ids]))
    head = _Card(side.head, _card(side.head, lang))
    return head, names, emails, phones, companies, side.subject, " – ".join(dict.fromkeys(days)), ids


def _some(texts: Sequence[str]) -> list[str]:
    more = [f"+{len(texts) - _SHOWN}"] if len(texts) > _SHOWN else []
    return [*(inert(text) for text in texts[:_SHOWN]), *more]


def _card(name: str, lang: Language) -> str:
    return card_text(name, lang)


def _rules(rules: Sequence[Rule], lang: Language) -> str:
    return "; ".join(say(f"review.rule.{rule.name.lower()}", lang) for rule in rules)


def _cut(text: str) -> str:
    """Text of strangers as a cell holds it; line breaks are ours alone."""
    return "\n".join(inert(line) for line in text.split("\n"))[:LONGEST]
