"""Rows of leads, contacts, companies and deals as classic lists give them, into records.

Fields that b24kit does not name ride in `extra` under the vendor's names, empty ones left out; fields that move by
themselves and cannot be restored are left out too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b24kit.connectors.bitrix24.fieldnames import RESTLESS, names
from b24kit.connectors.bitrix24.wirevalues import Row, filled, ident, moment, text, yes
from b24kit.crm.cards import Company, Contact, Deal, Lead, Origin, PersonName
from b24kit.crm.pipeline import Outcome
from b24kit.crm.points import Point, PointKind
from b24kit.crm.refs import Kind

AnyCard = Lead | Contact | Company | Deal

# What a list call has to ask for: `*` alone brings neither user fields nor points of contact.
CARD_SELECT = ("*", "UF_*", "EMAIL", "PHONE", "WEB", "IM", "LINK")
DEAL_SELECT = ("*", "UF_*")

OUTCOMES = {"S": Outcome.WON, "F": Outcome.LOST}
POINT_FIELDS = {"PHONE": PointKind.PHONE, "EMAIL": PointKind.EMAIL, "WEB": PointKind.WEB, "IM": PointKind.IM}

_COMMON = frozenset(
    names("""ID ASSIGNED_BY_ID DATE_CREATE CREATED_BY_ID DATE_MODIFY MODIFY_BY_ID LAST_ACTIVITY_TIME ORIGINATOR_ID
    ORIGIN_ID COMMENTS""")
)
_NAMED = {
    Kind.LEAD: """TITLE STATUS_ID STATUS_SEMANTIC_ID MOVED_TIME SOURCE_ID NAME SECOND_NAME LAST_NAME COMPANY_TITLE
        CONTACT_ID COMPANY_ID IS_RETURN_CUSTOMER""",
    Kind.CONTACT: "NAME SECOND_NAME LAST_NAME COMPANY_ID COMPANY_IDS SOURCE_ID",
    Kind.COMPANY: "TITLE",
    Kind.DEAL: """TITLE CATEGORY_ID STAGE_ID STAGE_SEMANTIC_ID CONTACT_ID COMPANY_ID LEAD_ID OPPORTUNITY CURRENCY_ID
        MOVED_TIME""",
}
_TAKEN = {kind: _COMMON | RESTLESS | POINT_FIELDS.keys() | set(names(line)) for kind, line in _NAMED.items()}


def to_lead(row: Row) -> Lead:
    """A row of crm.lead.list."""
    return Lead(
        **_card(Kind.LEAD, row),
        title=text(row.get("TITLE")),
        stage=text(row.get("STATUS_ID")),
        outcome=outcome_of(row.get("STATUS_SEMANTIC_ID")),
        moved=moment(row.get("MOVED_TIME")),
        source=ident(row.get("SOURCE_ID")),
        name=_person(row),
        company_title=text(row.get("COMPANY_TITLE")),
        contact=ident(row.get("CONTACT_ID")),
        company=ident(row.get("COMPANY_ID")),
        repeat=yes(row.get("IS_RETURN_CUSTOMER")),
    )


def to_contact(row: Row) -> Contact:
    """A row of crm.contact.list. A contact has no title of its own: its name is one."""
    company = ident(row.get("COMPANY_ID"))
    listed = row.get("COMPANY_IDS")
    many = [found for found in map(ident, listed if isinstance(listed, list) else []) if found]
    companies = tuple(many) if many else (company,) if company else ()
    return Contact(
        **_card(Kind.CONTACT, row),
        name=_person(row),
        company=company,
        companies=companies,
        source=ident(row.get("SOURCE_ID")),
    )


def to_company(row: Row) -> Company:
    """A row of crm.company.list."""
    return Company(**_card(Kind.COMPANY, row), title=text(row.get("TITLE")))


def to_deal(row: Row) -> Deal:
    """A row of crm.deal.list; the general pipeline has the id "0"."""
    return Deal(
        **_card(Kind.DEAL, row),
        title=text(row.get("TITLE")),
        pipeline=text(row.get("CATEGORY_ID")) or "0",
        stage=text(row.get("STAGE_ID")),
        outcome=outcome_of(row.get("STAGE_SEMANTIC_ID")),
        contact=ident(row.get("CONTACT_ID")),
        company=ident(row.get("COMPANY_ID")),
        lead=ident(row.get("LEAD_ID")),
        amount=text(row.get("OPPORTUNITY")),
        currency=text(row.get("CURRENCY_ID")),
    )


CARD_READERS: dict[Kind, Callable[[Row], AnyCard]] = {
    Kind.LEAD: to_lead,
    Kind.CONTACT: to_contact,
    Kind.COMPANY: to_company,
    Kind.DEAL: to_deal,
}


def outcome_of(semantics: Any) -> Outcome:
    """`S` won, `F` lost; null, "" and `P` are open."""
    return OUTCOMES.get(str(semantics), Outcome.OPEN)


def points_of(row: Row) -> tuple[Point, ...]:
    """The multifields of a row, in the portal's order; a key is absent when the card has none of that type."""
    return tuple(
        Point(kind, text(item.get("VALUE")), text(item.get("VALUE_TYPE")).lower() or "work", ident(item.get("ID")))
        for name, kind in POINT_FIELDS.items()
        for item in row.get(name) or ()
    )


def _card(kind: Kind, row: Row) -> dict[str, Any]:
    taken = _TAKEN[kind]
    return {
        "id": str(row["ID"]),
        "owner": ident(row.get("ASSIGNED_BY_ID")),
        "created": moment(row.get("DATE_CREATE")),
        "created_by": ident(row.get("CREATED_BY_ID")),
        "changed": moment(row.get("DATE_MODIFY")),
        "changed_by": ident(row.get("MODIFY_BY_ID")),
        "last_activity": moment(row.get("LAST_ACTIVITY_TIME")),
        "points": points_of(row),
        "origin": _origin(row),
        "comment": text(row.get("COMMENTS")),
        "extra": {name: value for name, value in row.items() if name not in taken and filled(value)},
    }


def _origin(row: Row) -> Origin | None:
    system, found = text(row.get("ORIGINATOR_ID")), text(row.get("ORIGIN_ID"))
    return Origin(system, found) if system or found else None


def _person(row: Row) -> PersonName:
    return PersonName(text(row.get("NAME")), text(row.get("LAST_NAME")), text(row.get("SECOND_NAME")))
