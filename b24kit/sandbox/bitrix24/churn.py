"""The living portal: while a client reads leads page by page, people delete some and letters bring new ones.

It works on the tables directly, behind the methods' backs, as other people's work does.
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import LEAD, owner_key
from b24kit.sandbox.faults import Strike, draw


def is_page_of_leads(method: str, params: dict[str, Any]) -> bool:
    """Whether this call (lower case) lists leads, by the classic or the universal method."""
    if method == "crm.lead.list":
        return True
    wanted = next((value for name, value in params.items() if str(name).lower() == "entitytypeid"), None)
    return method == "crm.item.list" and str(wanted) == str(LEAD)


def live_on(portal: FakePortal, strike: Strike) -> tuple[int, int] | None:
    """One lead drawn by the fault's seed vanishes and a copy of another is born: their ids, or None without leads."""
    leads = portal.store["lead"]
    ids = leads.ids()
    if len(ids) < 2:
        return None
    gone = ids[int(draw(strike.rule.seed, "gone", strike.number) * len(ids))]
    left = [lead_id for lead_id in (ids[0], ids[-1]) if lead_id != gone]
    parent = dict(leads.rows[left[int(draw(strike.rule.seed, "parent", strike.number) * len(left))]])
    for name in ("ORIGIN_ID", "ORIGINATOR_ID", "HAS_EMAIL", "HAS_PHONE", "HAS_IMOL"):
        parent.pop(name, None)  # a copy without the parent's addresses and identity
    _drop(portal, gone)
    moment = portal.now().isoformat(timespec="seconds")
    parent |= {name: moment for name in ("DATE_CREATE", "DATE_MODIFY", "MOVED_TIME") if name in parent}
    born = leads.add(parent)
    if "ID" in parent:
        leads.change(born, {"ID": born})
    return gone, born


def _drop(portal: FakePortal, lead_id: int) -> None:
    owner = owner_key(LEAD, lead_id)
    portal.store["lead"].remove(lead_id)
    for name in ("multifield", "binding", "activity"):
        table = portal.store[name]
        for row_id in table.find("OWNER", owner):
            table.remove(row_id)
