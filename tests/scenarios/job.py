"""One whole job on a small portal in trouble: commands as typed, what the portal holds afterwards, what stays on disk.

The clock is moved and starts at a fixed moment, so that an undisturbed run of the same job is a yardstick for all.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from b24kit.change.feeding import Feeding
from b24kit.cli.app import run_command
from b24kit.crm.portal import Wanted
from b24kit.crm.refs import Ref
from b24kit.sandbox.remote import SandboxControl
from b24kit.sandbox.server import Sandbox

NONE = ("--answer", "robots-leads=none")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
COLLEAGUE = {"user_id": 3, "code": "colleague00000000"}
ADMINISTRATOR = {"user_id": 1, "code": "administrator0000"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
_CONTACT = "3"
# Who touched a card last and when: the portal keeps these itself, and no undo can write them.
_PORTALS_OWN = frozenset(
    [
        *("MODIFY_BY_ID", "MOVED_BY_ID", "LAST_ACTIVITY_BY", "DATE_MODIFY", "MOVED_TIME", "LAST_ACTIVITY_TIME"),
        *("DATE_CLOSED", "IS_RETURN_CUSTOMER"),
    ]
)
State = dict[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answered."""

    exit: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        return self.lines[-1]


@dataclass(frozen=True, slots=True)
class Job:
    """A consultant's folder and the portal he works on."""

    folder: Path
    sandbox: Sandbox

    @property
    def control(self) -> SandboxControl:
        return self.sandbox.control

    @property
    def secret(self) -> str:
        return self.sandbox.webhook_url.rstrip("/").rpartition("/")[2]

    @property
    def plan_file(self) -> Path:
        return self.folder / "client" / "plan.b24"

    def environment(self) -> dict[str, str]:
        return {
            "B24KIT_STATE_DIR": str(self.folder / "state"),
            "B24KIT_SECRETS_FILE": str(self.folder / "secrets.json"),
            "B24KIT_DIR": str(self.folder / "client"),
            "B24KIT_CLOCK": self.sandbox.url,
        }

    def types(self, *arguments: str, typed: str = "") -> Answer:
        """One command line in this process; nothing it prints may hold the secret."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment().items():
                patch.setenv(name, value)
            for name in ("B24KIT_LANG", "B24KIT_PORTAL", "B24KIT_WEBHOOK_MAIN"):
                patch.delenv(name, raising=False)
            patch.setattr(sys, "stdin", io.StringIO(typed))
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run_command(list(arguments))
        told = out.getvalue() + err.getvalue()
        assert "Traceback" not in told
        assert self.secret not in told, "the webhook's secret was printed"
        return Answer(code, out.getvalue(), err.getvalue())

    def json(self, *arguments: str) -> Answer:
        return self.types("--json", *arguments)

    def plans(self, *more: str) -> dict[str, Any]:
        answer = self.json("plan", "talking-leads", "--tap-open", "-o", str(self.plan_file), *more)
        assert answer.exit == 0, answer.err
        return answer.document

    def applies(self, *more: str) -> Answer:
        return self.json("apply", str(self.plan_file), *NONE, *more)

    def undoes(self, *more: str) -> Answer:
        return self.json("undo", *more, "--auto-approve")

    def ends(self, answer: Answer, attempts: int = 6) -> Answer:
        """Go on with the newest run until it is done; what broke it off must be one that can be resumed."""
        for _ in range(attempts):
            if answer.exit == 0:
                return answer
            unlucky = str(answer.document.get("code", "")).startswith("canary.not_")
            assert answer.exit in (3, 6) or unlucky, answer.err
            answer = self.json("apply", str(self.newest() / "plan.json"), *NONE)
        raise AssertionError(f"not done after {attempts} resumes: {answer.err}")

    def newest(self) -> Path:
        """The folder of the newest run."""
        return max((self.folder / "client/.b24kit/runs").glob("2*"))

    def takes_back(self, run: str) -> Answer:
        """Undo a run to its end, however often its way back has to be planned."""
        for _ in range(6):
            answer = self.undoes(run)
            if self.newest().name != run:
                return self.ends(answer, 12)
            assert answer.exit in (3, 6), answer.err  # broken off while it looked round: no run was begun
        raise AssertionError(f"no way back could be planned: {answer.err}")

    def person(self, method: str, **params: Any) -> Any:
        """What a colleague does on the portal by hand."""
        return self._by_hand(COLLEAGUE, method, params)

    def person_in_charge(self, method: str, **params: Any) -> Any:
        """What the portal's administrator does by hand."""
        return self._by_hand(ADMINISTRATOR, method, params)

    def _by_hand(self, who: Mapping[str, Any], method: str, params: Mapping[str, Any]) -> Any:
        known = self.control.settings()["webhooks"]
        if who["code"] not in [webhook["code"] for webhook in known]:
            self.control.settings(webhooks=[*known, who])
        answer = httpx.post(f"{self.sandbox.url}/rest/{who['user_id']}/{who['code']}/{method}", json=dict(params))
        answer.raise_for_status()
        return answer.json()["result"]

    def table(self, name: str) -> dict[str, dict[str, Any]]:
        return dict(self.control.dump([name])["tables"][name])

    def state(self) -> State:
        return state_of(self.control)

    def journals(self) -> list[Path]:
        return sorted((self.folder / "client").rglob("journal.sqlite"))


