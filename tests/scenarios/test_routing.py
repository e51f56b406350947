"""New leads of the furnished company reach their owners: by event, by team in turn, by known client, by the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from b24kit.crm.cards import Lead
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Create, Write
from b24kit.playbook.deciding import decider
from b24kit.playbook.loader import parse_playbook
from b24kit.robots.store import Event
from b24kit.robots.turns import StoredTurns
from tests.robots.office import Office, office

BOOK = """
b24kit: 1
name: routes
title: {ru: Проба, en: Trial}
owners:
  seminars:
    - name: Охрана труда
      manager: "5"
      deputy: "6"
      signs: {utm: ot-spring}
  sources:
    - {source: CALL, team: Отдел продаж}
  fallback: {to: "1"}
people:
  zone: Europe/Moscow
  deputies: [{who: "5", deputy: "6"}]
routing: {assigned: в Работе}
"""


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, seed={"kind": "company", "leads": 30, "seed": 7}) as found:
        yield found


def arrive(at: Office, **values: Any) -> Ref:
    made = {"title": "Заявка", "stage": "NEW", **values}
    writes: list[Write] = [Create(f"made-{next(at.names)}", Kind.LEAD, made, quiet=True)]
    (result,) = at.portal.perform(writes, lambda _: None)
    return Ref(Kind.LEAD, str(result.new_id))


def work(at: Office, *leads: Ref) -> dict[Ref, Lead]:
    rules = decider(parse_playbook(BOOK, "routes.yaml"), at.portal, at.clock, StoredTurns(at.store, "p"))
    at.store.put("p", [Event(lead, "added") for lead in leads], at.clock.now())
    at.worker(rules=rules).drain()
    return {lead: cast(Lead, card) for lead, card in at.portal.read(leads).items()}


def test_an_event_has_its_manager_and_says_so_on_the_card(at_work: Office) -> None:
    words, mark = arrive(at_work, title="Запись на охрану труда"), arrive(at_work, extra={"UTM_CAMPAIGN": "ot-spring"})
    found = work(at_work, words, mark)
    assert [(card.owner, card.stage) for card in found.values()] == [("5", "5")] * 2
    said = [text for text in at_work.comments() if "Мероприятие «Охрана труда»" in text]
    assert len(said) == 2


def test_a_team_takes_turns_and_a_second_look_changes_nothing(at_work: Office) -> None:
    leads = [arrive(at_work, source="CALL") for _ in range(6)]
    found = work(at_work, *leads)
    assert Counter(card.owner for card in found.values()) == {"3": 2, "4": 2, "5": 2}
    comments = len(at_work.comments())
    assert work(at_work, *leads) == found
    assert len(at_work.comments()) == comments


def test_what_no_rule_took_stays_with_the_head_and_has_a_deadline(at_work: Office) -> None:
    lead = arrive(at_work, source="OTHER", owner="7")
    card = work(at_work, lead)[lead]
    assert (card.owner, card.stage) == ("1", "NEW")
    todo = next(row for row in at_work.rows("activity").values() if row.get("OWNER") == f"1:{lead.id}")
    assert todo["RESPONSIBLE_ID"] == 1
