"""Two parts of a plan joined: one update a card, needs made explicit, stages kept where cards stay."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.change.operation import Phase, Reason, RemoveRecord, UpdateRecord
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError
from b24kit.migrate.remap import Exit
from b24kit.migrate.spec import MoveSpec
from b24kit.playbook.join import departures, join, with_needs
from tests.migrate.ladders import stage


def update(key: str, number: str, before: dict[str, Any], after: dict[str, Any], **more: Any) -> UpdateRecord:
    return UpdateRecord(
        key=key,
        phase=Phase.CARDS,
        reason=Reason("design.move"),
        ref=Ref(Kind.LEAD, number),
        before=before,
        after=after,
        **more,
    )


def test_the_clean_ups_update_takes_in_what_only_the_move_says() -> None:
    move = update("move-1", "1", {"stage": "A", "source": None}, {"stage": "NEW", "source": "EMAIL"}, needs=("s",))
    clean = update("lead-1", "1", {"stage": "A", "owner": "2"}, {"stage": "LINKED", "owner": "3"}, cluster="c-1")
    [one] = join([move], [clean])
    assert isinstance(one, UpdateRecord)
    assert (one.key, one.cluster) == ("lead-1", "c-1")
    assert one.after == {"stage": "LINKED", "owner": "3", "source": "EMAIL"}
    assert one.before == {"stage": "A", "owner": "2", "source": None}
    assert one.needs == ("s",)


def test_a_card_that_only_one_part_speaks_of_is_taken_as_it_is() -> None:
    move = update("move-1", "1", {"stage": "A"}, {"stage": "NEW"})
    clean = update("lead-2", "2", {"stage": "A"}, {"stage": "LINKED"})
    assert join([move], [clean]) == [clean, move]


def test_a_clean_up_that_updates_a_card_twice_is_refused() -> None:
    clean = update("lead-2", "2", {"stage": "A"}, {"stage": "LINKED"})
    with pytest.raises(UsageError):
        join([], [clean, clean])


def test_an_update_waits_for_the_stage_and_the_source_that_the_plan_makes() -> None:
    move = update("move-1", "1", {"stage": "A", "source": None}, {"stage": "NEW", "source": "CHAT"}, needs=("x",))
    [one] = with_needs([move], {"stage:NEW": "stage-leads-NEW", "source:CHAT": "source-CHAT", "stage:B": "b"})
    assert one.needs == ("x", "stage-leads-NEW", "source-CHAT")


def test_a_stage_goes_after_its_cards_and_stays_when_one_of_them_stays() -> None:
    leaving = [
        Exit(stage("A", "А", 10), MoveSpec(stage="A", to="NEW"), "NEW"),
        Exit(stage("B", "Б", 20), MoveSpec(stage="B", to="NEW"), "NEW"),
        Exit(stage("C", "В", 30), MoveSpec(stage="C", to="NEW", remove=False), "NEW"),
    ]
    one, two, three = (Ref(Kind.LEAD, number) for number in "123")
    moves = [
        update("move-1", "1", {"stage": "A"}, {"stage": "NEW"}),
        update("own-2", "2", {"owner": "1"}, {"owner": "2"}),
    ]
    gone = departures(leaving, {"A": (one,), "B": (two,), "C": (three,)}, moves)
    assert [(drop.before["code"], drop.needs) for drop in gone] == [("A", ("move-1",))]


def test_a_removed_card_is_not_moved_before_and_empties_its_stage() -> None:
    move = update("move-1", "1", {"stage": "A"}, {"stage": "NEW"})
    gone = RemoveRecord(
        key="remove-1", phase=Phase.RETIRE, reason=Reason("clean.delete"), ref=Ref(Kind.LEAD, "1"), before={}
    )
    joined = join([move], [gone])
    assert joined == [gone]
    leaving = [Exit(stage("A", "А", 10), MoveSpec(stage="A", to="NEW"), "NEW")]
    (drop,) = departures(leaving, {"A": (gone.ref,)}, joined)
    assert drop.needs == ("remove-1",)
