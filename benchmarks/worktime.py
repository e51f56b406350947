"""How many deadlines in working time a second, and what a calendar of a new person costs. Prints one JSON object."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from b24kit.owners.worktime import Week, Worktime

DEADLINES = 100_000
_OFFICE = Week(((((540, 780), (840, 1080)),) * 5) + ((), ()))


def main() -> None:
    """Print one JSON object."""
    print(json.dumps({"benchmark": "worktime", **measure(DEADLINES)}))


def measure(count: int) -> dict[str, Any]:
    """Deadlines of five hours all over two years, and the time between their ends."""
    starts = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at * 631) for at in range(count)]
    begun = time.perf_counter()
    hours = Worktime(_OFFICE, ZoneInfo("Europe/Moscow"))
    hours.between(starts[0], starts[-1])
    built = time.perf_counter()
    due = [hours.add(start, timedelta(hours=5)) for start in starts]
    added = time.perf_counter()
    total = sum((hours.between(start, end) for start, end in zip(starts, due, strict=True)), timedelta())
    ended = time.perf_counter()
    assert total == timedelta(hours=5) * count
    return {
        "deadlines": count,
        "first_calendar_seconds": round(built - begun, 3),
        "add_per_second": round(count / (added - built)),
        "between_per_second": round(count / (ended - added)),
    }


if __name__ == "__main__":
    main()
