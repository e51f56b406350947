"""Snapshots: whole, named by content, compared field by field."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from b24kit.change.snapshot import Snapshot, compare, take_snapshot
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError
from tests.change.cases import EVERYTHING, company, photograph
from tests.change.memory_portal import MemoryPortal


def taken(portal: MemoryPortal, path: Path) -> Snapshot:
    return take_snapshot(portal, path, want=EVERYTHING, clock=portal.clock)


def test_records_come_back_as_they_were_read(tmp_path: Path) -> None:
    portal = company(12)
    found = taken(portal, tmp_path / "s.sqlite")
    assert list(found.leads()) == list(portal.leads())
    assert list(found.activities(on=Kind.LEAD)) == list(portal.activities())
    assert found.stages("leads") == portal.stages() and found.sources() == portal.sources()
    assert found.get(Ref(Kind.LEAD, "3")) == list(portal.leads())[2]
    assert found.get(Ref(Kind.LEAD, "99")) is None
    assert (found.count(Kind.LEAD), found.read_through()["lead"]) == (12, "12")
    assert found.facts == portal.facts() and found.portal_id == "memory.test"


def test_the_same_state_has_the_same_name_and_another_one_another(tmp_path: Path) -> None:
    portal = company()
    first, second = taken(portal, tmp_path / "1.sqlite"), photograph(portal)
    assert first.id == second.id and first.settings_hash() == second.settings_hash()
    portal.edit(Ref(Kind.LEAD, "1"), owner="9")
    assert photograph(portal).id != first.id
    assert photograph(portal).settings_hash() == first.settings_hash()
    portal.rows[Kind.STAGE]["1"]["sort"] = 15
    assert photograph(portal).settings_hash() != first.settings_hash()


def test_only_what_is_wanted_is_read_and_settings_always(tmp_path: Path) -> None:
    portal = company()
    found = take_snapshot(portal, tmp_path / "s.sqlite", want={Kind.CONTACT}, clock=portal.clock)
    assert (found.count(Kind.CONTACT), found.count(Kind.LEAD), found.count(Kind.STAGE)) == (1, 0, 4)


def test_bodies_are_read_of_open_leads_letters_only_shortened_and_apart_from_the_records(tmp_path: Path) -> None:
    portal = company(4)
    for row in portal.rows[Kind.ACTIVITY].values():
        row |= {"channel": "email", "direction": "in", "text": "Добрый день! Ждём счёт."}
    closed = portal.rows[Kind.LEAD]["2"]
    closed["outcome"] = "lost"
    bare = take_snapshot(portal, tmp_path / "1.sqlite", want=EVERYTHING, clock=portal.clock)
    full = take_snapshot(
        portal, tmp_path / "2.sqlite", want=EVERYTHING, clock=portal.clock, shorten=lambda text: text[:6]
    )
    letters = {one.id: one.card.id for one in full.activities(on=Kind.LEAD)}
    assert "2" in letters.values()
    assert {full.body(letter) for letter, lead in letters.items() if lead != "2"} == {"Добрый"}
    assert [full.body(letter) for letter, lead in letters.items() if lead == "2"] == [None]
    assert bare.body("1") is None
    assert bare.id == full.id and compare(bare, full) == []


def test_differences_name_the_field_with_both_values(tmp_path: Path) -> None:
    portal = company()
    before = photograph(portal)
    portal.edit(Ref(Kind.LEAD, "1"), owner="9")
    del portal.rows[Kind.LEAD]["2"]
    found = compare(before, photograph(portal))
    assert [(str(one.ref), one.field, one.before, one.after) for one in found if one.field] == [
        ("lead:1", "owner", "5", "9")
    ]
    assert [(str(one.ref), one.after) for one in found if not one.field] == [("lead:2", None)]
    assert compare(before, photograph(portal), refs=[Ref(Kind.LEAD, "3")]) == []
    with_times = compare(before, photograph(portal), refs=[Ref(Kind.LEAD, "1")], ignore=())
    assert {one.field for one in with_times} == {"owner", "changed", "changed_by"}


def test_ids_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    assert [lead.id for lead in photograph(company(11)).leads()][-3:] == ["9", "10", "11"]


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    portal = company()

    class Broken(MemoryPortal):
        def leads(self, where: object = None, tell: object = None) -> object:  # type: ignore[override]
            raise ConnectionError

    broken = Broken(portal.clock)
    with pytest.raises(ConnectionError):
        taken(broken, tmp_path / "s.sqlite")
    assert not (tmp_path / "s.sqlite").exists()
    assert taken(portal, tmp_path / "s.sqlite").count(Kind.LEAD) == 8
    assert stat.S_IMODE((tmp_path / "s.sqlite").stat().st_mode) == 0o600


def test_what_is_no_snapshot_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"snapshot\.absent"):
        Snapshot.open(tmp_path / "absent.sqlite")
    (tmp_path / "bad.sqlite").write_text("no database at all, and longer than a header of SQLite would be" * 4)
    with pytest.raises(UsageError, match=r"snapshot\.unreadable"):
        Snapshot.open(tmp_path / "bad.sqlite")
