"""A plan that makes cards where origins need a field makes that field first, once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason
from b24kit.change.snapshot import Snapshot
from b24kit.connectors.factory import capabilities_of
from b24kit.crm.pipeline import Gate
from b24kit.crm.refs import Kind
from b24kit.playbook.marks import MARK_FIELD, with_marks
from tests.cleanup.portal_of import FACTS

NOW = datetime(2026, 11, 2, tzinfo=UTC)


def makes(kind: Kind, key: str) -> CreateRecord:
    return CreateRecord(
        key=key, phase=Phase.DEALS, reason=Reason("clean.convert"), kind=kind, values={"title": "x"}, needs=("a",)
    )


def planned(*there: str, vendor: str = "amocrm") -> dict[str, Operation]:
    gates = [
        Gate(id=str(n), card_kind=kind, code=MARK_FIELD, name="b24kit", type="text") for n, kind in enumerate(there)
    ]
    found = [makes(Kind.DEAL, "deal-1"), makes(Kind.LEAD, "lead-1"), makes(Kind.COMMENT, "note-1")]
    return {one.key: one for one in with_marks(found, Snapshot.of(gates, FACTS, NOW), capabilities_of(vendor))}


def test_deals_and_leads_share_one_field_that_both_wait_for() -> None:
    found = planned()
    assert [key for key, one in found.items() if one.target.kind is Kind.FIELD] == ["mark-lead"]
    assert found["deal-1"].needs == found["lead-1"].needs == ("a", "mark-lead")
    assert found["note-1"].needs == ("a",)


@pytest.mark.parametrize(("there", "vendor"), [(("lead",), "amocrm"), ((), "bitrix24")], ids=["there", "not-needed"])
def test_none_is_made_where_it_stands_or_is_not_needed(there: tuple[str, ...], vendor: str) -> None:
    assert list(planned(*there, vendor=vendor)) == ["deal-1", "lead-1", "note-1"]
