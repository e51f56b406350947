"""Rows of leads, contacts and companies into records. What b24kit does not name rides in `extra`: tags, the reason of a
loss, the sum of a lead, the source's name, and custom fields as `cf<number>`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b24kit.connectors.amocrm.fields import extra_of, mark_of, points_of
from b24kit.connectors.amocrm.translate import outcome_of, stage_code
from b24kit.connectors.amocrm.wirevalues import Row, embedded, ident, moment, text
from b24kit.crm.cards import Company, Contact, Deal, Lead, Origin, PersonName
from b24kit.crm.refs import Kind

AnyCard = Lead | Contact | Company | Deal

SYSTEM = "b24kit"
# What has to be asked for: contacts of a lead do not come by themselves, tags and companies do.
EMBED = {"leads": "contacts,source,loss_reason", "contacts": "", "companies": ""}


def to_lead(row: Row) -> Lead:
    """A row of /leads as a card of the lead ladder."""
    return Lead(
        **_card(row),
        title=text(row.get("name")),
        stage=stage_code(int(row["pipeline_id"]), int(row["status_id"])),
        outcome=outcome_of(row["status_id"]),
        contact=main_contact(row),
        company=_company(row),
        extra=_lead_extra(row) | ({"price": row["price"]} if row.get("price") else {}),
    )


def to_deal(row: Row) -> Deal:
    """A row of /leads as a card of a pipeline of deals."""
    return Deal(
        **_card(row),
        title=text(row.get("name")),
        pipeline=str(row["pipeline_id"]),
        stage=stage_code(int(row["pipeline_id"]), int(row["status_id"])),
        outcome=outcome_of(row["status_id"]),
        contact=main_contact(row),
        company=_company(row),
        amount=text(row.get("price") or ""),
        extra=_lead_extra(row),
    )


def to_contact(row: Row) -> Contact:
    """A row of /contacts. Where first and last name are empty, the whole name stands as the first."""
    company = _company(row)
    first, last = text(row.get("first_name")), text(row.get("last_name"))
    return Contact(
        **_card(row),
        name=PersonName(first, last) if first or last else PersonName(text(row.get("name"))),
        points=points_of(row),
        company=company,
        companies=(company,) if company else (),
        extra=_extra(row),
    )


def to_company(row: Row) -> Company:
    """A row of /companies."""
    return Company(**_card(row), title=text(row.get("name")), points=points_of(row), extra=_extra(row))


CARD_READERS: dict[Kind, Callable[[Row], AnyCard]] = {
    Kind.LEAD: to_lead,
    Kind.CONTACT: to_contact,
    Kind.COMPANY: to_company,
    Kind.DEAL: to_deal,
}


def main_contact(row: Row) -> str | None:
    """The contact that a lead is about: the main one, else the first."""
    contacts = embedded(row, "contacts")
    main = next((one for one in contacts if one.get("is_main")), contacts[0] if contacts else {})
    return ident(main.get("id"))


def tags_of(row: Row) -> list[str]:
    """Names of a card's tags, sorted: the vendor gives them no order."""
    return sorted(text(tag.get("name")) for tag in embedded(row, "tags"))


def _company(row: Row) -> str | None:
    companies = embedded(row, "companies")
    return ident(companies[0].get("id")) if companies else None


def _card(row: Row) -> dict[str, Any]:
    mark = mark_of(row)
    return {
        "id": str(row["id"]),
        "owner": ident(row.get("responsible_user_id")),
        "created": moment(row.get("created_at")),
        "created_by": ident(row.get("created_by")),
        "changed": moment(row.get("updated_at")),
        "changed_by": ident(row.get("updated_by")),
        "origin": Origin(SYSTEM, mark) if mark else None,
    }


def _extra(row: Row) -> dict[str, Any]:
    tags = tags_of(row)
    return extra_of(row) | ({"tags": tags} if tags else {})


def _lead_extra(row: Row) -> dict[str, Any]:
    kept = _extra(row)
    others = [found for one in embedded(row, "contacts") if (found := ident(one.get("id"))) != main_contact(row)]
    if others:
        kept["contacts"] = sorted(filter(None, others), key=int)
    if row.get("loss_reason_id"):
        kept["loss_reason_id"] = row["loss_reason_id"]
    source = embedded(row, "source")
    if source and source[0].get("name"):
        kept["source"] = text(source[0]["name"])
    return kept
