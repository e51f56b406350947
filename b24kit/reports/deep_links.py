"""Addresses of cards in a portal's own pages, for a person to click on."""

from __future__ import annotations

import re
from collections.abc import Mapping

from b24kit.crm.refs import CARDS, Ref

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")


def deep_link(card: str, host: str, pages: Mapping[str, str]) -> str | None:
    """The page of a card (`lead:12`) on its portal, by the vendor's `pages`; None for what has none, such as a row of
    a file.
    """
    try:
        ref = Ref.parse(card)
    except ValueError:
        return None
    path = pages.get(ref.kind.value)
    if ref.kind not in CARDS or path is None or not ref.id.isdecimal() or not _HOST.fullmatch(host):
        return None
    return f"https://{host}{path.format(id=ref.id)}"
