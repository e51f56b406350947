"""The directories behind crm.status: stages and sources as rows, their semantics, and what a fresh portal comes with.

Only reading and planting; the REST methods over these rows are in `stages.py` and `pipelines.py`.
"""

from __future__ import annotations

import re
from typing import Any

from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import LEAD
from b24kit.sandbox.store import Row

LEAD_STAGES = "STATUS"
DIRECTORIES = {
    "SOURCE": "Источники",
    "CONTACT_TYPE": "Тип контакта",
    "COMPANY_TYPE": "Тип компании",
    "EMPLOYEES": "Количество сотрудников",
    "INDUSTRY": "Сфера деятельности",
    "DEAL_TYPE": "Тип сделки",
    "HONORIFIC": "Обращения",
    "CALL_LIST": "Статусы обзвона",
}

_PIPELINE = re.compile(r"DEAL_STAGE_(\d+)")

# STATUS_ID, NAME, SORT, COLOR, SEMANTICS, SYSTEM (pages "crm.lead.add", "crm.status.list").
_LEAD_DEFAULTS = [
    ("NEW", "Не обработан", 10, "#2FC6F6", None, "Y"),
    ("IN_PROCESS", "В работе", 20, "#55D0E0", None, "N"),
    ("PROCESSED", "Обработан", 30, "#47E4C2", None, "N"),
    ("CONVERTED", "Качественный лид", 40, "#7BD500", "S", "Y"),
    ("JUNK", "Некачественный лид", 50, "#FF5752", "F", "Y"),
]
_DEAL_DEFAULTS = [
    ("NEW", "Новая", 10, "#39A8EF", None, "Y"),
    ("PREPARATION", "Подготовка документов", 20, "#2FC6F6", None, "N"),
    ("PREPAYMENT_INVOICE", "Cчет на предоплату", 30, "#55D0E0", None, "N"),
    ("EXECUTING", "В работе", 40, "#47E4C2", None, "N"),
    ("FINAL_INVOICE", "Финальный счет", 50, "#FFA900", None, "N"),
    ("WON", "Сделка успешна", 60, "#7BD500", "S", "Y"),
    ("LOSE", "Сделка провалена", 70, "#FF5752", "F", "Y"),
    ("APOLOGY", "Анализ причины провала", 80, "#FF5752", "F", "N"),
]
_DIRECTORY_DEFAULTS = {
    "SOURCE": [
        ("CALL", "Звонок"),
        ("EMAIL", "Электронная почта"),
        ("WEB", "Веб-сайт"),
        ("ADVERTISING", "Реклама"),
        ("PARTNER", "Существующий клиент"),
        ("RECOMMENDATION", "По рекомендации"),
        ("TRADE_SHOW", "Выставка"),
        ("WEBFORM", "CRM-форма"),
        ("CALLBACK", "Обратный звонок"),
        ("RC_GENERATOR", "Генератор продаж"),
        ("STORE", "Интернет-магазин"),
        ("OTHER", "Другое"),
    ],
    "CONTACT_TYPE": [
        ("CLIENT", "Клиенты"),
        ("SUPPLIER", "Поставщики"),
        ("PARTNER", "Партнёры"),
        ("OTHER", "Другое"),
    ],
    "COMPANY_TYPE": [
        ("CUSTOMER", "Клиент"),
        ("SUPPLIER", "Поставщик"),
        ("COMPETITOR", "Конкурент"),
        ("PARTNER", "Партнёр"),
        ("OTHER", "Другое"),
    ],
    "EMPLOYEES": [
        ("EMPLOYEES_1", "менее 50"),
        ("EMPLOYEES_2", "50-250"),
        ("EMPLOYEES_3", "250-500"),
        ("EMPLOYEES_4", "более 500"),
    ],
    "INDUSTRY": [("IT", "Информационные технологии"), ("TELECOM", "Телекоммуникации"), ("OTHER", "Другое")],
    "DEAL_TYPE": [("SALE", "Продажа"), ("COMPLEX", "Комплексная продажа"), ("SERVICE", "Сервисное обслуживание")],
    "HONORIFIC": [("HNR_RU_1", "г-н"), ("HNR_RU_2", "г-жа")],
    "CALL_LIST": [("IN_WORK", "В работе"), ("SUCCESS", "Успешный"), ("WRONG_NUMBER", "Неправильный номер")],
}


def deal_stages(category_id: int) -> str:
    """The directory of a pipeline's stages: DEAL_STAGE for the general one, DEAL_STAGE_7 for pipeline 7."""
    return f"DEAL_STAGE_{category_id}" if category_id else "DEAL_STAGE"


