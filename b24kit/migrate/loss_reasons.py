"""Loss reasons of a design: those it names, and its further failure stages where a ladder has but one of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason
from b24kit.crm.pipeline import LossReason, Outcome
from b24kit.crm.refs import Kind
from b24kit.migrate.design import fold
from b24kit.migrate.spec import Language, StageSpec, Wording

_STEP = 10


def failures(ladder: Sequence[StageSpec]) -> list[StageSpec]:
    """The failure stages after the first: where a ladder has one stage of failure, each is a loss reason."""
    return [spec for spec in ladder if spec.outcome is Outcome.LOST][1:]


def diff_reasons(wanted: Sequence[Wording], present: Sequence[LossReason], lang: Language) -> list[Operation]:
    """Reasons that are missing, by name; none is renamed (no vendor allows it) and none is ever removed."""
    known: set[str] = {fold(reason.name) for reason in present}
    sort = max((reason.sort for reason in present), default=0)
    found: list[Operation] = []
    for wording in wanted:
        if _there(wording, known):
            continue
        sort += _STEP
        name = wording.said(lang)
        known.add(fold(name))
        found.append(
            CreateRecord(
                key=f"loss-reason-{len(found) + 1}",
                phase=Phase.SETTINGS,
                reason=Reason("design.create_loss_reason", {"name": name}),
                kind=Kind.LOSS_REASON,
                values={"name": name, "sort": sort},
            )
        )
    return found


def _there(wording: Wording, known: Collection[str]) -> bool:
    return any(fold(name) in known for name in (wording.ru, wording.en) if name)
