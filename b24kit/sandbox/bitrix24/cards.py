"""Cards of a fake portal as plain functions: create, change and delete leads, deals, contacts and companies.

Everything that the server itself keeps lives here (defaults, semantics, history, repeat-lead mark, links, robots);
the REST methods over it are `classic.py`, `items.py` and `importing.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from b24kit.sandbox.bitrix24 import arguments, automation, card_links, directory, fields, multifields, removal, values
from b24kit.sandbox.bitrix24.fields import COLUMNS, SEMANTIC_COLUMNS, STAGE_COLUMNS
from b24kit.sandbox.bitrix24.registry import FakePortal
from b24kit.sandbox.bitrix24.tables import CARD_TABLES, COMPANY, CONTACT, DEAL, LEAD, owner_key
from b24kit.sandbox.store import Row

CREATED, TO_WORK, TO_FINAL, TO_PIPELINE = 1, 2, 3, 5  # TYPE_ID of crm.stagehistory.list
SIMPLE_MODE = 2  # crm.settings.mode.get: a portal without leads
_ROBOT_HOPS = 10  # a ring of robots that move cards stops here

_LINK_COLUMNS = {
    LEAD: [("CONTACT_IDS", "CONTACT_ID")],
    DEAL: [("CONTACT_IDS", "CONTACT_ID")],
    CONTACT: [("COMPANY_IDS", "COMPANY_ID")],
    COMPANY: [],
}
_TITLE_DEFAULTS = {LEAD: "Лид #{}", DEAL: "Сделка #{}"}
_BB_TAGS = re.compile(r"<(/?)(b|i|u|s)>", re.IGNORECASE)
_OTHER_TAGS = re.compile(r"</?(?:p|div|span|a|font|script|strong|em|table|tr|td|ul|li|h\d)\b[^>]*>", re.IGNORECASE)
_BREAKS = re.compile(r"<br\s*/?>", re.IGNORECASE)


def create(
    portal: FakePortal,
    type_id: int,
    sent: Mapping[str, Any],
    user_id: int,
    *,
    system: Mapping[str, Any] | None = None,
    fm: Any = None,
    robots: bool = True,
) -> int:
    """Store a new card and give its id.

    `sent` holds classic names with values as a caller writes them, multifields included; unknown and read-only ones
    are ignored. `system` holds read-only columns in stored form (DATE_CREATE, MOVED_TIME, LEAD_ID...), for imports
    and seeds; `fm` holds multifields in the universal form. With `robots` the robots of the first stage act, and in
    simple CRM mode a lead becomes a deal.
    """
    row = accept(portal, type_id, sent)
    now = values.now_text(portal)
    row = _defaults(portal, type_id, row, user_id, now) | dict(system or {})
    _settle_stage(portal, type_id, row, now)
    table = portal.store[CARD_TABLES[type_id]]
    card_id = table.last_id + 1
    if type_id in _TITLE_DEFAULTS and not row.get("TITLE"):
        row["TITLE"] = _TITLE_DEFAULTS[type_id].format(card_id)
    table.add(row, card_id)
    if type_id != DEAL:
        _add_values(portal, type_id, card_id, sent, fm)
    if type_id in STAGE_COLUMNS:
        _note_stage(portal, type_id, card_id, CREATED, row["MOVED_TIME"])
    if type_id == COMPANY and "CONTACT_ID" in sent:
        card_links.link_contacts(portal, card_id, card_links.sent_ids(sent["CONTACT_ID"]))
    if robots:
        _after_creation(portal, type_id, card_id, user_id)
    return card_id


def _add_values(portal: FakePortal, type_id: int, card_id: int, sent: Mapping[str, Any], fm: Any) -> None:
    added = multifields.write_classic(portal, type_id, card_id, sent)
    if multifields.write_items(portal, type_id, card_id, fm) or added:
        keep_presence(portal, type_id, card_id)


def update(
    portal: FakePortal, type_id: int, card_id: int, sent: Mapping[str, Any], user_id: int, *, robots: bool = True
) -> bool:
    """Change a card as the classic update does; True when anything really changed.

    Raises Fault CRM_FIELD_ERROR_REQUIRED when the card enters a stage whose required fields are empty.
    """
    stored = portal.store[CARD_TABLES[type_id]].rows[card_id]
    wanted = accept(portal, type_id, sent)
    if type_id == DEAL:
        wanted.pop("CATEGORY_ID", None)  # immutable here; only crm.item.update moves a deal between pipelines
    changes = {name: value for name, value in wanted.items() if stored.get(name) != value}
    if type_id in STAGE_COLUMNS and not wanted.get(STAGE_COLUMNS[type_id], True):
        changes.pop(STAGE_COLUMNS[type_id], None)  # an empty stage is no stage: the card stays where it is
    write(portal, type_id, card_id, changes, user_id, robots=robots)
    touched = type_id != DEAL and multifields.write_classic(portal, type_id, card_id, sent)
    if touched:
        keep_presence(portal, type_id, card_id)
    if type_id == COMPANY and "CONTACT_ID" in sent:
        card_links.link_contacts(portal, card_id, card_links.sent_ids(sent["CONTACT_ID"]))
    return bool(changes) or touched


def write(portal: FakePortal, type_id: int, card_id: int, changes: Row, user_id: int, *, robots: bool = True) -> None:
    """Write native columns of a card with everything that follows: semantics, history, marks, robots."""
    stored = portal.store[CARD_TABLES[type_id]].rows[card_id]
    now = values.now_text(portal)
    stage_column = STAGE_COLUMNS.get(type_id)
    moved = stage_column is not None and changes.get(stage_column, stored.get(stage_column)) != stored.get(stage_column)
    fresh: Row = dict(changes)
    if moved and stage_column is not None:
        if "CATEGORY_ID" not in changes:  # fields required at a stage are checked inside one pipeline only
            automation.check_required(portal, type_id, changes[stage_column], stored | changes)
        fresh |= {"MOVED_TIME": now, "MOVED_BY_ID": user_id}
        fresh |= _stage_marks(portal, type_id, stored | changes, now)
    if type_id == LEAD:
        fresh["IS_RETURN_CUSTOMER"] = repeat_mark(portal, stored | changes)
    fresh |= {"DATE_MODIFY": now, "MODIFY_BY_ID": user_id}
    portal.store[CARD_TABLES[type_id]].change(card_id, fresh)
    if moved and stage_column is not None:
        kind = TO_PIPELINE if "CATEGORY_ID" in changes else _move_kind(fresh[SEMANTIC_COLUMNS[type_id]])
        _note_stage(portal, type_id, card_id, kind, now)
        if robots:
            _let_robots_act(portal, type_id, card_id, user_id)


def delete(portal: FakePortal, type_id: int, card_id: int) -> None:
    """Delete a card with everything that hangs on it alone, and cut the links that led to it."""
    if type_id in (CONTACT, COMPANY):
        card_links.cut_links(portal, type_id, card_id)
    removal.remove_dependents(portal, type_id, card_id)
    portal.store[CARD_TABLES[type_id]].remove(card_id)


def accept(portal: FakePortal, type_id: int, sent: Mapping[str, Any]) -> Row:
    """The writable fields of what a caller sent, in stored form; unknown and read-only names are left out."""
    offset = values.offset_of(portal)
    row: Row = {}
    columns = COLUMNS[type_id]
    for name, value in sent.items():
        column = columns.get(name)
        if column is None:
            if name == "OBSERVERS":
                row[name] = card_links.sent_ids(value)
        elif not column.read_only and not column.multiple:
            row[name] = values.native(column.kind, value, offset)
    if isinstance(row.get("COMMENTS"), str):
        row["COMMENTS"] = as_bb_code(row["COMMENTS"])
    if any(name.startswith("UF_") for name in sent):
        row |= accept_custom(portal, type_id, sent)
    row |= _links(type_id, sent, row)
    return row


def accept_custom(portal: FakePortal, type_id: int, sent: Mapping[str, Any]) -> Row:
    """The user fields of what a caller sent, in stored form."""
    offset = values.offset_of(portal)
    row: Row = {}
    for described in fields.custom_fields(portal, type_id):
        name = described["FIELD_NAME"]
        if name not in sent:
            continue
        kind = fields.CUSTOM_KINDS.get(described["USER_TYPE_ID"], "string")
        if described.get("MULTIPLE") == "Y":
            many = [values.native(kind, one, offset) for one in arguments.listed(sent[name]) if one not in ("", None)]
            row[name] = many
        else:
            row[name] = None if sent[name] in ("", None) else values.native(kind, sent[name], offset)
    return row


def as_bb_code(text: str) -> str:
    """COMMENTS as the portal keeps it: simple HTML becomes BB-code, other tags go, plain text stays verbatim."""
    if "<" not in text:
        return text
    text = _BREAKS.sub("\n", text)
    return _OTHER_TAGS.sub("", _BB_TAGS.sub(lambda tag: f"[{tag.group(1)}{tag.group(2).upper()}]", text))


def keep_presence(portal: FakePortal, type_id: int, card_id: int) -> None:
    """Bring HAS_PHONE, HAS_EMAIL and HAS_IMOL in line with the values that a card holds."""
    portal.store[CARD_TABLES[type_id]].change(card_id, multifields.presence(portal, type_id, card_id))


def repeat_mark(portal: FakePortal, row: Mapping[str, Any]) -> str:
    """IS_RETURN_CUSTOMER of a lead: Y once a client is linked, unless `settings["repeat_leads"]` is off."""
    linked = bool(row.get("CONTACT_ID") or row.get("COMPANY_ID"))
    return "Y" if linked and portal.settings.get("repeat_leads", True) else "N"


def _links(type_id: int, sent: Mapping[str, Any], row: Row) -> Row:
    """Columns for CONTACT_IDS or COMPANY_IDS when they were sent; a deal's CONTACT_ID may be a list as well."""
    links: Row = {}
    for many, one in _LINK_COLUMNS[type_id]:
        if many in sent:
            ids = card_links.sent_ids(sent[many])
            links |= card_links.link_columns(many, one, ids, ids[0] if ids else None)
        elif one in sent:
            ids = card_links.sent_ids(sent[one])
            links |= card_links.link_columns(many, one, ids, ids[0] if ids else None)
            row.pop(one, None)
    return links


