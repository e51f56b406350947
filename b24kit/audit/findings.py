"""What an audit says: findings with a code and facts, and sheets of plain rows for a table, JSON or Excel.

Wording and looks are chosen above (`reports`): a cell that is a `Reason` is a sentence by its code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from b24kit.change.operation import Reason
from b24kit.crm.refs import Ref

Severity = Literal["high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: what (`code`, `facts`), where (`ref`, if it is one object), and what to do about it."""

    code: str
    severity: Severity
    facts: Mapping[str, Any] = field(default_factory=dict)
    ref: Ref | None = None
    advice: Reason | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A named table: `name` and `columns` are catalogue codes, cells are text, numbers, times, Reasons or None."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The state of one portal at one moment. `open` and `stuck` count leads."""

    portal_id: str
    taken_at: datetime
    open: int
    stuck: int
    findings: tuple[Finding, ...]
    sheets: tuple[Sheet, ...]

    @property
    def has_findings(self) -> bool:
        return bool(self.findings)

    def tables(self) -> tuple[Sheet, ...]:
        """Every sheet that has rows, the findings first."""
        rows = [
            (Reason(f"audit.severity.{one.severity}"), Reason(one.code, one.facts), one.advice) for one in self.findings
        ]
        found = Sheet(
            "audit.sheet.findings", ("audit.column.severity", "audit.column.finding", "audit.column.advice"), rows
        )
        return tuple(sheet for sheet in (found, *self.sheets) if sheet.rows)


def by_severity(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The gravest first; among equals in the order given."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
