"""Tables keep order and indexes; a file keeps everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from b24kit.sandbox.store import Store, Table


def opened(path: Path | None = None) -> Store:
    return Store([Table("lead", ["STATUS_ID"]), Table("contact")], path)


def test_rows_are_found_by_id_range_and_by_index() -> None:
    leads = opened()["lead"]
    for status in ("NEW", "JUNK", "NEW", "NEW"):
        leads.add({"STATUS_ID": status})
    leads.change(1, {"STATUS_ID": "JUNK"})
    leads.remove(3)
    assert leads.find("STATUS_ID", "NEW") == [4]
    assert leads.find("STATUS_ID", "JUNK") == [1, 2]
    assert leads.ids(above=1, below=4) == [2]
    assert leads.add({"STATUS_ID": "NEW"}) == 5
    with pytest.raises(ValueError, match="exists"):
        leads.add({}, 5)


def test_a_file_keeps_rows_facts_and_used_ids(tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    store = opened(path)
    store["lead"].add({"TITLE": "A", "STATUS_ID": "NEW"})
    store["lead"].add({"TITLE": "B"})
    store["lead"].remove(2)
    store.facts["settings"] = {"a": [1]}
    store.set_aside("truth", {"1": "ann"})
    store.close()
    again = opened(path)
    assert again["lead"].rows == {1: {"TITLE": "A", "STATUS_ID": "NEW"}}
    assert again["lead"].find("STATUS_ID", "NEW") == [1]
    assert again["lead"].add({}) == 3
    assert again.facts == {"settings": {"a": [1]}}
    assert (again.aside("truth"), again.aside("lies")) == ({"1": "ann"}, None)
    assert again.changed()
    del again.facts["settings"]
    again.close()
    assert opened(path).facts == {}


def test_a_reset_forgets_even_the_used_ids(tmp_path: Path) -> None:
    path = tmp_path / "portal.db"
    store = opened(path)
    store["lead"].add({})
    store.facts["x"] = 1
    store.commit()
    store.reset()
    store.close()
    again = opened(path)
    assert (again.facts, again["lead"].add({})) == ({}, 1)


def test_a_dump_is_a_copy() -> None:
    store = opened()
    store["lead"].add({"F": ["x"]})
    before = store.dump()
    store["lead"].rows[1]["F"].append("y")
    assert before["tables"] == {"lead": {"1": {"F": ["x"]}}, "contact": {}}
    assert list(store.dump(["contact"])["tables"]) == ["contact"]
