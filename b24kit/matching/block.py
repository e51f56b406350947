"""Cards that share a key, block by block, with the price (pairs) known before a block is used.

A block that is too large is not searched pair by pair: what so many cards share tells nothing about any two of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from b24kit.matching.keys import Numbers


@dataclass(frozen=True, slots=True)
class Price:
    """What searching a rule's blocks costs: pairs of cards within the cap, and blocks left out as too large."""

    rule: str
    pairs: int
    blocks: int
    too_large: int


def blocks(values: Numbers, least: int = 2, most: int = 0) -> Iterator[Numbers]:
    """Places that share a value, each block in order of place; NONE shares nothing. `most` leaves out larger blocks.

    >>> [block.tolist() for block in blocks(np.array([3, -1, 3, 5, -1]))]
    [[0, 2]]
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.array([], dtype=np.int64)
    sizes = np.diff(np.r_[starts, len(ordered)])
    wanted = sizes >= least
    if len(ordered):
        wanted &= ordered[starts] >= 0
    if most:
        wanted &= sizes <= most
    for start, size in zip(starts[wanted].tolist(), sizes[wanted].tolist(), strict=True):
        yield order[start : start + size]


def price(rule: str, values: Numbers, most: int) -> Price:
    """The price of a rule's blocks before one of them is searched."""
    sizes = np.unique(values[values >= 0], return_counts=True)[1]
    kept = sizes[(sizes > 1) & (sizes <= most)]
    return Price(rule, int((kept * (kept - 1) // 2).sum()), len(kept), int((sizes > most).sum()))
