"""Whether people have filled in a field that a run made: then undoing the run leaves the field, with what is in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from b24kit.crm.cardfield import TellsFields
from b24kit.crm.portal import Portal
from b24kit.crm.refs import Kind, Ref

KEPT = "kept_when_filled"  # of a new field's values: it is such a field


def holder_of(portal: Portal, made: Mapping[str, Any], leaving: Collection[Ref]) -> Ref | None:
    """A card whose field holds something; None where there is none, or the portal does not say which fields it has.

    `leaving` are cards that the way back removes or empties itself.
    """
    if not made.get(KEPT) or not isinstance(portal, TellsFields):
        return None
    kind, code = Kind(made["card_kind"]), str(made["code"]).upper()
    fields = [one for one in portal.card_fields() or () if one.kind is kind]
    keys = {one.key for one in fields if one.code.upper() in (code, f"UF_CRM_{code}")}
    readers = {
        Kind.LEAD: (portal.leads, portal.deals),  # amoCRM's fields of leads stand on our deals, too
        Kind.DEAL: (portal.deals,),
        Kind.CONTACT: (portal.contacts,),
        Kind.COMPANY: (portal.companies,),
    }
    cards = (card for read in readers[kind] for card in read() if card.ref not in leaving)
    return next((card.ref for card in cards if any(_holds(card.extra.get(key)) for key in keys)), None)


def _holds(value: Any) -> bool:
    return value not in (None, "", [], {}, False, "0")
