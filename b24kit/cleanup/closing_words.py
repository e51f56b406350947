"""How a closed lead says why, where every ladder has one lost stage only: the reason of the loss and a tag.

A reason that the portal lacks is made by the plan; undoing removes it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from b24kit.change.operation import CreateRecord, Phase, Reason
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.spec import DEFAULTS, CleanSpec
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import NEW, Kind
from b24kit.i18n import Language, say

WORDS = ("linked", "archive")
_FIRST_SORT = 1000  # after the company's own reasons


@dataclass(frozen=True, slots=True)
class Told:
    """What is written beside the lost stage: the id of the reason (or of the operation that makes it) and the tag."""

    reason: str
    tag: str


@dataclass(frozen=True, slots=True)
class ClosingWords:
    """`operations` make the reasons that are missing; `keys` are theirs."""

    told: Mapping[str, Told]
    operations: tuple[CreateRecord, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(one.key for one in self.operations)

    def of(self, word: str) -> Told:
        return self.told[word]


def closing_words(snapshot: Snapshot, lang: Language) -> ClosingWords:
    """Reasons by their names, those of the portal before new ones."""
    there = {reason.name.strip().lower(): reason.id for reason in snapshot.loss_reasons()}
    made, told = [], {}
    for place, word in enumerate(WORDS):
        name = say(f"clean.text.{word}_reason", lang)
        key = f"reason-{word}"
        if name.lower() not in there:
            made.append(
                CreateRecord(
                    key=key,
                    phase=Phase.SETTINGS,
                    reason=Reason("clean.make_reason", {"name": name}),
                    kind=Kind.LOSS_REASON,
                    values={"name": name, "sort": _FIRST_SORT + place},
                )
            )
        told[word] = Told(there.get(name.lower(), f"{NEW}{key}"), say(f"clean.text.{word}_tag", lang))
    return ClosingWords(told, tuple(made))


def on_one_lost_stage(spec: CleanSpec, snapshot: Snapshot, capabilities: Capabilities) -> CleanSpec:
    """The playbook as this portal can carry it out: what closes on stages of its own closes on the lost one, what is
    removed is archived where leads cannot be removed.
    """
    changes: dict[str, object] = {}
    if capabilities.one_failure:
        lost = next((one.code for one in snapshot.stages(LEADS) if one.outcome is Outcome.LOST), None)
        if lost is not None:
            changes["close"] = spec.close.model_copy(update={"linked": lost, "archive": lost})
    if Kind.LEAD not in capabilities.deletes:
        changes |= _kept(spec)
    return spec.model_copy(update=changes) if changes else spec


def removes(spec: CleanSpec) -> bool:
    """Whether a playbook asks for the removal of any class of letters."""
    return any(action == "delete" for action in _actions(spec).values())


def _kept(spec: CleanSpec) -> dict[str, object]:
    if not removes(spec):
        return {}
    actions = {name: "archive" if action == "delete" else action for name, action in _actions(spec).items()}
    return {"mode": "convert", "classes": spec.classes.model_copy(update=actions)}


def _actions(spec: CleanSpec) -> dict[str, str]:
    return {name: getattr(spec.classes, name) or usual for name, usual in DEFAULTS[spec.mode].items()}
