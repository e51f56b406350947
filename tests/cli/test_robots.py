"""`robots` on the command line, as a consultant types it: from cron, by event, explained, replayed, stopped."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.cli.conftest import Consultant

PLAYBOOK = """
b24kit: 1
name: small
title: Проба роботов
routing:
  intake: {intake}
  assigned: null
"""
SECRET, TOKEN = "a-secret-path-of-this-test", "a-token-of-this-test"
UP_SECONDS = 40.0


@pytest.fixture
def playbook(at_work: Consultant) -> str:
    """Routing alone, on the stage where the first lead of the company stands."""
    leads = at_work.control.dump(["lead"])["tables"]["lead"]
    file = at_work.folder / "small.yaml"
    file.write_text(PLAYBOOK.format(intake=leads["1"]["STATUS_ID"]), encoding="utf-8")
    return str(file)


def owners(at: Consultant) -> dict[str, str]:
    return {number: str(row["ASSIGNED_BY_ID"]) for number, row in at.control.dump(["lead"])["tables"]["lead"].items()}


def comments(at: Consultant) -> int:
    return len(at.control.dump(["comment"])["tables"]["comment"])


def test_one_run_from_cron_does_all_due_work_and_the_next_one_nothing(at_work: Consultant, playbook: str) -> None:
    first = at_work.json("robots", "run", playbook, "--once")
    assert first.exit == 0, first.err
    assert first.document["found"] >= 60 and first.document["actions"] > 0 and first.document["dead"] == 0
    told, had = comments(at_work), owners(at_work)
    second = at_work.json("robots", "run", playbook, "--once")
    assert (second.exit, second.document["actions"]) == (0, 0)
    assert (comments(at_work), owners(at_work)) == (told, had)


def test_a_shadow_run_changes_nothing(at_work: Consultant, playbook: str) -> None:
    before = at_work.control.dump(["lead", "comment", "activity", "notification"])["tables"]
    assert at_work.types("robots", "run", playbook, "--once", "--shadow").exit == 0
    assert at_work.control.dump(["lead", "comment", "activity", "notification"])["tables"] == before


def test_status_tells_of_the_sweep(at_work: Consultant, playbook: str) -> None:
    assert at_work.json("robots", "status").document["swept"] is None
    at_work.types("robots", "run", playbook, "--once")
    assert at_work.json("robots", "status").document["swept"]


def test_a_card_is_explained_before_anything_is_done(at_work: Consultant, playbook: str) -> None:
    answer = at_work.json("robots", "explain", playbook, "lead:1")
    assert answer.exit == 0, answer.err
    assert answer.document["card"] == "lead:1" and answer.document["because"]
    assert comments(at_work) == 0
    spoken = at_work.types("--lang", "en", "robots", "explain", playbook, "1")
    assert "lead:1" in spoken.out


@pytest.mark.parametrize("card", ["lead:", "user:5", "nothing:1"])
def test_what_is_no_card_is_said_so(at_work: Consultant, playbook: str, card: str) -> None:
    assert at_work.types("robots", "explain", playbook, card).exit == 64


def test_a_card_that_is_not_there_is_said_so(at_work: Consultant, playbook: str) -> None:
    answer = at_work.types("robots", "explain", playbook, "lead:99999")
    assert answer.exit == 64 and "99999" in answer.err


def test_replay_writes_nothing_and_counts_every_card(at_work: Consultant, playbook: str) -> None:
    before = at_work.control.dump()["tables"]
    answer = at_work.json("robots", "replay", playbook, "--since", "3000d", "--limit", "20")
    assert answer.exit == 0, answer.err
    assert len(answer.document["cards"]) == 20
    assert at_work.control.dump()["tables"] == before
    assert at_work.types("robots", "replay", playbook, "--since", "3000d", "--limit", "5").exit == 0


def test_nothing_given_up_is_said_so(at_work: Consultant) -> None:
    assert at_work.types("--lang", "en", "robots", "dead").out.strip() == "No card was given up"
    assert at_work.json("robots", "retry").document["cards"] == 0
    assert at_work.types("robots", "outbox").exit == 0


def test_a_further_portal_needs_a_name_and_a_playbook(at_work: Consultant, playbook: str) -> None:
    assert at_work.types("robots", "run", playbook, "--once", "--also", "shop").exit == 64


@pytest.mark.slow
def test_the_service_takes_events_and_stops_in_order(at_work: Consultant, playbook: str) -> None:
    """In a process of its own, on the machine's clock, ended by SIGTERM."""
    environment = {name: value for name, value in os.environ.items() if name != "B24KIT_CLOCK"}
    environment |= {"B24KIT_HOOK_MAIN": SECRET, "B24KIT_HOOK_TOKENS_MAIN": TOKEN, "B24KIT_LANG": "en"}
    arguments = ["robots", "serve", playbook, "--port", "0"]
    with (at_work.folder / "log").open("w+") as log:
        service = subprocess.Popen(
            [sys.executable, "-m", "b24kit", *arguments],
            env=environment, cwd=Path.cwd(), stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        assert service.stdout is not None
        port = 0
        until = time.monotonic() + UP_SECONDS
        while not port and time.monotonic() < until:
            line = service.stdout.readline()
            found = re.search(r"http://[\d.]+:(\d+)", line)
            port = int(found[1]) if found else 0
        assert port, "the service did not tell where it listens"
        form = urlencode({"event": "ONCRMLEADADD", "data[FIELDS][ID]": "2", "auth[application_token]": TOKEN})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", f"/hooks/{SECRET}", form)
        assert connection.getresponse().status == 200
        connection.close()
        service.send_signal(signal.SIGTERM)
        told, _ = service.communicate(timeout=60)
        assert service.returncode == 0
        assert "Stopped" in told
        log.seek(0)
        lines = log.read()
    assert SECRET not in lines + told and TOKEN not in lines + told
    assert all(json.loads(line)["event"] for line in lines.splitlines() if line.startswith("{"))


def test_what_robots_did_is_taken_back_and_shown_before(at_work: Consultant, playbook: str) -> None:
    before = owners(at_work)
    assert at_work.types("robots", "run", playbook, "--once").exit == 0
    assert (owners(at_work), comments(at_work)) != (before, 0)
    declined = at_work.types("--lang", "en", "robots", "undo", "--since", "2h", typed="n\n", terminal=True)
    assert "recorded as run" in declined.out and owners(at_work) != before
    done = at_work.types("robots", "undo", "--since", "2h", "--auto-approve", "--confirm", "x")
    assert done.exit == 0, done.err
    assert (owners(at_work), comments(at_work)) == (before, 0)
    again = at_work.json("robots", "undo", "--since", "2h", "--auto-approve")
    assert again.document["operations"] == 0
    assert at_work.types("undo", "--auto-approve").exit == 64  # no run of a plan: records of robots are not meant


@pytest.mark.parametrize("arguments", [(), ("--since", "soon"), ("run", "--since", "2h"), ("--card", "user:1")])
def test_what_cannot_be_taken_back_is_said_so(at_work: Consultant, arguments: tuple[str, ...]) -> None:
    assert at_work.types("robots", "undo", *arguments).exit == 64


def test_what_was_done_is_told_by_its_rule_and_not_by_its_key(at_work: Consultant, playbook: str) -> None:
    """Keys may hold words of strangers: the name of a form."""
    at_work.types("robots", "run", playbook, "--once")
    spoken = at_work.types("--lang", "ru", "robots", "explain", playbook, "lead:1").out
    assert "раздача" in spoken
    assert "routing/" not in spoken