def pipeline_of(entity_id: str) -> int | None:
    """The pipeline whose stages this directory holds; None for leads and plain directories."""
    if entity_id == "DEAL_STAGE":
        return 0
    match = _PIPELINE.fullmatch(entity_id)
    return int(match.group(1)) if match else None


def prefix_of(entity_id: str) -> str:
    """What the vendor puts before a stage's code: `C7:` in pipeline 7, nothing in the general one and for leads."""
    pipeline = pipeline_of(entity_id)
    return f"C{pipeline}:" if pipeline else ""


def stage_directory(type_id: int, category_id: int = 0) -> str:
    """The directory of stages in which a lead or a deal of this pipeline stands."""
    return LEAD_STAGES if type_id == LEAD else deal_stages(category_id)


def is_stages(entity_id: str) -> bool:
    """Whether the directory holds stages, with semantics and colours."""
    return entity_id == LEAD_STAGES or pipeline_of(entity_id) is not None


def is_known(portal: FakePortal, entity_id: str) -> bool:
    """Whether this portal has such a directory: a pipeline's one exists while the pipeline does."""
    pipeline = pipeline_of(entity_id)
    if pipeline is not None:
        return pipeline == 0 or portal.store["category"].get(pipeline) is not None
    return entity_id == LEAD_STAGES or entity_id in DIRECTORIES


def rows(portal: FakePortal, entity_id: str) -> list[tuple[int, Row]]:
    """(id, row) of a directory in the order of SORT, then of id."""
    table = portal.store["status"]
    found = [(row_id, table.rows[row_id]) for row_id in table.find("ENTITY_ID", entity_id)]
    return sorted(found, key=lambda pair: (pair[1]["SORT"], pair[0]))


def find(portal: FakePortal, entity_id: str, status_id: str) -> tuple[int, Row] | None:
    """One entry of a directory by its code."""
    table = portal.store["status"]
    for row_id in table.find("ENTITY_ID", entity_id):
        if table.rows[row_id]["STATUS_ID"] == status_id:
            return row_id, table.rows[row_id]
    return None


def semantics(portal: FakePortal, entity_id: str, status_id: str) -> str:
    """P, S or F of a stage; a code that the directory does not know counts as in progress."""
    found = find(portal, entity_id, status_id)
    return (found[1].get("SEMANTICS") or "P") if found else "P"


def first_code(portal: FakePortal, entity_id: str) -> str | None:
    """The entry that new cards get when the caller named none: the first by SORT."""
    ordered = rows(portal, entity_id)
    return ordered[0][1]["STATUS_ID"] if ordered else None


def add_row(
    portal: FakePortal,
    entity_id: str,
    status_id: str,
    name: str,
    sort: int,
    *,
    color: str | None = None,
    semantics: str | None = None,
    system: str = "N",
) -> int:
    """Write one entry as it stands, without the rules of crm.status.add; for planting and for new pipelines."""
    pipeline = pipeline_of(entity_id)
    row: dict[str, Any] = {
        "ENTITY_ID": entity_id,
        "STATUS_ID": status_id,
        "NAME": name,
        "NAME_INIT": name if system == "Y" else "",
        "SORT": sort,
        "SYSTEM": system,
        "CATEGORY_ID": pipeline or None,
        "COLOR": color,
        "SEMANTICS": semantics,
    }
    return portal.store["status"].add(row)


def plant_stages(portal: FakePortal, entity_id: str) -> None:
    """The vendor's default stages of leads or of one deal pipeline, with the pipeline's prefix."""
    prefix = prefix_of(entity_id)
    for code, name, sort, color, group, system in _LEAD_DEFAULTS if entity_id == LEAD_STAGES else _DEAL_DEFAULTS:
        add_row(portal, entity_id, prefix + code, name, sort, color=color, semantics=group, system=system)


def plant_directories(portal: FakePortal) -> None:
    """Sources, types and the other plain directories of a fresh portal."""
    for entity_id, defaults in _DIRECTORY_DEFAULTS.items():
        for place, (code, name) in enumerate(defaults, 1):
            add_row(portal, entity_id, code, name, place * 10, system="Y" if entity_id == "SOURCE" else "N")


def plant_defaults(portal: FakePortal) -> None:
    """Every directory of a fresh portal that is still empty; what is there already stays as it is."""
    for entity_id in (LEAD_STAGES, "DEAL_STAGE"):
        if not portal.store["status"].find("ENTITY_ID", entity_id):
            plant_stages(portal, entity_id)
    if not portal.store["status"].find("ENTITY_ID", "SOURCE"):
        plant_directories(portal)
