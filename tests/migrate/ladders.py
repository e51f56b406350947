"""Small portals in memory for tests of stage design, and the generated company's house without its cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.change.snapshot import Snapshot
from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.cards import Lead
from b24kit.crm.pipeline import LEADS, Outcome, Pipeline, Source, Stage
from b24kit.crm.portal import Capabilities, PortalFacts
from b24kit.crm.records import Record
from b24kit.crm.refs import CARDS, Kind, Ref
from b24kit.crm.user import Team, User
from b24kit.sandbox.seeds import organiser

NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
_GROUPS = {None: Outcome.OPEN, "S": Outcome.WON, "F": Outcome.LOST}

CAPABILITIES = Capabilities(
    vendor="bitrix24",
    has_leads=True,
    deletes=frozenset({*CARDS, Kind.STAGE, Kind.SOURCE}),
    restores_stage_code=True,
    quiet_creation=frozenset({Kind.CONTACT, Kind.COMPANY}),
    merges=True,
    native_gates=False,
    own_stage_codes=True,
    renames_system_stages=True,
    stage_code_limit=22,
)


def facts(**changes: Any) -> PortalFacts:
    """Who we are on the test portal; keyword arguments change single facts."""
    known: dict[str, Any] = {
        "id": "portal.example",
        "leads_on": True,
        "user": "1",
        "user_name": "Марина Соколова",
        "admin": True,
        "scopes": frozenset({"crm"}),
        "missing_scopes": frozenset(),
        "now": NOW,
        "utc_offset_minutes": 180,
        "access": "webhook",
    }
    return PortalFacts(**{**known, **changes})


def stage(
    code: str, name: str, sort: int, outcome: Outcome = Outcome.OPEN, *, ladder: str = LEADS, system: bool = False
) -> Stage:
    """A stage whose vendor id is its sort number and its code: unique enough for a test."""
    return Stage(
        id=str(1000 + sort), ladder=ladder, code=code, name=name, sort=sort, colour=None, outcome=outcome, system=system
    )


def lead(number: int, at: str, *, source: str | None = None, days: int = 100, **fields: Any) -> Lead:
    """An open lead that came to its stage `days` ago."""
    since = NOW - timedelta(days=days)
    return Lead(id=str(number), stage=at, source=source, created=since, moved=since, **fields)


def letter(number: int, on: int, sender: str, subject: str = "Вопрос", days: int = 100) -> Activity:
    """An incoming letter that hangs on a lead."""
    return Activity(
        id=str(number),
        channel=Channel.EMAIL,
        direction=Direction.IN,
        subject=subject,
        card=Ref(Kind.LEAD, str(on)),
        done=True,
        created=NOW - timedelta(days=days),
        start=NOW - timedelta(days=days),
        letter=Letter(sender=sender, to="info@expo-standart.example", mailbox="info@expo-standart.example"),
    )


def company_stages() -> list[Stage]:
    """The lead stages of the generated company: sources and "in work" instead of a ladder."""
    return [
        Stage(
            id=str(100 + at),
            ladder=LEADS,
            code=code,
            name=name,
            sort=sort,
            colour=colour,
            outcome=_GROUPS[group],
            system=system == "Y",
        )
        for at, (code, name, sort, colour, group, system) in enumerate(organiser.LEAD_STAGES)
    ]


def company(cards: Iterable[Record] = (), stages: Sequence[Stage] | None = None) -> Snapshot:
    """The generated company's people, teams, stages and a few sources, with these cards."""
    records: list[Record] = list(company_stages() if stages is None else stages)
    records += [Pipeline(id=str(number), name=name, sort=sort) for number, name, sort in organiser.PIPELINES]
    for at, code in enumerate(("CALL", "EMAIL", "WEB", "WEBFORM", "PARTNER", "OTHER"), 1):
        records.append(Source(id=str(500 + at), code=code, name=code.title(), sort=at * 10))
    for one in organiser.EMPLOYEES:
        records.append(
            User(
                id=str(one.id),
                name=f"{one.given} {one.surname}",
                email=one.email,
                active=one.active,
                admin=one.admin,
                teams=(str(one.department),),
                position=one.position,
            )
        )
    for number, name, parent, head in organiser.DEPARTMENTS:
        records.append(Team(id=str(number), name=name, parent=str(parent) if parent else None, head=str(head)))
    return Snapshot.of([*records, *cards], facts(), NOW)
