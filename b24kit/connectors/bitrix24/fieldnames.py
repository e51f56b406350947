"""Which names the vendor's classic lists know. They drop an unknown filter key without a word and answer with more rows
than were asked for, so every filter, order and select is held against these tables before it is sent.

The names are those of crm.lead.fields, crm.contact.fields, crm.company.fields, crm.deal.fields, crm.activity.fields and
crm.status.fields, and of the pages user.get, crm.timeline.comment.list and tasks.task.list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from b24kit.crm.refs import Kind
from b24kit.errors import UsageError


def names(line: str) -> tuple[str, ...]:
    """Field names written with spaces between them."""
    return tuple(line.split())


MULTIFIELDS = ("PHONE", "EMAIL", "WEB", "IM", "LINK")

_ADDRESS = """ADDRESS ADDRESS_2 ADDRESS_CITY ADDRESS_POSTAL_CODE ADDRESS_REGION ADDRESS_PROVINCE ADDRESS_COUNTRY
ADDRESS_COUNTRY_CODE ADDRESS_LOC_ADDR_ID"""
_UTM = "UTM_SOURCE UTM_MEDIUM UTM_CAMPAIGN UTM_CONTENT UTM_TERM"
_STAMPS = """ID CREATED_BY_ID MODIFY_BY_ID DATE_CREATE DATE_MODIFY LAST_ACTIVITY_BY LAST_ACTIVITY_TIME"""
_HAS = "HAS_PHONE HAS_EMAIL HAS_IMOL"
_PERSON = "HONORIFIC NAME SECOND_NAME LAST_NAME BIRTHDATE POST"

# Of a lead and of a contact (crm.lead.fields, crm.contact.fields): who he is, where he lives, how he came.
PERSON_ALONE = frozenset({"HONORIFIC", "POST", "BIRTHDATE"})
ADDRESS = frozenset(names(_ADDRESS)) - {"ADDRESS_LOC_ADDR_ID"}  # the number of a place that the lead's address owns
ORIGIN = frozenset({*names(_UTM), "SOURCE_DESCRIPTION"})

# Fields that may be written, and those that only the portal sets.
_WRITABLE = {
    Kind.LEAD: f"""TITLE {_PERSON} COMPANY_TITLE COMPANY_ID CONTACT_ID CONTACT_IDS SOURCE_ID SOURCE_DESCRIPTION
        STATUS_ID STATUS_DESCRIPTION COMMENTS CURRENCY_ID OPPORTUNITY IS_MANUAL_OPPORTUNITY ASSIGNED_BY_ID OPENED
        ORIGINATOR_ID ORIGIN_ID {_ADDRESS} {_UTM}""",
    Kind.CONTACT: f"""{_PERSON} COMMENTS PHOTO TYPE_ID SOURCE_ID SOURCE_DESCRIPTION COMPANY_ID COMPANY_IDS EXPORT
        ASSIGNED_BY_ID OPENED ORIGINATOR_ID ORIGIN_ID ORIGIN_VERSION LEAD_ID {_ADDRESS} {_UTM}""",
    Kind.COMPANY: f"""TITLE COMPANY_TYPE LOGO BANKING_DETAILS INDUSTRY EMPLOYEES CURRENCY_ID REVENUE OPENED COMMENTS
        IS_MY_COMPANY ASSIGNED_BY_ID CONTACT_ID ORIGINATOR_ID ORIGIN_ID ORIGIN_VERSION LEAD_ID ADDRESS_LEGAL REG_ADDRESS
        REG_ADDRESS_2 REG_ADDRESS_CITY REG_ADDRESS_POSTAL_CODE REG_ADDRESS_REGION REG_ADDRESS_PROVINCE
        REG_ADDRESS_COUNTRY REG_ADDRESS_COUNTRY_CODE REG_ADDRESS_LOC_ADDR_ID {_ADDRESS} {_UTM}""",
    Kind.DEAL: f"""TITLE TYPE_ID CATEGORY_ID STAGE_ID IS_RECURRING IS_RETURN_CUSTOMER IS_REPEATED_APPROACH PROBABILITY
        CURRENCY_ID OPPORTUNITY IS_MANUAL_OPPORTUNITY TAX_VALUE COMPANY_ID CONTACT_ID CONTACT_IDS BEGINDATE CLOSEDATE
        OPENED CLOSED COMMENTS ASSIGNED_BY_ID SOURCE_ID SOURCE_DESCRIPTION ADDITIONAL_INFO LOCATION_ID ORIGINATOR_ID
        ORIGIN_ID LEAD_ID QUOTE_ID {_UTM}""",
}
_STAMPED = {
    Kind.LEAD: f"{_STAMPS} {_HAS} IS_RETURN_CUSTOMER STATUS_SEMANTIC_ID DATE_CLOSED MOVED_BY_ID MOVED_TIME",
    Kind.CONTACT: f"{_STAMPS} {_HAS} FACE_ID LAST_COMMUNICATION_TIME",
    Kind.COMPANY: f"{_STAMPS} {_HAS} LAST_COMMUNICATION_TIME",
    Kind.DEAL: f"{_STAMPS} STAGE_SEMANTIC_ID IS_NEW MOVED_BY_ID MOVED_TIME",
}
_ACTIVITY = """ID OWNER_ID OWNER_TYPE_ID TYPE_ID PROVIDER_ID PROVIDER_TYPE_ID PROVIDER_GROUP_ID ASSOCIATED_ENTITY_ID
SUBJECT START_TIME END_TIME DEADLINE COMPLETED STATUS RESPONSIBLE_ID PRIORITY NOTIFY_TYPE NOTIFY_VALUE DESCRIPTION
DESCRIPTION_TYPE DIRECTION LOCATION CREATED AUTHOR_ID LAST_UPDATED EDITOR_ID SETTINGS ORIGIN_ID ORIGINATOR_ID
PROVIDER_PARAMS PROVIDER_DATA BINDINGS COMMUNICATIONS FILES IS_INCOMING_CHANNEL"""
_STATUS = "ID ENTITY_ID STATUS_ID NAME NAME_INIT SORT SYSTEM CATEGORY_ID COLOR SEMANTICS"
_USER = """ID ACTIVE NAME LAST_NAME SECOND_NAME EMAIL USER_TYPE WORK_POSITION UF_DEPARTMENT IS_ONLINE"""

WRITABLE = {kind: frozenset(names(line)) for kind, line in _WRITABLE.items()}
STAMPED = {kind: frozenset(names(line)) for kind, line in _STAMPED.items()}
# Stamped fields that move without anybody touching the card, and say nothing a restore could use.
RESTLESS = frozenset(
    names("""LAST_ACTIVITY_BY LAST_COMMUNICATION_TIME MOVED_BY_ID DATE_CLOSED HAS_PHONE HAS_EMAIL HAS_IMOL IS_NEW
    FACE_ID""")
)


def _card_names(kind: Kind) -> frozenset[str]:
    points = () if kind is Kind.DEAL else MULTIFIELDS
    return WRITABLE[kind] | STAMPED[kind] | frozenset(points)


KNOWN: dict[str, frozenset[str]] = {
    "crm.lead.list": _card_names(Kind.LEAD),
    "crm.contact.list": _card_names(Kind.CONTACT),
    "crm.company.list": _card_names(Kind.COMPANY),
    "crm.deal.list": _card_names(Kind.DEAL),
    "crm.activity.list": frozenset(names(_ACTIVITY)),
    "crm.status.list": frozenset(names(_STATUS)),
    "user.get": frozenset(names(_USER)),
    "crm.timeline.comment.list": frozenset(names("ID ENTITY_ID ENTITY_TYPE CREATED COMMENT AUTHOR_ID FILES")),
    "tasks.task.list": frozenset(
        names("ID TITLE DESCRIPTION RESPONSIBLE_ID CREATED_BY DEADLINE STATUS CREATED_DATE UF_CRM_TASK")
    ),
}
_WILD = frozenset({"*", "UF_*"})
_PREFIX = re.compile(r"^(?:!=%|!%=|!=|!@|!%|=%|%=|>=|<=|[!=><@%])")


def is_writable(kind: Kind, name: str) -> bool:
    """Whether a vendor field of a card may be written by its name; user and parent fields always may."""
    if name in MULTIFIELDS:
        return kind is not Kind.DEAL
    return name in WRITABLE[kind] or name.startswith(("UF_", "PARENT_ID_"))


def bare(key: str) -> str:
    """A filter key without its comparison: `>=DATE_MODIFY` is `DATE_MODIFY`."""
    return _PREFIX.sub("", key)


def check_filter(method: str, params: Mapping[str, Any]) -> None:
    """Refuse (UsageError) a list call whose filter, order or select names a field that the method does not know."""
    known = KNOWN.get(method)
    if known is None:
        return
    order = params.get("order")
    _hold(method, "filter", map(bare, params.get("filter") or params.get("FILTER") or {}), known)
    if isinstance(order, Mapping):  # user.get takes the direction alone, as text
        _hold(method, "order", order, known)
    _hold(method, "select", params.get("select") or (), known | _WILD)


def _hold(method: str, part: str, asked: Iterable[str], known: frozenset[str]) -> None:
    for name in asked:
        if name not in known:
            raise UsageError("list_field_unknown", method=method, part=part, field=name)
