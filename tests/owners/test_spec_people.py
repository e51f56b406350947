"""The `people:` section: hours as people write them, and every mistake by its own code."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from b24kit.i18n import has
from b24kit.owners.spec_people import PeopleSpec, read_days, read_hours, written_hours

ROTA = {"start": "2026-01-05", "hours": ["09:00-21:00"]}


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("9:00-18:00", ((540, 1080),)),
        ("09.00 – 18.00", ((540, 1080),)),
        ("09:00-13:00, 14:00-18:00", ((540, 780), (840, 1080))),
        (["14:00-18:00", "09:00-13:00"], ((540, 780), (840, 1080))),
        ("22:00-06:00", ((1320, 1800),)),
        ("00:00-24:00", ((0, 1440),)),
        (False, ()),
    ],
)
def test_hours_are_read_as_people_write_them(text: Any, spans: Any) -> None:
    assert read_hours(text) == spans
    assert read_hours(written_hours(spans)) == spans


@pytest.mark.parametrize(
    ("text", "days"),
    [("mon-fri", (0, 1, 2, 3, 4)), ("пн-чт", (0, 1, 2, 3)), ("sat, sun", (5, 6)), ("fri-mon", (4, 5, 6, 0))],
)
def test_days_are_read_in_both_languages(text: str, days: tuple[int, ...]) -> None:
    assert read_days(text) == days


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"week": "9-18"}, "hours"),
        ({"week": "25:00-26:00"}, "hours"),
        ({"week": {"mon": ["09:00-13:00", "12:00-18:00"]}}, "hours_overlap"),
        ({"week": {"mon": ["22:00-06:00", "05:00-23:00"]}}, "hours_overlap"),
        ({"week": {"day": "09:00-18:00"}}, "weekdays"),
        ({"week": {"mon-fri": "09:00-18:00", "fri": "09:00-17:00"}}, "weekdays_twice"),
        ({"week": {"mon-sun": "off"}}, "no_hours"),
        ({"zone": "Europe/Moskva"}, "time_zone"),
        ({"zone": "../../etc/passwd"}, "time_zone"),
        ({"schedules": [{"week": "09:00-18:00"}]}, "schedule_of_nobody"),
        ({"schedules": [{"people": "1", "week": "09:00-18:00", "rota": ROTA}]}, "week_or_rota"),
        ({"schedules": [{"people": "1", "rota": {**ROTA, "hours": ["off"]}}]}, "no_hours"),
        ({"absences": [{"who": "1", "since": "2026-02-02", "until": "2026-02-01"}]}, "absence_backwards"),
        ({"days_off": ["2026-02-02"], "short_days": ["2026-02-02"]}, "day_twice"),
    ],
)
def test_every_mistake_has_its_sentence(section: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PeopleSpec.model_validate(section)
    assert code in {one["type"] for one in caught.value.errors()}
    assert has(f"playbook.fault.{code}", "ru") and has(f"playbook.fault.{code}", "en")


def test_a_section_survives_being_written_and_read() -> None:
    spec = PeopleSpec.model_validate({"week": {"mon-thu": "09:00-18:00", "fri": ["09:00-12:00", "13:00-17:00"]}})
    assert PeopleSpec.model_validate(spec.model_dump(mode="json")) == spec
