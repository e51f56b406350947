"""Starting, stopping, TLS, a file that outlives the process, and the command line."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from b24kit.sandbox.__main__ import keep_truth, options, parser
from b24kit.sandbox.remote import SandboxControl
from b24kit.sandbox.server import Sandbox, SandboxOptions
from tests.sandbox.wire import Wire


def test_a_sandbox_starts_on_a_free_port_and_stops() -> None:
    with Sandbox() as box:
        assert Wire(box).result("profile")["ID"] == "1"
        port = box.port
    box.stop()  # once more does no harm
    with pytest.raises(OSError):
        http.client.HTTPConnection("127.0.0.1", port, timeout=2).connect()


def test_several_sandboxes_do_not_know_each_other() -> None:
    with Sandbox() as one, Sandbox() as two:
        Wire(one).result("crm.lead.add", {"fields": {"TITLE": "A"}})
        assert Wire(two).leads() == {}


def test_stopping_does_not_wait_for_requests_in_work() -> None:
    with Sandbox(clock="real", manners={"work": {"server.time": 3600}, "request_seconds": None}) as box:
        wire = Wire(box)
        wire.connection.request("GET", wire.path + "server.time")
        while not box.control.metrics()["in_flight"]:
            pass
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        wire.connection.getresponse()


def test_tls_is_trusted_by_the_written_authority_only(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    with Sandbox(tls=True, ca_file=ca_file) as box:
        assert box.url.startswith("https://")
        for host in ("127.0.0.1", "localhost"):
            trusting = http.client.HTTPSConnection(host, box.port, context=ssl.create_default_context(cafile=ca_file))
            trusting.request("GET", urlsplit(box.webhook_url).path + "profile")
            assert json.loads(trusting.getresponse().read())["result"]["ID"] == "1"
            trusting.close()
        with pytest.raises(ssl.SSLError):
            http.client.HTTPSConnection("127.0.0.1", box.port, context=ssl.create_default_context()).connect()
        assert box.control.metrics()["requests"] == 2


def test_a_connection_can_be_cut_under_tls(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    with Sandbox(tls=True, ca_file=ca_file) as box:
        box.control.faults({"kind": "cut_after", "count": 1})
        context = ssl.create_default_context(cafile=ca_file)
        cut = http.client.HTTPSConnection("127.0.0.1", box.port, context=context, timeout=5)
        cut.request("GET", urlsplit(box.webhook_url).path + "profile")
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError, ssl.SSLError)):
            cut.getresponse()


def test_a_file_keeps_data_clock_settings_faults_and_webhooks(tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    start = datetime(2025, 3, 1, 9, tzinfo=UTC)
    wanted = SandboxOptions(store=path, clock="moved", start=start, manners={"latency": 0.5})
    with Sandbox(wanted) as first:
        Wire(first).result("crm.lead.add", {"fields": {"TITLE": "A"}})
        first.control.settings(portal={"repeat_leads": True}, webhooks=[{"user_id": 1, "code": "mine"}])
        first.control.faults({"kind": "busy", "numbers": [99]})
        first.control.advance(3600)
        told = first.control.clock()["now"]
    with Sandbox(SandboxOptions(store=path)) as again:
        assert again.webhook_url.endswith("/rest/1/mine/")
        assert again.control.clock()["now"] == told == "2025-03-01T10:00:00.500000+00:00"
        assert (again.control.clock()["mode"], again.planted) == ("moved", {})
        settings = again.control.settings()
        assert (settings["latency"], settings["portal"]) == (0.5, {"repeat_leads": True})
        assert [rule["kind"] for rule in again.control.faults_told()["faults"]] == ["busy"]
        assert Wire(again).leads() == {"1": "A"}


def test_what_was_answered_survives_a_killed_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    command = [sys.executable, "-m", "b24kit.sandbox", "--port", "0", "--seed", "empty", "--store", str(path)]
    box = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert box.stdout is not None
    lines = [box.stdout.readline() for _ in range(3)]
    hook = urlsplit(lines[1].split()[1])
    wire = http.client.HTTPConnection("127.0.0.1", hook.port or 0, timeout=10)
    wire.request("GET", hook.path + "crm.lead.add?fields[TITLE]=A")
    assert json.loads(wire.getresponse().read())["result"] == 1
    os.kill(box.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    box.wait()
    box.stdout.close()
    with Sandbox(SandboxOptions(store=path)) as again:
        assert Wire(again).leads() == {"1": "A"}
        assert urlsplit(again.webhook_url).path == hook.path


def test_the_foreground_server_ends_cleanly_on_a_signal() -> None:
    command = [sys.executable, "-m", "b24kit.sandbox", "--port", "0", "--seed", "empty", "--work", '{"*": 30}']
    box = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert box.stdout is not None
    address, hook = (box.stdout.readline().split()[1] for _ in range(2))
    wire = http.client.HTTPConnection(urlsplit(hook).netloc, timeout=10)
    wire.request("GET", urlsplit(hook).path + "server.time")
    control = SandboxControl(address)
    while not control.metrics()["in_flight"]:
        pass
    box.send_signal(signal.SIGTERM)
    _, errors = box.communicate(timeout=10)
    assert (box.returncode, errors) == (0, "")
    wire.close()


def test_a_clock_that_does_not_exist_is_a_usage_error() -> None:
    for text in ("backwards", "real:5", "fast:soon"):
        with pytest.raises(SystemExit):
            parser().parse_args(["--clock", text])


def test_a_bad_seed_and_a_taken_port_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown seed"):
        Sandbox(seed={"kind": "jungle"})
    with Sandbox() as box, pytest.raises(OSError):
        Sandbox(port=box.port)


def test_the_command_line_reads_as_options(tmp_path: Path) -> None:
    work = tmp_path / "work.json"
    work.write_text('{"*.list": 0.02}', encoding="utf-8")
    line = ["--clock", "fast:60", "--limits", "off", "--latency", "0.15", "--workers", "4", "--work", str(work)]
    made = options(parser().parse_args([*line, "--leads-count", "50"]))
    assert (made.clock, made.factor, made.seed) == ("fast", 60.0, {"kind": "company", "leads": 50, "seed": 7})
    assert made.manners["bucket"] is None
    assert (made.manners["workers"], made.manners["work"]) == (4, {"*.list": 0.02})
    leads = options(parser().parse_args(["--leads", "letters.csv.gz", "--clock", "moved"]))
    assert (leads.clock, leads.seed) == ("moved", {"kind": "leads", "path": "letters.csv.gz"})


def test_the_truth_is_written_beside_the_portal_when_a_switch_says_so(tmp_path: Path) -> None:
    given = parser().parse_args(["--port", "0", "--leads-count", "60", "--truth", str(tmp_path / "truth.json")])
    assert options(given).seed == {"kind": "company", "leads": 60, "seed": 7}
    with Sandbox(options(given)) as box:
        keep_truth(box, given.truth)
        assert json.loads(given.truth.read_text(encoding="utf-8")) == box.control.truth()
