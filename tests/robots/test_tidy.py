"""To-dos of ours are ticked off when facts made them idle; a person's own never are."""

from __future__ import annotations

import pytest

from b24kit.crm.activity import Channel, Direction
from tests.robots.ruleset import ONLY
from tests.robots.staff import Staff, at
from tests.robots.world import World, lead, moved, on, planned, touch

RULES = ONLY["cadence"]


def lived(*happens: tuple[str, object], until: str = "09.02 18:00") -> World:
    return World(lead("09.02 10:00", "REQUEST"), RULES, Staff()).run(
        at("09.02 10:00"),
        at(until),
        [on(moment, what) for moment, what in happens],  # type: ignore[arg-type]
    )


def standing(world: World) -> dict[str, bool]:
    return {task.marker.rpartition("~")[2] or task.title: task.done for task in world.facts.tasks}


def test_an_attempt_that_was_made_ticks_its_own_task_off() -> None:
    world = lived(("09.02 11:00", touch(Channel.CALL)))
    assert standing(world) == {"1": True, "2": False}
    assert [one.kind for one in world.actions if one.kind == "finish"] == ["finish"]


def test_a_task_whose_attempt_was_not_made_stays_open() -> None:
    assert standing(lived()) == {"1": False}


def test_attempts_over_several_channels_tick_off_their_own_tasks_only() -> None:
    world = lived(("09.02 11:00", touch(Channel.EMAIL)), ("09.02 11:30", touch(Channel.CALL)))
    assert standing(world) == {"1": True, "2": False}


@pytest.mark.parametrize(
    "what",
    [touch(Channel.MESSAGE, Direction.IN, by=None), moved("OFFER", RULES, by="5"), moved("LOST", RULES, by="5")],
    ids=["a reply", "moved on", "closed"],
)
def test_when_attempts_are_over_no_task_of_theirs_stays_open(what: object) -> None:
    world = lived(("09.02 10:30", touch(Channel.CALL)), ("09.02 11:00", what))
    attempts = [task for task in world.facts.tasks if "~attempt~" in task.marker and "/five~" in task.marker]
    assert len(attempts) == 2 and all(task.done for task in attempts)


def test_a_persons_own_task_is_never_ticked_off() -> None:
    world = lived(("09.02 10:10", planned(at("09.02 17:00"))), ("09.02 11:00", touch(Channel.CALL)))
    assert [task.done for task in world.facts.tasks if not task.marker] == [False]
