"""Figure: four processes share one integration's pair of tokens while it expires 100 times; each refresh token is good
once. Aim: no token lost, every request of every process answered.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from b24kit.clock import SystemClock
from b24kit.connectors.factory import authorise, open_portal
from b24kit.errors import B24kitError
from benchmarks.account import Account, integration, started
from benchmarks.portal import tell

PROCESSES = 4
EXPIRIES = 100


class Ahead:
    """The machine's clock moved ahead of itself, by the same file for all processes."""

    def __init__(self, url: str) -> None:
        from b24kit.sandbox.remote import SandboxControl

        self._control, self._own = SandboxControl(url), SystemClock()

    def now(self) -> datetime:
        return datetime.fromisoformat(self._control.clock()["now"])

    def monotonic(self) -> float:
        return self._own.monotonic()

    def sleep(self, seconds: float) -> None:
        self._own.sleep(min(seconds, 0.01))  # the limits of speed are off here


def allowed(url: str) -> str:
    """The code that a person's yes on the consent page brings."""
    form = {"client_id": integration(url).client_id, "user_id": "1", "answer": "allow"}
    answer = httpx.post(f"{url}/oauth", data=form, follow_redirects=False)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def worker(url: str, state: str, turns: Any, told: Any) -> None:
    """One process: at each turn, all at once, ask the account who we are."""
    portal = open_portal(integration(url), Ahead(url), state_dir=Path(state))
    answered, failed = 0, []
    for _ in range(EXPIRIES):
        turns.wait()
        try:
            portal.stages()
            answered += 1
        except B24kitError as error:
            failed.append(str(error))
        turns.wait()
    portal.close()
    told.put((answered, failed[:3], len(failed)))


def race(account: Account, state: str) -> dict[str, Any]:
    """All processes through all expiries."""
    authorise(integration(account.url), allowed(account.url), Ahead(account.url), state_dir=Path(state))
    spawn = multiprocessing.get_context("spawn")
    turns, told = spawn.Barrier(PROCESSES + 1), spawn.Queue()
    workers = [spawn.Process(target=worker, args=(account.url, state, turns, told)) for _ in range(PROCESSES)]
    for process in workers:
        process.start()
    for _ in range(EXPIRIES):
        account.control.advance(timedelta(hours=25).total_seconds())
        turns.wait(60)
        turns.wait(60)
    found = [told.get(timeout=30) for _ in workers]
    for process in workers:
        process.join()
    return {
        "answered": sum(answered for answered, _, _ in found),
        "failed": sum(failed for _, _, failed in found),
        "said": [words for _, said, _ in found for words in said][:3],
    }


def main() -> None:
    with started(clock="moved") as account, tempfile.TemporaryDirectory() as state:
        account.control.settings(rate=None, latency=0)
        began = time.perf_counter()
        figures = race(account, state)
        seconds = time.perf_counter() - began
        tokens = account.control.dump(["token"])["tables"]["token"]
    figures |= {"pairs_given": len(tokens), "expiries": EXPIRIES, "processes": PROCESSES, "seconds": round(seconds, 1)}
    reached = figures["answered"] == PROCESSES * EXPIRIES and len(tokens) == EXPIRIES + 1
    tell({"figure": "a pair of tokens raced", "aim": "0 lost"} | figures | {"reached": reached})


if __name__ == "__main__":
    main()