@contextlib.contextmanager
def job(
    folder: Path, *, leads: int = 80, seed: int = 7, plant: Mapping[str, Any] | None = None, **more: Any
) -> Iterator[Job]:
    """A fresh company with the portal added; what every scenario must keep is asserted at the end."""
    (folder / "client").mkdir(parents=True)
    start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    spec = {"kind": "company", "leads": leads, "seed": seed, **(plant or {})}
    with Sandbox(seed=spec, clock="moved", grace=0.001, start=start, **more) as sandbox:
        found = Job(folder, sandbox)
        assert found.types("portal", "add", "main", typed=found.sandbox.webhook_url + "\n").exit == 0
        yield found
        sandbox.control.faults()
        assert not sandbox.control.mails(), "a letter was really sent"
        assert doubles(sandbox.control) == []
        for journal in found.journals():
            assert_consistent(journal)
        assert_nothing_told(found)


def before_looks(
    patch: pytest.MonkeyPatch, act: Callable[[], None], *, number: int = 0, at: Collection[str] = ()
) -> None:
    """Let something happen once, just before a run looks again at what it will write.

    That is before asking `number` for looks, counted from 0, or before the first asking for one of the references `at`.
    """
    more, asked = Feeding.more, itertools.count()
    acted: list[bool] = []

    def now(looks: Sequence[Ref]) -> bool:
        if at:
            return any(str(ref) in at for ref in looks)
        return bool(looks) and next(asked) == number

    def disturbed(self: Feeding) -> Wanted:
        wanted = more(self)
        if not acted and now(wanted.looks):
            acted.append(True)
            act()
        return wanted

    patch.setattr(Feeding, "more", disturbed)


def state_of(control: SandboxControl) -> State:
    """Every table as a bag of rows, independent of time, of a plan's number and of the numbers of new contacts."""
    tables: dict[str, dict[str, dict[str, Any]]] = control.dump()["tables"]
    names = {row_id: plain_origin(row["ORIGIN_ID"]) for row_id, row in tables["contact"].items() if is_ours(row)}
    return {name: Counter(_line(row, names) for row in rows.values()) for name, rows in tables.items()}


def is_ours(row: Mapping[str, Any]) -> bool:
    return row.get("ORIGINATOR_ID") == "b24kit"


def plain_origin(origin: str) -> str:
    """An origin without the number of its plan."""
    return origin.partition(".")[2]


