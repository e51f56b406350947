"""Calls and meetings of a lead go with the client as his letters do; plans and tasks of our own stay where they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from b24kit.change.operation import BindLetter
from b24kit.crm.activity import Channel
from tests.cleanup.portal_of import contact, lead, letter, plan, snapshot

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
