"""The first clean-up as a plan's draft: every lead in scope is converted, linked, archived, or left with a reason.

Pure over a snapshot; the playbook's composition joins the draft with the stage design into one plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.change.plan import HandStep, LeftAlone, ordered
from b24kit.change.snapshot import Snapshot
from b24kit.change.trials import Trial
from b24kit.cleanup.answers import Answers, after_merges
from b24kit.cleanup.arrivals import Arrivals, unfold
from b24kit.cleanup.carried import money_of, origin_of
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.clients import KnownClients
from b24kit.cleanup.closing_words import ClosingWords, DesignedReasons, closing_words, on_one_lost_stage, removes
from b24kit.cleanup.consent import refusals
from b24kit.cleanup.convert import Closing, Converted, company_ref, convert, create_company
from b24kit.cleanup.handover import Handover, plan_handover
from b24kit.cleanup.merging_plan import MergePlan, follow, plan_merges
from b24kit.cleanup.new_deals import DealPlace, deal_place
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.pile import Item, Pile, read_pile
from b24kit.cleanup.reading import Reading, counted, read_all
from b24kit.cleanup.remove import remove
from b24kit.cleanup.retire import archive
from b24kit.cleanup.sort_out import sort_pile, wanted
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.standing_decisions import InForce, in_force
from b24kit.cleanup.stuck import Standing
from b24kit.cleanup.taking_in import take_in
from b24kit.cleanup.tally import Tally, class_in_words, kept_words, others_of, removal_notes
from b24kit.cleanup.tap import find_tap, tap_steps
from b24kit.cleanup.tidy import TidyPlan, plan_tidy
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.portal import Capabilities
from b24kit.crm.refs import Kind, Ref
from b24kit.errors import Refused, UsageError
from b24kit.i18n import Language, say
from b24kit.letters.classify import LetterClass
from b24kit.matching import domains, names
from b24kit.matching.groups import natural
from b24kit.owners.rules import Inquiry, Letter, Owners, Routed, Turns, resolve
from b24kit.owners.spec import OwnersSpec
from b24kit.owners.staff import Staff


def plan_clean(
    snapshot: Snapshot,
    spec: CleanSpec,
    owners: OwnersSpec,
    now: datetime,
    capabilities: Capabilities,
    limit: int | None = None,
    *,
    lang: Language = "ru",
    stage_limits: Mapping[str, timedelta] | None = None,
    decisions: InForce | None = None,
    reasons: DesignedReasons | None = None,
    linking: Trial | None = None,
) -> CleanDraft:
    """Plan the clean-up of one pile. `limit` takes so many clients or archived leads, whole clusters only.

    `stage_limits` are the design's own limits by stage code; `lang` is the language of texts written to the portal;
    `decisions` are what people answered, as far as it holds on this snapshot; `reasons` are the design's loss reasons;
    `linking` is what an earlier run showed of linking incoming letters here.
    """
    if not capabilities.has_leads or not snapshot.facts.leads_on:
        raise Refused("clean.no_leads", portal=snapshot.portal_id)
    arrivals = unfold(snapshot, capabilities, mail=spec.incoming.mail == "take")
    wished, snapshot = spec, arrivals.snapshot
    spec = on_one_lost_stage(wished, snapshot, capabilities)
    staff = Staff.of(snapshot.users(), snapshot.teams(), capabilities)
    routing = resolve(owners, staff, snapshot.sources(), snapshot.facts)
    pile = read_pile(snapshot, spec, now, stage_limits)
    force = decisions or in_force(snapshot, (), spec.protect)
    deals = deal_place(spec.deals, snapshot) if spec.action(LetterClass.HUMAN) == "convert_with_deal" else None
    most = _smaller(limit, spec.limit)
    said = Answers.of(force)
    merges = plan_merges(snapshot, spec, pile.known, capabilities, lang=lang, said=said, limit=most)
    hand = plan_handover(snapshot, spec.handover, staff, merges, force.protected, most)
    tidy = plan_tidy(spec.tidy, snapshot.contacts(), snapshot.companies(), force.protected)
    force = after_merges(force, merges.into)
    rest = most if most is None else most - len(merges.survivors)
    planner = _Planner(snapshot, spec, routing, now, lang, pile, force, deals, merges, capabilities, hand, tidy)
    draft = planner.draft(rest)
    if not capabilities.one_failure and not capabilities.brings_contacts:
        return draft
    words = closing_words(arrivals.snapshot, lang, reasons) if draft.operations else ClosingWords({})
    return _on_cards_there(draft, planner.closing(), arrivals, capabilities, wished, words, lang, linking)


def _on_cards_there(
    draft: CleanDraft,
    closing: Closing,
    arrivals: Arrivals,
    capabilities: Capabilities,
    wished: CleanSpec,
    words: ClosingWords,
    lang: Language,
    linking: Trial | None,
) -> CleanDraft:
    """The same decisions where inquiries bring cards of their own and every ladder has one lost stage."""
    asked = wished.incoming.link == "probe" and capabilities.keeps_incoming
    link, tried = asked and (linking is None or linking.works), linking is not None
    taken = take_in(
        draft.operations, draft.assignment, arrivals, capabilities, closing, words, link=link, tried=tried,
        bins_people=removes(wished), lang=lang,
    )  # fmt: skip
    archived = draft.counters.get("archived", 0)
    instead = archived and removes(wished) and Kind.LEAD not in capabilities.deletes
    notes = [Reason("clean.note.delete_is_archive", {"count": archived})] if instead else []
    notes += [_on_linking(linking)] if asked else []
    return replace(
        draft,
        operations=ordered(list(taken.operations)),
        assignment=taken.assignment,
        notes=(*(note for note in draft.notes if note.code not in _MARKS_REPEATS), *notes, *taken.notes),
        steps=(*draft.steps, *taken.steps),
        left=(*draft.left, *arrivals.left, *taken.left),
    )


def _on_linking(linking: Trial | None) -> Reason:
    """What is known of linking letters on this portal, with its day."""
    if linking is None:
        return Reason("clean.note.link_untried")
    return Reason(f"clean.note.link_{'works' if linking.works else 'refused'}", {"day": linking.at.date().isoformat()})


# What is said of portals that mark a lead for good once it hangs on a client.
_MARKS_REPEATS = frozenset({"clean.note.repeat_leads"})


@dataclass(slots=True)
class _Planner:
    snapshot: Snapshot
    spec: CleanSpec
    owners: Owners
    now: datetime
    lang: Language
    pile: Pile
    force: InForce
    deals: DealPlace | None
    merges: MergePlan
    able: Capabilities
    hand: Handover
    tidy: TidyPlan
    left: dict[str, Reason] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    assignment: dict[str, str] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    firms: dict[str, CreateRecord] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    going: Collection[Ref] = ()  # leads that are removed

    def draft(self, limit: int | None) -> CleanDraft:
        closing = self.closing()
        found = sort_pile(self.snapshot, self.spec, self.pile, self.force, self.merges, self.hand, self.tally)
        self.left, index = dict(found.left), found.index
        self.readings = read_all(self.pile.items, (*found.clusters, *found.doubtful), index, self.owners.topics)
        work: list[Item | Cluster] = sorted([*found.to_end, *found.clusters], key=_place)
        taken = work if limit is None else work[:limit]
        self._leave_rest(work[len(taken) :])
        turns = self.owners.deal((self._inquiry(one, index) for one in taken if isinstance(one, Cluster)), self.now)
        self.going = {one.lead.ref for one in taken if isinstance(one, Item) and wanted(one, self.spec) == "delete"}
        for one in taken:
            if isinstance(one, Item):
                self._end(one, closing)
            else:
                self._convert(one, closing, index, turns)
        own = self.hand.joined([*self.firms.values(), *self.operations], self.merges.into)
        own = self.tidy.joined(own, {*self.merges.into, *self.merges.survivors}, limit)
        operations = ordered(follow(own, self.merges))
        return CleanDraft(
            operations=operations,
            left=(*self._left(), *self.merges.left),
            notes=(*self.owners.warnings, *self._all_notes(taken, index)),
            steps=(*self._tap_steps(), *self.merges.steps),
            assignment=dict(sorted(self.assignment.items(), key=lambda pair: natural(pair[0]))),
            stages_needed=frozenset(
                str(one.after["stage"]) for one in operations if isinstance(one, UpdateRecord) and one.moves
            ),
            counters=self._counted(operations),
            classes=dict(sorted(Counter(item.verdict.kind.value for item in self._stuck()).items())),
            actions=self.tally.by_class(),
            readings=self.readings,
        )

    def _tap_steps(self) -> list[HandStep]:
        said = say("clean.text.tap_open", self.lang) if self.spec.tap_open else None
        steps = tap_steps(find_tap(self.snapshot, self.spec, self.now), self.able.pages, said)
        return steps if self.operations else [replace(step, blocking=False) for step in steps]

    def closing(self) -> Closing:
        close = self.spec.close
        won = close.new_client or next(
            (stage.code for stage in self.snapshot.stages(LEADS) if stage.outcome is Outcome.WON), None
        )
        if won is None:
            raise UsageError("clean.no_won_stage", portal=self.snapshot.portal_id)
        return Closing(won, close.linked, close.archive)

    def _stuck(self) -> list[Item]:
        return [item for item in self.pile.items if item.standing is Standing.STUCK]

    def _end(self, item: Item, closing: Closing) -> None:
        action = wanted(item, self.spec)
        self.tally.note(action, [item])
        if action == "archive":
            self.operations.append(archive(item, closing))
        else:
            facts = {"class": item.verdict.kind.value, "sign": item.verdict.sign, **class_in_words(item.verdict.kind)}
            held = [letter.ref for letter in item.letters if others_of(letter, self.going)]
            self.operations += remove(item.lead, held, Reason("clean.delete", facts), f"c-{item.lead.id}")

    def _convert(self, cluster: Cluster, closing: Closing, index: KnownClients, turns: Turns) -> None:
        inquiry = self._inquiry(cluster, index)
        deals, routed = inquiry.deals, self.owners.route(inquiry, turns, self.now)
        company = company_ref(cluster, self._new_firm(cluster, index, routed))
        company = None if self.spec.company_by_domain == "off" and cluster.contact is None else company
        done = convert(
            cluster,
            routed,
            self.spec,
            closing,
            company=company,
            deals=[deal.id for deal in deals],
            readings=self.readings,
            able=self.able,
            lang=self.lang,
        )
        self.operations += done.operations
        self.tally.note(self.spec.action(LetterClass.HUMAN), cluster.items)
        self._add_deal(cluster, done, company, routed, [deal.id for deal in deals])
        self.assignment.update({item.lead.id: str(done.client) for item in cluster.items})
        self.counters["known_clients" if cluster.contact or cluster.of_company else "new_clients"] += 1

    def _inquiry(self, cluster: Cluster, index: KnownClients) -> Inquiry:
        deals = index.running_deals(cluster.contact, cluster.company)
        letters = tuple(Letter(item.subject, item.when, item.lead.source) for item in cluster.items)
        return Inquiry(letters, cluster.identity, cluster.contact, cluster.company, deals)

    def _add_deal(
        self, cluster: Cluster, done: Converted, company: Ref | None, routed: Routed, running: list[str]
    ) -> None:
        """The client's deal, where his letters are converted with one and none is running already."""
        if self.deals is None:
            return
        firm = done.client if cluster.of_company else company
        origin = origin_of(cluster.items, self.spec, self.able.carries)
        money = money_of(cluster.items, self.spec, self.able.carries)
        deal = self.deals.deal(cluster, done.client, firm, routed, running, _called(cluster, done), origin, money)
        if deal is None:
            self.counters["running_instead"] += 1
        else:
            self.operations.append(deal)
            self.counters["deals"] += 1

    def _new_firm(self, cluster: Cluster, index: KnownClients, routed: Routed) -> str | None:
        """The firm domain that a company has to be made for: of a new person, and on no company's card yet."""
        if self.spec.company_by_domain != "create" or cluster.contact or cluster.company:
            return None
        found = {domain for address in cluster.addresses if (domain := domains.corporate_domain(address))}
        if len(found) != 1:
            return None
        domain = found.pop()
        if index.companies_by_domain.get(domain):
            return None
        if domain not in self.firms:
            self.firms[domain] = create_company(domain, routed.owner, {"lead": cluster.items[0].lead.id})
        return domain

    def _leave_rest(self, rest: list[Item | Cluster]) -> None:
        for one in rest:
            for item in (one,) if isinstance(one, Item) else one.items:
                self.left[item.lead.id] = Reason("clean.left.limit")

    def _left(self) -> tuple[LeftAlone, ...]:
        refs = {item.lead.id: item.lead.ref for item in self.pile.items}
        return tuple(LeftAlone(refs[lead], self.left[lead]) for lead in sorted(self.left, key=natural))

    def _counted(self, operations: tuple[Operation, ...]) -> dict[str, int]:
        done = Counter(one.reason.code.partition("_")[0] for one in operations if one.phase is Phase.CARDS)
        done["clean.delete"] = self.tally.of("delete")
        counted = {"scope": len(self.pile.items), "stuck": len(self._stuck())}
        names_of = {"converted": "clean.convert", "linked": "clean.link", "archived": "clean.archive"}
        names_of["deleted"] = "clean.delete"
        counted |= {name: done[code] for name, code in names_of.items()} | {"review": self.tally.of("review")}
        clients = {name: self.counters[name] for name in ("new_clients", "known_clients", "deals")}
        return {**counted, "left": len(self.left), **clients}

    def _all_notes(self, taken: list[Item | Cluster], index: KnownClients) -> list[Reason]:
        return [*self.pile.notes, *self.merges.notes, *self.hand.notes, *self._notes(taken, index), *self.force.notes()]

    def _notes(self, taken: list[Item | Cluster], index: KnownClients) -> list[Reason]:
        """What a reader of the plan must know: repeat leads, possible doubles, and why there is nothing to do."""
        clusters = [one for one in taken if isinstance(one, Cluster)]
        found = [*kept_words(self.spec), *self.tally.notes()]
        removed = [one for one in taken if isinstance(one, Item) and one.lead.ref in self.going]
        found += removal_notes(removed, self.readings, self.snapshot.activities(Kind.LEAD) if removed else ())
        linked = sum(len(cluster.items) for cluster in clusters)
        if linked:
            # Writing a contact or company into a lead makes it a repeat lead for the portal, for good.
            found += [Reason("clean.note.repeat_leads", {"count": linked}), self._deals_note()]
        doubles = sum(1 for cluster in clusters if _has_namesake(cluster, index))
        if doubles:
            found.append(Reason("clean.note.namesakes", {"count": doubles}))
        found += counted(self.readings[item.lead.id] for item in self._stuck())
        found += self._consent(clusters)
        if not taken and not self.merges.operations and not self.hand.operations and not self.tidy.changes_any:
            code = "clean.note.nothing_to_do" if self.pile.items else "clean.note.empty_pile"
            found.append(Reason(code, {"left": len(self.left)}))
        return found

    def _deals_note(self) -> Reason:
        if self.deals is None:
            return Reason("clean.note.no_deals")
        facts = {"count": self.counters["deals"], "running": self.counters["running_instead"]}
        return Reason("clean.note.deals", facts)

    def _consent(self, clusters: list[Cluster]) -> list[Reason]:
        """How many clients' refusals are carried over, and which a person has to set."""
        kept = [refusals((item.lead for item in one.items), self.spec.consent, one.contact) for one in clusters]
        found = []
        if copied := sum(bool(one.values) for one in kept):
            found.append(Reason("clean.note.refusals", {"count": copied, "fields": ", ".join(self.spec.consent)}))
        if by_hand := sum(bool(one.by_hand) for one in kept):
            found.append(Reason("clean.note.refusals_by_hand", {"count": by_hand}))
        return found


def _called(cluster: Cluster, done: Converted) -> str:
    """The client's name on his card, or the one that his new card gets."""
    if cluster.contact is not None:
        return str(cluster.contact.name)
    if cluster.of_company and cluster.company is not None:
        return cluster.company.title
    return next((str(one.reason.facts["name"]) for one in done.operations if one.target == done.client), "")


def _has_namesake(cluster: Cluster, index: KnownClients) -> bool:
    """A new client whose full name already stands on a contact: perhaps the same person, never joined on that."""
    keys = {key for name in cluster.names if (key := names.name_key(name))}
    return cluster.contact is None and any(key in index.contacts_by_name for key in keys)


def _place(one: Item | Cluster) -> tuple[tuple[int, int | str], ...]:
    return natural(one.lead.id) if isinstance(one, Item) else natural(one.key.partition("-")[2])


def _smaller(one: int | None, other: int | None) -> int | None:
    given = [number for number in (one, other) if number is not None]
    return min(given) if given else None
