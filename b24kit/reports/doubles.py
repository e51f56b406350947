"""Doubles that only people can unite on the portal's own page: which are still there, and the list as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from b24kit.change.checking import Checked
from b24kit.change.operation import UpdateRecord
from b24kit.change.plan import Plan
from b24kit.crm.portal import PortalReads
from b24kit.crm.refs import Ref

CHECK = "merged"  # of hand steps that this reading can tell about
FILE = "doubles.csv"
_MARKED = "clean.tag_loser"
HEADER = ("stays", "double", "there")


@dataclass(frozen=True, slots=True)
class Doubled:
    """A double, the card that stays, and whether the double is still there: uniting two cards removes one of them."""

    double: Ref
    stays: Ref
    there: bool


def doubles_of(plan: Plan, portal: PortalReads) -> list[Doubled]:
    """The doubles that a plan marked, in its order, as they are now."""
    marked = {
        one.ref: Ref.parse(str(one.reason.facts["client"]))
        for one in plan.operations
        if isinstance(one, UpdateRecord) and one.reason.code == _MARKED
    }
    present = portal.read(marked) if marked else {}
    return [Doubled(double, stays, double in present) for double, stays in marked.items()]


def counted(found: Sequence[Doubled]) -> dict[str, int]:
    """How many doubles there were, and how many nobody has united yet."""
    return {"doubles": len(found), "left": sum(one.there for one in found)}


def without_united(checked: Checked, found: Iterable[Doubled]) -> Checked:
    """What a check found, without doubles that are gone because people united them, as they were asked to."""
    united = {one.double for one in found if not one.there}
    return replace(checked, differences=tuple(one for one in checked.differences if one.ref not in united))


def write_doubles(found: Iterable[Doubled], path: Path) -> None:
    """The list for a spreadsheet: semicolons and a byte order mark, as Russian Excel opens it."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        rows = csv.writer(out, delimiter=";")
        rows.writerow(HEADER)
        rows.writerows((one.stays.id, one.double.id, "1" if one.there else "0") for one in found)
