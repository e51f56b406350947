"""Events are subscribed to, checked and given back on the command line, on both vendors and in every manner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from b24kit.config import receiver as config
from b24kit.config.settings import load_settings
from b24kit.connectors.bitrix24.subscriptions import EVENTS
from b24kit.sandbox.server import OFF, Sandbox
from tests.cli.conftest import Consultant
from tests.sandbox.bitrix24.office import CLIENT, EXTENDED, SECRET, Office, application
from tests.sandbox.receiver import Receiver

PLAYBOOK = """
b24kit: 1
name: hear
title: {ru: Слышать портал, en: Hear the portal}
robots:
  install: {}
"""
PALETTE = """
    robots: [{code: b24kit_look, name: "b24kit: посмотреть карточку"}]
    triggers: [{code: b24kit_replied, name: "b24kit: клиент ответил"}]
"""


def heard_at(at: Consultant) -> config.Receiver:
    """What is kept for the portal of this folder."""
    profile = load_settings(at.folder).portal("main")
    return config.find_receiver(profile.name, at.folder, profile.host)


@dataclass
class Firm:
    """A consultant with a portal of his own choice, and the playbook in his folder."""

    at: Consultant
    box: Sandbox

    def writes_a_playbook(self, install: str = " {}") -> str:
        path = self.at.folder / "hear.yaml"
        path.write_text(PLAYBOOK.replace(" {}", install), encoding="utf-8")
        return str(path)

    def receives_at(self, url: str) -> str:
        """The secret address, made by the command."""
        base = url.partition("/hook?")[0]
        assert self.at.types("robots", "address", "--at", base).exit == 0
        return heard_at(self.at).address or ""

    def installs(self, playbook: str) -> dict[str, Any]:
        answer = self.at.json("apply", "--playbook", playbook, "--only", "robots", "--auto-approve")
        assert answer.exit == 0, answer.out + answer.err
        return answer.document

    def plans(self, playbook: str) -> dict[str, Any]:
        answer = self.at.json("plan", playbook, "--only", "robots")
        assert answer.exit == 0, answer.out + answer.err
        return answer.document

    def leaks(self, secret: str) -> list[Path]:
        """Files of the client's folder that hold it."""
        return [path for path in self.at.files() if secret.encode() in path.read_bytes()]


@pytest.fixture
def bitrix(consultant: Consultant) -> Iterator[Firm]:
    """A portal with a local application that has just been let in."""
    with Sandbox(seed={"kind": "company", "leads": 5, "seed": 7}, clock="moved", grace=0.001, manners=OFF) as box:
        box.control.settings(applications=[application(handler_url="https://app.example/back")])
        consultant.patch.setenv("B24KIT_CLOCK", box.url)
        code = Office(box).get("/oauth/authorize/", client_id=CLIENT)[1]["code"]
        typed = f"{box.url} {CLIENT} {SECRET} {box.url} {code}"
        answer = consultant.types("portal", "add", "main", typed=typed)
        assert answer.exit == 0, answer.err
        yield Firm(replace(consultant, control=box.control), box)


@pytest.fixture
def amo(consultant: Consultant) -> Iterator[Firm]:
    """An account with a long-lived token."""
    seed, manners = {"kind": "company", "leads": 20, "seed": 7}, {"rate": None}
    with Sandbox(vendor="amocrm", seed=seed, clock="moved", grace=0.001, manners=manners) as box:
        consultant.patch.setenv("B24KIT_CLOCK", box.url)
        assert consultant.types("portal", "add", "main", typed=f"{box.url} {box.token}").exit == 0
        yield Firm(replace(consultant, control=box.control), box)


def handlers(box: Sandbox) -> list[dict[str, Any]]:
    return list(box.control.dump(["handler"])["tables"]["handler"].values())


def test_an_application_is_added_and_its_keys_stay_out_of_the_folder(bitrix: Firm) -> None:
    info = bitrix.at.json("portal", "info").document
    assert info["access"] == "application"
    assert not bitrix.leaks(SECRET)


