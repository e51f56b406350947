"""Money that came: believed only signed, kept once, brought to its card, and the card moved by the ordinary rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from b24kit.clock import FakeClock
from b24kit.crm.cards import Deal
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create
from b24kit.robots.decide import decide
from b24kit.robots.decision import Decision
from b24kit.robots.facts import CardFacts, Payment
from b24kit.robots.metrics import Metrics
from b24kit.robots.payments import MAX_BYTES, Payments
from b24kit.robots.server import Letterbox, Receiver
from b24kit.robots.spec_payments import PaymentsSpec
from b24kit.robots.store import Store
from b24kit.robots.till import PAYMENTS_A_MINUTE, SIGNATURE, Drawer, Till, signed
from tests.robots.office import Office, office
from tests.robots.ruleset import rules_of
from tests.robots.staff import Staff, at
from tests.robots.world import World, deal

SECRET, KEY = "p" * 24, "key-of-the-bank-0001"
PATH = f"/payments/{SECRET}"
ONE = {"id": "pp-1", "amount": "1000.00", "currency": "RUB", "card": "deal:7"}


class Counter:
    """A receiver that hears of money."""

    def __init__(self, folder: Path) -> None:
        self.store, self.clock, self.rung = Store(folder / "robots.sqlite"), FakeClock(), list[str]()
        self.letterbox, metrics = Letterbox(self.store, self.clock), Metrics()
        till = Till((Drawer("p", SECRET, KEY),), self.store, self.clock, metrics, self.rung.append)
        receiver = Receiver((), self.letterbox, self.clock, metrics, metrics.text, more=(till.route,))
        self.client = TestClient(receiver.app, raise_server_exceptions=True)

    def post(self, body: bytes | dict[str, Any], *, path: str = PATH, key: str = KEY, sign: str | None = None) -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {SIGNATURE: signed(key, raw) if sign is None else sign}
        return int(self.client.post(path, content=raw, headers=headers).status_code)

    def kept(self) -> list[tuple[Any, ...]]:
        return self.store.base.rows("SELECT id, card, number FROM payments ORDER BY id")


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    found = Counter(tmp_path)
    yield found
    found.letterbox.close()
    found.store.close()


def test_a_signed_payment_is_kept_and_wakes_its_card(counter: Counter) -> None:
    assert counter.post(ONE) == 200
    assert counter.kept() == [("pp-1", "deal:7", "")]
    assert counter.store.base.rows("SELECT card, kind FROM inbox") == [("deal:7", "paid")]
    assert counter.rung == ["p"]


def test_the_same_payment_again_changes_nothing_and_another_under_its_id_is_refused(counter: Counter) -> None:
    assert [counter.post(ONE) for _ in range(3)] == [200] * 3
    assert counter.post({**ONE, "amount": "9999"}) == 409
    assert counter.post({**ONE, "card": "deal:8"}) == 409
    (paid,) = Payments(counter.store, "p").of([Ref(Kind.DEAL, "7")])[Ref(Kind.DEAL, "7")]
    assert paid.amount == "1000.00"


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"key": "another-key-0000001"}, 404),
        ({"sign": ""}, 404),
        ({"sign": "sha256=" + "0" * 64}, 404),
        ({"sign": "\u00e9"}, 404),
        ({"path": "/payments/" + "q" * 24}, 404),
        ({"path": "/payments/"}, 404),
    ],
)
def test_what_is_not_signed_with_our_key_is_not_believed(counter: Counter, how: dict[str, str], status: int) -> None:
    if "sign" in how and not how["sign"].isascii():
        raw = json.dumps(ONE).encode()
        headers = {SIGNATURE.encode(): how["sign"].encode("utf-8")}
        assert counter.client.post(PATH, content=raw, headers=headers).status_code == status
    else:
        assert counter.post(ONE, **how) == status
    assert counter.kept() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "0"}, {"amount": "-5"}, {"amount": "NaN"}, {"amount": "Infinity"}, {"amount": "1e400"},
        {"amount": "1.001"}, {"amount": "1000000000000"}, {"amount": None}, {"amount": True}, {"amount": [1]},
        {"card": "deal:0"}, {"card": "deal:-1"}, {"card": "user:1"}, {"card": "deal:" + "9" * 30}, {"card": 7},
        {"card": None, "number": None}, {"number": "A-1"}, {"id": ""}, {"id": "x" * 101}, {"id": "a\nb"}, {"id": 5.5},
        {"currency": "rub"}, {"currency": 643}, {"paid_at": "yesterday"}, {"paid_at": "2999-01-01T00:00:00+00:00"},
        {"paid_at": "2026-01-01"}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_payment_is_refused(counter: Counter, changed: dict[str, Any]) -> None:
    body = {name: value for name, value in {**ONE, **changed}.items() if value is not None or name == "amount"}
    status = counter.post(body)
    if changed == {"id": 5.5}:  # a number is read as its digits
        assert status == 200
        return
    assert status == 400
    assert counter.kept() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_signed_bytes_break_the_till(counter: Counter, body: bytes) -> None:
    assert counter.post(body) in (200, 400)


def test_deep_and_large_bodies_are_refused(counter: Counter) -> None:
    assert counter.post(b"[" * 15_000) == 400
    assert counter.post(b"x" * (MAX_BYTES + 1)) == 413


def test_so_many_a_minute_and_no_more(counter: Counter) -> None:
    statuses = [counter.post({**ONE, "id": f"pp-{n % 3}"}) for n in range(PAYMENTS_A_MINUTE + 2)]
    assert statuses[-1] == 429 and statuses[PAYMENTS_A_MINUTE - 1] == 200


# -- the rule

RULES = replace(
    rules_of(sla={}, cadence={}, spawn={}, gates={}),
    payments=PaymentsSpec.model_validate({"rules": [{"name": "paid", "pipeline": "3", "to": "IN_TALK"}]}),
)


def paid_deal(*amounts: str, stage: str = "PARKED", currency: str = "RUB") -> CardFacts:
    facts = deal("09.02 10:00", "3", stage)
    assert isinstance(facts.card, Deal)
    card = replace(facts.card, amount="1000.00", currency="RUB")
    told = tuple(
        Payment(id=f"pp-{n}", at=at("09.02 11:00"), amount=one, currency=currency) for n, one in enumerate(amounts)
    )
    return replace(facts, card=card, payments=told)


def done(facts: CardFacts) -> list[tuple[str, str]]:
    world = World(facts, RULES, Staff())
    world.look(at("09.02 12:00"))
    world.look(at("09.02 13:00"))
    return [(kind, words) for _, kind, words in world.log]


def test_when_all_the_money_came_the_card_goes_to_its_paid_stage_once() -> None:
    assert done(paid_deal("400.00", "600.00")) == [("comment", "paid.came"), ("move", "IN_TALK")]


@pytest.mark.parametrize("facts", [paid_deal("400.00"), paid_deal("1000.00", currency="USD")], ids=["part", "dollars"])
def test_a_part_of_the_money_is_told_to_the_owner_and_moves_nothing(facts: CardFacts) -> None:
    assert done(facts) == [("comment", "paid.came"), ("notice", "5 paid.part")]


def test_money_for_a_card_that_is_closed_is_told_and_moves_nothing() -> None:
    facts = paid_deal("1000.00", stage="LOST")
    closed = replace(facts, card=replace(facts.card, outcome=RULES.stage(facts.ladder, "LOST").outcome))  # type: ignore[union-attr]
    assert done(closed) == [("comment", "paid.came"), ("notice", "5 paid.elsewhere")]


def test_gates_hold_for_paid_cards_too() -> None:
    gate = {"gates": [{"pipeline": "3", "stage": "IN_TALK", "enter": ["role"]}], "fields": {"role": "UF_ROLE"}}
    rules = replace(rules_of(sla={}, cadence={}, spawn={}, gates=gate), payments=RULES.payments)
    world = World(paid_deal("1000.00"), rules, Staff())
    world.run(at("09.02 12:00"), at("12.02 12:00"))
    moves = [words for _, kind, words in world.log if kind == "move"]
    assert moves == ["IN_TALK", "PARKED"]


# -- on a portal


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path) as found:
        yield found


def made(at_work: Office, count: int, **values: Any) -> list[Ref]:
    writes = [
        Create(f"d{n}", Kind.DEAL, {"title": f"Сделка {n}", "pipeline": "0", "stage": "NEW", **values})
        for n in range(count)
    ]
    results = sorted(at_work.portal.perform(writes, lambda _: None), key=lambda one: one.key)
    return [Ref(Kind.DEAL, str(one.new_id)) for one in results]


def rules_on(at_work: Office) -> Any:
    rules = replace(
        rules_of(sla={}, cadence={}, spawn={}, gates={}),
        stages=tuple(at_work.portal.stages()),
        pipelines=tuple(at_work.portal.pipelines()),
        payments=PaymentsSpec.model_validate({"rules": [{"name": "paid", "pipeline": "0", "to": "PREPARATION"}]}),
    )

    def decided(facts: CardFacts, now: datetime) -> Decision:
        return decide(facts, rules, Staff(), now)

    return decided


def told(at_work: Office, **values: str) -> None:
    from b24kit.robots.payments import parse_payment

    body = {"id": "pp-1", "amount": "1000", "currency": "", **values}
    now = at_work.clock.now()
    assert Payments(at_work.store, "p").keep(parse_payment(json.dumps(body).encode(), now), now)


def test_a_payment_of_a_card_moves_it_on_the_portal_once(at_work: Office) -> None:
    (card,) = made(at_work, 1, amount="1000", currency="RUB")
    for _ in range(2):
        told(at_work, card=str(card))
        at_work.worker(rules=rules_on(at_work)).drain()
    assert at_work.rows("deal")[int(card.id)]["STAGE_ID"] == "PREPARATION"
    assert len(at_work.comments()) == 1
    list(at_work.portal.perform([Change("b", card, {"stage": "NEW"}, {"stage": "PREPARATION"})], lambda _: None))
    told(at_work, card=str(card))
    at_work.worker(rules=rules_on(at_work)).drain()
    assert at_work.rows("deal")[int(card.id)]["STAGE_ID"] == "NEW"  # a person took it back: that stands


def test_a_number_finds_its_only_card_and_two_are_left_to_a_person(at_work: Office) -> None:
    one, other, third = made(at_work, 3, amount="1000", currency="RUB")
    for card, number in ((one, "INV 5"), (other, "INV 6"), (third, "INV 6")):
        changed = Change(f"n{card.id}", card, {"extra": {"ADDITIONAL_INFO": number}}, {"extra": {}})
        list(at_work.portal.perform([changed], lambda _: None))
    box = Payments(at_work.store, "p")
    told(at_work, number="inv  5")
    told(at_work, id="pp-2", number="INV 6")
    told(at_work, id="pp-3", number="INV 7")
    assert box.place(at_work.portal, ("ADDITIONAL_INFO",), at_work.clock.now()) == 1
    at_work.worker(rules=rules_on(at_work)).drain()
    assert at_work.rows("deal")[int(one.id)]["STAGE_ID"] == "PREPARATION"
    standing = {one.payment.id: (one.card, sought) for one, _, sought in box.listed()}
    assert standing == {"pp-1": (one, False), "pp-2": (None, False), "pp-3": (None, True)}
    assert box.place(at_work.portal, ("ADDITIONAL_INFO",), at_work.clock.now()) == 0
