"""A lead goes with a copy, after its shared letters were taken off it."""

from __future__ import annotations

from b24kit.change.operation import Phase, Reason, RemoveRecord, UnbindLetter
from b24kit.cleanup.remove import remove
from b24kit.crm.cards import Lead
from b24kit.crm.refs import Kind, Ref

LEAD = Lead(id="5", title="Рассылка", stage="MAIL", owner="3")
LETTERS = [Ref(Kind.ACTIVITY, "9"), Ref(Kind.ACTIVITY, "8"), Ref(Kind.ACTIVITY, "9")]


def test_letters_come_off_first_and_each_once() -> None:
    *off, last = remove(LEAD, LETTERS, Reason("test.why"), "c-5")
    assert [(type(one), one.target.id) for one in off] == [(UnbindLetter, "9"), (UnbindLetter, "8")]
    assert isinstance(last, RemoveRecord) and last.kept and last.phase is Phase.RETIRE
    assert last.needs == tuple(one.key for one in off)
    assert last.before["title"] == "Рассылка"
    assert {one.cluster for one in (*off, last)} == {"c-5"}


def test_a_lead_without_shared_letters_is_one_operation() -> None:
    [only] = remove(LEAD, [], Reason("test.why"), "c-5")
    assert isinstance(only, RemoveRecord) and only.needs == ()
