"""Addresses of cards in a portal's own pages, for a person to click on."""

from __future__ import annotations

import re

from b24kit.crm.refs import CARDS, Kind, Ref

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")
_AMO = {Kind.LEAD: "leads", Kind.DEAL: "leads", Kind.CONTACT: "contacts", Kind.COMPANY: "companies"}


def deep_link(card: str, host: str, vendor: str = "bitrix24") -> str | None:
    """The page of a card (`lead:12`) on its portal; None for what has none, such as a row of a file."""
    try:
        ref = Ref.parse(card)
    except ValueError:
        return None
    if ref.kind not in CARDS or not ref.id.isdecimal() or not _HOST.fullmatch(host):
        return None
    if vendor == "amocrm":
        return f"https://{host}/{_AMO[ref.kind]}/detail/{ref.id}"
    return f"https://{host}/crm/{ref.kind.value}/details/{ref.id}/"
