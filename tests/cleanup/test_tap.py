"""Which mailbox makes the pile, and the steps that close it."""

from __future__ import annotations

from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.tap import find_tap, tap_steps
from b24kit.crm.records import Record
from tests.cleanup.portal_of import NOW, mail, snapshot


def letters(*days: int) -> list[Record]:
    return [record for number, day in enumerate(days, 1) for record in mail(number, "anna@firm.example", days=day)]


def test_leads_are_counted_by_mailbox_all_and_lately() -> None:
    report = find_tap(snapshot(letters(400, 300, 20, 10, 1)), CleanSpec(), NOW)
    (tap,) = report.taps
    assert (tap.mailbox, tap.owner, tap.source, tap.leads, tap.recent) == ("info@own.example", "1", "EMAIL", 5, 3)
    assert tap.per_day == 3 / 28
    assert [count for _, count in report.days] == [1, 1, 1]


def test_a_running_tap_gives_steps_with_links_and_a_leak_test() -> None:
    steps = tap_steps(find_tap(snapshot(letters(400, 1)), CleanSpec(), NOW))
    assert [step.code for step in steps] == ["step.tap_mailboxes", "step.tap_exceptions", "step.tap_leak_test"]
    assert [step.link for step in steps] == ["/mail/", "/crm/configs/exclusion/", "/mail/"]
    assert steps[0].facts["mailboxes"] == "info@own.example (1)"


def test_a_closed_tap_gives_none() -> None:
    report = find_tap(snapshot(letters(400, 300)), None, NOW)
    assert report.taps
    assert not report.running
    assert tap_steps(report) == []


def test_only_the_sources_of_the_pile_are_counted() -> None:
    spec = CleanSpec.model_validate({"pile": {"sources": ["Звонок"]}})
    assert find_tap(snapshot(letters(1)), spec, NOW).taps == ()
