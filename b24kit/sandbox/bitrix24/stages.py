"""crm.status.*: stages of leads and deals and the plain directories, with every rule that guards them.

The rules that shape a migration: a code and a group are fixed at birth, an occupied stage cannot go, a system one only
with FORCED, and nothing in progress may stand after success (pages "crm.status.add", "crm.status.delete").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import directory, listing
from b24kit.sandbox.bitrix24.conditions import Field
from b24kit.sandbox.bitrix24.fields import Column, describe
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.rights import require_crm_admin
from b24kit.sandbox.bitrix24.values import whole
from b24kit.sandbox.store import Row

_CODE = re.compile(r"[A-Za-z0-9_-]+")
_LEAD_CODE, _DEAL_CODE, _DIRECTORY_CODE = 21, 22, 50
_AFTER_FINAL = (
    "Cannot create more stages after the final stage because the final successful stage already exists"
    " and there can only be one such stage."
)
_OCCUPIED = "There are active items in this status."
_SYSTEM = 'CRM System Status can be deleted only if parameter FORCED is specified and equal to "Y".'
_GROUPS = {"S": "success", "F": "failure"}

_COLUMNS = (
    Column("ID", "integer", None, read_only=True),
    Column("ENTITY_ID", "string", None, required=True, immutable=True),
    Column("STATUS_ID", "string", None, required=True, immutable=True),
    Column("SORT", "integer", None),
    Column("NAME", "string", None, required=True),
    Column("NAME_INIT", "string", None, read_only=True),
    Column("SYSTEM", "char", None, read_only=True),
    Column("CATEGORY_ID", "integer", None, immutable=True),
    Column("COLOR", "string", None),
    Column("SEMANTICS", "char", None, immutable=True),
    Column("EXTRA", "crm_status_extra", None),
)
_FILTERS = {
    column.name: Field(column.name, "string" if column.kind == "char" else column.kind)
    for column in _COLUMNS
    if column.name != "EXTRA"
}


def status_row(row_id: int, row: Mapping[str, Any]) -> Row:
    """An entry on the wire: everything a text or null."""
    return {
        "ID": str(row_id),
        "ENTITY_ID": row["ENTITY_ID"],
        "STATUS_ID": row["STATUS_ID"],
        "NAME": row["NAME"],
        "NAME_INIT": row.get("NAME_INIT") or "",
        "SORT": str(row["SORT"]),
        "SYSTEM": row.get("SYSTEM", "N"),
        "CATEGORY_ID": str(row["CATEGORY_ID"]) if row.get("CATEGORY_ID") else None,
        "COLOR": row.get("COLOR"),
        "SEMANTICS": row.get("SEMANTICS"),
    }


def _listed_row(row_id: int, row: Mapping[str, Any]) -> Row:
    """A row of crm.status.list: stages carry EXTRA there, and only there."""
    wire = status_row(row_id, row)
    if directory.is_stages(row["ENTITY_ID"]):
        group = _GROUPS.get(row.get("SEMANTICS") or "", "process")
        if group == "failure" and row["STATUS_ID"].endswith("APOLOGY"):
            group = "apology"
        wire["EXTRA"] = {"SEMANTICS": group, "COLOR": row.get("COLOR")}
    return wire


@method("crm.status.list")
def status_list(call: Call) -> Answer:
    """The whole directory at once: `start` and `select` are ignored, `total` is given all the same."""
    table = call.portal.store["status"]
    view = listing.Listing(call.portal, table, _FILTERS)
    order = call.param("order", default={})
    ids = listing.find_ordered(view, call.param("filter", default={}), order)
    if not isinstance(order, Mapping) or not order:
        ids.sort(key=lambda row_id: (table.rows[row_id]["SORT"], row_id))
    return Answer([_listed_row(row_id, table.rows[row_id]) for row_id in ids], total=len(ids))


@method("crm.status.get")
def status_get(call: Call) -> Answer:
    """One entry by its numeric id."""
    row_id = _existing(call)
    return Answer(status_row(row_id, call.portal.store["status"].rows[row_id]))


@method("crm.status.fields")
def status_fields(_call: Call) -> Answer:
    """Descriptions of the fields of an entry."""
    return Answer({column.name: describe(column) for column in _COLUMNS})


@method("crm.status.add")
def status_add(call: Call) -> Answer:
    """A new entry: never a system one, its code prefixed in a pipeline."""
    require_crm_admin(call)
    sent = _fields(call)
    entity_id, code = str(sent.get("ENTITY_ID") or ""), str(sent.get("STATUS_ID") or "")
    name = str(sent.get("NAME") or "").strip()
    _require(entity_id, code, name)
    if not directory.is_known(call.portal, entity_id):
        raise Fault("", "Specified entity type is not supported.")
    code = _checked_code(entity_id, code)
    if directory.find(call.portal, entity_id, code) is not None:
        raise Fault("ERROR_CORE", "The specified status ID already exists.")
    sort = whole(sent["SORT"]) if sent.get("SORT") not in (None, "") else 10
    group, color = _group(sent), _color(sent)
    if not directory.is_stages(entity_id):
        group = None
    else:
        _check_order(call.portal, entity_id, group, sort)
    return Answer(directory.add_row(call.portal, entity_id, code, name, sort, color=color, semantics=group))


@method("crm.status.update")
def status_update(call: Call) -> Answer:
    """Name, sort and colour may change; everything else that was sent is ignored."""
    require_crm_admin(call)
    row_id = _existing(call)
    sent = _fields(call)
    changes: Row = {}
    if "NAME" in sent:
        changes["NAME"] = str(sent["NAME"] or "").strip()
        if not changes["NAME"]:
            raise Fault("", "The field Title is required.")
    if sent.get("SORT") not in (None, ""):
        changes["SORT"] = whole(sent["SORT"])
    color = _color(sent)
    if color is not None:
        changes["COLOR"] = color
    call.portal.store["status"].change(row_id, changes)
    return Answer(True)


@method("crm.status.delete")
def status_delete(call: Call) -> Answer:
    """An entry goes when nothing stands in it; a system one only with FORCED=Y."""
    require_crm_admin(call)
    row_id = _existing(call)
    row = call.portal.store["status"].rows[row_id]
    params = call.param("params", default={})
    forced = params.get("FORCED") if isinstance(params, Mapping) else None
    if row.get("SYSTEM") == "Y" and str(forced).upper() != "Y":
        raise Fault("", _SYSTEM)
    if is_occupied(call.portal, row):
        raise Fault("", _OCCUPIED)
    call.portal.store["status"].remove(row_id)
    return Answer(True)


@method("crm.status.entity.items")
def entity_items(call: Call) -> Answer:
    """Codes and names of one directory by SORT; here SORT is a number."""
    entity_id = str(call.param("entityId", "entity_id", default="") or "")
    return Answer(entry_rows(call.portal, entity_id))


@method("crm.status.entity.types")
def entity_types(call: Call) -> Answer:
    """The directories of this portal; CATEGORY_ID is a text for pipelines and the number 0 for the general one."""
    leads = {"ID": "STATUS", "NAME": "Стадии лидов", "SEMANTIC_INFO": _semantic_info("NEW", "CONVERTED", "JUNK")}
    told: list[Row] = [leads | {"ENTITY_TYPE_ID": 1}]
    told += [{"ID": entity_id, "NAME": name} for entity_id, name in directory.DIRECTORIES.items()]
    general = {"ID": "DEAL_STAGE", "NAME": "Стадии сделок общего направления"}
    general_info = {"SEMANTIC_INFO": _semantic_info("NEW", "WON", "LOSE")}
    told.append(general | general_info | {"FIELD_ATTRIBUTE_SCOPE": "", "ENTITY_TYPE_ID": 2, "CATEGORY_ID": 0})
    told += [_pipeline_type(category_id, row) for category_id, row in call.portal.store["category"] if category_id]
    return Answer(told)


def entry_rows(portal: FakePortal, entity_id: str) -> list[Row]:
    """NAME, SORT, STATUS_ID of every entry, in this order of keys."""
    rows = directory.rows(portal, entity_id)
    return [{"NAME": row["NAME"], "SORT": row["SORT"], "STATUS_ID": row["STATUS_ID"]} for _, row in rows]


def is_occupied(portal: FakePortal, row: Mapping[str, Any]) -> bool:
    """Whether leads or deals stand in this stage."""
    entity_id = row["ENTITY_ID"]
    if entity_id == directory.LEAD_STAGES:
        return bool(portal.store["lead"].find("STATUS_ID", row["STATUS_ID"]))
    pipeline = directory.pipeline_of(entity_id)
    if pipeline is None:
        return False
    deals = portal.store["deal"]
    held = deals.find("STAGE_ID", row["STATUS_ID"])
    return any((deals.rows[deal_id].get("CATEGORY_ID") or 0) == pipeline for deal_id in held)


def _semantic_info(start: str, success: str, failure: str) -> Row:
    keys = ("START_FIELD", "FINAL_SUCCESS_FIELD", "FINAL_UNSUCCESS_FIELD")
    return dict(zip(keys, (start, success, failure), strict=True)) | {"FINAL_SORT": 0}


def _pipeline_type(category_id: int, row: Mapping[str, Any]) -> Row:
    prefix = f"C{category_id}"
    return {
        "ID": directory.deal_stages(category_id),
        "NAME": f"Стадии сделок «{row['NAME']}»",
        "PARENT_ID": "DEAL_STAGE",
        "SEMANTIC_INFO": _semantic_info(f"{prefix}:NEW", f"{prefix}:WON", f"{prefix}:LOSE"),
        "PREFIX": prefix,
        "FIELD_ATTRIBUTE_SCOPE": f"category_{category_id}",
        "ENTITY_TYPE_ID": 2,
        "CATEGORY_ID": str(category_id),
    }


def _existing(call: Call) -> int:
    row_id = whole(call.param("id"))
    if row_id <= 0:
        raise Fault("", "Invalid identifier.")
    if call.portal.store["status"].get(row_id) is None:
        raise Fault("", "Status is not found.")
    return row_id


def _fields(call: Call) -> Mapping[str, Any]:
    sent = call.param("fields", default={})
    if not isinstance(sent, Mapping):
        raise Fault("", "Invalid parameters.")
    return sent


def _require(entity_id: str, code: str, name: str) -> None:
    missing = [name for name, value in (("ENTITY_ID", entity_id), ("STATUS_ID", code)) if not value]
    if missing:
        raise Fault("", "\n".join(f"The field {name} is required." for name in missing))
    if not name:
        raise Fault("", "The field Title is required.")


def _checked_code(entity_id: str, code: str) -> str:
    """The code as it will be stored; a pipeline's prefix counts towards the length."""
    if not directory.is_stages(entity_id):
        if len(code) > _DIRECTORY_CODE:
            raise Fault("", "Invalid parameters.")
        return code
    prefix = directory.prefix_of(entity_id)
    bare = code.removeprefix(prefix)
    longest = _LEAD_CODE if entity_id == directory.LEAD_STAGES else _DEAL_CODE
    if not _CODE.fullmatch(bare) or len(prefix + bare) > longest:
        raise Fault("", "Invalid parameters.")
    return prefix + bare


def _group(sent: Mapping[str, Any]) -> str | None:
    extra = sent.get("EXTRA")
    said = sent.get("SEMANTICS") or (extra.get("SEMANTICS") if isinstance(extra, Mapping) else None) or ""
    return {"S": "S", "SUCCESS": "S", "F": "F", "FAILURE": "F", "APOLOGY": "F"}.get(str(said).upper())


def _color(sent: Mapping[str, Any]) -> str | None:
    extra = sent.get("EXTRA")
    said = sent.get("COLOR") or (extra.get("COLOR") if isinstance(extra, Mapping) else None)
    return str(said) if said else None


def _check_order(portal: FakePortal, entity_id: str, group: str | None, sort: int) -> None:
    """One success stage a ladder, nothing in progress after it (leads are assumed to behave as deals do)."""
    final = [row["SORT"] for _, row in directory.rows(portal, entity_id) if row.get("SEMANTICS") == "S"]
    if final and (group == "S" or (group is None and sort > min(final))):
        raise Fault("", _AFTER_FINAL)
