"""Pipelines, statuses, sources and people of amoCRM as records, and the way back of a stage's code.

The account's main pipeline is our ladder of leads, every other one a pipeline of deals: so the funnels of a playbook
mean the same on both vendors. Statuses 142 and 143 exist in every pipeline; a stage is told by both numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from b24kit.connectors.amocrm.wirevalues import Row, embedded, text
from b24kit.crm.pipeline import LEADS, LossReason, Outcome, Pipeline, Source, Stage, deals_ladder
from b24kit.crm.user import Team, User
from b24kit.errors import UsageError

WON, LOST = 142, 143
UNSORTED = 1  # the type of the status that incoming leads stand in


@dataclass(frozen=True, slots=True)
class Ladders:
    """The pipelines of an account as ladders; `main` is the number of the one that is the ladder of leads."""

    main: int
    rows: Sequence[Row]

    def of(self, pipeline: int) -> str:
        """The ladder that a pipeline is."""
        return LEADS if pipeline == self.main else deals_ladder(str(pipeline))

    def pipeline(self, ladder: str) -> int:
        """The number of a ladder's pipeline; UsageError for a ladder that is not there."""
        for row in self.rows:
            if self.of(int(row["id"])) == ladder:
                return int(row["id"])
        raise UsageError("ladder_unknown", ladder=ladder)

    def others(self) -> list[int]:
        """The pipelines of deals."""
        return [int(row["id"]) for row in self.rows if int(row["id"]) != self.main]

    def unsorted(self) -> frozenset[str]:
        """Codes of the stages in which incoming leads wait to be taken in."""
        return frozenset(
            stage_code(int(row["id"]), int(status["id"]))
            for row in self.rows
            for status in embedded(row, "statuses")
            if status.get("type") == UNSORTED
        )

    def open_stages(self, pipelines: Sequence[int]) -> list[str]:
        """Codes of the stages of these pipelines in which cards are neither won nor lost."""
        return [
            stage_code(int(row["id"]), int(status["id"]))
            for row in self.rows
            if int(row["id"]) in pipelines
            for status in embedded(row, "statuses")
            if outcome_of(status["id"]) is Outcome.OPEN
        ]


def ladders_of(rows: Sequence[Row], lead_pipeline: str | None) -> Ladders:
    """Which pipeline is the ladder of leads: the one that the profile names, else the account's main one."""
    if lead_pipeline is not None:
        if lead_pipeline not in {text(row["id"]) for row in rows}:
            raise UsageError("ladder_unknown", ladder=lead_pipeline)
        return Ladders(int(lead_pipeline), rows)
    main = next((row for row in rows if row.get("is_main")), rows[0] if rows else {"id": 0})
    return Ladders(int(main["id"]), rows)


def stage_code(pipeline: int, status: int) -> str:
    """
    >>> stage_code(3, 142)
    '3:142'
    """
    return f"{pipeline}:{status}"


def stage_numbers(code: str) -> tuple[int, int]:
    """(pipeline, status) of a stage's code; UsageError for what is none."""
    pipeline, separator, status = code.partition(":")
    if not separator or not pipeline.isdecimal() or not status.isdecimal():
        raise UsageError("amo_bad_stage", stage=code)
    return int(pipeline), int(status)


def outcome_of(status: object) -> Outcome:
    """142 is won and 143 lost in every pipeline; everything else is open."""
    return {WON: Outcome.WON, LOST: Outcome.LOST}.get(int(str(status or 0)), Outcome.OPEN)


def to_stages(row: Row, ladders: Ladders) -> list[Stage]:
    """The stages of one row of /leads/pipelines, in their order."""
    pipeline = int(row["id"])
    found = [_stage(status, pipeline, ladders.of(pipeline)) for status in embedded(row, "statuses")]
    return sorted(found, key=lambda stage: (stage.sort, stage_numbers(stage.code)[1]))


def _stage(row: Row, pipeline: int, ladder: str) -> Stage:
    code = stage_code(pipeline, int(row["id"]))
    return Stage(
        id=code,
        ladder=ladder,
        code=code,
        name=text(row.get("name")),
        sort=int(row.get("sort") or 0),
        colour=text(row.get("color")) or None,
        outcome=outcome_of(row["id"]),
        system=not row.get("is_editable", True) or row.get("type") == UNSORTED,
    )


def to_pipelines(ladders: Ladders) -> list[Pipeline]:
    """The pipelines of deals; the first in order is the one that new deals go to."""
    rows = [row for row in ladders.rows if int(row["id"]) != ladders.main and not row.get("is_archive")]
    rows.sort(key=lambda row: (int(row.get("sort") or 0), int(row["id"])))
    return [
        Pipeline(id=str(row["id"]), name=text(row.get("name")), sort=int(row.get("sort") or 0), default=place == 0)
        for place, row in enumerate(rows)
    ]


def to_source(row: Row) -> Source:
    """A row of /sources: only sources of our own integration are told."""
    return Source(id=str(row["id"]), code=str(row["id"]), name=text(row.get("name")))


def to_loss_reason(row: Row) -> LossReason:
    """A row of /leads/loss_reasons."""
    return LossReason(id=str(row["id"]), name=text(row.get("name")), sort=int(row.get("sort") or 0))


def to_user(row: Row) -> User:
    """A row of /users?with=role,group. Positions are not kept there; the role says nearest what a person is for."""
    rights = row.get("rights") or {}
    group = rights.get("group_id")
    return User(
        id=str(row["id"]),
        name=text(row.get("name")),
        email=text(row.get("email")),
        active=bool(rights.get("is_active", True)),
        admin=bool(rights["is_admin"]) if "is_admin" in rights else None,
        teams=() if group is None else (str(group),),
        position=next((text(role.get("name")) for role in embedded(row, "roles")), ""),
    )


def to_team(row: Row) -> Team:
    """A group of users out of /account?with=users_groups; 0 is the sales department that every account has."""
    return Team(id=str(row.get("id")), name=text(row.get("name")))
