"""The vendor's own Python SDK recognises the sandbox's refusals, limits and faults, each as its own class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from b24pysdk import BitrixWebhook, Client, errors

from b24kit.sandbox.server import Sandbox

pytestmark = pytest.mark.clients

NO_JSON = errors.BitrixResponseJSONDecodeError
OPTIONS = {"initial_retry_delay": 0.01, "retry_delay_increment": 0}  # the SDK waits whole seconds unless told


@pytest.fixture(autouse=True)
def _authority(ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))


def open_client(portal: Sandbox, number: int = 0, **options: Any) -> Any:
    """The SDK's client of one of the portal's webhooks."""
    address = urlsplit(portal.webhook_urls[number])
    token = BitrixWebhook(domain=address.netloc, webhook_token=address.path.removeprefix("/rest/"))
    return Client(token, **OPTIONS | options)


def call(client: Any, method: str, params: Mapping[str, Any] | None = None) -> Any:
    """A method that the SDK has no name for."""
    return client._bitrix_token.call_method(api_method=method, params=params or {})


def test_an_unknown_authority_is_a_request_error(portal: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(errors.BitrixRequestError, match="CERTIFICATE_VERIFY_FAILED"):
        open_client(portal).profile().call()


def test_what_is_not_there_is_a_bad_request(portal: Sandbox) -> None:
    with pytest.raises(errors.BitrixAPIBadRequest, match="Not found") as told:
        open_client(portal).crm.lead.get(404).call()
    assert (told.value.error, told.value.status_code) == ("", 400)


def test_a_wrong_secret_is_invalid_credentials(portal: Sandbox) -> None:
    domain = urlsplit(portal.webhook_url).netloc
    client = Client(BitrixWebhook(domain=domain, webhook_token="1/wrong0secret0000"))
    with pytest.raises(errors.BitrixAPIInvalidCredentials) as told:
        client.profile().call()
    assert told.value.status_code == 401


def test_an_unknown_method_is_not_found(portal: Sandbox) -> None:
    with pytest.raises(errors.BitrixAPINotFound) as told:
        call(open_client(portal), "crm.lead.bake")
    assert told.value.error == "ERROR_METHOD_NOT_FOUND"


def test_a_missing_scope_is_insufficient_scope(portal: Sandbox) -> None:
    portal.control.settings(webhooks=[{"user_id": 1, "scopes": ["user"]}])
    client = open_client(portal)
    assert client.scope().result == ["user"]
    with pytest.raises(errors.BitrixAPIInsufficientScope):
        client.crm.lead.list().call()


def test_an_application_method_is_denied_to_a_webhook(portal: Sandbox) -> None:
    with pytest.raises(errors.BitrixAPIAccessDenied):
        open_client(portal).event.bind("ONCRMLEADADD", "https://robot.example/hook").call()


def test_a_webhook_of_a_dismissed_employee_is_an_authorization_error(portal: Sandbox) -> None:
    chief = open_client(portal)
    seller = chief.user.add({"EMAIL": "seller@portal.example", "UF_DEPARTMENT": [1], "NAME": "Пётр"}).result
    portal.control.settings(webhooks=[{"user_id": 1}, {"user_id": int(seller)}])
    client = open_client(portal, 1)
    client.profile().call()
    with pytest.raises(errors.BitrixAPIBadRequest, match="Access denied"):
        client.crm.status.add({"ENTITY_ID": "STATUS", "STATUS_ID": "X", "NAME": "X"}).call()  # for administrators
    chief.user.update({"ID": seller, "ACTIVE": False}).call()
    with pytest.raises(errors.BitrixAPIAuthorizationError):
        client.profile().call()


def test_a_wrong_filter_of_items_is_an_invalid_argument(portal: Sandbox) -> None:
    with pytest.raises(errors.BitrixAPIInvalidArgValue):
        open_client(portal).crm.item.list(1, filter={"colour": "red"}).call()


def test_the_request_counter_is_met_and_waited_out(portal: Sandbox) -> None:
    portal.control.settings(bucket={"capacity": 2, "leak": 2})
    client = open_client(portal)
    client.call_batch([client.crm.lead.add({"TITLE": "1"})]).call()
    client.profile().call()
    with pytest.raises(errors.BitrixAPIQueryLimitExceeded) as told:  # the portal's clock stands still
        client.profile().call()
    assert told.value.status_code == 503
    assert portal.control.metrics()["refused_503"] == 3
    portal.control.advance(10)
    client.profile().call()


def test_a_busy_portal_is_asked_again(portal: Sandbox) -> None:
    portal.control.faults({"kind": "busy", "count": 2})
    assert open_client(portal).profile().result["ID"] == "1"
    assert portal.control.metrics()["statuses"] == {"503": 2, "200": 1}


def test_the_running_time_limit_is_met_by_a_single_call(portal: Sandbox) -> None:
    portal.control.settings(operating={"window": 60, "limit": 0.5}, work={"crm.lead.list": 0.3})
    client = open_client(portal)
    for _ in range(2):
        client.crm.lead.list().call()
    with pytest.raises(errors.BitrixAPIOperationTimeLimit) as told:
        client.crm.lead.list().call()
    assert told.value.status_code == 429
    client.crm.contact.list().call()  # other methods have budgets of their own
    portal.control.advance(61)
    client.crm.lead.list().call()


def test_commands_over_the_running_time_limit_are_lost_without_an_exception(portal: Sandbox) -> None:
    client = open_client(portal)
    lead = client.crm.lead.add({"TITLE": "Письмо"}).result
    portal.control.settings(operating={"window": 60, "limit": 0.5}, work={"crm.lead.update": 0.2})
    updates = [client.crm.lead.update(lead, {"TITLE": str(number)}) for number in range(8)]
    told = client.call_batches(updates).result
    # The SDK neither raises nor repeats: whoever does not look into result_error loses the rest.
    assert len(told.result) == 3
    assert {one["error"] for one in told.result_error.values()} == {"OPERATION_TIME_LIMIT"}
    assert client.crm.lead.get(lead).result["TITLE"] == "2"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "overload"}, errors.BitrixAPIOverloadLimit),
        ({"kind": "time_limit"}, errors.BitrixAPIOperationTimeLimit),
        ({"kind": "internal"}, errors.BitrixAPIInternalServerError),
        ({"kind": "html"}, NO_JSON),
        ({"kind": "html", "status": 403}, errors.BitrixResponse403JSONDecodeError),
        ({"kind": "truncated"}, NO_JSON),
        ({"kind": "empty"}, NO_JSON),
        ({"kind": "cut_before"}, errors.BitrixRequestError),
        ({"kind": "cut_after"}, errors.BitrixRequestError),
        ({"kind": "refuse", "code": "ACCESS_DENIED", "status": 403}, errors.BitrixAPIAccessDenied),
    ],
    ids=lambda value: value["kind"] + str(value.get("status", "")) if isinstance(value, dict) else "",
)
def test_each_fault_is_raised_as_its_own_class(portal: Sandbox, fault: dict[str, Any], kind: type[Exception]) -> None:
    portal.control.faults(fault)
    with pytest.raises(kind):
        open_client(portal).profile().call()


def test_a_moved_portal_is_followed_to_its_new_address(portal: Sandbox) -> None:
    portal.control.faults({"kind": "moved", "location": f"https://localhost:{portal.port}", "count": 1})
    # The SDK 1.3.2 takes the new name and forgets its port, so away from the cloud it finds nobody there.
    with pytest.raises(errors.BitrixRequestError, match=r"host='localhost', port=443"):
        open_client(portal).profile().call()


def test_a_write_cut_after_the_work_is_done_all_the_same(portal: Sandbox) -> None:
    portal.control.faults({"kind": "cut_after", "count": 1})
    client = open_client(portal)
    with pytest.raises(errors.BitrixRequestError):
        client.crm.lead.add({"TITLE": "Письмо"}).call()
    assert [row["TITLE"] for row in client.crm.lead.list().result] == ["Письмо"]


def test_a_batch_slower_than_the_sdk_waits_is_written_all_the_same(portal: Sandbox) -> None:
    portal.control.clock(mode="real")
    try:
        portal.control.settings(work={"crm.lead.add": 0.03})
        client = open_client(portal, timeout=(5, 0.15))  # to connect, to wait for the answer
        adds = [client.crm.lead.add({"TITLE": str(number)}) for number in range(15)]
        with pytest.raises(errors.BitrixRequestTimeout):  # 10 s unless told, less than a batch may take
            client.call_batch(adds).call()
        while portal.control.metrics()["commands"] < len(adds):
            pass
    finally:
        portal.control.clock(mode="moved")
    assert len(open_client(portal).crm.lead.list().result) == 15
