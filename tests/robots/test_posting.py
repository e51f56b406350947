"""Letters that really leave: only armed twice and let go, once each, never against the client's word or the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.activity import Channel
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import User
from b24kit.crm.writes import Change, Create, Write
from b24kit.errors import UsageError
from b24kit.robots.decision import Action, Decision
from b24kit.robots.facts import CardFacts
from b24kit.robots.gather import WatchedPortal
from b24kit.robots.outbox import Outbox, Release
from b24kit.robots.posting import Posting
from b24kit.robots.settle import LATE
from b24kit.robots.spec_sending import SendingSpec
from b24kit.robots.store import Event, Store
from b24kit.robots.worker import Outcome
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox
from tests.robots.office import WHY, Office
from tests.robots.test_worker import Dying, Mortal

BOSS = User(id="1", name='Анна "Морс" <b@x>', email="anna@example.com")
FREE = SendingSpec(hours=((0, 1440),), weekdays_only=False, per_day=1000)


def writes(facts: CardFacts, now: datetime) -> Decision:
    """One letter to whoever has a title that asks for it; nothing to a client who answered."""
    if facts.card.stage != "NEW":
        return Decision()
    values = {"channel": "email", "subject": "Добрый\r\nдень", "text": f"{facts.card.title}!", "sender": "1"}
    key = f"test/{facts.card.ref}/letter"
    action = Action(kind="message", key=key, card=facts.card.ref, values=values, reason=WHY)
    return Decision(() if key in facts.done else (action,))


class Post:
    """An office whose portal may send."""

    def __init__(self, office: Office, control: SandboxControl, webhook: str) -> None:
        self.office, self.control, self.webhook = office, control, webhook
        self.box = Outbox(office.store, "p")

    def clients(self, count: int, **more: Any) -> list[Ref]:
        made: list[Write] = [
            Create(
                f"made-{n}",
                Kind.LEAD,
                {
                    "title": f"Клиент {n}",
                    "stage": "NEW",
                    "points": [{"kind": "email", "value": f"client{n}@example.org", "use": "work"}],
                    **more,
                },
            )
            for n in range(count)
        ]
        results = sorted(self.office.portal.perform(made, lambda _: None), key=lambda one: int(one.key[5:]))
        return [Ref(Kind.LEAD, str(one.new_id)) for one in results]

    def stir(self, cards: list[Ref]) -> None:
        self.office.store.put("p", [Event(card, "changed") for card in cards], self.office.clock.now())

    def work(self, spec: SendingSpec | None = FREE, **more: Any) -> Outcome:
        posting = None
        if spec is not None:
            email, no = frozenset({Channel.EMAIL}), {"opt_out": ("UF_NO",)}
            posting = Posting(spec=spec, sends=email, zone=UTC, users=lambda: [BOSS], fields=no)
        return self.office.worker(rules=more.pop("rules", writes), posting=posting, **more).drain()

    def approve(self, cards: list[Ref] | None = None) -> None:
        chosen = [one for one in self.box.waiting() if cards is None or one.card in cards]
        self.box.approve(chosen, self.office.clock.now())

    def mails(self) -> list[str]:
        return sorted(str(mail["TO"]) for mail in self.control.mails())

    def states(self) -> list[Release]:
        return [one.state for one in self.box.waiting()]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with Sandbox(seed={"kind": "empty"}, clock="moved", grace=0.001) as sandbox:
        clock = RemoteClock(sandbox.control)
        portal = cast(WatchedPortal, open_portal(Webhook.parse(sandbox.webhook_url), clock, sends=True))
        store = Store(tmp_path / "robots.sqlite")
        yield Post(Office(portal, clock, sandbox.control, store, sandbox), sandbox.control, sandbox.webhook_url)
        store.close()
        portal.close()


def test_unarmed_nothing_leaves_even_when_let_go(post: Post) -> None:
    cards = post.clients(3)
    post.stir(cards)
    post.work(None)
    post.approve()
    post.work(None)
    assert (post.mails(), post.states()) == ([], [Release.APPROVED] * 3)


def test_armed_exactly_what_was_let_go_leaves_and_only_once(post: Post) -> None:
    cards = post.clients(4)
    post.stir(cards)
    post.work()
    assert post.mails() == []
    post.approve(cards[:2])
    for _ in range(3):
        post.stir(cards)
        post.work()
    assert post.mails() == ["client0@example.org", "client1@example.org"]
    assert post.states() == [Release.WAITING] * 2


def test_a_letter_is_one_line_of_subject_and_a_clean_sender(post: Post) -> None:
    post.stir(post.clients(1))
    post.work(FREE.model_copy(update={"approve": "rule"}))
    (mail,) = post.control.mails()
    assert mail["SUBJECT"] == "Добрый день" and mail["BODY"] == "Клиент 0!"
    assert mail["FROM"] == "Анна Морс b@x <anna@example.com>"


def test_a_portal_that_was_not_opened_for_sending_refuses_a_letter(post: Post) -> None:
    values = {"card": "lead:1", "address": "a@example.org", "sender": "A <b@example.com>", "text": "x"}
    portal = open_portal(Webhook.parse(post.webhook), post.office.clock)
    with pytest.raises(UsageError, match="letters_not_armed"):
        list(portal.perform([Create("k", Kind.LETTER, values)], lambda _: None))
    portal.close()
    assert post.mails() == []


@pytest.mark.parametrize("answer", ["Y", "да", "1"])
def test_a_client_who_refused_since_gets_nothing(post: Post, answer: str) -> None:
    (card,) = post.clients(1)
    post.stir([card])
    post.work()
    post.approve()
    post.work(portal=_Refusing(post.office.portal, answer))  # the card is re-read right before sending
    assert post.mails() == []
    (message,) = post.box.waiting()
    assert (message.state, message.note) == (Release.APPROVED, "robots.held.refused")


def test_what_the_rules_want_no_more_is_withdrawn(post: Post) -> None:
    (card,) = post.clients(1)
    post.stir([card])
    post.work()
    post.approve()
    list(post.office.portal.perform([Change("m", card, {"stage": "IN_PROCESS"}, {"stage": "NEW"})], lambda _: None))
    post.work()
    assert (post.mails(), post.box.waiting()) == ([], [])


def test_changed_words_need_a_new_consent(post: Post) -> None:
    (card,) = post.clients(1)
    post.stir([card])
    post.work()
    post.approve()
    list(post.office.portal.perform([Change("m", card, {"title": "Иначе"}, {"title": "Клиент 0"})], lambda _: None))
    post.work()
    assert (post.mails(), post.states()) == ([], [Release.WAITING])


def test_at_night_letters_wait_for_the_morning(post: Post) -> None:
    now = post.office.clock.now()
    begun = (now + timedelta(hours=2)).astimezone(UTC)
    hour = begun.hour * 60 + begun.minute
    spec = SendingSpec(hours=((hour, hour + 60),), weekdays_only=False, approve="rule")
    post.stir(post.clients(1))
    post.work(spec)
    assert post.mails() == []
    post.control.advance(2 * 3600 + 60)
    post.work(spec)
    assert post.mails() == ["client0@example.org"]


def test_no_more_a_day_than_the_playbook_says(post: Post) -> None:
    spec = FREE.model_copy(update={"approve": "rule", "per_day": 2})
    post.stir(post.clients(5))
    post.work(spec)
    assert len(post.mails()) == 2
    post.control.advance(24 * 3600)
    post.work(spec)
    assert len(post.mails()) == 4
    assert len(set(post.mails())) == 4


def test_one_client_on_two_cards_gets_one_letter_a_day(post: Post) -> None:
    spec = FREE.model_copy(update={"approve": "rule"})
    points = [{"kind": "email", "value": "Same@example.org", "use": "work"}]
    post.stir(post.clients(2, points=points))
    post.work(spec)
    assert post.mails() == ["Same@example.org"]
    post.control.advance(25 * 3600)
    post.work(spec)
    assert len(post.mails()) == 2


def test_what_the_vendor_cannot_send_becomes_a_to_do_with_the_text(post: Post) -> None:
    def chats(facts: CardFacts, now: datetime) -> Decision:
        found = writes(facts, now)
        return Decision(tuple(replace(one, values={**one.values, "channel": "message"}) for one in found.actions))

    post.stir(post.clients(1))
    for _ in range(2):
        post.work(FREE.model_copy(update={"approve": "rule"}), rules=chats)
        post.stir([Ref(Kind.LEAD, "1")])
    (todo,) = post.office.rows("activity").values()
    assert "Клиент 0!" in todo["DESCRIPTION"] and post.mails() == []
    assert post.box.waiting() == []


def test_a_dropped_message_never_leaves(post: Post) -> None:
    post.stir(post.clients(1))
    post.work()
    post.box.drop(post.box.waiting(), post.office.clock.now())
    post.stir([Ref(Kind.LEAD, "1")])
    post.work(FREE.model_copy(update={"approve": "rule"}))
    assert (post.mails(), post.box.waiting()) == ([], [])


@pytest.mark.parametrize("arrived", [False, True], ids=["before it left", "after it arrived"])
def test_a_process_that_dies_while_sending_sends_nothing_twice(post: Post, *, arrived: bool) -> None:
    cards = post.clients(6)
    post.stir(cards)
    post.work()
    post.approve()
    with pytest.raises(Dying):
        post.work(portal=Mortal(post.office.portal, 0, arrived=arrived))
    for _ in range(4):
        post.control.advance(LATE.total_seconds() + 31)
        post.work()
    mails = post.mails()
    assert len(mails) == len(set(mails))
    if arrived:
        assert len(mails) == 6 and post.states() == []
        return
    # What was about to leave may have left for all we knew: a person looks, and lets it go once more.
    assert set(post.states()) == {Release.DOUBT} and len(post.states()) == 6 - len(mails)
    post.approve()
    post.work()
    assert len(post.mails()) == len(set(post.mails())) == 6


class _Refusing:
    """A portal on whose cards the field of refusal is filled by now."""

    def __init__(self, portal: WatchedPortal, answer: str) -> None:
        self._portal, self._answer = portal, answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._portal, name)

    def read(self, refs: Any) -> dict[Ref, Any]:
        found = cast(dict[Ref, Any], self._portal.read(refs))
        return {ref: replace(one, extra={"UF_NO": self._answer}) for ref, one in found.items()}
