"""What one answer means for all requests that follow: a renewed token, a held line, a block, a renamed account."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from b24kit.connectors.amocrm.access import Integration, LongLived
from b24kit.connectors.amocrm.auth.tokens import RotatingTokens
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.transport import Reply
from b24kit.connectors.pairs.filestore import FileStore
from b24kit.connectors.pairs.pair import Pair
from b24kit.errors import NotAllowed, PortalMoved, TooFast
from b24kit.sandbox.amocrm.integrations import integrations
from tests.connectors.amocrm.conftest import Desk


@pytest.fixture
def with_oauth(desk: Desk, tmp_path: Path) -> AmoClient:
    """A client whose pair of tokens a person just allowed."""
    (one, *_) = integrations(desk.sandbox.site.portal)
    form = {"client_id": one.client_id, "user_id": "1", "answer": "allow"}
    sent = httpx.post(f"{desk.sandbox.url}/oauth", data=form, follow_redirects=False)
    code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
    access = Integration(desk.client.access.host, one.client_id, one.client_secret, one.redirect_uri, "http")
    client = AmoClient(access, clock=desk.clock, tokens=FileStore(tmp_path, "x"))
    client.begin(code)
    return client


def test_a_token_refused_before_its_time_is_renewed_once_and_the_request_sent_again(
    desk: Desk, with_oauth: AmoClient
) -> None:
    first = with_oauth.tokens.current()
    desk.control.faults({"kind": "refuse", "status": 401, "text": "Unauthorized", "count": 1})
    assert isinstance(with_oauth.get("/account").body, dict)
    second = with_oauth.tokens.current()
    assert second != first
    desk.control.faults({"kind": "refuse", "status": 401, "text": "Unauthorized", "methods": ["GET /account"]})
    with pytest.raises(NotAllowed) as caught:
        with_oauth.get("/account")
    with_oauth.close()
    assert caught.value.code == "amo_token_refused" and isinstance(with_oauth.tokens, RotatingTokens)
    assert second not in str(caught.value) and first not in str(caught.value)


def test_a_right_that_is_missing_is_about_one_address_and_a_block_about_all(desk: Desk) -> None:
    desk.control.faults({"kind": "refuse", "status": 403, "text": "Forbidden", "methods": ["GET /users"]})
    with pytest.raises(NotAllowed) as caught:
        desk.client.get("/users")
    assert caught.value.code == "access_denied" and desk.client.get("/account").status == 200
    desk.control.faults({"kind": "refuse", "status": 403, "text": "Forbidden"})  # /account is refused, too
    with pytest.raises(NotAllowed) as caught:
        desk.client.get("/users")
    assert caught.value.code == "amo_account_blocked"
    desk.control.faults()
    desk.control.forget_metrics()
    with pytest.raises(NotAllowed):
        desk.client.get("/account")
    assert desk.control.metrics()["requests"] == 0, "after a block nobody asks again"


def test_a_429_holds_the_line_for_everybody_for_as_long_as_its_body_says(desk: Desk) -> None:
    desk.control.faults({"kind": "busy", "retry_after": 40, "count": 1})
    began = desk.clock.monotonic()
    desk.client.get("/account")
    assert desk.clock.monotonic() - began >= 40
    desk.control.faults({"kind": "busy", "retry_after": 25, "count": 1})
    began = desk.clock.monotonic()
    with pytest.raises(TooFast):
        desk.client.exchange.send("GET", "/account")
    desk.client.get("/users")  # somebody else's question
    assert desk.clock.monotonic() - began >= 25 - 1.2


def test_a_list_that_repeats_its_page_and_names_a_next_one_all_the_same_ends(desk: Desk) -> None:
    asked: list[Any] = []

    def same_page(path: str, query: Any = ()) -> Reply:
        asked.append(dict(query))
        links = {"self": {"href": "x"}, "next": {"href": "x"}}
        return Reply(200, {"_page": 1, "_links": links, "_embedded": {"users": [{"id": 1}, {"id": 2}]}})

    desk.client.get = same_page  # type: ignore[method-assign]
    assert [row["id"] for row in desk.client.directory("/users", "users")] == [1, 2]
    assert len(asked) == 2


def test_a_renamed_account_is_followed_and_told_of(desk: Desk) -> None:
    heard: list[str] = []
    host = desk.client.access.host
    client = AmoClient(desk.client.access, clock=desk.clock, on_moved=heard.append)
    there = host.replace("127.0.0.1", "localhost")
    desk.control.faults({"kind": "moved", "location": f"http://{there}", "count": 1})
    assert isinstance(client.get("/account").body, dict)
    client.close()
    assert heard == [there] and client.access.host == there


def test_no_token_follows_an_account_to_a_strangers_address(desk: Desk) -> None:
    desk.control.faults({"kind": "moved", "location": "https://evil.example", "count": 1})
    with pytest.raises(PortalMoved) as caught:
        desk.client.get("/account")
    assert isinstance(desk.client.access, LongLived) and desk.client.access.token not in str(caught.value)


@pytest.mark.parametrize("server", ["evil.example", "127.0.0.1:1", "amocrm.ru.evil.example"])
def test_a_token_that_names_a_strangers_server_is_not_asked_after(server: str, tmp_path: Path, desk: Desk) -> None:
    asked: list[str] = []

    def send(verb: str, address: str, body: Any, headers: Any) -> tuple[int, Any]:
        asked.append(address)
        return 401, {}

    told = urlsafe_b64encode(f'{{"api_domain": "{server}"}}'.encode()).decode().rstrip("=")
    access = Integration("my.amocrm.ru", "id", "secret-secret-secret", "https://app.example/cb")
    store = FileStore(tmp_path, "y")
    store.save(Pair(f"e30.{told}.s", "refresh", desk.clock.now().timestamp() + 5, "https://my.amocrm.ru"))
    with pytest.raises(NotAllowed):
        RotatingTokens(access, store, desk.clock, send).current()
    assert asked == ["https://my.amocrm.ru/oauth2/access_token"]
