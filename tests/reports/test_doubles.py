"""Doubles that people unite on the portal: how many are left, and the list of them."""

from __future__ import annotations

from pathlib import Path

from b24kit.change.checking import Checked
from b24kit.change.operation import Phase, Reason, UpdateRecord
from b24kit.change.plan import Plan
from b24kit.change.snapshot import Difference
from b24kit.clock import FakeClock
from b24kit.crm.cards import Contact
from b24kit.crm.refs import Kind, Ref
from b24kit.reports.doubles import counted, doubles_of, without_united, write_doubles
from tests.change.memory_portal import MemoryPortal


def plan(clock: FakeClock, *doubles: str) -> Plan:
    marks = tuple(
        UpdateRecord(
            key=f"loser-{number}", phase=Phase.CARDS, reason=Reason("clean.tag_loser", {"client": "contact:1"}),
            ref=Ref(Kind.CONTACT, number), before={"extra": {}}, after={"extra": {"tags": ["x"]}},
        )
        for number in doubles
    )  # fmt: skip
    now = clock.now()
    return Plan(
        id="p", portal_id="memory.test", playbook="t", made_at=now, expires_at=now, settings_hash="", snapshot_id="",
        operations=marks,
    )  # fmt: skip


def test_a_double_that_is_gone_was_united_and_is_no_difference(tmp_path: Path) -> None:
    clock = FakeClock()
    portal = MemoryPortal(clock)
    portal.add(Contact(id="1"), Contact(id="3"))
    found = doubles_of(plan(clock, "2", "3"), portal)
    assert counted(found) == {"doubles": 2, "left": 1}
    gone, other = (Difference(Ref(Kind.CONTACT, number), "", number, None) for number in ("2", "9"))
    assert without_united(Checked(3, (gone, other)), found).differences == (other,)
    write_doubles(found, tmp_path / "doubles.csv")
    assert (tmp_path / "doubles.csv").read_text(encoding="utf-8-sig").splitlines() == [
        "stays;double;there",
        "1;2;0",
        "1;3;1",
    ]
