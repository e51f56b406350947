"""Which operations go together: order where it matters, whole clusters where a run is cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from b24kit.change.operation import CreateRecord, Operation, Phase, RemoveRecord, UpdateRecord
from b24kit.change.waves import Fate, Wave, chosen_clusters, next_wave, phases
from b24kit.crm.refs import Kind, Ref
from tests.change.cases import WHY, company, plan_for, stage_values


def move(key: str, lead: str, **more: Any) -> UpdateRecord:
    return UpdateRecord(
        key=key,
        phase=Phase.CARDS,
        reason=WHY,
        ref=Ref(Kind.LEAD, lead),
        before={"stage": "MAIL"},
        after={"stage": "JUNK"},
        **more,
    )


def make(code: str) -> CreateRecord:
    return CreateRecord(key=code, phase=Phase.SETTINGS, reason=WHY, kind=Kind.STAGE, values=stage_values(code))


def rename(number: str) -> UpdateRecord:
    return UpdateRecord(
        key=f"r{number}",
        phase=Phase.SETTINGS,
        reason=WHY,
        ref=Ref(Kind.STAGE, number),
        before={"name": "a"},
        after={"name": "b"},
    )


def drop(number: str) -> RemoveRecord:
    return RemoveRecord(key=f"d{number}", phase=Phase.RETIRE, reason=WHY, ref=Ref(Kind.STAGE, number), before={})


def wave(pending: Sequence[Operation], size: int = 100, **fates: Fate) -> Wave:
    return next_wave(pending, lambda key: fates.get(key, Fate.WAITING), size)


def keys(operations: Sequence[Operation]) -> str:
    return " ".join(operation.key for operation in operations)


def test_two_operations_on_one_object_never_share_a_wave() -> None:
    found = wave([move("a", "1"), move("b", "2"), move("c", "1")])
    assert (keys(found.ready), keys(found.rest)) == ("a b", "c")


def test_stages_keep_the_order_of_the_plan() -> None:
    found = wave([rename("1"), rename("2"), make("X"), make("Y"), rename("3")])
    assert (keys(found.ready), keys(found.rest)) == ("r1 r2", "X Y r3")


def test_a_stage_is_removed_only_after_the_cards_before_it() -> None:
    found = wave([move("a", "1"), drop("5"), move("b", "2")])
    assert (keys(found.ready), keys(found.rest)) == ("a", "d5 b")
    late = wave([move("a", "1", needs=("w",)), drop("5")])
    assert (keys(late.ready), keys(late.rest)) == ("", "a d5")


def test_what_waits_is_put_off_and_what_waits_in_vain_is_given_up() -> None:
    pending = [move("a", "1", needs=("ok",)), move("b", "2", needs=("lost",)), move("c", "3", needs=("soon",))]
    found = wave(pending, ok=Fate.DONE, lost=Fate.NEVER, soon=Fate.WAITING)
    assert (keys(found.ready), keys(found.rest)) == ("a", "c")
    assert [(operation.key, needed) for operation, needed in found.hopeless] == [("b", "lost")]


def test_a_wave_has_its_size() -> None:
    found = wave([move(str(number), str(number)) for number in range(5)], size=2)
    assert (len(found.ready), len(found.rest)) == (2, 3)


def test_phases_are_walked_in_the_order_of_the_plan() -> None:
    plan = plan_for(company(), [move("a", "1"), rename("1"), move("b", "2")])
    assert [phase for phase, _ in phases(plan)] == [Phase.CARDS, Phase.SETTINGS, Phase.CARDS]


def test_a_sample_is_spread_over_the_plan_and_a_limit_takes_its_start() -> None:
    plan = plan_for(company(), [move(str(number), str(number), cluster=f"c{number}") for number in range(10)])
    assert chosen_clusters(plan, ()) is None
    assert chosen_clusters(plan, (), limit=3) == frozenset({"c0", "c1", "c2"})
    assert chosen_clusters(plan, {"c0", "c1"}, limit=3) == frozenset({"c2", "c3", "c4"})
    assert chosen_clusters(plan, (), sample=2) == frozenset({"c0", "c5"})
    assert chosen_clusters(plan, (), sample=50) == frozenset({f"c{number}" for number in range(10)})
