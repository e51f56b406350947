"""The living account: while a client reads leads page by page, people bin some and letters bring new ones.

It works on the tables directly, behind the handlers' backs, as other people's work does.
"""

from __future__ import annotations

from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.faults import Strike, draw

PAGE_OF_LEADS = "get /leads"


def live_on(portal: FakePortal, strike: Strike) -> tuple[int, int] | None:
    """One lead drawn by the fault's seed goes to the bin and a copy of another is born: their ids, or None."""
    leads = portal.store["leads"]
    ids = [i for i in leads.ids() if not leads.rows[i].get("state")]
    if len(ids) < 2:
        return None
    gone = ids[int(draw(strike.rule.seed, "gone", strike.number) * len(ids))]
    left = [lead_id for lead_id in (ids[0], ids[-1]) if lead_id != gone]
    parent = dict(leads.rows[left[int(draw(strike.rule.seed, "parent", strike.number) * len(left))]])
    now = portal.unix()
    leads.change(gone, {"state": "deleted", "updated_at": now})
    return gone, leads.add(parent | {"custom_fields": {}, "created_at": now, "updated_at": now})
