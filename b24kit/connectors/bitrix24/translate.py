"""Rows of directories and people into records: stages, pipelines, sources, users, departments. Cards and activities
have modules of their own beside this one. Vendor words stop here: above there is no STATUS_ID and no SEMANTICS.
"""

from __future__ import annotations

from b24kit.connectors.bitrix24.translate_cards import OUTCOMES, outcome_of
from b24kit.connectors.bitrix24.wirevalues import Row, ident, number, text, yes
from b24kit.crm.pipeline import LEADS, Outcome, Pipeline, Source, Stage, deals_ladder
from b24kit.crm.user import Team, User
from b24kit.errors import UsageError

_LEAD_STAGES = "STATUS"
_DEAL_STAGES = "DEAL_STAGE"
SOURCES = "SOURCE"
GENERAL_PIPELINE = "0"
_SEMANTICS = {outcome: letter for letter, outcome in OUTCOMES.items()}


def ladder_of(entity: str) -> str | None:
    """The ladder that a directory (ENTITY_ID) holds the stages of; None for every other directory.

    >>> ladder_of("DEAL_STAGE_3")
    'deals:3'
    """
    if entity == _LEAD_STAGES:
        return LEADS
    if entity == _DEAL_STAGES:
        return deals_ladder(GENERAL_PIPELINE)
    head, _, number_ = entity.rpartition("_")
    return deals_ladder(number_) if head == _DEAL_STAGES and number_.isdigit() else None


def directory_of(ladder: str) -> str:
    """The ENTITY_ID of a ladder's stages; UsageError for a ladder that this portal cannot have.

    >>> directory_of("deals:0"), directory_of("deals:3")
    ('DEAL_STAGE', 'DEAL_STAGE_3')
    """
    if ladder == LEADS:
        return _LEAD_STAGES
    pipeline = ladder.removeprefix(deals_ladder(""))
    if pipeline == ladder or not pipeline.isdigit():
        raise UsageError("ladder_unknown", ladder=ladder)
    return _DEAL_STAGES if pipeline == GENERAL_PIPELINE else f"{_DEAL_STAGES}_{pipeline}"


def semantics_of(outcome: Outcome) -> str:
    """`S`, `F`, or an empty text for a stage in progress."""
    return _SEMANTICS.get(outcome, "")


def stage_code(ladder: str, code: str) -> str:
    """A code as the portal stores it: stages of further pipelines carry their pipeline's prefix (crm.status.add).

    >>> stage_code("deals:3", "WAITING"), stage_code("leads", "WAITING")
    ('C3:WAITING', 'WAITING')
    """
    pipeline = ladder.removeprefix(deals_ladder(""))
    if ladder == LEADS or pipeline == GENERAL_PIPELINE or code.startswith(f"C{pipeline}:"):
        return code
    return f"C{pipeline}:{code}"


def to_stage(row: Row) -> Stage | None:
    """A row of crm.status.list; None when it belongs to no ladder of leads or deals."""
    ladder = ladder_of(text(row.get("ENTITY_ID")))
    if ladder is None:
        return None
    extra = row.get("EXTRA")
    colour = text(row.get("COLOR")) or (text(extra.get("COLOR")) if isinstance(extra, dict) else "")
    return Stage(
        id=str(row["ID"]),
        ladder=ladder,
        code=text(row.get("STATUS_ID")),
        name=text(row.get("NAME")),
        sort=number(row.get("SORT")),
        colour=colour or None,
        outcome=outcome_of(row.get("SEMANTICS")),
        system=yes(row.get("SYSTEM")),
    )


def to_source(row: Row) -> Source:
    """A row of the directory SOURCE."""
    return Source(
        id=str(row["ID"]),
        code=text(row.get("STATUS_ID")),
        name=text(row.get("NAME")),
        sort=number(row.get("SORT")),
        system=yes(row.get("SYSTEM")),
    )


def to_pipeline(row: Row) -> Pipeline:
    """A row of crm.category.list for deals; its keys are camelCase and its numbers real ones."""
    return Pipeline(
        id=str(row["id"]), name=text(row.get("name")), sort=number(row.get("sort")), default=yes(row.get("isDefault"))
    )


def to_user(row: Row) -> User:
    """A row of user.get; which fields it has depends on the scope. It never tells who is an administrator."""
    name = " ".join(part for part in (text(row.get("NAME")), text(row.get("LAST_NAME"))) if part)
    departments = row.get("UF_DEPARTMENT")
    return User(
        id=str(row["ID"]),
        name=name or text(row.get("EMAIL")) or str(row["ID"]),
        email=text(row.get("EMAIL")),
        active=yes(row.get("ACTIVE", True)),
        teams=tuple(str(team) for team in departments) if isinstance(departments, list) else (),
        position=text(row.get("WORK_POSITION")),
        zone=text(row.get("TIME_ZONE")),
    )


def to_team(row: Row) -> Team:
    """A row of department.get; the company itself, the root, has no parent."""
    return Team(
        id=str(row["ID"]),
        name=text(row.get("NAME")),
        parent=ident(row.get("PARENT")),
        head=ident(row.get("UF_HEAD")),
    )
