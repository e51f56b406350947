"""A local application as access: what is pasted, where its secret key goes, tokens renewed by one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from b24kit.connectors.bitrix24.application import Application, parse_application
from b24kit.connectors.bitrix24.oauth import ApplicationTokens, AuthConnection
from b24kit.connectors.factory import authorise, open_portal, read_credentials, stored_form, vendor_of
from b24kit.connectors.pairs.filestore import FileStore
from b24kit.connectors.pairs.pair import Pair
from b24kit.errors import BadAnswer, NotAllowed, UsageError
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox
from tests.sandbox.bitrix24.office import CLIENT, SECRET, Office, application, open_box


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with open_box() as box:
        box.control.settings(applications=[application(handler_url="https://app.example/back")])
        yield box


def access_of(box: Sandbox) -> Application:
    return parse_application(f"{box.url} {CLIENT} {SECRET} {box.url}")


def code_of(box: Sandbox) -> str:
    return str(Office(box).get("/oauth/authorize/", client_id=CLIENT)[1]["code"])


def test_an_application_is_known_by_its_id_and_never_printed() -> None:
    access = read_credentials(f"https://my.bitrix24.ru {CLIENT} {SECRET}")
    assert isinstance(access, Application)
    assert access.token_url == "https://oauth.bitrix.info/oauth/token/"
    assert vendor_of(access) == "bitrix24"
    assert read_credentials(stored_form(access)) == access
    assert SECRET not in repr(access) + str(access) + access.mask(f"x {SECRET}")


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        (f"https://my.bitrix24.ru {CLIENT}", "application_no_secret"),
        (f"https://my.bitrix24.ru {CLIENT} ***", "application_bad_secret"),
        (f"https://my.bitrix24.ru {CLIENT} {SECRET} https://oauth.example", "application_bad_server"),
        (f"https://my.bitrix24.ru {CLIENT} {SECRET} http://127.0.0.1:9", "application_bad_server"),
        (f"https://my.bitrix24.ru {CLIENT} {SECRET} http://oauth.bitrix.info", "application_bad_server"),
        (f"http://my.bitrix24.ru {CLIENT} {SECRET}", "webhook_not_https"),
    ],
    ids=["no-secret", "hidden", "foreign-server", "loopback-server", "plain-server", "plain-portal"],
)
def test_what_is_wrong_with_a_pasted_application_is_named(pasted: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_application(pasted)
    assert caught.value.code == code
    assert SECRET not in str(caught.value)


def test_a_code_opens_the_portal_and_an_expired_token_is_renewed_in_passing(box: Sandbox, tmp_path: Path) -> None:
    clock = RemoteClock(box.control)
    access = access_of(box)
    authorise(access, code_of(box), clock, state_dir=tmp_path)
    portal = open_portal(access, clock, state_dir=tmp_path)
    try:
        assert portal.facts().access == "application"
        before = FileStore(tmp_path / "tokens", f"{access.host} {CLIENT}", "bitrix24").load()
        box.control.advance(3601)
        assert portal.facts().admin
        after = FileStore(tmp_path / "tokens", f"{access.host} {CLIENT}", "bitrix24").load()
    finally:
        portal.close()
    assert before is not None
    assert after is not None
    assert after.refresh != before.refresh


def test_a_token_that_the_portal_ends_early_is_renewed_and_the_call_repeated_once(box: Sandbox, tmp_path: Path) -> None:
    clock = RemoteClock(box.control)
    access = access_of(box)
    authorise(access, code_of(box), clock, state_dir=tmp_path)
    store = FileStore(tmp_path / "tokens", f"{access.host} {CLIENT}", "bitrix24")
    pair = store.load()
    assert pair is not None
    store.save(Pair(pair.access, pair.refresh, pair.expires_at + 100_000, pair.host))  # our clock is behind theirs
    box.control.advance(3601)
    portal = open_portal(access, clock, state_dir=tmp_path)
    try:
        assert portal.facts().user == "1"
    finally:
        portal.close()


def test_many_threads_renew_once(box: Sandbox, tmp_path: Path) -> None:
    clock = RemoteClock(box.control)
    access = access_of(box)
    asked: list[str] = []
    connection = AuthConnection(access)

    def ask(given: Mapping[str, str]) -> tuple[int, Any]:
        asked.append(given["grant_type"])
        return connection(given)

    # Two sets of tokens over one file are two processes as far as the store can tell.
    both = [ApplicationTokens(access, FileStore(tmp_path, "x", "bitrix24"), clock, ask) for _ in range(2)]
    both[0].begin(code_of(box))
    box.control.advance(3601)
    gate = threading.Barrier(6)

    def use(number: int) -> str:
        gate.wait()
        return both[number % 2].current()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(use, range(6)))) == 1
    assert asked == ["authorization_code", "refresh_token"]
    connection.close()


def test_the_new_pair_is_on_disk_before_anybody_uses_it(box: Sandbox, tmp_path: Path) -> None:
    clock = RemoteClock(box.control)
    store = FileStore(tmp_path, "x", "bitrix24")
    connection = AuthConnection(access_of(box))
    tokens = ApplicationTokens(access_of(box), store, clock, connection)
    tokens.begin(code_of(box))
    box.control.advance(3601)
    assert tokens.current() == _stored(store).access
    # The process dies here; the next one goes on with what was stored.
    heir = ApplicationTokens(access_of(box), FileStore(tmp_path, "x", "bitrix24"), clock, connection)
    box.control.advance(3601)
    assert heir.current() == _stored(store).access
    connection.close()


def _stored(store: FileStore) -> Pair:
    found = store.load()
    assert found is not None
    return found


def test_the_installation_call_brings_the_first_pair(box: Sandbox, tmp_path: Path) -> None:
    clock = RemoteClock(box.control)
    connection = AuthConnection(access_of(box))
    tokens = ApplicationTokens(access_of(box), FileStore(tmp_path, "x", "bitrix24"), clock, connection)
    pair = Office(box).enter()
    tokens.take({"AUTH_ID": pair["access_token"], "REFRESH_ID": pair["refresh_token"], "AUTH_EXPIRES": "3600"})
    first = tokens.current()
    assert first != pair["access_token"]  # proven by a renewal, which only our secret key can have asked for
    # The same form once more carries a pair that is used up: nothing changes.
    with pytest.raises(NotAllowed):
        tokens.take({"AUTH_ID": pair["access_token"], "REFRESH_ID": pair["refresh_token"], "AUTH_EXPIRES": "3600"})
    assert tokens.current() == first
    connection.close()


@pytest.mark.parametrize("refresh", ["", "forged", {"0": "x"}])
def test_an_installation_call_that_is_not_our_portals_changes_nothing(
    box: Sandbox, tmp_path: Path, refresh: object
) -> None:
    connection, store = AuthConnection(access_of(box)), FileStore(tmp_path, "x", "bitrix24")
    tokens = ApplicationTokens(access_of(box), store, RemoteClock(box.control), connection)
    with pytest.raises((NotAllowed, BadAnswer)):
        tokens.take({"access_token": "a", "refresh_token": refresh, "expires_in": "3600"})
    assert store.load() is None
    connection.close()


def test_a_removed_application_is_told_without_its_secrets(box: Sandbox, tmp_path: Path) -> None:
    clock = RemoteClock(box.control)
    authorise(access_of(box), code_of(box), clock, state_dir=tmp_path)
    box.control.settings(applications=[])
    box.control.advance(3601)
    portal = open_portal(access_of(box), clock, state_dir=tmp_path)
    with pytest.raises(NotAllowed) as caught:
        portal.facts()
    portal.close()
    assert caught.value.code == "application_renewal_refused"
    assert SECRET not in str(caught.value)


def test_a_wrong_code_is_named(box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed) as caught:
        authorise(access_of(box), "wrong", RemoteClock(box.control), state_dir=tmp_path)
    assert caught.value.code == "application_code_refused"
