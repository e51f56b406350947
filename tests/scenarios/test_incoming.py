"""The clean-up of an amoCRM account whose letters wait in the unsorted: whole, in trouble, and taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from b24kit.change.draft import plan_over
from b24kit.change.guard import Consent, final_operations, final_phrase
from b24kit.change.intake import AcceptIncoming, AttachIncoming, DeclineIncoming, Intake
from b24kit.change.operation import CreateRecord
from b24kit.change.plan import Plan
from b24kit.change.recap import Ended, Recap
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import Snapshot, compare, take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.cli.scope import EVERYTHING
from b24kit.clock import Clock
from b24kit.connectors.factory import open_portal, read_credentials
from b24kit.crm.portal import Intend, Portal, Tell
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.writes import Create, Result, Write
from b24kit.errors import Refused
from b24kit.letters.plain import readable
from b24kit.owners.spec import OwnersSpec
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox

LEADS = 150


class PowerCut(BaseException):
    """The machine stops here."""


@dataclass
class Account:
    """A generated company on amoCRM and the folder of whoever cleans it."""

    sandbox: Sandbox
    portal: Portal
    clock: Clock
    folder: Path

    @property
    def store(self) -> RunStore:
        return RunStore(self.folder / "runs")

    def pull(self, name: str) -> Snapshot:
        path = self.folder / f"{name}.db"
        return take_snapshot(self.portal, path, want=EVERYTHING, clock=self.clock, shorten=readable)

    def drafted(self, here: Snapshot, **clean: Any) -> CleanDraft:
        spec = CleanSpec.model_validate({"tap_open": True, "own": {"domains": ["expo-standart.example"]}, **clean})
        owners = OwnersSpec.model_validate({"fallback": {"to": "Павел Титов"}})
        return plan_clean(here, spec, owners, self.clock.now(), self.portal.capabilities)

    def planned(self, here: Snapshot, **clean: Any) -> Plan:
        draft = self.drafted(here, **clean)
        return plan_over(here, draft.operations, playbook="t", now=self.clock.now(), portal=self.portal)

    def applied(self, plan: Plan, phrase: str | None = None) -> Recap:
        final = len(final_operations(plan.operations, self.portal.capabilities))
        typed = final_phrase(final)["ru"] if phrase is None and final else phrase or ""
        rollout = Rollout(
            portal=self.portal, store=self.store, locks=self.folder, clock=self.clock, consent=Consent(phrase=typed)
        )
        return rollout.apply(plan)

    def notes(self) -> int:
        return len(self.sandbox.control.dump(["note"])["tables"]["note"])


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    seed = {"kind": "company", "leads": LEADS, "seed": 7}
    with Sandbox(vendor="amocrm", seed=seed, clock="moved", grace=0.001, manners={"rate": None}) as sandbox:
        clock = RemoteClock(sandbox.control)
        portal = open_portal(read_credentials(f"{sandbox.url} {sandbox.token}"), clock)
        field = {"code": "B24KIT_ID", "label": "b24kit", "type": "string"}
        kinds = [kind for kind in CARDS if kind is not Kind.DEAL]
        list(
            portal.perform(
                [Create(k.value, Kind.FIELD, {**field, "card_kind": k.value}) for k in kinds], lambda _: None
            )
        )
        yield Account(sandbox, portal, clock, tmp_path)
        portal.close()
        assert not sandbox.control.mails(), "a letter was really sent"


def left_by(plan: Plan) -> set[str]:
    """What the plan had said has no way back: the incoming leads, their cards, and what came with them."""
    found = set()
    for one in plan.operations:
        if isinstance(one, Intake):
            found |= {
                str(one.incoming),
                f"lead:{one.before['lead']}",
                *(f"contact:{c}" for c in one.before["contacts"]),
            }
    return found


def copies(plan: Plan) -> int:
    return sum(isinstance(one, CreateRecord) and one.kind is Kind.COMMENT for one in plan.operations)


def test_a_clean_up_is_whole_leaves_nothing_to_do_and_goes_back_but_for_what_was_listed(account: Account) -> None:
    before = account.pull("before")
    plan = account.planned(before)
    assert {AcceptIncoming, DeclineIncoming} <= {type(one) for one in plan.operations}
    listed = {str(one.ref) for one in plan.no_way_back(account.portal.capabilities) if one.ref.kind is Kind.INCOMING}
    assert listed == {str(one.incoming) for one in plan.operations if isinstance(one, Intake)}
    assert account.applied(plan).ended is Ended.DONE
    assert account.drafted(account.pull("after")).operations == ()
    run = account.store.of_plan(plan.id)
    assert run is not None
    back = undo_plan(account.store.open(run.id), account.portal, account.store, account.clock)
    assert account.applied(back).ended is Ended.DONE
    apart = left_by(plan)
    differing = {
        str(one.ref)
        for one in compare(before, account.pull("back"))
        if str(one.ref) not in apart and str((one.after or {}).get("card") if one.field == "" else "") not in apart
    }
    assert differing == set()


def test_letters_that_go_to_the_bin_need_the_typed_phrase(account: Account) -> None:
    plan = account.planned(account.pull("before"))
    with pytest.raises(Refused, match=r"guard\.final"):
        account.applied(plan, phrase="")


def test_every_letter_of_a_client_that_is_turned_down_stands_in_a_note_of_his(account: Account) -> None:
    plan = account.planned(account.pull("before"))
    account.applied(plan)
    by_key = {one.key: one for one in plan.operations if isinstance(one, CreateRecord)}
    declined = [one for one in plan.operations if isinstance(one, DeclineIncoming) and one.needs]
    assert declined
    cards = {str(by_key[one.needs[0]].values["card"]) for one in declined}
    texts = {
        str(dossier.ref): "\n".join(note["text"] for note in dossier.comments)
        for dossier in account.portal.dossiers(map(Ref.parse, sorted(cards)))
    }
    for one in declined:
        there = texts[str(by_key[one.needs[0]].values["card"])]
        assert one.before["subject"] in there and one.before["sender_address"] in there


@pytest.mark.parametrize("after", [1, 12, 40])
def test_a_killed_run_goes_on_where_it_was_and_does_nothing_twice(
    account: Account, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    plan = account.planned(account.pull("before"))
    notes = account.notes()
    whole = type(account.portal).perform
    left = [after]

    def dying(self: Portal, writes: Sequence[Write], intend: Intend, tell: Tell | None = None) -> Iterator[Result]:
        for result in whole(self, writes, intend, tell):
            left[0] -= 1
            if left[0] < 0:
                raise PowerCut
            yield result

    monkeypatch.setattr(type(account.portal), "perform", dying)
    with pytest.raises(PowerCut):
        account.applied(plan)
    monkeypatch.undo()
    account.clock.sleep(120)
    assert account.applied(plan).ended is Ended.DONE
    accepted = sum(isinstance(one, AcceptIncoming) for one in plan.operations)
    assert account.notes() == notes + copies(plan) + accepted  # a letter that is taken in becomes a note itself
    assert account.drafted(account.pull("after")).operations == ()


def test_cut_connections_double_and_lose_nothing(account: Account) -> None:
    plan = account.planned(account.pull("before"))
    notes = account.notes()
    account.sandbox.control.faults({"kind": "cut_after", "probability": 0.1, "writes_only": True, "seed": 3})
    recap = account.applied(plan)
    account.sandbox.control.faults()
    if recap.ended is not Ended.DONE:
        recap = account.applied(plan)
    assert recap.ended is Ended.DONE
    accepted = sum(isinstance(one, AcceptIncoming) for one in plan.operations)
    assert account.notes() == notes + copies(plan) + accepted
    assert account.drafted(account.pull("after")).operations == ()


def test_deletion_is_offered_as_archive_and_says_so(account: Account) -> None:
    draft = account.drafted(account.pull("before"), mode="delete")
    assert "clean.note.delete_is_archive" in {note.code for note in draft.notes}
    assert not any(one.symbol == "-" and not isinstance(one, DeclineIncoming) for one in draft.operations)


def test_letters_of_clients_with_an_open_deal_are_linked_after_a_probe(account: Account) -> None:
    plan = account.planned(account.pull("before"), incoming={"link": "probe"})
    links = [one for one in plan.operations if isinstance(one, AttachIncoming)]
    assert links and all(one.needs == (links[0].key,) for one in links[1:])
    portal = account.sandbox.control.settings()["portal"]
    account.sandbox.control.settings(portal={**portal, "unsorted_link_mail": False})
    recap = account.applied(plan)
    waiting = {str(one.ref) for one in account.portal.incoming()}
    assert recap.ended is Ended.PARTLY and {str(one.incoming) for one in links} <= waiting


def write_on(account: Account, lead: str) -> None:
    """A colleague leaves a note on a lead that waits in the unsorted."""
    note = {"note_type": "common", "params": {"text": "Звонил, просит счёт на двоих"}}
    address = f"{account.sandbox.url}/api/v4/leads/{lead}/notes"
    answer = httpx.post(address, json=[note], headers={"Authorization": f"Bearer {account.sandbox.token}"})
    answer.raise_for_status()


def test_notes_of_people_on_an_incoming_letter_keep_it_from_the_bin(account: Account) -> None:
    planned = account.planned(account.pull("before"))
    first, second = [one for one in planned.operations if isinstance(one, DeclineIncoming)][:2]
    write_on(account, str(first.before["lead"]))
    draft = account.drafted(account.pull("noted"))
    assert (first.incoming, "clean.left.incoming_remarked") in {(one.ref, one.reason.code) for one in draft.left}
    assert first.incoming not in {one.target for one in draft.operations}
    write_on(account, str(second.before["lead"]))  # after the plan was made
    recap = account.applied(planned)
    kept = {(one.ref, one.code) for one in recap.undone if one.code != "change.skipped.cluster"}
    assert kept == {(str(one.incoming), "change.conflict.remarked") for one in (first, second)}
    waiting = {one.ref for one in account.portal.incoming()}
    assert {first.incoming, second.incoming} <= waiting
