"""What a fake amoCRM account starts with; `plant` is the one door, as for the other vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm.opening import plant_walls
from b24kit.sandbox.amocrm.registry import FakePortal


def plant(portal: FakePortal, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Fill a fresh account by a spec and give a summary. Raises ValueError for a kind that is not known."""
    if spec.get("kind") == "empty":
        plant_walls(portal)
        return {
            "kind": "empty",
            "rows": {name: len(table) for name, table in portal.store.tables.items() if len(table)},
        }
    raise ValueError(f"unknown seed {spec.get('kind')!r}: empty")
