"""`apply`, `verify` and `undo`: the commands that write, and the one that looks whether it worked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.plan import Answer, Limit, Only, load_plan, show_plan
from b24kit.cli.planning import Wish, make_plan, parse_answers, with_answers
from b24kit.cli.runs import find_run
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.change.plan import Plan
    from b24kit.change.recap import Recap
    from b24kit.change.rollout import Rollout

Approve = Annotated[bool, typer.Option("--auto-approve", help="Ask no question (never enough for what is final).")]
Confirm = Annotated[str, typer.Option("--confirm", help="The phrase for what is final, for example 'delete 12'.")]
Until = Annotated[str | None, typer.Option("--until", help="End in order at this time of day, HH:MM.")]
Minutes = Annotated[int | None, typer.Option("--max-minutes", min=1, help="End in order after so many minutes.")]
RunId = Annotated[str | None, typer.Argument(help="A run; default: the newest.")]


def apply(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A saved plan: applied without a question.")] = None,
    playbook: Annotated[str | None, typer.Option("--playbook", help="Plan this again and ask before applying.")] = None,
    only: Only = None,
    limit: Limit = None,
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="Try on so many clients.")] = None,
    answer: Answer = None,
    auto_approve: Approve = False,
    confirm: Confirm = "",
    until: Until = None,
    max_minutes: Minutes = None,
    max_changes: Annotated[int | None, typer.Option("--max-changes", min=1, help="Refuse a larger plan.")] = None,
) -> None:
    """Carry a plan out, or go on with its unfinished run. Every write is journalled and can be undone."""
    with desk(context) as at:
        if (file is None) == (playbook is None):
            raise UsageError("cli.plan_or_playbook")
        answers = parse_answers(answer or [])
        if file is not None:
            plan = with_answers(load_plan(at, file), answers)
        else:
            plan, _ = make_plan(at, Wish(str(playbook), only, None, limit or sample, answers))
            show_plan(at, plan)
            if not plan.empty and not auto_approve and not at.screen.confirm("apply.ask", portal=plan.portal_id):
                at.screen.say("apply.declined")
                return
        rollout = open_rollout(
            at,
            plan,
            confirm=confirm,
            ends=window(at, until, max_minutes),
            limit=limit,
            sample=sample,
            max_changes=max_changes,
        )
        carry_out(at, plan, rollout, again=str(file) if file else "")


def verify(
    context: typer.Context,
    run: RunId = None,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 on differences.")] = False,
) -> None:
    """Look on the portal whether everything a run did still stands, and which steps of people are open."""
    with desk(context) as at:
        from b24kit.change.checking import check_run
        from b24kit.i18n import say

        found = find_run(at, run)
        checked = check_run(found, at.portal)
        if at.screen.as_json:
            rows = [
                {"ref": str(d.ref), "field": d.field, "wanted": d.before, "found": d.after} for d in checked.differences
            ]
            at.screen.document("verify", run=found.id, checked=checked.checked, differences=rows)
        else:
            for difference in checked.differences[:50]:
                code = "verify.row" if difference.field else "verify.gone"
                at.screen.sign(
                    "~",
                    say(
                        code,
                        at.lang,
                        ref=str(difference.ref),
                        field=difference.field,
                        wanted=difference.before,
                        found=difference.after,
                    ),
                )
            for number, step in enumerate(found.plan.steps, 1):
                at.screen.sign(
                    "!",
                    say(
                        "verify.step_open",
                        at.lang,
                        n=number,
                        answer=step.answer or "—",
                        step=say(step.code, at.lang, **step.facts),
                    ),
                )
            bad = len({difference.ref for difference in checked.differences})
            at.screen.say(
                "verify.bad" if bad else "verify.good", run=found.id, n=bad or checked.checked, of=checked.checked
            )
        if detailed_exitcode and checked.differences:
            raise typer.Exit(2)


def undo(
    context: typer.Context,
    run: RunId = None,
    limit: Limit = None,
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="Take back so many clients only.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Save the way back instead of walking it.")] = None,
    auto_approve: Approve = False,
    confirm: Confirm = "",
    until: Until = None,
    max_minutes: Minutes = None,
) -> None:
    """Take a run back: a plan of its own, three-way, so that what people changed since stays as they left it."""
    with desk(context) as at:
        from b24kit.change.undo import undo_plan

        found = find_run(at, run)
        plan = undo_plan(found, at.portal, at.runs, at.clock)
        if not at.screen.as_json:
            at.screen.say("undo.heading", run=found.id, until=f"{plan.expires_at:%d.%m.%Y %H:%M}")
        show_plan(at, plan)
        if plan.empty:
            return
        if out is not None:
            from b24kit.change.planfile import save

            save(plan, out, store=at.store_dir)
            at.screen.say("plan.saved", file=str(out))
            return
        if not auto_approve and not at.screen.confirm("apply.ask", portal=plan.portal_id):
            at.screen.say("apply.declined")
            return
        rollout = open_rollout(
            at, plan, confirm=confirm, ends=window(at, until, max_minutes), limit=limit, sample=sample
        )
        carry_out(at, plan, rollout)


def open_rollout(
    at: Desk,
    plan: Plan,
    *,
    confirm: str,
    ends: datetime | None,
    limit: int | None = None,
    sample: int | None = None,
    max_changes: int | None = None,
) -> Rollout:
    """Everything a run needs, with the consent that was given for what is final."""
    from b24kit.change.executor import Bounds
    from b24kit.change.guard import Consent, final_operations, final_phrase
    from b24kit.change.rollout import Rollout
    from b24kit.config.settings import state_dir

    final = len(final_operations(plan.operations, at.portal.capabilities))
    phrase = confirm
    if final and not phrase:
        phrase = at.screen.ask("apply.final_ask", phrase=final_phrase(final)[at.lang])
    return Rollout(
        portal=at.portal,
        store=at.runs,
        locks=state_dir(),
        clock=at.clock,
        consent=Consent(
            phrase=phrase, max_changes=max_changes, answers={s.key: s.answer for s in plan.steps if s.answer}
        ),
        bounds=Bounds(until=ends, limit=limit, sample=sample),
    )


def carry_out(at: Desk, plan: Plan, rollout: Rollout, again: str = "") -> None:
    """Apply with a progress bar, then the recap; the exit code is the recap's."""
    from dataclasses import replace

    begun = at.runs.of_plan(plan.id)
    if begun is not None and not begun.finished and not at.screen.as_json:
        at.screen.say("apply.resuming", run=begun.id)
    started = at.clock.now()
    with at.screen.progress("progress.applying") as tell:
        recap = replace(rollout, tell=tell).apply(plan)
    say_recap(at, plan, recap, (at.clock.now() - started).total_seconds(), again)
    if recap.exit_code:
        raise typer.Exit(recap.exit_code)


def say_recap(at: Desk, plan: Plan, recap: Recap, seconds: float, again: str) -> None:
    """One greppable line, what was not done and why, and how to go on or back."""
    from b24kit.i18n import say
    from b24kit.reports.plan_text import duration

    counts = {
        name: getattr(recap, name) for name in ("ok", "changed", "moved", "skipped", "conflict", "failed", "left")
    }
    if at.screen.as_json:
        at.screen.document(
            "run", run=recap.run_id, plan=plan.id, ended=recap.ended.value, seconds=round(seconds), **counts
        )
        return
    at.screen.line(f"{plan.portal_id}: {recap.line()}")
    at.screen.say("apply.took", took=duration(seconds, at.lang))
    if recap.undone:
        at.screen.say("apply.trouble")
        for undone in recap.undone[:20]:
            why = say(undone.code, at.lang, **undone.facts) if undone.code else ""
            at.screen.sign("!", f"{undone.ref} {why} {undone.said}".rstrip())
    if recap.run_id:
        at.screen.say("apply.run", run=recap.run_id, journal=str(at.store_dir / recap.run_id / "journal.sqlite"))
    if recap.resumable and again:
        at.screen.say("apply.resume", file=again)


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
