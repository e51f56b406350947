"""The request counter and the running time of methods, as arithmetic."""

from __future__ import annotations

import pytest

from b24kit.sandbox.limits import BucketRule, LeakyBucket, RequestMeter, RunningTime, RunningTimeRule

UPDATE = "crm.lead.update"


def refusals(bucket: LeakyBucket, times: list[float]) -> int:
    return sum(not bucket.admit("127.0.0.1", now) for now in times)


def test_fifty_requests_pass_at_once_and_the_next_is_refused() -> None:
    assert refusals(LeakyBucket(BucketRule()), [0.0] * 50) == 0
    assert refusals(LeakyBucket(BucketRule()), [0.0] * 51) == 1


def test_two_requests_a_second_pass_for_ever() -> None:
    assert refusals(LeakyBucket(BucketRule()), [0.5 * n for n in range(2000)]) == 0


def test_the_counter_falls_in_steps_on_whole_seconds() -> None:
    bucket = LeakyBucket(BucketRule())
    refusals(bucket, [0.1] * 50)
    assert bucket.level("127.0.0.1", 0.99) == 50
    assert bucket.level("127.0.0.1", 1.0) == 48
    assert bucket.level("127.0.0.1", 3.5) == 44


def test_the_counter_can_fall_smoothly() -> None:
    bucket = LeakyBucket(BucketRule(smooth=True))
    refusals(bucket, [0.0] * 50)
    assert bucket.level("127.0.0.1", 0.5) == pytest.approx(49)


def test_refused_requests_count_too() -> None:
    bucket = LeakyBucket(BucketRule())
    refusals(bucket, [0.0] * 60)
    assert bucket.level("127.0.0.1", 0.0) == 60


def test_every_address_has_a_counter_of_its_own() -> None:
    bucket = LeakyBucket(BucketRule(capacity=1))
    assert [bucket.admit(source, 0.0) for source in ("127.0.0.1", "127.0.0.2", "127.0.0.1")] == [True, True, False]


def spend(running: RunningTime, now: float, sent_as: str = "batch", **seconds: float) -> RequestMeter:
    meter = RequestMeter(running, "w1", sent_as)
    for name, value in seconds.items():
        meter.spent[name.replace("_", ".")] += value
    meter.close(now)
    return meter


def meter(running: RunningTime | None, sent_as: str = UPDATE) -> RequestMeter:
    return RequestMeter(running, "w1", sent_as)


def test_docs_model_counts_commands_under_their_own_methods_and_never_the_batch() -> None:
    running = RunningTime(RunningTimeRule())
    spend(running, 0, crm_lead_update=2.5, crm_lead_list=1.0)
    assert running.totals(0) == {"w1 crm.lead.update": 2.5, "w1 crm.lead.list": 1.0}


def test_work_below_a_tenth_of_a_second_within_one_request_is_free() -> None:
    running = RunningTime(RunningTimeRule())
    spend(running, 0, crm_lead_update=0.099)
    assert running.totals(0) == {}


def test_docs_model_refuses_only_above_the_limit_and_before_the_call() -> None:
    running = RunningTime(RunningTimeRule(limit=48))
    spend(running, 0, crm_lead_update=48)
    assert not meter(running).refuses(UPDATE, 0)
    spend(running, 1, crm_lead_update=0.5)
    assert meter(running).refuses(UPDATE, 1)
    assert not meter(running).refuses("crm.lead.list", 1)


def test_docs_model_counts_what_the_running_request_has_done_already() -> None:
    running = RunningTime(RunningTimeRule(limit=1))
    current = meter(running, "batch")
    current.spent[UPDATE] = 1.05
    assert current.refuses(UPDATE, 0)
    assert not meter(running).refuses(UPDATE, 0)


def test_docs_model_gives_back_basket_by_basket() -> None:
    running = RunningTime(RunningTimeRule(window=60, limit=48))
    for now in range(0, 60, 6):
        spend(running, float(now), crm_lead_update=6)
    key = ("w1", UPDATE)
    assert running.total(key, 59.9) == 60
    assert running.reset_at(key, 59.9) == 60
    assert running.total(key, 60) == 54
    assert running.total(key, 66) == 48


def test_the_value_shown_is_a_running_total_with_this_call() -> None:
    running = RunningTime(RunningTimeRule())
    spend(running, 0, crm_lead_update=5)
    current = meter(running)
    current.spent[UPDATE] = 0.5
    assert current.shown(UPDATE, 10) == (5.5, 600)


def test_webhooks_have_budgets_of_their_own() -> None:
    running = RunningTime(RunningTimeRule(limit=1))
    spend(running, 0, crm_lead_update=5)
    assert not RequestMeter(running, "w2", UPDATE).refuses(UPDATE, 0)


def test_ban_model_counts_a_batch_at_half_weight_under_its_own_name() -> None:
    running = RunningTime(RunningTimeRule(model="ban"))
    spend(running, 0, crm_lead_update=1.5, crm_lead_list=0.5)
    assert running.totals(0) == {"w1 batch": 1.0}


def test_ban_model_shows_nothing_for_commands_and_lags_by_one_request() -> None:
    running = RunningTime(RunningTimeRule(model="ban"))
    spend(running, 0, crm_lead_update=2)
    current = meter(running, "batch")
    current.spent[UPDATE] = 4
    assert current.shown("batch", 1) == (1.0, 600)
    assert current.shown(UPDATE, 1) == (0.0, 601)
    prompt = RequestMeter(RunningTime(RunningTimeRule(model="ban", lag=False)), "w1", "batch")
    prompt.spent[UPDATE] = 4
    assert prompt.shown("batch", 1) == (2.0, 601)


def test_ban_model_bans_for_a_fixed_time_and_then_forgets() -> None:
    running = RunningTime(RunningTimeRule(model="ban", window=60, limit=48, ban=30))
    spend(running, 0, crm_lead_update=96)
    assert not meter(running, "batch").refuses("batch", 0)
    spend(running, 5, crm_lead_update=1)
    assert meter(running, "batch").refuses("batch", 5)
    assert meter(running, "batch").refuses("batch", 34.9)
    assert not meter(running, "batch").refuses("batch", 35)
    assert running.totals(35) == {}


def test_ban_model_never_refuses_a_command_inside_a_batch() -> None:
    running = RunningTime(RunningTimeRule(model="ban", limit=1))
    spend(running, 0, UPDATE, crm_lead_update=5)
    assert meter(running, UPDATE).refuses(UPDATE, 0)
    assert not meter(running, "batch").refuses(UPDATE, 0)


def test_a_self_hosted_portal_shows_and_refuses_nothing() -> None:
    assert meter(None).shown(UPDATE, 0) is None
    assert not meter(None).refuses(UPDATE, 0)
