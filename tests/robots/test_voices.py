"""A machine on the client's side is no client: it stops no sequence and opens no card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.robots.decide import decide
from b24kit.robots.facts import CardFacts
from tests.robots.ruleset import ONLY
from tests.robots.staff import Staff, at
from tests.robots.world import lead, touch

RULES = ONLY["cadence"]


def written(subject: str, sender: str, **headers: str) -> CardFacts:
    """A client was called, and a letter came after it."""
    facts = touch(Channel.CALL)(lead("09.02 10:00", "REQUEST"), at("09.02 10:05"))
    facts = touch(Channel.EMAIL, Direction.IN, through=True, by=None)(facts, at("09.02 11:00"))
    ref = facts.touches[-1].ref
    letter = Activity(
        id=ref.id,
        channel=Channel.EMAIL,
        direction=Direction.IN,
        subject=subject,
        card=facts.card.ref,
        done=True,
        letter=Letter(sender=sender, headers={name.replace("_", "-"): value for name, value in headers.items()}),
    )
    return replace(facts, letters=(letter,))


@pytest.mark.parametrize(
    ("facts", "stopped"),
    [
        (written("Re: заявка", "petr@example.ru"), True),
        (written("Автоответ: в отпуске", "petr@example.ru", Auto_Submitted="auto-replied"), False),
        (written("Undelivered Mail Returned to Sender", "MAILER-DAEMON@mx.example.ru"), False),
    ],
    ids=["a person", "a vacation notice", "a bounce"],
)
def test_only_a_person_stops_a_sequence(facts: CardFacts, stopped: bool) -> None:
    kinds = [one.kind for one in decide(facts, RULES, Staff(), at("09.02 11:05")).actions]
    assert ("move" in kinds) is stopped
