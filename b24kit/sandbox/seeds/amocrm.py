"""What a fake amoCRM account starts with; `plant` is the one door, as for the other vendor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from b24kit.sandbox.amocrm.opening import plant_walls
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.seeds.amocrm_cards import UNSORTED_SHARE, AmoPlanter
from b24kit.sandbox.seeds.company import plant_company
from b24kit.sandbox.seeds.csv_leads import plant_csv


def plant(portal: FakePortal, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Fill a fresh account by a spec and give a summary (`rows`, `stages`, and `truth` where there is one).

    Specs: {"kind": "company", "leads": 5000, "seed": 7}, {"kind": "leads", "path": CSV or CSV.gz}, {"kind": "empty"};
    the first two take {"unsorted": 0.6}, the share of inquiries that still wait. Raises ValueError for another kind
    or numbers that make no sense, OSError for a file that cannot be read.
    """
    kind, seed = spec.get("kind"), int(spec.get("seed", 7))
    share = float(spec.get("unsorted", UNSORTED_SHARE))
    if not 0 <= share <= 1:
        raise ValueError(f"the share of incoming leads lies between 0 and 1, not at {share}")
    if kind == "company":
        leads = int(spec.get("leads", 5000))
        if leads < 1:
            raise ValueError(f"a company needs at least one lead, not {leads}")
        return plant_company(AmoPlanter(portal, seed, share), leads, seed)
    if kind == "leads":
        return plant_csv(AmoPlanter(portal, seed, share), Path(str(spec["path"])))
    if kind == "empty":
        plant_walls(portal)
        return {
            "kind": "empty",
            "rows": {name: len(table) for name, table in portal.store.tables.items() if len(table)},
        }
    raise ValueError(f"unknown seed {kind!r}: company, leads or empty")
