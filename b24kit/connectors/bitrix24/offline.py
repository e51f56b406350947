"""The portal's own queue of events: rows are reserved, stored on our side, and only then confirmed.

Rests on the vendor's pages event.offline.get, event.offline.clear and "Offline Events": without `clear=0` rows are gone
as soon as they are read, whatever becomes of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.events import decode
from b24kit.connectors.bitrix24.subscriptions import CONNECTOR
from b24kit.connectors.bitrix24.wirevalues import rows_under, text
from b24kit.crm.refs import Ref
from b24kit.errors import BadAnswer


class BitrixQueue:
    """Implements `crm.watch.OfflineQueue` for an application whose plan lets rows be confirmed."""

    def __init__(self, client: RestClient) -> None:
        self._client = client

    def reserve(self, limit: int) -> tuple[str, list[tuple[Ref, str]]]:
        """A ticket, and the cards with what happened to them, oldest first. Rows under a ticket that is never
        confirmed stay reserved for 30 days: what they hinted at is found by the sweep.
        """
        # Reserving twice would hide the first rows: the call is no question that may be repeated after a broken answer.
        params = {"clear": 0, "limit": limit, "auth_connector": CONNECTOR}
        result = self._client.call("event.offline.get", params, reads=False)
        if not isinstance(result, Mapping):
            raise BadAnswer("wrong_shape", method="event.offline.get", said="no object")
        hints = [hint for row in rows_under(result, "events") for hint in decode(_as_form(row))]
        return text(result.get("process_id")), [(hint.card, hint.kind.value) for hint in hints]

    def confirm(self, ticket: str) -> None:
        """They are stored on our side: the portal may forget them."""
        if ticket:
            self._client.call("event.offline.clear", {"process_id": ticket})


def _as_form(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a message would have told it; ids come as numbers or as texts."""
    data = row.get("EVENT_DATA")
    fields = data.get("FIELDS") if isinstance(data, Mapping) else None
    number = text(fields.get("ID")) if isinstance(fields, Mapping) else ""
    return {"event": text(row.get("EVENT_NAME")), "data": {"FIELDS": {"ID": number}}}
