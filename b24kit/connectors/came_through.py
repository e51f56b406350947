"""Whether a change whose answer was lost was made: told by looking at the record, the same way for every vendor."""

from __future__ import annotations

from collections.abc import Callable

from b24kit.crm.records import Values, same
from b24kit.crm.writes import Change

# Whether present values are those wanted, in the vendor's own spelling of them.
Wanted = Callable[[Values, Values], bool]


def came_through(write: Change, now: Values, as_wanted: Wanted) -> bool:
    """Whether the change was made, though people may have gone on with some of its fields since.

    An update writes all its fields or none: one of them as wanted and none as it was before tells that it came through.
    """
    if as_wanted(now, write.values):
        return True
    ours = [
        name
        for name in write.values
        if name in write.before and not as_wanted(write.before, {name: write.values[name]})
    ]
    moved = [name for name in ours if not same(name, now.get(name), write.before.get(name))]
    return bool(ours) and moved == ours and any(as_wanted(now, {name: write.values[name]}) for name in ours)
