"""A consultant at his keyboard: commands run in this process against a sandbox, with files and secrets of their own."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from b24kit.cli.app import run_command
from b24kit.sandbox.remote import SandboxControl
from b24kit.sandbox.server import Sandbox

ANSWER = ("--answer", "robots-leads=none")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered: its exit code and both streams."""

    exit: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON, one document a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        """The only document, or the last line of a long run."""
        return self.lines[-1]


class Terminal(io.StringIO):
    """Standard input that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Consultant:
    """Types commands; `folder` is the client's folder, `private` holds this user's state and secrets."""

    folder: Path
    private: Path
    webhook: str
    control: SandboxControl
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch

    @property
    def secret(self) -> str:
        return self.webhook.rstrip("/").rpartition("/")[2]

    @property
    def plan_file(self) -> Path:
        return self.folder / "plan.b24"

    def types(self, *arguments: str, typed: str = "", terminal: bool = False) -> Answer:
        """Run one command line; `typed` is what stands on its standard input."""
        self.capture.readouterr()
        self.patch.setattr(sys, "stdin", Terminal(typed) if terminal else io.StringIO(typed))
        exit_code = run_command(list(arguments))
        out, err = self.capture.readouterr()
        assert "Traceback" not in out + err
        assert self.secret not in out + err, "the webhook's secret was printed"
        return Answer(exit_code, out, err)

    def json(self, *arguments: str, typed: str = "") -> Answer:
        """The same for a machine."""
        return self.types("--json", *arguments, typed=typed)

    def adds_the_portal(self) -> Answer:
        return self.types("portal", "add", "main", typed=self.webhook + "\n")

    def saves_a_plan(self, *more: str) -> dict[str, Any]:
        """`plan talking-leads -o plan.b24`; the plan as a document."""
        answer = self.json("plan", "talking-leads", "--tap-open", "-o", str(self.plan_file), *more)
        assert answer.exit == 0, answer.err
        return answer.document

    def files(self) -> Iterator[Path]:
        """Every file of the client's folder."""
        return (path for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def consultant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Consultant]:
    """A consultant with a fresh generated company of 60 leads on a portal whose clock stands still."""
    folder, private = tmp_path / "client", tmp_path / "private"
    folder.mkdir()
    with Sandbox(seed={"kind": "company", "leads": 60, "seed": 7}, clock="moved", grace=0.001) as sandbox:
        monkeypatch.setenv("B24KIT_STATE_DIR", str(private / "state"))
        monkeypatch.setenv("B24KIT_SECRETS_FILE", str(private / "secrets.json"))
        monkeypatch.setenv("B24KIT_DIR", str(folder))
        monkeypatch.setenv("B24KIT_CLOCK", sandbox.url)
        for name in ("B24KIT_LANG", "B24KIT_PORTAL", "B24KIT_WEBHOOK_MAIN", "NO_COLOR"):
            monkeypatch.delenv(name, raising=False)
        yield Consultant(folder, private, sandbox.webhook_url, sandbox.control, capsys, monkeypatch)
        assert not sandbox.control.mails(), "a letter was really sent"


@pytest.fixture
def at_work(consultant: Consultant) -> Consultant:
    """The same, with the portal added."""
    assert consultant.adds_the_portal().exit == 0
    return consultant
