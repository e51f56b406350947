"""What a clean-up does, counted for its reader: by action and class of letter, and whose letters go for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from b24kit.change.operation import Reason
from b24kit.cleanup.pile import Item
from b24kit.cleanup.reading import Reading
from b24kit.cleanup.spec import DEFAULTS, Action, CleanSpec
from b24kit.crm.activity import Activity, Channel
from b24kit.crm.refs import Ref
from b24kit.i18n import LANGUAGES, number, say
from b24kit.letters.classify import LetterClass

_ORDER: tuple[Action, ...] = ("convert", "convert_with_deal", "archive", "delete", "review")


@dataclass(slots=True)
class Tally:
    """Leads by what is done with them and what their letters are."""

    counts: Counter[tuple[Action, LetterClass]] = field(default_factory=Counter)

    def note(self, action: Action, items: Iterable[Item]) -> None:
        """Count these leads under an action."""
        self.counts.update((action, item.verdict.kind) for item in items)

    def of(self, action: Action) -> int:
        """How many leads an action takes."""
        return sum(count for (done, _), count in self.counts.items() if done == action)

    def by_class(self) -> dict[str, dict[str, int]]:
        """Leads by action, then by class, as machines read it."""
        return {
            action: {kind.value: count for kind, count in self._classes(action)} for action in _ORDER if self.of(action)
        }

    def notes(self) -> list[Reason]:
        """One sentence an action, with its classes."""
        return [Reason(f"clean.note.does_{action}", self._facts(action)) for action in _ORDER if self.of(action)]

    def _facts(self, action: Action) -> dict[str, Any]:
        classes = {kind.value: count for kind, count in self._classes(action)}
        return {"count": self.of(action), "classes": classes, **self._in_words(action)}

    def _classes(self, action: Action) -> list[tuple[LetterClass, int]]:
        found = [(kind, count) for (done, kind), count in self.counts.items() if done == action]
        return sorted(found, key=lambda pair: (-pair[1], pair[0].value))

    def _in_words(self, action: Action) -> dict[str, str]:
        return {
            f"phrase_{lang}": ", ".join(
                f"{say(f'clean.class.{kind.value}', lang)} {number(count, lang)}"
                for kind, count in self._classes(action)
            )
            for lang in LANGUAGES
        }


def class_in_words(kind: LetterClass) -> dict[str, str]:
    """What a class is called, as facts of a reason."""
    return {f"phrase_{lang}": say(f"clean.class.{kind.value}", lang) for lang in LANGUAGES}


def removal_notes(
    removed: Collection[Item], readings: Mapping[str, Reading], activities: Iterable[Activity]
) -> list[Reason]:
    """What goes with the leads, and whether they are known clients' and about running deals: said before consent."""
    leads = {item.lead.ref for item in removed}
    gone = [one for one in activities if one.card in leads and not others_of(one, leads)] if leads else []
    letters = sum(one.channel is Channel.EMAIL for one in gone)
    found = [readings[item.lead.id] for item in removed if item.lead.id in readings]
    known = sum(one.client is not None for one in found)
    deals = sum(one.deal is not None for one in found)
    going = {"count": letters, "others": len(gone) - letters}
    notes = [Reason("clean.note.letters_go", going)] if gone else []
    return [*notes, Reason("clean.note.removes_clients", {"count": known, "deals": deals})] if known else notes


def others_of(letter: Activity, leads: Collection[Ref]) -> frozenset[Ref]:
    """The cards besides these leads that hold a letter."""
    return frozenset({letter.card, *(letter.bindings or ())}) - frozenset(leads)


def kept_words(spec: CleanSpec) -> list[Reason]:
    """Classes for which the playbook's own word stands although the mode would do something else with them."""
    kept = {
        name: word
        for name, usual in DEFAULTS[spec.mode].items()
        if (word := getattr(spec.classes, name)) is not None and word != usual
    }
    if not kept or spec.mode == "convert":  # the mode that every class's own words are written for
        return []
    listed = ", ".join(f"{name}: {word}" for name, word in kept.items())
    return [Reason("clean.note.classes_kept", {"mode": spec.mode, "listed": listed})]
