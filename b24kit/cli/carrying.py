"""A plan carried out before a person's eyes: progress while it runs, then what became of it and what to type next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from b24kit.cli.context import Desk
from b24kit.cli.stock import count_before, say_stock, stock_after
from b24kit.crm.portal import Where
from b24kit.crm.refs import Kind
from b24kit.errors import B24kitError, PartlyDone, PortalError, Unsettled, UsageError

if TYPE_CHECKING:
    from b24kit.change.plan import Plan
    from b24kit.change.recap import Recap
    from b24kit.change.rollout import Rollout
    from b24kit.change.runs import RunInfo
    from b24kit.reports.belongings import Belongings

INTERRUPTED = 130
SHOWN_TROUBLE = 20
COUNTED = ("ok", "changed", "moved", "skipped", "conflict", "failed", "left")


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What the command line allows a run: the typed phrase for what is final, its window, its part, its size."""

    confirm: str = ""
    ends: datetime | None = None
    limit: int | None = None
    sample: int | None = None
    max_changes: int | None = None
    canary: bool = True
    proof: bool = True


def open_rollout(at: Desk, plan: Plan, allowed: Allowed) -> Rollout:
    """Everything a run needs, with the consent that was given for what is final."""
    from b24kit.change.canary import CanaryFirst
    from b24kit.change.executor import Bounds
    from b24kit.change.guard import Consent, final_operations, final_phrase
    from b24kit.change.rollout import Rollout
    from b24kit.config.settings import state_dir

    final = len(final_operations(plan.operations, at.portal.capabilities))
    rollout = Rollout(
        portal=at.portal,
        store=at.runs,
        locks=state_dir(),
        clock=at.clock,
        bounds=Bounds(until=allowed.ends, limit=allowed.limit, sample=allowed.sample),
        before_phase=CanaryFirst(at.portal, at.clock) if allowed.canary else None,
    )
    copy_first(at, plan, rollout, proof=allowed.proof)
    phrase = allowed.confirm
    if final and not phrase:
        phrase = at.screen.ask("apply.final_ask", phrase=final_phrase(final)[at.lang])
    answers = {step.key: step.answer for step in plan.steps if step.answer}
    return replace(rollout, consent=Consent(phrase=phrase, max_changes=allowed.max_changes, answers=answers))


def copy_first(at: Desk, plan: Plan, rollout: Rollout, *, proof: bool) -> None:
    """Copy the cards that the plan removes before anything is asked: what undoing loses is told with real counts."""
    from b24kit.change.removal import kept_cards
    from b24kit.cli.backup import say_copied

    if proof:
        count_before(at, plan)
    if not kept_cards(plan) or at.portal.facts().id != plan.portal_id:
        return
    with at.screen.progress("backup.taking") as tell:
        manifest = replace(rollout, tell=tell).back_up(plan)
    if manifest is not None:
        say_copied(at, manifest, str(at.runs.backups.path(plan.id)))


def carry_out(at: Desk, plan: Plan, rollout: Rollout, file: Path | None = None) -> None:
    """Apply with a progress bar, then the recap; the exit code is the recap's. `file` is what goes on with the run."""
    begun = begun_run(at, plan)
    if at.screen.as_json:
        resumed = None if begun is None else begun.id
        at.screen.document("start", plan=plan.id, portal=plan.portal_id, run=resumed, operations=len(plan.operations))
    elif begun is not None:
        at.screen.say("apply.resuming", run=begun.id)
    part = rollout.bounds.sample or rollout.bounds.limit
    if part and not at.screen.as_json:
        at.screen.say("apply.part", n=part)
    started = at.clock.now()
    with telling_what_is_done(at, plan, file), at.screen.progress("progress.applying", run=True) as tell:
        recap = replace(rollout, tell=tell).apply(plan)
    learn(at, plan, recap.run_id)
    took = (at.clock.now() - started).total_seconds()
    hung = stock_after(at, recap.run_id)
    say_recap(at, plan, recap, took, file, hung)
    if recap.exit_code or (hung is not None and hung.lost + hung.consent_lost):
        raise typer.Exit(recap.exit_code or 1)


def learn(at: Desk, plan: Plan, run_id: str) -> None:
    """Keep what this run has shown of the portal: whether letters may be linked there."""
    from b24kit.change.trials import LINK_MAIL, Trial, linking_tried, remember
    from b24kit.config.settings import state_dir

    run = at.runs.open(run_id)
    shown = linking_tried(plan.operations, run.journal.last())
    run.close()
    if shown is not None:
        remember(state_dir(), plan.portal_id, LINK_MAIL, Trial(shown, at.clock.now()))


def begun_run(at: Desk, plan: Plan) -> RunInfo | None:
    """The unfinished run of this plan, if there is one."""
    found = at.runs.of_plan(plan.id)
    return found if found is not None and not found.finished else None


