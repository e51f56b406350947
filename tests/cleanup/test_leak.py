"""The verdict of the leak test: open by what was seen, closed only when silence says something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from b24kit.cleanup.leak import Leak, Leaking, Verdict
from tests.cleanup.portal_of import NOW


def leak(days: float = 10, **changes: Any) -> Leak:
    known: dict[str, Any] = {"mailboxes": (), "others": 0, "unlooked": 0, "per_day": 1.0}
    return Leak(**{"since": NOW - timedelta(days=days), "until": NOW, **known, **changes})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (leak(), Verdict.CLOSED),
        (leak(days=2), Verdict.QUIET),
        (leak(per_day=None), Verdict.QUIET),
        (leak(unlooked=1), Verdict.QUIET),
        (leak(others=50), Verdict.CLOSED),
        (leak(mailboxes=(Leaking("info@own.example", 1, NOW),)), Verdict.OPEN),
    ],
    ids=["silent", "too early", "no rate", "not all looked at", "forms only", "one letter"],
)
def test_the_verdict(found: Leak, verdict: Verdict) -> None:
    assert found.verdict is verdict


def test_what_would_have_come_is_told_from_the_old_rate() -> None:
    assert leak(days=2, per_day=3.5).expected == pytest.approx(7)
    assert leak(per_day=None).expected is None
