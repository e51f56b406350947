"""Both ways of counting running time are recognised from answers."""

from __future__ import annotations

import pytest

from b24kit.connectors.accounting import BATCH, Accounting, Answered, Worked

UPDATE = "crm.lead.update"


def batch(seconds: float, totals: list[float | None], whole: float | None = 0.0) -> Answered:
    return Answered(BATCH, [Worked(UPDATE, 1, seconds, total) for total in totals], whole)


def test_before_anything_moved_both_ways_are_reckoned_with() -> None:
    assert Accounting().expect([(UPDATE, 10.0)], BATCH) == {UPDATE: 10.0, BATCH: 5.0}


def test_totals_of_commands_that_move_mean_docs() -> None:
    ours = Accounting()
    counted = ours.take_in(batch(0.05, [0.05 * n for n in range(1, 11)]))
    assert ours.model == "docs"
    assert counted == {UPDATE: pytest.approx(0.5)}
    assert ours.expect([(UPDATE, 10.0)], BATCH) == {UPDATE: 10.0}


def test_in_docs_waiting_for_a_worker_is_not_taken_for_work() -> None:
    ours = Accounting()
    counted = ours.take_in(batch(0.4, [5 + 0.05 * n for n in range(1, 11)]))
    assert counted == {UPDATE: pytest.approx(0.5)}


def test_requests_of_others_in_between_do_not_disturb_the_step() -> None:
    ours = Accounting()
    counted = ours.take_in(batch(0.05, [0.1, 0.15, 0.2, 7.0, 7.05, 7.1, 3.0, 3.05]))
    assert counted == {UPDATE: pytest.approx(0.4)}


def test_a_total_of_the_whole_batch_that_moves_means_ban() -> None:
    ours = Accounting()
    assert ours.take_in(batch(0.01, [0.0] * 10, 3.5)) == {}
    assert ours.model == "ban"
    assert ours.expect([(UPDATE, 10.0)], BATCH) == {BATCH: 5.0}


def test_work_that_docs_would_have_shown_means_ban_though_its_total_lags() -> None:
    ours = Accounting()
    ours.take_in(batch(0.05, [0.0] * 10, 0.0))
    assert ours.model == "ban"


def test_a_portal_taken_for_ban_turns_out_as_docs() -> None:
    ours = Accounting()
    ours.take_in(batch(0.05, [0.0] * 10, 0.0))
    ours.take_in(batch(0.05, [0.1, 0.15], 0.0))
    assert ours.model == "docs"


@pytest.mark.parametrize("weight", [0.5, 1.0])
def test_the_weight_of_a_batch_is_learned_from_totals_that_lag(weight: float) -> None:
    ours, total = Accounting(), 12.0
    for _ in range(8):
        ours.take_in(batch(0.04, [0.0] * 50, total))
        total += 2.0 * weight
    assert ours.weight == pytest.approx(weight)


def test_a_self_hosted_portal_without_the_limit_counts_nothing() -> None:
    assert Accounting().take_in(batch(0.5, [None] * 10, None)) == {}


def test_a_single_call_counts_under_its_own_name() -> None:
    ours = Accounting()
    assert ours.expect([("crm.item.batchImport", 2.0)], "crm.item.batchImport") == {"crm.item.batchImport": 2.0}
    answered = Answered("crm.item.batchImport", [Worked("crm.item.batchImport", 20, 2.0)], 2.0)
    assert ours.take_in(answered) == {"crm.item.batchImport": 2.0}
    assert ours.totals(answered) == {"crm.item.batchImport": 2.0}


def test_work_below_a_tenth_of_a_second_is_free() -> None:
    assert Accounting().take_in(Answered("profile", [Worked("profile", 1, 0.09)], 0.0)) == {}
