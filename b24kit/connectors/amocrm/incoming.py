"""Rows of /leads/unsorted as incoming leads: mail, forms, calls and chats that nobody has taken in.

Rests on the vendor's page "Incoming leads"; numbers in the meta data may come as text, so nothing is counted on there.
"""

from __future__ import annotations

from typing import Any

from b24kit.connectors.amocrm.wirevalues import Row, embedded, ident, mapping, moment, text
from b24kit.crm.incoming import Category, Incoming


def to_incoming(row: Row) -> Incoming | None:
    """One row of the list; None for a category that b24kit does not know."""
    try:
        category = Category(text(row.get("category")))
    except ValueError:
        return None
    told = mapping(row.get("metadata"))
    leads, companies = embedded(row, "leads"), embedded(row, "companies")
    return Incoming(
        id=text(row.get("uid")),
        category=category,
        source=text(row.get("source_name")),
        pipeline=ident(row.get("pipeline_id")),
        created=moment(row.get("created_at")),
        **_sender(category, told),
        subject=text(told.get("subject") or told.get("form_name")),
        summary=text(told.get("content_summary") or told.get("last_message_text")),
        lead=ident(leads[0].get("id")) if leads else None,
        contacts=tuple(found for one in embedded(row, "contacts") if (found := ident(one.get("id")))),
        company=ident(companies[0].get("id")) if companies else None,
        extra=_kept(told),
    )


def _sender(category: Category, told: Row) -> dict[str, Any]:
    if category is Category.MAIL:
        sender = mapping(told.get("from"))
        return {"sender_name": text(sender.get("name")), "sender_address": text(sender.get("email"))}
    if category is Category.SIP:
        return {"sender_name": text(told.get("from")), "sender_phone": text(told.get("phone") or told.get("from"))}
    if category is Category.CHATS:
        return {"sender_name": text(mapping(told.get("client")).get("name") or told.get("from"))}
    return {}


def _kept(told: Row) -> dict[str, Any]:
    named = ("from", "subject", "content_summary", "last_message_text", "client", "phone", "form_name")
    return {name: value for name, value in told.items() if name not in named and value not in (None, "", [], {})}
