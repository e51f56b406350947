"""The audit of a portal, gathered from what the features know: what is stuck, whose letters those are, which tap runs.

Like `compose`, a place where features meet: clean-up reads letters, stage design judges names, audit counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from b24kit.audit.checks import Gathered, run_checks, tap_sheet
from b24kit.audit.directories import Directory, Doubled, directory_findings, directory_sheet
from b24kit.audit.findings import AuditReport, Finding, by_severity
from b24kit.audit.stuck_report import Names, OpenLead, stuck_sheets
from b24kit.change.operation import Reason
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.arrivals import unfold
from b24kit.cleanup.clients import KnownClients, index_clients
from b24kit.cleanup.clusters import find_clusters
from b24kit.cleanup.doubles import company_doubles, contact_doubles
from b24kit.cleanup.pile import Item, read_pile
from b24kit.cleanup.reading import Reading, read_all
from b24kit.cleanup.spec import CleanSpec, PileSpec
from b24kit.cleanup.stuck import DEFAULT_LIMIT, Standing, age
from b24kit.cleanup.tap import find_tap
from b24kit.crm.pipeline import LEADS
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import ref_of
from b24kit.crm.refs import Kind
from b24kit.letters.classify import LetterClass
from b24kit.matching.groups import Known
from b24kit.migrate.lint import StageFinding, lint_portal
from b24kit.migrate.recognise import is_intake
from b24kit.playbook.compose import stage_limits
from b24kit.playbook.schema import Playbook


def run_audit(
    snapshot: Snapshot,
    now: datetime,
    *,
    playbook: Playbook | None = None,
    stuck_after_days: int | None = None,
    capabilities: Capabilities | None = None,
) -> AuditReport:
    """Everything that is wrong with the leads of a portal as it was read. Pure.

    A playbook adds its limits by stage, its own domains and its proposals; `stuck_after_days` is the limit of the
    other stages (14 by default).
    """
    if capabilities is not None:  # where every inquiry brings a contact of its own, that is no known client
        snapshot = unfold(snapshot, capabilities, everything=True).snapshot
    spec = _spec(playbook, stuck_after_days)
    designed = playbook if stuck_after_days is None else None
    limits = stage_limits(designed, snapshot, capabilities) if designed is not None else None
    pile = read_pile(snapshot, spec, now, limits)
    index = index_clients(snapshot.contacts(), snapshot.companies(), snapshot.deals(), pile.known.aliases)
    people = [item for item in pile.items if item.verdict.is_clients and not item.doubt]
    topics = [phrase for seminar in playbook.owners.seminars for phrase in seminar.phrases] if playbook else []
    readings = read_all(pile.items, find_clusters(people, index, pile.known).clusters, index, topics)
    cards = [_open_lead(item, readings[item.lead.id], index, now) for item in pile.items]
    names = _names(snapshot)
    inflows = find_tap(snapshot, spec, now).taps
    gathered = Gathered(
        leads=cards,
        names=names,
        inactive={user.id for user in snapshot.users() if not user.active},
        inflows=inflows,
        stages=_stage_findings(snapshot, cards, playbook, capabilities),
        stage_refs={stage.code: ref_of(stage) for stage in snapshot.stages(LEADS)},
    )
    directory = _directory(snapshot, names, pile.known, capabilities)
    return AuditReport(
        portal_id=snapshot.portal_id,
        taken_at=snapshot.taken_at,
        open=len(cards),
        stuck=sum(1 for card in cards if card.stuck),
        findings=by_severity([*run_checks(gathered), *directory_findings(directory)]),
        sheets=(*stuck_sheets(cards, names), tap_sheet(inflows, names), directory_sheet(directory)),
    )


def _directory(snapshot: Snapshot, names: Names, known: Known, capabilities: Capabilities | None) -> Directory:
    contacts, companies = list(snapshot.contacts()), list(snapshot.companies())
    blockers = capabilities.merge_blockers if capabilities is not None else frozenset[str]()
    doubles = {
        Kind.CONTACT: contact_doubles(contacts, known, blockers),
        Kind.COMPANY: company_doubles(companies, known, blockers),
    }
    return Directory(
        contacts=contacts,
        companies=companies,
        deals=list(snapshot.deals()),
        names=names,
        inactive={user.id for user in snapshot.users() if not user.active},
        doubled={kind: Doubled(len(one.groups), one.doubtful) for kind, one in doubles.items()},
    )


def _spec(playbook: Playbook | None, stuck_after_days: int | None) -> CleanSpec:
    """The playbook's own reading of letters, over all open leads instead of its pile."""
    clean = playbook.clean if playbook is not None and playbook.clean is not None else CleanSpec()
    days = stuck_after_days if stuck_after_days is not None else DEFAULT_LIMIT.days
    return clean.model_copy(update={"pile": PileSpec(stuck_after=days)})


def _open_lead(item: Item, reading: Reading, index: KnownClients, now: datetime) -> OpenLead:
    lead, known = item.lead, reading.client
    cause, client = (
        item.verdict.kind.value,
        lead.contact or (known.id if known and known.kind is Kind.CONTACT else None),
    )
    if not item.letters and not lead.emails:
        cause = "no_letter"
    elif item.verdict.kind is LetterClass.HUMAN:
        found = index.contacts_by_address.get(item.verdict.sender.key or "", ())
        cause = "known_client" if client or known or found else "newcomer"
    contact = index.contacts.get(client or "")
    firm = known.id if known and known.kind is Kind.COMPANY else contact.company if contact is not None else None
    return OpenLead(
        lead=lead,
        stuck=item.standing is Standing.STUCK,
        age=age(lead, now),
        cause=cause,
        client=client,
        deals=index.running_deals(contact, index.companies.get(firm or "")),
        again=None if reading.touch is None else not reading.touch.first,
        deal=reading.deal.deal.id if reading.deal is not None else None,
    )


def _names(snapshot: Snapshot) -> Names:
    return Names(
        stages={stage.code: stage.name for stage in snapshot.stages(LEADS)},
        sources={source.code: source.name for source in snapshot.sources()},
        users={user.id: user.name for user in snapshot.users()},
    )


def _stage_findings(
    snapshot: Snapshot, cards: Sequence[OpenLead], playbook: Playbook | None, capabilities: Capabilities | None
) -> list[Finding]:
    holding = Counter(card.lead.stage for card in cards)
    section = playbook.stages if playbook is not None else None
    stages = [one for one in snapshot.stages(LEADS) if capabilities is None or not is_intake(one, capabilities)]
    return [_finding(one) for one in lint_portal(stages, holding, section)]


def _finding(one: StageFinding) -> Finding:
    advice = Reason(one.proposal.code, {**one.proposal.facts, "line": one.proposal.line}) if one.proposal else None
    return Finding(code=one.code, severity=one.severity, facts=one.facts, ref=one.ref, advice=advice)
