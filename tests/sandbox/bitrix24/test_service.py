"""scope, methods, method.get, app.info, feature.get, workflows: what the portal says about itself."""

from __future__ import annotations

import pytest

from b24kit.sandbox.bitrix24 import service
from b24kit.sandbox.bitrix24.registry import METHODS
from b24kit.sandbox.bitrix24.tables import LEAD
from tests.sandbox.bitrix24.counter import SCOPES, Counter


@pytest.fixture
def desk() -> Counter:
    found = Counter()
    found.planted(kind="empty")
    found.card(LEAD, TITLE="t")
    return found


def test_scope_tells_what_was_granted_and_full_what_exists(desk: Counter) -> None:
    assert desk.ask("scope") == sorted(SCOPES)
    assert {"crm", "user", "user_basic", "bizproc", "placement", "tasks"} <= set(desk.ask("scope", full="true"))


def test_method_get_knows_the_absent_the_closed_and_the_open(desk: Counter) -> None:
    assert desk.ask("method.get", name="crm.lead.list") == {"isExisting": True, "isAvailable": True}
    assert desk.ask("method.get", name="no.such") == {"isExisting": False, "isAvailable": False}
    assert desk.ask("method.get", name="event.bind") == {"isExisting": True, "isAvailable": False}
    desk.scopes = frozenset({"user_basic"})
    assert desk.ask("method.get", name="user.get")["isAvailable"] is True
    assert desk.ask("method.get", name="crm.lead.list")["isAvailable"] is False


def test_methods_lists_what_the_token_may_call(desk: Counter) -> None:
    desk.scopes = frozenset({"im"})
    assert "im.notify" in desk.ask("methods")
    assert "crm.lead.list" not in desk.ask("methods")
    assert "crm.lead.list" in desk.ask("methods", full="true")


def test_a_webhook_learns_only_scopes_and_licence_of_app_info(desk: Counter) -> None:
    assert desk.ask("app.info").keys() == {"SCOPE", "LICENSE"}


def test_features_follow_the_plan(desk: Counter) -> None:
    assert desk.ask("feature.get", CODE="rest_offline_extended") == {"value": "N"}
    desk.portal.settings["plan"] = "ent250"
    assert desk.ask("feature.get", CODE="rest_offline_extended") == {"value": "Y"}
    assert desk.refusal("feature.get")[0] == "CODE_EMPTY"


@pytest.mark.parametrize(
    "name", ["event.bind", "event.offline.get", "bizproc.robot.add", "crm.automation.trigger.add", "placement.bind"]
)
def test_what_lives_in_an_application_is_marked_so(name: str) -> None:
    assert METHODS[name].application_only


def test_server_time_is_the_portals_own_clock(desk: Counter) -> None:
    desk.wait(hours=1)
    assert desk.ask("server.time") == "2026-11-22T13:00:00+03:00"


def test_an_older_or_narrower_scope_opens_a_method_too() -> None:
    assert service.opens(frozenset({"tasks"}), "task")
    assert service.opens(frozenset(), None)
    assert not service.opens(frozenset({"crm"}), "task")


def test_a_started_workflow_is_seen_until_it_is_terminated(desk: Counter) -> None:
    template = {"NAME": "Auto", "ENTITY": "CCrmDocumentLead", "DOCUMENT_TYPE": "LEAD", "AUTO_EXECUTE": 1, "USER_ID": 1}
    number = desk.portal.store["workflow_template"].add(template)
    listed = desk.ask(
        "bizproc.workflow.template.list", SELECT=["ID", "NAME", "AUTO_EXECUTE"], FILTER={">AUTO_EXECUTE": 0}
    )
    assert listed == [{"ID": str(number), "NAME": "Auto", "AUTO_EXECUTE": "1"}]
    assert desk.ask("bizproc.workflow.template.list") == [{"ID": str(number)}]
    document = ["crm", "CCrmDocumentLead", "LEAD_1"]
    name = desk.ask("bizproc.workflow.start", TEMPLATE_ID=number, DOCUMENT_ID=document)
    columns = ["ID", "DOCUMENT_ID", "ENTITY", "STARTED_BY", "TEMPLATE_ID"]
    running = desk.ask("bizproc.workflow.instances", SELECT=columns, FILTER={"DOCUMENT_ID": "LEAD_1"})
    assert running == [
        {
            "ID": name,
            "DOCUMENT_ID": "LEAD_1",
            "ENTITY": "CCrmDocumentLead",
            "STARTED_BY": "1",
            "TEMPLATE_ID": str(number),
        }
    ]
    assert desk.ask("bizproc.workflow.instances", FILTER={"DOCUMENT_ID": "LEAD_2"}) == []
    assert desk.ask("bizproc.workflow.terminate", ID=name) is True
    assert desk.ask("bizproc.workflow.instances") == []


def test_a_workflow_refuses_a_card_of_another_kind(desk: Counter) -> None:
    number = desk.portal.store["workflow_template"].add({"NAME": "D", "ENTITY": "CCrmDocumentDeal"})
    document = ["crm", "CCrmDocumentLead", "LEAD_1"]
    refused = desk.refusal("bizproc.workflow.start", TEMPLATE_ID=number, DOCUMENT_ID=document)
    assert refused == ("", "Template type and DOCUMENT_ID mismatch!")


def test_the_hand_made_trigger_checks_its_target(desk: Counter) -> None:
    assert desk.ask("crm.automation.trigger", target="LEAD_1", code="x") is True
    assert desk.refusal("crm.automation.trigger", target="LEAD_9")[1] == "Target is not found."
    assert desk.refusal("crm.automation.trigger", target="CARD_9")[1] == "Incorrect target format."
    assert desk.refusal("crm.automation.trigger")[1] == "Target is not set."
