"""Whole jobs in each mode: planned, refused where they must be, applied, taken back; nothing fires or is mailed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from b24kit.playbook.shipped import find_playbook
from tests.scenarios.job import NONE, Answer, Job, difference, job, people_see

DEALS = ("--answer", "robots-deals-0=two robots")
SEGMENT = "UF_CRM_SEGMENT"


def playbook(work: Job, **clean: Any) -> str:
    """The shipped playbook with these words in its clean-up."""
    found = yaml.safe_load(find_playbook("talking-leads").read_text(encoding="utf-8"))
    found["clean"] |= clean
    file = work.folder / "client" / "mine.yaml"
    file.write_text(yaml.safe_dump(found, allow_unicode=True), encoding="utf-8")
    return str(file)


def plans(work: Job, name: str, *more: str) -> dict[str, Any]:
    answer = work.json("plan", name, "--tap-open", "-o", str(work.plan_file), *more)
    assert answer.exit == 0, answer.err
    return answer.document


def place(work: Job, *robots: dict[str, Any]) -> None:
    work.control.settings(portal=work.control.settings()["portal"] | {"robots": list(robots)})


def changes(before: Any, work: Job) -> list[str]:
    """What a person sees to be different, stages made again and cards of the id map apart."""
    return difference(people_see(before), people_see(work.state()), without=("status",))


def test_conversion_with_deals_goes_back_whole(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        worth = {"OPPORTUNITY": 1500, "CURRENCY_ID": "EUR", "IS_MANUAL_OPPORTUNITY": "Y"}
        for number in work.table("lead"):
            work.sandbox.site.portal.store["lead"].change(int(number), worth)
        before = work.state()
        plans(work, playbook(work, classes={"human": "convert_with_deal"}))
        assert work.applies(*DEALS).exit == 0
        made = [row for row in work.table("deal").values() if row.get("ORIGINATOR_ID") == "b24kit"]
        leads, contacts = work.table("lead"), work.table("contact")
        assert made and all(str(row["LEAD_ID"]) in leads for row in made)
        assert {(float(row["OPPORTUNITY"]), row["CURRENCY_ID"]) for row in made} == {(1500.0, "EUR")}
        people = [row for row in made if row.get("CONTACT_ID")]
        assert people and all(str(row["CONTACT_ID"]) in contacts for row in people)
        assert all(row["ASSIGNED_BY_ID"] for row in made)
        assert work.undoes().exit == 0
        assert changes(before, work) == []


def test_robots_where_deals_open_do_not_fire_on_quiet_deals(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        place(work, {"entity_type_id": 2, "stage": "NEW", "action": "task", "title": "Подготовить договор"})
        tasks = len(work.table("task"))
        planned = plans(work, playbook(work, classes={"human": "convert_with_deal"}))
        assert "robots-deals-0" in {step["key"] for step in planned["steps"]}
        refused = work.applies()
        assert (refused.exit, refused.document["code"]) == (5, "guard.hand_step")
        assert work.applies(*DEALS).exit == 0
        assert len(work.table("task")) == tasks


def test_removal_needs_the_typed_phrase_and_lists_what_goes(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        before = work.state()
        planned = plans(work, "talking-leads", "--mode", "delete")
        count = planned["writes"]["delete lead"]
        assert planned["no_way_back"] == count
        refused = work.applies()
        assert (refused.exit, refused.document["code"]) == (5, "guard.final")
        assert difference(before, work.state()) == []
        leads = len(work.table("lead"))
        done = work.applies("--confirm", f"удалить {count}")
        assert done.exit == 0, done.err
        assert leads - len(work.table("lead")) == count
        codes = {note["code"] for note in planned["notes"]}
        assert {"clean.note.does_delete", "clean.note.letters_go"} <= codes


def test_archive_goes_back_whole(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        before = work.state()
        plans(work, "talking-leads", "--mode", "archive")
        assert work.applies().exit == 0
        assert work.undoes().exit == 0
        assert changes(before, work) == []


def test_segments_are_written_read_back_and_taken_away(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        before = work.state()
        mine = playbook(work, extract={"field": SEGMENT})
        plans(work, mine, "--mode", "extract")
        assert work.applies().exit == 0
        assert all(row[SEGMENT] for row in work.table("contact").values())
        assert plans(work, mine, "--mode", "extract")["empty"]
        assert work.undoes().exit == 0
        assert changes(before, work) == []


def write_in(work: Job, sender: str = "new@people.example") -> None:
    """A letter reaches a mailbox that makes leads of letters."""
    lead = work.person("crm.lead.add", fields={"TITLE": "Письмо", "SOURCE_ID": "EMAIL"})
    meta = {"from": sender, "to": "info@expo-standart.example", "__email": "info@expo-standart.example"}
    fields = {
        "OWNER_TYPE_ID": 1,
        "OWNER_ID": lead,
        "TYPE_ID": 4,
        "DIRECTION": 1,
        "SUBJECT": "Письмо",
        "RESPONSIBLE_ID": 1,
        "COMMUNICATIONS": [{"TYPE": "EMAIL", "VALUE": sender}],
        "SETTINGS": {"EMAIL_META": meta},
    }
    work.person("crm.activity.add", fields=fields)


@pytest.fixture
def flowing(tmp_path: Path) -> Any:
    """A portal whose mailboxes have just made another lead."""
    with job(tmp_path, leads=200) as work:
        write_in(work)
        yield work


def test_a_clean_up_is_refused_while_the_tap_is_open(flowing: Job) -> None:
    planned = flowing.json("plan", "talking-leads", *NONE, "-o", str(flowing.plan_file))
    assert planned.exit == 5 and flowing.plan_file.exists()
    assert planned.lines[0]["kind"] == "plan", "what may not be applied yet is shown all the same"
    refused = flowing.applies()
    assert (refused.exit, refused.document["code"]) == (5, "guard.tap_open")
    assert flowing.applies("--answer", "tap-mailboxes=closed").exit == 0


@pytest.mark.parametrize("how", ["switch", "playbook", "apply"])
def test_it_may_be_cleaned_knowingly_with_the_tap_open(flowing: Job, how: str) -> None:
    name = playbook(flowing, tap_open=True) if how == "playbook" else "talking-leads"
    more = ("--tap-open",) if how == "switch" else ()
    assert flowing.json("plan", name, *NONE, "-o", str(flowing.plan_file), *more).exit == (5 if how == "apply" else 0)
    assert flowing.applies(*(("--tap-open",) if how == "apply" else ())).exit == 0


def test_a_small_trial_needs_no_closed_tap(flowing: Job) -> None:
    assert flowing.json("plan", "talking-leads", "--only", "clean", "--limit", "3", *NONE).exit == 0


def leak(work: Job, *more: str) -> Answer:
    return work.json("audit", "--leak", "--detailed-exitcode", *more)


def test_the_leak_test_says_quiet_then_closed_or_which_mailbox_leaks(flowing: Job) -> None:
    assert leak(flowing).document["code"] == "leak.no_since"
    plans(flowing, "talking-leads")
    assert flowing.applies().exit == 0
    quiet = leak(flowing)
    assert (quiet.exit, quiet.document["verdict"], quiet.document["leads"]) == (0, "quiet", 0)
    flowing.control.advance(60 * 86400)
    closed = leak(flowing)
    assert (closed.exit, closed.document["verdict"]) == (0, "closed")
    flowing.person("crm.lead.add", fields={"TITLE": "Заявка с сайта", "SOURCE_ID": "WEBFORM"})
    write_in(flowing)
    open_ = leak(flowing)
    assert (open_.exit, open_.document["verdict"], open_.document["others"]) == (2, "open", 1)
    assert [(one["mailbox"], one["leads"]) for one in open_.document["mailboxes"]] == [
        ("info@expo-standart.example", 1)
    ]
    assert leak(flowing, "--since", "2027-06-01").document["code"] == "leak.future"
    assert leak(flowing, "--since", "вчера").document["code"] == "leak.bad_since"
    assert leak(flowing, "--since", "2026-01-01").document["leads"] > 1
    said = flowing.types("audit", "--leak").out
    assert "info@expo-standart.example: 1 лид" in said and "new@people.example" not in said


def test_a_pile_that_was_undone_just_now_seems_young_and_the_plan_says_why(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        assert work.applies().exit == 0
        assert "clean.note.young_after_undo" not in {note["code"] for note in work.plans()["notes"]}
        assert work.undoes(min((work.folder / "client/.b24kit/runs").glob("2*")).name).exit == 0
        assert "clean.note.young_after_undo" in {note["code"] for note in work.plans()["notes"]}
