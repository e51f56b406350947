"""user.*, department.*, profile: employees, departments and who may do what."""

from __future__ import annotations

import pytest

from b24kit.sandbox.bitrix24 import people
from b24kit.sandbox.bitrix24.registry import METHODS
from tests.sandbox.bitrix24.counter import Counter


@pytest.fixture
def desk() -> Counter:
    found = Counter()
    found.planted(kind="company", leads=20)
    return found


def test_a_row_has_string_ids_real_booleans_and_int_departments(desk: Counter) -> None:
    row = desk.ask("user.get", FILTER={"ID": 7})[0]
    assert (row["ID"], row["ACTIVE"], row["UF_DEPARTMENT"], row["IS_ONLINE"]) == ("7", True, [3], "N")
    assert row["EMAIL"] == "p.titov@expo-standart.example"


def test_active_is_filtered_as_a_boolean_or_as_text(desk: Counter) -> None:
    assert desk.answer("user.get", FILTER={"ACTIVE": True}).total == 15
    assert desk.answer("user.get", filter={"ACTIVE": "true"}).total == 15
    assert [row["ID"] for row in desk.ask("user.get", FILTER={"ACTIVE": False})] == ["16"]
    assert desk.answer("user.get", ID=5).total == 1


def test_a_filled_inner_phone_is_asked_for_by_not_null(desk: Counter) -> None:
    desk.portal.store["user"].change(5, {"UF_PHONE_INNER": ""})
    assert desk.answer("user.get", FILTER={"!UF_PHONE_INNER": None}).total == 15


def test_search_looks_into_positions_and_finds_the_dismissed(desk: Counter) -> None:
    assert {row["ID"] for row in desk.ask("user.search", FILTER={"FIND": "панов"})} == {"16"}
    assert "15" in {row["ID"] for row in desk.ask("user.search", FILTER={"FIND": "маркетолог"})}
    by_place = desk.ask("user.search", FILTER={"UF_DEPARTMENT_NAME": "Колл-центр"})
    assert [row["ID"] for row in by_place] == ["13", "14"]


def test_a_brief_scope_hides_contact_data() -> None:
    desk = Counter(scopes=frozenset({"user_brief"}))
    desk.planted(kind="empty")
    row = desk.ask("user.get")[0]
    assert "EMAIL" not in row
    assert "NAME" in row


def test_lists_go_down_by_id_for_the_fast_readers_of_the_sdks(desk: Counter) -> None:
    rows = desk.ask("user.get", {"SORT": "ID", "ORDER": "DESC", "FILTER": {"<ID": 5}, "start": -1})
    assert [row["ID"] for row in rows] == ["4", "3", "2", "1"]
    rows = desk.ask("department.get", {"SORT": "ID", "ORDER": "DESC", "<ID": 3, "START": -1})
    assert [row["ID"] for row in rows] == ["2", "1"]


def test_departments_have_an_int_sort_a_head_and_a_root_without_parent(desk: Counter) -> None:
    root = desk.ask("department.get", PARENT=0)
    assert root == [{"ID": "1", "NAME": "Экспо-Стандарт", "SORT": 500, "UF_HEAD": "1"}]
    assert desk.ask("department.get", ID=3)[0]["PARENT"] == "1"
    assert desk.answer("department.get").total == 6


def test_a_deleted_department_leaves_its_people_to_the_parent(desk: Counter) -> None:
    made = desk.ask("department.add", NAME="Branch", PARENT=3)
    desk.ask("user.update", ID=7, UF_DEPARTMENT=[made])
    assert desk.ask("department.delete", ID=made) is True
    assert desk.ask("user.get", ID=7)[0]["UF_DEPARTMENT"] == [3]


def test_an_invited_employee_is_found_by_mail_and_cannot_be_invited_twice(desk: Counter) -> None:
    new = {"EMAIL": "new@expo-standart.example", "UF_DEPARTMENT": [2], "EXTRANET": "N"}
    made = desk.ask("user.add", new)
    assert isinstance(made, int)
    assert [row["ID"] for row in desk.ask("user.get", FILTER={"EMAIL": new["EMAIL"]})] == [str(made)]
    assert desk.refusal("user.add", new)[0] == "ERROR_CORE"
    assert desk.ask("user.update", ID=made, ACTIVE=False) is True
    assert not people.is_active(desk.portal, made)


def test_profile_and_admin_tell_whose_webhook_it_is(desk: Counter) -> None:
    assert desk.ask("profile") | {"TIME_ZONE_OFFSET": 0} == {
        "ID": "1",
        "ADMIN": True,
        "NAME": "Марина",
        "LAST_NAME": "Соколова",
        "PERSONAL_GENDER": "F",
        "TIME_ZONE": "",
        "TIME_ZONE_OFFSET": 0,
    }
    desk.user_id = 3
    assert desk.ask("user.admin") is False
    assert desk.ask("profile")["ADMIN"] is False
    current = desk.ask("user.current")
    assert all(isinstance(value, (bool, str, list)) for value in current.values())


def test_writing_people_is_for_administrators() -> None:
    writers = ("user.add", "user.update", "department.add", "department.update", "department.delete")
    assert all(METHODS[name].admin_only for name in writers)
