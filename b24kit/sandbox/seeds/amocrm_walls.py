"""The organiser's house as an amoCRM account: employees with roles and groups, pipelines, fields, loss reasons.

The same people, stages and pipelines as on the other vendor, under the same names and user ids: the lead ladder is
the main pipeline, every deal pipeline one of the others.
"""

from __future__ import annotations

from dataclasses import dataclass

from b24kit.sandbox.amocrm import opening, stages
from b24kit.sandbox.amocrm.registry import FakePortal
from b24kit.sandbox.seeds import organiser
from b24kit.sandbox.store import Row

OPT_OUT_CODE = "OPT_OUT"
LADDER_NAME = "Лиды"
# Letters come first: an incoming lead that is accepted without a word about its place lands where the pile is.
LADDER = (
    (organiser.EMAIL, "#c1e0ff"), (organiser.NEW, "#d6eaff"), (organiser.FORMS, "#98cbff"),
    (organiser.PHONE, "#87f2c0"), (organiser.CHAT, "#ffdc7f"), (organiser.IN_WORK, "#ccc8f9"),
)  # fmt: skip
DEAL_STAGES = (
    ("Новая", "#98cbff"), ("Подготовка документов", "#c1e0ff"), ("Счёт на предоплату", "#87f2c0"),
    ("В работе", "#deff81"), ("Финальный счёт", "#ffce5a"),
)  # fmt: skip
# The other vendor has two failures; here every lost deal stands in 143 and says why.
LOST_FOR = ("Сделка провалена", "Анализ причины провала")
LOSS_REASONS = (*LOST_FOR, "Слишком дорого", "Пропала потребность", "Выбрали других")
_SELLER_SEES, _HEAD_SEES = "M", "G"


@dataclass(slots=True)
class Walls:
    """Ids of what the cards refer to: statuses of the ladder by stage code, deal stages by pipeline, fields by code."""

    ladder: int
    incoming: int
    statuses: dict[str, int]
    pipelines: dict[int, int]  # number in organiser.PIPELINES -> id
    deal_statuses: dict[int, list[int]]
    reasons: list[int]
    fields: dict[tuple[str, str], int]  # (entity, code) -> id
    enums: dict[tuple[int, str], int]  # (field id, code) -> enum id


def plant_walls(portal: FakePortal) -> Walls:
    """Build everything that the cards stand in; gives their ids."""
    _people(portal)
    names = {code: name for code, name, *_ in organiser.LEAD_STAGES}
    ladder = opening.add_pipeline(
        portal, LADDER_NAME, tuple((names[code], color) for code, color in LADDER), is_main=True
    )
    _rename_ends(portal, ladder, names)
    ordinary = [row["status_id"] for _, row in stages.statuses(portal, ladder) if stages.is_ordinary(row)]
    pipelines = {number: _deal_pipeline(portal, name) for number, name, _ in organiser.PIPELINES}
    deal_statuses = {
        number: [row["status_id"] for _, row in stages.statuses(portal, made) if stages.is_ordinary(row)]
        for number, made in pipelines.items()
    }
    fields = _fields(portal)
    enums = {
        (field_id, enum["code"]): enum["id"]
        for field_id in fields.values()
        for enum in portal.store["custom_field"].rows[field_id].get("enums") or []
    }
    statuses = dict(zip((code for code, _ in LADDER), ordinary, strict=True))
    incoming = opening.incoming_status(portal, ladder)
    return Walls(ladder, incoming, statuses, pipelines, deal_statuses, _reasons(portal), fields, enums)


def add_opt_out(portal: FakePortal, walls: Walls) -> None:
    """The checkbox for refusals, on leads and contacts."""
    for entity in ("leads", "contacts"):
        made = opening.add_field(portal, entity, "Не писать", "checkbox", code=OPT_OUT_CODE)
        walls.fields[entity, OPT_OUT_CODE] = made


def _people(portal: FakePortal) -> None:
    for department_id, name, _, _ in organiser.DEPARTMENTS:
        portal.store["group"].add({"name": name}, department_id)
    heads = {head for *_, head in organiser.DEPARTMENTS}
    roles = {
        letter: _role(portal, name, letter)
        for letter, name in ((_HEAD_SEES, "Руководитель"), (_SELLER_SEES, "Менеджер"))
    }
    for one in organiser.EMPLOYEES:
        role = None if one.admin else roles[_HEAD_SEES if one.id in heads else _SELLER_SEES]
        opening.add_user(
            portal, f"{one.given} {one.surname}", one.email, is_admin=one.admin, group_id=one.department,
            role_id=role, is_active=one.active,
        )  # fmt: skip


def _role(portal: FakePortal, name: str, letter: str) -> int:
    whole = {"view": letter, "edit": letter, "add": "A", "delete": "D", "export": "D"}
    rights: Row = {entity: dict(whole) for entity in ("leads", "contacts", "companies")}
    rights |= {"tasks": {"edit": letter, "delete": "D"}, "mail_access": True, "catalog_access": False}
    return portal.store["role"].add({"name": name, "rights": rights})


def _rename_ends(portal: FakePortal, pipeline_id: int, names: dict[str, str]) -> None:
    for status_id, code in ((stages.WON, "CONVERTED"), (stages.LOST, "JUNK")):
        found = stages.status(portal, pipeline_id, status_id)
        if found is not None:
            portal.store["status"].change(found[0], {"name": names[code]})


def _deal_pipeline(portal: FakePortal, name: str) -> int:
    return opening.add_pipeline(portal, name, DEAL_STAGES, is_unsorted_on=False)


def _fields(portal: FakePortal) -> dict[tuple[str, str], int]:
    found = opening.add_predefined_fields(portal)
    found["contacts", "IM"] = opening.add_field(
        portal, "contacts", "Мгн. сообщения", "multitext", code="IM", enums=("SKYPE", "ICQ", "JABBER", "OTHER"),
        predefined=True,
    )  # fmt: skip
    found["leads", "COMPANY_TITLE"] = opening.add_field(portal, "leads", "Компания", "text", code="COMPANY_TITLE")
    return found


def _reasons(portal: FakePortal) -> list[int]:
    now, table = portal.unix(), portal.store["loss_reason"]
    moments = {"created_at": now, "updated_at": now}
    return [table.add({"name": name, "sort": place * 10, **moments}) for place, name in enumerate(LOSS_REASONS, 1)]
