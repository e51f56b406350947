"""Operations that an earlier worker left open: what became of them is found by looking, then they are done or dropped.

An update is compared with the card and simply planned again; a thing that may have been made is believed absent only a
minute after it was found open, since the portal may still be at work on a request of a process that died.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from b24kit.change.operation import CreateRecord
from b24kit.change.settling import LATE_SECONDS, heard
from b24kit.change.verdict import rebuilt
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Ref
from b24kit.crm.writes import Result, Settled
from b24kit.robots.act import PLAN
from b24kit.robots.ledger import Deed, Ledger

LATE = timedelta(seconds=LATE_SECONDS)
STALE = timedelta(hours=1)  # what was planned and never sent is decided anew after so long


@dataclass(slots=True)
class Standing:
    """`again` are operations to be carried out now, `until` says when cards that cannot be decided yet may be."""

    again: list[Deed] = field(default_factory=list)
    until: dict[Ref, datetime] = field(default_factory=dict)


def settle_open(deeds: Sequence[Deed], ledger: Ledger, portal: Portal, worker: str, now: datetime) -> Standing:
    """Find out about these open operations as far as it can be known now."""
    found = Standing()
    sent = [one for one in deeds if one.sent]
    found.again = [one for one in deeds if not one.sent and now - one.at < STALE]
    ledger.drop([one for one in deeds if not one.sent and now - one.at >= STALE], now, "robots.stale")
    if not sent:
        return found
    ledger.doubt(sent, now)
    writes = {one.operation.key: rebuilt(PLAN, one.operation, one.entry, {}) for one in sent if one.entry is not None}
    answers = portal.settle(list(writes.values()))
    entries = []
    for one in sent:
        write = writes[one.operation.key]
        result = answers.get(write.key) or Result(write.key, Settled.UNKNOWN)
        since = now if one.doubt is None else one.doubt
        if _believed(one, result, since, now):
            entries.append(heard(one.operation.key, result, now))
            if result.settled is Settled.NOT_EXECUTED:
                found.again.append(one)
        else:
            found.until[one.card] = max(found.until.get(one.card, now), since + LATE)
    ledger.write(entries, worker)
    return found


def _believed(deed: Deed, result: Result, since: datetime, now: datetime) -> bool:
    if result.settled in (Settled.DONE, Settled.REFUSED):
        return True
    if not isinstance(deed.operation, CreateRecord):
        return result.settled is Settled.NOT_EXECUTED  # the same values once more do no harm
    return now - since >= LATE and result.settled is Settled.NOT_EXECUTED