def _line(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    # A card that once had contacts keeps an empty place for them in the store; through the API both look the same.
    kept = {name: _plain(name, value, row, names) for name, value in row.items() if value not in (None, [])}
    return json.dumps(kept, sort_keys=True)


def _plain(name: str, value: Any, row: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    if isinstance(value, str) and _MOMENT.match(value):
        return "moment"
    if name == "ORIGIN_ID" and is_ours(row):
        return plain_origin(str(value))
    if name in ("CONTACT_ID", "CONTACT_IDS"):
        return [names.get(str(one), one) for one in (value if isinstance(value, list) else [value])]
    if name == "OWNER" and str(value).startswith(f"{_CONTACT}:"):
        return names.get(str(value).partition(":")[2], value)
    if name == "OWNER_ID" and str(row.get("OWNER_TYPE_ID")) == _CONTACT:
        return names.get(str(value), value)
    return value


def people_see(state: State) -> State:
    """A state without the portal's own marks and its history, to compare a portal with what it was before a run."""
    return {table: Counter(map(_seen, rows.elements())) for table, rows in state.items() if table != "stagehistory"}


def _seen(line: str) -> str:
    row = json.loads(line)
    kept = {name: value for name, value in row.items() if value not in (None, []) and name not in _PORTALS_OWN}
    return json.dumps(kept, sort_keys=True)


def difference(wanted: State, found: State, *, without: tuple[str, ...] = ()) -> list[str]:
    """What the portal has more (+) or less (-) than it should."""
    told: list[str] = []
    for table in sorted((wanted.keys() | found.keys()) - set(without)):
        left, right = wanted.get(table, Counter()), found.get(table, Counter())
        told += [f"{table} - {line}" for line in sorted((left - right).elements())]
        told += [f"{table} + {line}" for line in sorted((right - left).elements())]
    return told


def doubles(control: SandboxControl) -> list[str]:
    """Cards made twice for one operation, and letters bound twice to one card."""
    tables = control.dump(["contact", "company", "binding"])["tables"]
    seen = Counter(
        f"{kind} {row['ORIGIN_ID']}" for kind in ("contact", "company") for row in tables[kind].values() if is_ours(row)
    )
    seen.update(f"binding {json.dumps(row, sort_keys=True)}" for row in tables["binding"].values())
    return [name for name, count in seen.items() if count > 1]


def assert_consistent(journal: Path) -> None:
    """A run that says it is done has no open line, and every thing it made has its id."""
    base = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)
    meta = dict(base.execute("SELECT name, value FROM meta"))
    last = base.execute(
        "SELECT key, state, new_id FROM entries WHERE seq IN (SELECT max(seq) FROM entries GROUP BY key)"
    )
    rows = last.fetchall()
    base.close()
    makes = {one["key"] for one in json.loads(meta["plan"])["operations"] if one["does"] == "create"}
    for key, state, new_id in rows:
        if meta.get("how") == "done" and not key.startswith("canary-"):  # its steps are tried again under new keys
            assert state not in ("intended", "unknown", "not_executed"), (key, state)
        if state == "done" and key in makes:
            assert new_id, f"{key} was made and nobody knows as what"


def assert_nothing_told(found: Job) -> None:
    """No file of the folder or of the machine's state holds the secret; a masked plan holds no address of a person."""
    secret = found.secret.encode()
    for path in found.folder.rglob("*"):
        if path.is_file() and path.name != "secrets.json":
            assert secret not in path.read_bytes(), f"the secret stands in {path.name}"
    if found.plan_file.exists():
        document = json.loads(found.plan_file.read_text(encoding="utf-8"))
        if document["masked"]:
            assert not ADDRESS.findall(json.dumps(document, ensure_ascii=False))


@cache
def undisturbed(leads: int = 80, seed: int = 7) -> tuple[State, State, State]:
    """The portal before, after a calm apply, and after its undo."""
    with TemporaryDirectory() as folder, job(Path(folder) / "job", leads=leads, seed=seed) as calm:
        before = calm.state()
        calm.plans()
        assert calm.applies().exit == 0
        after = calm.state()
        assert calm.undoes().exit == 0
        return before, after, calm.state()
