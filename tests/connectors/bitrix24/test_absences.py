"""Who is away by the portal's calendar: whole days only, and nothing where this access may not ask."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from b24kit.connectors.credentials import Webhook
from b24kit.connectors.factory import open_portal
from b24kit.crm.absence import Absence, TellsAbsences
from b24kit.sandbox.remote import RemoteClock
from b24kit.sandbox.server import Sandbox

MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 3, 6)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed={"kind": "company", "leads": 5, "seed": 7}, clock="moved", grace=0.001) as box:
        yield box


def absent(box: Sandbox, first: str, last: str, **changes: Any) -> None:
    row = {"OWNER_ID": 2, "NAME": "Отпуск", "DATE_FROM": first, "DATE_TO": last, "ACCESSIBILITY": "absent", **changes}
    box.site.portal.store["calendar_event"].add(row)


def asked(box: Sandbox) -> list[Absence]:
    portal = open_portal(Webhook.parse(box.webhook_url), RemoteClock(box.control))
    try:
        assert isinstance(portal, TellsAbsences)
        return portal.absences(["1", "2", "3"], MONDAY, FRIDAY)
    finally:
        portal.close()


def test_a_holiday_is_read_by_its_days(sandbox: Sandbox) -> None:
    absent(sandbox, "2026-02-27", "2026-03-03")
    absent(sandbox, "2026-03-05", "2026-03-05", OWNER_ID=3)
    assert asked(sandbox) == [
        Absence("2", date(2026, 2, 27), date(2026, 3, 3)),
        Absence("3", date(2026, 3, 5), date(2026, 3, 5)),
    ]


def test_who_is_only_busy_or_away_at_another_time_is_there(sandbox: Sandbox) -> None:
    absent(sandbox, "2026-03-02", "2026-03-03", ACCESSIBILITY="busy")
    absent(sandbox, "2026-03-09", "2026-03-10")
    assert asked(sandbox) == []


def test_of_an_absence_with_hours_only_whole_days_count(sandbox: Sandbox) -> None:
    absent(sandbox, "2026-03-02T08:00:00+00:00", "2026-03-02T11:00:00+00:00")
    assert asked(sandbox) == []
    absent(sandbox, "2026-03-03T12:00:00+00:00", "2026-03-05T21:00:00+00:00")  # until midnight in Moscow
    assert asked(sandbox) == [Absence("2", date(2026, 3, 4), date(2026, 3, 5))]


def test_an_access_without_the_calendar_has_no_absences(sandbox: Sandbox) -> None:
    absent(sandbox, "2026-03-02", "2026-03-03")
    sandbox.control.settings(webhooks=[{"user_id": 1, "code": "narrow0000000000", "scopes": ["crm", "user"]}])
    assert asked(sandbox) == []
