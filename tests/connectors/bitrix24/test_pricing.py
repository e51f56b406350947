"""Writes and reads as calls, for a price."""

import pytest

from b24kit.connectors.bitrix24.methods import METHODS
from b24kit.connectors.bitrix24.pricing import calls_needed
from b24kit.errors import UsageError


def test_cards_are_counted_in_imports_of_twenty_and_rows_in_pages_of_fifty() -> None:
    assert calls_needed({"create contact": 45, "create company": 1}, {"lead": 5001, "stage": 30}) == {
        "crm.item.batchImport": 4,
        "crm.lead.list": 101,
        "crm.status.list": 1,
    }


def test_looking_at_an_activity_is_its_row_and_its_bindings() -> None:
    assert calls_needed({}, {"activity": 120}) == {"crm.activity.list": 3, "crm.activity.binding.list": 120}


def test_every_counted_method_is_in_the_table() -> None:
    kinds = ("stage", "source", "pipeline", "todo")
    writes = {f"{verb} {kind}": 1 for verb in ("create", "change", "delete") for kind in kinds}
    writes |= {f"{verb} {kind}": 1 for verb in ("change", "delete") for kind in ("lead", "deal", "activity")}
    writes |= {f"{verb} {kind}": 1 for verb in ("create", "delete") for kind in ("comment", "task", "notice", "field")}
    assert calls_needed({**writes, "bind activity": 1, "unbind activity": 1}, {}).keys() <= METHODS.keys()


def test_a_step_that_this_vendor_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError):
        calls_needed({"create user": 1}, {})
