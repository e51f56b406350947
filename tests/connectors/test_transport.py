"""One exchange over HTTP, against a small server that answers whatever it is told to."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from b24kit.clock import FakeClock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.http import RawReply
from b24kit.connectors.transport import Transport
from b24kit.errors import B24kitError, BadAnswer, NoAnswer, PortalMoved, UsageError
from b24kit.sandbox.server import Sandbox

SECRET = "a1b2c3d4e5f6g7h8"


class Staged(ThreadingHTTPServer):
    """Answers in order: (status, headers, body), or None to hang up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, dict[str, str], bytes] | None] = []
        self.asked: list[tuple[str, Any]] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        assert isinstance(server, Staged)
        server.asked.append((self.path, json.loads(body)))
        answer = server.answers.pop(0)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        status, headers, text = answer
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Staged]:
    made = Staged()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def transport(server: Staged) -> Iterator[Transport]:
    made = Transport(Webhook(server.host, "1", SECRET, "http"), FakeClock())
    yield made
    made.close()


def test_a_call_is_a_post_of_json_with_the_secret_in_the_path_only(server: Staged, transport: Transport) -> None:
    server.answers = [(200, {}, b'{"result": true}')]
    reply = transport.send("crm.lead.update", {"id": 7, "fields": {"TITLE": "Письмо"}})
    assert reply.body == {"result": True}
    assert server.asked == [(f"/rest/1/{SECRET}/crm.lead.update", {"id": 7, "fields": {"TITLE": "Письмо"}})]


def test_an_error_envelope_is_handed_up_with_its_status(server: Staged, transport: Transport) -> None:
    server.answers = [(401, {}, b'{"error": "INVALID_CREDENTIALS", "error_description": "no"}')]
    assert transport.send("profile", {}).status == 401


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_answer"),
        (b"  \n", "empty_answer"),
        (b"<html><body>502 Bad Gateway</body></html>", "html_answer"),
        (b'{"result": {"a": 1', "broken_json"),
        (b"[1, 2]", "wrong_shape"),
        (b"\xff\xfe\x00", "broken_json"),
    ],
)
def test_an_answer_that_cannot_be_read_is_named(server: Staged, transport: Transport, body: bytes, code: str) -> None:
    server.answers = [(502, {}, body)]
    with pytest.raises(BadAnswer) as raised:
        transport.send("crm.lead.list", {})
    assert raised.value.code == code
    assert raised.value.facts["status"] == 502


def test_what_came_is_shown_short_and_without_the_secret(server: Staged, transport: Transport) -> None:
    page = f"<html>/rest/1/{SECRET}/crm.lead.list {'x' * 5000}</html>"
    server.answers = [(403, {}, page.encode())]
    with pytest.raises(BadAnswer) as raised:
        transport.send("crm.lead.list", {})
    told = str(raised.value)
    assert SECRET not in told and "/rest/1/***/" in told
    assert len(told) < 400


def test_a_connection_that_breaks_leaves_the_outcome_open(server: Staged, transport: Transport) -> None:
    server.answers = [None]
    with pytest.raises(NoAnswer) as raised:
        transport.send("crm.lead.add", {})
    assert raised.value.facts["sent"] is True
    assert SECRET not in str(raised.value)


def test_a_portal_that_is_not_there_was_surely_not_asked() -> None:
    made = Transport(Webhook("127.0.0.1:9", "1", SECRET, "http"), FakeClock())
    with pytest.raises(NoAnswer) as raised:
        made.send("crm.lead.add", {})
    assert raised.value.facts["sent"] is False
    made.close()


def test_a_renamed_portal_is_followed_once_with_the_body(server: Staged, transport: Transport) -> None:
    heard: list[str] = []
    transport._on_moved = heard.append
    elsewhere = f"localhost:{server.server_address[1]}"
    moved = (302, {"Location": f"http://{elsewhere}/rest/1/{SECRET}/crm.lead.add"}, b"")
    server.answers = [moved, (200, {}, b'{"result": 5}')]
    assert transport.send("crm.lead.add", {"fields": {"TITLE": "x"}}).body == {"result": 5}
    assert [params for _, params in server.asked] == [{"fields": {"TITLE": "x"}}] * 2
    assert heard == [elsewhere] and transport.webhook.host == elsewhere


def test_a_lane_that_was_overtaken_by_another_one_follows_the_same_move(
    server: Staged, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    transport._on_moved = heard.append
    elsewhere = f"localhost:{server.server_address[1]}"
    server.answers = [
        (302, {"Location": f"http://{elsewhere}/rest/1/{SECRET}/profile"}, b""),
        (200, {}, b'{"result": 5}'),
    ]
    post = transport._post

    def overtaken(method: str, payload: bytes) -> RawReply:
        response = post(method, payload)
        transport.webhook = transport.webhook.moved_to(elsewhere, "http")  # another lane heard of it meanwhile
        return response

    monkeypatch.setattr(transport, "_post", overtaken)
    assert transport.send("profile", {}).body == {"result": 5}
    assert heard == []


def test_the_secret_is_not_carried_to_an_address_without_https(server: Staged, transport: Transport) -> None:
    server.answers = [(302, {"Location": "http://evil.example/rest/"}, b"")]
    with pytest.raises(PortalMoved) as raised:
        transport.send("crm.lead.add", {})
    assert raised.value.facts["host"] == "evil.example"
    assert len(server.asked) == 1
    assert transport.webhook.host == server.host


def test_a_certificate_that_does_not_hold_is_the_users_to_fix() -> None:
    with Sandbox(tls=True) as box:
        made = Transport(Webhook.parse(box.webhook_url), FakeClock())
        with pytest.raises(UsageError) as raised:
            made.send("profile", {})
        assert raised.value.code == "bad_certificate"
        made.close()


def test_an_authority_of_ones_own_is_named_by_the_environment(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ca_file = tmp_path / "ca.pem"
    with Sandbox(tls=True, ca_file=ca_file) as box:
        monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))
        made = Transport(Webhook.parse(box.webhook_url), FakeClock())
        assert made.send("profile", {}).body["result"]["ADMIN"] is True
        made.close()


def test_no_log_of_any_level_holds_the_secret(
    server: Staged, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers = [(200, {}, b'{"result": 1}'), (200, {}, b"<html>")]
    with caplog.at_level(logging.DEBUG):
        transport.send("profile", {})
        with pytest.raises(B24kitError):
            transport.send("profile", {})
    assert SECRET not in caplog.text
