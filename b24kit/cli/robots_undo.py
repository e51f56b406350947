"""`robots undo`: what robots did in the last hours, or on one card, taken back by the engine's own undo."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from b24kit.cli.context import Desk, desk, fresh_name
from b24kit.cli.robots import StoreAt, parse_card
from b24kit.cli.robots_desk import robots_store
from b24kit.cli.run import Approve, Confirm, Minutes, Until
from b24kit.cli.run import undo as undo_run
from b24kit.errors import UsageError

_SPAN = re.compile(r"(\d{1,4})\s*([mhd])")
_UNITS = {"m": 1, "h": 60, "d": 1440}


def undo(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(help="A run that an earlier `robots undo` has recorded.")] = None,
    since: Annotated[str | None, typer.Option("--since", help="How far back: 30m, 2h, 1d.")] = None,
    card: Annotated[str | None, typer.Option("--card", help="All that was done on one card: lead:5.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Save the way back instead of walking it.")] = None,
    auto_approve: Approve = False,
    confirm: Confirm = "",
    until: Until = None,
    max_minutes: Minutes = None,
    store: StoreAt = None,
) -> None:
    """Take back what robots did, three-way: what people changed since stays. A plan is shown first."""
    with desk(context) as at:
        if sum(one is not None for one in (run, since, card)) != 1 and not (since and card):
            raise UsageError("robots.undo_what")
        found = run or _recorded(at, since, card, store)
    if found is None:
        return
    undo_run(
        context,
        run=found,
        out=out,
        auto_approve=auto_approve,
        confirm=confirm,
        until=until,
        max_minutes=max_minutes,
        canary=False,
    )


def _recorded(at: Desk, since: str | None, card: str | None, place: str | None) -> str | None:
    """The id of a run that says what robots did, None when they did nothing."""
    from b24kit.robots.ledger import Ledger
    from b24kit.robots.record import deeds_of, record_run, taken_back_before

    facts = at.portal.facts()
    now = at.clock.now()
    begun = None if since is None else now - _span(since)
    with robots_store(at, place) as kept:
        ledger = Ledger(kept, facts.id)
        of = None if card is None else parse_card(card)
        deeds = deeds_of(ledger, since=begun, card=of, without=taken_back_before(at.runs, facts.id))
        if not deeds:
            if at.screen.as_json:
                at.screen.document("robots_undo", portal=facts.id, operations=0)
            else:
                at.screen.say("robots.undo_nothing")
            return None
        run = record_run(deeds, at.runs, facts, fresh_name(), now)
    found = run.id
    run.close()
    if not at.screen.as_json:
        at.screen.say("robots.undo_recorded", run=found, n=len(deeds))
    return found


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or int(found[1]) < 1:
        raise UsageError("robots.undo_span", text=text)
    return timedelta(minutes=int(found[1]) * _UNITS[found[2]])
