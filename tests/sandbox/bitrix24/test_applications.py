"""Local applications: keys, tokens that end and rotate, what is theirs alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.bitrix24.office import CLIENT, SECRET, Office, application, open_box
from tests.sandbox.receiver import Receiver


@pytest.fixture
def office() -> Iterator[Office]:
    with open_box() as box:
        box.control.settings(applications=[application(handler_url="https://app.example/back")])
        yield Office(box)


def test_the_consent_page_leads_back_with_a_code_that_buys_a_pair(office: Office) -> None:
    status, back = office.get("/oauth/authorize/", client_id=CLIENT, state="a b")
    assert status == 302
    assert back["state"] == "a b"
    status, pair = office.token(grant_type="authorization_code", code=back["code"])
    assert (status, pair["expires_in"]) == (200, 3600)
    assert office.token(grant_type="authorization_code", code=back["code"])[1]["error"] == "invalid_grant"


def test_a_code_lives_thirty_seconds_of_portal_time(office: Office) -> None:
    _, back = office.get("/oauth/authorize/", client_id=CLIENT)
    office.box.control.advance(31)
    assert office.token(grant_type="authorization_code", code=back["code"])[0] == 400


def test_an_access_token_ends_after_an_hour_and_a_refresh_token_is_used_up(office: Office) -> None:
    first = office.enter()
    assert office.result("profile")["ADMIN"] is True
    office.box.control.advance(3601)
    status, body = office.ask("profile")
    assert (status, body["error"]) == (401, "expired_token")
    status, office.pair = office.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert status == 200
    assert office.pair["refresh_token"] != first["refresh_token"]
    assert office.result("profile")
    again = office.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert again[1]["error"] == "invalid_grant"


def test_a_wrong_secret_and_a_removed_application_open_nothing(office: Office) -> None:
    office.enter()
    wrong = {"client_secret": SECRET[:-1] + "0", "grant_type": "refresh_token"}
    assert office.token(**wrong, refresh_token=office.pair["refresh_token"])[1]["error"] == "invalid_client"
    office.box.control.settings(applications=[])
    assert office.ask("profile")[1]["error"] == "invalid_token"
    assert office.get("/oauth/authorize/", client_id=CLIENT)[0] == 404


@pytest.mark.parametrize("method", ["event.bind", "event.get", "bizproc.robot.list", "crm.automation.trigger.list"])
def test_an_incoming_webhook_is_told_that_an_application_is_needed(office: Office, method: str) -> None:
    status, body = office.by_webhook(method)
    assert (status, body["error"]) == (403, "ACCESS_DENIED")
    assert "Application context required" in body["error_description"]


def test_installation_is_told_at_once_with_tokens_and_the_application_token() -> None:
    with Receiver() as receiver, open_box() as box:
        box.control.settings(applications=[application(install_url=receiver.url)])
        told = receiver.wait(1)[0].form
        assert told["event"] == "ONAPPINSTALL"
        office = Office(box, {"access_token": told["auth"]["access_token"]})
        assert office.result("app.info")["CODE"] == CLIENT
        card = next(one for one in box.control.settings()["applications"] if one["client_id"] == CLIENT)
        assert told["auth"]["application_token"] == card["application_token"]
        assert office.token(grant_type="refresh_token", refresh_token=told["auth"]["refresh_token"])[0] == 200


def test_tokens_and_applications_outlive_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("p4") / "portal.sqlite"
    with open_box(store=path) as box:
        box.control.settings(applications=[application(handler_url="https://app.example/back")])
        office = Office(box)
        office.enter()
        office.result("event.bind", event="ONCRMLEADADD", handler="http://127.0.0.1:9/x")
    with open_box(store=path) as box:
        after = Office(box, office.pair)
        assert [row["event"] for row in after.result("event.get")] == ["ONCRMLEADADD"]


def test_robots_wait_unless_told_not_to(office: Office) -> None:
    office.enter()
    with Receiver() as receiver:
        for code, waits in (("waiting", {}), ("free", {"USE_SUBSCRIPTION": "N"})):
            assert office.result("bizproc.robot.add", CODE=code, HANDLER=receiver.url, NAME=code, **waits)
        placed = [{"entity_type_id": 1, "stage": "JUNK", "action": "app", "code": code} for code in ("waiting", "free")]
        office.box.control.settings(portal={"robots": placed})
        lead = office.result("crm.lead.add", fields={"TITLE": "x"})
        office.result("crm.lead.update", id=lead, fields={"STATUS_ID": "JUNK"})
        told = {post.form["code"]: post.form for post in receiver.wait(2)}
    assert {code: form["use_subscription"] for code, form in told.items()} == {"waiting": "Y", "free": "N"}
    assert told["free"]["document_id"] == ["crm", "CCrmDocumentLead", f"LEAD_{lead}"]
    assert office.result("bizproc.event.send", EVENT_TOKEN=told["waiting"]["event_token"], RETURN_VALUES={"a": "1"})
    assert office.ask("bizproc.event.send", EVENT_TOKEN=told["waiting"]["event_token"])[0] == 403


def test_robots_have_codes_once_and_go_again(office: Office) -> None:
    office.enter()
    office.result("bizproc.robot.add", CODE="one", HANDLER="https://app.example/r", NAME="One", USE_SUBSCRIPTION="N")
    again = office.ask("bizproc.robot.add", CODE="one", HANDLER="https://app.example/r", NAME="One")
    assert again[1]["error"] == "ERROR_ACTIVITY_ALREADY_INSTALLED"
    assert office.ask("bizproc.robot.add", CODE="two", HANDLER="ftp://x/y", NAME="Two")[1]["error"].endswith("PROTOCOL")
    assert office.result("bizproc.robot.list") == ["one"]
    office.result("bizproc.robot.delete", CODE="one")
    assert office.ask("bizproc.robot.delete", CODE="one")[1]["error"] == "ERROR_ACTIVITY_NOT_FOUND"


def test_a_trigger_moves_a_card_only_where_somebody_dropped_it(office: Office) -> None:
    office.enter()
    office.result("crm.automation.trigger.add", CODE="call_done", NAME="Call")
    office.result("crm.automation.trigger.add", CODE="call_done", NAME="Call over")
    assert office.result("crm.automation.trigger.list") == [{"NAME": "Call over", "CODE": "call_done"}]
    lead = office.result("crm.lead.add", fields={"TITLE": "x", "STATUS_ID": "NEW"})
    fired = {"CODE": "call_done", "OWNER_TYPE_ID": 1, "OWNER_ID": lead}
    assert office.result("crm.automation.trigger.execute", **fired) is True
    assert office.result("crm.lead.get", id=lead)["STATUS_ID"] == "NEW"
    placed = {"code": "call_done", "entity_type_id": 1, "stage": "JUNK"}
    office.box.control.settings(portal={"triggers": [placed]})
    office.result("crm.automation.trigger.execute", **fired)
    assert office.result("crm.lead.get", id=lead)["STATUS_ID"] == "JUNK"
    office.result("crm.automation.trigger.delete", CODE="call_done")
    assert office.ask("crm.automation.trigger.delete", CODE="call_done")[0] == 400
