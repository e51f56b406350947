"""Codes, pairs of tokens, their lives and deaths, and where the account lives."""

from __future__ import annotations

import http.client
import json
from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from b24kit.sandbox.amocrm.access import Doors, Token
from b24kit.sandbox.amocrm.integrations import DEFAULT, DISABLED
from b24kit.sandbox.amocrm.registry import Answer, Problem
from b24kit.sandbox.server import Sandbox
from tests.sandbox.amocrm.desk import NOON, Desk

DAY = 86_400
NOW = int(NOON.timestamp())
CLIENT = {
    "client_id": DEFAULT.client_id, "client_secret": DEFAULT.client_secret, "redirect_uri": DEFAULT.redirect_uri
}  # fmt: skip


@pytest.fixture
def desk() -> Desk:
    return Desk().built()


def allow(desk: Desk, **choice: str) -> dict[str, str]:
    """What the browser brings to the integration's address after a choice on the page."""
    form = {"client_id": DEFAULT.client_id, "user_id": "1", "answer": "allow", **choice}
    answer = desk.answer("POST", "//oauth", form)
    assert answer.status == 302 and answer.location is not None
    assert answer.location.startswith(DEFAULT.redirect_uri + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def exchange(desk: Desk, **sent: Any) -> tuple[int, dict[str, Any]]:
    answer: Answer = desk.answer("POST", "//oauth2/access_token", CLIENT | sent)
    return answer.status, json.loads(answer.body)


def pair(desk: Desk) -> dict[str, Any]:
    """A fresh pair of tokens."""
    status, body = exchange(desk, grant_type="authorization_code", code=allow(desk)["code"])
    assert status == 200, body
    return body


def refresh(desk: Desk, token: str) -> tuple[int, dict[str, Any]]:
    return exchange(desk, grant_type="refresh_token", refresh_token=token)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def opens(desk: Desk, token: str, *doors: Token) -> bool:
    try:
        return Doors(doors).open(desk.portal, f"Bearer {token}").user_id > 0
    except Problem as problem:
        assert problem.status == 401
        return False


def test_the_page_names_the_integration_and_offers_administrators_only(desk: Desk) -> None:
    page = desk.answer("GET", f'//oauth?client_id={DEFAULT.client_id}&state="><b>')
    assert page.kind is not None and page.kind.startswith("text/html")
    assert "Администратор Портала" in page.body and "Ольга Продавец" not in page.body
    assert "<b>" not in page.body.split("<form")[1] and "&quot;&gt;&lt;b&gt;" in page.body
    assert desk.refusal("GET", "//oauth?client_id=stranger").status == 404


def test_yes_brings_a_code_and_no_an_error_each_with_the_state(desk: Desk) -> None:
    brought = allow(desk, state="s 1")
    assert set(brought) == {"code", "referer", "platform", "client_id", "state"}
    assert (brought["state"], brought["platform"], brought["referer"]) == ("s 1", "1", "account.example")
    assert allow(desk, answer="deny", state="s 1") == {"error": "access_denied", "state": "s 1"}
    seller = {"client_id": DEFAULT.client_id, "answer": "allow", "user_id": "2"}
    assert desk.refusal("POST", "//oauth", seller).status == 403


def test_a_code_gives_one_pair_whose_access_token_opens_the_account(desk: Desk) -> None:
    code = allow(desk)["code"]
    status, body = exchange(desk, grant_type="authorization_code", code=code)
    assert status == 200
    assert set(body) == {"token_type", "expires_in", "server_time", "access_token", "refresh_token"}
    assert (body["token_type"], body["expires_in"], body["server_time"]) == ("Bearer", DAY, NOW)
    told = claims(body["access_token"])
    assert (told["exp"], told["sub"], told["aud"]) == (NOW + DAY, "1", DEFAULT.client_id)
    assert (told["account_id"], told["api_domain"], told["base_domain"]) == (
        desk.portal.account_id, "account.example", "amocrm.ru"
    )  # fmt: skip
    assert opens(desk, body["access_token"])
    status, again = exchange(desk, grant_type="authorization_code", code=code)
    assert (status, again["hint"]) == (400, "Authorization code has been revoked")


def test_a_code_lives_twenty_minutes_an_access_token_a_day(desk: Desk) -> None:
    late = allow(desk)["code"]
    token = pair(desk)["access_token"]
    desk.wait(minutes=20)
    status, body = exchange(desk, grant_type="authorization_code", code=late)
    assert (status, body["hint"]) == (400, "Authorization code has expired")
    desk.wait(hours=23, minutes=39)
    assert opens(desk, token)
    desk.wait(minutes=1)
    assert not opens(desk, token)


def test_a_refresh_token_is_good_once_and_kills_the_old_pair(desk: Desk) -> None:
    old = pair(desk)
    status, new = refresh(desk, old["refresh_token"])
    assert status == 200
    assert new["refresh_token"] != old["refresh_token"] and new["access_token"] != old["access_token"]
    assert opens(desk, new["access_token"]) and not opens(desk, old["access_token"])
    status, body = refresh(desk, old["refresh_token"])
    assert (status, body["hint"], body["status"]) == (401, "Token has been revoked", 401)
    assert body["type"].endswith("OAuthProblemJson")
    assert refresh(desk, new["refresh_token"])[0] == 200


def test_an_account_may_let_the_old_access_token_live_out_its_day(desk: Desk) -> None:
    desk.settings["old_access_lives"] = True
    old = pair(desk)
    refresh(desk, old["refresh_token"])
    assert opens(desk, old["access_token"])


def test_a_refresh_token_lives_three_months_after_its_access_token_died(desk: Desk) -> None:
    first, second = pair(desk), pair(desk)
    desk.wait(days=89)
    assert refresh(desk, first["refresh_token"])[0] == 200
    desk.wait(days=2)
    status, body = refresh(desk, second["refresh_token"])
    assert (status, body["hint"]) == (401, "Token has expired")


@pytest.mark.parametrize(
    ("wrong", "status", "hint"),
    [
        ({"client_secret": "guess"}, 401, "Client authentication failed"),
        ({"client_id": "stranger"}, 401, "Client authentication failed"),
        ({"redirect_uri": "http://127.0.0.1/else"}, 400, "Invalid redirect URI"),
        ({"refresh_token": "made up"}, 401, "Cannot decrypt the refresh token"),
        ({"refresh_token": None}, 401, "Cannot decrypt the refresh token"),
        ({"grant_type": "password"}, 400, "Check that all required parameters have been provided"),
    ],
)
def test_a_wrong_request_costs_no_token(desk: Desk, wrong: dict[str, Any], status: int, hint: str) -> None:
    good = {"grant_type": "refresh_token", "refresh_token": pair(desk)["refresh_token"]}
    found, body = exchange(desk, **(good | wrong))
    assert (found, body["hint"]) == (status, hint)
    assert exchange(desk, **good)[0] == 200


def test_a_token_of_another_integration_is_not_refreshed(desk: Desk) -> None:
    token = pair(desk)["refresh_token"]
    desk.settings["integrations"] = [
        CLIENT, {"client_id": "other", "client_secret": "s", "redirect_uri": "http://127.0.0.1/o"}
    ]  # fmt: skip
    sent = {"client_id": "other", "client_secret": "s", "redirect_uri": "http://127.0.0.1/o"}
    status, body = exchange(desk, **sent, grant_type="refresh_token", refresh_token=token)
    assert (status, body["hint"]) == (401, "Token is not linked to client")
    assert refresh(desk, token)[0] == 200


def test_an_integration_that_is_switched_off_is_out_at_once(desk: Desk) -> None:
    tokens, long = pair(desk), Token.from_data({"user_id": 1, "integration": DEFAULT.client_id})
    assert opens(desk, tokens["access_token"]) and opens(desk, long.token, long)
    desk.settings[DISABLED] = [DEFAULT.client_id]
    assert not opens(desk, tokens["access_token"]) and not opens(desk, long.token, long)
    assert refresh(desk, tokens["refresh_token"])[0] == 401


def test_a_long_lived_token_is_a_jwt_the_same_every_time_and_ends(desk: Desk) -> None:
    data = {"user_id": 1, "expires_at": NOW + DAY}
    token = Token.from_data(data)
    assert token.token == Token.from_data(data).token != Token.from_data({"user_id": 2}).token
    assert claims(token.token)["exp"] == NOW + DAY
    assert claims(Token.from_data({"user_id": 1}).token)["exp"] > NOW + 4 * 365 * DAY
    assert opens(desk, token.token, token)
    desk.wait(days=1)
    assert not opens(desk, token.token, token)


def test_the_account_tells_where_it_lives_to_who_has_a_refresh_token(desk: Desk) -> None:
    tokens = pair(desk)
    address = "//oauth2/account/current/subdomain"
    answer = desk.answer("GET", address, headers={"x-refresh-token": tokens["refresh_token"]})
    told = json.loads(answer.body)
    assert told == {
        "id": desk.portal.account_id, "subdomain": "account", "domain": "account.example", "top_level_domain": "ru"
    }  # fmt: skip
    desk.settings["renamed"] = {"from": ["account.example"], "to": "new.kommo.com"}
    answer = desk.answer("GET", address, headers={"x-refresh-token": tokens["refresh_token"]})
    assert json.loads(answer.body)["domain"] == "new.kommo.com"
    assert json.loads(answer.body)["top_level_domain"] == "com"
    older = {"authorization": f"Bearer {tokens['access_token']}"}
    assert json.loads(desk.answer("GET", "//oauth2/account/subdomain", headers=older).body)["subdomain"] == "new"
    refresh(desk, tokens["refresh_token"])
    assert desk.refusal("GET", address).status == 401


def test_an_account_of_kommo_says_so(desk: Desk) -> None:
    desk.portal.domain = "demo.kommo.com"
    assert allow(desk)["platform"] == "2"
    assert claims(pair(desk)["access_token"])["base_domain"] == "kommo.com"
    desk.settings["renamed"] = {"from": [], "to": "other.kommo.com"}
    told = claims(pair(desk)["access_token"])
    assert (told["base_domain"], told["api_domain"]) == ("kommo.com", "other.kommo.com")


@pytest.mark.parametrize("answer", [401, 404, 302])
def test_the_old_address_of_a_renamed_account_opens_nothing(answer: int) -> None:
    with Sandbox(vendor="amocrm", clock="moved", grace=0.002) as box:
        old, new = f"localhost:{box.port}", f"127.0.0.1:{box.port}"
        box.control.settings(portal={"renamed": {"from": [old], "to": new, "answer": answer}})
        headers = {"Authorization": f"Bearer {box.token}"}
        statuses = []
        for host in (old, new):
            connection = http.client.HTTPConnection(box.host, box.port, timeout=5)
            connection.request("GET", "/api/v4/account", headers=headers | {"Host": host})
            response = connection.getresponse()
            statuses.append(response.status)
            location = response.getheader("Location") or ""
            if response.status == 302:
                assert location == f"http://{new}/api/v4/account"
            connection.close()
        assert statuses == [answer, 200]


def test_of_many_who_refresh_with_one_token_exactly_one_gets_a_pair() -> None:
    with Sandbox(vendor="amocrm", clock="moved", grace=0.002, manners={"rate": None}) as box:

        def post(path: str, body: dict[str, Any]) -> tuple[int, Any]:
            connection = http.client.HTTPConnection(box.host, box.port, timeout=5)
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            text, place = response.read(), response.getheader("Location")
            connection.close()
            return response.status, place or json.loads(text)

        choice = {"client_id": DEFAULT.client_id, "user_id": "1", "answer": "allow"}
        code = parse_qs(urlsplit(post("/oauth", choice)[1]).query)["code"][0]
        _, first = post("/oauth2/access_token", CLIENT | {"grant_type": "authorization_code", "code": code})
        sent = CLIENT | {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda _: post("/oauth2/access_token", sent), range(6)))
        assert sorted(status for status, _ in found) == [200] + [401] * 5


def test_tokens_and_webhooks_outlive_a_restart(tmp_path: Path) -> None:
    def asked(box: Sandbox, verb: str, path: str, token: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(box.host, box.port, timeout=5)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(verb, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text, place = response.read().decode(), response.getheader("Location")
        connection.close()
        return place if response.status == 302 else json.loads(text)

    store = tmp_path / "account.sqlite"
    with Sandbox(vendor="amocrm", store=store, manners={"rate": None}) as box:
        choice = {"client_id": DEFAULT.client_id, "user_id": "1", "answer": "allow"}
        code = parse_qs(urlsplit(asked(box, "POST", "/oauth", "", choice)).query)["code"][0]
        grant = CLIENT | {"grant_type": "authorization_code", "code": code}
        token = asked(box, "POST", "/oauth2/access_token", "", grant)["access_token"]
        hook = {"destination": "http://127.0.0.1:9/", "settings": ["add_lead"]}
        assert asked(box, "POST", "/api/v4/webhooks", token, hook)["id"] == 1
    with Sandbox(vendor="amocrm", store=store) as box:
        assert asked(box, "GET", "/api/v4/webhooks", token)["_total_items"] == 1
