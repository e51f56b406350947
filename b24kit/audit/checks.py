"""Read-only checks over what an audit has gathered; each gives findings and knows nothing of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from b24kit.audit.findings import Finding, Severity, Sheet, by_severity
from b24kit.audit.stuck_report import Names, OpenLead, clients_deals, money
from b24kit.change.operation import Reason
from b24kit.crm.inflow import Inflow
from b24kit.crm.refs import Kind, Ref

PILE = 20  # fewer stuck leads on one stage are no pile
_SHOWN = 3
_RUBBISH = frozenset({"newsletter", "notification", "auto_reply", "bounce", "employee"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Everything that the checks look at; `stages` are complaints about names, already as findings."""

    leads: Sequence[OpenLead]
    names: Names
    inactive: Collection[str] = ()  # ids of dismissed users
    inflows: Sequence[Inflow] = ()
    stages: Sequence[Finding] = ()
    stage_refs: Mapping[str, Ref] = field(default_factory=dict)  # by the code that leads carry


def run_checks(gathered: Gathered) -> tuple[Finding, ...]:
    """All findings, the gravest first."""
    return by_severity([finding for check in CHECKS for finding in check(gathered)])


def stuck_at_all(gathered: Gathered) -> Iterator[Finding]:
    """How much of what is open lies idle."""
    stuck = [card for card in gathered.leads if card.stuck]
    if not stuck:
        return
    share = round(100 * len(stuck) / len(gathered.leads))
    days = [card.days for card in stuck if card.days is not None]
    facts = {"count": len(stuck), "open": len(gathered.leads), "share": share, "days": max(days, default=0)}
    yield Finding(code="audit.stuck", severity=_weight(share), facts=facts)


def piles(gathered: Gathered) -> Iterator[Finding]:
    """Stages on which stuck leads pile up."""
    stuck = [card for card in gathered.leads if card.stuck]
    for code, count in Counter(card.lead.stage for card in stuck).most_common():
        share = round(100 * count / len(stuck))
        if count >= PILE and share >= 5:
            name = gathered.names.stages.get(code, code)
            facts = {"stage": name, "count": count, "share": share}
            yield Finding(code="audit.pile", severity=_weight(share), facts=facts, ref=gathered.stage_refs.get(code))


def known_clients(gathered: Gathered) -> Iterator[Finding]:
    """Letters of clients who are in the base already, and the running deals behind them."""
    theirs = [card for card in gathered.leads if card.stuck and card.client]
    if not theirs:
        return
    clients = len({card.client for card in theirs})
    facts = {"count": len(theirs), "clients": clients}
    yield Finding(code="audit.known_clients", severity="high", facts=facts, advice=Reason("audit.advice.clean"))
    deals = clients_deals(theirs)
    if deals:
        sums = ", ".join(f"{amount:,.0f} {currency}".replace(",", " ") for currency, amount in money(deals).items())
        facts = {"count": len(deals)}
        yield Finding(code="audit.money_at_risk", severity="high", facts={**facts, "sums": sums or "0"})


def newcomers(gathered: Gathered) -> Iterator[Finding]:
    """People nobody knows who wrote and got no answer."""
    count = sum(1 for card in gathered.leads if card.stuck and card.cause == "newcomer")
    if count:
        yield Finding(
            code="audit.newcomers", severity="high", facts={"count": count}, advice=Reason("audit.advice.clean")
        )


def rubbish(gathered: Gathered) -> Iterator[Finding]:
    """Machines' letters standing among clients."""
    count = sum(1 for card in gathered.leads if card.stuck and card.cause in _RUBBISH)
    if count:
        share = round(100 * count / sum(1 for card in gathered.leads if card.stuck))
        yield Finding(
            code="audit.rubbish",
            severity="medium",
            facts={"count": count, "share": share},
            advice=Reason("audit.advice.clean"),
        )


def owners(gathered: Gathered) -> Iterator[Finding]:
    """Open leads of nobody, and of people who work here no longer."""
    nobody = sum(1 for card in gathered.leads if not card.lead.owner)
    if nobody:
        yield Finding(code="audit.no_owner", severity="high", facts={"count": nobody})
    left = Counter(card.lead.owner for card in gathered.leads if card.lead.owner in set(gathered.inactive))
    for owner, count in left.most_common():
        assert owner is not None
        facts = {"user": gathered.names.users.get(owner, owner), "count": count}
        advice = Reason("audit.advice.handover")
        yield Finding(
            code="audit.dismissed_owner", severity="high", facts=facts, ref=Ref(Kind.USER, owner), advice=advice
        )


def tap(gathered: Gathered) -> Iterator[Finding]:
    """Mailboxes that go on making leads of letters, the busiest named; the sheet has all of them."""
    running = [inflow for inflow in gathered.inflows if inflow.recent]
    if not running:
        return
    busiest = ", ".join(f"{inflow.mailbox or '?'} ({inflow.recent})" for inflow in running[:_SHOWN])
    per_day = round(sum(inflow.per_day for inflow in running), 1)
    facts = {"count": len(running), "recent": sum(inflow.recent for inflow in running), "per_day": per_day}
    yield Finding(
        code="audit.tap", severity="high", facts={**facts, "busiest": busiest}, advice=Reason("audit.advice.tap")
    )


def stage_names(gathered: Gathered) -> Iterator[Finding]:
    """Complaints about the ladder itself."""
    yield from gathered.stages


def tap_sheet(inflows: Sequence[Inflow], names: Names) -> Sheet:
    """The mailboxes one by one."""
    rows = [
        (
            inflow.mailbox or Reason("audit.none"),
            names.users.get(inflow.owner or "", inflow.owner),
            names.sources.get(inflow.source or "", inflow.source),
            inflow.leads,
            inflow.recent,
            round(inflow.per_day, 1),
            inflow.last,
        )
        for inflow in inflows
    ]
    columns = ("mailbox", "owner", "source", "leads", "recent", "per_day", "last")
    return Sheet("audit.sheet.tap", tuple(f"audit.column.{name}" for name in columns), rows)


CHECKS: tuple[Callable[[Gathered], Iterator[Finding]], ...] = (
    stuck_at_all,
    known_clients,
    newcomers,
    piles,
    tap,
    owners,
    stage_names,
    rubbish,
)


def _weight(share: int) -> Severity:
    return "high" if share >= 10 else "medium" if share >= 2 else "low"
