"""`plan`, `show` and `explain`: everything that looks at a change before it happens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from b24kit.cli.context import Desk, desk
from b24kit.cli.planning import Wish, check_tap, make_plan, parse_answers
from b24kit.cli.runs import newest_run
from b24kit.cli.several import abilities_of, each_portal, file_of, short_list
from b24kit.errors import UsageError
from b24kit.reports.tables import inert
from b24kit.reports.wording import moment_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from b24kit.change.operation import Operation
    from b24kit.change.plan import Plan
    from b24kit.crm.records import Record
    from b24kit.crm.refs import Ref
    from b24kit.reports.card_text import CardStory

CHANGES = 2

Only = Annotated[str | None, typer.Option("--only", help="Only this part: stages, clean or robots.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many clients (whole clusters).")]
Mode = Annotated[
    str | None, typer.Option("--mode", help="How the pile is cleaned: archive, delete, convert or extract.")
]
TapOpen = Annotated[bool, typer.Option("--tap-open", help="Clean although letters go on making leads.")]
ProbeAgain = Annotated[
    bool, typer.Option("--probe-again", help="Try on one letter anew what an earlier run has shown (linking letters).")
]
Answer = Annotated[list[str] | None, typer.Option("--answer", help="Answer a hand step: KEY=TEXT. May be repeated.")]


def plan(
    context: typer.Context,
    playbook: Annotated[str, typer.Argument(help="A playbook file, or the name of a shipped one.")],
    only: Only = None,
    mode: Mode = None,
    limit: Limit = None,
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="The same as --limit, to try on a few.")] = None,
    answer: Answer = None,
    tap_open: TapOpen = False,
    probe_again: ProbeAgain = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Save the plan; applying a file asks no question.")
    ] = None,
    personal: Annotated[bool, typer.Option("--personal", help="Keep names and addresses in the saved file.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there are changes.")
    ] = False,
) -> None:
    """What a playbook would change on the portal, what it costs, what cannot be undone. Nothing is written.

    Several portals (`--portal a --portal b`): for each what it does as written, otherwise or not at all, and a plan of
    its own (plan.b24 becomes plan-a.b24 and plan-b.b24).

    The plan is shown and saved also when it may not be applied yet, because letters go on making leads: exit code 5.
    """
    with desk(context) as at:
        if only not in (None, "stages", "clean", "robots"):
            raise UsageError("plan.unknown_part", part=only, known="stages, clean, robots")
        answers = parse_answers(answer or [])
        wish = Wish(playbook, only, mode, limit or sample, answers, tap_open=tap_open, probe_again=probe_again)
        if len(at.options.portals) > 1:
            plan_each(at, wish, out, personal=personal, detailed_exitcode=detailed_exitcode)
            return
        made, _ = make_plan(at, wish)
        if out is not None:
            from b24kit.change.planfile import save

            save(made, out, store=at.store_dir, personal=personal)
        show_plan(at, made)
        if not at.screen.as_json:
            short_list(at, abilities_of(at, playbook))
        if out is not None and not at.screen.as_json:
            at.screen.say("plan.saved", file=str(out))
        check_tap(made)
        if detailed_exitcode and not made.empty:
            raise typer.Exit(CHANGES)


def plan_each(at: Desk, wish: Wish, out: Path | None, *, personal: bool, detailed_exitcode: bool) -> None:
    """The same playbook planned on several portals, each plan shown and saved by itself."""
    from b24kit.change.planfile import save

    changes: list[bool] = []

    def plan_one(one: Desk) -> dict[str, Any]:
        made, _ = make_plan(one, wish)
        changes.append(not made.empty)
        file = None if out is None else file_of(out, one.profile.name)
        if file is not None:
            save(made, file, store=one.store_dir, personal=personal)
        if not at.screen.as_json:
            show_plan(one, made)
            if file is not None:
                one.screen.say("plan.saved", file=str(file))
        return {"plan": plan_document(made), "file": None if file is None else str(file)}

    each_portal(at, at.options.portals, wish.playbook, plan_one)
    if detailed_exitcode and any(changes):
        raise typer.Exit(CHANGES)


def show(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A saved plan.")],
    operations: Annotated[bool, typer.Option("--operations", help="Every single operation with its reason.")] = False,
) -> None:
    """A saved plan once more, with a warning when it is too old or was applied."""
    with desk(context) as at:
        found = readable_plan(at, file)
        show_plan(at, found)
        if at.screen.as_json:
            return
        if operations:
            show_operations(at, found)
        if found.expires_at < at.clock.now():
            at.screen.say("plan.expired_warning", when=moment_text(found.expires_at, at.lang))
        begun = at.runs.of_plan(found.id)
        if begun is not None:
            at.screen.say("plan.applied_warning" if begun.finished else "plan.begun_warning", run=begun.id)


def explain(
    context: typer.Context,
    card: Annotated[str, typer.Argument(help="A card, for example lead:812.")],
    other: Annotated[
        str | None, typer.Argument(help="A second card: why the two are one client, or are not, read afresh.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--plan", help="A saved plan; default: the newest run's.")] = None,
) -> None:
    """Why a plan does to this card what it does: its client, its owner, its new stage, or why it is left alone."""
    with desk(context) as at:
        from b24kit.reports.card_text import card_story, story_lines

        ref = card_of(card)
        if other is not None:
            say_why(at, ref, card_of(other))
            return
        found = load_plan(at, file) if file else newest_run(at).plan
        story = card_story(found, ref, finder(at, found))
        if at.screen.as_json:
            at.screen.document("explain", **story_document(story))
            return
        for line in story_lines(story, found, at.lang):
            at.screen.line(inert(line))


def card_of(text: str) -> Ref:
    """A card as people type it: `contact:77`, or a lead's number alone."""
    from b24kit.crm.refs import Ref

    try:
        return Ref.parse(text if ":" in text else f"lead:{text}")
    except ValueError:
        raise UsageError("cli.bad_card", card=text) from None


