"""What a list of writes and reads costs here: requests, at the one speed that the account allows."""

from __future__ import annotations

from collections.abc import Mapping

from b24kit.connectors.amocrm.facts import CAPABILITIES
from b24kit.connectors.amocrm.lookup import UIDS
from b24kit.connectors.amocrm.methods import BATCH
from b24kit.connectors.amocrm.paging import LONGEST
from b24kit.connectors.amocrm.rates import PER_SECOND
from b24kit.connectors.amocrm.remarks import AT_ONCE
from b24kit.crm.portal import BELONGINGS, DOSSIER, ROUND_TRIP, Cost
from b24kit.crm.refs import CARDS, Kind
from b24kit.errors import UsageError

# Kinds that are written many at a time; of the others each is a request.
_BULK = frozenset((*CARDS, Kind.TASK, Kind.TODO, Kind.ACTIVITY, Kind.COMMENT, Kind.FIELD, Kind.LOSS_REASON))
_WHOLE_LISTS = frozenset(
    {
        *(Kind.STAGE, Kind.PIPELINE, Kind.SOURCE, Kind.GATE, Kind.LOSS_REASON, Kind.SUBSCRIPTION),
        *(Kind.USER, Kind.TEAM),
    }
)
_HANGING = ("card", "notes", "tasks", "links")  # lists that a page of cards is asked for
ANSWER = 0.3, 1.0  # seconds that the last answer takes, quick and slow
SLOW = 1.5  # times longer when the account's other integrations ask as well


def price(writes: Mapping[str, int], reads: Mapping[str, int], batch: int = BATCH) -> Cost:
    """The cost of so many writes by `write_name` and so many rows read by kind; UsageError for a write that this vendor
    has no way for.

    >>> price({"change lead": 3765}, {"lead": 5000}).requests
    96
    """
    requests = sum(_writes(name, count, batch) for name, count in writes.items())
    hung = sum(rows for kind, rows in reads.items() if kind in (BELONGINGS, DOSSIER))
    requests += len(_HANGING) * -(-hung // LONGEST)
    listed = {kind: rows for kind, rows in reads.items() if kind not in (BELONGINGS, DOSSIER, ROUND_TRIP)}
    requests += sum(_reads(Kind(kind), rows) for kind, rows in listed.items()) + reads.get(ROUND_TRIP, 0)
    if not requests:
        return Cost(requests=0)
    seconds = (requests - 1) / PER_SECOND
    return Cost(requests=requests, seconds_low=seconds + ANSWER[0], seconds_high=seconds * SLOW + ANSWER[1])


def _writes(name: str, count: int, batch: int) -> int:
    verb, _, noun = name.partition(" ")
    kind = Kind(noun)
    if name in CAPABILITIES.refuses or (verb == "delete" and kind not in CAPABILITIES.deletes):
        raise UsageError("amo_write_unknown", write=name)
    return -(-count // batch) if kind in _BULK and verb != "delete" else count


def _reads(kind: Kind, rows: int) -> int:
    if kind in _WHOLE_LISTS:
        return 1 if rows else 0
    if kind is Kind.INCOMING:
        return -(-rows // UIDS) - (-rows // AT_ONCE)  # the waiting ones, and the notes of people on their leads
    return -(-rows // LONGEST)
