"""Calls and meetings of a lead go with the client as his letters do; plans and tasks of our own stay where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from b24kit.change.operation import BindLetter, Operation, UnbindLetter
from b24kit.change.plan import Plan
from b24kit.crm.activity import Channel
from b24kit.crm.portal import Cost
from b24kit.reports.plan_text import plan_lines
from tests.cleanup.portal_of import ABLE, NOW, contact, lead, letter, plan, snapshot

ANNA = "Анна Белова <a.belova@mail.ru>"


@pytest.mark.parametrize(
    ("channel", "goes"),
    [(Channel.CALL, True), (Channel.MEETING, True), (Channel.MESSAGE, True), (Channel.TODO, False)],
    ids=["call", "meeting", "message", "todo"],
)
def test_what_was_talked_about_goes_with_the_client(channel: Channel, goes: bool) -> None:
    talk = replace(letter(2, "", 1), channel=channel, letter=None)
    known = contact(7, "Белова Анна", "a.belova@mail.ru")
    draft = plan(snapshot(known, lead(1), letter(1, ANNA, 1), talk))
    bound = {one.activity.id: one.card for one in draft.operations if isinstance(one, BindLetter)}
    assert bound == {"1": known.ref} | ({"2": known.ref} if goes else {})


@pytest.mark.parametrize("moved", [False, True], ids=["bound", "moved"])
def test_a_call_is_counted_as_a_call_on_its_way_there_and_back(moved: bool) -> None:
    talk = replace(letter(2, "", 1), channel=Channel.CALL, letter=None)
    here = snapshot(contact(7, "Белова Анна", "a.belova@mail.ru"), lead(1), letter(1, ANNA, 1), talk)
    done = [one for one in plan(here, clean={"move_letters": moved}).operations if _is_link(one)]
    back = [one.inverse(None, ABLE) for one in done]
    assert _said(done) == (
        ["bind 1 call or meeting to clients", "bind 1 letter to clients"]
        + (["take 1 call or meeting off leads (clients keep them)", "take 1 letter off leads (clients keep them)"])
        * moved
    )
    assert _said(back) == sorted(
        ["unbind 1 call or meeting from clients", "unbind 1 letter from clients"]
        + ["give 1 call or meeting back to leads", "give 1 letter back to leads"] * moved
    )


def _is_link(operation: Operation) -> bool:
    return isinstance(operation, BindLetter | UnbindLetter)


def _said(operations: Sequence[Any]) -> list[str]:
    made = Plan(
        id="p", portal_id="x.example", playbook="", made_at=NOW, expires_at=NOW, settings_hash="", settings={},
        snapshot_id="", operations=tuple(operations), cost=Cost(requests=0),
    )  # fmt: skip
    return sorted(line.text for line in plan_lines(made, "en"))
