"""Blocks and their price."""

from __future__ import annotations

import numpy as np

from b24kit.matching.block import blocks, price
from b24kit.matching.candidates import candidates
from b24kit.matching.portrait import Gallery
from tests.matching.piles import matched


def test_a_block_above_the_cap_is_not_searched_and_its_price_says_so() -> None:
    values = np.array([7] * 5 + [8, 8, -1, -1])
    assert [block.tolist() for block in blocks(values, most=4)] == [[5, 6]]
    cost = price("mark", values, most=4)
    assert (cost.pairs, cost.blocks, cost.too_large) == (1, 1, 1)


def test_what_too_many_share_brings_no_pairs() -> None:
    rows = [("", f"vodolaz77@{letter}.example") for letter in "abcdefghijklmnopq"]
    found = matched(*rows, crowd=False)
    asked = candidates(Gallery(found.keys, found.clusters.of_card), len(rows))
    mark = next(cost for cost in asked.prices if cost.rule == "mark")
    assert not asked.pairs and mark.too_large == 1


def test_no_values_make_no_blocks() -> None:
    assert not list(blocks(np.array([], dtype=np.int64))) and price("mark", np.array([-1]), 5).pairs == 0
