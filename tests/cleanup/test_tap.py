"""Which mailbox makes the pile, and the steps that close it."""

from __future__ import annotations

from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.tap import STEP, find_tap, tap_steps
from b24kit.connectors.bitrix24.facts import CAPABILITIES
from b24kit.crm.records import Record
from tests.cleanup.portal_of import NOW, mail, plan, snapshot


def letters(*days: int) -> list[Record]:
    return [record for number, day in enumerate(days, 1) for record in mail(number, "anna@firm.example", days=day)]


def test_leads_are_counted_by_mailbox_all_and_lately() -> None:
    report = find_tap(snapshot(letters(400, 300, 20, 10, 1)), CleanSpec(), NOW)
    (tap,) = report.taps
    assert (tap.mailbox, tap.owner, tap.source, tap.leads, tap.recent) == ("info@own.example", "1", "EMAIL", 5, 3)
    assert tap.per_day == 3 / 28
    assert [count for _, count in report.days] == [1, 1, 1]


def test_a_running_tap_gives_steps_with_links_and_a_leak_test() -> None:
    steps = tap_steps(find_tap(snapshot(letters(400, 1)), CleanSpec(), NOW), CAPABILITIES.pages)
    assert [step.code for step in steps] == ["step.tap_mailboxes", "step.tap_exceptions", "step.tap_leak_test"]
    assert [step.link for step in steps] == ["/mail/", "/crm/configs/exclusion/", "/mail/"]
    assert steps[0].facts["mailboxes"] == "info@own.example (1)"


def test_a_portal_without_a_page_of_exceptions_gets_no_step_for_it() -> None:
    steps = tap_steps(find_tap(snapshot(letters(400, 1)), CleanSpec(), NOW), {"mailboxes": "/mail/"})
    assert [step.key for step in steps] == [STEP, "tap-leak-test"]


def test_a_closed_tap_gives_none() -> None:
    report = find_tap(snapshot(letters(400, 300)), None, NOW)
    assert report.taps
    assert not report.running
    assert tap_steps(report, {}) == []


def test_only_the_sources_of_the_pile_are_counted() -> None:
    spec = CleanSpec.model_validate({"pile": {"sources": ["Звонок"]}})
    assert find_tap(snapshot(letters(1)), spec, NOW).taps == ()


def test_the_tap_is_open_while_leads_keep_coming_and_falls_silent_by_itself() -> None:
    usual = (25, 20, 15, 10, 5)  # five in four weeks: a gap of some seventeen days is long enough to tell
    assert find_tap(snapshot(letters(*usual, 1)), None, NOW).still_open
    assert find_tap(snapshot(letters(*usual)), None, NOW).still_open
    busy = [day for day in range(8, 27) for _ in range(3)]
    assert not find_tap(snapshot(letters(*busy)), None, NOW).still_open, "two a day, and none for a week"
    assert find_tap(snapshot(letters(*busy)), None, NOW).running


def test_an_open_tap_blocks_until_it_is_answered_and_a_silent_one_does_not() -> None:
    open_, silent = ([*range(1, 27)], [day for day in range(8, 27) for _ in range(3)])
    blocking = [tap_steps(find_tap(snapshot(letters(*days)), None, NOW), {})[0].blocking for days in (open_, silent)]
    assert blocking == [True, False]


def test_a_playbook_may_say_that_the_tap_stays_open() -> None:
    step = plan(snapshot(letters(*range(1, 27))), clean={"tap_open": True}).steps[0]
    assert (step.key, step.answer) == (STEP, "разбираем при открытом кране")


def test_where_nothing_is_cleaned_an_open_tap_blocks_nothing() -> None:
    step = plan(snapshot(letters(*range(1, 13)))).steps[0]
    assert (step.key, step.blocking) == (STEP, False), "all are younger than the limit"
