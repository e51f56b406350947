"""One job with everything in it: letters of each class go their own way, doubles merge as people answered, protected
cards stay, the process is killed in the middle, goes on, proves that nothing is lost, and is taken back."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl

from b24kit.change.merging import MergeRecords
from b24kit.change.operation import RemoveRecord
from b24kit.change.planfile import load
from b24kit.change.snapshot import Snapshot, take_snapshot
from b24kit.cli.scope import EVERYTHING
from b24kit.clock import SystemClock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.refs import Kind, Ref
from b24kit.sandbox.remote import RemoteClock
from benchmarks.merging import differences
from tests.scenarios.job import NONE, Job, job
from tests.scenarios.test_modes import DEALS, plans, playbook
from tests.scenarios.test_stopped import process

CLASSES = {"newsletter": "delete", "notification": "archive", "relay": "review", "human": "convert_with_deal"}
ANSWERS = ("один клиент", "разные люди", "не трогать")


def look(work: Job, name: str) -> Snapshot:
    clock = RemoteClock(work.control)
    portal = open_portal(Webhook.parse(work.sandbox.webhook_url), clock)
    try:
        return take_snapshot(portal, work.folder / f"{name}.sqlite", want=EVERYTHING, clock=clock)
    finally:
        portal.close()


def answer(book: Path) -> dict[str, str]:
    """The first three questions about two contacts: yes, no, and hands off; every other one of them yes."""
    file = openpyxl.load_workbook(book)
    sheet = file.worksheets[0]
    head = [str(cell.value) for cell in sheet[1]]
    given: dict[str, str] = {}
    for row in range(2, sheet.max_row + 1):
        key = str(sheet.cell(row, head.index("#key") + 1).value)
        if key.count("contact:") == 2:
            given[key] = ANSWERS[len(given)] if len(given) < len(ANSWERS) else ANSWERS[0]
            sheet.cell(row, 1).value = given[key]
    file.save(book)
    return given


def cards(key: str) -> frozenset[Ref]:
    return frozenset(Ref.parse(one) for one in key.split("~"))


def merges_of(work: Job) -> list[MergeRecords]:
    plan = load(work.plan_file, store=work.folder / "client" / ".b24kit" / "runs")
    return [one for one in plan.operations if isinstance(one, MergeRecords)]


def removed_by(work: Job) -> set[Ref]:
    plan = load(work.plan_file, store=work.folder / "client" / ".b24kit" / "runs")
    return {one.ref for one in plan.operations if isinstance(one, RemoveRecord) and one.ref.kind is Kind.LEAD}


def killed(work: Job, *arguments: str, after: int) -> None:
    """Apply in a process of its own and kill it, without a word, when it has sent so many requests."""
    work.control.forget_metrics()
    work.control.clock(mode="real")
    work.control.settings(latency=0.05)
    run = process(work, "apply", str(work.plan_file), *arguments)
    while run.poll() is None and work.control.metrics()["requests"] < after:
        SystemClock().sleep(0.005)
    assert run.poll() is None, run.communicate()
    run.send_signal(signal.SIGKILL)
    run.communicate()
    work.control.settings(latency=0)
    work.control.clock(mode="moved")


def ids_again(work: Job) -> dict[Ref, Ref]:
    rows = work.json("runs", "ids").document["tables"][0]["rows"]
    return {Ref.parse(row["old"]): Ref.parse(row["new"]) for row in rows}


def without_removed(found: Mapping[str, int]) -> dict[str, int]:
    """Letters of removed leads come back under new numbers, as was told: what else differs."""
    return {name: count for name, count in found.items() if not name.startswith("activity.")}


def test_a_mixed_job_with_merges_answers_protection_and_a_kill_loses_nothing_and_goes_back(tmp_path: Path) -> None:
    with job(tmp_path, leads=160, plant={"doubles": 8}) as work:
        clean: dict[str, Any] = {"classes": CLASSES, "consent": ["UF_CRM_OPT_OUT"], "merge": "reviewed"}
        book = work.folder / "client" / "review.xlsx"
        own = playbook(work, **clean)
        plans(work, own)
        assert merges_of(work) == []
        told = work.json("review", "export", own, "-o", str(book))
        assert told.exit == 0, told.err
        given = answer(book)
        assert set(given.values()) == set(ANSWERS)
        assert work.json("review", "import", str(book)).exit == 0
        before = look(work, "before")
        work.control.advance(60)
        planned = plans(work, own)
        merged = {frozenset(one.cards) for one in merges_of(work)}
        yes = {cards(key) for key, word in given.items() if word == ANSWERS[0]}
        assert merged and merged <= yes
        no, kept = (next(cards(key) for key, word in given.items() if word == one) for one in ANSWERS[1:])
        swallowed = {ref for one in merges_of(work) for ref in one.losers}
        removed = removed_by(work)
        assert removed and not swallowed & (no | kept)
        hands_off = {card.id: work.table("contact")[card.id] for card in kept}

        confirm = ("--confirm", f"удалить {planned['no_way_back']}")
        killed(work, *NONE, *DEALS, *confirm, after=60)
        done = work.applies(*DEALS, *confirm)
        assert done.exit == 0, done.err
        belongings = done.document["belongings"]
        assert (belongings["lost"], belongings["consent_lost"]) == (0, 0), belongings["missing"]
        assert {number: work.table("contact")[number] for number in hands_off} == hands_off
        assert not swallowed & {contact.ref for contact in look(work, "after").contacts()}

        back = work.undoes()
        assert back.exit == 0, back.err
        again = ids_again(work)
        assert again.keys() == swallowed | removed
        found = differences(before, look(work, "back"), again)
        assert without_removed(found) == {}, found
        gone_with = sum(one.card in removed for one in before.activities())
        assert set(found) <= {"activity.whole", "activity.bindings"} and found.get("activity.whole", 0) <= gone_with

        work.control.advance(60)
        plans(work, own)  # what was answered of the old numbers holds of the new ones
        assert {frozenset(again.get(ref, ref) for ref in pair) for pair in merged} == {
            frozenset(one.cards) for one in merges_of(work)
        }
