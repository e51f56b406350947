"""`apply`, `verify` and `undo`: the commands that write, and the one that looks whether it worked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from b24kit.cli.carrying import Allowed, carry_out, open_rollout, window
from b24kit.cli.context import Desk, desk
from b24kit.cli.plan import Answer, Limit, Mode, Only, ProbeAgain, TapOpen, load_plan, show_plan
from b24kit.cli.planning import Wish, check_tap, make_plan, parse_answers, tap_left_open, with_answers
from b24kit.cli.runs import find_run
from b24kit.errors import PlanStale, UsageError

if TYPE_CHECKING:
    from b24kit.change.checking import Checked
    from b24kit.change.plan import Plan
    from b24kit.change.runs import Run
    from b24kit.reports.doubles import Doubled

SHOWN = 50

Approve = Annotated[bool, typer.Option("--auto-approve", help="Ask no question (never enough for what is final).")]
Confirm = Annotated[str, typer.Option("--confirm", help="The phrase for what is final, for example 'delete 12'.")]
Until = Annotated[str | None, typer.Option("--until", help="End in order at this time of day, HH:MM.")]
Minutes = Annotated[int | None, typer.Option("--max-minutes", min=1, help="End in order after so many minutes.")]
Canary = Annotated[
    bool, typer.Option("--canary/--no-canary", help="First a trial card of ours walks the stages to meet robots.")
]
RunId = Annotated[str | None, typer.Argument(help="A run; default: the newest.")]


def apply(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A saved plan: applied without a question.")] = None,
    playbook: Annotated[str | None, typer.Option("--playbook", help="Plan this again and ask before applying.")] = None,
    only: Only = None,
    mode: Mode = None,
    limit: Limit = None,
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="Try on so many clients.")] = None,
    answer: Answer = None,
    tap_open: TapOpen = False,
    probe_again: ProbeAgain = False,
    auto_approve: Approve = False,
    confirm: Confirm = "",
    until: Until = None,
    max_minutes: Minutes = None,
    max_changes: Annotated[int | None, typer.Option("--max-changes", min=1, help="Refuse a larger plan.")] = None,
    canary: Canary = True,
    proof: Annotated[
        bool, typer.Option("--proof/--no-proof", help="Count and hash what hangs on the cards, before and after.")
    ] = True,
) -> None:
    """Carry a plan out, or go on with its unfinished run. Every write is journalled and can be undone."""
    with desk(context) as at:
        if (file is None) == (playbook is None):
            raise UsageError("cli.plan_or_playbook")
        answers = parse_answers(answer or [])
        ends = window(at, until, max_minutes)
        if file is not None:
            plan = with_answers(load_plan(at, file), answers)
            plan = tap_left_open(plan, at.lang) if tap_open else plan
            say_unused(at, plan)
            refuse_overtaken(at, plan)
        else:
            wish = Wish(str(playbook), only, mode, limit or sample, answers, tap_open=tap_open, probe_again=probe_again)
            plan, _ = make_plan(at, wish)
            show_plan(at, plan)
            if plan.empty:
                return
            check_tap(plan)
            if not auto_approve and not at.screen.confirm("apply.ask", portal=plan.portal_id):
                at.screen.say("apply.declined")
                return
        allowed = Allowed(
            confirm=confirm,
            ends=ends,
            limit=limit,
            sample=sample,
            max_changes=max_changes,
            canary=canary,
            proof=proof,
        )
        carry_out(at, plan, open_rollout(at, plan, allowed), file)


def refuse_overtaken(at: Desk, plan: Plan) -> None:
    """People decided about cards of a saved plan after it was made: it must be made anew.

    A run that has begun is only stopped by what must not be touched any more.
    """
    from b24kit.cleanup.standing_decisions import overtaken
    from b24kit.matching.verdicts import Verdict

    late = at.decisions(plan.portal_id).kept_since(plan.made_at)
    if at.runs.of_plan(plan.id) is not None:
        late = [one for one in late if one.verdict is Verdict.PROTECT]
    if late and (keys := overtaken(plan.operations, late)):
        raise PlanStale("review.decided_since", plan=plan.id, count=len(keys), keys=", ".join(keys[:SHOWN]))


def say_unused(at: Desk, plan: Plan) -> None:
    """Answers that no step of a saved plan asked for: noted, since the same command line may serve many plans."""
    from b24kit.reports.wording import reason_text

    if at.screen.as_json:
        return
    for note in plan.notes:
        if note.code == "plan.unused_answer":
            at.screen.line(reason_text(note, at.lang))


def verify(
    context: typer.Context,
    run: RunId = None,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit 2 on differences.")] = False,
) -> None:
    """Look on the portal whether everything a run did still stands, and which steps of people are open."""
    with desk(context) as at:
        from b24kit.change.checking import check_run
        from b24kit.reports.doubles import FILE, counted, doubles_of, without_united, write_doubles

        found = find_run(at, run)
        doubles = doubles_of(found.plan, at.portal)
        checked = without_united(check_run(found, at.portal), doubles)
        if doubles:
            write_doubles(doubles, found.folder / FILE)
        if at.screen.as_json:
            rows = [
                {"ref": str(d.ref), "field": d.field, "wanted": d.before, "found": d.after} for d in checked.differences
            ]
            steps = [{"key": step.key, "code": step.code, "answer": step.answer} for step in found.plan.steps]
            at.screen.document(
                "verify", run=found.id, checked=checked.checked, differences=rows, steps=steps, doubles=counted(doubles)
            )
        else:
            say_checked(at, found, checked, doubles)
        if detailed_exitcode and checked.differences:
            raise typer.Exit(2)


def say_checked(at: Desk, run: Run, checked: Checked, doubles: Sequence[Doubled] = ()) -> None:
    """What does not stand any more, the steps of people, and one line that sums it up."""
    from b24kit.reports.doubles import CHECK, FILE, counted
    from b24kit.reports.plan_text import difference_line, step_text

    for difference in checked.differences[:SHOWN]:
        at.screen.sign("~", difference_line(difference, run.plan, at.lang))
    if len(checked.differences) > SHOWN:
        at.screen.say("table.more", n=len(checked.differences) - SHOWN)
    for number, step in enumerate(run.plan.steps, 1):
        told = step_text(step, run.plan, at.lang)
        if step.check == CHECK and doubles:
            facts = counted(doubles) | {"file": str(run.folder / FILE)}
            at.screen.sign("!", at.screen.text("verify.doubles", number=number, step=told, **facts))
            continue
        said = at.screen.text("verify.step_open", n=number, answer=step.answer, step=told)
        at.screen.sign("!", said)
    bad = len({difference.ref for difference in checked.differences})
    at.screen.say("verify.bad" if bad else "verify.good", run=run.id, n=bad or checked.checked, of=checked.checked)


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
    canary: Canary = True,
) -> None:
    """Take a run back: a plan of its own, three-way, so that what people changed since stays as they left it."""
    with desk(context) as at:
        from b24kit.change.lock import writing
        from b24kit.change.planfile import save
        from b24kit.change.undo import expires, undo_plan
        from b24kit.config.settings import state_dir
        from b24kit.reports.wording import moment_text

        found = find_run(at, run)
        ends = window(at, until, max_minutes)
        # What a run still writing has under way is for it alone to settle.
        with writing(found.info.portal_id, state_dir(), work=f"undo {found.id}", now=at.clock.now()):
            plan = undo_plan(found, at.portal, at.runs, at.clock)
        if not at.screen.as_json:
            at.screen.say("undo.heading", run=found.id, until=moment_text(expires(found.info), at.lang))
        if out is not None:
            save(plan, out, store=at.store_dir)
        show_plan(at, plan)
        if plan.empty:
            return
        if out is not None:
            if not at.screen.as_json:
                at.screen.say("plan.saved", file=str(out))
            return
        if not auto_approve and not at.screen.confirm("apply.ask", portal=plan.portal_id):
            at.screen.say("apply.declined")
            return
        allowed = Allowed(confirm=confirm, ends=ends, limit=limit, sample=sample, canary=canary)
        carry_out(at, plan, open_rollout(at, plan, allowed))
