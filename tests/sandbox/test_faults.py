"""When a fault strikes: by number, count, chance, and only for the requests that it means."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.sandbox.faults import FaultRule, Faults, Strike, rules


def struck(method: str = "crm.lead.list", times: int = 12, **rule: Any) -> list[int]:
    faults = Faults(rules([{"kind": "busy", **rule}]))
    return [number for number in range(1, times + 1) if faults.on_request([method], "w1")]


def test_conditions_of_a_rule() -> None:
    assert struck(times=3) == [1, 2, 3]
    assert struck(numbers=[2, 5]) == [2, 5]
    assert struck(every=4) == [4, 8, 12]
    assert struck(count=2) == [1, 2]
    assert struck(every=3, count=2) == [3, 6]
    assert struck(probability=0.0) == []
    assert struck(webhook="w2") == []
    assert struck(writes_only=True) == []
    assert len(struck("crm.lead.update", writes_only=True)) == 12
    assert struck(methods=["CRM.lead.get"]) == []
    assert len(struck(methods=["CRM.lead.LIST"])) == 12


def test_chance_comes_from_the_seed_alone() -> None:
    first = struck(times=2000, probability=0.1, seed=4)
    assert first == struck(times=2000, probability=0.1, seed=4)
    assert first != struck(times=2000, probability=0.1, seed=5)
    assert 150 < len(first) < 250


def test_requests_that_a_rule_does_not_mean_are_not_numbered() -> None:
    faults = Faults(rules([{"kind": "busy", "writes_only": True, "numbers": [2]}]))
    asked = ["crm.lead.add", "crm.lead.list", "crm.lead.list", "crm.lead.add"]
    assert [bool(faults.on_request([method], "w1")) for method in asked] == [False, False, False, True]


def test_the_first_rule_that_strikes_wins_and_all_are_told() -> None:
    faults = Faults(rules([{"kind": "busy", "numbers": [2]}, {"kind": "empty"}]))
    kinds = [strike.kind for _ in range(3) if (strike := faults.on_request(["profile"], "w1"))]
    assert kinds == ["empty", "busy", "empty"]
    assert [(rule["seen"], rule["struck"]) for rule in faults.told()] == [(3, 1), (3, 2)]


def test_cuts_draw_their_command_and_their_delay_within_bounds() -> None:
    rule = FaultRule(kind="cut_during", commit_delay=(5, 60))
    strikes = [Strike(rule, number) for number in range(1, 200)]
    assert {strike.cut_at(4) for strike in strikes} == {0, 1, 2, 3}
    assert all(5 <= (strike.commit_delay() or 0) <= 60 for strike in strikes)
    assert Strike(FaultRule(kind="cut_during", at=9), 1).cut_at(4) == 3
    assert Strike(FaultRule(kind="cut_before"), 1).cut_at(4) is None


@pytest.mark.parametrize("rule", [{"kind": "flood"}, {"kind": "busy", "probability": 2}, {"kind": "busy", "evry": 1}])
def test_a_rule_that_means_nothing_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rules([rule])
