"""Removal from the command line: copied, told, asked for, proven, taken back; and the copy looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from b24kit.change.draft import plan_over
from b24kit.change.operation import Operation, Reason
from b24kit.change.plan import ordered
from b24kit.change.planfile import save
from b24kit.change.snapshot import take_snapshot
from b24kit.cleanup.remove import remove
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.refs import Kind
from b24kit.sandbox.remote import RemoteClock
from tests.scenarios.job import Job, job

REMOVED = 12
PHRASE = ("--confirm", f"delete {REMOVED}")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    """A job whose plan file removes the first leads of a company with belongings."""
    with job(tmp_path_factory.mktemp("remove") / "job", leads=40, plant={"belongings": True}) as found:
        clock = RemoteClock(found.control)
        portal = open_portal(Webhook.parse(found.sandbox.webhook_url), clock)
        snapshots = found.folder / "client" / ".b24kit" / "snapshots"
        snapshot = take_snapshot(portal, snapshots / "1.sqlite", want=(Kind.LEAD, Kind.ACTIVITY), clock=clock)
        operations: list[Operation] = []
        for lead in list(snapshot.leads())[:REMOVED]:
            operations += remove(lead, [], Reason("clean.archive_newsletter"), f"c-{lead.id}")
        plan = plan_over(snapshot, ordered(operations), playbook="test", now=clock.now(), portal=portal)
        save(plan, found.plan_file, store=found.folder / "client" / ".b24kit" / "runs")
        portal.close()
        yield found


def test_removal_from_the_first_question_to_the_way_back(work: Job) -> None:
    shown = work.types("--lang", "en", "show", str(work.plan_file)).out
    assert "A full copy is taken before the removal" in shown and "Undo: full." not in shown

    refused = work.types("--lang", "en", "apply", str(work.plan_file), typed="yes\n")
    assert refused.exit == 5
    assert "The copy holds 12 cards" in refused.out and "old ids: 12 cards" in refused.out
    assert len(work.table("lead")) == 40

    done = work.json("apply", str(work.plan_file), *PHRASE)
    assert done.exit == 0, done.err
    compared = done.document["belongings"]
    assert compared["lost"] == 0 and compared["parts"]["letters"]["in_backup"] > 0
    assert len(work.table("lead")) == 40 - REMOVED

    assert work.types("backup", "list").exit == 0
    held = work.json("backup", "show").document
    assert held["cards"] == REMOVED and held["unread_files"] == []
    assert work.types("--lang", "en", "backup", "verify").out.startswith("The copy is whole")

    assert work.json("undo", "--auto-approve").exit == 0
    assert len(work.table("lead")) == 40
    rows = work.json("runs", "ids").out
    assert rows.count("lead:") >= 2 * REMOVED
    copies = list(work.folder.rglob("backups/*.sqlite"))
    assert [oct(path.stat().st_mode)[-3:] for path in copies] == ["600"]
    damage(copies[0])
    assert work.types("backup", "verify").exit == 1


def damage(path: Path) -> None:
    base = sqlite3.connect(path)
    base.execute("UPDATE cards SET body = replace(body, 'lead:1\"', 'lead:2\"') WHERE ref = 'lead:1'")
    base.commit()
    base.close()
