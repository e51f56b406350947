"""The journal: durable, append-only, and free of secrets."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b24kit.change.journal import Entry, Journal, State
from b24kit.errors import UsageError
from tests.change.cases import DAY, company, plan_for, rollout

NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)


def entry(key: str, state: State, new_id: str | None = None) -> Entry:
    return Entry(key=key, state=state, at=NOW, new_id=new_id)


def test_the_last_entry_is_the_state_and_earlier_ones_stay(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    sent = Entry(key="a", state=State.INTENDED, at=NOW, seen={"stage": "NEW"}, wrote={"stage": "WON"})
    journal.append([sent, entry("b", State.SKIPPED)])
    journal.append([entry("a", State.DONE, new_id="7")])
    again = Journal(tmp_path / "j.sqlite")
    assert {key: found.state for key, found in again.last().items()} == {"a": State.DONE, "b": State.SKIPPED}
    assert list(again.sent()) == [sent]
    assert [found.state for found in again.history()] == [State.INTENDED, State.SKIPPED, State.DONE]


@pytest.mark.parametrize("spoil", ["UPDATE entries SET state = 'done'", "DELETE FROM entries"])
def test_nothing_written_can_be_changed_or_removed(tmp_path: Path, spoil: str) -> None:
    Journal(tmp_path / "j.sqlite").append([entry("a", State.INTENDED)])
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sqlite3.connect(tmp_path / "j.sqlite").execute(spoil)


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    broken = Entry(key="b", state=State.INTENDED, at=NOW, facts={"set": {1, 2}})
    with pytest.raises(TypeError):
        journal.append([entry("a", State.INTENDED), broken])
    assert journal.last() == {}
    journal.append([entry("c", State.DONE)])
    assert set(journal.last()) == {"c"}


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    assert journal._base.execute("PRAGMA synchronous").fetchone() == (2,)
    assert stat.S_IMODE((tmp_path / "j.sqlite").stat().st_mode) == 0o600


def test_each_run_leaves_plan_journal_and_summary_for_its_owner_only(tmp_path: Path) -> None:
    portal = company()
    recap = rollout(portal, tmp_path).apply(plan_for(portal))
    folder = tmp_path / "runs" / recap.run_id
    assert {path.name for path in folder.iterdir()} >= {"plan.json", "journal.sqlite", "recap.json"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_runs_are_listed_found_and_purged(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    work = rollout(portal, tmp_path)
    recap = work.apply(plan)
    (info,) = work.store.list()
    assert (info.id, info.plan_id, info.how, info.finished, info.user) == (recap.run_id, plan.id, "done", True, "1")
    assert work.store.of_plan(plan.id) == info and work.store.of_plan("other") is None
    assert work.store.purge(portal.clock.now() - DAY) == ()
    assert work.store.purge(portal.clock.now() + timedelta(seconds=1)) == (recap.run_id,)
    assert work.store.list() == ()
    with pytest.raises(UsageError, match=r"run\.absent"):
        work.store.open(recap.run_id)


@pytest.mark.parametrize("name", ["../runs", "", "a/b", "nothing"])
def test_a_run_that_is_none_is_not_opened(tmp_path: Path, name: str) -> None:
    portal = company()
    with pytest.raises(UsageError):
        rollout(portal, tmp_path).store.open(name)


def test_two_runs_in_one_second_have_two_folders(tmp_path: Path) -> None:
    portal = company()
    plan, facts = plan_for(portal), portal.facts()
    store = rollout(portal, tmp_path).store
    assert store.start(plan, facts, NOW).id != store.start(plan, facts, NOW).id
