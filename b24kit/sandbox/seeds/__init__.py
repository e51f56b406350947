"""Ready portals for the sandbox: a generated company, a CSV of letters, the vendor's data set, or bare walls.

`plant` is the one door. What it returns under `truth` is for judges only and never served by REST.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.seeds.belongings import plant_belongings
from b24kit.sandbox.seeds.bitrix24 import Bitrix24Planter
from b24kit.sandbox.seeds.cast import Cast
from b24kit.sandbox.seeds.company import plant_company
from b24kit.sandbox.seeds.csv_leads import plant_csv
from b24kit.sandbox.seeds.dataset import plant_dataset
from b24kit.sandbox.seeds.doubles import plant_doubles
from b24kit.sandbox.seeds.empty import plant_empty


def plant(portal: FakePortal, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Fill a fresh portal by a spec and give a summary (`rows`, `stages`, and `truth` where there is one).

    Specs: {"kind": "company", "leads": 5000, "seed": 7, "belongings": False, "doubles": 0}, {"kind": "leads", "path":
    CSV or CSV.gz}, {"kind": "dataset", "path": dataset.json}, {"kind": "empty"}. Raises ValueError for another kind, a
    number of leads below one, or a file that does not hold what it should; OSError for one that cannot be read.
    """
    kind = spec.get("kind")
    if kind == "company":
        leads = int(spec.get("leads", 5000))
        if leads < 1:
            raise ValueError(f"a company needs at least one lead, not {leads}")
        seed = int(spec.get("seed", 7))
        return plant_company(Bitrix24Planter(portal), leads, seed, partial(_more, portal, seed, spec))
    if kind == "leads":
        return plant_csv(Bitrix24Planter(portal), Path(str(spec["path"])))
    if kind == "dataset":
        return plant_dataset(portal, Path(str(spec["path"])))
    if kind == "empty":
        return plant_empty(portal)
    raise ValueError(f"unknown seed {kind!r}: company, leads, dataset or empty")


def _more(portal: FakePortal, seed: int, spec: Mapping[str, Any], cast: Cast) -> tuple[dict[str, Any], dict[str, Any]]:
    """`belongings`: what people and clients have left on leads (files, comments, calls, product rows...); `doubles`: so
    many known clients written down a second time, and a fifth as many companies."""
    hung = {"belongings": plant_belongings(portal, seed)} if spec.get("belongings") else {}
    count = int(spec.get("doubles", 0))
    twice = {"doubles": plant_doubles(portal, Random(f"doubles {seed}"), cast, count)} if count else {}
    return hung, twice
