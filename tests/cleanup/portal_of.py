"""Small portals for tests of the clean-up: a ladder, a few employees, leads with letters. All people are invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from b24kit.change.operation import BindLetter, CreateRecord, Operation, UnbindLetter, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.cards import Contact, Lead, PersonName
from b24kit.crm.pipeline import LEADS, Outcome, Source, Stage
from b24kit.crm.points import Point, PointKind
from b24kit.crm.portal import Capabilities, PortalFacts
from b24kit.crm.records import Record, record_from, ref_of, values_of
from b24kit.crm.refs import Kind, Ref
from b24kit.crm.user import Team, User
from b24kit.owners.spec import OwnersSpec

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
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
ABLE = Capabilities(
    vendor="bitrix24",
    has_leads=True,
    deletes=frozenset({Kind.LEAD, Kind.CONTACT, Kind.COMPANY}),
    restores_stage_code=True,
    quiet_creation=frozenset({Kind.CONTACT}),
    merges=True,
    native_gates=False,
    own_stage_codes=True,
    renames_system_stages=True,
    stage_code_limit=21,
)


def stage(code: str, name: str, outcome: Outcome, sort: int) -> Stage:
    return Stage(id=str(sort), ladder=LEADS, code=code, name=name, sort=sort, colour=None, outcome=outcome)


LADDER = [
    stage("NEW", "E-mail", Outcome.OPEN, 10),
    stage("UC_WORK", "В работе", Outcome.OPEN, 20),
    stage("CONVERTED", "Качественный", Outcome.WON, 30),
    stage("JUNK", "Некачественный", Outcome.LOST, 40),
    stage("B24KIT_LINKED", "Письмо клиента", Outcome.LOST, 50),
    stage("B24KIT_ARCHIVE", "Архив", Outcome.LOST, 60),
]
USERS = [
    User(id="1", name="Анна Глава", email="glava@own.example", admin=True, teams=("1",), position="Директор"),
    User(id="2", name="Ольга Киселёва", email="kiseleva@own.example", teams=("2",), position="Менеджер"),
    User(id="3", name="Денис Фролов", email="frolov@own.example", teams=("2",), position="Менеджер"),
    User(id="4", name="Игорь Белов", email="belov@own.example", teams=("2",), position="Руководитель отдела продаж"),
    User(id="5", name="Виктор Панов", email="panov@own.example", active=False, teams=("2",), position="Менеджер"),
    User(id="6", name="Игорь Титов", email="titov@own.example", teams=("3",), position="Менеджер семинаров"),
]
TEAMS = [
    Team(id="1", name="Фирма", head="1"),
    Team(id="2", name="Отдел продаж", parent="1", head="4"),
    Team(id="3", name="Семинары", parent="1", head="5"),
]
SOURCES = [Source(id="1", code="EMAIL", name="Электронная почта"), Source(id="2", code="CALL", name="Звонок")]


def email(value: str) -> Point:
    return Point(PointKind.EMAIL, value)


def phone(value: str) -> Point:
    return Point(PointKind.PHONE, value)


def lead(number: int, address: str = "", days: int = 100, **changes: Any) -> Lead:
    """A lead that came so many days ago and stands on the first stage since."""
    came = NOW - timedelta(days=days)
    points = (email(address),) if address else ()
    made = Lead(id=str(number), title="Вопрос", stage="NEW", owner="1", created=came, source="EMAIL", points=points)
    return replace(made, **changes)


def letter(number: int, sender: str, to_lead: int, days: int = 100, **changes: Any) -> Activity:
    """An incoming letter of a lead; `headers` and `reply_to` go into its envelope."""
    envelope = Letter(
        sender=sender,
        mailbox="info@own.example",
        reply_to=changes.pop("reply_to", ""),
        headers=changes.pop("headers", {}),
    )
    made = Activity(
        id=str(number),
        channel=Channel.EMAIL,
        direction=Direction.IN,
        subject="Вопрос",
        card=Ref(Kind.LEAD, str(to_lead)),
        done=False,
        start=NOW - timedelta(days=days),
        letter=envelope,
    )
    return replace(made, **changes)


def mail(number: int, sender: str, days: int = 100, **changes: Any) -> list[Record]:
    """A lead with the one letter that it was made of, both under one number."""
    address = sender.partition("<")[2].strip(">") or sender
    name = sender.partition("<")[0].strip() if "<" in sender else ""
    made = lead(number, address, days, name=PersonName(first=name), title=changes.get("subject", "Вопрос"))
    return [made, letter(number, sender, number, days, **changes)]


def contact(number: int, name: str, *addresses: str, **changes: Any) -> Contact:
    last, _, first = name.partition(" ")
    made = Contact(id=str(number), name=PersonName(first=first, last=last), points=tuple(map(email, addresses)))
    return replace(made, **{"owner": "2", **changes})


def snapshot(*records: Record | Iterable[Record]) -> Snapshot:
    """The house with these records in it."""
    flat = [one for given in records for one in (given if isinstance(given, list) else [given])]
    return Snapshot.of([*LADDER, *USERS, *TEAMS, *SOURCES, *flat], FACTS, NOW)  # type: ignore[list-item]


def plan(
    here: Snapshot,
    *,
    clean: Mapping[str, Any] | None = None,
    owners: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> CleanDraft:
    spec, rules = CleanSpec.model_validate(clean or {}), OwnersSpec.model_validate(owners or {})
    return plan_clean(here, spec, rules, NOW, ABLE, limit)


def outcomes(draft: CleanDraft) -> dict[str, str]:
    """Where every lead ends: the stage it moves to, or the reason it is left for."""
    moved = {
        one.ref.id: str(one.after["stage"]) for one in draft.operations if isinstance(one, UpdateRecord) and one.moves
    }
    return moved | {one.ref.id: one.reason.code.removeprefix("clean.left.") for one in draft.left}


def applied(here: Snapshot, operations: Iterable[Operation]) -> Snapshot:
    """The snapshot as it would be after the operations, for a second plan."""
    values = {ref_of(record): values_of(record) for kind in Kind for record in here.records(kind)}
    finals = {one.code: one.outcome.value for one in LADDER}
    ids: dict[str, str] = {}
    for operation in operations:
        if isinstance(operation, CreateRecord):
            ids[operation.key] = str(1000 + len(ids))
            values[Ref(operation.kind, ids[operation.key])] = dict(operation.write(ids, {}).values)  # type: ignore[union-attr]
        elif isinstance(operation, UpdateRecord):
            after = dict(operation.write(ids, values[operation.ref]).values)  # type: ignore[union-attr]
            if "stage" in after:
                after["outcome"] = finals[after["stage"]]
            values[operation.ref] = {**values[operation.ref], **after}
        elif isinstance(operation, BindLetter | UnbindLetter):
            card = str(operation.write(ids, {}).card)  # type: ignore[union-attr]
            activity = values[operation.activity]
            cards = [*(activity["bindings"] or [activity["card"]])]
            cards = [*cards, card] if isinstance(operation, BindLetter) else [one for one in cards if one != card]
            values[operation.activity] = {**activity, "bindings": cards}
    return Snapshot.of([record_from(ref.kind, ref.id, found) for ref, found in values.items()], FACTS, NOW)
