"""The readable text of a letter's body: tags, styles and blank lines gone, quotations marked, cut to what is needed.

A portal keeps bodies as HTML, as BB code or plain; mail programs of all kinds wrote them, so nothing here insists.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

HEAD, TAIL = 3072, 1024  # characters kept of a long text: how it begins, and where newsletters tell how to leave
_RAW = 65_536  # of a body beyond this nothing is looked at
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "tr",
        "li",
        "ul",
        "ol",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "pre",
        "section",
        "article",
        "header",
        "footer",
        "blockquote",
        "dt",
        "dd",
    ]
)
_SILENT = frozenset({"style", "script", "head", "title", "template"})
_TAG = re.compile(r"<(?:/?[a-z][a-z0-9]*\b[^<>]*|!--)>?", re.IGNORECASE)
_BB_QUOTE = re.compile(r"\[quote\b[^\]]*\](.*?)\[/quote\]", re.IGNORECASE | re.DOTALL)
_BB_CODE = re.compile(r"\[/?(?:b|i|u|s|p|br|url|img|size|color|font|list|table|tr|td|\*)(?:=[^\]]*)?\]", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n\t]+")
_BLANKS = re.compile(r"\n{3,}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")


def readable(body: str, head: int = HEAD, tail: int = TAIL) -> str:
    """A body as text, lines kept; of a long one its first `head` and last `tail` characters.

    >>> readable("<div>Добрый день!<br>Ждём&nbsp;счёт.<blockquote>Когда?</blockquote></div>")
    'Добрый день!\\nЖдём счёт.\\n> Когда?'
    """
    raw = body[:_RAW]
    text = _from_html(raw) if (_TAG.search(raw) and "</" in raw) or "<br" in raw.lower() else _from_bb(raw)
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    lines = (_SPACES.sub(" ", line).strip(" ") for line in text.split("\n"))
    text = _BLANKS.sub("\n\n", "\n".join(lines)).strip()
    return text if len(text) <= head + tail else f"{text[:head]}\n…\n{text[-tail:]}"


class _Reader(HTMLParser):
    """Collects the text of a page; lines of a quotation begin with `> ` as in plain letters."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._quoted = 0
        self._silent = 0
        self._fresh = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "td" and not self._fresh:
            self.parts.append("\t")
        elif tag in _BLOCKS:
            self._line()
        if tag == "blockquote":
            self._quoted += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "blockquote":
            self._quoted = max(0, self._quoted - 1)
            self._line()
        elif tag in _BLOCKS and tag != "br":
            self._line()

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if self._silent or not text:
            return
        if self._fresh and self._quoted:
            self.parts.append("> ")
        elif not self._fresh and data[:1].isspace():
            self.parts.append(" ")
        self.parts.append(text + (" " if data[-1:].isspace() else ""))
        self._fresh = False

    def _line(self) -> None:
        if not self._fresh:
            self.parts.append("\n")
            self._fresh = True


def _from_html(raw: str) -> str:
    reader = _Reader()
    reader.feed(raw)
    reader.close()
    return "".join(reader.parts)


def _from_bb(raw: str) -> str:
    if "[" not in raw:
        return raw
    quoted = _BB_QUOTE.sub(
        lambda found: "\n" + "\n".join(f"> {line}" for line in found[1].strip().split("\n")) + "\n", raw
    )
    return _BB_CODE.sub("", quoted)
