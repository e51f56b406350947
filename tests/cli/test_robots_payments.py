"""Payments on the command line: the address and key are passwords, what was told is listed with its card."""

from __future__ import annotations

import json

from b24kit.clock import FakeClock
from b24kit.robots.payments import Payments, parse_payment
from b24kit.robots.store import Store
from tests.cli.conftest import Consultant


def test_address_and_key_are_made_once_and_shown_only_when_asked(at_work: Consultant) -> None:
    hidden = at_work.types("robots", "payments", "key")
    shown = at_work.json("robots", "payments", "key", "--show").document
    assert shown["key"] not in hidden.out and len(shown["key"]) >= 16
    assert at_work.json("robots", "payments", "key", "--show").document == shown
    assert at_work.json("robots", "payments", "key").document["key"] == "***"


def test_payments_are_listed_with_what_became_of_them(at_work: Consultant) -> None:
    assert at_work.json("robots", "payments").document["tables"][0]["rows"] == []
    portal = at_work.json("robots", "status").document["portal"]
    store, now = Store(at_work.folder / ".b24kit" / "robots.sqlite"), FakeClock().now()
    for number, named in enumerate(({"card": "lead:1"}, {"card": "deal:99999"}, {"number": "INV 1"})):
        body = json.dumps({"id": f"pp-{number}", "amount": "10", **named}).encode()
        assert Payments(store, portal).keep(parse_payment(body, now), now)
    store.close()
    rows = at_work.json("robots", "payments").document["tables"][0]["rows"]
    assert {row["id"]: row["state"] for row in rows} == {"pp-0": "placed", "pp-1": "gone", "pp-2": "sought"}
    spoken = at_work.types("--lang", "en", "robots", "payments").out
    assert "INV 1" in spoken and "column." not in spoken


def test_cut_secrets_are_named_without_being_shown(at_work: Consultant) -> None:
    at_work.patch.setenv("B24KIT_PAYMENTS_MAIN", "only-one-long-secret-here")
    answer = at_work.types("robots", "payments", "key", "--show")
    assert answer.exit == 64 and "only-one" not in answer.out + answer.err
