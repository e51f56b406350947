"""The control API: what it shows, what it changes, what it refuses, and that no secret stands in its logs."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from b24kit.sandbox.remote import SandboxError
from b24kit.sandbox.server import Sandbox
from tests.sandbox.wire import Wire, quiet


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with quiet() as running:
        yield running


def test_calls_are_logged_when_asked_one_line_a_command(box: Sandbox) -> None:
    wire = Wire(box)
    wire.call("profile")
    assert box.control.calls() == []
    box.control.log_calls()
    wire.call("crm.lead.add?auth=hidden", {"fields": {"TITLE": "A"}})
    wire.batch(a="crm.lead.get?id=$result[b]", b="crm.lead.list?select[]=ID")
    one, refused, listed = box.control.calls()
    assert (one["method"], one["params"], one["status"]) == ("crm.lead.add", {"fields": {"TITLE": "A"}}, 200)
    assert (one["in_batch"], one["webhook"], one["response"]["result"]) == (False, "w1", 1)
    assert "time" in one["response"]
    assert (refused["in_batch"], refused["status"], "error" in refused["response"]) == (True, 400, True)
    assert listed["response"]["result"] == [{"ID": "1"}]
    assert listed["request"] == refused["request"] != one["request"]
    box.control.forget_calls()
    box.control.log_calls(with_responses=False)
    wire.call("profile")
    assert "response" not in box.control.calls()[0]


def test_no_log_holds_a_webhooks_secret(box: Sandbox) -> None:
    box.control.log_calls()
    wire = Wire(box)
    wire.call("profile")
    wire.call("batch", {"cmd": ["profile"]})
    secret = box.site.doors.webhooks[0].code
    for shown in (box.control.calls_text(), json.dumps(box.control.requests()), json.dumps(box.control.dump())):
        assert secret not in shown
    assert secret not in repr(box.site.doors.webhooks)


def test_requests_are_noted_in_short(box: Sandbox) -> None:
    box.control.settings(latency=0.5)
    wire = Wire(box)
    wire.batch("profile", "profile")
    wire.call("no.such")
    first, second = box.control.requests()
    assert (first["method"], first["commands"], first["status"], first["webhook"]) == ("batch", 2, 200, "w1")
    assert first["end"] - first["start"] == pytest.approx(0.5)
    assert (second["status"], second["connection"]) == (404, first["connection"])


def test_metrics_add_up_and_can_start_anew(box: Sandbox) -> None:
    box.control.settings(operating={}, work={"server.time": 0.5})
    Wire(box).batch("server.time", "server.time")
    sums = box.control.metrics()
    assert (sums["requests"], sums["commands"], sums["statuses"]) == (1, 2, {"200": 1})
    assert sums["work"] == {"server.time": 1.0}
    assert (sums["operating"], sums["max_in_flight"], sums["mails"]) == ({"w1 server.time": 1.0}, 1, 0)
    box.control.forget_metrics()
    sums = box.control.metrics()
    assert (sums["requests"], sums["operating"]) == (0, {})


def test_settings_are_merged_and_counters_of_other_parts_stay(box: Sandbox) -> None:
    box.control.settings(bucket={"capacity": 2, "leak": 0})
    wire = Wire(box)
    wire.call("server.time")
    box.control.settings(latency=0.1)
    assert [wire.call("server.time")[0] for _ in range(2)] == [200, 503]
    shown = box.control.settings(bucket={"smooth": True})
    assert shown["bucket"] == {"capacity": 2, "leak": 0, "smooth": True}
    assert box.control.settings(bucket=None)["bucket"] is None
    assert box.control.settings(operating={"model": "ban"})["operating"]["window"] == 600


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("settings", {"latncy": 1}),
        ("settings", {"workers": 0}),
        ("settings", {"bucket": {"capacity": -1}}),
        ("faults", {"faults": [{"kind": "flood"}]}),
        ("faults", {}),
        ("clock", {"mode": "backwards"}),
        ("clock/sleep", {"secs": 1}),
        ("seed", {"kind": "jungle"}),
    ],
)
def test_what_means_nothing_is_refused_with_words(box: Sandbox, path: str, given: dict[str, object]) -> None:
    with pytest.raises(SandboxError, match="400"):
        box.control.call("POST", path, given)


def test_a_reset_empties_the_portal_and_keeps_its_doors(box: Sandbox) -> None:
    wire = Wire(box)
    wire.result("crm.lead.add", {"fields": {"TITLE": "A"}})
    box.control.settings(portal={"repeat_leads": True})
    box.control.reset(keep_settings=True)
    assert box.control.settings()["portal"] == {"repeat_leads": True}
    assert box.control.dump()["tables"]["lead"] == {}
    box.control.reset()
    assert box.control.settings()["portal"] == {}
    box.control.seed({"kind": "empty"})
    assert wire.result("crm.lead.add", {"fields": {"TITLE": "B"}}) == 1


def test_a_switch_is_seen_by_the_methods_after_a_reset(box: Sandbox) -> None:
    box.control.reset()
    box.control.seed({"kind": "empty"})
    box.control.settings(portal={"crm_mode": 2})
    assert box.site.portal.settings == {"crm_mode": 2}
    assert box.control.dump()["facts"]["settings"] == {"crm_mode": 2}


def test_the_control_api_lists_itself(box: Sandbox) -> None:
    listed = box.control.call("GET", "")
    assert listed["POST /clock/advance"].startswith("{seconds}")
    assert all(listed.values())


def test_the_truth_of_a_seed_is_told_by_the_control_api_only(box: Sandbox) -> None:
    box.control.reset()
    planted = box.control.seed({"kind": "company", "leads": 60, "seed": 3})
    assert "truth" not in planted and planted["rows"]["lead"] == 60
    assert box.control.truth()