def _defaults(portal: FakePortal, type_id: int, row: Row, user_id: int, now: str) -> Row:
    filled = {name: value for name, value in row.items() if value is not None}
    filled.setdefault("ASSIGNED_BY_ID", user_id)
    filled.setdefault("OPENED", "Y")
    filled |= {"CREATED_BY_ID": user_id, "MODIFY_BY_ID": user_id, "DATE_CREATE": now, "DATE_MODIFY": now}
    filled |= {"LAST_ACTIVITY_BY": user_id, "LAST_ACTIVITY_TIME": now}
    if type_id == CONTACT:
        filled.setdefault("EXPORT", "Y")
    else:
        filled.setdefault("CURRENCY_ID", portal.settings.get("currency", "RUB"))
    if type_id != COMPANY and "SOURCE_ID" not in filled and (first := directory.first_code(portal, "SOURCE")):
        filled["SOURCE_ID"] = first
    if type_id == LEAD:
        filled["IS_RETURN_CUSTOMER"] = repeat_mark(portal, filled)
    return filled


def _settle_stage(portal: FakePortal, type_id: int, row: Row, now: str) -> None:
    """Stage, semantics and move columns of a new card."""
    stage_column = STAGE_COLUMNS.get(type_id)
    if stage_column is None:
        return
    category = row.setdefault("CATEGORY_ID", 0) if type_id == DEAL else 0
    if not row.get(stage_column):
        row[stage_column] = directory.first_code(portal, directory.stage_directory(type_id, category)) or "NEW"
    row.setdefault("MOVED_BY_ID", row["CREATED_BY_ID"])
    row.setdefault("MOVED_TIME", row["DATE_CREATE"])
    marks = _stage_marks(portal, type_id, row, row.get("MOVED_TIME") or now)
    row |= {name: value for name, value in marks.items() if name not in row and value is not None}


