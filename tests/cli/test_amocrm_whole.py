"""A consultant on an amoCRM account: what he is told, the whole job by commands, and what stands there afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from b24kit.playbook.shipped import find_playbook
from b24kit.sandbox.server import Sandbox
from tests.cli.conftest import Consultant

LEADS = 120
CLEAN = ("plan", "talking-leads", "--tap-open", "--answer", "robots-leads=none")
# Words of the other vendor that nobody on amoCRM should read, in sentences about his own account.
FOREIGN = re.compile(r"Битрикс|вебхук|/crm/|исключения CRM|CRM-форм|Создавать лиды из писем|повторными", re.IGNORECASE)


@pytest.fixture
def amo(consultant: Consultant) -> Iterator[tuple[Consultant, Sandbox]]:
    """The consultant's folder with one portal: an amoCRM account on a moved clock."""
    seed = {"kind": "company", "leads": LEADS, "seed": 7}
    with Sandbox(vendor="amocrm", seed=seed, manners={"rate": None}, clock="moved") as sandbox:
        consultant.patch.setenv("B24KIT_CLOCK", sandbox.url)
        assert consultant.types("portal", "add", "amo", typed=f"{sandbox.url} {sandbox.token}").exit == 0
        yield consultant, sandbox


def confirmed(consultant: Consultant, *command: str) -> Any:
    """A command, typed again with the phrase that its refusal asks for."""
    answer = consultant.json(*command)
    phrase = re.search(r'--confirm "([^"]+)"', answer.err)
    return consultant.json(*command, "--confirm", phrase[1]) if answer.exit and phrase else answer


def test_no_sentence_speaks_of_the_other_vendors_places(amo: tuple[Consultant, Sandbox], tmp_path: Path) -> None:
    consultant, _ = amo
    commands = [
        ("portal", "info"), ("doctor",), ("audit",), ("lint",), CLEAN, ("plan", "talking-leads", "--only", "stages"),
        ("extract", "talking-leads", "--excel", str(tmp_path / "clients.xlsx")),
        ("review", "export", "talking-leads", "-o", str(tmp_path / "review.xlsx")),
    ]  # fmt: skip
    said = {command: consultant.types(*command) for command in commands}
    found = {command: FOREIGN.findall(answer.out + answer.err) for command, answer in said.items()}
    assert {command: words for command, words in found.items() if words} == {}
    assert all(answer.exit == 0 for answer in said.values()), {c: a.err for c, a in said.items() if a.exit}


def test_a_fresh_contact_of_a_letter_is_no_known_client_in_the_audit(amo: tuple[Consultant, Sandbox]) -> None:
    consultant, _ = amo
    tables = {table["table"]: table["rows"] for table in consultant.json("audit").document["tables"]}
    causes = {str(next(iter(row.values()))) for row in tables["audit.sheet.by_cause"]}
    assert len(causes) > 3, "letters in the unsorted are read like all others"


def test_the_clean_up_is_applied_proved_and_leaves_nothing_to_do(amo: tuple[Consultant, Sandbox]) -> None:
    consultant, sandbox = amo
    made = consultant.json(*CLEAN, "-o", "plan.b24").document
    reasons = [row["name"] for row in sandbox.control.dump(["loss_reason"])["tables"]["loss_reason"].values()]
    assert made["final"] > 0 and consultant.json("apply", "plan.b24").exit != 0, "what is final needs its phrase"
    applied = confirmed(consultant, "apply", "plan.b24")
    assert applied.exit == 0, applied.err
    assert consultant.json("verify", "--detailed-exitcode").exit == 0
    report = consultant.json("report")
    assert (report.exit, report.document["lost"]) == (0, 0), report.err
    assert consultant.json(*CLEAN).document["empty"] is True
    now = [row["name"] for row in sandbox.control.dump(["loss_reason"])["tables"]["loss_reason"].values()]
    assert sorted(set(now) - set(reasons)) == [
        "Архив: не обращение", "Выбрал других", "Не вышел на связь", "Не наш клиент", "Письмо клиента, привязано"
    ], "one reason for one meaning, by the design's own words"  # fmt: skip
    exported = consultant.json("export", "clusters", "-o", str(consultant.folder / "clusters.csv"))
    assert exported.exit == 0 and exported.document["rows"] > 0
    assert consultant.json("runs").exit == 0
    undone = consultant.json("undo", "--auto-approve")
    assert undone.exit == 0, undone.err


def test_a_person_named_by_a_position_gives_way_with_a_warning(amo: tuple[Consultant, Sandbox]) -> None:
    consultant, _ = amo
    notes = {note["code"]: note["facts"] for note in consultant.json(*CLEAN, "--only", "clean").document["notes"]}
    assert notes["owner.warning.post"]["who"] == "Менеджер курсов"
    assert notes["owner.warning.no_head"]["team"] == "Отдел продаж"


def test_the_leak_test_hears_letters_that_wait_in_the_unsorted(amo: tuple[Consultant, Sandbox]) -> None:
    consultant, sandbox = amo
    since = datetime.fromisoformat(sandbox.control.clock()["now"]) - timedelta(days=28)
    rows = sandbox.control.dump(["unsorted"])["tables"]["unsorted"].values()
    fresh = [row for row in rows if row["category"] == "mail" and row["created_at"] > since.timestamp()]
    leak = consultant.json("audit", "--leak", "--since", since.isoformat()).document
    assert fresh and leak["leads"] >= len(fresh) and leak["verdict"] == "open"
    assert {row["source_name"] for row in fresh} <= {one["mailbox"] for one in leak["mailboxes"]}


@pytest.mark.parametrize("allowed", [True, False], ids=["allowed", "refused"])
def test_the_link_trial_is_remembered_with_its_day(amo: tuple[Consultant, Sandbox], allowed: bool) -> None:
    consultant, sandbox = amo
    settings = sandbox.control.settings()["portal"]
    sandbox.control.settings(portal={**settings, "unsorted_link_mail": allowed})
    book = consultant.folder / "book.yaml"
    text = find_playbook("talking-leads").read_text(encoding="utf-8")
    book.write_text(text.replace("  move_letters: false", "  incoming: {link: probe}\n  move_letters: false"), "utf-8")
    plan = ("plan", str(book), *CLEAN[2:])
    told = [note["code"] for note in consultant.json(*plan, "-o", "plan.b24").document["notes"]]
    assert "clean.note.link_untried" in told
    applied = confirmed(consultant, "apply", "plan.b24")
    assert applied.exit == (0 if allowed else 3), applied.err
    known = "clean.note.link_works" if allowed else "clean.note.link_refused"
    notes = {note["code"]: note["facts"] for note in consultant.json(*plan).document["notes"]}
    assert notes[known]["day"] == sandbox.control.clock()["now"][:10]
    again = [note["code"] for note in consultant.json(*plan, "--probe-again").document["notes"]]
    assert "clean.note.link_untried" in again
    if not allowed:  # what could not be linked is copied and turned down by the next plan
        assert consultant.json(*plan, "-o", "next.b24").document["counts"]
        assert confirmed(consultant, "apply", "next.b24").exit == 0
        assert consultant.json(*plan).document["empty"] is True
