"""A small portal for routing: a ladder, eight people, a table of events; all people are invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.cards import Company, Contact, Deal, Lead, PersonName
from b24kit.crm.pipeline import LEADS, Outcome, Source, Stage
from b24kit.crm.points import Point, PointKind
from b24kit.crm.portal import PortalFacts
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import Team, User
from b24kit.owners.people import Load, People, people_of
from b24kit.owners.rules import resolve
from b24kit.owners.spec import OwnersSpec
from b24kit.owners.spec_people import PeopleSpec
from b24kit.owners.staff import Staff
from b24kit.owners.turns import Dealer
from b24kit.robots.decision import Decision
from b24kit.robots.facts import CardFacts, Move
from b24kit.robots.routing import Routing, route
from b24kit.robots.rules import Rules
from b24kit.robots.spec_routing import RoutingSpec

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday, noon in Moscow
TEAMS = (
    Team(id="10", name="Дирекция", head="1"),
    Team(id="20", name="Продажи", parent="10", head="2"),
    Team(id="30", name="Стажёры", parent="20"),
)
USERS = (
    User(id="1", name="Глава Анна", admin=True, teams=("10",)),
    User(id="2", name="Белова Ирина", teams=("20",)),
    User(id="3", name="Волков Пётр", teams=("20",)),
    User(id="4", name="Громова Ольга", teams=("20",)),
    User(id="5", name="Дёмин Олег", teams=("30",)),
    User(id="6", name="Титов Семён", teams=("10",)),
    User(id="7", name="Фролов Глеб", teams=("10",)),
    User(id="9", name="Бывший Иван", active=False, teams=("20",)),
)
FACTS = PortalFacts(
    id="firm.example",
    leads_on=True,
    user="1",
    user_name="Глава Анна",
    admin=True,
    scopes=frozenset({"crm"}),
    missing_scopes=frozenset(),
    now=NOW,
    utc_offset_minutes=180,
    access="webhook",
)
SOURCES = (Source(id="1", code="CALL", name="Звонок"), Source(id="2", code="EMAIL", name="Почта"))
OWNERS: dict[str, Any] = {
    "seminars": [
        {
            "name": "Охрана труда",
            "manager": "Титов",
            "deputy": "Фролов",
            "signs": {
                "fields": {"UF_CRM_EVENT": ["ОТ-2026", "Охрана труда"]},
                "forms": ["17", "Заявка на охрану труда"],
                "utm": "ot-spring",
                "lines": "+7 495 000-11-22",
                "mailboxes": "ot@firm.example",
            },
        },
        {"name": "Маркировка", "words": ["маркировка", "честный знак"], "manager": "Громова"},
        {"name": "Зимняя школа", "manager": "Громова", "until": "2026-02-28"},
    ],
    "sources": [
        {"source": "CALL", "team": "Продажи", "reserve": "Стажёры"},
        {"source": "PARTNER", "to": "Белова"},
    ],
}

_TOLD = ("contact", "company", "deals", "letters", "done", "tasks")


def stage(code: str, name: str, sort: int, outcome: Outcome = Outcome.OPEN) -> Stage:
    return Stage(id=code, ladder=LEADS, code=code, name=name, sort=sort, colour=None, outcome=outcome)


LADDER = (
    stage("NEW", "Новый", 10),
    stage("MGR_ASSIGNED", "Менеджер назначен", 20),
    stage("CONVERTED", "Успех", 30, Outcome.WON),
    stage("JUNK", "Некачественный", 40, Outcome.LOST),
)


def people(spec: Mapping[str, Any] | None = None, load: Load | None = None) -> People:
    return people_of(PeopleSpec.model_validate(spec or {}), Staff.of(USERS, TEAMS), USERS[0], FACTS, load=load)


def routing(spec: Mapping[str, Any] | None = None, owners: Mapping[str, Any] | None = None) -> Routing:
    named = resolve(
        OwnersSpec.model_validate({**OWNERS, **(owners or {})}), Staff.of(USERS, TEAMS), SOURCES, FACTS, strict=False
    )
    return Routing(spec=RoutingSpec.model_validate(spec or {}), owners=named, rules=Rules(stages=LADDER))


def card(number: str = "5", **changes: Any) -> CardFacts:
    """Facts of a new lead; what is in `_TOLD` goes to the facts, all other changes to the lead itself."""
    told = {name: changes.pop(name) for name in _TOLD if name in changes}
    base = Lead(id=number, title="Заявка", owner="1", stage="NEW", source="OTHER", created=NOW)
    facts = CardFacts(
        card=replace(base, **changes),
        ladder=LEADS,
        moves=(Move(at=NOW, stage=changes.get("stage", "NEW"), by=None),),
        touches=(),
        tasks=(),
        letters=(),
        contact=None,
        company=None,
        deals=(),
        linked=(),
        filled=frozenset(),
        done=frozenset(),
    )
    return replace(facts, **told)


def letter(subject: str, to: str = "info@firm.example", **changes: Any) -> Activity:
    found = Activity(
        id="70",
        channel=Channel.EMAIL,
        direction=Direction.IN,
        subject=subject,
        card=Ref(Kind.LEAD, "5"),
        done=True,
        created=NOW,
        letter=Letter(sender="client@mail.example", to=to),
    )
    return replace(found, **changes)


def contact(owner: str | None = "3") -> Contact:
    return Contact(id="77", owner=owner, name=PersonName("Мария", "Ким"))


def company(owner: str | None = "4") -> Company:
    return Company(id="88", title="ООО «Ромашка»", owner=owner)


def deal(owner: str | None = "4", outcome: Outcome = Outcome.OPEN, number: str = "90", days: int = 0) -> Deal:
    changed = NOW + timedelta(days=days)
    return Deal(id=number, title="Сделка", owner=owner, pipeline="0", stage="C", outcome=outcome, changed=changed)


def phone(number: str) -> tuple[Point, ...]:
    return (Point(PointKind.PHONE, number),)


def routed(facts: CardFacts, *, crew: People | None = None, turns: Dealer | None = None, **more: Any) -> Decision:
    rules = routing(more.get("spec"), more.get("owners"))
    return route(facts, rules, crew or people(), turns or Dealer(), more.get("now", NOW))


def owner_of(found: Decision, facts: CardFacts) -> str | None:
    """Who owns the card after a decision."""
    return next((one.values["owner"] for one in found.actions if one.kind == "assign"), facts.card.owner)


def codes(found: Decision) -> list[str]:
    """The reasons of a decision, without their common beginning."""
    return [one.code.removeprefix("robots.routing.") for one in found.because]
