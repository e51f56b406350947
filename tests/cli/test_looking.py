"""Commands that only look: audit for a scheduler and for Excel, explain for one card, show for a plan passed on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook

from b24kit.cli.demo import clear
from b24kit.errors import UsageError
from tests.cli.conftest import Consultant


def test_an_audit_fits_two_pages_and_names_no_single_lead(at_work: Consultant) -> None:
    answer = at_work.types("audit")
    assert answer.exit == 0 and len(answer.out.splitlines()) < 130


def test_an_audit_for_a_machine_holds_every_table(at_work: Consultant) -> None:
    document = at_work.json("audit").document
    names = {table["table"] for table in document["tables"]}
    assert document["stuck"] <= document["open"] and "audit.sheet.stuck_list" in names
    (stuck,) = (table["rows"] for table in document["tables"] if table["table"] == "audit.sheet.stuck_list")
    assert len(stuck) == document["stuck"]


def test_the_workbook_of_an_audit_has_the_same_tables(at_work: Consultant, tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "audit.xlsx"
    document = at_work.json("audit", "--excel", str(file)).document
    assert len(load_workbook(file).sheetnames) == len(document["tables"])


def test_a_snapshot_can_be_audited_without_the_portal(at_work: Consultant) -> None:
    live = at_work.json("audit").document
    (snapshot,) = (at_work.folder / ".b24kit" / "snapshots").glob("*.sqlite")
    at_work.control.faults({"kind": "busy"})
    kept = at_work.json("audit", "--snapshot", str(snapshot))
    assert kept.exit == 0 and kept.document["tables"] == live["tables"]


def test_lint_of_a_portal_ends_with_two_when_asked(at_work: Consultant) -> None:
    assert at_work.types("lint").exit == 0
    assert at_work.types("lint", "--detailed-exitcode").exit == 2
    assert at_work.types("lint", "talking-leads", "--detailed-exitcode").exit == 0


def explained(consultant: Consultant) -> list[dict[str, object]]:
    """What the saved plan says of each of the first leads."""
    plan = str(consultant.plan_file)
    return [consultant.json("explain", f"lead:{number}", "--plan", plan).document for number in range(1, 21)]


def test_a_card_is_explained_with_client_owner_rule_and_stage(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    full = [one for one in explained(at_work) if one["client"]]
    assert full and all(one["owner_rule"] and one["stage"] and one["reasons"] for one in full)
    answer = at_work.types("explain", str(full[0]["card"]), "--plan", str(at_work.plan_file))
    assert answer.exit == 0 and "{" not in answer.out and "new:" not in answer.out


def test_a_card_may_be_named_by_its_number_alone(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    plan = str(at_work.plan_file)
    named = at_work.json("explain", "lead:1", "--plan", plan).document
    assert at_work.json("explain", "1", "--plan", plan).document == named


def test_a_plan_is_shown_without_the_folder_it_was_made_in(at_work: Consultant, tmp_path: Path) -> None:
    at_work.saves_a_plan()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b24kit.toml").write_text((at_work.folder / "b24kit.toml").read_text("utf-8"), encoding="utf-8")
    assert at_work.types("--dir", str(elsewhere), "show", str(at_work.plan_file)).exit == 0
    refused = at_work.json("--dir", str(elsewhere), "apply", str(at_work.plan_file))
    assert (refused.exit, refused.document["code"]) == (64, "plan.no_sidecar")


def test_a_saved_plan_holds_no_addresses_unless_asked(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    masked = at_work.plan_file.read_text(encoding="utf-8")
    at_work.saves_a_plan("--personal")
    assert "@" not in masked and "@" in at_work.plan_file.read_text(encoding="utf-8")


def test_every_operation_of_a_plan_is_told_without_gaps(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    for lang in ("ru", "en"):
        told = at_work.types("--lang", lang, "show", str(at_work.plan_file), "--operations")
        assert told.exit == 0 and "{" not in told.out


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_reading_shows_a_bar_on_a_terminal(at_work: Consultant) -> None:
    import os
    import pty
    import subprocess

    parent, child = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "b24kit", "audit"], stdin=child, stdout=subprocess.DEVNULL, stderr=child
    )
    os.close(child)
    seen = b""
    try:
        while piece := os.read(parent, 65536):
            seen += piece
    except OSError:  # the other side is closed
        pass
    os.close(parent)
    assert done.wait(timeout=60) == 0
    assert "Читаю портал" in seen.decode("utf-8", "replace")


def test_the_demo_clears_its_own_folder_and_nobody_elses(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder, text in ((ours, '[portal.demo]\nhost = "x.y"\n'), (theirs, '[portal.main]\nhost = "x.y"\n')):
        folder.mkdir()
        (folder / "b24kit.toml").write_text(text, encoding="utf-8")
    clear(ours)
    assert list(ours.iterdir()) == []
    with pytest.raises(UsageError, match=r"demo\.folder_taken"):
        clear(theirs)
    assert (theirs / "b24kit.toml").exists()
