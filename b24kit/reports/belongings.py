"""The part of the proof sheet that speaks of what hung on the cards: how much there was and where each thing is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from b24kit.change.inventory import CONSENT, Fate, Inventory, Missing
from b24kit.change.operation import Reason
from b24kit.reports.tables import Table

_COLUMNS = ("what", "items", "kept", "travelled", "in_backup", "altered", "missing")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What became of everything that hung on a plan's cards; `missing` names some of what is lost."""

    fates: Sequence[Fate]
    missing: Sequence[Missing]

    @property
    def lost(self) -> int:
        """Things that are neither on a card nor in the copy, refusals aside."""
        return sum(one.missing for one in self.fates if one.part != CONSENT)

    @property
    def consent_lost(self) -> int:
        return sum(one.missing for one in self.fates if one.part == CONSENT)

    def table(self) -> Table:
        """A row a part."""
        rows = [(Reason(f"part.{one.part}"), *(getattr(one, name) for name in _COLUMNS[1:])) for one in self.fates]
        return Table("table.belongings", tuple(f"column.{name}" for name in _COLUMNS), rows)

    def document(self) -> dict[str, object]:
        """The same for a machine, with the hashes of each part before and after."""
        parts = {
            one.part: {name: getattr(one, name) for name in (*_COLUMNS[1:], "digest_before", "digest_after")}
            for one in self.fates
        }
        some = [{"card": one.card, "part": one.part, "id": one.id} for one in self.missing]
        return {"parts": parts, "lost": self.lost, "consent_lost": self.consent_lost, "missing": some}


def belongings_of(inventory: Inventory, clients: dict[str, str]) -> Belongings:
    """Compare the two lists of an inventory; `clients`: the card each lead became."""
    return Belongings(inventory.fates(clients), inventory.missing())
