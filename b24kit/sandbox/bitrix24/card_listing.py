"""The fields by which cards can be filtered and ordered, in the classic and in the universal dialect."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from b24kit.sandbox.bitrix24 import directory, fields, multifields
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.fields import COLUMNS, MULTIFIELD_TYPES, STAGE_COLUMNS, Column
from b24kit.sandbox.bitrix24.listing import Listing
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, DEAL, LEAD


def classic(portal: FakePortal, type_id: int) -> Listing:
    """How crm.{lead,contact,company,deal}.list filters: unknown names are dropped, addresses match exactly."""
    known = dict(_plain(type_id))
    _rank_stages(portal, type_id, known, STAGE_COLUMNS.get(type_id))
    if type_id != DEAL:
        for kind in MULTIFIELD_TYPES:
            known[kind] = _multifield(portal, type_id, kind)
    for row in fields.custom_fields(portal, type_id):
        known[row["FIELD_NAME"]] = _custom(row)
    return Listing(portal, portal.store[CARD_TABLES[type_id]], known)


def items(portal: FakePortal, type_id: int, *, original_names: bool = False) -> Listing:
    """How crm.item.list filters: camelCase names, anything unknown is refused."""
    known = dict(_plain_items(type_id))
    if type_id in STAGE_COLUMNS:
        _rank_stages(portal, type_id, known, "stageId")
    for row in fields.custom_fields(portal, type_id):
        name = row["FIELD_NAME"] if original_names else fields.custom_camel(row["FIELD_NAME"])
        known[name] = _custom(row)
    return Listing(portal, portal.store[CARD_TABLES[type_id]], known, strict=True)


@lru_cache(maxsize=8)
def _plain(type_id: int) -> Mapping[str, Field]:
    return {
        name: _field(column)
        for name, column in COLUMNS[type_id].items()
        if not column.multiple  # CONTACT_IDS is neither selectable nor filterable here
    }


@lru_cache(maxsize=8)
def _plain_items(type_id: int) -> Mapping[str, Field]:
    known: dict[str, Field] = {}
    for name, column in fields.item_columns(type_id).items():
        known[name] = _links(column) if column.multiple else _field(column)
    known["ID"] = known["id"]  # the vendor's own SDK orders and filters by either spelling
    return known


def _field(column: Column) -> Field:
    default = "N" if column.kind == "char" else "0.00" if column.kind == "double" else None
    return Field(column.name, column.kind, default)


def _links(column: Column) -> Field:
    """contactIds and companyIds: every linked card counts, not the primary one alone."""
    many, one = column.name, column.name.removesuffix("S")

    def read(row: Mapping[str, Any]) -> list[int]:
        return row.get(many) or ([row[one]] if row.get(one) else [])

    return Field(many, column.kind, read=read)


def _custom(row: Mapping[str, Any]) -> Field:
    return Field(row["FIELD_NAME"], fields.CUSTOM_KINDS.get(row["USER_TYPE_ID"], "string"))


def _multifield(portal: FakePortal, type_id: int, kind: str) -> Field:
    """An address filter: exactly this spelling, though the store's collation does not tell cases apart."""
    table = portal.store["multifield"]
    owner = f"{type_id}:"

    def pool(wanted: frozenset[Any]) -> set[int]:
        texts = {str(value).casefold() for value in wanted if value is not None}
        keys = {multifields.search_key(kind, text) for text in texts}
        rows = (table.rows[row_id] for key in keys for row_id in table.find("KEY", key))
        same = (row for row in rows if row["VALUE"].casefold() in texts and row["OWNER"].startswith(owner))
        return {int(row["OWNER"].removeprefix(owner)) for row in same}

    return Field(kind, "multifield", pool=pool)


def _rank_stages(portal: FakePortal, type_id: int, known: dict[str, Field], name: str | None) -> None:
    """Order by stage follows SORT of the stages, not their codes."""
    if name is None:
        return

    def ranks() -> Mapping[str, int]:
        rows = portal.store["status"].rows.values()
        stages = (row for row in rows if directory.is_stages(row["ENTITY_ID"]))
        of_kind = (row for row in stages if (row["ENTITY_ID"] == directory.LEAD_STAGES) is (type_id == LEAD))
        return {row["STATUS_ID"]: row["SORT"] for row in of_kind}

    known[name] = Field(known[name].column, known[name].kind, ranks=ranks)
