"""Colours of a design on a portal that knows only a palette: the nearest one to the eye."""

from __future__ import annotations

from collections.abc import Sequence

_WEIGHTS = (0.30, 0.59, 0.11)  # luma: how much of a difference in each channel the eye sees


def nearest(colour: str, palette: Sequence[str] | None) -> str:
    """The colour itself where any is allowed, else the one of the palette that looks most like it.

    >>> nearest("#39A8EF", ("#fff000", "#98cbff"))
    '#98cbff'
    """
    if palette is None:
        return colour
    wanted = _channels(colour)
    return min(palette, key=lambda one: (_distance(wanted, _channels(one)), one))


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _distance(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    return sum(weight * (a - b) ** 2 for weight, a, b in zip(_WEIGHTS, one, other, strict=True))
