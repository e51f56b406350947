"""The client as its users see it: single calls, lists, prices."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from b24kit.connectors.batching import LOOK_AHEAD
from b24kit.connectors.bitrix24.methods import is_reading
from b24kit.connectors.commands import Command
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.pacing import Limits
from b24kit.crm.portal import Progress
from b24kit.errors import BadAnswer, NoAnswer, NotFound, PortalError, UsageError
from tests.connectors.wire import client, plant, portal, titles, updates


def test_a_call_gives_the_result_itself() -> None:
    with portal() as box, client(box) as ours:
        made = ours.call("crm.lead.add", {"fields": {"TITLE": "one"}})
        assert ours.call("crm.lead.get", {"id": made})["TITLE"] == "one"
        assert ours.answer("crm.lead.list", {"select": ["ID"]}).total == 1


def test_what_is_not_there_is_named() -> None:
    with portal() as box, client(box) as ours, pytest.raises(NotFound):
        ours.call("crm.lead.get", {"id": 9999})


def test_a_read_survives_cuts_and_pages_of_the_web_server() -> None:
    with portal() as box, client(box) as ours:
        box.control.faults({"kind": "cut_after", "numbers": [1]}, {"kind": "html", "numbers": [2]})
        assert ours.call("profile")["ADMIN"] is True


@pytest.mark.parametrize(("kind", "error"), [("cut_after", NoAnswer), ("html", BadAnswer), ("internal", BadAnswer)])
def test_a_write_without_an_answer_is_left_to_the_caller(kind: str, error: type[Exception]) -> None:
    with portal() as box, client(box) as ours:
        box.control.faults({"kind": kind, "numbers": [1]})
        with pytest.raises(error):
            ours.call("crm.lead.add", {"fields": {"TITLE": "one"}})
        assert box.control.metrics()["requests"] == 1


def test_a_write_refused_for_speed_is_repeated() -> None:
    with portal() as box, client(box) as ours:
        box.control.faults({"kind": "busy", "numbers": [1, 2]})
        ours.call("crm.lead.add", {"fields": {"TITLE": "one"}})
        assert len(box.control.dump(["lead"])["tables"]["lead"]) == 1


def test_commands_without_an_end_are_drawn_only_a_little_ahead() -> None:
    drawn = count()
    endless = (Command(str(number), "server.time") for number in drawn)
    with portal() as box, client(box) as ours:
        outcomes = ours.run(endless, reads=True)
        assert len(list(islice(outcomes, 1500))) == 1500
        assert next(drawn) < 1500 + 2 * LOOK_AHEAD + 50
        assert isinstance(outcomes, Generator)
        outcomes.close()


def test_two_hundred_calls_are_never_refused() -> None:
    with portal(latency=0.01) as box, client(box) as ours:
        for _ in range(120):
            ours.call("server.time")
        assert box.control.metrics()["refused_503"] == 0


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 230])
def test_a_list_comes_whole_and_by_id(count: int) -> None:
    with portal() as box:
        ids = plant(box, count)
        with client(box) as ours:
            assert [int(row["ID"]) for row in ours.rows("crm.lead.list", {"select": ["TITLE"]})] == ids
            params = {"entityTypeId": 1, "select": ["title"]}
            assert [row["id"] for row in ours.rows("crm.item.list", params, style="item")] == ids


def test_a_list_may_begin_above_an_id_and_be_narrowed() -> None:
    with portal() as box:
        ids = plant(box, 130)
        with client(box) as ours:
            got = ours.rows("crm.lead.list", {"filter": {"!TITLE": f"Lead {129}"}, "select": ["ID"]}, above=ids[9])
            # Batches overtake each other: the last title need not have the last number.
            assert [int(row["ID"]) for row in got] == [
                number for number, title in sorted(titles(box).items()) if number > ids[9] and title != "Lead 129"
            ]


@pytest.mark.parametrize("kind", ["cut_after", "html", "truncated", "busy"])
def test_a_list_survives_a_bad_line(kind: str) -> None:
    with portal() as box:
        ids = plant(box, 400)
        box.control.faults({"kind": kind, "numbers": [1, 2, 4, 5, 7]})
        with client(box) as ours:
            assert [int(row["ID"]) for row in ours.rows("crm.lead.list", {"select": ["ID"]})] == ids


def test_a_living_list_loses_and_doubles_nothing() -> None:
    with portal() as box:
        ids = plant(box, 600)
        box.control.faults({"kind": "churn", "every": 1})
        with client(box) as ours:
            got = [int(row["ID"]) for row in ours.rows("crm.lead.list", {"select": ["ID"]})]
        gone = set(box.control.faults_told()["churned"]["gone"])
        assert gone and got == sorted(set(got))
        assert set(ids) - gone <= set(got)


def test_reading_waits_for_running_time_too() -> None:
    rule = {"model": "docs", "window": 60, "limit": 0.3}
    with portal(operating=rule, work={"*.list": 0.05}) as box:
        ids = plant(box, 500)
        with client(box) as ours:
            assert [int(row["ID"]) for row in ours.rows("crm.lead.list", {"select": ["ID"]})] == ids


def test_progress_of_a_list_is_told() -> None:
    told: list[Progress] = []
    with portal() as box:
        plant(box, 130)
        with client(box) as ours:
            list(ours.rows("crm.lead.list", {"select": ["ID"]}, tell=told.append))
    assert (told[0].done, told[0].total) == (50, 130)
    assert told[-1].done == 130


@pytest.mark.parametrize(
    "params", [{"order": {"ID": "ASC"}}, {"start": 0}, {"filter": {">ID": 5}}, {"filter": {"<=ID": 5}}]
)
def test_what_reading_by_id_sets_itself_is_not_taken_from_the_caller(params: Mapping[str, Any]) -> None:
    with portal() as box, client(box) as ours, pytest.raises(UsageError):
        ours.rows("crm.lead.list", params)


def test_a_refused_list_is_raised() -> None:
    with portal() as box, client(box) as ours:
        box.control.faults({"kind": "refuse", "methods": ["crm.lead.list"], "code": "ERROR_CORE"})
        with pytest.raises(PortalError):
            list(ours.rows("crm.lead.list"))


def test_filters_are_checked_before_anything_is_sent() -> None:
    def check(method: str, params: Mapping[str, Any]) -> None:
        if "TITEL" in params.get("filter", {}):
            raise UsageError("unknown_filter_key", method=method)

    with portal() as box, client(box, check_filter=check) as ours:
        with pytest.raises(UsageError):
            ours.rows("crm.lead.list", {"filter": {"TITEL": "x"}})
        with pytest.raises(UsageError):
            ours.call("crm.lead.list", {"filter": {"TITEL": "x"}})
        assert box.control.metrics()["requests"] == 0


def test_a_price_is_a_guess_first_and_a_measurement_later() -> None:
    with portal() as box:
        ids = plant(box, 60)
        with client(box) as ours:
            guessed = ours.estimate({"crm.lead.update": 3765}, {"crm.lead.update": 0.1})
            list(ours.run(updates(ids)))
            measured = ours.estimate({"crm.lead.update": 3765})
    assert guessed.requests == 76
    assert guessed.running_seconds == pytest.approx(376.5)
    assert guessed.seconds_low == pytest.approx(50, rel=0.2) and guessed.seconds_high > 3600
    assert measured.running_seconds == pytest.approx(188, rel=0.05)
    assert 22 < measured.seconds_low < 26.5 < measured.seconds_high < 1.2 * measured.seconds_low


def test_two_clients_on_one_machine_share_the_counter(tmp_path: Path) -> None:
    tight = Limits(bucket=20)
    with portal(bucket={"capacity": 20}, latency=0.01) as box:
        with client(box, state=tmp_path, limits=tight) as one, client(box, state=tmp_path, limits=tight) as other:
            for _ in range(15):
                one.call("server.time")
                other.call("server.time")
        assert box.control.metrics()["refused_503"] == 0


def test_the_secret_is_in_no_file_of_ours(tmp_path: Path) -> None:
    with portal() as box, client(box, state=tmp_path) as ours:
        ours.call("profile")
        assert isinstance(ours.webhook, Webhook)
        secret = ours.webhook.secret.encode()
    assert all(secret not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_renamed_portal_is_followed_and_told() -> None:
    heard: list[str] = []
    with portal() as box, client(box, on_moved=heard.append) as ours:
        elsewhere = f"http://localhost:{box.port}"
        box.control.faults({"kind": "moved", "numbers": [1], "location": elsewhere})
        assert ours.call("profile")["ADMIN"] is True
        assert heard == [f"localhost:{box.port}"] and ours.webhook.host == f"localhost:{box.port}"


@pytest.mark.parametrize(
    ("method", "looks"),
    [("crm.lead.list", True), ("crm.status.fields", True), ("crm.lead.update", False), ("crm.item.batchImport", False)],
)
def test_methods_that_only_look_are_known_by_their_last_word(method: str, looks: bool) -> None:
    assert is_reading(method) is looks
