"""A request at work: its timeline, workers, running-time limit, the 60 seconds, cuts and late commits."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from b24kit.sandbox.server import OFF, Sandbox
from tests.sandbox.wire import Wire, quiet

ADDS = {f"c{number}": f"crm.lead.add?fields[TITLE]={number}" for number in range(4)}
DROPPED = (http.client.RemoteDisconnected, ConnectionResetError)


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with quiet() as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Sandbox:
    running.control.reset()
    running.control.seed({"kind": "empty"})
    running.control.clock(grace=0.002)
    running.control.settings(**OFF, latency=0, new_connection=0, work={}, workers=None)
    return running


@pytest.fixture
def wire(box: Sandbox) -> Iterator[Wire]:
    made = Wire(box)
    yield made
    made.close()


def elapsed(box: Sandbox) -> float:
    return float(box.control.clock()["elapsed"])


def cut(box: Sandbox, wire: Wire, **rule: Any) -> None:
    """Send four adds of one second each through a connection that will be dropped."""
    box.control.settings(work={"*.add": 1.0})
    box.control.faults({"count": 1, **rule})
    with pytest.raises(DROPPED):
        wire.call("batch", {"cmd": ADDS})
    wire.close()


def test_work_advances_the_portals_clock_and_nothing_else_does(box: Sandbox, wire: Wire) -> None:
    box.control.settings(work={"crm.lead.add": 0.05, "*.list": 0.02, "count": 0.02})
    begun = elapsed(box)
    wire.batch(*("crm.lead.add?fields[TITLE]=A" for _ in range(10)))
    assert elapsed(box) - begun == pytest.approx(0.5)
    wire.batch("crm.lead.list", "crm.lead.list?start=-1", "server.time")
    assert elapsed(box) - begun == pytest.approx(0.5 + 0.04 + 0.02)


def test_pieces_of_an_import_cost_work_each(box: Sandbox, wire: Wire) -> None:
    box.control.settings(work={"crm.item.batchImport": 0.1, "crm.item.batchImport/item": 0.02})
    begun = elapsed(box)
    wire.call("crm.item.batchImport", {"entityTypeId": 3, "data": [{"name": str(n)} for n in range(20)]})
    assert elapsed(box) - begun == pytest.approx(0.5)


def test_requests_share_a_fixed_number_of_workers_command_by_command(box: Sandbox) -> None:
    box.control.settings(work={"server.time": 0.1}, workers=2)
    box.control.clock(grace=0.1)  # time for all four threads to come, on a busy machine too
    begun = elapsed(box)
    with ThreadPoolExecutor(4) as lanes:
        list(lanes.map(lambda _: Wire(box).batch(*["server.time"] * 10), range(4)))
    assert elapsed(box) - begun == pytest.approx(4 * 10 * 0.1 / 2)


def test_a_bystander_waits_for_one_command_only(box: Sandbox) -> None:
    box.control.settings(work={"server.time": 0.1, "profile": 0.1}, workers=1)
    box.control.clock(grace=0.1)
    ended: list[float] = []

    def long_one() -> None:
        Wire(box).batch(*["server.time"] * 50)
        ended.append(elapsed(box))

    begun = elapsed(box)
    other = threading.Thread(target=long_one)
    other.start()
    while not box.control.metrics()["in_flight"]:
        pass
    status, body = Wire(box).call("profile")
    other.join()
    assert (status, body["time"]["duration"] < 0.31) == (200, True)
    assert ended[0] - begun == pytest.approx(5.1, abs=0.01)


def test_the_running_time_limit_bites_inside_a_batch(box: Sandbox, wire: Wire) -> None:
    box.control.settings(work={"*.add": 1.0}, operating={"window": 60, "limit": 2.5})
    result = wire.result("batch", {"cmd": ADDS})
    assert list(result["result"]) == ["c0", "c1", "c2"]
    assert result["result_error"]["c3"] == {
        "error": "OPERATION_TIME_LIMIT",
        "error_description": "Method is blocked due to operation time limit.",
    }
    assert [result["result_time"][key]["operating"] for key in result["result"]] == [1, 2, 3]
    status, body = wire.call("crm.lead.add", {"fields": {"TITLE": "x"}})
    assert (status, body["error"]) == (429, "OPERATION_TIME_LIMIT")
    assert "time" not in body
    box.control.advance(60)
    assert wire.call("crm.lead.add", {"fields": {"TITLE": "x"}})[0] == 200


def test_the_envelope_of_a_batch_shows_no_running_time_of_its_own(box: Sandbox, wire: Wire) -> None:
    box.control.settings(work={"*.add": 1.0}, operating={})
    assert wire.call("batch", {"cmd": ADDS})[1]["time"]["operating"] == 0


def test_a_batch_that_works_past_sixty_seconds_ends_with_a_504_page(box: Sandbox, wire: Wire) -> None:
    box.control.settings(work={"*.add": 25.0}, request_seconds=60)
    begun = elapsed(box)
    status, body = wire.call("batch", {"cmd": ADDS})
    assert (status, "504 Gateway Time-out" in body) == (504, True)
    assert elapsed(box) - begun == pytest.approx(60)
    assert len(wire.leads()) == 2


def test_waiting_for_a_worker_counts_towards_the_sixty_seconds(box: Sandbox) -> None:
    box.control.settings(work={"server.time": 50.0}, workers=1, request_seconds=60)
    box.control.clock(grace=0.1)
    with ThreadPoolExecutor(3) as lanes:
        statuses = sorted(lanes.map(lambda _: Wire(box).call("server.time")[0], range(3)))
    assert statuses == [200, 504, 504]
    assert box.control.metrics()["waiting_for_a_worker"] == 0


def test_a_cut_before_the_work_leaves_nothing_done(box: Sandbox, wire: Wire) -> None:
    cut(box, wire, kind="cut_before")
    box.control.advance(100)
    assert Wire(box).leads() == {}


def test_a_cut_during_the_work_leaves_the_rest_undone(box: Sandbox, wire: Wire) -> None:
    begun = elapsed(box)
    cut(box, wire, kind="cut_during", at=2)
    assert elapsed(box) - begun == pytest.approx(2.5)
    box.control.advance(100)
    assert Wire(box).leads() == {"1": "0", "2": "1"}


def test_a_cut_after_the_work_leaves_everything_done(box: Sandbox, wire: Wire) -> None:
    cut(box, wire, kind="cut_after")
    assert len(Wire(box).leads()) == 4


@pytest.mark.parametrize(("rule", "at_once"), [({"kind": "cut_before"}, 0), ({"kind": "cut_during", "at": 2}, 2)])
def test_cut_work_may_commit_late(box: Sandbox, wire: Wire, rule: dict[str, Any], at_once: int) -> None:
    cut(box, wire, commit_delay=40, **rule)
    assert len(Wire(box).leads()) == at_once
    box.control.advance(39.9)
    assert len(Wire(box).leads()) == at_once
    box.control.advance(5)
    assert len(Wire(box).leads()) == 4


def test_a_single_write_cut_in_its_work_is_undone(box: Sandbox, wire: Wire) -> None:
    box.control.settings(work={"*.add": 1.0})
    box.control.faults({"kind": "cut_during", "count": 1})
    with pytest.raises(DROPPED):
        wire.call("crm.lead.add", {"fields": {"TITLE": "A"}})
    assert Wire(box).leads() == {}


def test_a_client_that_gives_up_does_not_stop_the_portal(box: Sandbox) -> None:
    box.control.settings(work={"*.add": 1.0})
    box.control.clock(grace=0.2)
    hasty = Wire(box)
    hasty.connection.request("POST", hasty.path + "crm.lead.add?fields[TITLE]=A")
    while not box.control.metrics()["in_flight"]:
        pass
    hasty.close()
    box.control.clock(grace=0.002)
    box.control.sleep(2)
    assert Wire(box).leads() == {"1": "A"}


@pytest.mark.parametrize(
    ("kind", "status", "word"),
    [
        ("busy", 503, "QUERY_LIMIT_EXCEEDED"),
        ("overload", 503, "OVERLOAD_LIMIT"),
        ("time_limit", 429, "OPERATION_TIME_LIMIT"),
        ("internal", 500, "INTERNAL_SERVER_ERROR"),
        ("html", 502, "<html>"),
        ("moved", 302, "302 Found"),
    ],
)
def test_faults_in_place_of_the_answer(box: Sandbox, wire: Wire, kind: str, status: int, word: str) -> None:
    box.control.faults({"kind": kind, "numbers": [1]})
    answered, body = wire.call("crm.lead.add", {"fields": {"TITLE": "A"}})
    assert (answered, word in str(body)) == (status, True)
    assert wire.leads() == {}


@pytest.mark.parametrize("kind", ["internal", "html"])
def test_a_failing_answer_may_hide_finished_work(box: Sandbox, wire: Wire, kind: str) -> None:
    box.control.faults({"kind": kind, "count": 1, "after_work": True})
    assert wire.call("crm.lead.add", {"fields": {"TITLE": "A"}})[0] >= 500
    assert wire.leads() == {"1": "A"}


def test_a_moved_portal_says_where_the_call_belongs(box: Sandbox, wire: Wire) -> None:
    box.control.faults({"kind": "moved", "count": 1, "location": "https://new.example/"})
    wire.connection.request("POST", wire.path + "server.time?a=1")
    response = wire.connection.getresponse()
    response.read()
    assert response.getheader("Location") == f"https://new.example{wire.path}server.time?a=1"


def test_answers_may_arrive_broken_or_empty(box: Sandbox, wire: Wire) -> None:
    box.control.faults({"kind": "truncated", "numbers": [1]}, {"kind": "empty", "numbers": [2]})
    whole = len(str(wire.call("profile")[1]))
    assert isinstance(wire.call("profile")[1], str)
    assert wire.call("profile")[1]["result"]["ID"] == "1"
    assert whole > 10
    assert box.control.metrics()["faults"] == {"truncated": 1, "empty": 1}


def test_one_command_of_a_batch_can_be_refused(box: Sandbox, wire: Wire) -> None:
    box.control.faults({"kind": "refuse", "numbers": [2], "code": "", "text": "Access denied"})
    result = wire.result("batch", {"cmd": ADDS})
    assert result["result_error"] == {"c1": {"error": "", "error_description": "Access denied"}}
    assert len(wire.leads()) == 3


def test_only_writes_can_be_meant(box: Sandbox, wire: Wire) -> None:
    box.control.faults({"kind": "busy", "writes_only": True})
    assert wire.call("crm.lead.list")[0] == 200
    assert wire.call("batch", {"cmd": ["crm.lead.list", "crm.lead.add?fields[TITLE]=A"]})[0] == 503
