"""What cards and pipelines both have to know of statuses: whose they are, which is first, how they stand in order."""

from __future__ import annotations

from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.store import Row

WON, LOST = 142, 143
INCOMING = 1  # the type of the status in which incoming leads wait


def statuses(portal: FakePortal, pipeline_id: int) -> list[tuple[int, Row]]:
    """Rows of a pipeline's statuses with their row ids, in the order of the board."""
    table = portal.store["status"]
    return sorted(
        ((i, table.rows[i]) for i in table.find("pipeline_id", pipeline_id)), key=lambda one: (one[1]["sort"], one[0])
    )


def status(portal: FakePortal, pipeline_id: int, status_id: int) -> tuple[int, Row] | None:
    """One status of a pipeline with its row id, or None when the pipeline has no such one."""
    return next((one for one in statuses(portal, pipeline_id) if one[1]["status_id"] == status_id), None)


def is_ordinary(row: Row) -> bool:
    """Neither the incoming one nor 142 nor 143."""
    return row["type"] != INCOMING and row["status_id"] not in (WON, LOST)


def first(portal: FakePortal, pipeline_id: int) -> int:
    """The id of a pipeline's first ordinary status; of 142 in a pipeline that has none."""
    found = [row["status_id"] for _, row in statuses(portal, pipeline_id) if is_ordinary(row)]
    return int(found[0]) if found else WON


def may_hold(portal: FakePortal, pipeline_id: int, status_id: object) -> bool:
    """Whether a lead may be put there by a plain write: it belongs to the pipeline and is not the incoming one."""
    found = status(portal, pipeline_id, status_id) if isinstance(status_id, int) else None
    return found is not None and found[1]["type"] != INCOMING


def waits(portal: FakePortal, lead: Row) -> bool:
    """Whether a lead stands in its pipeline's incoming status."""
    found = status(portal, lead["pipeline_id"], lead["status_id"])
    return found is not None and found[1]["type"] == INCOMING
