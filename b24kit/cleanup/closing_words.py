"""How a closed lead says why, where every ladder has one lost stage only: the reason of the loss and a tag.

The design's own failure stages give the reasons their names; what it does not name is called by our words. A reason
that the portal lacks is made by the plan, once, be it by the design or here; undoing removes it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
class DesignedReasons:
    """What the stage design says of reasons: spellings by our word, the one to write first, and the operations of this
    plan that make reasons, by name.
    """

    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClosingWords:
    """`operations` make the reasons that are missing; `keys` are theirs and those of the design's that are needed."""

    told: Mapping[str, Told]
    operations: tuple[CreateRecord, ...] = ()
    awaited: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return (*(one.key for one in self.operations), *self.awaited)

    def of(self, word: str) -> Told:
        return self.told[word]


def closing_words(snapshot: Snapshot, lang: Language, designed: DesignedReasons | None = None) -> ClosingWords:
    """Reasons by their names: those of the portal first, then those that the design makes, then new ones."""
    designed = designed or DesignedReasons()
    there = {_folded(reason.name): reason.id for reason in snapshot.loss_reasons()}
    coming = {_folded(name): key for name, key in designed.made.items()}
    made, awaited, told = [], [], {}
    for place, word in enumerate(WORDS):
        names = designed.spellings.get(word) or (say(f"clean.text.{word}_reason", lang),)
        reason = next((there[_folded(name)] for name in names if name and _folded(name) in there), None)
        key = next((coming[_folded(name)] for name in names if name and _folded(name) in coming), None)
        if reason is None and key is None:
            made.append(_reason(word, next(filter(None, names)), place))
            key = made[-1].key
        elif reason is None and key is not None:
            awaited.append(key)
        told[word] = Told(reason or f"{NEW}{key}", say(f"clean.text.{word}_tag", lang))
    return ClosingWords(told, tuple(made), tuple(awaited))


def _reason(word: str, name: str, place: int) -> CreateRecord:
    return CreateRecord(
        key=f"reason-{word}",
        phase=Phase.SETTINGS,
        reason=Reason("clean.make_reason", {"name": name}),
        kind=Kind.LOSS_REASON,
        values={"name": name, "sort": _FIRST_SORT + place},
    )


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("ё", "е").split())


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
