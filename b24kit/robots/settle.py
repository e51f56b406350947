"""Operations that an earlier worker left open: what became of them is found by looking, then they are done or dropped.

An update is compared with the card and simply planned again; a thing that may have been made is believed absent only a
minute after the last moment at which its request can have left: the portal may still be at work on it. That is not the
moment of the journal, since before the sending the portal's speed may have to be waited for, but the one at which the
worker lost the card, by its death or with its lease.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from b24kit.change.journal import Entry, State
from b24kit.change.operation import CreateRecord
from b24kit.change.settling import LATE_SECONDS, LETTER_UNSURE, heard
from b24kit.change.verdict import rebuilt
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Result, Settled
from b24kit.robots.act import PLAN
from b24kit.robots.ledger import PLANNED, Deed, Ledger

LATE = timedelta(seconds=LATE_SECONDS)
STALE = timedelta(hours=1)  # what was planned and never sent is decided anew after so long


@dataclass(slots=True)
class Standing:
    """`again` are operations to be carried out now, `until` says when cards that cannot be decided yet may be."""

    again: list[Deed] = field(default_factory=list)
    until: dict[Ref, datetime] = field(default_factory=dict)


def settle_open(
    deeds: Sequence[Deed],
    ledger: Ledger,
    portal: Portal,
    worker: str,
    now: datetime,
    lost: Mapping[Ref, datetime | None] | None = None,
) -> Standing:
    """Find out about these open operations as far as it can be known now; `lost`: when an earlier holder lost the card,
    None where it is not known."""
    found = Standing()
    sent = [one for one in deeds if one.sent]
    found.again = [one for one in deeds if not one.sent and now - one.at < STALE and not is_letter(one)]
    unsent = [one for one in deeds if not one.sent and one not in found.again]
    # A letter that never left is decided anew on fresh facts; one that may have is for a person to judge.
    ledger.drop([one for one in unsent if not is_letter(one) or one.state == PLANNED], now, "robots.stale")
    ledger.drop([one for one in unsent if is_letter(one) and one.state != PLANNED], now, LETTER_UNSURE)
    if not sent:
        return found
    doubted = {one.operation.key: one.doubt or _lost_at(one, lost or {}, now) for one in sent}
    ledger.doubt((one, doubted[one.operation.key]) for one in sent)
    writes = {one.operation.key: rebuilt(PLAN, one.operation, one.entry, {}) for one in sent if one.entry is not None}
    answers = portal.settle(list(writes.values()))
    entries = []
    for one in sent:
        write = writes[one.operation.key]
        result = answers.get(write.key) or Result(write.key, Settled.UNKNOWN)
        since = doubted[one.operation.key]
        if is_letter(one) and result.settled is Settled.NOT_EXECUTED and now - since >= LATE:
            entries.append(Entry(key=one.operation.key, state=State.FAILED, at=now, code=LETTER_UNSURE))
        elif _believed(one, result, since, now):
            entries.append(heard(one.operation.key, result, now))
            if result.settled is Settled.NOT_EXECUTED:
                found.again.append(one)
        else:
            found.until[one.card] = max(found.until.get(one.card, now), since + LATE)
    ledger.write(entries, worker)
    return found


def _lost_at(deed: Deed, lost: Mapping[Ref, datetime | None], now: datetime) -> datetime:
    """The last moment at which an operation can have left, as far as it is known: the present one where nothing is."""
    at = lost.get(deed.card)
    return now if at is None else min(now, max(at, deed.at))


def is_letter(deed: Deed) -> bool:
    """Whether a client would read it: then it is never repeated without a person."""
    return isinstance(deed.operation, CreateRecord) and deed.operation.kind is Kind.LETTER


def _believed(deed: Deed, result: Result, since: datetime, now: datetime) -> bool:
    if result.settled in (Settled.DONE, Settled.REFUSED):
        return True
    if not isinstance(deed.operation, CreateRecord):
        return result.settled is Settled.NOT_EXECUTED  # the same values once more do no harm
    return now - since >= LATE and result.settled is Settled.NOT_EXECUTED
