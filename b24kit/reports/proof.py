"""The proof sheet: what a portal was like before a run and is like after it, and that nothing was lost on the way."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from b24kit.change.backup import Backup
from b24kit.change.operation import Reason
from b24kit.change.recap import Recap
from b24kit.change.runs import RunInfo
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.survive import point_key
from b24kit.crm.cards import Company, Contact, Lead
from b24kit.crm.dossier import Part
from b24kit.crm.pipeline import LEADS
from b24kit.crm.points import Point, PointKind
from b24kit.crm.records import comparable, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.i18n import Language
from b24kit.reports.plan_text import duration
from b24kit.reports.tables import Table, shown_cell
from b24kit.reports.wording import moment_text

COUNTED = ("changed", "moved", "ok", "skipped", "conflict", "failed", "left")
CARDS = (Kind.LEAD, Kind.CONTACT, Kind.COMPANY, Kind.DEAL, Kind.ACTIVITY)


@dataclass(frozen=True, slots=True)
class Proof:
    """Counts before and after, and what is missing; `lost` must be zero for a run that removed nothing."""

    portal_id: str
    stages: Sequence[tuple[str, int, int]]
    counts: Sequence[tuple[Reason, int, int]]
    lost_records: int
    lost_values: int
    unreachable_letters: int

    @property
    def lost(self) -> int:
        return self.lost_records + self.lost_values + self.unreachable_letters

    def tables(self) -> list[Table]:
        losses = [
            (Reason("proof.lost_records"), self.lost_records),
            (Reason("proof.lost_values"), self.lost_values),
            (Reason("proof.unreachable_letters"), self.unreachable_letters),
        ]
        return [
            Table("table.stages_before_after", ("column.stage", "column.before", "column.after"), self.stages),
            Table("table.records_before_after", ("column.kind", "column.before", "column.after"), self.counts),
            Table("table.losses", ("column.check", "column.count"), losses),
        ]


def prove(before: Snapshot, after: Snapshot, backup: Backup | None = None, settled: Collection[Ref] = ()) -> Proof:
    """Compare two readings of one portal; what stands in the copy of removed cards is not lost.

    Nor are `settled` cards: those that a merge let another one swallow, and incoming ones that went to the bin as the
    plan had said.

    Rows are counted once each; nothing is held but what the sums need.
    """
    return Proof(
        portal_id=after.portal_id,
        stages=_stages(before, after),
        counts=[(Reason(f"kind.{kind.value}"), before.count(kind), after.count(kind)) for kind in CARDS],
        lost_records=_lost_records(before, after, backup, settled),
        lost_values=_lost_values(before, after, backup),
        unreachable_letters=_unreachable(before, after),
    )


def run_table(recap: Recap, info: RunInfo, lang: Language, binned: int = 0) -> Table:
    """What the run itself came to: when, how long, how many operations of each fate, how many incoming leads went to
    the bin, and how to take it back.
    """
    took = None if info.ended is None else duration((info.ended - info.started).total_seconds(), lang)
    rows: list[tuple[Reason, object]] = [
        (Reason("proof.started"), moment_text(info.started, lang)),
        (Reason("proof.took"), took),
        (Reason("proof.how"), Reason(f"how.{info.how or 'running'}")),
    ]
    rows += [(Reason(f"proof.{name}"), getattr(recap, name)) for name in COUNTED]
    rows += [(Reason("proof.binned"), binned)] if binned else []
    rows.append((Reason("proof.undo"), f"b24kit undo {info.id}"))
    return Table("table.run", ("column.what", "column.value"), rows)


def _stages(before: Snapshot, after: Snapshot) -> list[tuple[str, int, int]]:
    names = {stage.code: stage.name for stage in before.stages(LEADS)}
    now = {stage.code: stage.name for stage in after.stages(LEADS)}
    was, is_now = (Counter(lead.stage for lead in snapshot.leads()) for snapshot in (before, after))
    rows = []
    for code in [*now, *(code for code in names if code not in now)]:
        old, new = names.get(code), now.get(code)
        shown = new or old or code
        if old and new and old != new:
            shown = f"{old} → {new}"
        rows.append((shown, was[code], is_now[code]))
    return rows


def _lost_records(before: Snapshot, after: Snapshot, backup: Backup | None, settled: Collection[Ref]) -> int:
    """Records that are gone, but for those in the copy and those that are settled."""
    gone = {name for kind in CARDS for name in before.prints(kind).keys() - after.prints(kind).keys()}
    gone -= {str(ref) for ref in settled}
    if gone and backup is not None:
        gone -= {str(ref) for ref in backup.refs()}
        activities = {part.value for part in (Part.LETTERS, Part.CALLS, Part.TODOS, Part.MARKS)}
        gone -= {f"{Kind.ACTIVITY.value}:{item}" for _, part, item, _ in backup.all_prints() if part in activities}
    return len(gone)


def _lost_values(before: Snapshot, after: Snapshot, backup: Backup | None) -> int:
    """Points of contact that a card had and no card, nor the copy, has now, in whatever spelling."""
    kept = {_point(point) for card in _with_points(after) for point in card}
    for ref in backup.refs() if backup is not None else ():
        dossier = backup.dossier(ref) if backup is not None else None
        if dossier is not None:
            kept |= {_point(point) for point in comparable("points", dossier.card.get("points"))}
    return sum(_point(point) not in kept for card in _with_points(before) for point in card)


def _point(point: Sequence[str]) -> tuple[str, str]:
    return point[0], point_key(Point(PointKind(point[0]), point[1]))


def _with_points(snapshot: Snapshot) -> list[list[list[str]]]:
    cards: list[Lead | Contact | Company] = [*snapshot.leads(), *snapshot.contacts(), *snapshot.companies()]
    return [comparable("points", values_of(card)["points"]) for card in cards]


def _unreachable(before: Snapshot, after: Snapshot) -> int:
    """Letters whose card is gone: they still exist, but nobody would find them."""
    cards = {text for kind in CARDS[:4] for text in after.prints(kind)}
    known = {activity.id for activity in before.activities()}
    return sum(a.id in known and str(a.card) not in cards for a in after.activities())


def write_html(tables: Sequence[Table], heading: str, path: Path, lang: Language) -> None:
    """One file that opens anywhere, with everything that strangers wrote escaped."""
    parts = [
        f"<!doctype html><html lang='{lang}'><meta charset='utf-8'><title>{html.escape(heading)}</title>",
        "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}",
        "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;border-bottom:1px solid #ddd}",
        "th{text-align:left}td.n{text-align:right;font-variant-numeric:tabular-nums}</style>",
        f"<h1>{html.escape(heading)}</h1>",
        *(_html_table(table, lang) for table in tables),
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def _html_table(table: Table, lang: Language) -> str:
    head = "".join(f"<th>{html.escape(text)}</th>" for text in table.headers(lang))
    rows = "\n".join(
        "<tr>" + "".join(f"<td{_numeric(v)}>{html.escape(shown_cell(v, lang))}</td>" for v in row) + "</tr>"
        for row in table.rows
    )
    return f"<h2>{html.escape(table.heading(lang))}</h2><table><tr>{head}</tr>\n{rows}</table>"


def _numeric(value: object) -> str:
    return " class='n'" if isinstance(value, int | float) and not isinstance(value, bool) else ""
