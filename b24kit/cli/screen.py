"""What a command says and asks: sentences, tables, progress, JSON; the only module that knows about the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TextIO

from b24kit.cli.encoding import prepare_streams, speaks_unicode
from b24kit.crm.portal import Progress
from b24kit.errors import UsageError
from b24kit.i18n import Language, say
from b24kit.reports.tables import Table, inert, shown_cell

JSON_FORMAT = "b24kit-json/1"
PASTE_LIMIT = 10_000  # characters of a pasted secret
SHOWN_ROWS = 15
WHOLE = 26  # characters of a run's id, which is never broken over two lines
PIPE_WIDTH = 120  # columns of a log file; a terminal tells its own
COLOURS = {"+": "green", "~": "yellow", "-": "red", ">": "cyan", "!": "magenta", "<=": "blue"}


class Screen:
    """One command's screen. In JSON mode people's sentences go to stderr and JSON alone to stdout."""

    def __init__(self, lang: Language, *, as_json: bool = False, colour: bool | None = None) -> None:
        self.lang: Language = lang
        self.as_json = as_json
        self._colour = colour
        prepare_streams()

    def say(self, code: str, **facts: object) -> None:
        self.line(say(code, self.lang, **facts))

    def text(self, code: str, **facts: object) -> str:
        return say(code, self.lang, **facts)

    def line(self, text: str = "", style: str | None = None) -> None:
        """One line of text for people; never parsed for markup, so a title from a stranger stays text."""
        self._console().print(text, style=style, soft_wrap=True)

    def sign(self, sign: str, text: str) -> None:
        """A plan's line: the sign in its colour, then the words."""
        self._console().print(f"  {sign:<2} {inert(text)}", style=COLOURS.get(sign), soft_wrap=True)

    def table(self, table: Table, limit: int = SHOWN_ROWS) -> None:
        """At most `limit` rows, and how many more there are; one row more is shown rather than counted."""
        limit = len(table.rows) if len(table.rows) == limit + 1 else limit
        from rich import box
        from rich.table import Table as Grid

        grid = Grid(title=table.heading(self.lang), title_justify="left", box=box.SIMPLE, pad_edge=False)
        for index, header in enumerate(table.headers(self.lang)):
            cells = [row[index] for row in table.rows[:limit]]
            numeric = any(isinstance(cell, int | float) for cell in cells)
            whole = all(len(str(cell)) <= WHOLE and " " not in str(cell) for cell in cells)  # ids are copied from here
            justify: Literal["right", "left"] = "right" if numeric else "left"
            grid.add_column(inert(header), justify=justify, overflow="fold", no_wrap=whole)
        from rich.text import Text

        for row in table.rows[:limit]:
            grid.add_row(*(Text(shown_cell(value, self.lang)) for value in row))
        self._console().print(grid)
        if len(table.rows) > limit:
            self.say("table.more", n=len(table.rows) - limit)

    def document(self, kind: str, **content: Any) -> None:
        """The one JSON document of a command, and the last line of a long run; the first keys state format and kind."""
        self.message(sys.stdout, kind=kind, **content)

    def message(self, stream: TextIO, **content: Any) -> None:
        """One JSON line."""
        ascii_only = not speaks_unicode(stream)  # a letter lost on the way would be lost data
        text = json.dumps({"format": JSON_FORMAT, **content}, ensure_ascii=ascii_only, default=machine_value)
        stream.write(text + "\n")
        stream.flush()

    @contextmanager
    def progress(self, code: str, *, run: bool = False, **facts: object) -> Iterator[Callable[[Progress], None]]:
        """A bar for long work on a terminal. In JSON mode one message a step: on stdout for a run, whose output is
        lines, and on stderr for reading, since a command that only reads puts one document on stdout."""
        if self.as_json:
            yield self._messages(code, sys.stdout if run else sys.stderr)
            return
        if not sys.stderr.isatty():
            yield _nothing
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        from b24kit.reports.plan_text import duration

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
        )
        with Bar(*columns, console=self._console(stderr=True), transient=True) as bar:
            task = bar.add_task(say(code, self.lang, **facts), total=None, left="")

            def tell(progress: Progress) -> None:
                left = progress.seconds_left
                text = "" if left is None else say("progress.left", self.lang, left=duration(left, self.lang))
                bar.update(task, completed=progress.done, total=progress.total, left=text)

            yield tell

    def _messages(self, code: str, stream: TextIO) -> Callable[[Progress], None]:
        work = code.rpartition(".")[2]

        def tell(progress: Progress) -> None:
            left = None if progress.seconds_left is None else round(progress.seconds_left)
            content = {"work": work, "done": progress.done, "total": progress.total, "seconds_left": left}
            self.message(stream, kind="progress", **content)

        return tell

    def confirm(self, code: str, **facts: object) -> bool:
        """A yes-or-no question; without a terminal the answer is an error that names the option to use."""
        if not sys.stdin.isatty():
            raise UsageError("cli.no_terminal")
        sys.stderr.write(say(code, self.lang, **facts) + " ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes", "д", "да")

    def ask(self, code: str, **facts: object) -> str:
        """A line typed at the terminal; without a terminal it is empty, and whoever needs it refuses."""
        if not sys.stdin.isatty():
            return ""
        sys.stderr.write(say(code, self.lang, **facts) + " ")
        sys.stderr.flush()
        return sys.stdin.readline().strip()

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits there who can answer one question after another."""
        return sys.stdin.isatty()

    def ask_secret(self, code: str, **facts: object) -> str:
        """A value that is not shown while it is typed; from a pipe it is all that comes, blank lines and all."""
        if not sys.stdin.isatty():
            return sys.stdin.read(PASTE_LIMIT).strip()
        from getpass import getpass

        # Consoles of Windows hand Ctrl+V through as the sign 0x16 instead of pasting.
        return getpass(say(code, self.lang, **facts) + " ").replace("\x16", "").strip()

    def lines(self, found: Iterable[str], indent: str = "  ") -> None:
        for text in found:
            self.line(indent + inert(text))

    def tables(self, tables: Sequence[Table], kind: str, limit: int = SHOWN_ROWS, **content: Any) -> None:
        """Tables as people or as a machine want them."""
        if self.as_json:
            self.document(kind, **content, tables=[table.as_json() for table in tables])
            return
        for table in tables:
            self.table(table, limit)

    def _console(self, stderr: bool = False) -> Any:
        from rich.console import Console

        stream = sys.stderr if stderr or self.as_json else sys.stdout
        # Nothing in a text is markup, an :emoji: or a number to paint: titles come from strangers.
        return Console(
            file=stream,
            force_terminal=self._colour,
            no_color=self._colour is False,
            width=None if stream.isatty() else PIPE_WIDTH,
            markup=False,
            emoji=False,
            highlight=False,
        )


def machine_value(value: Any) -> Any:
    """What JSON has no word for: moments in ISO 8601, everything else by its text."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _nothing(progress: Progress) -> None:
    """Progress that nobody watches."""
    del progress
