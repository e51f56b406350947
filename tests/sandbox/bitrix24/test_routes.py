"""Doors, addresses, forms of a call, the vendor's refusals, and the web server's own answers."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from b24kit.sandbox.server import Sandbox
from tests.sandbox.wire import Wire, quiet


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with quiet() as box:
        yield box


@pytest.fixture
def box(running: Sandbox) -> Sandbox:
    running.control.reset()
    running.control.seed({"kind": "empty"})
    running.control.settings(https_required=False, latency=0, new_connection=0, bucket=None, webhooks=[{"user_id": 1}])
    return running


@pytest.fixture
def wire(box: Sandbox) -> Iterator[Wire]:
    made = Wire(box)
    yield made
    made.close()


def code(answer: tuple[int, Any]) -> tuple[int, Any]:
    return answer[0], answer[1]["error"]


@pytest.mark.parametrize("ending", ["", ".json", "/", ".json/"])
def test_a_method_is_found_with_and_without_suffix_and_slash(wire: Wire, ending: str) -> None:
    assert wire.call(f"CRM.lead.LIST{ending}")[1]["result"] == []


def test_arguments_come_by_query_form_json_or_mixed(wire: Wire) -> None:
    form = "application/x-www-form-urlencoded; charset=UTF-8"
    path = wire.path + "crm.lead.add"
    assert wire.send("GET", path + "?fields[TITLE]=query")[1]["result"] == 1
    assert wire.send("POST", path, "fields[TITLE]=form+%26", form)[1]["result"] == 2
    assert wire.call("crm.lead.add", {"fields": {"TITLE": "json Ж"}})[1]["result"] == 3
    mixed = wire.send("POST", path + "?bx24_request_id=5", '{"fields":{"TITLE":"mixed"}}', "application/json")
    assert mixed[1]["result"] == 4
    multipart = '--B\r\nContent-Disposition: form-data; name="fields[TITLE]"\r\n\r\nparts\r\n--B--\r\n'
    assert wire.send("POST", path, multipart, "multipart/form-data; boundary=B")[1]["result"] == 5
    assert wire.leads() == {"1": "query", "2": "form &", "3": "json Ж", "4": "mixed", "5": "parts"}


def test_a_body_that_cannot_be_read_is_400(wire: Wire) -> None:
    assert code(wire.send("POST", wire.path + "crm.lead.list", '{"filter":', "application/json"))[0] == 400
    clash = wire.send("POST", wire.path + "crm.lead.list", "a=1&a[b]=2", "application/x-www-form-urlencoded")
    assert code(clash) == (400, "INVALID_REQUEST")


def test_wrong_secrets_tokens_and_addresses(wire: Wire) -> None:
    assert code(wire.send("POST", "/rest/1/wrong/profile")) == (401, "INVALID_CREDENTIALS")
    assert code(wire.send("POST", "/rest/2" + wire.path.removeprefix("/rest/1") + "profile")) == (
        401,
        "INVALID_CREDENTIALS",
    )
    assert code(wire.send("POST", "/rest/profile")) == (401, "NO_AUTH_FOUND")
    assert code(wire.send("POST", "/rest/profile?auth=unknown")) == (401, "invalid_token")
    assert code(wire.send("POST", "/rest/somecode/profile")) == (404, "ERROR_METHOD_NOT_FOUND")


def test_unknown_methods_application_methods_and_other_formats(wire: Wire) -> None:
    assert code(wire.call("crm.lead.fly")) == (404, "ERROR_METHOD_NOT_FOUND")
    status, body = wire.call("event.bind")
    assert (status, body["error"]) == (403, "ACCESS_DENIED")
    assert "Application context required" in body["error_description"]
    assert code(wire.call("crm.lead.list.xml")) == (400, "INVALID_REQUEST")


def test_a_webhook_has_only_the_scopes_it_was_given(box: Sandbox) -> None:
    box.control.settings(webhooks=[{"user_id": 1}, {"user_id": 1, "code": "narrow", "scopes": ["user_brief"]}])
    narrow = Wire(box, webhook=1)
    status, body = narrow.call("crm.lead.list")
    assert (status, body["error"]) == (401, "insufficient_scope")
    assert narrow.call("user.get")[0] == 200
    assert narrow.result("scope") == ["user_brief"]
    assert narrow.batch("crm.lead.list")["result_error"]["c0"]["error"] == "insufficient_scope"
    assert narrow.call("server.time")[0] == 200


def test_the_webhook_of_a_dismissed_employee_is_dead(box: Sandbox, wire: Wire) -> None:
    new = wire.result("user.add", {"EMAIL": "ann@acme.example", "UF_DEPARTMENT": [1]})
    box.control.settings(webhooks=[{"user_id": 1}, {"user_id": new, "code": "anns"}])
    anns = Wire(box, webhook=1)
    assert anns.call("profile")[0] == 200
    wire.result("user.update", {"ID": new, "ACTIVE": False})
    assert code(anns.call("profile")) == (401, "authorization_error")


def test_plain_http_is_refused_where_the_portal_wants_https(box: Sandbox, wire: Wire) -> None:
    box.control.settings(https_required=True)
    assert code(wire.call("profile")) == (400, "INVALID_REQUEST")


def test_answers_are_escaped_as_php_does(wire: Wire) -> None:
    wire.call("crm.lead.add", {"fields": {"TITLE": "а/b"}})
    wire.connection.request("GET", wire.path + "crm.lead.list?select[]=TITLE")
    response = wire.connection.getresponse()
    assert b'"TITLE":"\\u0430\\/b"' in response.read()
    assert response.getheader("Content-Type") == "application/json; charset=utf-8"
    assert response.getheader("Retry-After") is None


@pytest.mark.skipif(sys.platform == "darwin", reason="this machine has only one loopback address")
def test_the_request_counter_refuses_with_503_and_without_time(box: Sandbox, wire: Wire) -> None:
    box.control.settings(bucket={"capacity": 3, "leak": 2})
    box.control.forget_metrics()
    assert [wire.call("server.time")[0] for _ in range(5)] == [200, 200, 200, 503, 503]
    assert wire.call("server.time")[1] == {
        "error": "QUERY_LIMIT_EXCEEDED",
        "error_description": "Too many requests",
    }
    elsewhere = Wire(box, source="127.0.0.2")
    assert elsewhere.call("server.time")[0] == 200
    box.control.advance(3)
    assert wire.call("server.time")[0] == 200
    assert box.control.metrics()["refused_503"] == 3


def test_latency_and_new_connections_cost_portal_time(box: Sandbox) -> None:
    box.control.settings(latency=0.15, new_connection=0.06)
    wire = Wire(box)
    begun = box.control.clock()["elapsed"]
    wire.call("server.time")
    assert box.control.clock()["elapsed"] - begun == pytest.approx(0.21)
    wire.call("server.time")
    assert box.control.clock()["elapsed"] - begun == pytest.approx(0.36)


def test_a_method_ban_is_429_for_the_request(box: Sandbox, wire: Wire) -> None:
    rule = {"model": "ban", "window": 60, "limit": 4, "ban": 30}
    box.control.settings(operating=rule, work={"server.time": 0.1})
    commands = ["server.time"] * 50  # five seconds of work, 2.5 by weight
    shown = []
    for _ in range(2):
        status, body = wire.call("batch", {"cmd": commands})
        shown.append(body["time"]["operating"])
        assert status == 200
        assert body["result"]["result_time"][49]["operating"] == 0
    assert shown == [0, 2.5]
    assert code(wire.call("batch", {"cmd": commands})) == (429, "OPERATION_TIME_LIMIT")
    assert wire.call("server.time")[0] == 200
    box.control.advance(30)
    assert wire.call("batch", {"cmd": commands})[1]["time"]["operating"] == 0
    box.control.settings(operating=None, work={})


def test_an_idle_keep_alive_connection_serves_many_requests(box: Sandbox, wire: Wire) -> None:
    box.control.forget_metrics()
    for _ in range(5):
        assert wire.call("server.time")[0] == 200
    assert box.control.metrics()["connections"] == 1


def test_a_request_that_is_no_http_is_refused_without_harm(box: Sandbox) -> None:
    broken = http.client.HTTPConnection(box.host, box.port, timeout=5)
    broken.connect()
    broken.sock.sendall(b"nonsense\r\n\r\n")
    assert broken.sock.recv(100).startswith(b"HTTP/1.1 400")
    broken.close()
    assert Wire(box).call("server.time")[0] == 200
