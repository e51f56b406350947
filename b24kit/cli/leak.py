"""`audit --leak`: do letters still make leads, now that the mailboxes are closed? For a person and a scheduled job."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.change.plan import Plan
    from b24kit.cleanup.leak import Leak
    from b24kit.cli.context import Desk


def leak_test(at: Desk, since: str | None) -> bool:
    """Look and tell; True when the tap is open. Without `since` it counts from the newest plan carried out here."""
    from b24kit.cleanup.leak import Verdict, find_leak
    from b24kit.crm.refs import Kind

    now = at.clock.now()
    plan = newest_clean_up(at)
    if since is None and plan is None:
        raise UsageError("leak.no_since")
    moment = plan.made_at if since is None and plan is not None else parsed(str(since))
    if moment > now:
        raise UsageError("leak.future", since=moment.isoformat())
    above = plan.read_through.get(Kind.LEAD.value) if plan is not None and since is None else None
    found = find_leak(at.portal, moment, now, above=above, per_day=usual_rate(plan))
    tell(at, found)
    return found.verdict is Verdict.OPEN


def newest_clean_up(at: Desk) -> Plan | None:
    """The plan of the newest run on this portal that told of a running tap; else of the newest that is no way back."""
    newest: Plan | None = None
    for info in reversed(at.runs.list()):
        if info.undoes is not None or info.portal_id != at.profile.host:
            continue
        run = at.runs.open(info.id)
        plan = run.plan
        run.close()
        if usual_rate(plan) is not None:
            return plan
        newest = newest or plan
    return newest


def usual_rate(plan: Plan | None) -> float | None:
    """How many leads a day the mailboxes made when that plan was made."""
    from b24kit.cleanup.tap import STEP

    told = next((step.facts.get("per_day") for step in plan.steps if step.key == STEP), None) if plan else None
    return float(told) if told is not None else None


def parsed(text: str) -> datetime:
    """A day or a moment; without a zone it is this machine's own."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("leak.bad_since", text=text) from None
    return found.astimezone() if found.tzinfo is None else found


def tell(at: Desk, leak: Leak) -> None:
    """The verdict with the mailboxes, on the screen or as one document."""
    from b24kit.reports.plan_text import duration
    from b24kit.reports.wording import moment_text

    if at.screen.as_json:
        at.screen.document("leak", portal=at.profile.host, **document(leak))
        return
    at.screen.say("leak.heading", portal=at.profile.host, since=moment_text(leak.since, at.lang))
    for one in leak.mailboxes:
        name = one.mailbox or at.screen.text("leak.no_mailbox")
        last = moment_text(one.last, at.lang) if one.last else "—"
        at.screen.sign("!", at.screen.text("leak.mailbox", mailbox=name, count=one.leads, last=last))
    if leak.unlooked:
        at.screen.sign("!", at.screen.text("leak.unlooked", count=leak.unlooked))
    if leak.others:
        at.screen.say("leak.others", count=leak.others)
    span = duration(leak.hours * 3600, at.lang)
    expected = round(leak.expected) if leak.expected is not None else 0
    at.screen.say(f"leak.{leak.verdict.value}", count=leak.leads + leak.unlooked, span=span, expected=expected)


def document(leak: Leak) -> dict[str, Any]:
    """The test as a machine reads it; mailboxes are the portal's own addresses."""
    return {
        "since": leak.since,
        "until": leak.until,
        "verdict": leak.verdict.value,
        "leads": leak.leads,
        "unlooked": leak.unlooked,
        "others": leak.others,
        "expected": leak.expected,
        "mailboxes": [{"mailbox": one.mailbox, "leads": one.leads, "last": one.last} for one in leak.mailboxes],
    }
