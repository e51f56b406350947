"""A copy of cards goes on where it ended, notices that it was damaged, and knows what came since."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from b24kit.change.backup import Backup, Backups, came_since, take_backup
from b24kit.crm.dossier import Part
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import UsageError
from tests.change.cases import company
from tests.change.memory_portal import MemoryPortal, PowerCut


def belongings() -> MemoryPortal:
    """Lead 1 has a comment with two files, one of which nobody may read."""
    portal = company()
    files = [{"id": "1", "name": "акт.pdf", "size": 5}, {"id": "2", "name": "тайна.zip", "size": 9}]
    portal.rows[Kind.COMMENT]["31"] = {"card": "lead:1", "text": "Звонил", "author": "5", "files": files}
    portal.rows[Kind.PRODUCT]["41"] = {"card": "lead:1", "name": "Курс", "price": 100, "quantity": 1}
    portal.files["1"] = b"bytes"
    return portal


def cards(portal: MemoryPortal) -> list[Ref]:
    return [lead.ref for lead in portal.leads()]


def copied(portal: MemoryPortal, folder: Path) -> Backup:
    backup = Backups(folder / "backups").make("plan1")
    take_backup(backup, portal, cards(portal), portal.clock)
    return backup


def test_a_copy_holds_every_part_and_the_contents_of_files(tmp_path: Path) -> None:
    backup = copied(belongings(), tmp_path)
    manifest = backup.manifest()
    assert (manifest.cards, manifest.count(Part.LETTERS), manifest.count(Part.COMMENTS)) == (8, 8, 1)
    assert manifest.unread_files == ("тайна.zip",)
    kept = backup.file("1")
    assert kept is not None and kept.sha is not None and backup.content(kept.sha) == b"bytes"
    assert backup.verify().flaws == ()
    assert oct(backup.path.stat().st_mode)[-3:] == "600"


def test_a_copy_that_was_cut_off_goes_on_and_asks_for_nothing_twice(tmp_path: Path) -> None:
    portal = belongings()
    backup = Backups(tmp_path).make("plan1")
    take_backup(backup, portal, cards(portal)[:3], portal.clock)
    portal.files.clear()
    asked: list[str] = []

    def step() -> None:
        asked.append("card")
        if len(asked) > 5:
            raise PowerCut

    portal.step = step
    take_backup(backup, portal, cards(portal), portal.clock)
    assert len(asked) == 5
    assert backup.missing(cards(portal)) == []


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("UPDATE cards SET body = replace(body, 'Письмо 2', 'Письмо 3') WHERE ref = 'lead:2'", "card"),
        ("UPDATE contents SET content = x'00'", "content"),
        ("DELETE FROM contents", "file"),
        ("DELETE FROM parts WHERE part = 'comments'", "comments"),
    ],
    ids=["card", "content", "file", "part"],
)
def test_a_damaged_copy_is_told_by_its_hashes(tmp_path: Path, damage: str, what: str) -> None:
    backup = copied(belongings(), tmp_path)
    backup.close()
    base = sqlite3.connect(backup.path)
    base.execute(damage)
    base.commit()
    base.close()
    flaws = Backup(backup.path).verify().flaws
    assert [flaw.what for flaw in flaws] == [what]


def test_what_came_since_is_seen_and_what_was_taken_off_is_no_news(tmp_path: Path) -> None:
    portal = belongings()
    backup = copied(portal, tmp_path)
    assert came_since(backup, portal, cards(portal)) == {}
    portal.rows[Kind.COMMENT]["32"] = {"card": "lead:2", "text": "новое"}
    portal.rows[Kind.COMMENT]["31"]["text"] = "исправлено"
    del portal.rows[Kind.ACTIVITY]["103"]
    found = came_since(backup, portal, cards(portal))
    assert found == {Ref(Kind.LEAD, "1"): ["comments"], Ref(Kind.LEAD, "2"): ["comments"]}


def test_a_file_that_is_no_copy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    path.write_text("no database at all, only words that are long enough to be read as a page")
    with pytest.raises(UsageError, match=r"backup\.unreadable"):
        Backup(path)
