"""The assignment as rows for scoring."""

from __future__ import annotations

from dataclasses import replace

from b24kit.cleanup.export import assignment_rows
from b24kit.crm.cards import Origin
from tests.cleanup.portal_of import lead


def test_every_lead_has_a_row_and_the_unassigned_a_cluster_of_their_own() -> None:
    assert list(assignment_rows([lead(1), lead(2)], {"1": "contact:7"})) == [("1", "contact:7"), ("2", "lead:2")]


def test_leads_may_be_named_by_the_id_of_the_system_they_came_from() -> None:
    made = replace(lead(1), origin=Origin("csv", "L000001"))
    assert list(assignment_rows([made, lead(2)], {"1": "contact:7"}, "csv")) == [("L000001", "contact:7")]
