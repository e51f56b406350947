"""The audit of a small portal: what is stuck and why, whose letters lie there, and what it is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from b24kit.audit.findings import AuditReport, Finding
from b24kit.change.operation import Reason
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Contact, Deal
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import Record
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import Language, has, say
from b24kit.playbook.inspection import run_audit
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.shipped import find_playbook
from tests.migrate.ladders import NOW, company, lead, letter

EMAIL = "UC_LAFJPE"


def cards() -> list[Record]:
    known = Contact(id="70", owner="3", points=(Point(PointKind.EMAIL, "Ivan.Petrov@alfa.example"),))
    deal = Deal(id="90", pipeline="0", stage="NEW", contact="70", amount="150000.00", currency="RUB")
    leads = [
        lead(1, EMAIL, owner="16", source="EMAIL"),
        lead(2, EMAIL, owner="2"),
        lead(3, EMAIL, owner="2", days=3),
        lead(4, "NEW", owner="2"),
        lead(5, "NEW"),
    ]
    letters = [
        letter(1, 1, "Иван Петров <ivan.petrov@alfa.example>"),
        letter(2, 2, "Пётр Новиков <petr@beta.example>"),
        letter(3, 3, "Анна Сергеева <anna@gamma.example>", days=3),
    ]
    ahead = Activity(
        id="9",
        channel=Channel.TASK,
        direction=Direction.NONE,
        subject="Перезвонить",
        card=Ref(Kind.LEAD, "4"),
        done=False,
        deadline=NOW + timedelta(days=1),
    )
    return [known, deal, *leads, *letters, ahead]


def found(report: AuditReport, code: str) -> Finding:
    [one] = [finding for finding in report.findings if finding.code == code]
    return one


def test_open_and_stuck_leads_are_counted_by_the_one_definition() -> None:
    report = run_audit(company(cards()), NOW)
    assert (report.open, report.stuck) == (5, 3)
    assert found(report, "audit.stuck").facts["share"] == 60


def test_a_letter_of_a_known_client_is_told_with_his_running_deals() -> None:
    report = run_audit(company(cards()), NOW)
    assert found(report, "audit.known_clients").facts == {"count": 1, "clients": 1}
    assert found(report, "audit.money_at_risk").facts == {"count": 1, "sums": "150 000 RUB"}


def test_leads_of_nobody_and_of_the_dismissed_are_told() -> None:
    report = run_audit(company(cards()), NOW)
    assert found(report, "audit.no_owner").facts == {"count": 1}
    assert found(report, "audit.dismissed_owner").facts == {"user": "Виктор Панов", "count": 1}


def test_the_tap_that_still_runs_is_told_with_its_mailbox() -> None:
    facts = found(run_audit(company(cards()), NOW), "audit.tap").facts
    assert facts["recent"] == 1
    assert facts["busiest"] == "info@expo-standart.example (1)"


def test_names_of_stages_are_judged_with_the_playbooks_proposals() -> None:
    playbook = load_playbook(find_playbook("talking-leads"))
    report = run_audit(company(cards()), NOW, playbook=playbook)
    mail = next(one for one in report.findings if one.facts.get("code") == EMAIL)
    assert mail.code == "lint.source_as_stage"
    assert mail.advice is not None
    assert mail.advice.facts["line"] == '{stage: "E-mail", to: NEW, source: EMAIL}'


def test_the_playbooks_limits_by_stage_count_and_a_plain_limit_overrides_them() -> None:
    playbook = load_playbook(find_playbook("talking-leads"))
    young = [lead(1, "NEW", days=3)]
    assert run_audit(company(young), NOW).stuck == 0
    assert run_audit(company(young), NOW, playbook=playbook).stuck == 1
    assert run_audit(company(young), NOW, playbook=playbook, stuck_after_days=7).stuck == 0


def test_the_gravest_findings_come_first() -> None:
    order = [finding.severity for finding in run_audit(company(cards()), NOW).findings]
    assert order == sorted(order, key=["high", "medium", "low"].index)


def test_tables_hold_plain_cells_and_name_every_stuck_lead() -> None:
    tables = {sheet.name: sheet for sheet in run_audit(company(cards()), NOW).tables()}
    assert [row[0] for row in tables["audit.sheet.stuck_list"].rows] == ["1", "2", "5"]
    causes = {row[0].code: row[2] for row in tables["audit.sheet.by_cause"].rows if isinstance(row[0], Reason)}
    assert causes == {"audit.cause.known_client": 1, "audit.cause.newcomer": 1, "audit.cause.no_letter": 1}
    for sheet in tables.values():
        assert all(len(row) == len(sheet.columns) for row in sheet.rows)


def test_a_tidy_portal_has_no_findings() -> None:
    stages = [replace(stage) for stage in company().stages() if stage.system]
    tidy = [replace(stage, name="Новый ЛИД") if stage.code == "NEW" else stage for stage in stages]
    report = run_audit(company([lead(1, "NEW", owner="2", days=1)], tidy), NOW)
    assert report.findings == ()
    assert not report.has_findings


def test_a_portal_without_leads_gives_an_empty_report() -> None:
    report = run_audit(company(), NOW)
    assert (report.open, report.stuck) == (0, 0)


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_everything_in_a_report_can_be_said_with_every_gap_filled(lang: Language) -> None:
    report = run_audit(company(cards()), NOW)
    for sheet in report.tables():
        codes = [Reason(sheet.name), *(Reason(column) for column in sheet.columns)]
        codes += [cell for row in sheet.rows for cell in row if isinstance(cell, Reason)]
        for reason in codes:
            assert has(reason.code, lang), reason.code
            assert "{" not in say(reason.code, lang, **reason.facts)
