"""Directories and people: rows of the vendor into records."""

import pytest

from b24kit.connectors.bitrix24 import translate
from b24kit.crm.pipeline import Outcome, Pipeline, Stage
from b24kit.errors import UsageError

CONVERTED = {
    "ID": "15",
    "ENTITY_ID": "STATUS",
    "STATUS_ID": "CONVERTED",
    "NAME": "Good lead",
    "NAME_INIT": "Good lead",
    "SORT": "50",
    "SYSTEM": "Y",
    "CATEGORY_ID": None,
    "COLOR": "#37B44A",
    "SEMANTICS": "S",
    "EXTRA": {"SEMANTICS": "success", "COLOR": "#37B44A"},
}


def test_a_stage_of_leads_stands_on_the_ladder_of_leads() -> None:
    assert translate.to_stage(CONVERTED) == Stage(
        id="15",
        ladder="leads",
        code="CONVERTED",
        name="Good lead",
        sort=50,
        colour="#37B44A",
        outcome=Outcome.WON,
        system=True,
    )


@pytest.mark.parametrize(
    ("semantics", "outcome"),
    [("S", Outcome.WON), ("F", Outcome.LOST), (None, Outcome.OPEN), ("", Outcome.OPEN), ("P", Outcome.OPEN)],
)
def test_semantics_tell_the_outcome_and_back(semantics: str | None, outcome: Outcome) -> None:
    stage = translate.to_stage({**CONVERTED, "SEMANTICS": semantics})
    assert stage is not None and stage.outcome is outcome
    assert translate.semantics_of(outcome) == (semantics if semantics in ("S", "F") else "")


@pytest.mark.parametrize(
    ("entity", "ladder"),
    [("STATUS", "leads"), ("DEAL_STAGE", "deals:0"), ("DEAL_STAGE_12", "deals:12")],
)
def test_directories_of_stages_are_ladders_and_back(entity: str, ladder: str) -> None:
    assert translate.ladder_of(entity) == ladder
    assert translate.directory_of(ladder) == entity


@pytest.mark.parametrize("entity", ["SOURCE", "QUOTE_STATUS", "DYNAMIC_128_STAGE_3", "DEAL_STAGE_X"])
def test_other_directories_are_no_ladders(entity: str) -> None:
    assert translate.ladder_of(entity) is None
    assert translate.to_stage({**CONVERTED, "ENTITY_ID": entity}) is None


@pytest.mark.parametrize("ladder", ["deals:", "deals:new:p1", "quotes", ""])
def test_a_ladder_that_cannot_be_is_refused(ladder: str) -> None:
    with pytest.raises(UsageError) as caught:
        translate.directory_of(ladder)
    assert caught.value.code == "ladder_unknown"


def test_codes_in_further_pipelines_carry_their_prefix_once() -> None:
    assert translate.stage_code("deals:7", "WAIT") == "C7:WAIT"
    assert translate.stage_code("deals:7", "C7:WAIT") == "C7:WAIT"
    assert translate.stage_code("deals:0", "WAIT") == "WAIT"


def test_the_colour_may_stand_in_the_extra_part() -> None:
    stage = translate.to_stage({**CONVERTED, "COLOR": None})
    assert stage is not None and stage.colour == "#37B44A"
    plain = translate.to_stage({**CONVERTED, "COLOR": None, "EXTRA": []})
    assert plain is not None and plain.colour is None


def test_a_pipeline_has_real_numbers_on_the_wire() -> None:
    row = {"id": 0, "name": "General", "sort": 300, "entityTypeId": 2, "isDefault": "Y"}
    assert translate.to_pipeline(row) == Pipeline(id="0", name="General", sort=300, default=True)


def test_a_user_without_a_name_is_called_by_his_address() -> None:
    row = {
        "ID": "7",
        "ACTIVE": True,
        "NAME": "",
        "LAST_NAME": None,
        "EMAIL": "ann@acme.example",
        "UF_DEPARTMENT": [1, 4],
    }
    user = translate.to_user(row)
    assert (user.name, user.active, user.teams, user.admin) == ("ann@acme.example", True, ("1", "4"), None)
    assert not translate.to_user({**row, "ACTIVE": False}).active


def test_the_root_department_has_no_parent() -> None:
    team = translate.to_team({"ID": "1", "NAME": "Company", "SORT": 500})
    assert (team.parent, team.head) == (None, None)
    team = translate.to_team({"ID": "2", "NAME": "Sales", "PARENT": "1", "UF_HEAD": "0"})
    assert (team.parent, team.head) == ("1", None)
