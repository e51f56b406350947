"""A portal as the vendor hands it over: one administrator, one department, default stages and directories."""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24 import directory, moments
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.seeds.bitrix24 import summary
from b24kit.sandbox.seeds.organiser import put


def plant_empty(portal: FakePortal) -> dict[str, Any]:
    """Bare walls; gives the summary."""
    plant_walls(portal)
    directory.plant_defaults(portal)
    return {"kind": "empty", **summary(portal)}


def plant_walls(portal: FakePortal) -> None:
    """The administrator, the root department and the general deal pipeline."""
    put(portal, "department", 1, {"NAME": "Моя компания", "SORT": 500, "UF_HEAD": 1})
    admin = {
        "NAME": "Администратор",
        "LAST_NAME": "Портала",
        "EMAIL": "admin@portal.example",
        "ACTIVE": "Y",
        "ADMIN": "Y",
    }
    row = {**admin, "UF_DEPARTMENT": [1], "USER_TYPE": "employee", "DATE_REGISTER": moments.now(portal)}
    put(portal, "user", 1, row)
    put(portal, "category", 0, {"NAME": "Общая", "SORT": 100})
