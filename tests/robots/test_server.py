"""The receiver: who is believed, what is refused, and that an answer comes only when the event is on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from b24kit.cli.robots_desk import StoredHints
from b24kit.clock import FakeClock
from b24kit.connectors.bitrix24.events import BitrixHook
from b24kit.robots.metrics import Metrics
from b24kit.robots.phpform import MAX_BYTES
from b24kit.robots.server import FAILURES_A_MINUTE, Door, Letterbox, Receiver
from b24kit.robots.store import Store

SECRET, TOKEN = "s" * 24, "token-of-the-portal"
HOOK = StoredHints(BitrixHook(frozenset({TOKEN})))
PATH = f"/hooks/{SECRET}"


class Gate:
    """A receiver, its store and its bell."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock, self.rung = Store(folder / "robots.sqlite"), FakeClock(), list[str]()
        self.letterbox = Letterbox(self.store, self.clock, self.rung.append)
        door = Door("p", SECRET, HOOK)
        self.metrics = Metrics()
        receiver = Receiver((door,), self.letterbox, self.clock, self.metrics, self.metrics.text)
        self.rate = receiver._events["p"]
        self.client = TestClient(receiver.app, raise_server_exceptions=True)

    def post(self, body: bytes, path: str = PATH) -> int:
        return int(self.client.post(path, content=body).status_code)

    def stored(self) -> list[tuple[Any, ...]]:
        return self.store.base.rows("SELECT card, kind FROM inbox ORDER BY card, kind")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    found = Gate(tmp_path)
    yield found
    found.letterbox.close()
    found.store.close()


def event(lead: str = "12", name: str = "ONCRMLEADADD", token: str = TOKEN) -> bytes:
    return urlencode({"event": name, "data[FIELDS][ID]": lead, "auth[application_token]": token}).encode()


def test_a_proven_event_is_stored_before_it_is_answered(gate: Gate) -> None:
    assert gate.post(event()) == 200
    assert gate.stored() == [("lead:12", "added")]
    assert gate.rung == ["p"]


def test_a_replayed_event_is_one_event(gate: Gate) -> None:
    assert [gate.post(event()) for _ in range(5)] == [200] * 5
    assert gate.stored() == [("lead:12", "added")]


@pytest.mark.parametrize(
    ("body", "path", "status"),
    [
        (event(token="another"), PATH, 404),
        (event(token=""), PATH, 404),
        (b"event=ONCRMLEADADD&data[FIELDS][ID]=12", PATH, 404),
        (b"auth[application_token][x]=1", PATH, 404),
        (event(), "/hooks/" + "t" * 24, 404),
        (event(), "/hooks/", 404),
        (event(), "/", 404),
        (event(), "/admin", 404),
        (b"a=1&a[b]=2", PATH, 400),
        (b"x" * (MAX_BYTES + 1), PATH, 413),
    ],
)
def test_what_is_not_proven_is_refused_and_stored_nowhere(gate: Gate, body: bytes, path: str, status: int) -> None:
    assert gate.post(body, path) == status
    assert gate.stored() == []


@pytest.mark.parametrize("lead", ["0", "-1", "1e9", "12; DROP TABLE cards", "٣", "9" * 40, ""])
def test_an_id_that_is_none_brings_nothing(gate: Gate, lead: str) -> None:
    assert gate.post(event(lead)) == 200
    assert gate.stored() == []


def test_other_events_are_taken_and_forgotten(gate: Gate) -> None:
    assert gate.post(event(name="ONTASKADD")) == 200
    assert gate.stored() == []


def test_a_wrong_path_tells_no_more_than_a_path_that_does_not_exist(gate: Gate) -> None:
    wrong, absent = gate.client.post("/hooks/" + "t" * 24, content=event()), gate.client.post("/x", content=b"")
    assert (wrong.status_code, wrong.text) == (absent.status_code, absent.text)


def test_a_guesser_is_slowed_down_and_the_portal_is_not(gate: Gate) -> None:
    statuses = [gate.post(event(), "/hooks/" + "t" * 24) for _ in range(FAILURES_A_MINUTE + 5)]
    assert statuses[-1] == 429
    assert gate.post(event()) == 200
    gate.clock.advance(61)
    assert gate.post(event(), "/hooks/" + "t" * 24) == 404


def test_a_flood_of_proven_events_is_capped_and_ends_with_the_minute(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate.rate, "_most", 3)
    assert [gate.post(event(str(lead))) for lead in range(1, 6)] == [200, 200, 200, 429, 429]
    assert len(gate.stored()) == 3
    gate.clock.advance(61)
    assert gate.post(event("9")) == 200


def test_an_event_that_cannot_be_stored_is_not_acknowledged(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(gate.store, "put_inside", full)
    assert gate.post(event()) == 503
    monkeypatch.undo()
    assert gate.post(event()) == 200


def test_health_and_metrics_are_there_and_name_no_secret(gate: Gate) -> None:
    gate.post(event())
    assert gate.client.get("/health").text == "ok"
    page = gate.client.get("/metrics").text
    assert 'b24kit_events_total{by="hook",portal="p"} 1' in page
    assert SECRET not in page and TOKEN not in page


def test_a_door_without_a_real_secret_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="16 characters"):
        Door("p", "short", HOOK)
    assert SECRET not in repr(Door("p", SECRET, HOOK))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.one_of(st.binary(max_size=400), st.text(alphabet="ab[]=&%0", max_size=60).map(str.encode)))
def test_garbage_has_no_effect_and_breaks_nothing(gate: Gate, body: bytes) -> None:
    assert gate.post(body) in (400, 404)
    assert gate.stored() == []
