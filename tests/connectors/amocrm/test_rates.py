"""Our share of the vendor's two limits: no second has too many, whoever of our processes asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from b24kit.clock import FakeClock
from b24kit.connectors.amocrm.rates import ACCOUNT, INTEGRATION, Rate
from b24kit.connectors.ledger import Ledger
from b24kit.sandbox.amocrm.manners import RateRule, RequestRate


def test_the_vendor_never_refuses_what_waits_for_its_place() -> None:
    clock = FakeClock()
    ours, theirs = Rate(Ledger(None), "my.amocrm.ru", "one", clock), RequestRate(RateRule())
    for _ in range(200):
        ours.take()
        assert theirs.admit("one", clock.now().timestamp()) == "ok"
    assert clock.monotonic() < 200 / INTEGRATION * 1.15


def test_two_processes_share_the_line(tmp_path: Path) -> None:
    clock = FakeClock()
    rates = [Rate(Ledger(tmp_path), "my.amocrm.ru", "one", clock) for _ in range(2)]
    for number in range(70):
        rates[number % 2].take()
    assert clock.monotonic() > 70 / INTEGRATION - 1


def test_integrations_have_lines_of_their_own_and_the_account_one_for_all() -> None:
    clock, ledger = FakeClock(), Ledger(None)
    waits = [Rate(ledger, "my.amocrm.ru", f"i{number}", clock).book() for number in range(ACCOUNT + 1)]
    assert waits[1] < 0.1 and waits[-1] > 1.0


def test_nobody_asks_while_the_account_wants_to_be_left_alone() -> None:
    clock = FakeClock()
    rate = Rate(Ledger(None), "my.amocrm.ru", "one", clock)
    rate.hold(30)
    assert rate.book() == pytest.approx(30, abs=0.2)
