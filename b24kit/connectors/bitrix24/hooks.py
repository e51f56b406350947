"""Requests that a Bitrix24 portal posts to a handler: proved by the application token, read as hints which card to see.

The form holds `event`, `data[FIELDS][ID]` and `auth[application_token]` (page "Security in event handlers"). The
addresses in `auth` are never used: whoever forged the form would have chosen them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

from b24kit.crm.refs import Kind, Ref

_EVENT = re.compile(r"ONCRM(LEAD|DEAL|ACTIVITY)(ADD|UPDATE|DELETE)", re.IGNORECASE)
_KINDS = {"LEAD": Kind.LEAD, "DEAL": Kind.DEAL, "ACTIVITY": Kind.ACTIVITY}
_HAPPENED = {"ADD": "added", "UPDATE": "changed", "DELETE": "deleted"}
_LONGEST_ID = 18


class PortalRequests:
    """Implements what a receiver asks of its vendor; `tokens` are the application tokens that prove the portal."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        if not tokens or not all(tokens):
            raise ValueError("an application token is needed to prove a request")
        self._tokens = tuple(token.encode() for token in tokens)

    def prove(self, form: Mapping[str, Any]) -> bool:
        """Whether `auth[application_token]` is one of ours, compared in constant time."""
        auth = form.get("auth")
        given = auth.get("application_token") if isinstance(auth, Mapping) else None
        if not isinstance(given, str):
            return False
        return any([hmac.compare_digest(token, given.encode("utf-8", "replace")) for token in self._tokens])

    def hints(self, form: Mapping[str, Any]) -> list[tuple[Ref, str]]:
        """The card that an event is about, and what happened; nothing for other events and for wrong ids."""
        event = form.get("event")
        found = _EVENT.fullmatch(event) if isinstance(event, str) else None
        data = form.get("data")
        fields = data.get("FIELDS") if isinstance(data, Mapping) else None
        number = fields.get("ID") if isinstance(fields, Mapping) else None
        if found is None or not isinstance(number, str) or not number.isascii() or not number.isdigit():
            return []
        if len(number) > _LONGEST_ID or int(number) == 0:
            return []
        return [(Ref(_KINDS[found[1].upper()], str(int(number))), _HAPPENED[found[2].upper()])]
