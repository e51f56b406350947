"""Applying, stopping, going on and taking back, as exit codes and documents tell it."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from b24kit.change.lock import writing
from b24kit.clock import SystemClock
from b24kit.crm.writes import Write
from tests.cli.conftest import ANSWER, Consultant

LAST_LINE = ("План: создать", "Менять нечего:")


def test_plan_apply_verify_and_a_second_plan_without_changes(at_work: Consultant) -> None:
    planned = at_work.saves_a_plan()
    assert not planned["empty"] and planned["counts"][">"] > 20
    run = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert run.exit == 0, run.err
    assert run.document["failed"] == run.document["left"] == 0
    checked = at_work.json("verify", "--detailed-exitcode")
    assert (checked.exit, checked.document["differences"]) == (0, [])
    second = at_work.json("plan", "talking-leads", "--detailed-exitcode")
    assert (second.exit, second.document["empty"]) == (0, True)


def test_a_plan_with_changes_ends_with_two_only_when_asked(at_work: Consultant) -> None:
    assert at_work.types("plan", "talking-leads").exit == 0
    assert at_work.types("plan", "talking-leads", "--detailed-exitcode").exit == 2
    assert at_work.types("audit").exit == 0
    assert at_work.types("audit", "--detailed-exitcode").exit == 2


def test_the_last_line_of_a_plan_can_be_searched_for_in_both_languages(at_work: Consultant) -> None:
    russian, english = (at_work.types("--lang", lang, "plan", "talking-leads").out for lang in ("ru", "en"))
    assert any(line.startswith(LAST_LINE[0]) for line in russian.splitlines())
    assert any(line.startswith("Plan: create") for line in english.splitlines())


def test_a_run_tells_its_progress_one_message_a_line(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    lines = at_work.json("apply", str(at_work.plan_file), *ANSWER).lines
    assert {line["format"] for line in lines} == {"b24kit-json/1"}
    kinds = [line["kind"] for line in lines]
    assert kinds[0] == "start" and kinds[-1] == "run" and set(kinds[1:-1]) == {"progress"}
    done = [line["done"] for line in lines[1:-1]]
    assert done == sorted(done) and done[-1] == lines[1]["total"]


def test_a_command_that_only_reads_puts_one_document_on_stdout_and_progress_beside_it(at_work: Consultant) -> None:
    answer = at_work.json("plan", "talking-leads")
    assert [line["kind"] for line in answer.lines] == ["plan"]
    assert {json.loads(line)["kind"] for line in answer.err.splitlines()} == {"progress"}


def test_an_open_blocking_step_stops_a_larger_run(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    answer = at_work.json("apply", str(at_work.plan_file))
    assert (answer.exit, answer.document["code"]) == (5, "guard.hand_step")
    assert at_work.json("runs").document["tables"][0]["rows"] == []


def test_a_needless_answer_is_no_mistake(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    assert at_work.types("apply", str(at_work.plan_file), *ANSWER, "--answer", "nothing=none").exit == 0


def test_too_many_changes_are_refused(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    answer = at_work.json("apply", str(at_work.plan_file), *ANSWER, "--max-changes", "3")
    assert (answer.exit, answer.document["code"]) == (5, "guard.too_many")


def test_a_sample_ends_in_order_and_the_same_file_goes_on(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    part = at_work.json("apply", str(at_work.plan_file), *ANSWER, "--sample", "3")
    assert part.exit == 6 and part.document["resumable"] and part.document["left"]
    rest = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert rest.exit == 0 and rest.lines[0]["run"] == part.document["run"] == rest.document["run"]


def test_a_run_window_ends_with_six(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.control.settings(latency=31.0)
    answer = at_work.json("apply", str(at_work.plan_file), *ANSWER, "--max-minutes", "1")
    assert (answer.exit, answer.document["ended"]) == (6, "stopped")
    at_work.control.settings(latency=0.0)
    assert at_work.json("apply", str(at_work.plan_file), *ANSWER).exit == 0


def test_ctrl_c_ends_with_130_and_the_same_file_goes_on(at_work: Consultant) -> None:
    from b24kit.change.feeding import Feeding

    at_work.saves_a_plan()
    intend, calls = Feeding.intend, iter(range(1000))

    def pressed(self: Feeding, writes: Sequence[Write]) -> Collection[str]:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return intend(self, writes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Feeding, "intend", pressed)
        stopped = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert (stopped.exit, stopped.document["ended"]) == (130, "interrupted")
    assert stopped.document["changed"] and stopped.document["left"]
    assert at_work.json("apply", str(at_work.plan_file), *ANSWER).exit == 0


def test_ctrl_c_before_anything_is_written_ends_with_130(at_work: Consultant) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    at_work.patch.setattr("b24kit.change.snapshot.take_snapshot", pressed)
    answer = at_work.json("audit")
    assert (answer.exit, answer.document["code"]) == (130, "interrupted")


def test_a_portal_that_goes_away_in_the_middle_leaves_a_run_to_go_on_with(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.control.faults({"kind": "html", "methods": ["crm.lead.update"]}, {"kind": "html", "methods": ["batch"]})
    gone = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert gone.exit not in (0, 64)
    at_work.control.faults()
    assert at_work.json("apply", str(at_work.plan_file), *ANSWER).exit == 0


def test_a_dead_portal_says_what_was_done_so_far(at_work: Consultant) -> None:
    from b24kit.change.feeding import Feeding
    from b24kit.errors import NoAnswer

    at_work.saves_a_plan()
    intend, calls = Feeding.intend, iter(range(1000))

    def dies(self: Feeding, writes: Sequence[Write]) -> Collection[str]:
        if next(calls) == 2:
            raise NoAnswer("portal_unreachable", host="my.portal", said="refused")
        return intend(self, writes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Feeding, "intend", dies)
        answer = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert answer.exit == 3
    so_far, error = answer.lines[-2:]
    assert (so_far["kind"], error["code"]) == ("so_far", "portal_unreachable")
    assert so_far["changed"] and so_far["left"]


def test_an_expired_plan_is_stale(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.control.advance(25 * 3600)
    answer = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert (answer.exit, answer.document["code"]) == (4, "guard.expired")
    assert at_work.types("show", str(at_work.plan_file)).exit == 0


def test_an_edited_plan_is_shown_and_not_applied(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    text = at_work.plan_file.read_text(encoding="utf-8")
    at_work.plan_file.write_text(text.replace("MGR_ASSIGNED", "MGR_CHOSEN"), encoding="utf-8")
    answer = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert (answer.exit, answer.document["code"]) == (64, "plan.edited")
    assert at_work.types("show", str(at_work.plan_file)).exit == 0


def test_a_plan_of_another_portal_is_refused(at_work: Consultant) -> None:
    from b24kit.sandbox.server import Sandbox

    at_work.saves_a_plan()
    with Sandbox(seed={"kind": "company", "leads": 60, "seed": 8}, clock="moved", grace=0.001) as other:
        assert at_work.types("portal", "add", "other", typed=other.webhook_url).exit == 0
        answer = at_work.json("--portal", "other", "apply", str(at_work.plan_file), *ANSWER)
    assert (answer.exit, answer.document["code"]) == (5, "guard.other_portal")


def test_a_plan_is_applied_once(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    assert at_work.types("apply", str(at_work.plan_file), *ANSWER).exit == 0
    answer = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert (answer.exit, answer.document["code"]) == (5, "guard.applied")


def test_a_second_writer_is_told_who_writes(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    with a_colleague_writing(at_work):
        answer = at_work.json("apply", str(at_work.plan_file), *ANSWER)
    assert (answer.exit, answer.document["code"]) == (5, "guard.running")
    assert answer.document["facts"]["run"] == "plan of a colleague"
    assert "plan of a colleague" in answer.err


def test_the_way_back_of_a_run_is_not_planned_while_somebody_writes(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    assert at_work.json("apply", str(at_work.plan_file), *ANSWER).exit == 0
    with a_colleague_writing(at_work):
        answer = at_work.json("undo", "-o", str(at_work.plan_file.with_name("back.b24")))
    assert (answer.exit, answer.document["code"]) == (5, "guard.running")


@contextmanager
def a_colleague_writing(at_work: Consultant) -> Iterator[None]:
    portal = at_work.json("portal", "info").document["host"]
    now = SystemClock().now()
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(portal, at_work.private / "state", work="plan of a colleague", now=now):
            holding.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(30)
    try:
        yield
    finally:
        release.set()
        thread.join()


def test_planning_and_applying_at_once_asks_first(at_work: Consultant) -> None:
    unasked = at_work.json("apply", "--playbook", "talking-leads", *ANSWER)
    assert (unasked.exit, unasked.document["code"]) == (64, "cli.no_terminal")
    assert at_work.types("apply", "--playbook", "talking-leads", *ANSWER, typed="н\n", terminal=True).exit == 0
    assert at_work.json("runs").document["tables"][0]["rows"] == []
    assert at_work.types("apply", "--playbook", "talking-leads", *ANSWER, typed="да\n", terminal=True).exit == 0
    assert at_work.json("runs").document["tables"][0]["rows"][0]["how"] == "done"


def test_an_undo_takes_the_run_back_and_a_second_one_has_nothing_to_do(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.types("apply", str(at_work.plan_file), *ANSWER)
    undone = at_work.json("undo", "--auto-approve")
    assert undone.exit == 0 and undone.document["failed"] == 0
    run, undo = at_work.json("runs").document["tables"][0]["rows"]
    assert undo["undoes"] == run["run"]
    again = at_work.json("undo", run["run"], "--auto-approve")
    assert again.exit == 0 and again.document["empty"]


def test_an_undo_that_was_cut_goes_on_from_its_own_folder(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.types("apply", str(at_work.plan_file), *ANSWER)
    part = at_work.json("undo", "--auto-approve", "--sample", "3")
    assert part.exit == 6
    kept = at_work.folder / ".b24kit" / "runs" / part.document["run"] / "plan.json"
    assert at_work.json("apply", str(kept)).exit == 0
    assert at_work.json("undo", at_work.json("runs").document["tables"][0]["rows"][0]["run"]).document["empty"]


def test_verify_finds_what_people_changed_since(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.types("apply", str(at_work.plan_file), *ANSWER)
    row = next(
        line for line in at_work.json("explain", "lead:1").lines if line["known"]
    )  # the first lead of the company is in the plan
    assert row["stage"]
    at_work.control.faults()
    change(at_work, "crm.lead.update", {"id": 1, "fields": {"STATUS_ID": "JUNK"}})
    answer = at_work.json("verify", "--detailed-exitcode")
    assert answer.exit == 2
    assert [found["ref"] for found in answer.document["differences"]] == ["lead:1"]


def change(consultant: Consultant, method: str, body: dict[str, object]) -> None:
    """What a person does on the portal meanwhile."""
    import httpx

    httpx.post(f"{consultant.webhook}{method}", json=body).raise_for_status()


def test_a_run_that_does_not_exist_is_named(at_work: Consultant) -> None:
    answer = at_work.json("verify", "20260101-000000-nothing")
    assert (answer.exit, answer.document["code"]) == (64, "run.absent")


def test_old_runs_are_purged_by_age(at_work: Consultant) -> None:
    at_work.saves_a_plan()
    at_work.types("apply", str(at_work.plan_file), *ANSWER)
    assert at_work.json("runs", "purge", "--older", "90d").document["runs"] == []
    at_work.control.advance(91 * 24 * 3600)
    assert len(at_work.json("runs", "purge", "--older", "90d").document["runs"]) == 1
    assert at_work.json("runs").document["tables"][0]["rows"] == []


def test_the_proof_sheet_shows_no_loss_and_the_runs_totals(at_work: Consultant, tmp_path: Path) -> None:
    at_work.saves_a_plan()
    at_work.types("apply", str(at_work.plan_file), *ANSWER)
    page = tmp_path / "report.html"
    answer = at_work.json("report", "-o", str(page))
    assert (answer.exit, answer.document["lost"]) == (0, 0)
    names = [table["table"] for table in answer.document["tables"]]
    assert names[0] == "table.run" and "table.losses" in names
    assert answer.document["undo"].startswith("b24kit undo ")
    assert "<h1>" in page.read_text(encoding="utf-8")


def test_every_lead_is_exported_with_its_client(at_work: Consultant, tmp_path: Path) -> None:
    at_work.saves_a_plan()
    out = tmp_path / "clusters.csv"
    answer = at_work.json("export", "clusters", "-o", str(out), "--plan", str(at_work.plan_file))
    lines = out.read_text(encoding="utf-8").splitlines()
    assert answer.exit == 0 and lines[0] == "id,cluster" and len(lines) == answer.document["rows"] + 1
