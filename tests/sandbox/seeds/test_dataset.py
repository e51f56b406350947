"""The vendor's data set as a portal, and the bare walls; the set is not shipped, so a cut of its form stands here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.sandbox.bitrix24.counter import Counter

MAIL = [{"ID": "6001", "VALUE": "lead1@example.com", "VALUE_TYPE": "WORK", "TYPE_ID": "EMAIL"}]
SET = {
    "version": "dataset@v1",
    "entities": {
        "users": [{"ID": "6", "ACTIVE": True, "NAME": "Dmitry", "EMAIL": "u@example.com", "UF_DEPARTMENT": [3]}],
        "categories": [{"id": 0, "name": "General", "sort": 10, "entityTypeId": 2, "isDefault": "Y"}],
        "statuses": [
            {
                "ID": "100",
                "ENTITY_ID": "DEAL_STAGE",
                "STATUS_ID": "NEW",
                "NAME": "New",
                "SORT": "10",
                "SEMANTICS": None,
            },
            {"ID": "101", "ENTITY_ID": "DEAL_STAGE", "STATUS_ID": "WON", "NAME": "Won", "SORT": "20", "SEMANTICS": "S"},
        ],
        "contacts": [{"ID": "4", "NAME": "Ann", "ASSIGNED_BY_ID": "6", "CREATED_BY_ID": "1"}],
        "leads": [
            {
                "ID": "17",
                "TITLE": "From the site",
                "STATUS_ID": "IN_PROCESS",
                "ASSIGNED_BY_ID": "6",
                "OPPORTUNITY": "561000.00",
                "DATE_CREATE": "2026-03-10T08:11:00+03:00",
                "EMAIL": MAIL,
            }
        ],
        "deals": [{"ID": "3", "TITLE": "D", "STAGE_ID": "WON", "CATEGORY_ID": "0", "CONTACT_ID": "4"}],
        "tasks": [{"id": "100", "title": "Check", "status": "5", "responsibleId": "6", "createdBy": "1"}],
    },
}


@pytest.fixture
def desk(tmp_path: Path) -> Counter:
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(SET), encoding="utf-8")
    found = Counter()
    found.planted(kind="dataset", path=str(path))
    return found


def test_cards_keep_their_ids_values_and_dates(desk: Counter) -> None:
    row = desk.ask("crm.lead.get", id=17)
    assert (row["TITLE"], row["OPPORTUNITY"], row["STATUS_SEMANTIC_ID"]) == ("From the site", "561000.00", "P")
    assert row["DATE_CREATE"] == "2026-03-10T08:11:00+03:00"
    assert row["EMAIL"] == MAIL
    assert row["HAS_EMAIL"] == "Y"
    deal = desk.ask("crm.deal.get", id=3)
    assert (deal["STAGE_SEMANTIC_ID"], deal["CONTACT_ID"]) == ("S", "4")


def test_people_stages_and_tasks_are_there_and_gaps_are_filled(desk: Counter) -> None:
    assert {row["ID"] for row in desk.ask("user.get")} == {"1", "6"}
    assert desk.ask("department.get", ID=3)[0]["PARENT"] == "1"
    stages = desk.ask("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE"})
    assert [row["ID"] for row in stages] == ["100", "101"]
    assert len(desk.ask("crm.status.list", filter={"ENTITY_ID": "STATUS"})) == 5
    assert desk.ask("tasks.task.get", taskId=100)["task"]["status"] == "5"


def test_new_cards_continue_after_the_kept_ids(desk: Counter) -> None:
    assert desk.ask("crm.lead.add", fields={"TITLE": "next"}) == 18


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    for text in ("{}", "not json", "[]"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=r"other\.json: not a data set"):
            Counter().planted(kind="dataset", path=str(path))


def test_an_empty_portal_has_an_administrator_stages_and_sources() -> None:
    desk = Counter()
    told = desk.planted(kind="empty")
    assert told["rows"]["lead"] == 0
    assert desk.ask("profile")["ADMIN"] is True
    codes = [row["STATUS_ID"] for row in desk.ask("crm.status.entity.items", entityId="STATUS")]
    assert codes == ["NEW", "IN_PROCESS", "PROCESSED", "CONVERTED", "JUNK"]
    assert desk.ask("crm.status.entity.items", entityId="SOURCE")[0]["STATUS_ID"] == "CALL"
