"""Figure: 1,000 contacts created in batches while a tenth of the requests is cut during or after the work (what a cut
leaves undone may still be committed up to 60 s later). Unknown outcomes are settled by looking, and repeated when a
minute of portal time later nothing is there. Aim: 0 doubled, 0 lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from b24kit.connectors.factory import open_portal
from b24kit.crm.portal import Portal as CrmPortal
from b24kit.crm.refs import Kind
from b24kit.crm.writes import Create, Result, Settled
from benchmarks.portal import Portal, started, tell

COUNT = 1000
WAVE = 50
RUNS = 5
ABSENT_AFTER = 60.0  # portal seconds until "not there" is believed
SETTLING = (Settled.UNKNOWN, Settled.NOT_EXECUTED)


def contacts(run: int, *, quiet: bool) -> list[Create]:
    """The wanted contacts, each with the origin by which it is found again."""
    return [
        Create(
            f"c{number}",
            Kind.CONTACT,
            {
                "name": {"first": "Анна", "last": f"Ли {number}", "middle": ""},
                "points": [{"kind": "email", "value": f"ann+{number}@firm.example", "use": "work"}],
                "origin": {"system": "b24kit", "id": f"{'import' if quiet else 'add'}{run}/{number}"},
            },
            quiet=quiet,
        )
        for number in range(COUNT)
    ]


def create_all(
    portal: CrmPortal, clock: Any, wanted: Sequence[Create], wave: int = WAVE
) -> tuple[dict[str, str], Counter[str]]:
    """Every contact in waves; gives new ids by key, and how the answers fell out."""
    made: dict[str, str] = {}
    told: Counter[str] = Counter()
    for at in range(0, len(wanted), wave):
        left = list(wanted[at : at + wave])
        while left:
            results = list(portal.perform(left, intend=lambda _batch: None))
            told.update(result.settled.value for result in results)
            open_keys = _kept(results, made)
            if any(result.settled is Settled.UNKNOWN for result in results):
                clock.sleep(ABSENT_AFTER)
                settled = portal.settle([write for write in left if write.key in open_keys])
                told.update(f"settled {result.settled.value}" for result in settled.values())
                open_keys = _kept(list(settled.values()), made)
            left = [write for write in left if write.key in open_keys]
    return made, told


def _kept(results: Sequence[Result], made: dict[str, str]) -> set[str]:
    """Notes the ids of what is done; gives the keys of the rest."""
    for result in results:
        if result.settled is Settled.REFUSED:
            raise SystemExit(f"refused: {result}")
        if result.new_id is not None:
            made[result.key] = result.new_id
    return {result.key for result in results if result.settled in SETTLING}


def cuts(run: int, method: str) -> list[dict[str, Any]]:
    """A tenth of the requests: cut when all is done, in the middle for good, in the middle with a late commit."""
    return [
        {"kind": "cut_after", "methods": [method], "probability": 0.034, "seed": run},
        {"kind": "cut_during", "methods": [method], "probability": 0.034, "seed": run + 100},
        {"kind": "cut_during", "methods": [method], "probability": 0.034, "seed": run + 200, "commit_delay": [1, 60]},
    ]


def measure(sandbox: Portal, run: int, *, quiet: bool) -> dict[str, Any]:
    """One run under cuts, judged by what stands in the portal's own table."""
    wanted = contacts(run, quiet=quiet)
    method = "crm.item.batchImport" if quiet else "crm.item.add"
    sandbox.settle()
    sandbox.control.faults(*cuts(run, method))
    portal = open_portal(sandbox.webhook, sandbox.clock)
    began = sandbox.clock.monotonic()
    made, told = create_all(portal, sandbox.clock, wanted)
    seconds = sandbox.clock.monotonic() - began
    portal.close()
    rules = sandbox.control.faults_told()
    sandbox.control.faults()
    sandbox.clock.sleep(ABSENT_AFTER)  # late commits that would double a card have come by now
    return {
        "way": method,
        "seconds_of_portal_time": round(seconds, 1),
        "requests_cut": sum(rule["struck"] for rule in rules["faults"]),
        "writing_requests": max(rule["seen"] for rule in rules["faults"]),
        "outcomes": dict(told),
        **_judged(sandbox, wanted, made),
    }


def _judged(sandbox: Portal, wanted: Sequence[Create], made: dict[str, str]) -> dict[str, int]:
    stored = sandbox.control.dump(["contact"])["tables"]["contact"]
    found: dict[str, list[str]] = {}
    for row_id, row in _rows(stored):
        found.setdefault(str(row.get("ORIGIN_ID")), []).append(row_id)
    origins = {write.key: write.values["origin"]["id"] for write in wanted}
    return {
        "doubled": sum(len(found.get(origin, ())) > 1 for origin in origins.values()),
        "lost": sum(origin not in found for origin in origins.values()),
        "wrong_id": sum(made.get(key) not in found.get(origin, ()) for key, origin in origins.items()),
    }


def _rows(table: Any) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(table, dict):
        return [(str(row_id), row) for row_id, row in table.items()]
    return [(str(row["ID"]), row) for row in table]


def main() -> None:
    with started(clock="moved") as sandbox:
        runs = [measure(sandbox, run, quiet=quiet) for quiet in (True, False) for run in range(1, RUNS + 1)]
    flaws = sum(run["doubled"] + run["lost"] + run["wrong_id"] for run in runs)
    cut = sum(run["requests_cut"] for run in runs)
    told = {"figure": "1,000 contacts, cut requests", "aim": "0 doubled, 0 lost", "requests_cut": cut, "flaws": flaws}
    tell({**told, "runs": runs, "reached": flaws == 0 and cut > 0})


if __name__ == "__main__":
    main()
