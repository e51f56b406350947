"""What is planted on leads besides their letters changes nothing else, and is the same every time."""

from __future__ import annotations

from datetime import UTC, datetime

from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import tables
from b24kit.sandbox.seeds import plant
from b24kit.sandbox.store import Store


def planted(**more: object) -> FakePortal:
    portal = FakePortal(Store(tables()), lambda: datetime(2026, 1, 12, 9, tzinfo=UTC))
    plant(portal, {"kind": "empty"})
    portal.store.reset()
    plant(portal, {"kind": "company", "leads": 60, "seed": 7, **more})
    return portal


def test_people_letters_and_numbers_are_the_same_with_and_without_belongings() -> None:
    bare, full = planted(), planted(belongings=True)
    letters = dict(bare.store["activity"])
    for activity_id, row in letters.items():
        kept = {name: value for name, value in full.store["activity"].rows[activity_id].items() if name != "FILES"}
        assert kept == row
    assert [row["TITLE"] for _, row in bare.store["lead"]] == [row["TITLE"] for _, row in full.store["lead"]]
    for name in ("comment", "task", "file", "productrow"):
        assert len(full.store[name]) > len(bare.store[name])
    assert len(full.store["mail"]) == len(full.store["notification"]) == 0


def test_belongings_are_the_same_every_time() -> None:
    assert planted(belongings=True).store.dump() == planted(belongings=True).store.dump()