def test_events_are_bound_heard_verified_and_given_back(bitrix: Firm) -> None:
    playbook = bitrix.writes_a_playbook()
    with Receiver() as receiver:
        secret = bitrix.receives_at(receiver.url)
        foreign = "https://x.example/h"
        office = Office(bitrix.box)
        office.enter()
        office.result("event.bind", event="ONCRMLEADADD", handler=foreign)
        assert bitrix.plans(playbook)["writes"] == {"create subscription": len(EVENTS)}
        assert bitrix.at.json("robots", "verify", playbook, "--detailed-exitcode").exit == 2
        run = bitrix.installs(playbook)
        assert run["changed"] == len(EVENTS)
        assert {row["HANDLER"] for row in handlers(bitrix.box)} == {secret, foreign}
        verified = bitrix.at.json("robots", "verify", playbook, "--detailed-exitcode")
        assert (verified.exit, verified.document["lacking"]) == (0, 0)
        assert bitrix.plans(playbook)["empty"]
        lead = office.by_webhook("crm.lead.add", fields={"TITLE": "x"})[1]["result"]
        told = receiver.wait(1)[0]
        assert told.form["data"]["FIELDS"]["ID"] == str(lead)
        assert secret.endswith(told.path)
        assert bitrix.at.json("verify", "--detailed-exitcode").document["differences"] == []
        assert bitrix.at.json("undo", "--auto-approve").exit == 0
    # Exactly what was put there is gone; the handler of others stays.
    assert [row["HANDLER"] for row in handlers(bitrix.box)] == [foreign]
    part = secret.rpartition("/")[2]
    assert len(part) >= 32
    assert not bitrix.leaks(part)


def test_a_robot_and_a_trigger_come_with_steps_and_go_with_undo(bitrix: Firm) -> None:
    playbook = bitrix.writes_a_playbook(PALETTE)
    with Receiver() as receiver:
        bitrix.receives_at(receiver.url)
        plan = bitrix.plans(playbook)
        assert [step["code"] for step in plan["steps"]] == ["step.place_robot", "step.place_trigger"]
        bitrix.installs(playbook)
        tables = bitrix.box.control.dump(["app_robot", "app_trigger"])["tables"]
        robot = next(iter(tables["app_robot"].values()))
        assert (robot["CODE"], robot["USE_SUBSCRIPTION"]) == ("b24kit_look", "N")
        assert [row["CODE"] for row in tables["app_trigger"].values()] == ["b24kit_replied"]
        assert bitrix.at.json("undo", "--auto-approve").exit == 0
    tables = bitrix.box.control.dump(["app_robot", "app_trigger", "handler"])["tables"]
    assert tables == {"app_robot": {}, "app_trigger": {}, "handler": {}}


def test_without_an_address_the_queue_serves_where_the_plan_has_it(bitrix: Firm) -> None:
    playbook = bitrix.writes_a_playbook()
    bitrix.box.control.settings(portal={"features": EXTENDED})
    bitrix.installs(playbook)
    assert {(row["OFFLINE"], row["CONNECTOR"]) for row in handlers(bitrix.box)} == {("Y", "b24kit")}
    assert bitrix.at.json("robots", "verify", playbook).document["manner"] == "queued"
    assert bitrix.at.json("undo", "--auto-approve").exit == 0
    assert handlers(bitrix.box) == []


def test_polling_installs_nothing_and_says_so(bitrix: Firm) -> None:
    playbook = bitrix.writes_a_playbook()
    assert bitrix.plans(playbook)["empty"]
    shown = bitrix.at.types("--lang", "en", "plan", playbook, "--only", "robots")
    assert "nothing has to be put on the portal" in shown.out


