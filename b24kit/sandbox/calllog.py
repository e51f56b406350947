"""What was asked of the fake portal: every call with its answer (when switched on), every request in short, and sums.

Callers appear under the name of their webhook (`w1`), never with its code.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from b24kit.sandbox.phpjson import dumps


@dataclass(slots=True)
class RequestNote:
    """One HTTP request in short; times are portal seconds since the portal was opened."""

    number: int
    start: float
    connection: int
    source: str
    end: float = 0.0
    webhook: str = ""
    method: str = ""
    commands: int = 0
    status: int | None = None  # None: the connection was dropped
    fault: str | None = None
    size: int = 0


@dataclass(slots=True)
class CallLog:
    """Calls as JSON Lines for contract checks; off until asked for, since list answers are large."""

    on: bool = False
    with_responses: bool = True
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=200_000))

    def note(
        self,
        request: RequestNote,
        method: str,
        params: Mapping[str, Any],
        status: int,
        response: str | None,
        *,
        in_batch: bool,
    ) -> None:
        """Keep one call: decoded arguments and the answer's body as JSON text. `auth` is a secret and is left out."""
        shown = {name: value for name, value in params.items() if str(name).lower() != "auth"}
        line = (
            f'{{"method":{dumps(method)},"params":{json.dumps(shown, default=str)},"status":{status},'
            f'"in_batch":{"true" if in_batch else "false"},"webhook":{dumps(request.webhook)},'
            f'"request":{request.number}'
        )
        if response is not None:
            line += f',"response":{response}'
        self.lines.append(line + "}")

    def exchange(
        self, request: RequestNote, http: str, path: str, given: Any, status: int | None, response: str | None
    ) -> None:
        """Keep one call to a route: decoded body, and the answer's body as JSON text (absent when it is none).

        A connection that was dropped has no status either.
        """
        line = (
            f'{{"http":{dumps(http)},"path":{json.dumps(path)},"request":{json.dumps(given)},'
            f'"webhook":{dumps(request.webhook)},"number":{request.number}'
        )
        if status is not None:
            line += f',"status":{status}'
        if response and self.with_responses:
            line += f',"response":{response}'
        self.lines.append(line + "}")

    def text(self) -> Iterator[str]:
        """All lines, each with its end."""
        for line in self.lines:
            yield line + "\n"


@dataclass(slots=True)
class RequestLog:
    """The last requests and the sums over all of them."""

    notes: deque[RequestNote] = field(default_factory=lambda: deque(maxlen=50_000))
    requests: int = 0
    commands: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    max_in_flight: int = 0
    sent_bytes: int = 0
    work: dict[str, float] = field(default_factory=dict)  # seconds by method, over everything

    def add_work(self, spent: Mapping[str, float]) -> None:
        """Take in one request's work, in seconds by method."""
        for method, seconds in spent.items():
            self.work[method] = self.work.get(method, 0.0) + seconds

    def begin(self, start: float, connection: int, source: str) -> RequestNote:
        """A request came in: its note, to be handed to `end`."""
        self.requests += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return RequestNote(self.requests, start, connection, source)

    def end(self, note: RequestNote, end: float) -> None:
        """The request is over, answered or dropped."""
        self.in_flight -= 1
        note.end = end
        self.commands += note.commands
        self.sent_bytes += note.size
        status = "dropped" if note.status is None else str(note.status)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if note.fault:
            self.faults[note.fault] = self.faults.get(note.fault, 0) + 1
        self.notes.append(note)

    def forget(self) -> None:
        """Start counting anew; requests under way keep their place."""
        self.notes.clear()
        self.statuses.clear()
        self.faults.clear()
        self.work.clear()
        self.requests = self.commands = self.sent_bytes = 0
        self.max_in_flight = self.in_flight

    def told(self) -> list[dict[str, Any]]:
        """The notes as plain data, oldest first."""
        return [asdict(note) for note in self.notes]

    def sums(self) -> dict[str, Any]:
        """Figures for benchmarks: `refused_503` are requests, not commands."""
        connections = {note.connection for note in self.notes}
        return {
            "requests": self.requests, "commands": self.commands, "statuses": dict(self.statuses),
            "refused_503": self.statuses.get("503", 0), "faults": dict(self.faults), "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight, "connections": len(connections), "sent_bytes": self.sent_bytes,
            "work": {method: round(seconds, 6) for method, seconds in self.work.items()},
        }  # fmt: skip
