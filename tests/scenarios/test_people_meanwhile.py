"""People work on the portal between plan, apply and undo: what is theirs stays, everything else is carried out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.job import Answer, Job, before_looks, difference, job, undisturbed


def operations(work: Job) -> list[dict[str, Any]]:
    """The operations of the saved plan; what is masked in the file does not matter here."""
    plan: dict[str, Any] = json.loads(work.plan_file.read_text(encoding="utf-8"))["plan"]
    return list(plan["operations"])


def moved_leads(work: Job) -> list[str]:
    """Ids of the leads that the plan moves, each of another cluster."""
    first = {
        one["cluster"] or one["key"]: one["ref"]
        for one in reversed(operations(work))
        if one.get("ref", "").startswith("lead:")
    }
    return [ref.partition(":")[2] for ref in first.values()]


def refs(answer: Answer) -> set[str]:
    return {one["ref"] for one in answer.document["not_done"]}


def test_cards_changed_between_plan_and_apply_are_left_as_people_left_them(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        staged, given, gone = [ref for ref in moved_leads(work) if work.table("lead")[ref].get("ASSIGNED_BY_ID") != 4][
            :3
        ]
        work.person("crm.lead.update", id=staged, fields={"STATUS_ID": "JUNK"})
        work.person("crm.lead.update", id=given, fields={"ASSIGNED_BY_ID": 4, "STATUS_ID": "JUNK"})
        work.person("crm.lead.delete", id=gone)
        before = work.table("lead")
        answer = work.applies()
        assert answer.exit == 0 and answer.document["conflict"] >= 3, answer.document
        assert {f"lead:{one}" for one in (staged, given, gone)} <= refs(answer)
        leads = work.table("lead")
        assert (leads[staged], leads[given]) == (before[staged], before[given]) and gone not in leads
        assert work.undoes().exit == 0
        assert {key: row["STATUS_ID"] for key, row in work.table("lead").items()} == {
            key: row["STATUS_ID"] for key, row in before.items()
        }


def test_many_changed_cards_make_the_plan_stale_before_the_first_write(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        for lead in moved_leads(work)[:12]:
            work.person("crm.lead.update", id=lead, fields={"STATUS_ID": "JUNK"})
        before = work.state()
        answer = work.applies()
        assert (answer.exit, answer.document["code"]) == (4, "guard.cards_moved")
        assert difference(before, work.state()) == []


def test_a_card_taken_up_in_the_middle_of_a_run_stays_with_whom_took_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with job(tmp_path) as work:
        work.plans()
        mine, gone = moved_leads(work)[:2]

        def act() -> None:
            work.person("crm.lead.update", id=mine, fields={"STATUS_ID": "JUNK", "ASSIGNED_BY_ID": 3})
            work.person("crm.lead.delete", id=gone)

        before_looks(monkeypatch, act, at={f"lead:{mine}", f"lead:{gone}"})
        answer = work.applies()
        lead = work.table("lead")[mine]
        assert (lead["STATUS_ID"], lead["ASSIGNED_BY_ID"]) == ("JUNK", 3)
        assert {f"lead:{mine}", f"lead:{gone}"} <= refs(answer)
        assert answer.exit == 0 and answer.document["left"] == 0, answer.document


def new_letter(work: Job, stage: str) -> str:
    """A letter that becomes a lead meanwhile, as the portal's own mailbox makes it."""
    lead = work.person("crm.lead.add", fields={"TITLE": "Новое письмо", "STATUS_ID": stage, "SOURCE_ID": "EMAIL"})
    return str(lead)


def emptied(work: Job) -> dict[str, Any]:
    """The stage of the pile, which the plan removes."""
    return next(
        one["before"] for one in operations(work) if one["does"] == "remove" and one["before"]["name"] == "E-mail"
    )


@pytest.mark.parametrize("look", [None, 0, 4])
def test_letters_that_arrive_meanwhile_are_not_touched_and_keep_their_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: int | None
) -> None:
    with job(tmp_path) as work:
        work.plans()
        code, made = emptied(work)["code"], list[str]()

        def arrive() -> None:
            made.append(new_letter(work, code))

        if look is None:
            arrive()
        else:
            before_looks(monkeypatch, arrive, number=look)
        answer = work.applies()
        assert answer.exit == 3 and answer.document["failed"] == 1, answer.document
        assert answer.document["new_since"] == 1
        assert work.table("lead")[made[0]]["STATUS_ID"] == code
        assert code in [row["STATUS_ID"] for row in work.table("status").values()]
        work.person("crm.lead.update", id=made[0], fields={"STATUS_ID": "NEW"})
        assert work.ends(answer).exit == 0
        assert code not in [row["STATUS_ID"] for row in work.table("status").values()]


@pytest.mark.parametrize(
    ("directory", "method", "change"),
    [
        ("STATUS", "crm.status.update", {"fields": {"NAME": "Почта"}}),
        ("SOURCE", "crm.status.delete", {"params": {"FORCED": "Y"}}),
    ],
)
def test_a_stage_renamed_or_a_source_removed_meanwhile_makes_the_plan_stale(
    tmp_path: Path, directory: str, method: str, change: dict[str, Any]
) -> None:
    with job(tmp_path) as work:
        work.plans()
        rows = work.table("status")
        mine = next(key for key, row in rows.items() if row["ENTITY_ID"] == directory)
        work.person_in_charge(method, id=mine, **change)
        before = work.state()
        answer = work.applies()
        assert (answer.exit, answer.document["code"]) == (4, "guard.settings_moved")
        assert difference(before, work.state()) == []


def test_an_undo_keeps_contacts_that_people_edited_or_use(tmp_path: Path) -> None:
    *_, undone = undisturbed()
    with job(tmp_path) as work:
        work.plans()
        assert work.applies().exit == 0
        ours = [key for key, row in work.table("contact").items() if row.get("ORIGINATOR_ID") == "b24kit"]
        edited, used, *_ = ours
        work.person("crm.contact.update", id=edited, fields={"POST": "Директор"})
        work.person("crm.deal.add", fields={"TITLE": "Стенд", "CONTACT_ID": used})
        answer = work.undoes()
        assert answer.exit == 0, answer.document
        left = [key for key, row in work.table("contact").items() if row.get("ORIGINATOR_ID") == "b24kit"]
        assert sorted(left) == sorted([edited, used])
        rest = difference(undone, work.state(), without=("stagehistory", "contact", "multifield", "deal", "binding"))
        assert [line for line in rest if "comment" not in line] == []


def test_a_contact_used_after_the_undo_was_planned_is_not_deleted(tmp_path: Path) -> None:
    with job(tmp_path) as work:
        work.plans()
        assert work.applies().exit == 0
        way = work.folder / "client" / "undo.b24"
        assert work.json("undo", "-o", str(way)).exit == 0
        used = next(key for key, row in work.table("contact").items() if row.get("ORIGINATOR_ID") == "b24kit")
        work.person("crm.deal.add", fields={"TITLE": "Стенд", "CONTACT_ID": used})
        answer = work.json("apply", str(way))
        # Its cluster is left alone whole, so a stage of ours keeps a lead and stays with it.
        assert answer.exit == 3 and f"contact:{used}" in refs(answer), answer.document
        ours = [key for key, row in work.table("contact").items() if row.get("ORIGINATOR_ID") == "b24kit"]
        assert ours == [used]