def say_why(at: Desk, one: Ref, other: Ref) -> None:
    """One line: why two cards of the portal are one client, may be, or are not joined."""
    from b24kit.cleanup.two_cards import why_one_client

    present = at.portal.read([one, other])
    for ref in (one, other):
        if ref not in present:
            raise UsageError("cli.card_absent", card=str(ref))
    why = why_one_client(present[one], present[other])
    if at.screen.as_json:
        parts = [{"code": code, "facts": dict(facts)} for code, facts in why.parts]
        at.screen.document("why", cards=[str(one), str(other)], code=why.code, parts=parts)
        return
    at.screen.line(inert(why.sentence(at.lang)))


def finder(at: Desk, plan: Plan) -> Callable[[Ref], Record | None]:
    """Cards as they were when the plan was made, while its snapshot is still kept in this folder."""
    from b24kit.cli.report import snapshot_of

    try:
        return snapshot_of(at, plan.snapshot_id).get
    except UsageError:
        return nothing_kept


def nothing_kept(card: Ref) -> None:
    """For a plan whose snapshot is purged: no card can be looked up."""
    del card


def story_document(story: CardStory) -> dict[str, Any]:
    """What a plan says of a card as a machine reads it."""
    reasons = [{"code": one.code, "facts": dict(one.facts)} for one in (*story.why, *story.left)]
    return {
        "card": str(story.card),
        "known": story.known,
        "client": None if story.client is None else str(story.client),
        "together": list(story.together),
        "owner": story.owner or None,
        "owner_rule": None if story.rule is None else story.rule.code,
        "stage": None if story.stages is None else dict(zip(("from", "to"), story.stages, strict=True)),
        "left_alone": bool(story.left),
        "reasons": reasons,
    }


def load_plan(at: Desk, file: Path) -> Plan:
    from b24kit.change.planfile import load

    return load(file, store=at.store_dir)


def readable_plan(at: Desk, file: Path) -> Plan:
    """The plan of a file for reading: a file that cannot be applied here is still shown, with a warning."""
    from b24kit.change.planfile import peek

    try:
        return load_plan(at, file)
    except UsageError as error:
        if error.code not in ("plan.no_sidecar", "plan.edited"):
            raise
        if not at.screen.as_json:
            at.screen.say("plan.only_for_reading", why=at.screen.text(f"error.{error.code}", **error.facts))
        return peek(file)


def show_plan(at: Desk, plan: Plan) -> None:
    """A plan on the screen, for people or as one document."""
    from b24kit.change.guard import final_operations, final_phrase
    from b24kit.reports import plan_text

    capabilities = at.portal.capabilities
    final = len(final_operations(plan.operations, capabilities))
    if at.screen.as_json:
        lost = len(plan.no_way_back(capabilities))
        at.screen.document("plan", **plan_document(plan), no_way_back=lost, final=final)
        return
    at.screen.say("plan.heading", id=plan.id, portal=plan.portal_id, playbook=plan.playbook)
    for line in plan_text.plan_lines(plan, at.lang):
        at.screen.sign(line.sign, line.text)
    if plan.left:
        at.screen.say("plan.left", n=len(plan.left))
        at.screen.lines(plan_text.left_lines(plan, at.lang))
    at.screen.lines(plan_text.note_lines(plan, at.lang), indent="")
    finals = list(plan_text.final_lines(plan, capabilities, at.lang))
    if finals:
        at.screen.say("plan.finals")
        at.screen.lines(finals)
    if final:
        at.screen.say("plan.final_phrase", phrase=final_phrase(final)[at.lang])
    if again := list(plan_text.again_lines(plan, at.lang)):
        at.screen.say("backup.planned", file=str(at.runs.backups.path(plan.id)))
        at.screen.say("backup.loses")
        at.screen.lines(again)
    for closing in plan_text.closing_lines(plan, capabilities, at.lang):
        at.screen.line(closing)


def show_operations(at: Desk, plan: Plan) -> None:
    from b24kit.reports.wording import card_text, kept_lines, reason_text

    for operation in plan.operations:
        why = reason_text(operation.reason, at.lang, plan.names)
        at.screen.sign(plan_sign(operation), f"{card_text(operation.target, at.lang)}: {why}")
        at.screen.lines(inert(line) for line in kept_lines(operation.reason, at.lang))


def plan_sign(operation: Operation) -> str:
    """The sign of one operation: a card that changes its stage is moved."""
    from b24kit.change.operation import UpdateRecord

    return ">" if isinstance(operation, UpdateRecord) and operation.moves else operation.symbol


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan as a machine reads it: counts and reasons, no personal data."""
    return {
        "id": plan.id,
        "portal": plan.portal_id,
        "playbook": plan.playbook,
        "expires": plan.expires_at,
        "empty": plan.empty,
        "counts": plan.counts(),
        "writes": plan.write_counts(),
        "steps": [{"key": s.key, "code": s.code, "answer": s.answer, "blocking": s.blocking} for s in plan.steps],
        "notes": [{"code": note.code, "facts": dict(note.facts)} for note in plan.notes],
        "left": len(plan.left),
        "cost": {
            "requests": plan.cost.requests,
            "running_seconds": round(plan.cost.running_seconds, 1),
            "seconds": [round(plan.cost.seconds_low, 1), round(plan.cost.seconds_high, 1)],
        },
    }
