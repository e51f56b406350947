"""Pairs of tokens: stored before they are used, renewed by one at a time, followed to a renamed account."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from b24kit.clock import FakeClock
from b24kit.connectors.amocrm.access import Integration
from b24kit.connectors.amocrm.auth.filestore import FileStore
from b24kit.connectors.amocrm.auth.pair import Pair
from b24kit.connectors.amocrm.auth.tokens import RotatingTokens
from b24kit.errors import NoAnswer, NotAllowed

ACCESS = Integration("my.amocrm.ru", "id-1", "secret-secret-secret", "https://app.example/cb")
DAY = 86_400


class Vendor:
    """A token endpoint whose refresh tokens are good once."""

    def __init__(self, store: FileStore) -> None:
        self.store = store
        self.good = "r0"
        self.given = 0
        self.asked: list[tuple[str, Any]] = []
        self.lost = 0  # answers that never come, their work done
        self.lives_at = "my.amocrm.ru"

    def send(self, verb: str, address: str, body: Any, headers: Any) -> tuple[int, Any]:
        self.asked.append((address, dict(body or {})))
        if address.endswith("/current/subdomain"):
            return (200, {"domain": self.lives_at}) if headers["X-Refresh-Token"] == self.good else (401, {})
        if f"https://{self.lives_at}/" not in address:
            return 404, None
        if body.get("refresh_token", "r0") != self.good:
            return 401, {"hint": "Token has been revoked"}
        self.given += 1
        self.good = f"r{self.given}"
        if self.lost:
            self.lost -= 1
            raise NoAnswer("connection_broke", method="/oauth2/access_token", sent=True)
        return 200, {"access_token": f"a{self.given}", "refresh_token": self.good, "expires_in": DAY}


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path, "my.amocrm.ru id-1")


@pytest.fixture
def vendor(store: FileStore) -> Iterator[Vendor]:
    yield Vendor(store)


def tokens(store: FileStore, vendor: Vendor, clock: FakeClock) -> RotatingTokens:
    return RotatingTokens(ACCESS, store, clock, vendor.send)


def pair(clock: FakeClock, *, access: str = "a0", lives: float = DAY) -> Pair:
    return Pair(access, "r0", clock.now().timestamp() + lives, "https://my.amocrm.ru")


def test_a_pair_is_stored_before_its_token_is_given_out(store: FileStore, vendor: Vendor) -> None:
    clock = FakeClock()
    store.save(pair(clock, lives=10))
    given = tokens(store, vendor, clock).current()
    kept = store.load()
    assert kept is not None and (given, kept.access, kept.refresh) == ("a1", "a1", "r1")


def test_many_at_once_renew_one_time(store: FileStore, vendor: Vendor) -> None:
    clock = FakeClock()
    store.save(pair(clock, lives=10))
    several = [tokens(FileStore(store._path.parent, "my.amocrm.ru id-1"), vendor, clock) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(lambda one: one.current(), several)) == {"a1"}
    assert vendor.given == 1


def test_a_refused_token_is_first_looked_up_then_renewed(store: FileStore, vendor: Vendor) -> None:
    clock = FakeClock()
    store.save(pair(clock))
    ours = tokens(store, vendor, clock)
    assert ours.current() == "a0"
    store.save(Pair("other", "r0", clock.now().timestamp() + DAY, "https://my.amocrm.ru"))  # another process renewed
    assert ours.refused("a0") and ours.current() == "other" and vendor.given == 0
    assert ours.refused("other") and ours.current() == "a1"


def test_without_a_pair_a_person_is_asked_to_allow_it(store: FileStore, vendor: Vendor) -> None:
    with pytest.raises(NotAllowed) as caught:
        tokens(store, vendor, FakeClock()).current()
    assert caught.value.code == "amo_not_authorised"


def test_a_renewal_that_is_refused_says_so_without_the_secret(store: FileStore, vendor: Vendor) -> None:
    clock = FakeClock()
    store.save(pair(clock, lives=10))
    vendor.good = "another"
    with pytest.raises(NotAllowed) as caught:
        tokens(store, vendor, clock).current()
    assert caught.value.code == "amo_renewal_refused" and ACCESS.client_secret not in str(caught.value)


def test_the_account_is_followed_where_its_token_says_that_it_lives(store: FileStore, vendor: Vendor) -> None:
    clock = FakeClock()
    told = "eyJhIjoxfQ.eyJhcGlfZG9tYWluIjogImFwaS1iLmFtb2NybS5ydSJ9.c2ln"  # api_domain: api-b.amocrm.ru
    store.save(pair(clock, access=told, lives=10))
    vendor.lives_at = "new.amocrm.ru"
    heard: list[tuple[str, str]] = []
    ours = RotatingTokens(ACCESS, store, clock, vendor.send, lambda host, scheme: heard.append((host, scheme)))
    assert ours.current() == "a1" and heard == [("new.amocrm.ru", "https")]
    kept = store.load()
    assert kept is not None and kept.host == "https://new.amocrm.ru"


@pytest.mark.parametrize("lives_at", ["evil.example", "amocrm.ru.evil.example"])
def test_the_secret_never_goes_to_a_stranger(store: FileStore, vendor: Vendor, lives_at: str) -> None:
    clock = FakeClock()
    told = "eyJhIjoxfQ.eyJhcGlfZG9tYWluIjogImFwaS1iLmFtb2NybS5ydSJ9.c2ln"
    store.save(pair(clock, access=told, lives=10))
    vendor.lives_at = lives_at
    with pytest.raises(NotAllowed):
        tokens(store, vendor, clock).current()
    seen = {address for address, body in vendor.asked if "client_secret" in body}
    assert seen == {"https://my.amocrm.ru/oauth2/access_token"}


def test_the_file_is_its_owners_alone(store: FileStore, vendor: Vendor) -> None:
    store.save(pair(FakeClock()))
    (kept,) = store._path.parent.glob("*.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["refresh"] == "r0"
    if sys.platform != "win32":
        assert kept.stat().st_mode & 0o777 == 0o600
