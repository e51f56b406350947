"""Doubles on a real server: merged without a conflict, nothing lost, and taken back but for what was listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from b24kit.change.draft import plan_over
from b24kit.change.guard import Consent, final_operations, final_phrase
from b24kit.change.merging import MergeRecords, with_links
from b24kit.change.plan import Plan
from b24kit.change.recap import Ended, Recap
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import Snapshot, take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.cleanup.planner import CleanDraft, plan_clean
from b24kit.cleanup.spec import CleanSpec, OwnersSpec
from b24kit.cli.scope import EVERYTHING
from b24kit.clock import Clock
from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind
from b24kit.sandbox.remote import RemoteClock, SandboxControl
from b24kit.sandbox.server import Sandbox

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
    again = place.apply(undo)
    assert (again.ended, again.failed, again.conflict) == (Ended.DONE, 0, 0), again