def _stage_marks(portal: FakePortal, type_id: int, row: Mapping[str, Any], now: str) -> Row:
    """Semantics and closing columns that follow from the stage in which a card stands."""
    entity = directory.stage_directory(type_id, row.get("CATEGORY_ID") or 0)
    group = directory.semantics(portal, entity, row[STAGE_COLUMNS[type_id]])
    marks: Row = {SEMANTIC_COLUMNS[type_id]: group}
    if type_id == LEAD:
        marks["DATE_CLOSED"] = None if group == "P" else now
    else:
        marks["CLOSED"] = "N" if group == "P" else "Y"
        if group != "P":
            marks["CLOSEDATE"] = now[:10]
        marks["IS_NEW"] = "Y" if row[STAGE_COLUMNS[type_id]] == directory.first_code(portal, entity) else "N"
    return marks


def _move_kind(group: str) -> int:
    return TO_WORK if group == "P" else TO_FINAL


def _note_stage(portal: FakePortal, type_id: int, card_id: int, kind: int, moment: str) -> None:
    """A row of stage history; it knows where the card came to, never where from."""
    row = portal.store[CARD_TABLES[type_id]].rows[card_id]
    stage, group = STAGE_COLUMNS[type_id], SEMANTIC_COLUMNS[type_id]
    noted = {
        "OWNER": owner_key(type_id, card_id),
        "OWNER_TYPE_ID": type_id,
        "OWNER_ID": card_id,
        "TYPE_ID": kind,
        "CREATED_TIME": moment,
        stage: row[stage],
        group: row[group],
    }
    if type_id == DEAL:
        noted["CATEGORY_ID"] = row.get("CATEGORY_ID") or 0
    portal.store["stagehistory"].add(noted)


