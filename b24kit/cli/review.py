"""`review export|import|list|forget`: the doubtful middle out to a workbook, people's decisions back in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from b24kit.cli.context import Desk, desk
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.change.snapshot import Snapshot
    from b24kit.cleanup.decisions import Decision, DecisionStore
    from b24kit.cleanup.doubts import Doubts
    from b24kit.reports.review_book import Given, ReviewBook

DEFAULT_PLAYBOOK = "talking-leads"
SINCE = ("last",)

app = typer.Typer(help="Doubtful clients: questions to Excel and answers back.", no_args_is_help=True)


@app.command("export")
def export(
    context: typer.Context,
    playbook: Annotated[str | None, typer.Argument(help="A playbook; default: the plan's, else talking-leads.")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="The workbook to write.")] = Path("review.xlsx"),
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Ask about this plan, without reading the portal.")
    ] = None,
    leads: Annotated[Path | None, typer.Option("--leads", help="Ask about the rows of a CSV file: no portal.")] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, help="Draw so many joined clusters to check by eye.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another number draws another sample.")] = 1,
    since: Annotated[str | None, typer.Option("--since", help="last: only questions of no earlier workbook.")] = None,
) -> None:
    """Write the questions about doubtful clients as an Excel workbook. Nothing is written to the portal."""
    with desk(context) as at:
        from b24kit.connectors.factory import capabilities_of
        from b24kit.reports.deep_links import deep_link
        from b24kit.reports.review_book import write_review
        from b24kit.reports.review_reading import FILE

        _check(out, plan, leads, since)
        store = None
        if leads is not None:
            portal, pages = f"{FILE}{leads.name}", dict[str, str]()
            doubts = _doubts_of_file(leads)
            decided: list[Decision] = []
        else:
            snapshot, name = _read(at, playbook, plan)
            portal, pages = snapshot.portal_id, dict(capabilities_of(at.profile.vendor).pages)
            store = at.decisions(portal)
            decided = at.decided(portal)
            doubts = _doubts(at, snapshot, name, decided)
        book = _book(at, portal, doubts, decided, out, sample, seed)
        if since is not None and store is not None:
            book = _only_fresh(book, store)
        write_review(book, out, at.lang, lambda card: deep_link(card, portal, pages))
        if store is not None:
            store.remember_asked((one.key for one in book.questions), at.clock.now())
        _exported(at, book, out)


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The filled workbook.")],
) -> None:
    """Keep the answers of a workbook for ever, by record ids. All or nothing: contradictions are named and refused."""
    with desk(context) as at:
        from b24kit.cleanup.precision import precision
        from b24kit.cleanup.standing_decisions import precision_facts
        from b24kit.reports.review_reading import read_review

        portal = at.portal_id
        filled = read_review(file, portal)
        store = at.decisions(portal)
        added = store.keep(filled.decisions, at.clock.now())
        told = precision(store.decisions())
        counts = {"rows": filled.rows, "answered": len(filled.decisions), "new": len(added)}
        counts["unanswered"] = filled.unanswered
        sampled = precision_facts(told) if told.looked_at else None
        if at.screen.as_json:
            at.screen.document("review_import", **counts, skipped_rows=filled.strangers, sample=sampled)
            return
        at.screen.say("review.imported", **counts, file=file.name)
        for where in filled.strangers:
            at.screen.sign("!", at.screen.text("review.stranger", row=where))
        if sampled is not None:
            at.screen.say("clean.note.precision", **sampled)
        at.screen.say("review.next")


@app.command("list")
def list_decisions(context: typer.Context) -> None:
    """What people decided so far about clients of this portal, by key."""
    with desk(context) as at:
        from b24kit.cli.runs import ALL
        from b24kit.reports.tables import Table
        from b24kit.reports.wording import moment_text

        found = at.decisions(at.portal_id).decisions()
        if not found and not at.screen.as_json:
            at.screen.say("review.none")
            return
        rows = [
            (
                one.key,
                one.verdict.value if at.screen.as_json else at.screen.text(f"review.answer.{one.verdict.value}"),
                one.who,
                one.answered if at.screen.as_json or not one.answered else moment_text(one.answered, at.lang),
                one.file,
            )
            for one in found
        ]
        columns = tuple(f"review.column.{name}" for name in ("key", "answer", "who", "when", "file"))
        at.screen.tables([Table("review.table", columns, rows)], "review", limit=ALL)


@app.command("forget")
def forget(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="The key as `review list` shows it.")],
) -> None:
    """Take a decision back: the next workbook asks again."""
    with desk(context) as at:
        gone = at.decisions(at.portal_id).forget(key, at.clock.now())
        if at.screen.as_json:
            at.screen.document("review_forgotten", key=gone.key, verdict=gone.verdict.value)
        else:
            at.screen.say("review.forgotten", key=gone.key)


def _check(out: Path, plan: Path | None, leads: Path | None, since: str | None) -> None:
    if out.suffix.lower() != ".xlsx":
        raise UsageError("review.format", file=str(out))
    if plan is not None and leads is not None:
        raise UsageError("review.one_of_two")
    if since is not None and leads is not None:
        raise UsageError("review.since_file")
    if since is not None and since not in SINCE:
        raise UsageError("match.unknown_value", option="--since", value=since, known=", ".join(SINCE))


def _read(at: Desk, playbook: str | None, plan: Path | None) -> tuple[Snapshot, str]:
    """The snapshot to ask about and the playbook to read it by."""
    from b24kit.cli.plan import load_plan
    from b24kit.cli.report import snapshot_of
    from b24kit.cli.scope import EVERYTHING

    if plan is not None:
        found = load_plan(at, plan)
        return snapshot_of(at, found.snapshot_id), playbook or found.playbook
    return at.snapshot(EVERYTHING, bodies=True), playbook or DEFAULT_PLAYBOOK


def _doubts(at: Desk, snapshot: Snapshot, name: str, decided: list[Decision]) -> Doubts:
    from b24kit.cleanup.doubts import find_doubts
    from b24kit.cleanup.sort_out import sort_out
    from b24kit.cleanup.standing_decisions import in_force
    from b24kit.playbook.compose import pile_limits
    from b24kit.playbook.loader import load_playbook
    from b24kit.playbook.shipped import find_playbook

    playbook = load_playbook(find_playbook(name))
    if playbook.clean is None:
        raise UsageError("playbook.section_absent", playbook=playbook.name, section="clean")
    # What was called wrong must be seen to be split.
    force = replace(in_force(snapshot, decided, playbook.clean.protect), wrong=())
    limits = pile_limits(playbook, snapshot)
    able = at.portal.capabilities
    found = sort_out(snapshot, playbook.clean, at.clock.now(), force, limits, able)
    return find_doubts(found, snapshot, force, decided, playbook.clean)


def _doubts_of_file(leads: Path) -> Doubts:
    from b24kit.cleanup.doubts import Doubts
    from b24kit.matching.keys import read_keys
    from b24kit.matching.review import review
    from b24kit.matching.sides import joined, questions
    from b24kit.matching.table_file import read_pile
    from b24kit.matching.tiers import automatic

    found = automatic(read_keys(read_pile(leads)))
    return Doubts(tuple(questions(found, review(found))), tuple(joined(found)), {})


def _book(
    at: Desk, portal: str, doubts: Doubts, decided: list[Decision], out: Path, sample: int | None, seed: int
) -> ReviewBook:
    """What goes into the workbook; answers that stand in the file already, or were "not sure", are carried over."""
    from b24kit.cleanup.precision import drawn
    from b24kit.reports.review_book import Given, ReviewBook, cluster_key
    from b24kit.reports.review_reading import given_in

    given: dict[str, Given] = {
        one.key: Given(at.screen.text(f"review.answer.{one.verdict.value}"), "", one.who)
        for one in decided
        if all(doubts.prints.get(card, seal) == seal for card, seal in {**one.one, **one.other}.items())
    }
    if out.exists():
        given |= given_in(out, portal, doubts.prints)
    keyed = [(cluster_key(one), one) for one in doubts.joined]
    return ReviewBook(
        portal=portal,
        questions=doubts.questions,
        joined=doubts.joined,
        decided=doubts.decided,
        sample=drawn(keyed, sample, seed) if sample else (),
        prints=doubts.prints,
        given=given,
    )


def _only_fresh(book: ReviewBook, store: DecisionStore) -> ReviewBook:
    earlier = store.asked()
    return replace(book, questions=[one for one in book.questions if one.key not in earlier])


def _exported(at: Desk, book: ReviewBook, out: Path) -> None:
    answered = sum(one.key in book.given for one in book.questions)
    counts: dict[str, Any] = {"questions": len(book.questions), "answered": answered}
    counts |= {"clusters": sum(len(one.members) > 1 for one in book.joined), "sample": len(book.sample)}
    if at.screen.as_json:
        at.screen.document("review_export", portal=book.portal, file=str(out), **counts)
        return
    at.screen.say("review.exported", **counts, file=str(out))
    if book.sample:
        at.screen.say("review.sampled", n=len(book.sample))
    at.screen.say("review.then", file=str(out))
