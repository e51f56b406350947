"""Whose hours, who heads whom, who stands in: the playbook's people on a portal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from b24kit.crm.portal import PortalFacts
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import Team, User
from b24kit.errors import UsageError
from b24kit.owners.people import Load, People, people_of
from b24kit.owners.spec_people import PeopleSpec
from b24kit.owners.staff import Staff

USERS = (
    User(id="1", name="Глава Анна", admin=True, teams=("10",)),
    User(id="2", name="Белова Ирина", teams=("20",)),
    User(id="3", name="Волков Пётр", teams=("20",)),
    User(id="4", name="Громова Ольга", teams=("20",)),
    User(id="5", name="Дёмин Олег", teams=("30",)),
    User(id="9", name="Бывший Иван", active=False, teams=("20",)),
)
TEAMS = (
    Team(id="10", name="Дирекция", head="1"),
    Team(id="20", name="Продажи", parent="10", head="2"),
    Team(id="30", name="Ночная смена", parent="10"),
)
FACTS = PortalFacts(
    id="firm.example",
    leads_on=True,
    user="1",
    user_name="Глава Анна",
    admin=True,
    scopes=frozenset({"crm"}),
    missing_scopes=frozenset(),
    now=datetime(2026, 3, 2, 9, tzinfo=UTC),
    utc_offset_minutes=180,
    access="webhook",
)
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)  # noon in Moscow
LEAD = Ref(Kind.LEAD, "5")


def crew(spec: Mapping[str, Any] | None = None, load: Load | None = None) -> People:
    return people_of(PeopleSpec.model_validate(spec or {}), Staff.of(USERS, TEAMS), USERS[0], FACTS, load=load)


def test_the_company_works_by_the_clock_of_the_portal() -> None:
    hours = crew().hours(None)
    assert hours.is_working(datetime(2026, 3, 2, 6, tzinfo=UTC))
    assert not hours.is_working(datetime(2026, 3, 2, 5, 59, tzinfo=UTC))
    assert not hours.is_working(datetime(2026, 3, 9, 9, tzinfo=UTC))


def test_the_upper_line_of_two_schedules_counts() -> None:
    people = crew(
        {
            "schedules": [
                {"people": "Белова", "week": "10:00-19:00", "zone": "Asia/Yekaterinburg"},
                {"teams": ["Продажи", "30"], "rota": {"start": "2026-03-02", "hours": ["20:00-08:00", "off"]}},
            ]
        }
    )
    assert people.hours("2").is_working(datetime(2026, 3, 2, 5, tzinfo=UTC))
    assert people.hours("5").is_working(datetime(2026, 3, 8, 20, tzinfo=UTC))  # holidays do not stop a rota
    assert people.hours("1").is_working(MONDAY)


def test_heads_go_upwards() -> None:
    people = crew()
    assert (people.head("3"), people.head("2"), people.head("5"), people.head(None)) == ("2", "1", "1", "1")


def test_a_successor_is_there_and_is_never_one_of_those_who_had_the_card() -> None:
    people = crew({"absences": [{"who": "Громова", "since": "2026-03-01"}]})
    assert people.successor(LEAD, None, {"2"}, MONDAY) == "3"
    assert people.successor(LEAD, "Продажи", {"2", "3"}, MONDAY) is None
    asked = {people.successor(Ref(Kind.LEAD, str(one)), "Продажи", (), MONDAY) for one in range(20)}
    assert asked <= {"2", "3"} and "3" in asked


def test_a_successor_with_room_goes_first() -> None:
    people = crew({"cap": 2}, Load({"3": 2, "4": 0}, MONDAY))
    assert {people.successor(Ref(Kind.LEAD, str(one)), "Продажи", {"2"}, MONDAY) for one in range(9)} == {"4"}


def test_seats_are_those_on_shift_else_those_who_come_first() -> None:
    night = {"people": "Волков", "rota": {"start": "2026-03-02", "hours": ["20:00-08:00"]}}
    people = crew({"schedules": [night], "shares": [{"who": "Громова", "weight": 2, "cap": 5}], "cap": 9})
    sales = people.staff.members(people.staff.team("Продажи"))
    by_day = people.seats(sales, MONDAY)
    assert [(one.user, one.weight, one.cap) for one in by_day] == [("4", 2, 5)]
    assert [one.user for one in people.seats(sales, datetime(2026, 3, 2, 19, tzinfo=UTC))] == ["3"]
    assert [one.user for one in people.seats(sales, datetime(2026, 3, 2, 5, 30, tzinfo=UTC))] == ["4"]
    assert [one.user for one in people.seats(sales, MONDAY, on_shift=False)] == ["3", "4"]


def test_an_absence_ends_at_the_first_working_hour() -> None:
    people = crew({"absences": [{"who": "Белова", "since": "2026-03-02", "until": "2026-03-06", "deputy": "Волков"}]})
    assert people.stand_in("2", MONDAY) == "3"
    assert people.back_at("2", MONDAY) == datetime(2026, 3, 10, 6, tzinfo=UTC)  # over the weekend and a holiday


def test_what_nobody_takes_goes_to_somebody_who_is_there() -> None:
    away = {"absences": [{"who": "Глава", "since": "2026-03-01"}]}
    assert crew().anyone(MONDAY) == "1"
    assert crew(away).anyone(MONDAY) == "2"
    assert crew({**away, "deputies": [{"who": "Глава", "deputy": "Дёмин"}]}).anyone(MONDAY) == "5"


def test_people_are_named_and_phoned_as_the_playbook_says() -> None:
    people = crew({"phones": {"Белова": "+7 495 000-00-01"}})
    assert (people.named("Белова"), people.named("Бывший"), people.named("Никто")) == ("2", None, None)
    assert (people.name("2"), people.phone("2"), people.phone("3")) == ("Белова Ирина", "+7 495 000-00-01", "")


def test_an_unknown_name_is_a_mistake_of_the_playbook() -> None:
    with pytest.raises(UsageError, match=r"owners.unknown_person"):
        crew({"absences": [{"who": "Никто Никак", "since": "2026-03-01"}]})
