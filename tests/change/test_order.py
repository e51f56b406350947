"""Which operations go together: order where it matters, whole clusters where a run is cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from b24kit.change.operation import BindLetter, CreateRecord, Operation, Phase, RemoveRecord, UpdateRecord
from b24kit.change.order import Fate, Order, chosen_clusters, phases, steps
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


def drop_card(key: str, kind: Kind) -> RemoveRecord:
    return RemoveRecord(key=key, phase=Phase.RETIRE, reason=WHY, cluster=key, ref=Ref(kind, key), before={})


def bind(key: str, letter: str, **more: Any) -> BindLetter:
    card = Ref(Kind.CONTACT, "9")
    return BindLetter(key=key, phase=Phase.LINKS, reason=WHY, activity=Ref(Kind.ACTIVITY, letter), card=card, **more)


def order(*groups: Sequence[Operation], **fates: Fate) -> Order:
    return Order(groups, lambda key: fates.get(key, Fate.NEVER))


def taken(found: Order) -> str:
    """What is ready now, taken out."""
    keys = [operation.key for operation in found.ready if found.holds(operation.key)]
    found.ready.clear()
    return " ".join(keys)


def stepwise(*operations: Operation) -> list[str]:
    plan = plan_for(company(), operations)
    return ["|".join(" ".join(one.key for one in group) for group in step) for step in steps(plan)]


def test_two_operations_on_one_object_go_one_after_the_other() -> None:
    found = order([move("a", "1"), move("b", "2"), move("c", "1")])
    assert taken(found) == "a b"
    found.over("a", done=False)
    assert taken(found) == "c"


def test_stages_keep_the_order_of_the_plan() -> None:
    assert stepwise(rename("1"), rename("2"), make("X"), make("Y"), rename("3")) == ["r1 r2", "X Y", "r3"]


def test_a_stage_is_removed_only_after_the_cards_before_it() -> None:
    assert stepwise(bind("l", "1"), move("a", "1"), drop("5"), move("b", "2")) == ["l|a", "d5", "b"]


def test_cards_are_removed_kind_by_kind_so_that_none_changes_before_it_is_looked_at() -> None:
    people = [drop_card("p1", Kind.CONTACT), drop_card("p2", Kind.CONTACT)]
    assert stepwise(move("a", "1"), *people, drop_card("f", Kind.COMPANY), drop("5")) == ["a", "p1 p2", "f", "d5"]


def test_a_card_is_closed_only_after_the_letters_of_its_client_and_waits_for_no_other_client() -> None:
    letters = [bind("l1", "1", cluster="x"), bind("l2", "2", cluster="x"), bind("l3", "3", cluster="y")]
    found = order(letters, [move("a", "1", cluster="x"), move("b", "2", cluster="y")])
    assert taken(found) == "l1 l2 l3"
    found.over("l3", done=True)
    assert taken(found) == "b"
    found.over("l1", done=True)
    assert taken(found) == ""
    found.over("l2", done=True)
    assert taken(found) == "a"


def test_what_belongs_to_nobody_waits_for_everybody_before_it() -> None:
    found = order([bind("l1", "1", cluster="x"), bind("l2", "2", cluster="y")], [move("a", "1")])
    taken(found)
    found.over("l1", done=True)
    assert taken(found) == ""
    found.over("l2", done=True)
    assert taken(found) == "a"


def test_everybody_waits_for_what_belongs_to_nobody_before() -> None:
    found = order([bind("l1", "1")], [move("a", "1", cluster="x")], [move("b", "2", cluster="x")])
    assert taken(found) == "l1"
    found.over("l1", done=True)
    assert taken(found) == "a"


def test_what_waits_is_put_off_and_what_waits_in_vain_is_given_up() -> None:
    found = order(
        [move("a", "1", needs=("ok",)), move("b", "2", needs=("lost",)), move("c", "3", needs=("d",)), move("d", "4")],
        ok=Fate.DONE,
    )
    assert taken(found) == "a d"
    assert [(operation.key, needed) for operation, needed in found.hopeless] == [("b", "lost")]
    found.over("d", done=False)
    assert [(operation.key, needed) for operation, needed in found.hopeless][1:] == [("c", "d")]


def test_what_was_not_carried_out_comes_again_until_it_is_over() -> None:
    found = order([move("a", "1")])
    assert taken(found) == "a"
    found.again("a")
    assert taken(found) == "a" and found
    found.over("a", done=True)
    assert not found


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
