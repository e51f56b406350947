"""The assignment lead -> client as rows `id,cluster`: for scoring against a known truth, and for people's own lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from b24kit.crm.cards import Lead

HEADER = ("id", "cluster")


def assignment_rows(
    leads: Iterable[Lead], assignment: Mapping[str, str], origin: str | None = None
) -> Iterator[tuple[str, str]]:
    """One row a lead: its client, or a cluster of its own (`lead:12`) where the plan joins it to nobody.

    With `origin` (`csv`) a lead is named by the id that it has in that system, and leads from elsewhere are left out.
    """
    for lead in leads:
        if origin is None:
            yield lead.id, assignment.get(lead.id, str(lead.ref))
        elif lead.origin is not None and lead.origin.system == origin:
            yield lead.origin.id, assignment.get(lead.id, str(lead.ref))
