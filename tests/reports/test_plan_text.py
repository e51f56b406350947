"""A plan in people's words: greppable last lines, right plurals, one line a reason, names instead of codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, RemoveRecord, UpdateRecord
from b24kit.change.plan import HandStep, LeftAlone, Plan
from b24kit.change.snapshot import Difference
from b24kit.connectors.bitrix24.facts import CAPABILITIES
from b24kit.crm.portal import Cost
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import Language
from b24kit.reports.plan_text import closing_lines, cost_line, difference_line, duration, left_lines, plan_lines

NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
NAMES = {"stage:leads:UC_1": "E-mail", "stage:leads:NEW": "Новый ЛИД", "stage:7": "E-mail", "user:5": "Анна Ли"}
WHY = Reason("design.as_designed", {"stages": 1})


def plan(*operations: Operation, steps: tuple[HandStep, ...] = (), left: tuple[LeftAlone, ...] = ()) -> Plan:
    return Plan(
        id="p1", portal_id="my.bitrix24.ru", playbook="talking-leads", made_at=NOW, expires_at=NOW + timedelta(days=1),
        settings_hash="", snapshot_id="", operations=operations, steps=steps, left=left, names=NAMES,
        cost=Cost(requests=214, method_seconds={"change lead": 1140.0}, seconds_low=360, seconds_high=1440),
    )  # fmt: skip


def move(number: int) -> UpdateRecord:
    ref = Ref(Kind.LEAD, str(number))
    return UpdateRecord(
        key=f"lead-{number}", phase=Phase.CARDS, reason=WHY, ref=ref, before={"stage": "UC_1"}, after={"stage": "NEW"}
    )


def shown(made: Plan, lang: Language = "ru") -> list[str]:
    return [f"{line.sign} {line.text}" for line in plan_lines(made, lang)]


def test_card_moves_are_counted_by_where_from_and_where_to() -> None:
    assert shown(plan(*map(move, range(22)))) == ["> 22 карточки: E-mail → Новый ЛИД"]


def test_stages_are_called_by_their_names() -> None:
    rename = UpdateRecord(
        key="s", phase=Phase.SETTINGS, reason=WHY, ref=Ref(Kind.STAGE, "7"),
        before={"name": "E-mail", "sort": 10}, after={"name": "Письма", "sort": 20},
    )  # fmt: skip
    make = CreateRecord(
        key="n", phase=Phase.SETTINGS, reason=WHY, kind=Kind.STAGE, values={"code": "QUALIFIED", "name": "Пройдена"}
    )
    drop = RemoveRecord(key="d", phase=Phase.RETIRE, reason=WHY, ref=Ref(Kind.STAGE, "9"), before={"name": "Чат"})
    assert shown(plan(rename, make, drop)) == [
        "~ Стадия «E-mail» → «Письма», порядок 10 → 20",
        "+ Стадия «Пройдена» (QUALIFIED)",
        "- Стадия «Чат»",
    ]


@pytest.mark.parametrize(("count", "words"), [(1, "1 карточку"), (3, "3 карточки"), (5, "5 карточек")])
def test_the_closing_line_has_fixed_words_and_right_plurals(count: int, words: str) -> None:
    first, second = closing_lines(plan(*map(move, range(count))), CAPABILITIES, "ru")
    assert first == f"План: создать 0, изменить 0, переместить {words}, удалить 0. Вручную: 0 шагов."
    assert second.endswith("Отмена: полная.")


def test_the_closing_line_is_fixed_in_english_too() -> None:
    first, second = closing_lines(plan(move(1)), CAPABILITIES, "en")
    assert first.startswith("Plan: create 0, change 0, move 1 card, remove 0.") and "Undo: full" in second


def test_a_plan_without_work_says_so() -> None:
    step = HandStep(key="tap", code="step.tap_leak_test")
    (line,) = closing_lines(plan(steps=(step,)), CAPABILITIES, "ru")
    assert line.startswith("Менять нечего:") and "1" in line


def test_a_step_names_its_page_and_how_to_answer_when_it_blocks() -> None:
    step = HandStep(key="robots-leads", code="step.tap_leak_test", link="/crm/lead/automation/0/", blocking=True)
    (line,) = shown(plan(steps=(step,)))
    assert line.startswith("! 1. ") and "https://my.bitrix24.ru/crm/lead/automation/0/" in line
    assert "--answer robots-leads=none" in line


def test_reasons_for_leaving_cards_are_gathered_and_their_addresses_sampled() -> None:
    reasons = [Reason("clean.left.role_mailbox", {"address": f"info@{name}.example"}) for name in "aabcd"]
    left = tuple(LeftAlone(Ref(Kind.LEAD, str(number)), reason) for number, reason in enumerate(reasons))
    (line,) = left_lines(plan(left=left), "ru")
    assert line.split()[0] == "5"
    assert "info@a.example, info@b.example, info@c.example, …" in line and "d.example" not in line


@pytest.mark.parametrize(("count", "said"), [(1, "у 1 карточки"), (2, "у 2 карточек")])
def test_a_field_that_stays_says_on_how_many_cards_people_filled_it(count: int, said: str) -> None:
    reason = Reason("undo.left.field_held", {"named": "Город", "card": "lead:5", "n": count})
    (line,) = left_lines(plan(left=(LeftAlone(Ref(Kind.FIELD, "7"), reason),)), "ru")
    assert said in line and "лид 5" in line, line


def test_the_price_is_told_as_a_range_of_time() -> None:
    line = cost_line(plan().cost, "ru")
    assert "214" in line and "19 мин" in line and "6 мин" in line and "24 мин" in line


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 с"), (40, "40 с"), (360, "6 мин"), (7500, "2 ч 5 мин"), (36000, "10 ч 0 мин")]
)
def test_times_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds, "ru") == text


def test_a_difference_is_told_by_names() -> None:
    made = plan()
    moved = difference_line(Difference(Ref(Kind.LEAD, "8"), "stage", "NEW", "UC_1"), made, "ru")
    assert "лид 8" in moved and "«Новый ЛИД»" in moved and "«E-mail»" in moved
    given = difference_line(Difference(Ref(Kind.LEAD, "8"), "owner", "5", "6"), made, "ru")
    assert "ответственный" in given and "Анна Ли" in given
    assert "нет" in difference_line(Difference(Ref(Kind.LEAD, "8"), "", "lead:8", None), made, "ru")
