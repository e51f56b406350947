"""Access that is too small, or is taken away in the middle: said before the start, or ended in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.job import Job, before_looks, difference, job, undisturbed


def hooks(work: Job, **change: object) -> None:
    first, *rest = work.control.settings()["webhooks"]
    work.control.settings(webhooks=[{**first, **change}, *rest])


def test_a_webhook_without_the_scope_crm_is_refused(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        hooks(work, scopes=["user", "department", "task", "im"])
        before = work.state()
        answer = work.applies()
        assert answer.exit == 5, answer.document
        assert difference(before, work.state()) == []


def test_a_webhook_of_a_plain_employee_may_not_change_stages(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        first, *_ = work.control.settings()["webhooks"]
        work.control.settings(webhooks=[first, {"user_id": 3, "code": "plain00000000000"}])
        address = f"{work.sandbox.url}/rest/3/plain00000000000/"
        assert work.types("portal", "remove", "main").exit in (0, 64)
        added = work.types("portal", "add", "main", typed=address + "\n")
        if added.exit:
            pytest.skip("the portal's name is taken")
        before = work.state()
        answer = work.applies()
        assert (answer.exit, answer.document["code"]) == (5, "guard.not_admin"), answer.document
        assert difference(before, work.state()) == []


@pytest.mark.parametrize("look", [1, 3, 4])
def test_a_webhook_revoked_in_the_middle_ends_the_run_and_a_restored_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    _, after, _ = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        code = work.control.settings()["webhooks"][0]["code"]
        before_looks(monkeypatch, lambda: hooks(work, code="another000000000"), number=look)
        answer = work.applies()
        assert (answer.exit, answer.document["code"]) == (3, "wrong_secret"), answer.document
        hooks(work, code=code)
        assert work.applies().exit == 0
        assert difference(after, work.state()) == []
