"""The table of methods, and that nothing outside it is called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from b24kit.connectors import bitrix24
from b24kit.connectors.bitrix24.methods import METHODS, is_read, new_id

NAMES = re.compile(r'"((?:crm|tasks|im|user|department|bizproc)\.[a-zA-Z.]+)"')


def test_every_method_in_the_code_is_in_the_table() -> None:
    folder = Path(bitrix24.__file__).parent
    own = [path for path in folder.glob("*.py") if path.name not in ("encode.py", "faults.py", "lists.py")]
    called = {name for path in own for name in NAMES.findall(path.read_text(encoding="utf-8"))}
    assert called and called <= METHODS.keys()


def test_reads_are_told_from_writes() -> None:
    assert is_read("crm.lead.list") and is_read("crm.activity.binding.list")
    assert not is_read("crm.lead.update") and not is_read("crm.activity.binding.add")
    assert not is_read("crm.unheard.of")


@pytest.mark.parametrize(
    ("method", "result", "made"),
    [
        ("crm.status.add", 773, "773"),
        ("crm.item.add", {"item": {"id": 342}}, "342"),
        ("crm.category.add", {"category": {"id": 5}}, "5"),
        ("crm.activity.todo.add", {"id": 999}, "999"),
        ("tasks.task.add", {"task": {"id": "3711"}}, "3711"),
        ("crm.status.add", True, None),
        ("crm.status.add", 0, None),
        ("crm.item.add", {"item": []}, None),
        ("crm.item.add", None, None),
    ],
)
def test_the_new_id_stands_where_each_method_puts_it(method: str, result: object, made: str | None) -> None:
    assert new_id(method, result) == made


def test_what_makes_new_things_is_never_repeated_blindly() -> None:
    makers = [method for method in METHODS.values() if method.name.endswith((".add", "Import"))]
    bindings = {"crm.activity.binding.add"}
    assert all(not method.repeatable for method in makers if method.name not in bindings)
