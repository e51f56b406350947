"""`match`: who is the same in a CSV file, without a portal."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from b24kit.cli.context import Desk, desk
from b24kit.errors import UsageError

if TYPE_CHECKING:
    from b24kit.matching.records import Pile
    from b24kit.matching.verdicts import Judgement

TIERS = ("auto", "suggested")
KINDS = ("person", "company")


def match(
    context: typer.Context,
    leads: Annotated[Path, typer.Argument(help="A CSV file, also .gz, with a column lead_id or id.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Write id,cluster here.")],
    tier: Annotated[
        str, typer.Option("--tier", help="auto: what is sure; suggested: all questions said yes.")
    ] = "auto",
    review: Annotated[Path | None, typer.Option("--review", help="Write the questions here, best first.")] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Answers to the questions: the queue as CSV, or a workbook.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="person: leads; company: id,value,kind.")] = "person",
) -> None:
    """Group the rows of a file by client: by person (name, email, phone, company, date, subject) or by company."""
    with desk(context) as at, _uncollected():
        _known("--tier", tier, TIERS)
        _known("--kind", kind, KINDS)
        if kind == "company":
            if review is not None or answers is not None or tier != "auto":
                raise UsageError("match.company_auto")
            summary = _companies(leads, out)
        else:
            summary = _persons(at, leads, out, tier, review, answers)
        if at.screen.as_json:
            at.screen.document("match", tier=tier, of=kind, file=str(out), **summary)
            return
        at.screen.say(f"match.done_{kind}", rows=summary["rows"], clusters=summary["clusters"], file=str(out))
        if "questions" in summary:
            at.screen.say("match.questions", n=summary["questions"], file=str(review or "-"))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles among millions of keys that hold none: it would take a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _known(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError("match.unknown_value", option=option, value=value, known=", ".join(allowed))


def _persons(at: Desk, leads: Path, out: Path, tier: str, review: Path | None, answers: Path | None) -> dict[str, Any]:
    from b24kit.matching.answered import answered, groups_of, split_out
    from b24kit.matching.keys import read_keys
    from b24kit.matching.queue import HEADER, queue_rows
    from b24kit.matching.review import review as ask
    from b24kit.matching.table_file import read_pile, write_clusters, write_rows
    from b24kit.matching.tiers import automatic, labelled
    from b24kit.reports.tables import harmless

    pile: Pile = read_pile(leads)
    found = automatic(read_keys(pile))
    groups = labels = labelled(pile.ids, found.of_row)
    summary: dict[str, Any] = {"rows": len(pile), "cut_clusters": len(found.clusters.cuts)}
    said = answered(found, groups, _judgements(answers) if answers is not None else ())
    if answers is not None:
        labels = labelled(pile.ids, split_out(said.of_group(groups_of(found))[found.of_row], pile.ids, said.out))
        summary["answered"] = len(said.same) + len(said.different) + len(said.unsure) + len(said.out)
    if review is not None or tier == "suggested":
        asked = ask(found, apart=said.different | said.unsure, same=said.same)
        summary["questions"] = len(asked.questions)
        if tier == "suggested":
            labels = labelled(pile.ids, split_out(asked.of_group[found.of_row], pile.ids, said.out))
        if review is not None:
            rows = queue_rows(asked, groups, pile.ids, at.lang)
            write_rows(review, HEADER, ([harmless(cell) for cell in row] for row in rows))
    write_clusters(out, pile.ids, labels)
    return summary | {"clusters": len(set(labels))}


def _judgements(path: Path) -> list[Judgement]:
    """The answers of a queue (CSV) or of a workbook."""
    from b24kit.matching.table_file import read_answers
    from b24kit.matching.verdicts import Judgement, question_key, read_verdict
    from b24kit.reports.review_book import CHOICES
    from b24kit.reports.review_reading import read_review

    if path.suffix.lower() == ".xlsx":
        return [one.judgement for one in read_review(path).decisions if one.about != "cluster"]
    found, unknown = [], []
    for where, one, other, answer in read_answers(path):
        verdict = read_verdict(answer)
        if verdict not in CHOICES["question"]:
            unknown.append(f"{where} «{answer[:40]}»")
        else:
            found.append(Judgement(question_key(one, other), (one,), (other,), verdict, where))
    if unknown:
        raise UsageError("review.unknown_answers", file=path.name, rows=", ".join(unknown[:10]))
    return found


def _companies(leads: Path, out: Path) -> dict[str, Any]:
    from b24kit.matching.companies import group_companies
    from b24kit.matching.table_file import read_values, write_clusters

    values = read_values(leads)
    labels = group_companies(values)
    write_clusters(out, [one[0] for one in values], labels)
    return {"rows": len(values), "clusters": len(set(labels))}
