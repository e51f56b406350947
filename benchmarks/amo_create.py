"""Figure: 1,000 contacts created on amoCRM in bulks of 50 while at least a tenth of the writing requests is cut after
or during the work (what a cut leaves undone may still be committed up to 60 s later). Unknown outcomes are settled by
our own field, and repeated when a minute of portal time later nothing is there. Aim: 0 doubled, 0 lost in every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from b24kit.crm.refs import Kind
from b24kit.crm.writes import Create
from benchmarks.account import Account, mark_field, started
from benchmarks.create_contacts import ABSENT_AFTER, create_all
from benchmarks.portal import tell

COUNT = 1000
WAVE = 250
RUNS = 5
CREATION = "POST /contacts"
CHANCE = 0.09  # of each of three kinds of cut: a run has some 25 writing requests, and in none may few be cut


def contacts(run: int) -> list[Create]:
    """The wanted contacts, each with the origin by which it is found again."""
    return [
        Create(
            f"c{number}",
            Kind.CONTACT,
            {
                "name": {"first": "Анна", "last": f"Ли {number}"},
                "points": [{"kind": "email", "value": f"ann+{number}@firm.example", "use": "work"}],
                "origin": {"system": "b24kit", "id": f"run{run}/{number}"},
            },
        )
        for number in range(COUNT)
    ]


def measure(account: Account, run: int) -> dict[str, Any]:
    """One run under cuts, judged by what stands in the portal's own table."""
    wanted = contacts(run)
    portal = account.portal()
    chance = {"methods": [CREATION], "probability": CHANCE}
    account.control.faults(
        {"kind": "cut_after", **chance, "seed": run},
        {"kind": "cut_during", **chance, "seed": run + 100},
        {"kind": "cut_during", **chance, "seed": run + 200, "commit_delay": [1, 60]},
    )
    account.control.forget_metrics()
    made, told = create_all(portal, account.clock, wanted, WAVE)
    portal.close()
    rules = account.control.faults_told()["faults"]
    sent = sum(request["method"] == CREATION for request in account.control.requests())
    cut = sum(rule["struck"] for rule in rules)
    account.control.faults()
    account.clock.sleep(ABSENT_AFTER)  # late commits that would double a card have come by now
    return {
        "writing_requests": sent,
        "requests_cut": cut,
        "share_cut": round(cut / sent, 3),
        "outcomes": dict(told),
        **_judged(account, wanted, made),
    }


def _judged(account: Account, wanted: Sequence[Create], made: dict[str, str]) -> dict[str, int]:
    tables = account.control.dump(["contacts", "custom_field"])["tables"]
    field = next(str(row_id) for row_id, row in tables["custom_field"].items() if row.get("code") == "B24KIT_ID")
    found: dict[str, list[str]] = {}
    for row_id, row in tables["contacts"].items():
        for value in (row.get("custom_fields") or {}).get(field, ()):
            found.setdefault(str(value.get("value")), []).append(str(row_id))
    origins = {write.key: write.values["origin"]["id"] for write in wanted}
    return {
        "doubled": sum(len(found.get(origin, ())) > 1 for origin in origins.values()),
        "lost": sum(origin not in found for origin in origins.values()),
        "wrong_id": sum(made.get(key) not in found.get(origin, ()) for key, origin in origins.items()),
    }


def main() -> None:
    with started(clock="moved") as account:
        portal = account.portal()
        mark_field(portal, [Kind.CONTACT])
        portal.close()
        runs = [measure(account, run) for run in range(1, RUNS + 1)]
    flaws = sum(run["doubled"] + run["lost"] + run["wrong_id"] for run in runs)
    least = min(run["share_cut"] for run in runs)
    told = {"figure": "1,000 amoCRM contacts, cut requests", "aim": "0 doubled, 0 lost at 10 % of the writes cut"}
    tell({**told, "least_share_cut": least, "flaws": flaws, "runs": runs, "reached": flaws == 0 and least >= 0.1})


if __name__ == "__main__":
    main()
