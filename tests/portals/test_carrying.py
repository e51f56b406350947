"""Looking and writing side by side, as a run's feed asks: lost answers, budgets of their own, full batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import pytest

from b24kit.connectors.turns import carry_in_turns
from b24kit.crm.portal import Ahead, Progress, Seen, Wanted
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Bind, Change, Create, Result, Settled, Write
from tests.portals.conftest import Field

ONLY = ("bitrix24",)
SANDBOX_ONLY = "budgets and lost answers of many commands side by side are made on the sandbox"


class Script:
    """A feed that looks at things, and writes what `then` makes of what was seen."""

    def __init__(self, looks: Sequence[Ref], writes: Sequence[Write] = (), withheld: Collection[str] = ()) -> None:
        self.looks, self.writes, self.withheld = list(looks), list(writes), withheld
        self.intended: list[str] = []
        self.seen: dict[Ref, object] = {}
        self.results: list[Result] = []
        self.open = bool(looks)

    def more(self) -> Wanted:
        wanted = Wanted(self.looks, self.writes)
        self.looks, self.writes = [], []
        return wanted

    def intend(self, writes: Sequence[Write]) -> Collection[str]:
        self.intended += [write.key for write in writes if write.key not in self.withheld]
        return self.withheld

    def ahead(self) -> Ahead:
        return Ahead({}, {})

    def hear(self, event: Result | Seen) -> None:
        if isinstance(event, Result):
            self.results.append(event)
            return
        self.seen |= {ref: event.present.get(ref) for ref in event.refs}
        self.open = False
        for ref, record in event.present.items():
            if ref.kind is Kind.LEAD:
                self.writes.append(Change(f"w{ref.id}", ref, {"title": "увидено"}, {"title": ""}))
            assert record is not None


def carried(field: Field, script: Script) -> Script:
    told: list[Progress] = []
    for event in field.portal.carry(script, told.append):
        script.hear(event)
    return script


def leads(field: Field, count: int) -> list[Ref]:
    waiting = {one.lead for one in field.portal.incoming()}
    free = (lead for lead in field.portal.leads() if lead.id not in waiting)
    return [lead.ref for _, lead in zip(range(count), free, strict=False)]


def test_what_is_seen_is_written_and_what_is_gone_is_told(field: Field) -> None:
    found = leads(field, 5)
    script = carried(field, Script([*found, Ref(Kind.LEAD, "99999")]))
    assert script.seen[Ref(Kind.LEAD, "99999")] is None
    assert {result.settled for result in script.results} == {Settled.DONE}
    assert sorted(script.intended) == sorted(f"w{ref.id}" for ref in found)
    assert {getattr(record, "title", "") for record in field.portal.read(found).values()} == {"увидено"}


def test_activities_come_with_their_bindings_and_directories_whole(field: Field) -> None:
    letter = next(iter(field.portal.activities(on=Kind.LEAD)))
    stage = field.portal.stages()[0]
    script = carried(field, Script([letter.ref, Ref(Kind.STAGE, stage.id)]))
    assert script.seen == field.portal.read([letter.ref, Ref(Kind.STAGE, stage.id)])


@pytest.mark.parametrize("kind", ["cut_after", "html", "truncated"])
def test_in_a_lost_batch_looks_are_repeated_and_writes_are_unknown(field: Field, kind: str) -> None:
    made = [Create(f"c{number}", Kind.CONTACT, {"name": {"first": str(number)}}) for number in range(3)]
    found = leads(field, 2)
    field.control.faults({"kind": kind, "numbers": [1], "writes_only": True})
    script = carried(field, Script(found, made))
    told = Counter(result.settled for result in script.results)
    assert told[Settled.UNKNOWN] >= 1 and sum(told.values()) == 5
    assert set(script.seen) == set(found) and all(script.seen.values())


def test_what_is_withheld_does_not_leave_and_has_no_result(field: Field) -> None:
    field.needs("bind activity")
    letter = next(iter(field.portal.activities(on=Kind.LEAD)))
    contacts = [contact.ref for _, contact in zip(range(3), field.portal.contacts(), strict=False)]
    writes: list[Write] = [Bind(f"b{card.id}", letter.ref, card) for card in contacts]
    writes += [Create(f"c{number}", Kind.CONTACT, {"name": {"first": f"Нов{number}"}}) for number in range(3)]
    script = carried(field, Script([], writes, withheld={f"b{contacts[0].id}", "c1"}))
    told = {result.key for result in script.results}
    assert told == {write.key for write in writes} - set(script.withheld) == set(script.intended)
    firsts = [contact.name.first for contact in field.portal.contacts()]
    assert "Нов0" in firsts and "Нов1" not in firsts


def test_a_method_without_running_time_does_not_hold_the_others(field: Field) -> None:
    field.needs("bind activity")
    rule = {"model": "docs", "window": 600, "limit": 5}
    field.control.settings(operating=rule, work={"crm.activity.binding.add": 0.5, "crm.lead.update": 0.05})
    field.control.log_calls(True)
    letters = [letter.ref for _, letter in zip(range(30), field.portal.activities(on=Kind.LEAD), strict=False)]
    contact = next(iter(field.portal.contacts())).ref
    found = leads(field, 20)
    began = field.clock.monotonic()
    writes: list[Write] = [Bind(f"b{letter.id}", letter, contact) for letter in letters]
    writes += [Change(f"w{ref.id}", ref, {"title": "мимо"}, {"title": ""}) for ref in found]
    ends: dict[str, float] = {}
    script = Script([], writes)
    for event in field.portal.carry(script):
        script.hear(event)
        if isinstance(event, Result):
            ends[event.key] = field.clock.monotonic() - began
    assert {result.settled for result in script.results} == {Settled.DONE} and len(script.results) == 50
    assert max(ends[f"w{ref.id}"] for ref in found) < 60 < 600 < max(ends.values())


def test_carried_by_turns_comes_to_the_same(field: Field) -> None:
    found = leads(field, 5)
    made = [Create(f"c{number}", Kind.CONTACT, {"name": {"first": f"Нов{number}"}}) for number in range(3)]
    script, told = Script([*found, Ref(Kind.LEAD, "99999")], made, withheld={"c1"}), list[Progress]()
    for event in carry_in_turns(field.portal, script, told.append, at_once=2):
        script.hear(event)
    assert script.seen[Ref(Kind.LEAD, "99999")] is None and not script.writes
    assert {result.settled for result in script.results} == {Settled.DONE}
    assert sorted(script.intended) == ["c0", "c2", *sorted(f"w{ref.id}" for ref in found)]
    assert sorted(result.key for result in script.results) == sorted(script.intended)
    assert {getattr(record, "title", "") for record in field.portal.read(found).values()} == {"увидено"}
    assert told[-1].done == len(script.results)