def test_an_incoming_webhook_gets_a_click_list(at_work: Consultant) -> None:
    firm = Firm(at_work, Sandbox(port=0, seed=None))
    playbook = firm.writes_a_playbook()
    secret = firm.receives_at("http://127.0.0.1:9/hook?k=s")
    shown = at_work.types("--lang", "en", "plan", playbook, "--only", "robots")
    assert shown.exit == 0
    assert "1. Make an outgoing webhook" in shown.out
    assert "/devops/section/standard/" in shown.out
    assert secret.rpartition("/")[2] not in shown.out
    assert "robots address --show" in shown.out
    assert secret in at_work.types("robots", "address", "--show").out
    refused = at_work.json("plan", firm.writes_a_playbook(PALETTE), "--only", "robots")
    assert (refused.exit, refused.document["code"]) == (5, "robots_need_application")
    firm.box.stop()


def test_the_token_of_a_webhook_made_by_hand_is_kept_among_the_secrets(at_work: Consultant) -> None:
    assert at_work.json("robots", "address", "--token", typed="abcdef0123456789").exit == 64
    assert at_work.types("robots", "address", "--at", "https://robots.example.ru").exit == 0
    answer = at_work.json("robots", "address", "--token", typed="abcdef0123456789")
    assert answer.document["tokens"] == 1
    assert heard_at(at_work).secrets.tokens == ("abcdef0123456789",)
    assert at_work.json("robots", "address", "--at", "http://robots.example.ru").exit == 64


def test_an_accounts_webhook_is_subscribed_heard_verified_and_given_back(amo: Firm) -> None:
    playbook = amo.writes_a_playbook()
    with Receiver() as receiver:
        secret = amo.receives_at(receiver.url)
        before = amo.box.control.dump(["webhook"])["tables"]["webhook"]
        assert amo.installs(playbook)["changed"] == 1
        rows = amo.box.control.dump(["webhook"])["tables"]["webhook"]
        (made,) = [row for key, row in rows.items() if key not in before]
        assert made["destination"] == secret
        assert {"add_lead", "note_lead", "add_task"} <= set(made["settings"])
        assert amo.plans(playbook)["empty"]
        assert amo.at.json("robots", "verify", playbook, "--detailed-exitcode").exit == 0
        assert amo.at.json("verify", "--detailed-exitcode").exit == 0
        assert amo.at.json("undo", "--auto-approve").exit == 0
    assert amo.box.control.dump(["webhook"])["tables"]["webhook"] == before
    assert not amo.leaks(secret.rpartition("/")[2])


def test_a_webhook_that_hears_too_little_is_changed_and_put_back(amo: Firm) -> None:
    playbook = amo.writes_a_playbook()
    address = amo.receives_at("http://127.0.0.1:9/hook?k=s")
    headers = {"Authorization": f"Bearer {amo.box.token}"}
    body = {"destination": address, "settings": ["add_lead"]}
    assert httpx.post(f"{amo.box.url}/api/v4/webhooks", json=body, headers=headers).status_code == 201
    assert amo.at.json("robots", "verify", playbook).document["lacking"] == 1
    assert amo.installs(playbook)["changed"] == 1
    assert amo.at.json("robots", "verify", playbook).document["lacking"] == 0
    assert amo.at.json("undo", "--auto-approve").exit == 0
    (row,) = amo.box.control.dump(["webhook"])["tables"]["webhook"].values()
    assert row["settings"] == ["add_lead"]


def test_the_plan_file_and_the_journal_hold_no_secret_path(bitrix: Firm) -> None:
    playbook = bitrix.writes_a_playbook()
    secret = bitrix.receives_at("http://127.0.0.1:9/hook?k=s").rpartition("/")[2]
    out = bitrix.at.folder / "plan.b24"
    assert bitrix.at.json("plan", playbook, "--only", "robots", "--personal", "-o", str(out)).exit == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["plan"]["operations"][0]["values"]["address"] == "http://127.0.0.1:9/***"
    assert bitrix.at.json("apply", str(out)).exit == 0
    assert not bitrix.leaks(secret)
