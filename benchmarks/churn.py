"""Figure: rows missing or doubled while every third page one lead vanishes and one is born. Aim: none."""

from __future__ import annotations

from typing import Any

from benchmarks.portal import Portal, started, tell

COUNT = 5000
RUNS = 3


def measure(portal: Portal) -> dict[str, Any]:
    """One reading of a living list, judged by the rows that stood there before and after."""
    portal.control.faults()
    client = portal.client()
    before = ids_of(client)
    portal.settle()
    portal.control.faults({"kind": "churn", "every": 3})
    told = portal.control.faults_told()["churned"]
    known = {name: len(told[name]) for name in ("born", "gone")}
    got = ids_of(client)
    told = portal.control.faults_told()["churned"]
    client.close()
    gone = set(told["gone"][known["gone"] :])
    stood = set(before) - gone
    return {
        "rows": len(got),
        "born": len(told["born"]) - known["born"],
        "vanished": len(gone),
        "missing": len(stood - set(got)),
        "doubled": len(got) - len(set(got)),
        "in_order": got == sorted(got),
    }


def ids_of(client: Any) -> list[int]:
    """All lead ids as the client reads them."""
    return [int(row["ID"]) for row in client.rows("crm.lead.list", {"select": ["*", "EMAIL"]})]


def main() -> None:
    with started() as portal:
        portal.plant_leads(COUNT)
        runs = [measure(portal) for _ in range(RUNS)]
    reached = all(not run["missing"] and not run["doubled"] and run["vanished"] for run in runs)
    tell({"figure": "a living list", "aim": "0 missing, 0 doubled", "runs": runs, "reached": reached})


if __name__ == "__main__":
    main()
