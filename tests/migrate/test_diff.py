"""Whatever ladder a portal has and a playbook wants: the plan can be carried out, is done at once, and can go back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b24kit.change.operation import CreateRecord, RemoveRecord, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.crm.pipeline import LEADS, Outcome, Stage
from b24kit.crm.records import Record
from b24kit.errors import UsageError
from b24kit.migrate.diff import diff_ladder, make_missing
from b24kit.migrate.spec import Ladder, StageSpec
from b24kit.playbook.compose import Pieces, compose
from b24kit.playbook.schema import Playbook
from tests.migrate.carrying_out import carried_out
from tests.migrate.ladders import CAPABILITIES, NOW, facts, lead, stage

OLD = ["UC_A", "UC_B", "UC_C", "UC_D"]
WANTED = ["MGR", "QUALIFY", "OFFER", "CONSENT", "UC_A", "UC_B"]


@st.composite
def portals(draw: st.DrawFn) -> Snapshot:
    """A portal with some stages of its own in any order of numbers, groups in order, and leads on them."""
    own = draw(st.lists(st.sampled_from(OLD), unique=True))
    sorts = sorted(draw(st.sets(st.integers(0, 900), min_size=len(own) + 3, max_size=len(own) + 3)))
    working = draw(st.permutations(["NEW", *own]))
    records: list[Record] = [
        stage(code, f"Старая {code}", sort, system=code == "NEW")
        for code, sort in zip(working, sorts[:-2], strict=True)
    ]
    records.append(stage("CONVERTED", "Успех", sorts[-2], Outcome.WON, system=True))
    records.append(stage("JUNK", "Провал", sorts[-1], Outcome.LOST, system=True))
    places = draw(st.lists(st.sampled_from([*working, "JUNK"]), max_size=6))
    records += [lead(number + 1, code) for number, code in enumerate(places)]
    return Snapshot.of(records, facts(), NOW)


@st.composite
def designs(draw: st.DrawFn) -> Playbook:
    """A sound ladder in any order, with moves for some of the old stages that it does not name."""
    working = draw(st.permutations(["NEW", *draw(st.lists(st.sampled_from(WANTED), unique=True))]))
    lost = draw(st.permutations(["JUNK", *draw(st.lists(st.sampled_from(["LINKED", "ARCHIVE"]), unique=True))]))
    ladder: list[dict[str, Any]] = [{"code": code, "name": f"Новая {code}"} for code in working]
    ladder.append({"code": "CONVERTED", "name": "Клиент", "outcome": "won"})
    ladder += [{"code": code, "name": f"Новая {code}", "outcome": "lost"} for code in lost]
    gone = [code for code in OLD if code not in working and draw(st.booleans())]
    moves = [{"stage": code, "to": draw(st.sampled_from(working))} for code in gone]
    return Playbook.model_validate(
        {"b24kit": 1, "name": "any", "title": "Любой", "stages": {"ladder": ladder, "moves": moves}}
    )


def planned(playbook: Playbook, snapshot: Snapshot) -> Pieces:
    return compose(playbook, snapshot, capabilities=CAPABILITIES, facts=snapshot.facts, now=NOW)


@settings(max_examples=80, deadline=None)
@given(portals(), designs())
def test_any_design_can_be_carried_out_on_any_portal_and_a_second_plan_is_empty(
    snapshot: Snapshot, playbook: Playbook
) -> None:
    after = carried_out(snapshot, planned(playbook, snapshot).operations)
    assert planned(playbook, after).operations == ()


@settings(max_examples=80, deadline=None)
@given(portals(), designs())
def test_afterwards_groups_stand_in_order_and_the_design_in_its_own(snapshot: Snapshot, playbook: Playbook) -> None:
    after = carried_out(snapshot, planned(playbook, snapshot).operations).stages(LEADS)
    ranks = [[Outcome.OPEN, Outcome.WON, Outcome.LOST].index(one.outcome) for one in after]
    assert ranks == sorted(ranks)
    assert playbook.stages is not None
    codes = [spec.code for spec in playbook.stages.ladder]
    assert [one.code for one in after if one.code in codes] == codes


@settings(max_examples=80, deadline=None)
@given(portals(), designs())
def test_a_removed_working_stage_could_be_added_again_where_it_stood(snapshot: Snapshot, playbook: Playbook) -> None:
    operations = planned(playbook, snapshot).operations
    after = carried_out(snapshot, operations).stages(LEADS)
    [won] = [one for one in after if one.outcome is Outcome.WON]
    gone = [one.before for one in operations if isinstance(one, RemoveRecord)]
    assert all(values["sort"] <= won.sort for values in gone if values["outcome"] == "open")


def ladder(*stages: dict[str, Any]) -> tuple[StageSpec, ...]:
    finals = (
        {"code": "CONVERTED", "name": "Клиент", "outcome": "won"},
        {"code": "JUNK", "name": "Брак", "outcome": "lost"},
    )
    return Ladder.model_validate({"ladder": [*stages, *finals]}).ladder


def present() -> list[Stage]:
    return [
        stage("NEW", "Новый", 10, system=True),
        stage("CONVERTED", "Клиент", 20, Outcome.WON, system=True),
        stage("JUNK", "Брак", 30, Outcome.LOST, system=True),
    ]


def test_only_what_differs_is_written_and_its_before_image_kept() -> None:
    stages = [replace(present()[0], colour="#aaaaaa"), *present()[1:]]
    [change] = diff_ladder(
        LEADS, ladder({"code": "NEW", "name": "Новый", "colour": "#BBBBBB"}), stages, capabilities=CAPABILITIES
    ).operations
    assert isinstance(change, UpdateRecord)
    assert (change.before, change.after) == ({"colour": "#aaaaaa"}, {"colour": "#BBBBBB"})


def test_a_vendor_that_keeps_system_stages_is_obeyed_with_a_note() -> None:
    obstinate = replace(CAPABILITIES, renames_system_stages=False)
    diff = diff_ladder(LEADS, ladder({"code": "NEW", "name": "Заявка"}), present(), capabilities=obstinate)
    assert diff.operations == ()
    assert {note.code for note in diff.notes} == {"design.system_stage_kept"}


def test_a_colour_the_vendor_does_not_know_is_left_out() -> None:
    poor = replace(CAPABILITIES, colours=("#111111",))
    wanted = ladder({"code": "NEW", "name": "Новый", "colour": "#222222"})
    assert diff_ladder(LEADS, wanted, present(), capabilities=poor).operations == ()


def test_a_code_too_long_for_this_portal_is_refused_before_anything() -> None:
    short = replace(CAPABILITIES, stage_code_limit=5)
    with pytest.raises(UsageError) as caught:
        diff_ladder(
            LEADS,
            ladder({"code": "NEW", "name": "Новый"}, {"code": "QUALIFY", "name": "К"}),
            present(),
            capabilities=short,
        )
    assert caught.value.code == "design.code_over_limit"


def test_a_second_success_stage_is_refused() -> None:
    wanted = Ladder.model_validate(
        {
            "ladder": [
                {"code": "NEW", "name": "Новый"},
                {"code": "DONE", "name": "Готово", "outcome": "won"},
                {"code": "JUNK", "name": "Брак", "outcome": "lost"},
            ]
        }
    )
    with pytest.raises(UsageError) as caught:
        diff_ladder(LEADS, wanted.ladder, present(), capabilities=CAPABILITIES)
    assert caught.value.code == "design.second_success"


def test_a_clean_up_alone_gets_its_failure_stage_at_the_end_of_the_ladder() -> None:
    linked = {"code": "LINKED", "name": "Привязано", "outcome": "lost"}
    wanted = Ladder.model_validate(
        {"ladder": [*(spec.model_dump() for spec in ladder({"code": "NEW", "name": "Новый"})), linked]}
    ).ladder
    [make] = make_missing(LEADS, wanted, present(), {"LINKED"}).operations
    assert isinstance(make, CreateRecord)
    assert make.values["sort"] == 40
    assert make_missing(LEADS, wanted, present(), set()).operations == ()


def test_a_clean_up_alone_cannot_make_a_working_stage() -> None:
    wanted = ladder({"code": "NEW", "name": "Новый"}, {"code": "TALK", "name": "Разговор"})
    with pytest.raises(UsageError) as caught:
        make_missing(LEADS, wanted, present(), {"TALK"})
    assert caught.value.code == "design.stage_missing"
