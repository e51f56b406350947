"""Cards that were removed with a copy come back with what hung on them, once, and the way back has a way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from b24kit.change.guard import Consent
from b24kit.change.idmap import id_map
from b24kit.change.operation import CreateRecord, NoWayBack, Operation, RemoveRecord, UnbindLetter
from b24kit.change.plan import ordered
from b24kit.change.planform import operation_body, operation_of
from b24kit.change.recap import Ended
from b24kit.change.recreation import losses
from b24kit.change.rollout import Rollout
from b24kit.cleanup.remove import remove
from b24kit.crm.activity import Direction
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import Refused
from tests.change.cases import WHY, company, plan_for, rollout, take_back
from tests.change.memory_portal import Fault, MemoryPortal
from tests.change.test_backup import belongings

AGREED = Consent(phrase="delete 8")


def removals(portal: MemoryPortal) -> list[Operation]:
    found: list[Operation] = []
    for lead in portal.leads():
        found += remove(lead, [Ref(Kind.ACTIVITY, str(100 + int(lead.id)))], WHY, f"c-{lead.id}")
    return list(ordered(found))


def removed(portal: MemoryPortal, folder: Path) -> tuple[Rollout, str]:
    work = rollout(portal, folder, consent=AGREED)
    recap = work.apply(plan_for(portal, removals(portal)))
    assert recap.ended is Ended.DONE, recap
    assert list(portal.leads()) == []
    return work, recap.run_id


def by_words(portal: MemoryPortal) -> dict[str, list[dict[str, Any]]]:
    """What stands on the portal without numbers and stamps."""
    kept = ("title", "stage", "owner", "points", "subject", "text", "name", "price", "quantity", "done", "direction")
    return {
        kind.value: sorted(
            ({k: row[k] for k in kept if row.get(k) not in (None, "", [])} for row in portal.rows[kind].values()),
            key=str,
        )
        for kind in (Kind.LEAD, Kind.ACTIVITY, Kind.PRODUCT)
    }


def test_nothing_is_removed_without_the_typed_phrase(tmp_path: Path) -> None:
    portal = belongings()
    plan = plan_for(portal, removals(portal))
    with pytest.raises(Refused, match=r"guard\.final"):
        rollout(portal, tmp_path).apply(plan)
    assert len(list(portal.leads())) == 8


def test_a_removed_card_comes_back_with_all_that_hung_on_it(tmp_path: Path) -> None:
    portal = letters_both_ways()
    before = by_words(portal)
    work, run = removed(portal, tmp_path)
    assert portal.rows[Kind.COMMENT] == portal.rows[Kind.PRODUCT] == {}
    _, recap = take_back(portal, work, run)
    assert recap.ended is Ended.DONE and not recap.undone
    assert by_words(portal) == before
    texts = [row["text"] for row in portal.rows[Kind.COMMENT].values()]
    assert any("Звонил" in text and "(тайна.zip - ?)" in text for text in texts), "the unread file is named"
    again = [row for row in portal.rows[Kind.COMMENT].values() if "Звонил" in row["text"]]
    assert again[0]["files"] == [{"name": "акт.pdf", "content": "Ynl0ZXM="}]


def test_old_and_new_numbers_are_kept_with_the_undo(tmp_path: Path) -> None:
    portal = belongings()
    work, run = removed(portal, tmp_path)
    _, recap = take_back(portal, work, run)
    undo = work.store.open(recap.run_id)
    found = dict(id_map(undo, work.store))
    assert set(found) == {Ref(Kind.LEAD, str(number)) for number in range(1, 9)}
    assert set(found.values()) == {lead.ref for lead in portal.leads()}


def test_the_way_back_has_a_way_back_and_that_one_too(tmp_path: Path) -> None:
    portal = letters_both_ways()
    before = by_words(portal)
    work, run = removed(portal, tmp_path)
    _, first = take_back(portal, work, run)
    _, second = take_back(portal, work, first.run_id)
    assert second.ended is Ended.DONE and list(portal.leads()) == [] and portal.rows[Kind.COMMENT] == {}
    _, third = take_back(portal, work, second.run_id)
    assert third.ended is Ended.DONE
    assert by_words(portal) == before


def test_an_undo_that_lost_answers_makes_nothing_twice(tmp_path: Path) -> None:
    portal = letters_both_ways()
    before = by_words(portal)
    work, run = removed(portal, tmp_path)
    met: set[str] = set()

    def unlucky(write: Any) -> Fault:
        if write.key in met:
            return Fault.NONE
        met.add(write.key)
        return (Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.NONE)[len(met) % 3]

    portal.fault = unlucky
    _, recap = take_back(portal, work, run)
    while recap.ended is not Ended.DONE:
        recap = work.resume(recap.run_id)
    assert by_words(portal) == before


def test_an_unfinished_undo_is_gone_on_with_not_planned_again(tmp_path: Path) -> None:
    portal = belongings()
    work, run = removed(portal, tmp_path)
    portal.fault = lambda write: Fault.REFUSED if "comment" in write.key else Fault.NONE
    _, recap = take_back(portal, work, run)
    assert recap.ended is Ended.PARTLY
    portal.fault = lambda write: Fault.NONE
    with pytest.raises(Refused, match=r"undo\.unfinished"):
        take_back(portal, work, run)
    assert work.resume(recap.run_id).ended is Ended.DONE
    assert len(list(portal.leads())) == 8


def test_a_letter_that_hangs_on_a_client_too_stays_there_and_is_bound_again(tmp_path: Path) -> None:
    portal = belongings()
    portal.rows[Kind.ACTIVITY]["101"]["bindings"] = ["lead:1", "contact:1"]
    work, run = removed(portal, tmp_path)
    assert portal.rows[Kind.ACTIVITY]["101"]["bindings"] == ["contact:1"]
    take_back(portal, work, run)
    [lead] = [lead for lead in portal.leads() if lead.title == "Письмо 1"]
    assert set(portal.rows[Kind.ACTIVITY]["101"]["bindings"]) == {"contact:1", str(lead.ref)}
    assert sum(row["subject"] == "Письмо 1" for row in portal.rows[Kind.ACTIVITY].values()) == 1


def test_a_card_that_people_brought_back_meanwhile_is_not_made_twice(tmp_path: Path) -> None:
    portal = belongings()
    lead = next(iter(portal.leads()))
    work, run = removed(portal, tmp_path)
    portal.add(lead)
    plan, _ = take_back(portal, work, run)
    assert [left.reason.code for left in plan.left] == ["undo.left.there_again"]
    assert sum(one.title == lead.title for one in portal.leads()) == 1


def test_what_came_onto_a_card_since_the_copy_keeps_it(tmp_path: Path) -> None:
    portal = belongings()
    work = rollout(portal, tmp_path, consent=AGREED)
    plan = plan_for(portal, removals(portal))
    work.back_up(plan)
    portal.rows[Kind.COMMENT]["99"] = {"card": "lead:3", "text": "Клиент перезвонил!"}
    recap = work.apply(plan)
    assert [lead.id for lead in portal.leads()] == ["3"]
    assert [(one.ref, one.code) for one in recap.undone] == [("lead:3", "change.conflict.came_since")]


def test_a_broken_copy_stops_the_run_before_its_first_write(tmp_path: Path) -> None:
    portal = belongings()
    work = rollout(portal, tmp_path, consent=AGREED)
    plan = plan_for(portal, removals(portal))
    work.back_up(plan)
    backup = work.store.backups.make(plan.id)
    backup._base.execute("UPDATE cards SET body = replace(body, 'Звонил', 'Писал')")
    backup.close()
    with pytest.raises(Refused, match=r"backup\.broken"):
        work.apply(plan)
    assert len(list(portal.leads())) == 8 and work.store.list() == ()


def test_without_its_copy_a_removed_card_is_told_to_be_gone(tmp_path: Path) -> None:
    portal = belongings()
    work, run = removed(portal, tmp_path)
    work.store.backups.path(work.store.open(run).plan.id).unlink()
    plan, _ = take_back(portal, work, run)
    assert {left.reason.code for left in plan.left} == {"undo.left.no_backup"}


def test_a_letter_that_went_out_is_made_as_not_done_and_ticked_off_afterwards(tmp_path: Path) -> None:
    portal = letters_both_ways()
    work, run = removed(portal, tmp_path)
    plan, _ = take_back(portal, work, run)
    made = [one for one in plan.operations if isinstance(one, CreateRecord) and one.kind is Kind.ACTIVITY]
    sent = [one for one in made if one.values.get("direction") == "out"]
    assert sent and not any(one.values.get("done") for one in sent)
    assert all(row["done"] for row in portal.rows[Kind.ACTIVITY].values())


def test_what_making_again_loses_is_counted(tmp_path: Path) -> None:
    portal = belongings()
    manifest = rollout(portal, tmp_path).back_up(plan_for(portal, removals(portal)))
    assert manifest is not None
    found = {reason.code.rpartition(".")[2]: reason.facts["n"] for reason in losses(manifest)}
    assert found == {"ids": 8, "created": 8, "authors": 9, "file_ids": 2, "unread_files": 1}


def test_removals_with_a_copy_survive_the_plan_file_and_say_that_they_are_no_full_undo() -> None:
    portal = company()
    found = removals(portal)
    assert [operation_of(operation_body(one)) for one in found] == found
    assert isinstance(found[0], UnbindLetter) and found[0].unless_last
    removal = next(one for one in found if isinstance(one, RemoveRecord))
    assert isinstance(removal.inverse(None, portal.capabilities), NoWayBack)
    assert replace(removal, kept=False).kept is False


def letters_both_ways() -> MemoryPortal:
    """Every letter has an address; that of lead 2 was written by us."""
    portal = belongings()
    nobody = {"to": "", "cc": "", "reply_to": "", "mailbox": "", "headers": {}}
    for record, row in portal.rows[Kind.ACTIVITY].items():
        row |= {"letter": {"sender": f"c{record}@x.ru", **nobody}, "text": f"тело {record}"}
    portal.rows[Kind.ACTIVITY]["102"]["direction"] = Direction.OUT.value
    return portal


def test_the_price_of_a_removal_counts_the_two_whole_readings() -> None:
    portal = belongings()
    plan = plan_for(portal, removals(portal))
    writes, letters, leads = 16, 8, 2 * 8  # letters are re-read once, cards by the guard and by the executor
    assert plan.cost.requests == writes + letters + leads + 2 * 8
