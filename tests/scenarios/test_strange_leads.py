"""What people and robots write into leads: pages, formulas, emoji, very long lines, broken rows. All of it survives."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.job import difference, job, people_see

TITLES = (
    "<b>Срочно!</b><script>alert(1)</script>",
    '=HYPERLINK("http://evil.example";"Счёт")',
    "+7 (999) 000-00-00 перезвоните",
    "@SUM(A1:A9)",
    "Спасибо 👍🏽 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎 \U0001f9d1\u200d\U0001f4bb",
    "ё" * 250,
    "$result[c0000]",
    "new:1 contact:new:contact-c-1",
    "Строка\nс переводом\tи\u2028разделителем",
    "%D0%9F+%26 & a=b&c=d #якорь",
    "\u202eолавокс\u202c",
    "[b]BB[/b] {count|лид} {0} %s",
)


def test_titles_of_every_sort_survive_an_apply_and_an_undo(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        for number, title in enumerate(TITLES, 1):
            work.person("crm.lead.update", id=number, fields={"TITLE": title, "COMMENTS": title})
        before = work.state()
        titles = {key: row["TITLE"] for key, row in work.table("lead").items()}
        work.plans()
        for command in (("show", str(work.plan_file), "--operations"), ("audit",), ("plan", "talking-leads")):
            assert work.types(*command).exit in (0, 2)
        assert work.applies().exit == 0
        assert {key: row["TITLE"] for key, row in work.table("lead").items()} == titles
        assert work.undoes().exit == 0
        assert difference(people_see(before), people_see(work.state())) == []


def test_a_bigger_pile_with_malformed_rows_is_carried_out_whole(tmp_path: Path) -> None:
    with job(tmp_path, leads=400, seed=11) as work:
        before = work.state()
        work.plans()
        assert work.applies().exit == 0
        assert work.json("plan", "talking-leads").document["empty"]
        assert work.undoes().exit == 0
        assert difference(people_see(before), people_see(work.state())) == []


def test_repeat_leads_on_or_off_make_no_difference_to_the_work(tmp_path: Path) -> None:
    for repeat in (True, False):
        with job(tmp_path / str(repeat), portal={"repeat_leads": repeat}) as work:
            before = {key: row["STATUS_ID"] for key, row in work.table("lead").items()}
            work.plans()
            assert work.applies().exit == 0
            assert work.undoes().exit == 0
            assert {key: row["STATUS_ID"] for key, row in work.table("lead").items()} == before
