"""A pair of tokens in Postgres. Runs where psycopg and a Postgres of its own can be had."""

from __future__ import annotations

import threading
import time

import pytest

from b24kit.connectors.pairs.pair import Pair
from b24kit.connectors.pairs.pgstore import PostgresStore
from tests.postgres import postgres_url


@pytest.fixture(scope="module")
def address() -> str:
    return postgres_url()


def test_a_pair_is_kept_and_replaced(address: str) -> None:
    store = PostgresStore(address, "kept")
    assert store.load() is None
    for number in (1, 2):
        store.save(Pair(f"a{number}", f"r{number}", 5.0, "https://my.amocrm.ru"))
    assert PostgresStore(address, "kept").load() == Pair("a2", "r2", 5.0, "https://my.amocrm.ru")


def test_one_renews_at_a_time_whatever_process_or_machine(address: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def renew() -> None:
        with PostgresStore(address, "raced").turn():
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.02)
            inside.pop()

    threads = [threading.Thread(target=renew) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1 and len(most) == 6
