"""Who becomes responsible, and why; people of a playbook are found, never guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.crm.cards import Company, Deal
from b24kit.errors import UsageError
from b24kit.owners.rules import Inquiry, Letter, Owners, Turns, resolve
from b24kit.owners.spec import OwnersSpec
from b24kit.owners.staff import Staff
from tests.cleanup.portal_of import FACTS, NOW, SOURCES, TEAMS, USERS, contact

SAFETY = {"name": "Охрана труда", "manager": "Титов"}


def rules(spec: Mapping[str, Any], **changes: Any) -> Owners:
    staff = Staff.of(changes.get("users", USERS), TEAMS)
    return resolve(OwnersSpec.model_validate(spec), staff, SOURCES, changes.get("facts", FACTS))


def routed(owners: Owners, inquiry: Inquiry, turns: Turns | None = None) -> tuple[str, str]:
    found = owners.route(inquiry, turns or Turns(), NOW)
    return found.owner, found.reason.code


def wrote(*subjects: str, source: str | None = "EMAIL", client: str = "") -> Inquiry:
    return Inquiry(tuple(Letter(subject, NOW, source) for subject in subjects), client)


def test_a_seminar_in_the_subject_goes_to_its_manager() -> None:
    assert routed(rules({"seminars": [SAFETY]}), wrote("Вопрос по охране труда")) == ("6", "owner.seminar")


def test_the_first_letter_that_names_a_seminar_decides() -> None:
    owners = rules({"seminars": [SAFETY, {"name": "Маркировка", "manager": "Фролов"}]})
    assert routed(owners, wrote("Счёт", "О маркировке", "Об охране труда"))[0] == "3"


def test_of_two_seminars_in_one_letter_the_one_named_with_more_words_decides() -> None:
    owners = rules({"seminars": [{"name": "Охрана", "manager": "Фролов"}, SAFETY]})
    assert routed(owners, wrote("Охрана труда"))[0] == "6"


def test_a_seminar_holds_for_its_dates() -> None:
    tomorrow = (NOW + timedelta(days=1)).date()
    owners = rules({"seminars": [{**SAFETY, "since": tomorrow}]})
    assert routed(owners, wrote("Охрана труда"))[1] == "owner.fallback"


def test_the_deputy_stands_in_while_the_manager_is_away_or_dismissed() -> None:
    away = {**SAFETY, "deputy": "Фролов", "away_from": NOW.date(), "away_until": NOW.date()}
    assert routed(rules({"seminars": [away]}), wrote("Охрана труда"))[0] == "3"
    back = {**away, "away_from": None, "away_until": (NOW - timedelta(days=1)).date()}
    assert routed(rules({"seminars": [back]}), wrote("Охрана труда"))[0] == "6"
    gone = {**SAFETY, "manager": "Панов", "deputy": "Фролов"}
    assert routed(rules({"seminars": [gone]}), wrote("Охрана труда"))[0] == "3"


CALLS = {"source": "звонок", "team": "Отдел продаж"}


def callers(count: int) -> list[Inquiry]:
    return [wrote("x", source="CALL", client=f"c{number}@firm.example") for number in range(count)]


def test_a_source_is_shared_by_its_team_and_the_head_is_spared() -> None:
    owners, waiting = rules({"sources": [CALLS]}), callers(20)
    turns = owners.deal(waiting, NOW)
    dealt = Counter(routed(owners, one, turns)[0] for one in waiting)
    assert dealt.keys() == {"2", "3"} and max(dealt.values()) <= 12


def test_a_client_keeps_his_owner_when_others_are_no_clients_after_all() -> None:
    owners, waiting = rules({"sources": [CALLS]}), callers(20)
    many, few = owners.deal(waiting, NOW), owners.deal(waiting[1:], NOW)
    moved = [one for one in waiting[1:] if routed(owners, one, many) != routed(owners, one, few)]
    assert len(moved) <= 1


def test_whoever_is_spared_by_name_gets_nobody_and_a_team_of_spared_people_is_refused() -> None:
    owners, waiting = rules({"sources": [{**CALLS, "spare": ["Фролов"]}]}), callers(6)
    turns = owners.deal(waiting, NOW)
    assert {routed(owners, one, turns)[0] for one in waiting} == {"2"}
    with pytest.raises(UsageError, match="empty_team"):
        rules({"sources": [{**CALLS, "spare": ["2", "3"]}]})


def test_only_of_a_team_somebody_is_spared() -> None:
    with pytest.raises(ValidationError, match="spared"):
        rules({"sources": [{"source": "звонок", "to": "2", "spare": ["3"]}]})


def test_known_clients_take_no_share_of_a_team() -> None:
    owners = rules({"sources": [CALLS]})
    known = replace(callers(1)[0], contact=contact(7, "Белова Анна"))
    assert owners.deal([known], NOW).dealt == {}


def test_people_who_share_a_mailbox_are_told_apart_by_their_numbers() -> None:
    users = [replace(user, email="sales@own.example") for user in USERS]
    owners, waiting = rules({"sources": [CALLS]}, users=users), callers(20)
    turns = owners.deal(waiting, NOW)
    assert {routed(owners, one, turns)[0] for one in waiting} == {"2", "3"}


def test_a_known_client_stays_with_his_manager_whatever_he_writes_about() -> None:
    owners = rules({"seminars": [SAFETY]})
    assert routed(owners, replace(wrote("Охрана труда"), contact=contact(7, "Белова Анна"))) == (
        "2",
        "owner.known_contact",
    )


def test_the_order_of_rules_is_the_playbooks() -> None:
    owners = rules({"seminars": [SAFETY], "order": ["seminars", "known_client"]})
    assert routed(owners, replace(wrote("Охрана труда"), contact=contact(7, "Белова Анна")))[0] == "6"


def test_a_dismissed_manager_is_followed_by_the_deals_then_the_companys() -> None:
    left = contact(7, "Белова Анна", owner="5")
    deal = Deal(id="1", pipeline="0", stage="NEW", owner="3")
    assert routed(rules({}), replace(wrote("x"), contact=left, deals=(deal,)))[1] == "owner.running_deal"
    firm = Company(id="1", owner="3")
    assert routed(rules({}), replace(wrote("x"), contact=left, company=firm)) == ("3", "owner.known_company")
    assert routed(rules({}), replace(wrote("x"), contact=left))[1] == "owner.fallback"


def test_the_rest_goes_to_the_head_of_the_named_team_else_to_the_first_administrator() -> None:
    assert routed(rules({"fallback": {"head_of": "Отдел продаж"}}), wrote("x"))[0] == "4"
    assert routed(rules({}), wrote("x"))[0] == "1"
    # The head of the seminars was dismissed: the head above stands in.
    assert routed(rules({"fallback": {"head_of": "Семинары"}}), wrote("x"))[0] == "1"


def test_without_head_and_administrator_the_playbook_must_name_somebody() -> None:
    plain = [replace(user, admin=None) for user in USERS]
    with pytest.raises(UsageError, match="no_fallback"):
        rules({}, users=plain, facts=replace(FACTS, admin=False))
    assert routed(rules({}, users=plain), wrote("x"))[0] == "1"  # the webhook's own administrator


@pytest.mark.parametrize("who", ["6", "TITOV@own.example", "Титов", "Igor Titov", "Титов Игорь", "менеджер семинаров"])
def test_an_employee_may_be_named_in_many_ways(who: str) -> None:
    assert routed(rules({"fallback": {"to": who}}), wrote("x"))[0] == "6"


@pytest.mark.parametrize(
    ("spec", "code", "named"),
    [
        ({"fallback": {"to": "Игорь"}}, "owners.ambiguous", "Игорь Белов (4), Игорь Титов (6)"),
        ({"fallback": {"to": "менеджер"}}, "owners.ambiguous", "Денис Фролов (3)"),
        ({"fallback": {"to": "Титова Инна"}}, "owners.unknown_person", "Игорь Титов (6)"),
        ({"fallback": {"to": "Панов"}}, "owners.dismissed", "Виктор Панов (5)"),
        ({"seminars": [{**SAFETY, "manager": "Панов"}]}, "owners.dismissed", "Виктор Панов (5)"),
        ({"fallback": {"head_of": "Склад"}}, "owners.unknown_team", "Отдел продаж (2)"),
    ],
)
def test_who_cannot_be_told_is_an_error_that_names_the_candidates(spec: dict[str, Any], code: str, named: str) -> None:
    with pytest.raises(UsageError) as told:
        rules(spec)
    assert told.value.code == code
    assert named in str(told.value.facts["candidates"])


def test_a_working_namesake_is_meant_rather_than_a_dismissed_one() -> None:
    users = [*USERS, replace(USERS[4], id="9", active=True)]
    assert routed(rules({"fallback": {"to": "Панов"}}, users=users), wrote("x"))[0] == "9"


def test_a_position_that_the_portal_does_not_tell_gives_way_to_the_fallback_and_a_mistyped_name_does_not() -> None:
    staff = replace(Staff.of(USERS, TEAMS), positions=False)
    spec: dict[str, Any] = {"seminars": [{"name": "Охрана труда", "manager": "Менеджер курсов"}]}
    spec["fallback"] = {"to": "Фролов"}
    found = resolve(OwnersSpec.model_validate(spec), staff, SOURCES, FACTS)
    assert [one.code for one in found.warnings] == ["owner.warning.post"]
    assert routed(found, wrote("Охрана труда"))[0] == "3"
    spec["seminars"][0]["manager"] = "Фролоф"
    with pytest.raises(UsageError, match=r"owners\.no_positions"):
        resolve(OwnersSpec.model_validate(spec), staff, SOURCES, FACTS)
