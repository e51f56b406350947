"""One simulated month: every deadline, attempt and escalation of three dozen cards equals a table made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from b24kit.crm.activity import Channel, Direction
from b24kit.robots.facts import CardFacts
from tests.robots.ruleset import rules_of
from tests.robots.staff import Staff, at
from tests.robots.world import World, deal, lead, learned, moved, on, planned, touch

CARDS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "month.yaml").read_text(encoding="utf-8"))
RULES = rules_of(armed=True)
STAFF = Staff(away={"6": (date(2026, 2, 16), date(2026, 2, 20))})
END = at("13.03 23:59")
QUIET = ("fill", "comment", "finish")  # what is written on a card is no deadline, attempt or escalation


def happening(words: str) -> Callable[[CardFacts, datetime], CardFacts]:
    """What a line of the table means: `call`, `in email`, `move OFFER`, `plan 16.02 15:00`, `learn FIELD value`..."""
    verb, _, rest = words.partition(" ")
    if verb == "in":
        return touch(Channel(rest), Direction.IN, by=None)
    if verb == "talk":
        return touch(Channel.CALL, through=True)
    if verb == "move":
        return moved(rest, RULES, by="5")
    if verb == "lose":
        return moved("LOST", RULES, by="5", extra={"UF_REASON": rest})
    if verb == "plan":
        return planned(at(rest))
    if verb == "learn":
        field, _, value = rest.partition(" ")
        return learned(**{field: value})
    return touch(Channel(verb))


def card_of(row: dict[str, Any]) -> CardFacts:
    owner, stage, data = row.get("owner", "5"), row.get("stage", "NEW"), row.get("data", {})
    if "pipeline" in row:
        return deal(row["created"], row["pipeline"], stage, owner, **data)
    return lead(row["created"], stage, row.get("source"), owner, **data)


def lived(row: dict[str, Any]) -> World:
    happenings = [on(moment, happening(words)) for moment, words in row.get("happens", {}).items()]
    return World(card_of(row), RULES, STAFF).run(at(row["created"]), END, happenings)


@pytest.mark.parametrize("row", CARDS, ids=lambda row: str(row["card"]))
def test_a_month_goes_as_worked_out_by_hand(row: dict[str, Any]) -> None:
    log = [" ".join(one) for one in lived(row).log if one[1] not in QUIET]
    assert log == row["expect"]


def test_the_table_is_as_long_as_promised_and_every_kind_of_action_stands_in_it() -> None:
    kinds = {line.split()[2] for row in CARDS for line in row["expect"]}
    assert len(CARDS) >= 30
    assert kinds == {"notice", "assign", "task", "move", "close", "open_card", "message"}
