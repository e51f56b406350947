"""Many commands against a portal that refuses, breaks and cuts: one true outcome for each command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from b24kit.connectors.commands import Command, CommandOutcome
from b24kit.connectors.pacing import Limits
from b24kit.crm.portal import Progress
from b24kit.crm.writes import Settled
from b24kit.errors import B24kitError, NoAnswer, NotAllowed, Stopped
from b24kit.sandbox.server import Sandbox
from tests.connectors.wire import adds, client, plant, portal, titles, updates


def counted(outcomes: Sequence[CommandOutcome]) -> dict[Settled, int]:
    return dict(Counter(outcome.settled for outcome in outcomes))


def gather(running: Iterator[CommandOutcome], into: list[CommandOutcome]) -> None:
    """Take outcomes one by one, so that those before an error are kept."""
    for outcome in running:
        into.append(outcome)  # noqa: PERF402


def right(box: Sandbox, outcomes: Sequence[CommandOutcome]) -> None:
    """What is called done is done on the portal, and what is called not done is not."""
    held = titles(box)
    for outcome in outcomes:
        written = held[int(outcome.key[1:])] == outcome.key
        assert outcome.settled is Settled.UNKNOWN or written == (outcome.settled is Settled.DONE)


def test_every_command_is_done_once_and_told_before() -> None:
    with portal() as box:
        ids = plant(box, 130)
        intended: list[str] = []
        with client(box) as ours:
            outcomes = list(ours.run(updates(ids), intend=lambda batch: intended.extend(c.key for c in batch)))
        assert counted(outcomes) == {Settled.DONE: 130}
        assert sorted(intended) == sorted(outcome.key for outcome in outcomes)
        right(box, outcomes)


def test_a_command_that_is_refused_leaves_the_others_alone() -> None:
    with portal() as box:
        ids = plant(box, 20)
        with client(box) as ours:
            outcomes = {o.key: o for o in ours.run(updates([*ids, 9999]))}
        assert counted(list(outcomes.values())) == {Settled.DONE: 20, Settled.REFUSED: 1}
        assert outcomes["u9999"].settled is Settled.REFUSED and outcomes["u9999"].said


@pytest.mark.parametrize("kind", ["cut_after", "cut_during", "cut_before", "html", "truncated", "empty", "internal"])
def test_a_batch_without_a_readable_answer_is_unknown_and_not_repeated(kind: str) -> None:
    with portal() as box:
        ids = plant(box, 60)
        box.control.faults({"kind": kind, "numbers": [2], "writes_only": True, "methods": ["crm.lead.update"]})
        box.control.log_calls(True, with_responses=False)
        with client(box) as ours:
            outcomes = list(ours.run(updates(ids)))
        told = counted(outcomes)
        assert told.keys() == {Settled.DONE, Settled.UNKNOWN} and sum(told.values()) == 60
        done = Counter(call["params"]["id"] for call in box.control.calls() if call["status"] == 200)
        assert max(done.values()) == 1
        right(box, outcomes)


@pytest.mark.parametrize("kind", ["cut_after", "html", "truncated", "empty", "internal", "busy"])
def test_reading_commands_are_repeated_until_they_are_answered(kind: str) -> None:
    with portal() as box:
        ids = plant(box, 40)
        box.control.faults({"kind": kind, "numbers": [1, 2]})
        with client(box) as ours:
            gets = [Command(f"g{i}", "crm.lead.get", {"id": i}) for i in ids]
            outcomes = list(ours.run(gets, reads=True))
        assert counted(outcomes) == {Settled.DONE: 40}


@pytest.mark.parametrize("kind", ["busy", "time_limit"])
def test_refusals_for_speed_are_waited_out_and_nothing_is_lost(kind: str) -> None:
    with portal() as box:
        ids = plant(box, 120)
        box.control.faults({"kind": kind, "numbers": [2, 3, 5]})
        box.control.log_calls(True, with_responses=False)
        with client(box, limits=Limits(ban_seconds=30)) as ours:
            outcomes = list(ours.run(updates(ids)))
        assert counted(outcomes) == {Settled.DONE: 120}
        assert len([call for call in box.control.calls() if call["status"] == 200]) == 120


def test_commands_refused_inside_a_batch_for_running_time_are_repeated() -> None:
    rule = {"model": "docs", "window": 60, "limit": 2}
    with portal(operating=rule) as box:
        ids = plant(box, 100)
        with client(box) as ours:
            outcomes = list(ours.run(updates(ids)))
        assert counted(outcomes) == {Settled.DONE: 100}
        right(box, outcomes)


def test_a_limit_from_the_profile_is_never_met() -> None:
    rule = {"model": "docs", "window": 60, "limit": 3}
    with portal(operating=rule) as box:
        ids = plant(box, 100)
        box.control.log_calls(True, with_responses=False)
        with client(box, limits=Limits(operating_limit=3, operating_window=60)) as ours:
            outcomes = list(ours.run(updates(ids)))
        assert counted(outcomes) == {Settled.DONE: 100}
        assert {call["status"] for call in box.control.calls()} == {200}


def test_the_promise_after_the_second_batch_is_kept() -> None:
    rule = {"model": "docs", "window": 60, "limit": 12}
    told: list[Progress] = []
    with portal(operating=rule) as box:
        ids = plant(box, 300)
        with client(box, limits=Limits(operating_limit=12, operating_window=60)) as ours:
            clock = ours._clock
            began = clock.monotonic()
            promised: list[float] = []

            def tell(progress: Progress) -> None:
                told.append(progress)
                if progress.seconds_left is not None and not promised:
                    promised.append(clock.monotonic() - began + progress.seconds_left)

            list(ours.run(updates(ids), tell=tell))
            seconds = clock.monotonic() - began
    assert promised[0] == pytest.approx(seconds, rel=0.15)
    assert (told[-1].done, told[-1].total, told[-1].seconds_left) == (300, 300, 0.0)


def test_a_batch_is_cut_so_that_the_portal_has_time_for_it() -> None:
    with portal(work={"*.update": 1.5}) as box:
        ids = plant(box, 60)
        with client(box) as ours:
            assert counted(list(ours.run(updates(ids)))) == {Settled.DONE: 60}
        assert max(request["end"] - request["start"] for request in _updating(box)) < 60


def _updating(box: Sandbox) -> list[dict[str, Any]]:
    return [r for r in box.control.requests() if r["commands"]]


def test_a_wrong_secret_ends_the_run_and_nothing_was_executed() -> None:
    with portal() as box, client(box) as ours:
        ours._transport.webhook = ours.webhook.moved_to(ours.webhook.host, "http")
        object.__setattr__(ours._transport.webhook, "secret", "wrongwrong")
        outcomes: list[CommandOutcome] = []
        with pytest.raises(NotAllowed):
            gather(ours.run(adds(10)), outcomes)
        assert counted(outcomes).keys() == {Settled.NOT_EXECUTED}


def test_a_portal_that_only_sends_pages_is_given_up_before_all_is_unknown() -> None:
    with portal() as box:
        ids = plant(box, 300)
        box.control.faults({"kind": "html", "writes_only": True})
        outcomes: list[CommandOutcome] = []
        with client(box) as ours, pytest.raises(B24kitError):
            gather(ours.run(updates(ids)), outcomes)
        assert counted(outcomes).keys() == {Settled.UNKNOWN}
        assert len(outcomes) < 60


def test_closing_the_iterator_sends_nothing_more() -> None:
    with portal() as box:
        ids = plant(box, 300)
        intended: list[str] = []
        with client(box) as ours:
            running = ours.run(updates(ids), intend=lambda batch: intended.extend(c.key for c in batch))
            for _ in range(6):
                next(running)
            running.close()  # type: ignore[attr-defined]
            written = {f"u{i}" for i, title in titles(box).items() if title.startswith("u")}
        assert written == set(intended) and len(intended) < 300


def test_telling_may_end_a_run_that_waits_for_running_time() -> None:
    rule = {"model": "docs", "window": 600, "limit": 3}

    def tell(progress: Progress) -> None:
        if progress.seconds_left is not None and progress.seconds_left > 300:
            raise Stopped("window_over")

    with portal(operating=rule) as box:
        ids = plant(box, 200)
        with client(box, limits=Limits(operating_limit=3)) as ours, pytest.raises(Stopped):
            list(ours.run(updates(ids), tell=tell))
        assert 0 < sum(title.startswith("u") for title in titles(box).values()) < 200


def test_a_letter_that_speaks_in_references_is_written_as_it_is() -> None:
    text = "invoice $result[a0][0] of $total[x]"
    with portal() as box, client(box) as ours:
        commands = [*adds(2), Command("odd", "crm.lead.add", {"fields": {"TITLE": text}}), *updates([])]
        outcomes = {o.key: o for o in ours.run(commands)}
        assert counted(list(outcomes.values())) == {Settled.DONE: 3}
        assert titles(box)[int(outcomes["odd"].result)] == text


def test_an_intention_that_cannot_be_journalled_sends_nothing() -> None:
    def intend(batch: Sequence[Command]) -> None:
        raise OSError("disk full")

    with portal() as box, client(box) as ours:
        with pytest.raises(OSError):
            list(ours.run(adds(5), intend=intend))
        assert titles(box) == {}


def test_one_at_a_time_on_request() -> None:
    with portal() as box:
        ids = plant(box, 120)
        box.control.forget_metrics()
        with client(box, max_in_flight=1) as ours:
            list(ours.run(updates(ids)))
        assert box.control.metrics()["max_in_flight"] == 1


def test_a_portal_that_is_gone_ends_the_run_with_nothing_executed() -> None:
    with portal() as box, client(box) as ours:
        ours._transport.webhook = ours.webhook.moved_to("127.0.0.1:9", "http")
        outcomes: list[CommandOutcome] = []
        with pytest.raises(NoAnswer):
            gather(ours.run(adds(3)), outcomes)
        assert counted(outcomes) == {Settled.NOT_EXECUTED: 3}
