"""One writing run per portal; whoever dies gives the lock back."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from b24kit.change.lock import writing
from b24kit.errors import Refused
from tests.change.cases import company, plan_for, rollout

NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
HOLD = """
import sys, time, pathlib, datetime
from b24kit.change.lock import writing
with writing("a.bitrix24.ru", pathlib.Path(sys.argv[1]), work="run 7", now=datetime.datetime.now(datetime.UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_refused_and_told_who_holds_the_portal(tmp_path: Path) -> None:
    portal = company()
    plan = plan_for(portal)
    with (
        writing(portal.portal_id, tmp_path / "state", work="run 7", now=NOW),
        pytest.raises(Refused) as caught,
    ):
        rollout(portal, tmp_path).apply(plan)
    assert (caught.value.code, caught.value.exit_code) == ("guard.running", 5)
    assert (caught.value.facts["run"], caught.value.facts["pid"]) == ("run 7", os.getpid())
    assert not portal.calls
    assert rollout(portal, tmp_path).apply(plan).exit_code == 0


def test_another_portal_is_free(tmp_path: Path) -> None:
    with writing("a.bitrix24.ru", tmp_path, work="1", now=NOW), writing("b.bitrix24.ru", tmp_path, work="2", now=NOW):
        assert len(list(tmp_path.glob("*.holder.json"))) == 2
    assert not list(tmp_path.glob("*.holder.json"))


def test_the_lock_of_a_dead_holder_is_free(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(Refused) as caught, writing("a.bitrix24.ru", tmp_path, work="mine", now=NOW):
        pass
    assert caught.value.facts["pid"] == holder.pid
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with writing("a.bitrix24.ru", tmp_path, work="mine", now=NOW):
        assert "mine" in (tmp_path / "a.bitrix24.ru.holder.json").read_text()
