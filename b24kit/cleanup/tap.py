"""Which mailbox keeps making junk leads: counted by mailbox, owner and source over the last weeks, and how to close it.

Mailbox settings cannot be written through REST, so closing the tap is a numbered step for a person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from b24kit.change.guard import TAP
from b24kit.change.plan import HandStep
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.activity import Activity, Channel, Direction
from b24kit.crm.cards import Lead
from b24kit.crm.inflow import Inflow
from b24kit.crm.refs import Kind

WEEKS = 4
STEP = "tap-mailboxes"  # the step whose answer says that the mailboxes are closed, or may stay open
SILENT = 3  # so many usual gaps without a lead, and the tap is taken for closed


@dataclass(frozen=True, slots=True)
class TapReport:
    """Mailboxes, the busiest of the last weeks first, and leads made of letters by day in those weeks."""

    taps: tuple[Inflow, ...]
    days: tuple[tuple[date, int], ...]
    now: datetime

    @property
    def running(self) -> tuple[Inflow, ...]:
        """Those that still make leads."""
        return tuple(tap for tap in self.taps if tap.recent)

    @property
    def per_day(self) -> float:
        """Leads that all mailboxes together make a day, by the last weeks."""
        return sum(tap.per_day for tap in self.running)

    @property
    def still_open(self) -> bool:
        """Whether leads of letters keep coming: the last one is no further back than a few usual gaps, at least a day.

        Nobody can read the setting itself; a mailbox that was closed falls silent, and that can be seen.
        """
        last = max((tap.last for tap in self.running if tap.last), default=None)
        if last is None or not self.per_day:
            return False
        return self.now - last <= timedelta(days=max(1.0, SILENT / self.per_day))


def find_tap(snapshot: Snapshot, spec: CleanSpec | None, now: datetime, weeks: int = WEEKS) -> TapReport:
    """Count leads made of incoming letters by the mailbox that received them; closed leads count too.

    With a `spec` only leads of its sources are counted, when it names any.
    """
    mailbox_of = _mailboxes(snapshot.activities(Kind.LEAD))
    wanted = _source_codes(snapshot, spec)
    leads: dict[str, list[Lead]] = defaultdict(list)
    for lead in snapshot.leads():
        if lead.id in mailbox_of and (wanted is None or lead.source in wanted):
            leads[mailbox_of[lead.id]].append(lead)
    since = now - timedelta(weeks=weeks)
    taps = [_tap(mailbox, found, since, weeks) for mailbox, found in leads.items()]
    recent = (lead.created for found in leads.values() for lead in found if lead.created and lead.created > since)
    days = Counter(moment.date() for moment in recent)
    return TapReport(tuple(sorted(taps, key=lambda tap: (-tap.recent, -tap.leads, tap.mailbox))), _by_day(days), now)


def tap_steps(report: TapReport, pages: Mapping[str, str], answer: str | None = None) -> list[HandStep]:
    """Steps: close every running mailbox, named busiest first; fill the exceptions, where the vendor has a page of them
    among its `pages`; check that nothing leaks.

    The first one stops a larger run while the tap is open, until somebody answers it; `answer` is what was said ahead.
    """
    running = report.running
    if not running:
        return []
    facts = {"count": sum(tap.recent for tap in running), "weeks": WEEKS}
    listed = [f"{tap.mailbox} ({tap.recent})" for tap in running if tap.mailbox]
    closing = {**facts, "mailboxes": ", ".join(listed), "per_day": rate(report.per_day)}
    code = "step.tap_mailboxes" if listed else "step.tap_unknown"
    mailboxes, exceptions = pages.get("mailboxes", ""), pages.get("exceptions")
    found = [
        HandStep(
            key=STEP,
            code=code,
            facts=closing,
            link=mailboxes,
            check=TAP,
            answer=answer,
            blocking=report.still_open,
        ),
        HandStep(key="tap-leak-test", code="step.tap_leak_test", facts=facts, link=mailboxes, check=TAP),
    ]
    if exceptions is not None:
        found.insert(1, HandStep(key="tap-exceptions", code="step.tap_exceptions", facts=facts, link=exceptions))
    return found


def rate(per_day: float) -> float | int:
    """Leads a day with the one decimal that still says something."""
    return round(per_day) if per_day >= 10 else round(per_day, 1)


def _mailboxes(activities: Iterable[Activity]) -> dict[str, str]:
    """The mailbox of the first incoming letter, by lead."""
    found: dict[str, str] = {}
    for activity in activities:
        if activity.channel is Channel.EMAIL and activity.direction is not Direction.OUT:
            found.setdefault(activity.card.id, activity.letter.mailbox.lower() if activity.letter else "")
    return found


def _source_codes(snapshot: Snapshot, spec: CleanSpec | None) -> frozenset[str] | None:
    if spec is None or not spec.pile.sources:
        return None
    asked = {name.strip().lower() for name in spec.pile.sources}
    return frozenset(one.code for one in snapshot.sources() if {one.code.lower(), one.name.lower()} & asked)


def _tap(mailbox: str, leads: Sequence[Lead], since: datetime, weeks: int) -> Inflow:
    recent = [lead for lead in leads if lead.created and lead.created > since]
    last = max((lead.created for lead in leads if lead.created), default=None)
    return Inflow(
        mailbox,
        _commonest(lead.owner for lead in leads),
        _commonest(lead.source for lead in leads),
        len(leads),
        len(recent),
        len(recent) / (7 * weeks),
        last,
    )


def _commonest(values: Iterable[str | None]) -> str | None:
    counted = Counter(value for value in values if value)
    return max(counted, key=lambda value: (counted[value], value)) if counted else None


def _by_day(days: Counter[date]) -> tuple[tuple[date, int], ...]:
    return tuple(sorted(days.items()))
