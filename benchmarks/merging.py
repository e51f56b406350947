"""Doubles of the generated company merged and taken back: how many were found, what the portal answered, what was lost.

Through the planner, the executor and the real connector on the sandbox. One JSON object: the pairs of the truth that
were merged and those that were not planted, CONFLICT answers, phones, addresses, field values, letters, deals and
refusals that no card shows any more, and the fields that an undo does not give back.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from b24kit.change.draft import plan_over
from b24kit.change.guard import Consent, final_operations, final_phrase
from b24kit.change.merging import MergeRecords, with_links
from b24kit.change.plan import Plan
from b24kit.change.recap import Recap
from b24kit.change.rollout import Rollout
from b24kit.change.runs import RunStore
from b24kit.change.snapshot import Snapshot, take_snapshot
from b24kit.change.undo import undo_plan
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.consent import refuses
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.survive import point_key
from b24kit.cli.scope import EVERYTHING
from b24kit.connectors.factory import open_portal
from b24kit.crm.cards import Company, Contact, Deal, Lead
from b24kit.crm.portal import Portal as OpenPortal
from b24kit.crm.records import VOLATILE, same
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.owners.spec import OwnersSpec
from benchmarks.portal import Portal, started, tell

LEADS, DOUBLES, SEEDS = 1000, 100, (7, 11, 13)
CONSENT = "UF_CRM_OPT_OUT"
LISTED = VOLATILE | {"created", "created_by", "origin"}  # said before the start: what re-creation cannot bring back
SPEC = {"merge": "auto", "consent": [CONSENT], "pile": {"stages": ["CONVERTED"]}}


def main() -> None:
    """Print one JSON object; the number of leads and of doubles may be given as arguments."""
    leads = int(sys.argv[1]) if len(sys.argv) > 1 else LEADS
    doubles = int(sys.argv[2]) if len(sys.argv) > 2 else DOUBLES
    with started(clock="moved") as portal:
        found = {str(seed): measure(portal, leads, doubles, seed) for seed in SEEDS}
    tell({"benchmark": "merging", "leads": leads, "doubles": doubles, "seeds": found})


def measure(portal: Portal, leads: int, doubles: int, seed: int) -> dict[str, Any]:
    """One company: plan, merge, look, take back, look again."""
    portal.control.reset(keep_settings=True)
    portal.control.seed({"kind": "company", "leads": leads, "seed": seed, "doubles": doubles})
    portal.settle()
    truth = portal.control.truth()["doubles"]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(portal, open_portal(portal.webhook, portal.clock), Path(folder))
        before, hung = bench.snapshot("before"), {}
        plan = bench.plan(before, bench.draft(before))
        hung = bench.hanging(plan)
        began = portal.control.clock()["elapsed"]
        run = bench.apply(plan)
        seconds = portal.control.clock()["elapsed"] - began
        after = bench.snapshot("after")
        lost = bench.lost(plan, before, after, hung)
        second = [one for one in bench.draft(after).operations if isinstance(one, MergeRecords)]
        undo = undo_plan(bench.store.open(run.run_id), bench.open, bench.store, portal.clock)
        back = bench.apply(undo)
        restored = bench.snapshot("restored")
        again = bench.again(back, undo)
        bench.open.close()
    return {
        **found_pairs(plan, truth),
        "operations": len(plan.operations),
        "portal_seconds": round(seconds),
        "promised_seconds": [round(plan.cost.seconds_low), round(plan.cost.seconds_high)],
        "refused_or_conflict": run.failed + run.conflict + run.skipped,
        **lost,
        "second_plan_merges": len(second),
        "undo": {"left": back.left, "failed": back.failed + back.conflict + back.skipped},
        "differences_after_undo": differences(before, restored, again),
        "mails_sent": len(portal.control.mails()),
    }


def found_pairs(plan: Plan, truth: Mapping[str, Any]) -> dict[str, Any]:
    """How many planted pairs were merged, and merges that nobody planted."""
    wanted = {(kind, frozenset(map(str, pair))) for kind in ("contacts", "companies") for pair in truth[kind]}
    kinds = {Kind.CONTACT: "contacts", Kind.COMPANY: "companies"}
    done = {
        (kinds[one.survivor.kind], frozenset(ref.id for ref in one.cards))
        for one in plan.operations
        if isinstance(one, MergeRecords)
    }
    return {"planted": len(wanted), "merged": len(done & wanted), "false_merges": len(done - wanted)}


class Bench:
    """One portal, read, planned on and written to."""

    def __init__(self, portal: Portal, opened: OpenPortal, folder: Path) -> None:
        self.portal, self.open, self.folder = portal, opened, folder
        self.store = RunStore(folder / "runs")

    def snapshot(self, name: str) -> Snapshot:
        return take_snapshot(self.open, self.folder / f"{name}.sqlite", want=EVERYTHING, clock=self.portal.clock)

    def draft(self, here: Snapshot) -> CleanDraft:
        spec = CleanSpec.model_validate(SPEC)
        return plan_clean(here, spec, OwnersSpec(), self.portal.clock.now(), self.open.capabilities)

    def plan(self, here: Snapshot, draft: CleanDraft) -> Plan:
        operations = with_links(draft.operations, self.open)
        return plan_over(here, operations, playbook="merging", now=self.portal.clock.now(), portal=self.open)

    def apply(self, plan: Plan) -> Recap:
        phrase = final_phrase(len(final_operations(plan.operations, self.open.capabilities)))["en"]
        rollout = Rollout(
            portal=self.open,
            store=self.store,
            locks=self.folder / "state",
            clock=self.portal.clock,
            consent=Consent(phrase=phrase),
        )
        return rollout.apply(plan)

    def hanging(self, plan: Plan) -> dict[Ref, set[tuple[str, str]]]:
        """What hangs on every survivor, and on those that it will swallow."""
        merges = [one for one in plan.operations if isinstance(one, MergeRecords)]
        return {
            one.survivor: {(trace.what, trace.id) for ref in one.cards for trace in self.open.traces(ref)}
            for one in merges
        }

    def lost(
        self, plan: Plan, before: Snapshot, after: Snapshot, hung: Mapping[Ref, set[tuple[str, str]]]
    ) -> dict[str, Any]:
        """What stood on the merged cards and stands nowhere now; a value that gave way has to be in a comment."""
        counted: Counter[str] = Counter()
        merges = [one for one in plan.operations if isinstance(one, MergeRecords)]
        into = {loser: one.survivor for one in merges for loser in one.losers}
        for merge in merges:
            survivor = after.get(merge.survivor)
            traces = self.open.traces(merge.survivor)
            told = "\n".join(trace.title for trace in traces if trace.what == "comment")
            counted["hanging"] += len(hung[merge.survivor] - {(trace.what, trace.id) for trace in traces})
            for ref in merge.cards:
                card = before.get(ref)
                assert isinstance(card, Contact | Company) and isinstance(survivor, Contact | Company)
                counted.update(missing(card, survivor, told, into))
        links = sum(len(after_links) < want for after_links, want in _linked(plan, before, after))
        names = ("points", "values", "consent", "hanging")
        return {f"lost_{name}": counted[name] for name in names} | {"lost_links": links}

    def again(self, run: Recap, plan: Plan) -> dict[Ref, Ref]:
        """The cards of the undo by those in whose place they were made."""
        ids = {key: entry.new_id for key, entry in self.store.open(run.run_id).journal.last().items()}
        made = {}
        for operation in plan.operations:
            if operation.reason.code == "undo.merged_card" and (new := ids.get(operation.key)):
                made[Ref(operation.target.kind, str(operation.reason.facts.get("id")))] = Ref(
                    operation.target.kind, new
                )
        return made


def missing(card: Contact | Company, survivor: Contact | Company, told: str, into: Mapping[Ref, Ref]) -> Iterable[str]:
    """What of a card neither the survivor's fields nor its comment tell."""
    have = {(point.kind, point_key(point)) for point in survivor.points}
    yield from ("points" for point in card.points if (point.kind, point_key(point)) not in have)
    if refuses(card.extra.get(CONSENT)) and not refuses(survivor.extra.get(CONSENT)):
        yield "consent"
    names = {"owner": (card.owner, survivor.owner), "comment": (card.comment, survivor.comment)}
    if isinstance(card, Contact) and isinstance(survivor, Contact):
        names |= {"source": (card.source, survivor.source), "name": (str(card.name), str(survivor.name))}
        firms = {into.get(firm, firm).id for firm in (Ref(Kind.COMPANY, one) for one in card.companies)}
        yield from ("values" for firm in firms - set(survivor.companies))
    else:
        names["title"] = (getattr(card, "title", ""), getattr(survivor, "title", ""))
    names |= {name: (value, survivor.extra.get(name)) for name, value in card.extra.items() if name != CONSENT}
    for mine, theirs in names.values():
        if mine and str(mine) not in str(theirs) and str(mine) not in told:
            yield "values"


