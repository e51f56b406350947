"""Hints of statuses ("descriptions"): up to three texts, one for each level of a user's experience.

Rests on the vendor's page "Lead pipelines and stages"; their dates are texts, unlike all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.amocrm.problems import Wrong, no_choice, wrong_type
from b24kit.sandbox.amocrm.registry import Call
from b24kit.sandbox.store import Row

LEVELS = ("newbie", "candidate", "master")
LONGEST = 1000


def wrongs(item: Mapping[str, Any]) -> list[Wrong]:
    """What is wrong with the descriptions of a status write."""
    given = item.get("descriptions")
    if given is None:
        return []
    if not isinstance(given, list):
        return [wrong_type("descriptions", "array")]
    found = []
    for place, one in enumerate(given):
        if not isinstance(one, Mapping) or one.get("level") not in LEVELS:
            found.append(no_choice(f"descriptions.{place}.level"))
        elif len(str(one.get("description") or "")) > LONGEST:
            found.append(Wrong("TooLong", f"descriptions.{place}.description", f"At most {LONGEST} characters."))
    return found


def written(call: Call, row: Row, given: list[Mapping[str, Any]]) -> list[Row]:
    """A status's hints after a write: one a level; an element without a text takes its level's hint away."""
    kept = {one["level"]: one for one in row.get("descriptions") or []}
    moment = call.portal.now().strftime("%Y-%m-%d %H:%M:%S")
    for item in given:
        level, text = item["level"], item.get("description")
        if not text:
            kept.pop(level, None)
            continue
        before = kept.get(level) or {"id": _next(call), "created_at": moment, "created_by": call.user_id}
        kept[level] = {**before, "level": level, "description": text, "updated_at": moment, "updated_by": call.user_id}
    return [kept[level] for level in LEVELS if level in kept]


def shown(call: Call, row: Row) -> list[dict[str, Any]]:
    """The hints as they are read."""
    place = {"pipeline_id": row["pipeline_id"], "status_id": row["status_id"]}
    return [{**one, "account_id": call.portal.account_id, **place} for one in row.get("descriptions") or []]


def _next(call: Call) -> int:
    return call.store["hint"].add({})