def _let_robots_act(portal: FakePortal, type_id: int, card_id: int, user_id: int) -> None:
    """Fire the robots of the card's stage, and of every stage they move it to in turn."""
    stage_column = STAGE_COLUMNS[type_id]
    table = portal.store[CARD_TABLES[type_id]]
    for _ in range(_ROBOT_HOPS):
        onward = automation.enter_stage(portal, type_id, card_id, table.rows[card_id][stage_column])
        if onward is None or onward == table.rows[card_id][stage_column]:
            return
        write(portal, type_id, card_id, {stage_column: onward}, user_id, robots=False)


def _after_creation(portal: FakePortal, type_id: int, card_id: int, user_id: int) -> None:
    if type_id in STAGE_COLUMNS:
        _let_robots_act(portal, type_id, card_id, user_id)
    if type_id == LEAD and portal.settings.get("crm_mode", 1) == SIMPLE_MODE:
        _turn_into_deal(portal, card_id, user_id)


def _turn_into_deal(portal: FakePortal, lead_id: int, user_id: int) -> None:
    """Simple CRM mode: a lead with a name leaves a contact and a deal behind and is converted at once."""
    lead = portal.store["lead"].rows[lead_id]
    if not lead.get("NAME"):
        return
    origin = {"LEAD_ID": lead_id}
    person = {
        name: lead.get(name) for name in ("NAME", "SECOND_NAME", "LAST_NAME", "POST", "SOURCE_ID", "ASSIGNED_BY_ID")
    }
    contact_id = create(portal, CONTACT, person, user_id, system=origin)
    for _, value in multifields.values_of(portal, LEAD, lead_id):
        multifields.add(portal, CONTACT, contact_id, value["TYPE_ID"], value["VALUE"], value["VALUE_TYPE"])
    keep_presence(portal, CONTACT, contact_id)
    about = {name: lead.get(name) for name in ("TITLE", "SOURCE_ID", "OPPORTUNITY", "CURRENCY_ID", "ASSIGNED_BY_ID")}
    create(portal, DEAL, about | {"CONTACT_ID": contact_id}, user_id, system=origin)
    write(portal, LEAD, lead_id, {"STATUS_ID": "CONVERTED"}, user_id, robots=False)
