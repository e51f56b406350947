"""Clients of dismissed people go to one successor each, whole; what stays with somebody working is not touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from b24kit.change.operation import UpdateRecord
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.crm.activity import Channel
from b24kit.crm.cards import Company, Deal
from b24kit.crm.pipeline import Outcome
from b24kit.errors import UsageError
from tests.cleanup.portal_of import contact, lead, letter, mail, plan, snapshot

GONE, OLGA, DENIS, IGOR = "5", "2", "3", "4"  # Виктор Панов was dismissed; his team is sales, its head is Игорь Белов
ANNA = "Анна Белова <a.belova@mail.ru>"


def planned(*records: Any, limit: int | None = None, **handover: Any) -> CleanDraft:
    return plan(snapshot(*records), clean={"handover": handover}, limit=limit)


def owners(draft: CleanDraft) -> dict[str, str]:
    """The new owner of every card that gets one."""
    changes = [one for one in draft.operations if isinstance(one, UpdateRecord)]
    named = {str(one.ref): one.after.get("owner") or one.after.get("responsible") for one in changes}
    return {ref: owner for ref, owner in named.items() if owner}


def deal(number: int, owner: str, outcome: Outcome = Outcome.OPEN, **changes: Any) -> Deal:
    return Deal(id=str(number), title="Стенд", pipeline="0", stage="NEW", owner=owner, outcome=outcome, **changes)


def test_a_named_successor_takes_over_everything_that_runs() -> None:
    work = replace(letter(9, ANNA, 1), channel=Channel.CALL, responsible=GONE, card=contact(7, "Белова Анна").ref)
    draft = planned(
        [contact(7, "Белова Анна", owner=GONE, company="3"), contact(8, "Носов Пётр", owner=OLGA)],
        [Company(id="3", title="Лес", owner=GONE), deal(4, GONE, contact="7"), deal(5, GONE, Outcome.WON)],
        [replace(lead(1, days=1), owner=GONE), work],
        to={"Виктор Панов": "Денис Фролов"},
    )
    handed = {"contact:7": DENIS, "company:3": DENIS, "deal:4": DENIS, "lead:1": DENIS, "activity:9": DENIS}
    assert owners(draft) == handed
    [note] = [one for one in draft.notes if one.code == "clean.note.handover"]
    assert (note.facts["who"], note.facts["to"]) == ("Виктор Панов", "Денис Фролов")
    assert note.facts["why_en"] == "1 contact, 1 company, 1 running deal, 1 lead, 1 planned activity"


def test_without_a_successor_cards_stay_and_are_counted() -> None:
    draft = planned(contact(7, "Белова Анна", owner=GONE))
    assert owners(draft) == {}
    assert [one.facts["count"] for one in draft.notes if one.code == "clean.note.handover_left"] == [1]


def test_the_rest_goes_to_the_head_of_the_leavers_team() -> None:
    assert owners(planned(contact(7, "Белова Анна", owner=GONE), others="head")) == {"contact:7": IGOR}


def test_a_team_takes_clients_by_turns_and_each_client_whole() -> None:
    draft = planned(
        [contact(7, "Белова Анна", owner=GONE), deal(1, GONE, contact="7"), contact(8, "Носов Пётр", owner=GONE)],
        others="team",
    )
    assert owners(draft) == {"contact:7": OLGA, "deal:1": OLGA, "contact:8": DENIS}


def test_a_colleague_who_looks_after_the_company_goes_on_with_all_of_it() -> None:
    firm = Company(id="3", title="Лес", owner=DENIS)
    assert owners(planned(firm, contact(7, "Белова Анна", owner=GONE, company="3"), others="team")) == {
        "contact:7": DENIS
    }


def test_letters_of_such_a_client_go_to_the_successor_in_the_same_plan() -> None:
    draft = planned(
        contact(7, "Белова Анна", "a.belova@mail.ru", owner=GONE), mail(1, ANNA), to={"5": "frolov@own.example"}
    )
    assert owners(draft) == {"contact:7": DENIS, "lead:1": DENIS}


def test_a_card_that_is_written_anyway_is_written_once() -> None:
    old = contact(7, "Белова Анна", "a.belova@mail.ru", owner=GONE)
    told = replace(lead(1), comment="Просила счёт")
    draft = planned(old, told, letter(1, ANNA, 1), to={"5": "3"})
    [one] = [op for op in draft.operations if isinstance(op, UpdateRecord) and op.ref == old.ref]
    assert one.after == {"owner": DENIS, "comment": "Просила счёт"} and one.before["owner"] == GONE


def test_a_limit_takes_whole_clients() -> None:
    cards = [contact(7, "Белова Анна", owner=GONE), deal(1, GONE, contact="7"), contact(8, "Носов Пётр", owner=GONE)]
    assert owners(planned(cards, limit=1, to={"5": "3"})) == {"contact:7": DENIS, "deal:1": DENIS}


@pytest.mark.parametrize(
    ("to", "code"),
    [({"5": "Виктор Панов"}, "owners.dismissed"), ({"Никто": "3"}, "owners.unknown_person")],
    ids=["dismissed", "unknown"],
)
def test_a_successor_must_work_here_and_be_somebody(to: dict[str, str], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned(to=to)
    assert caught.value.code == code


def test_a_second_plan_has_nothing_to_hand_over() -> None:
    assert owners(planned(contact(7, "Белова Анна", owner=DENIS), to={"5": "3"})) == {}
