"""What stands on a portal so that we hear of events: made, looked up after a lost answer, taken away exactly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from b24kit.connectors.bitrix24.application import parse_application
from b24kit.connectors.bitrix24.portal import BitrixPortal
from b24kit.connectors.bitrix24.subscriptions import EVENTS
from b24kit.connectors.factory import Credentials, authorise, open_portal, read_credentials
from b24kit.connectors.tap import Tap
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.subscription import Manner, Palette
from b24kit.crm.writes import Change, Create, Delete, Settled, Write
from b24kit.errors import Refused, UsageError
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox
from tests.sandbox.bitrix24.office import CLIENT, EXTENDED, SECRET, Office, application, open_box

RECEIVER = "http://127.0.0.1:9/hooks/hush-hush-hush-hush"
PALETTE = (Palette("robot", "b24kit_look", "Look"), Palette("trigger", "b24kit_replied", "Replied"))


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with open_box() as box:
        box.control.settings(
            applications=[application(handler_url="https://app.example/back")], portal={"features": EXTENDED}
        )
        yield box


@pytest.fixture
def portal(box: Sandbox, tmp_path: Path) -> Iterator[BitrixPortal]:
    access = parse_application(f"{box.url} {CLIENT} {SECRET} {box.url}")
    clock = RemoteClock(box.control)
    code = Office(box).get("/oauth/authorize/", client_id=CLIENT)[1]["code"]
    authorise(access, code, clock, state_dir=tmp_path)
    tap = Tap(tmp_path / "calls.jsonl")
    opened = open_portal(access, clock, state_dir=tmp_path, receiver=RECEIVER, tap=tap)
    assert isinstance(opened, BitrixPortal)
    yield opened
    opened.close()


def creations(portal: BitrixPortal, manner: Manner) -> list[Create]:
    wanted = portal.wanted_subscriptions(manner, PALETTE)
    return [Create(f"k{place}", Kind.SUBSCRIPTION, values_of(one)) for place, one in enumerate(wanted)]


def sent(portal: BitrixPortal, writes: list[Any]) -> dict[str, Any]:
    intended: list[Write] = []
    results = {one.key: one for one in portal.perform(writes, intended.extend)}
    assert len(intended) == len(writes)
    return results


@pytest.mark.parametrize("manner", [Manner.PUSHED, Manner.QUEUED])
def test_what_is_made_is_read_back_under_the_id_it_was_told_by(portal: BitrixPortal, manner: Manner) -> None:
    results = sent(portal, creations(portal, manner))
    assert {one.settled for one in results.values()} == {Settled.DONE}
    standing = {one.id for one in portal.subscriptions()}
    assert standing == {one.new_id for one in results.values()}
    assert standing == {one.id for one in portal.wanted_subscriptions(manner, PALETTE)}
    assert {one.ref for one in portal.subscriptions()} == set(portal.read(one.ref for one in portal.subscriptions()))


def test_the_portal_is_given_the_whole_address_and_nobody_else_sees_it(
    portal: BitrixPortal, box: Sandbox, tmp_path: Path
) -> None:
    writes = creations(portal, Manner.PUSHED)
    assert "hush" not in repr(writes)
    sent(portal, writes)
    assert {row["HANDLER"] for row in box.control.dump(["handler"])["tables"]["handler"].values()} == {RECEIVER}
    assert "hush" not in repr(portal.subscriptions())
    assert all(b"hush" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in (tmp_path / "calls.jsonl").read_bytes()


@pytest.mark.parametrize(("kind", "found"), [("cut_after", Settled.DONE), ("cut_before", Settled.NOT_EXECUTED)])
def test_a_lost_answer_is_settled_by_looking(portal: BitrixPortal, box: Sandbox, kind: str, found: Settled) -> None:
    writes = creations(portal, Manner.PUSHED)
    box.control.faults({"kind": kind, "methods": ["event.bind"], "count": 1})
    results = sent(portal, writes)
    lost = [write for write in writes if results[write.key].settled is Settled.UNKNOWN]
    assert lost
    settled = portal.settle(lost)
    assert {one.settled for one in settled.values()} == {found}
    if found is Settled.DONE:
        assert {one.new_id for one in settled.values()} <= {one.id for one in portal.subscriptions()}


def test_a_removal_takes_away_exactly_one_thing(portal: BitrixPortal, box: Sandbox) -> None:
    office = Office(box)
    office.enter()
    office.result("event.bind", event="ONCRMLEADADD", handler="https://x.example/h")
    office.result("event.bind", event="ONCRMLEADADD", handler=RECEIVER, auth_type=1)
    sent(portal, creations(portal, Manner.PUSHED))
    first = next(one for one in portal.subscriptions() if one.ours and one.name == EVENTS[0])
    results = sent(portal, [Delete("d", first.ref, values_of(first))])
    assert results["d"].settled is Settled.DONE
    rows = box.control.dump(["handler"])["tables"]["handler"].values()
    assert [(row["HANDLER"], row["AUTH_TYPE"]) for row in rows if row["EVENT"] == EVENTS[0]] == [
        ("https://x.example/h", 0),
        (RECEIVER, 1),
    ]


def test_a_handler_that_is_not_ours_is_never_removed(portal: BitrixPortal, box: Sandbox) -> None:
    office = Office(box)
    office.enter()
    office.result("event.bind", event="ONCRMLEADADD", handler="https://x.example/h")
    (foreign,) = portal.subscriptions()
    assert not foreign.ours
    with pytest.raises(UsageError) as caught:
        sent(portal, [Delete("d", foreign.ref, values_of(foreign))])
    assert caught.value.code == "robots_foreign_handler"


def test_the_queue_reserves_confirms_and_gives_a_hint_once(portal: BitrixPortal, box: Sandbox) -> None:
    sent(portal, creations(portal, Manner.QUEUED))
    lead = Office(box).by_webhook("crm.lead.add", fields={"TITLE": "x"})[1]["result"]
    queue = portal.offline_events()
    assert queue is not None
    ticket, hints = queue.reserve(50)
    assert [(str(card), kind) for card, kind in hints] == [(f"lead:{lead}", "added")]
    assert queue.reserve(50)[1] == []
    queue.confirm(ticket)
    assert box.control.dump(["offline_event"])["tables"]["offline_event"] == {}


@pytest.mark.parametrize("many", [False, True], ids=["one call", "a batch"])
def test_own_writes_are_not_told_in_our_own_queue_and_those_of_others_are(
    portal: BitrixPortal, box: Sandbox, *, many: bool
) -> None:
    sent(portal, creations(portal, Manner.QUEUED))
    queue = portal.offline_events()
    assert queue is not None
    made = [Create(f"c{n}", Kind.LEAD, {"title": f"ours {n}"}, quiet=False) for n in range(5 if many else 1)]
    ours = sent(portal, made)
    changes = [Change(f"u{n}", Ref(Kind.LEAD, str(one.new_id)), {"title": "x"}) for n, one in enumerate(ours.values())]
    sent(portal, changes)
    assert queue.reserve(50)[1] == []
    lead = Office(box).by_webhook("crm.lead.add", fields={"TITLE": "theirs"})[1]["result"]
    Office(box).by_webhook("crm.lead.update", id=str(changes[0].ref.id), fields={"TITLE": "theirs now"})
    hints = queue.reserve(50)[1]
    assert sorted((str(card), kind) for card, kind in hints) == sorted(
        [(f"lead:{lead}", "added"), (str(changes[0].ref), "changed")]
    )


def test_before_the_queue_is_read_nothing_is_kept_out_of_it(portal: BitrixPortal) -> None:
    """What `apply` writes is news to the robots."""
    sent(portal, creations(portal, Manner.QUEUED))
    sent(portal, [Create("c", Kind.LEAD, {"title": "x"}, quiet=False)])
    queue = portal.offline_events()
    assert queue is not None and len(queue.reserve(50)[1]) == 1


@pytest.mark.parametrize("features", [[], EXTENDED], ids=["no queue", "a queue"])
def test_only_where_the_plan_has_a_queue_writes_carry_its_key(
    portal: BitrixPortal, box: Sandbox, features: list[str]
) -> None:
    box.control.settings(portal={"features": features})
    assert (portal.offline_events() is None) is (not features)
    box.control.log_calls()
    sent(portal, [Create("c", Kind.LEAD, {"title": "x"}, quiet=False)])
    (made,) = [call for call in box.control.calls() if call["method"] == "crm.item.add"]
    assert ("auth_connector" in str(made)) is bool(features)


def test_without_the_plans_feature_there_is_no_queue(portal: BitrixPortal, box: Sandbox) -> None:
    box.control.settings(portal={"features": []})
    assert portal.manners() == (Manner.PUSHED, Manner.POLLED)
    assert portal.offline_events() is None


def test_an_incoming_webhook_sees_and_binds_nothing(box: Sandbox) -> None:
    opened = open_portal(_webhook(box), RemoteClock(box.control))
    assert isinstance(opened, BitrixPortal)
    assert opened.subscriptions() == []
    assert opened.manners() == (Manner.POLLED,)
    with pytest.raises((Refused, UsageError)):
        opened.wanted_subscriptions(Manner.PUSHED)
    opened.close()


def _webhook(box: Sandbox) -> Credentials:

    return read_credentials(box.webhook_url)
