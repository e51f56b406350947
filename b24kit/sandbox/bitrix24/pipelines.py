"""Deal pipelines: crm.category.* (numbers are numbers) and the older crm.dealcategory.* that still answers.

Leads have no pipelines; a new pipeline gets its own default stages at once; one that holds deals cannot go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import directory, stages
from b24kit.sandbox.bitrix24.fields import Column, camel, describe
from b24kit.sandbox.bitrix24.registry import Answer, Call, FakePortal, Fault, method
from b24kit.sandbox.bitrix24.rights import require_crm_admin
from b24kit.sandbox.bitrix24.tables import COMPANY, CONTACT, DEAL, LEAD
from b24kit.sandbox.bitrix24.values import now_text, offset_of, to_local, whole
from b24kit.sandbox.store import Row

GENERAL = {"NAME": "Общая", "SORT": 300}
_COLUMNS = (
    Column("ID", "integer", None, read_only=True),
    Column("NAME", "string", None),
    Column("SORT", "integer", None),
    Column("ENTITY_TYPE_ID", "integer", None, required=True, read_only=True),
    Column("IS_DEFAULT", "boolean", None, read_only=True),
    Column("ORIGIN_ID", "string", None),
    Column("ORIGINATOR_ID", "string", None),
)
_OLD_COLUMNS = (
    Column("ID", "integer", None, read_only=True),
    Column("CREATED_DATE", "date", None, read_only=True),
    Column("NAME", "string", None, required=True),
    Column("IS_LOCKED", "char", None, read_only=True),
    Column("SORT", "integer", None),
)


def pipelines(portal: FakePortal) -> list[tuple[int, Row]]:
    """(id, row) of every pipeline by SORT; the general one is 0 and always there."""
    table = portal.store["category"]
    found = dict(iter(table))
    found.setdefault(0, dict(GENERAL))
    return sorted(found.items(), key=lambda pair: (pair[1]["SORT"], pair[0]))


def add_pipeline(portal: FakePortal, name: str, sort: int, **origin: str) -> int:
    """A new pipeline together with its default stages, `C7:NEW` to `C7:APOLOGY`."""
    row: Row = {"NAME": name, "SORT": max(0, sort), "CREATED_DATE": now_text(portal)} | origin
    category_id = portal.store["category"].add(row)
    directory.plant_stages(portal, directory.deal_stages(category_id))
    return category_id


def remove_pipeline(portal: FakePortal, category_id: int) -> None:
    """Remove a pipeline with its stages; Fault 0 while deals stand in it, and always for the general one."""
    if category_id == 0:
        raise Fault(0, "Default deal category cannot be deleted")
    row = portal.store["category"].rows[category_id]
    if any(deal.get("CATEGORY_ID") == category_id for _, deal in portal.store["deal"]):
        raise Fault(0, f"Deals related to the funnel {row['NAME']} found")
    for status_id in portal.store["status"].find("ENTITY_ID", directory.deal_stages(category_id)):
        portal.store["status"].remove(status_id)
    portal.store["category"].remove(category_id)


def _change(portal: FakePortal, category_id: int, changes: Row) -> None:
    table = portal.store["category"]
    if category_id not in table.rows:
        table.add(dict(GENERAL), category_id)  # the general pipeline gets a row when somebody first changes it
    table.change(category_id, changes)


def _require_pipelines(call: Call) -> int:
    type_id = whole(call.param("entityTypeId"))
    if type_id == LEAD:
        raise Fault("ENTITY_TYPE_NOT_SUPPORTED", "Entity type LEAD is not supported")
    if type_id not in (DEAL, CONTACT, COMPANY):
        raise Fault("NOT_FOUND", "SPA not found")
    return type_id


def _require_admin(call: Call) -> None:
    try:
        require_crm_admin(call)
    except Fault:
        raise Fault("ACCESS_DENIED", "Access denied") from None


def _wanted(call: Call, code: str | int = "NOT_FOUND", text: str = "Element not found") -> tuple[int, Row]:
    given = call.param("id")
    category_id = whole(given) if given not in (None, "") else -1
    found = dict(pipelines(call.portal)).get(category_id)
    if found is None or whole(call.param("entityTypeId", default=DEAL)) != DEAL:
        raise Fault(code, text)
    return category_id, found


def _wire(category_id: int, row: Mapping[str, Any], type_id: int = DEAL) -> Row:
    told: Row = {"id": category_id, "name": row["NAME"], "sort": row["SORT"], "entityTypeId": type_id}
    if category_id == 0:
        return told | {"isDefault": "Y"}
    origin = {"originId": row.get("ORIGIN_ID", ""), "originatorId": row.get("ORIGINATOR_ID", "")}
    return told | {"isDefault": "N"} | origin


def _sent(call: Call) -> Mapping[str, Any]:
    sent = call.param("fields", default={})
    return sent if isinstance(sent, Mapping) else {}


@method("crm.category.list")
def category_list(call: Call) -> Answer:
    """All pipelines at once. Contacts and companies have one default category and no pipelines of their own."""
    type_id = _require_pipelines(call)
    if type_id == DEAL:
        rows = [_wire(category_id, row) for category_id, row in pipelines(call.portal)]
    else:
        rows = [_wire(0, GENERAL, type_id)]
    return Answer({"categories": rows}, total=len(rows))


@method("crm.category.get")
def category_get(call: Call) -> Answer:
    """One pipeline."""
    _require_pipelines(call)
    return Answer({"category": _wire(*_wanted(call))})


@method("crm.category.add")
def category_add(call: Call) -> Answer:
    """A new deal pipeline; isDefault cannot be changed for deals and is ignored."""
    _require_pipelines(call)
    _require_admin(call)
    sent = _sent(call)
    name = _checked_name(sent)
    sort = whole(sent["sort"]) if sent.get("sort") not in (None, "") else 500
    origin = {stored: str(sent[given]) for stored, given in _ORIGIN.items() if sent.get(given)}
    category_id = add_pipeline(call.portal, name, sort, **origin)
    return Answer({"category": _wire(category_id, call.portal.store["category"].rows[category_id])})


_ORIGIN = {"ORIGIN_ID": "originId", "ORIGINATOR_ID": "originatorId"}


def _checked_name(sent: Mapping[str, Any]) -> str:
    name = str(sent.get("name") or "").strip()
    if not name:
        raise Fault(0, "Field 'NAME' is required")
    if len(name) > 255:
        raise Fault(0, "Field 'NAME' is too long. Maximum length is 255")
    return name


@method("crm.category.update")
def category_update(call: Call) -> Answer:
    """Name and sort of a pipeline."""
    _require_pipelines(call)
    _require_admin(call)
    category_id, _ = _wanted(call)
    sent = _sent(call)
    changes: Row = {stored: str(sent[given]) for stored, given in _ORIGIN.items() if given in sent}
    if "name" in sent:
        changes["NAME"] = _checked_name(sent)
    if sent.get("sort") not in (None, ""):
        changes["SORT"] = max(0, whole(sent["sort"]))
    _change(call.portal, category_id, changes)
    return Answer({"category": _wire(category_id, call.portal.store["category"].rows[category_id])})


@method("crm.category.delete")
def category_delete(call: Call) -> Answer:
    """Answers `null`."""
    _require_pipelines(call)
    _require_admin(call)
    remove_pipeline(call.portal, _wanted(call)[0])
    return Answer(None)


@method("crm.category.fields")
def category_fields(call: Call) -> Answer:
    """Descriptions under `fields`, each with its `upperName`."""
    _require_pipelines(call)
    told = {camel(column.name): describe(column) | {"upperName": column.name} for column in _COLUMNS}
    return Answer({"fields": told})


def _old_wire(call: Call, category_id: int, row: Mapping[str, Any]) -> Row:
    created = row.get("CREATED_DATE")
    return {
        "ID": str(category_id),
        "CREATED_DATE": to_local(created, offset_of(call.portal)) if created else "",
        "NAME": row["NAME"],
        "IS_LOCKED": "N",
        "SORT": str(row["SORT"]),
    }


@method("crm.dealcategory.list")
def dealcategory_list(call: Call) -> Answer:
    """Every pipeline but the general one."""
    rows = [_old_wire(call, category_id, row) for category_id, row in pipelines(call.portal) if category_id]
    return Answer(rows, total=len(rows))


@method("crm.dealcategory.get")
def dealcategory_get(call: Call) -> Answer:
    """One pipeline as a classic row."""
    return Answer(_old_wire(call, *_wanted(call, "", "Not found")))


@method("crm.dealcategory.add")
def dealcategory_add(call: Call) -> Answer:
    """A new pipeline; answers its id."""
    require_crm_admin(call)
    sent = _sent(call)
    name = str(sent.get("NAME") or "").strip()
    if not name:
        raise Fault("", "Field 'NAME' is required")
    return Answer(add_pipeline(call.portal, name, whole(sent.get("SORT"))))


@method("crm.dealcategory.update")
def dealcategory_update(call: Call) -> Answer:
    """NAME and SORT of a pipeline; answers true."""
    require_crm_admin(call)
    category_id, _ = _wanted(call, "", "Not found")
    sent = _sent(call)
    changes: Row = {"NAME": str(sent["NAME"])} if sent.get("NAME") else {}
    if sent.get("SORT") not in (None, ""):
        changes["SORT"] = whole(sent["SORT"])
    _change(call.portal, category_id, changes)
    return Answer(True)


@method("crm.dealcategory.delete")
def dealcategory_delete(call: Call) -> Answer:
    """Answers true; refused like crm.category.delete."""
    require_crm_admin(call)
    remove_pipeline(call.portal, _wanted(call, "", "Not found")[0])
    return Answer(True)


@method("crm.dealcategory.fields")
def dealcategory_fields(_call: Call) -> Answer:
    """Descriptions of a classic pipeline row."""
    return Answer({column.name: describe(column) for column in _OLD_COLUMNS})


@method("crm.dealcategory.default.get")
def dealcategory_default_get(call: Call) -> Answer:
    """The general pipeline."""
    return Answer({"ID": 0, "NAME": dict(pipelines(call.portal))[0]["NAME"]})


@method("crm.dealcategory.default.set")
def dealcategory_default_set(call: Call) -> Answer:
    """Renames the general pipeline."""
    require_crm_admin(call)
    sent = _sent(call)
    name = str(call.param("name") or sent.get("NAME") or "").strip()
    if not name:
        raise Fault("", "Field 'NAME' is required")
    _change(call.portal, 0, {"NAME": name})
    return Answer(True)


@method("crm.dealcategory.stage.list")
def dealcategory_stages(call: Call) -> Answer:
    """Stages of a pipeline by SORT; the general one when no id is given."""
    given = call.param("id")
    entity_id = directory.deal_stages(whole(given))
    rows = stages.entry_rows(call.portal, entity_id)
    return Answer([row | {"SORT": str(row["SORT"])} for row in rows], total=len(rows))


@method("crm.dealcategory.status")
def dealcategory_status(call: Call) -> Answer:
    """The directory in which a pipeline's stages stand."""
    return Answer(directory.deal_stages(_wanted(call, "", "Not found")[0]))