@contextmanager
def telling_what_is_done(at: Desk, plan: Plan, file: Path | None) -> Iterator[None]:
    """When a run is cut off (the portal is gone, a second Ctrl+C), say what it had done and how it goes on."""
    try:
        yield
    except B24kitError as error:
        begun = say_so_far(at, plan, file)
        if begun and isinstance(error, PortalError) and not error.code.startswith("guard."):
            # The webhook was taken away in the middle: not the "nothing was done" that its own exit code would tell.
            raise PartlyDone(error.code, **error.facts) from error
        raise
    except KeyboardInterrupt:
        if not say_so_far(at, plan, file):
            raise
        raise typer.Exit(INTERRUPTED) from None


def say_so_far(at: Desk, plan: Plan, file: Path | None) -> bool:
    """What the journal holds of a run that did not end; False when nothing was begun."""
    from b24kit.change.recap import Ended, recap_of

    begun = begun_run(at, plan)
    if begun is None:
        return False
    run = at.runs.open(begun.id)
    recap = recap_of(run.id, plan, run.journal.last(), Ended.INTERRUPTED)
    run.close()
    if at.screen.as_json:
        at.screen.document("so_far", run=run.id, plan=plan.id, **counts_of(recap))
        return True
    at.screen.line(f"{plan.portal_id}: {recap.line()}")
    at.screen.say("apply.so_far", run=run.id)
    at.screen.say("apply.resume", file=str(resume_file(at, run.id, file)))
    return True


def say_recap(
    at: Desk, plan: Plan, recap: Recap, seconds: float, file: Path | None, hung: Belongings | None = None
) -> None:
    """One greppable line, what was not done and why, and how to go on or back."""
    from b24kit.reports.plan_text import duration

    if at.screen.as_json:
        ended = {"ended": recap.ended.value, "exit_code": recap.exit_code, "resumable": recap.resumable}
        trouble = [{"ref": one.ref, "state": one.state, "code": one.code, "said": one.said} for one in recap.undone]
        content = {**ended, "seconds": round(seconds), **counts_of(recap), "not_done": trouble}
        content["new_since"] = new_since(at, plan)
        compared = None if hung is None else hung.document()
        at.screen.document("run", run=recap.run_id, plan=plan.id, **content, belongings=compared)
        return
    say_trouble(at, plan, recap)
    if hung is not None:
        say_stock(at, hung)
    at.screen.line(f"{plan.portal_id}: {recap.line()}")
    at.screen.say(f"apply.ended_{recap.ended.value}", took=duration(seconds, at.lang))
    at.screen.say("apply.run", run=recap.run_id, journal=str(at.store_dir / recap.run_id / "journal.sqlite"))
    if new := new_since(at, plan):
        at.screen.say("apply.new_since", n=new)
    if recap.resumable:
        at.screen.say("apply.resume", file=str(resume_file(at, recap.run_id, file)))


def new_since(at: Desk, plan: Plan) -> int:
    """Open leads that came after the portal was read for this plan: they are the next plan's."""
    last = plan.read_through.get(Kind.LEAD.value)
    if last is None or plan.undoes is not None:
        return 0
    try:
        return sum(1 for _ in at.portal.leads(Where(above_id=last, open_only=True)))
    except (PortalError, Unsettled):
        return 0  # the run is over and told; a portal that went away just now must not hide how it ended


def say_trouble(at: Desk, plan: Plan, recap: Recap) -> None:
    """What was not carried out, on which object, and why."""
    from b24kit.change.operation import Reason
    from b24kit.reports.wording import card_text, reason_text

    if not recap.undone:
        return
    at.screen.say("apply.trouble")
    for one in recap.undone[:SHOWN_TROUBLE]:
        why = reason_text(Reason(one.code, one.facts), at.lang, plan.names) if one.code else ""
        at.screen.sign("!", f"{card_text(one.ref, at.lang)}: {why} {one.said}".rstrip(" :"))
    if len(recap.undone) > SHOWN_TROUBLE:
        at.screen.say("apply.more_trouble", n=len(recap.undone) - SHOWN_TROUBLE)


def counts_of(recap: Recap) -> dict[str, int]:
    """The numbers of a recap's line."""
    return {name: getattr(recap, name) for name in COUNTED}


def resume_file(at: Desk, run_id: str, file: Path | None) -> Path:
    """What to apply to go on with a run: the file it came from, or the plan that its own folder keeps."""
    return file if file is not None else at.store_dir / run_id / "plan.json"


def window(at: Desk, until: str | None, max_minutes: int | None) -> datetime | None:
    """When the run has to end: a time of day (today, or tomorrow when it is past), or so many minutes from now."""
    now = at.clock.now()
    if max_minutes is not None:
        return now + timedelta(minutes=max_minutes)
    if until is None:
        return None
    try:
        hour = datetime.strptime(until, "%H:%M").time()
    except ValueError:
        raise UsageError("cli.bad_time", text=until) from None
    local = now.astimezone()
    end = local.replace(hour=hour.hour, minute=hour.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)
