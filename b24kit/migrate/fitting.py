"""A ladder fitted to a vendor that chooses the codes of stages itself, as amoCRM does.

There each pipeline has one success and one failure status of its own making, stages are known by their names, and
colours come from a palette ("Lead pipelines and stages"). Further failure stages become loss reasons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from b24kit.change.operation import Reason
from b24kit.crm.pipeline import Outcome, Stage
from b24kit.migrate.spec import Language, StageSpec


def fitted(
    wanted: Sequence[StageSpec], present: Sequence[Stage], palette: Sequence[str] | None, lang: Language = "ru"
) -> tuple[tuple[StageSpec, ...], list[Reason]]:
    """The stages that such a vendor can have, each findable by its name, and a note on every end that it cannot."""
    found: list[StageSpec] = []
    notes: list[Reason] = []
    for spec in wanted:
        if spec.outcome is Outcome.LOST and any(one.outcome is Outcome.LOST for one in found):
            notes.append(Reason("design.end_by_reason", {"stage": spec.name.said(lang)}))
            continue
        names = tuple(dict.fromkeys([*_final(spec, present), *spec.was, spec.name.ru]))
        found.append(spec.model_copy(update={"was": names, "colour": nearest(spec.colour, palette)}))
    return tuple(found), notes


def nearest(colour: str | None, palette: Sequence[str] | None) -> str | None:
    """The colour of the palette that looks most like this one.

    >>> nearest("#FF5752", ("#ff8f92", "#c1e0ff"))
    '#ff8f92'
    """
    if colour is None or palette is None:
        return colour
    wanted = _parts(colour)
    return min(palette, key=lambda one: sum((a - b) ** 2 for a, b in zip(wanted, _parts(one), strict=True)))


def _final(spec: StageSpec, present: Sequence[Stage]) -> Iterator[str]:
    """The portal's own success or failure status, which the design's can only be."""
    if spec.outcome is not Outcome.OPEN:
        yield from (stage.code for stage in present if stage.outcome is spec.outcome)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
