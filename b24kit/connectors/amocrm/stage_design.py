"""What a stage design writes besides names: prompts by level, the demands of fields, and a stage's place in its ladder.

Rests on the vendor's pages "Lead pipelines and stages" (descriptions, renumbering of `sort`) and "Fields and field
groups" (`required_statuses`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from b24kit.connectors.amocrm.translate import stage_code, stage_numbers
from b24kit.connectors.amocrm.wirevalues import Row, text
from b24kit.crm.pipeline import Gate

LEVELS = {"novice": "newbie", "skilled": "candidate", "master": "master"}  # ours -> the vendor's
_OURS = {theirs: ours for ours, theirs in LEVELS.items()}
ORDER_STEP = 10
_HALF = ORDER_STEP // 2


def prompts_of(row: Row) -> dict[str, str]:
    """The prompts of a status read `with=descriptions`, by our words for levels."""
    told = row.get("descriptions")
    found = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    return {_OURS[one["level"]]: text(one.get("description")) for one in found if one.get("level") in _OURS}


def wire_prompts(prompts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Prompts as they are written; an empty one takes its level's text away ("an element without a description")."""
    return [
        {"level": LEVELS[level], "description": said} if said else {"level": LEVELS[level]}
        for level, said in prompts.items()
    ]


def wire_sort(wanted: int, now: int | None) -> int:
    """The `sort` to send so that the vendor, numbering the ladder anew (20, 30, 40...), gives the wanted one back.

    A number that another status holds would leave it to chance who comes first, so one half a step before it is sent,
    or after it when the status moves down.

    >>> wire_sort(30, 50), wire_sort(50, 30), wire_sort(40, None)
    (25, 55, 35)
    """
    return wanted + _HALF if now is not None and now < wanted else wanted - _HALF


def to_gate(row: Row, card_kind: str) -> Gate:
    """A row of /{entity}/custom_fields with the stages that demand it."""
    listed = row.get("required_statuses")
    found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return Gate(
        id=str(row["id"]),
        card_kind=card_kind,
        code=text(row.get("code")),
        name=text(row.get("name")),
        type=text(row.get("type")),
        required_on=tuple(sorted(stage_code(int(one["pipeline_id"]), int(one["status_id"])) for one in found)),
    )


def field_demands(codes: Sequence[str]) -> list[dict[str, int]]:
    """Stages by code as `required_statuses`; all of them, since what is not sent is demanded no more."""
    numbers = [stage_numbers(str(code)) for code in codes]
    return [{"pipeline_id": pipeline, "status_id": status} for pipeline, status in numbers]
