"""One REST call as the connector speaks of it, and what became of it; batches are cut from lists of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from b24kit.crm.writes import Settled


@dataclass(frozen=True, slots=True)
class Command:
    """`key` names the command inside its batch and in the caller's journal; `items` is how many objects it makes."""

    key: str
    method: str
    params: Mapping[str, Any] = field(default_factory=dict)
    items: int = 1
    reads: bool = False  # only looks: may be repeated whatever became of it


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """`result` stands only with DONE; `code` and `said` are the portal's refusal, or why the outcome is unknown."""

    key: str
    settled: Settled
    result: Any = None
    total: int | None = None
    next: int | None = None
    code: str = ""
    said: str = ""