def _linked(plan: Plan, before: Snapshot, after: Snapshot) -> Iterable[tuple[set[str], int]]:
    """Leads and deals that hang on each survivor now, and how many hung on its group before."""
    old, new = _holders(before), _holders(after)
    for merge in (one for one in plan.operations if isinstance(one, MergeRecords)):
        yield new[merge.survivor], len(set().union(*(old[ref] for ref in merge.cards)))


def _holders(snapshot: Snapshot) -> dict[Ref, set[str]]:
    found: dict[Ref, set[str]] = defaultdict(set)
    cards: list[Deal | Lead] = [*snapshot.deals(), *snapshot.leads()]
    for card in cards:
        found[Ref(Kind.CONTACT, card.contact or "-")].add(str(card.ref))
        found[Ref(Kind.COMPANY, card.company or "-")].add(str(card.ref))
    return found


def differences(before: Snapshot, after: Snapshot, again: Mapping[Ref, Ref]) -> dict[str, int]:
    """Fields that are not as before, by kind and field, every card known again by the one made in its place."""
    found: Counter[str] = Counter()
    for kind in (*CARDS, Kind.ACTIVITY):
        for record in before.records(kind):
            ref = Ref(kind, record.id)
            old, new = before.values(ref), after.values(again.get(ref, ref))
            if old is None or new is None:
                found[f"{kind.value}.whole"] += 1
                continue
            old = _renamed(old, again)
            for name in {**old, **new}:
                if name not in LISTED and not same(name, old.get(name), new.get(name)):
                    found[f"{kind.value}.{name}"] += 1
    return dict(sorted(found.items()))


def _renamed(values: Mapping[str, Any], again: Mapping[Ref, Ref]) -> dict[str, Any]:
    kinds = {"contact": Kind.CONTACT, "company": Kind.COMPANY}
    found = dict(values)
    for name, kind in kinds.items():
        if found.get(name):
            found[name] = again.get(Ref(kind, found[name]), Ref(kind, found[name])).id
    if found.get("companies"):
        firms = [Ref(Kind.COMPANY, firm) for firm in found["companies"]]
        found["companies"] = [again.get(firm, firm).id for firm in firms]
    if found.get("card"):
        card = Ref.parse(found["card"])
        found["card"] = str(again.get(card, card))
    return found


if __name__ == "__main__":
    main()
