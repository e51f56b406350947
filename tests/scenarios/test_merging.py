"""Doubles on a real server: merged without a conflict, nothing lost, and taken back but for what was listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from b24kit.change.draft import plan_over
from b24kit.change.guard import Consent, final_operations, final_phrase
from b24kit.change.idmap import id_map
from b24kit.change.merging import MergeRecords, with_links
from b24kit.change.plan import Plan
from b24kit.change.recap import Ended, Recap
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import Snapshot, take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.cli.scope import EVERYTHING
from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.writes import Change, Create, Settled
from b24kit.errors import Refused
from b24kit.owners.spec import OwnersSpec
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox
from benchmarks.merging import differences

MERGE = {"merge": "auto", "consent": ["UF_CRM_OPT_OUT"], "pile": {"stages": ["CONVERTED"]}}


@dataclass(frozen=True, slots=True)
class Place:
    portal: Portal
    clock: Clock
    control: SandboxControl
    folder: Path

    @property
    def store(self) -> RunStore:
        return RunStore(self.folder / "runs")

    def snapshot(self, name: str) -> Snapshot:
        return take_snapshot(self.portal, self.folder / f"{name}.sqlite", want=EVERYTHING, clock=self.clock)

    def draft(self, here: Snapshot, **clean: Any) -> CleanDraft:
        spec = CleanSpec.model_validate({**MERGE, **clean})
        return plan_clean(here, spec, OwnersSpec(), self.clock.now(), self.portal.capabilities)

    def plan(self, here: Snapshot, draft: CleanDraft) -> Plan:
        operations = with_links(draft.operations, self.portal)
        return plan_over(here, operations, playbook="test", now=self.clock.now(), portal=self.portal)

    def apply(self, plan: Plan) -> Recap:
        count = len(final_operations(plan.operations, self.portal.capabilities))
        consent = Consent(phrase=final_phrase(count)["ru"])
        rollout = Rollout(
            portal=self.portal, store=self.store, locks=self.folder / "state", clock=self.clock, consent=consent
        )
        return rollout.apply(plan)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    seed = {"kind": "company", "leads": 120, "seed": 7, "doubles": 15}
    with Sandbox(seed=seed, clock="moved", grace=0.001) as sandbox:
        clock = RemoteClock(sandbox.control)
        portal = open_portal(Webhook.parse(sandbox.webhook_url), clock)
        yield Place(portal, clock, sandbox.control, tmp_path)
        portal.close()
        assert not sandbox.control.mails(), "a letter was really sent"


def merges(draft: CleanDraft) -> list[MergeRecords]:
    return [one for one in draft.operations if isinstance(one, MergeRecords)]


def test_planted_doubles_are_merged_and_no_others(place: Place) -> None:
    truth = place.control.truth()["doubles"]
    found = merges(place.draft(place.snapshot("before")))
    pairs = {frozenset(int(ref.id) for ref in one.cards) for one in found if one.survivor.kind is Kind.CONTACT}
    assert pairs == {frozenset(pair) for pair in truth["contacts"]}
    firms = {frozenset(int(ref.id) for ref in one.cards) for one in found if one.survivor.kind is Kind.COMPANY}
    assert firms == {frozenset(pair) for pair in truth["companies"]}


def test_a_merge_ends_without_conflict_and_undo_gives_everything_back(place: Place) -> None:
    before = place.snapshot("before")
    plan = place.plan(before, place.draft(before))
    recap = place.apply(plan)
    assert (recap.ended, recap.failed, recap.conflict) == (Ended.DONE, 0, 0), recap
    after = place.snapshot("after")
    losers = {ref for one in plan.operations if isinstance(one, MergeRecords) for ref in one.losers}
    assert losers and not losers & {contact.ref for contact in after.contacts()}
    assert not merges(place.draft(after))

    undo = undo_plan(place.store.open(recap.run_id), place.portal, place.store, place.clock)
    back = place.apply(undo)
    assert (back.ended, back.failed, back.conflict) == (Ended.DONE, 0, 0), back
    last = place.store.open(back.run_id).journal.last()
    again = {
        Ref(one.target.kind, str(one.reason.facts["id"])): Ref(one.target.kind, str(last[one.key].new_id))
        for one in undo.operations
        if one.reason.code == "undo.merged_card"
    }
    assert again.keys() == losers
    assert differences(before, place.snapshot("restored"), again) == {}

    # And the way back of the way back: the cards are one again.
    forth = undo_plan(place.store.open(back.run_id), place.portal, place.store, place.clock)
    assert [one.reason for one in forth.left] == []
    assert place.apply(forth).ended is Ended.DONE
    assert not set(again.values()) & {card.ref for card in place.snapshot("forth").contacts()}


def test_comments_and_all_letters_of_a_swallowed_card_come_back_with_it(place: Place) -> None:
    before = place.snapshot("before")
    oldest: dict[str, Any] = {"survive": {"survivor": "oldest"}}
    loser = merges(place.draft(before, **oldest))[0].losers[0]
    said = Create("p.note", Kind.COMMENT, {"card": str(loser), "text": "Просил не звонить до обеда"})
    called = {"card": str(loser), "channel": "call", "direction": "in", "address": "+74951234567", "done": True}
    calls = [Create(f"p.{n}", Kind.ACTIVITY, {**called, "subject": f"Звонок {n}"}) for n in range(60)]
    results = list(place.portal.perform([said, *calls], lambda _: None))
    assert {one.settled for one in results} == {Settled.DONE}
    here = place.snapshot("here")
    plan = place.plan(here, place.draft(here, **oldest))
    recap = place.apply(plan)
    assert recap.ended is Ended.DONE
    back = place.apply(undo_plan(place.store.open(recap.run_id), place.portal, place.store, place.clock))
    assert (back.ended, back.failed, back.conflict) == (Ended.DONE, 0, 0), back
    again = dict(id_map(place.store.open(back.run_id), place.store))
    (survivor,) = [one.survivor for one in merges_in(plan) if loser in one.losers]
    dossiers = {one.ref: one for one in place.portal.dossiers([again[loser], survivor])}
    texts = {ref: [str(item["text"]) for item in one.comments] for ref, one in dossiers.items()}
    assert any("до обеда" in text for text in texts[again[loser]])
    assert not any("до обеда" in text for text in texts[survivor])
    subjects = {ref: [str(item["subject"]) for item in one.activities] for ref, one in dossiers.items()}
    assert sum(one.startswith("Звонок") for one in subjects[again[loser]]) == 60
    assert not any(one.startswith("Звонок") for one in subjects[survivor])


def merges_in(plan: Plan) -> list[MergeRecords]:
    return [one for one in plan.operations if isinstance(one, MergeRecords)]


def test_letters_of_both_cards_go_to_the_survivor_and_a_second_plan_has_nothing_to_do(place: Place) -> None:
    before = place.snapshot("before")
    whole: dict[str, Any] = {"pile": {}, "close": {"linked": "JUNK", "archive": "JUNK"}}
    draft = place.draft(before, **whole)
    losers = {ref for one in merges(draft) for ref in one.losers}
    assert not {str(ref) for ref in losers} & set(draft.assignment.values())
    recap = place.apply(place.plan(before, draft))
    assert (recap.ended, recap.failed, recap.conflict, recap.skipped) == (Ended.DONE, 0, 0, 0), recap
    second = place.draft(place.snapshot("after"), **whole)
    assert second.operations == ()


def test_without_the_phrase_nothing_is_merged(place: Place) -> None:
    before = place.snapshot("before")
    plan = place.plan(before, place.draft(before))
    rollout = Rollout(portal=place.portal, store=place.store, locks=place.folder / "state", clock=place.clock)
    with pytest.raises(Refused, match=r"guard\.final"):
        rollout.apply(plan)
    assert len(list(place.snapshot("after").contacts())) == len(list(before.contacts()))


def test_a_merge_whose_answer_is_lost_is_settled_by_looking(place: Place) -> None:
    before = place.snapshot("before")
    plan = place.plan(before, place.draft(before))
    place.control.faults({"kind": "cut_after", "count": 3, "writes_only": True})
    recap = place.apply(plan)
    assert place.control.faults_told()["faults"][0]["struck"] == 3
    assert (recap.failed, recap.conflict) == (0, 0), recap
    assert not merges(place.draft(place.snapshot("after")))


def test_what_somebody_wrote_on_a_double_meanwhile_stops_its_merge_alone(place: Place) -> None:
    before = place.snapshot("before")
    plan = place.plan(before, place.draft(before))
    one = next(operation for operation in plan.operations if isinstance(operation, MergeRecords))
    loser = one.losers[0]
    change = Change("x", loser, {"name": {"first": "Совсем", "last": "Другой", "middle": "Человек"}})
    assert [result.settled for result in place.portal.perform([change], lambda _: None)] == [Settled.DONE]
    recap = place.apply(plan)
    assert recap.conflict >= 1 and loser in {card.ref for card in place.snapshot("after").contacts()}
    assert recap.changed > 10
