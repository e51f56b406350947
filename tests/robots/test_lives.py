"""Who is alive on this machine is known by locks: the cards of a killed process are free at once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from b24kit.robots.lives import Lives, lives_folder
from b24kit.robots.service import Service
from b24kit.robots.settle import LATE
from b24kit.robots.store import Event
from b24kit.robots.worker import LEASE, Duty
from tests.robots.office import office
from tests.robots.test_worker import Dying, Mortal

HOLDS = """
import sys, time
from pathlib import Path
from b24kit.robots.lives import Lives
with Lives(Path(sys.argv[1])).lived(sys.argv[2]):
    print("lives", flush=True)
    time.sleep(60)
"""


def _killed(folder: Path, name: str, lives: Lives) -> None:
    """A process that lives under this name, and is killed."""
    child = subprocess.Popen([sys.executable, "-c", HOLDS, str(folder), name], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"lives\n"
        assert lives.dead() == [], "it was alive"
        child.kill()
        child.wait()


def test_a_killed_process_is_told_dead_once_and_a_living_one_never(tmp_path: Path) -> None:
    lives, others = Lives(tmp_path), Lives(tmp_path)
    with others.lived("host-1-aa"):
        _killed(tmp_path, "host-2-bb", lives)
        assert lives.dead() == ["host-2-bb"]
        assert lives.dead() == []


def test_whoever_says_goodbye_is_not_among_the_dead(tmp_path: Path) -> None:
    with Lives(tmp_path).lived("host-1-aa"):
        pass
    assert Lives(tmp_path).dead() == []
    assert list(tmp_path.iterdir()) == []


def test_lives_stand_beside_the_file_and_a_url_is_not_given_away(tmp_path: Path) -> None:
    assert lives_folder(tmp_path / "robots.sqlite", Path("state")) == tmp_path / "robots.sqlite.lives"
    one, other = (lives_folder(f"postgresql://u:secret@{host}/b", tmp_path) for host in ("a", "b"))
    assert one != other and one.parent == tmp_path and "secret" not in one.name


def test_where_no_lives_can_be_kept_the_robots_run_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with Lives(tmp_path / "file").lived("host-1-aa"):  # no folder can be made there
        assert Lives(tmp_path / "file").dead() == []


@pytest.mark.parametrize("arrived", [False, True])
def test_after_a_restart_nothing_waits_for_the_lease_and_what_is_in_doubt_a_minute_and_no_more(
    tmp_path: Path, arrived: bool
) -> None:
    with office(tmp_path) as at:
        leads = at.leads(3)
        at.store.put("p", [Event(ref, "added") for ref in leads], at.clock.now())
        dead = at.worker(portal=Mortal(at.portal, 1, arrived=arrived))
        dead.name = "host-2-bb/0"
        with pytest.raises(Dying):
            dead.once()
        died, lives = at.clock.now(), Lives(tmp_path / "lives")
        _killed(tmp_path / "lives", "host-2-bb", lives)

        duty = Duty(portal_id="p", portal=at.portal, decide=at.decide)
        service = Service([duty], at.store, at.clock, "host-3-cc", lives=lives)
        service.once()
        assert (at.clock.now() - died) < LEASE, "it did not wait for the lease"
        doubted = at.store.base.rows("SELECT DISTINCT doubt FROM operations WHERE state = 'intended'")
        waiting = {row[0] for row in at.store.base.rows("SELECT due FROM cards WHERE why = 'doubt'")}
        assert waiting == {row[0] + LATE.total_seconds() for row in doubted}, "the next look is at the minute's end"
        assert bool(waiting) is not arrived
        if waiting:
            at.control.advance(min(waiting) - at.clock.now().timestamp())
        service.once()
        assert at.clock.now() - died < LATE + LEASE / 6
        texts = Counter(text.partition(":")[0] for text in at.comments())
        assert texts["Назначен по правилу"] == len(leads)
        assert set(Counter(at.todos()).values()) == {1} and len(at.todos()) == len(leads)


def test_what_was_found_long_after_its_worker_died_is_not_doubted_anew(tmp_path: Path) -> None:
    """From cron the next look may be minutes later: the minute has passed by then."""
    with office(tmp_path) as at:
        leads = at.leads(2)
        at.store.put("p", [Event(ref, "added") for ref in leads], at.clock.now())
        with pytest.raises(Dying):
            at.worker(portal=Mortal(at.portal, 1, arrived=False)).once()
        at.control.advance((LEASE + LATE).total_seconds() + 1)
        outcome = at.worker().drain()
        assert outcome.put_off == 0
        assert len(at.todos()) == len(leads) and len(at.comments()) == len(leads)
