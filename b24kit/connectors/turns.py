"""Carrying a run by turns, for a vendor whose requests hold either looks or writes, as amoCRM's lists do.

A connector that can mix them in one request, as Bitrix24's batches do, carries a run in its own way.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import cast

from b24kit.crm.portal import Feed, Portal, Progress, Seen, Tell
from b24kit.crm.writes import Result, Write


def carry_in_turns(portal: Portal, feed: Feed, tell: Tell | None = None, *, at_once: int) -> Iterator[Result | Seen]:
    """Implements `crm.portal.PortalWrites.carry` with `read` and `perform`; `at_once` writes go between two looks.

    So many should fill the requests that the vendor allows at once, and no more: a write has to leave while the look it
    rests on is fresh.
    """
    waiting: deque[Write] = deque()
    done = 0
    while True:
        wanted = feed.more()
        waiting.extend(wanted.writes)
        if wanted.looks:
            yield Seen(tuple(wanted.looks), portal.read(wanted.looks))
            continue
        if not waiting:
            return
        part = [waiting.popleft() for _ in range(min(at_once, len(waiting)))]
        withheld = feed.intend(part)
        leaving = [write for write in part if write.key not in withheld]
        results = portal.perform(leaving, _intended, _overall(feed, tell, done, len(leaving), len(waiting)))
        with contextlib.closing(cast("Generator[Result, None, None]", results)):
            for result in results:
                done += 1
                yield result


def _intended(batch: Sequence[Write]) -> None:
    """All of this turn was journalled before it began."""


def _overall(feed: Feed, tell: Tell | None, done: int, turn: int, waiting: int) -> Tell | None:
    """Progress of a turn as progress of the run, its time in proportion to the writes that are left."""
    if tell is None:
        return None

    def said(progress: Progress) -> None:
        left = turn - progress.done
        all_left = left + waiting + sum(feed.ahead().writes.values())
        seconds = progress.seconds_left
        scaled = None if seconds is None or not left else seconds * all_left / left
        tell(Progress(done + progress.done, None, scaled))

    return said
