"""The first clean-up as a plan's draft: every lead in scope is converted, linked, archived, or left with a reason.

Pure over a snapshot; the playbook's composition joins the draft with the stage design into one plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from b24kit.change.operation import CreateRecord, Operation, Phase, Reason, UpdateRecord
from b24kit.change.plan import HandStep, LeftAlone, ordered
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.clients import KnownClients, index_clients
from b24kit.cleanup.clusters import find_clusters
from b24kit.cleanup.consent import refusals
from b24kit.cleanup.convert import Closing, company_ref, convert, create_company
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.pile import Item, Pile, read_pile
from b24kit.cleanup.reading import Reading, counted, read_all
from b24kit.cleanup.retire import archive
from b24kit.cleanup.spec import Action, CleanSpec
from b24kit.cleanup.stuck import Standing
from b24kit.cleanup.tap import find_tap, tap_steps
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.portal import Capabilities
from b24kit.errors import Refused, UsageError
from b24kit.i18n import Language
from b24kit.letters.classify import LetterClass
from b24kit.matching import domains, names
from b24kit.matching.groups import natural
from b24kit.owners.rules import Inquiry, Letter, Owners, Routed, Turns, resolve
from b24kit.owners.spec import OwnersSpec
from b24kit.owners.staff import Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanDraft:
    """`stages_needed` are the codes the leads are closed on; a plan must make those that the portal lacks.

    `counters` count leads by outcome (`scope`, `converted`, `linked`, `archived`, `left`) and clients (`new_clients`,
    `known_clients`); `classes` counts the stuck leads by what their letters are; `readings` tell of each lead by id.
    """

    operations: tuple[Operation, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    notes: tuple[Reason, ...] = ()
    steps: tuple[HandStep, ...] = ()
    assignment: Mapping[str, str] = field(default_factory=dict)
    stages_needed: frozenset[str] = frozenset()
    counters: Mapping[str, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)


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
) -> CleanDraft:
    """Plan the clean-up of one pile. `limit` takes so many clients or archived leads, whole clusters only.

    `stage_limits` are the design's own limits by stage code; `lang` is the language of texts written to the portal.
    """
    if not capabilities.has_leads or not snapshot.facts.leads_on:
        raise Refused("clean.no_leads", portal=snapshot.portal_id)
    routing = resolve(owners, Staff.of(snapshot.users(), snapshot.teams()), snapshot.sources(), snapshot.facts)
    pile = read_pile(snapshot, spec, now, stage_limits)
    return _Planner(snapshot, spec, routing, now, lang, pile).draft(_smaller(limit, spec.limit))


@dataclass(slots=True)
class _Planner:
    snapshot: Snapshot
    spec: CleanSpec
    owners: Owners
    now: datetime
    lang: Language
    pile: Pile
    left: dict[str, Reason] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    assignment: dict[str, str] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)
    firms: dict[str, CreateRecord] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)

    def draft(self, limit: int | None) -> CleanDraft:
        closing = self._closing()
        to_archive, clusters, index = self._sort_out()
        self.readings = read_all(self.pile.items, clusters, index, self.owners.topics)
        work: list[Item | Cluster] = sorted([*to_archive, *clusters], key=_place)
        taken = work if limit is None else work[:limit]
        self._leave_rest(work[len(taken) :])
        turns = Turns()
        for one in taken:
            if isinstance(one, Item):
                self.operations.append(archive(one, closing))
            else:
                self._convert(one, closing, index, turns)
        operations = ordered([*self.firms.values(), *self.operations])
        return CleanDraft(
            operations=operations,
            left=self._left(),
            notes=(*self.pile.notes, *self._notes(taken, index)),
            steps=tuple(tap_steps(find_tap(self.snapshot, self.spec, self.now))),
            assignment=dict(sorted(self.assignment.items(), key=lambda pair: natural(pair[0]))),
            stages_needed=frozenset(
                str(one.after["stage"]) for one in operations if isinstance(one, UpdateRecord) and one.moves
            ),
            counters=self._counted(operations),
            classes=dict(sorted(Counter(item.verdict.kind.value for item in self._stuck()).items())),
            readings=self.readings,
        )

    def _closing(self) -> Closing:
        close = self.spec.close
        won = close.new_client or next(
            (stage.code for stage in self.snapshot.stages(LEADS) if stage.outcome is Outcome.WON), None
        )
        if won is None:
            raise UsageError("clean.no_won_stage", portal=self.snapshot.portal_id)
        return Closing(won, close.linked, close.archive)

    def _stuck(self) -> list[Item]:
        return [item for item in self.pile.items if item.standing is Standing.STUCK]

    def _sort_out(self) -> tuple[list[Item], tuple[Cluster, ...], KnownClients]:
        """Which leads go to the archive and which are clients'; the others are left."""
        to_archive, people = [], []
        for item in self.pile.items:
            action = self._action(item)
            if item.standing is not Standing.STUCK:
                self.left[item.lead.id] = Reason(f"clean.left.{item.standing.value}")
            elif action == "archive":
                to_archive.append(item)
            elif action == "leave":
                facts = {"sign": item.verdict.sign, "address": item.verdict.sender.address}
                self.left[item.lead.id] = Reason(f"clean.left.class_{item.verdict.kind.value}", facts)
            elif item.doubt:
                self.left[item.lead.id] = Reason(f"clean.left.{item.doubt}", {"address": item.verdict.sender.address})
            else:
                people.append(item)
        snapshot = self.snapshot
        index = (
            index_clients(snapshot.contacts(), snapshot.companies(), snapshot.deals(), self.pile.known.aliases)
            if people
            else KnownClients()
        )
        found = find_clusters(people, index, self.pile.known)
        self.left.update(found.left)
        return to_archive, found.clusters, index

    def _action(self, item: Item) -> Action:
        """What the playbook wants done; a lead that has only a phone is asked for among the known clients."""
        if self.spec.mode == "archive":
            return "archive"
        kind = item.verdict.kind
        if item.verdict.is_clients and self.spec.classes.action(kind) != "archive":
            kind = LetterClass.HUMAN  # whoever passed his letter on, the client is certain
        if kind is LetterClass.UNCLEAR and not item.verdict.sender.address and item.lead.phones:
            kind = LetterClass.HUMAN
        return self.spec.classes.action(kind)

    def _convert(self, cluster: Cluster, closing: Closing, index: KnownClients, turns: Turns) -> None:
        deals = index.running_deals(cluster.contact, cluster.company)
        letters = tuple(Letter(item.subject, item.when, item.lead.source) for item in cluster.items)
        routed = self.owners.route(Inquiry(letters, cluster.contact, cluster.company, deals), turns, self.now)
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
            lang=self.lang,
        )
        self.operations += done.operations
        self.assignment.update({item.lead.id: str(done.client) for item in cluster.items})
        self.counters["known_clients" if cluster.contact or cluster.of_company else "new_clients"] += 1

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
        counted = {"scope": len(self.pile.items), "stuck": len(self._stuck())}
        names_of = {"converted": "clean.convert", "linked": "clean.link", "archived": "clean.archive"}
        counted |= {name: done[code] for name, code in names_of.items()}
        clients = {name: self.counters[name] for name in ("new_clients", "known_clients")}
        return {**counted, "left": len(self.left), **clients}

    def _notes(self, taken: list[Item | Cluster], index: KnownClients) -> list[Reason]:
        """What a reader of the plan must know: repeat leads, possible doubles, and why there is nothing to do."""
        clusters = [one for one in taken if isinstance(one, Cluster)]
        found: list[Reason] = []
        linked = sum(len(cluster.items) for cluster in clusters)
        if linked:
            # Writing a contact or company into a lead makes it a repeat lead for the portal, for good.
            found += [Reason("clean.note.repeat_leads", {"count": linked}), Reason("clean.note.no_deals")]
        doubles = sum(1 for cluster in clusters if _has_namesake(cluster, index))
        if doubles:
            found.append(Reason("clean.note.namesakes", {"count": doubles}))
        found += counted(self.readings[item.lead.id] for item in self._stuck())
        found += self._consent(clusters)
        if not taken:
            code = "clean.note.nothing_to_do" if self.pile.items else "clean.note.empty_pile"
            found.append(Reason(code, {"left": len(self.left)}))
        return found

    def _consent(self, clusters: list[Cluster]) -> list[Reason]:
        """How many clients' refusals are carried over, and which a person has to set."""
        kept = [refusals((item.lead for item in one.items), self.spec.consent, one.contact) for one in clusters]
        found = []
        if copied := sum(bool(one.values) for one in kept):
            found.append(Reason("clean.note.refusals", {"count": copied, "fields": ", ".join(self.spec.consent)}))
        if by_hand := sum(bool(one.by_hand) for one in kept):
            found.append(Reason("clean.note.refusals_by_hand", {"count": by_hand}))
        return found


def _has_namesake(cluster: Cluster, index: KnownClients) -> bool:
    """A new client whose full name already stands on a contact: perhaps the same person, never joined on that."""
    keys = {key for name in cluster.names if (key := names.name_key(name))}
    return cluster.contact is None and any(key in index.contacts_by_name for key in keys)


def _place(one: Item | Cluster) -> tuple[tuple[int, int | str], ...]:
    return natural(one.lead.id) if isinstance(one, Item) else natural(one.key.partition("-")[2])


def _smaller(one: int | None, other: int | None) -> int | None:
    given = [number for number in (one, other) if number is not None]
    return min(given) if given else None
