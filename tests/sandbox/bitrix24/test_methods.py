"""The registry of REST methods is complete and consistent."""

from __future__ import annotations

import importlib
from pathlib import Path

from b24kit.sandbox.bitrix24 import methods
from b24kit.sandbox.bitrix24.registry import METHODS


def test_every_module_that_registers_methods_is_gathered() -> None:
    gathered = set(METHODS)
    folder = Path(methods.__file__).parent
    for module in folder.glob("*.py"):
        importlib.import_module(f"b24kit.sandbox.bitrix24.{module.stem}")
    assert set(METHODS) == gathered


def test_methods_are_found_by_their_names_in_lower_case() -> None:
    assert all(key == method.name.lower() for key, method in METHODS.items())
    assert {"crm.lead.list", "crm.item.batchimport", "crm.activity.binding.add", "user.get", "batch"} <= set(METHODS)
