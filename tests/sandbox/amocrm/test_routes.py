"""HTTP around the fake account: tokens, addresses, limits, weather, the log, and what a restart keeps."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from b24kit.sandbox.server import Sandbox
from tests.sandbox.amocrm.wire import NO_LIMITS, Wire


def test_without_a_good_token_nothing_is_told(wire: Wire) -> None:
    for head in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": wire.box.token}):
        for path in ("/api/v4/leads", "/api/v4/nothing", "/api/v4/leads/pipelines"):
            answer = httpx.get(wire.box.url + path, headers=head)
            assert answer.status_code == 401
            assert answer.json()["title"] == "Unauthorized"
            assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_ends_with_its_time(wire: Wire) -> None:
    end = wire.box.site.portal.unix() + 60
    wire.box.control.settings(tokens=[{"user_id": 1, "token": wire.box.token, "expires_at": end}])
    assert wire.call("GET", "/account")[0] == 200
    wire.box.control.advance(61)
    assert wire.call("GET", "/account")[0] == 401


def test_an_unknown_address_names_itself_and_a_wrong_verb_says_nothing(wire: Wire) -> None:
    status, body = wire.call("GET", "/nothing", here=1)
    assert (status, body["detail"]) == (404, f"Cannot GET {wire.box.url}/api/v4/nothing?here=1")
    assert wire.call("DELETE", "/leads") == (405, None)


def test_answers_are_hal_and_links_lead_back_to_this_address(wire: Wire) -> None:
    answer = wire.client.get("/api/v4/account")
    assert answer.headers["content-type"] == "application/hal+json"
    assert answer.json()["_links"]["self"]["href"] == f"{wire.box.url}/api/v4/account"


def test_a_body_that_is_no_json_is_refused(wire: Wire) -> None:
    answer = wire.client.post("/api/v4/leads", content=b"[{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


def test_a_client_that_hangs_up_in_its_body_is_no_trouble(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection((wire.box.host, wire.box.port)) as half:
        half.sendall(b"POST /api/v4/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[{")
    while wire.box.control.metrics()["in_flight"]:
        wire.box.control.advance(0.1)
    assert wire.rows("/leads") == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_an_administrators_token_may_act_for_a_user(wire: Wire) -> None:
    wire.good("POST", "/users", [{"name": "Пётр", "email": "p@p.example", "password": "x"}])
    wire.client.headers["X-Context-User-ID"] = "2"
    assert wire.row("/account")["current_user_id"] == 2
    assert wire.call("GET", "/users")[0] == 403


def test_the_rate_is_the_integrations_and_the_accounts(wire: Wire) -> None:
    tokens = [{"user_id": 1}, {"user_id": 1, "integration": "two"}]
    wire.box.control.settings(tokens=tokens, rate={"integration": 3, "account": 5, "retry_after": 2})
    other = Wire(wire.box, wire.box.tokens[1])
    assert [wire.call("GET", "/account")[0] for _ in range(4)] == [200, 200, 200, 429]
    assert [other.call("GET", "/account")[0] for _ in range(3)] == [200, 200, 429]
    status, body = wire.call("GET", "/account")
    assert (status, body["retry_after"], body["title"]) == (429, 2, "Too Many Requests")
    wire.box.control.advance(1)
    assert other.call("GET", "/account")[0] == 200
    other.client.close()


def test_too_much_abuse_closes_the_account_for_everybody(wire: Wire) -> None:
    tokens = [{"user_id": 1}, {"user_id": 1, "integration": "two"}]
    wire.box.control.settings(tokens=tokens, rate={"integration": 1, "block_after": 2})
    other = Wire(wire.box, wire.box.tokens[1])
    assert [wire.call("GET", "/account")[0] for _ in range(4)] == [200, 429, 429, 403]
    status, body = other.call("GET", "/account")
    assert status == 403 and body.startswith("<html>")
    wire.box.control.advance(3600)
    assert other.call("GET", "/account")[0] == 403, "only the vendor's support opens it"
    wire.box.control.forget_metrics()
    assert other.call("GET", "/account")[0] == 200
    other.client.close()


def test_a_refusal_may_be_a_page(wire: Wire) -> None:
    wire.box.control.settings(rate={"integration": 1, "html": True})
    assert wire.call("GET", "/account")[0] == 200
    status, body = wire.call("GET", "/account")
    assert status == 429 and body.startswith("<html>")


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"kind": "busy", "retry_after": 300}, 429, '"retry_after":300'),
        ({"kind": "overload"}, 403, "403 Forbidden"),
        ({"kind": "unpaid"}, 402, "Payment required"),
        ({"kind": "hiccup"}, 400, "try again later"),
        ({"kind": "internal"}, 500, "ErrInternalServer"),
        ({"kind": "html", "status": 504}, 504, "504 Gateway Time-out"),
        ({"kind": "html"}, 502, "nginx"),
        ({"kind": "refuse", "status": 422, "text": "No"}, 422, '"detail":"No"'),
        ({"kind": "empty"}, 200, ""),
    ],
    ids=lambda value: str(value.get("kind")) + str(value.get("status", "")) if isinstance(value, dict) else "",
)
def test_weather(wire: Wire, fault: dict[str, Any], status: int, words: str) -> None:
    wire.box.control.faults(fault | {"count": 1})
    answer = wire.client.get("/api/v4/leads/pipelines")
    assert (answer.status_code, "validation-errors" in answer.text) == (status, False)
    assert words in answer.text
    assert wire.call("GET", "/account")[0] == 200


def test_a_cut_before_work_leaves_nothing_and_after_it_everything(wire: Wire) -> None:
    for kind, left in (("cut_before", 0), ("cut_after", 1)):
        wire.box.control.faults({"kind": kind, "writes_only": True, "count": 1})
        assert wire.call("GET", "/leads/pipelines")[0] == 200
        with pytest.raises(httpx.TransportError):
            wire.call("POST", "/leads", [{"name": "a"}])
        assert len(wire.rows("/leads")) == left


def test_a_cut_in_the_middle_may_commit_later(wire: Wire) -> None:
    wire.box.control.settings(work={"post /leads": 4})
    wire.box.control.faults({"kind": "cut_during", "writes_only": True, "count": 1, "commit_delay": 10})
    with pytest.raises(httpx.TransportError):
        wire.call("POST", "/leads", [{"name": "late"}])
    assert wire.rows("/leads") == []
    wire.box.control.advance(20)
    assert [row["name"] for row in wire.rows("/leads")] == ["late"]


def test_faults_pick_routes_by_verb_and_address(wire: Wire) -> None:
    (lead,) = wire.add("leads", {})
    wire.box.control.faults({"kind": "internal", "methods": ["PATCH /leads/{id}"]})
    assert wire.call("PATCH", f"/leads/{lead}", {"name": "x"})[0] == 500
    assert wire.call("PATCH", "/leads", [{"id": lead, "name": "y"}])[0] == 200
    wire.box.control.faults()


def test_a_renamed_account_sends_clients_on(wire: Wire) -> None:
    wire.box.control.faults({"kind": "moved", "location": "https://new.example", "count": 1})
    answer = wire.client.get("/api/v4/leads", params={"page": 2})
    assert (answer.status_code, answer.headers["location"]) == (302, "https://new.example/api/v4/leads?page=2")


def test_a_page_too_big_for_its_time_is_a_504_and_a_smaller_one_is_not(wire: Wire) -> None:
    wire.add("leads", *({} for _ in range(200)))
    wire.box.control.settings(work={"get /leads/item": 0.4}, request_seconds=60, latency=0.3)
    before = wire.box.control.clock()["elapsed"]
    status, body = wire.call("GET", "/leads", limit=200)
    assert status == 504 and body.startswith("<html>")
    assert wire.box.control.clock()["elapsed"] - before == pytest.approx(60, abs=0.5)
    assert len(wire.rows("/leads", limit=100)) == 100


def test_a_write_costs_by_its_elements(wire: Wire) -> None:
    wire.box.control.settings(work={"post *": 1, "post /leads/item": 0.5})
    before = wire.box.control.clock()["elapsed"]
    wire.add("leads", *({} for _ in range(10)))
    assert wire.box.control.clock()["elapsed"] - before == pytest.approx(6, abs=0.1)


def test_a_living_account_bears_and_loses_a_lead_between_pages(wire: Wire) -> None:
    wire.add("leads", *({} for _ in range(10)))
    wire.box.control.faults({"kind": "churn", "every": 1, "count": 2})
    for number in (1, 2, 3):
        wire.rows("/leads", limit=3, page=number)
    told = wire.box.control.faults_told()["churned"]
    assert len(told["born"]) == len(told["gone"]) == 2
    wire.box.control.faults()
    now = {row["id"] for row in wire.rows("/leads")}
    assert set(told["born"]) <= now | set(told["gone"]) and not now & set(told["gone"])


def test_the_log_holds_calls_as_the_contract_check_reads_them(wire: Wire) -> None:
    wire.box.control.log_calls()
    (lead,) = wire.add("leads", {"name": "a"})
    wire.call("GET", "/leads/99?with=contacts")
    wire.box.control.log_calls(False)
    first, second = wire.box.control.calls()
    assert (first["http"], first["path"], first["request"], first["status"]) == (
        "POST", "/api/v4/leads", [{"name": "a"}], 200,
    )  # fmt: skip
    assert first["response"]["_embedded"]["leads"][0]["id"] == lead
    assert (second["path"], second["status"], "response" in second) == ("/api/v4/leads/99?with=contacts", 204, False)
    assert wire.box.token not in json.dumps(wire.box.control.calls()) + json.dumps(wire.box.control.dump())
    wire.box.control.forget_calls()


def test_a_restart_on_the_same_file_finds_data_tokens_and_clock(tmp_path: Path) -> None:
    path = tmp_path / "account.sqlite"
    with Sandbox(
        vendor="amocrm", store=path, clock="moved", manners=NO_LIMITS, tokens=({"user_id": 1, "token": "own"},)
    ) as box:
        wire = Wire(box)
        (lead,) = wire.add("leads", {"name": "a", "_embedded": {"tags": [{"name": "x"}]}})
        before = wire.row(f"/leads/{lead}")
        wire.client.close()
    with Sandbox(vendor="amocrm", store=path) as again:
        wire = Wire(again, "own")
        after = wire.row(f"/leads/{lead}")
        wire.client.close()
    for row in (before, after):
        row.pop("_links")
    assert before == after


def test_a_file_of_another_vendors_portal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "portal.sqlite"
    Sandbox(store=path, clock="moved").start().stop()
    with pytest.raises(ValueError, match="another vendor's portal"):
        Sandbox(vendor="amocrm", store=path)


def test_another_vendor_is_an_error() -> None:
    with pytest.raises(ValueError, match="bitrix24 or amocrm"):
        Sandbox(vendor="hubspot")
