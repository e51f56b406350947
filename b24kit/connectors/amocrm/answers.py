"""The answer to a bulk write, taken apart: which row belongs to which element, and whom a refusal names.

An element is named by `request_id`; where we send none it is the element's place in the list, as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from b24kit.connectors.amocrm.faults import Refusal
from b24kit.connectors.amocrm.steps import Step, StepOutcome
from b24kit.connectors.amocrm.transport import Reply
from b24kit.crm.writes import Settled
from b24kit.errors import PortalError

_NO_ROW = StepOutcome(Settled.UNKNOWN, code="no_row", said="the answer does not tell what became of it")


def outcomes_of(steps: Sequence[Step], reply: Reply) -> list[StepOutcome]:
    """One outcome for each step of an answered request."""
    route = steps[0].kind
    if not route.answer:
        row = reply.body if isinstance(reply.body, Mapping) else {}
        return [StepOutcome(Settled.DONE, row if not route.many else {})] * len(steps)
    rows = rows_of(reply.body, route.answer)
    return [_outcome(_row_of(step, place, len(steps), rows)) for place, step in enumerate(steps)]


def refused_elements(error: PortalError, count: int) -> dict[int, StepOutcome]:
    """Whom a refusal of a bulk names, by place in the list; empty when it names nobody, or nobody who was there."""
    named: dict[int, StepOutcome] = {}
    refusals = error.facts.get("refusals")
    for refusal in refusals if isinstance(refusals, tuple) else ():
        assert isinstance(refusal, Refusal)
        if refusal.element.isdecimal() and int(refusal.element) < count:
            named.setdefault(int(refusal.element), StepOutcome(Settled.REFUSED, {}, refusal.code, refusal.said))
    return dict(sorted(named.items()))


def rows_of(body: Any, collection: str) -> list[Mapping[str, Any]]:
    """The rows of a collection in `_embedded`; none where there is no body."""
    embedded = body.get("_embedded") if isinstance(body, Mapping) else None
    found = embedded.get(collection) if isinstance(embedded, Mapping) else None
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _row_of(step: Step, place: int, count: int, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    wanted = (step.body or {}).get("id")
    if wanted is not None:  # a change: its row carries the same id
        return next((row for row in rows if str(row.get("id")) == str(wanted)), None)
    told = [row for row in rows if str(row.get("request_id", "")) == str(place)]
    if len(told) == 1:
        return told[0]
    # Directories may answer without request_id: a list of one element has one row.
    return rows[0] if count == 1 and len(rows) == 1 else None


def _outcome(row: Mapping[str, Any] | None) -> StepOutcome:
    return _NO_ROW if row is None else StepOutcome(Settled.DONE, row)
