"""A client's card takes over what his leads say, each field by its rule with its reason, and keeps its own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from b24kit.change.operation import CreateRecord, Operation, UpdateRecord
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.pipeline import Outcome, Pipeline, Stage, deals_ladder
from b24kit.crm.portal import Carries
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind
from b24kit.owners.spec import OwnersSpec
from tests.cleanup.portal_of import ABLE, NOW, contact, lead, letter, snapshot

HERE = replace(
    ABLE,
    quiet_forgets=("ADDRESS",),
    carries=Carries(
        alone=frozenset({"POST", "BIRTHDATE"}),
        together=(frozenset({"ADDRESS", "ADDRESS_CITY"}),),
        origin=frozenset({"UTM_SOURCE", "UTM_CAMPAIGN"}),
    ),
)
OLD = {"POST": "Менеджер", "UTM_SOURCE": "vk", "UTM_CAMPAIGN": "osen", "ADDRESS": "Лесная, 1", "ADDRESS_CITY": "Тверь"}
NEW = {"POST": "Директор", "UTM_SOURCE": "yandex", "ADDRESS": "Садовая, 2", "UF_CRM_TOWN": "Тула"}


def planned(*, known: Record | None = None, first: dict[str, Any] = OLD, **clean: Any) -> list[Operation]:
    """What is planned for the client of two letters, an old one and a new one."""
    records: list[Any] = [known] if known else []
    for number, extra in ((1, first), (2, NEW)):
        when = NOW - timedelta(days=90 - number)
        told = replace(lead(number), created=when, extra=extra, comment=f"Разговор {number}")
        records += [told, letter(number, "Анна Белова <a.belova@mail.ru>", number, days=90 - number)]
    spec = CleanSpec.model_validate(clean)
    return list(plan_clean(snapshot(records), spec, OwnersSpec(), NOW, HERE).operations)


def made(operations: list[Operation], kind: Kind = Kind.CONTACT) -> CreateRecord:
    [one] = [one for one in operations if isinstance(one, CreateRecord) and one.kind is kind]
    return one


def filled(operations: list[Operation]) -> list[UpdateRecord]:
    return [one for one in operations if isinstance(one, UpdateRecord) and one.ref.kind is Kind.CONTACT]


def reasons(operation: Operation) -> dict[str, Any]:
    return {one["field"]: one for one in operation.reason.facts["kept"]}


def test_a_new_contact_takes_over_what_his_leads_say() -> None:
    extra = made(planned()).values["extra"]
    assert extra == {"POST": "Менеджер", "UTM_SOURCE": "vk", "UTM_CAMPAIGN": "osen"}


@pytest.mark.parametrize(("rule", "post"), [("oldest", "Менеджер"), ("newest", "Директор"), ("longest", "Менеджер")])
def test_a_field_goes_by_its_rule_and_the_plan_tells_what_gave_way(rule: str, post: str) -> None:
    one = made(planned(survive={"fields": {"POST": rule}}))
    assert one.values["extra"]["POST"] == post
    told = reasons(one)["POST"]
    assert told["rule"] == rule and len(told["lost"]) == 1


def test_a_field_that_people_decide_is_not_written_and_both_values_stand_in_the_plan() -> None:
    one = made(planned(survive={"fields": {"POST": "review"}}))
    assert "POST" not in one.values["extra"]
    assert (reasons(one)["POST"]["value"], reasons(one)["POST"]["lost"]) == ("Менеджер", {"lead:2": "Директор"})


def test_marks_of_advertising_come_from_one_lead_the_one_that_gives_the_source() -> None:
    extra = made(planned(survive={"source": "newest"})).values["extra"]
    assert (extra["UTM_SOURCE"], "UTM_CAMPAIGN" in extra) == ("yandex", False)


def test_an_address_comes_whole_from_one_lead_and_is_written_after_the_quiet_creation() -> None:
    operations = planned()
    assert "ADDRESS" not in made(operations).values["extra"]
    [late] = filled(operations)
    assert late.after == {"extra": {"ADDRESS": "Лесная, 1", "ADDRESS_CITY": "Тверь"}}
    assert late.needs == (made(operations).key,)


def test_a_field_of_the_playbooks_own_goes_to_the_field_it_names() -> None:
    extra = made(planned(carry={"fields": {"UF_CRM_TOWN": "UF_CRM_CITY"}})).values["extra"]
    assert extra["UF_CRM_CITY"] == "Тула" and "UF_CRM_TOWN" not in extra


def test_comments_of_leads_stand_on_the_card_below_where_it_comes_from() -> None:
    comment = made(planned()).values["comment"]
    assert comment.endswith("Разговор 1\nРазговор 2") and "1, 2" in comment
    assert "Разговор" not in made(planned(carry={"comments": False})).values["comment"]


def test_a_known_client_is_given_only_what_his_card_lacks() -> None:
    known = replace(contact(7, "Белова Анна", "a.belova@mail.ru"), extra={"POST": "Бухгалтер"})
    [one] = filled(planned(known=known))
    assert one.after == {
        "extra": {"ADDRESS": "Лесная, 1", "ADDRESS_CITY": "Тверь"},
        "comment": "Разговор 1\nРазговор 2",
    }
    assert one.before == {"extra": {"ADDRESS": None, "ADDRESS_CITY": None}, "comment": ""}
    assert (one.reason.code, reasons(one)["ADDRESS"]["from"]) == ("clean.fill_contact", "lead:1")


def test_a_known_clients_card_is_left_alone_where_the_playbook_says_so() -> None:
    known = contact(7, "Белова Анна", "a.belova@mail.ru")
    assert filled(planned(known=known, carry={"to_known": False})) == []


def test_a_date_of_the_year_one_is_no_birthday() -> None:
    extra = made(planned(first={"BIRTHDATE": "0001-01-01T00:00:00+03:00"})).values["extra"]
    assert "BIRTHDATE" not in extra


def test_a_deal_bears_the_marks_of_the_request_that_it_is_about() -> None:
    known = contact(7, "Белова Анна", "a.belova@mail.ru")
    here = [
        Pipeline(id="0", name="Общая", sort=10, default=True),
        Stage(id="1", ladder=deals_ladder("0"), code="D_NEW", name="Новая", sort=1, colour=None, outcome=Outcome.OPEN),
    ]
    records: list[Any] = [*here, known, replace(lead(1), extra=OLD), letter(1, "Анна Белова <a.belova@mail.ru>", 1)]
    spec = CleanSpec.model_validate({"classes": {"human": "convert_with_deal"}})
    draft = plan_clean(snapshot(records), spec, OwnersSpec(), NOW, HERE)
    assert made(list(draft.operations), Kind.DEAL).values["extra"] == {"UTM_SOURCE": "vk", "UTM_CAMPAIGN": "osen"}
