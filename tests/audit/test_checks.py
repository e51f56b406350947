"""Each check alone, at its border."""

from __future__ import annotations

from datetime import timedelta

from b24kit.audit.checks import PILE, Gathered, piles, rubbish, run_checks, tap, tap_sheet
from b24kit.audit.findings import AuditReport, Finding
from b24kit.audit.stuck_report import Names, OpenLead
from b24kit.change.operation import Reason
from b24kit.crm.cards import Lead
from b24kit.crm.inflow import Inflow
from tests.migrate.ladders import NOW


def cards(count: int, stage: str = "NEW", cause: str = "newcomer") -> list[OpenLead]:
    return [
        OpenLead(lead=Lead(id=f"{stage}{n}", stage=stage, owner="2"), stuck=True, age=timedelta(days=20), cause=cause)
        for n in range(count)
    ]


def test_a_pile_is_a_stage_with_many_stuck_leads() -> None:
    assert list(piles(Gathered(leads=cards(PILE - 1), names=Names()))) == []
    [pile] = piles(Gathered(leads=cards(PILE), names=Names(stages={"NEW": "Новый"})))
    assert pile.facts == {"stage": "Новый", "count": PILE, "share": 100}


def test_a_small_part_of_the_whole_is_no_pile() -> None:
    gathered = Gathered(leads=[*cards(1000), *cards(PILE, "TALK")], names=Names())
    assert [one.facts["stage"] for one in piles(gathered)] == ["NEW"]


def test_machines_letters_are_counted_together() -> None:
    leads = [*cards(3, cause="newsletter"), *cards(1, "A", "bounce"), *cards(4, "B")]
    [finding] = rubbish(Gathered(leads=leads, names=Names()))
    assert finding.facts == {"count": 4, "share": 50}


def test_a_mailbox_that_went_quiet_is_no_running_tap() -> None:
    quiet = Inflow("old@alfa.example", "2", "EMAIL", 500, 0, 0.0, NOW)
    busy = Inflow("info@alfa.example", "2", "EMAIL", 40, 14, 0.5, NOW)
    assert list(tap(Gathered(leads=[], names=Names(), inflows=[quiet]))) == []
    [finding] = tap(Gathered(leads=[], names=Names(), inflows=[busy, quiet]))
    assert finding.facts == {"count": 1, "recent": 14, "per_day": 0.5, "busiest": "info@alfa.example (14)"}
    assert len(tap_sheet([busy, quiet], Names()).rows) == 2


def test_findings_of_the_ladder_are_joined_in_by_their_weight() -> None:
    named = Finding(code="lint.vague", severity="medium", facts={})
    order = [one.code for one in run_checks(Gathered(leads=cards(PILE), names=Names(), stages=[named]))]
    assert order.index("audit.pile") < order.index("lint.vague")


def test_the_report_puts_its_findings_into_the_first_table() -> None:
    finding = Finding(code="audit.no_owner", severity="high", facts={"count": 1})
    report = AuditReport(portal_id="p", taken_at=NOW, open=1, stuck=0, findings=(finding,), sheets=())
    [table] = report.tables()
    assert table.rows == [(Reason("audit.severity.high"), Reason("audit.no_owner", {"count": 1}), None)]
    assert report.has_findings
