"""Messages to clients that rules asked for: kept, shown, and sent by nobody but who armed the playbook and the command.

What stands here has reached no client; a person reads it first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24kit.crm.refs import Ref
from b24kit.robots.decision import Action
from b24kit.robots.store import Store, from_stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that waits; `values` are channel, subject, text and sender."""

    key: str
    card: Ref
    at: datetime
    values: dict[str, Any]


class Outbox:
    """The messages of one portal."""

    def __init__(self, store: Store, portal: str) -> None:
        self._store, self._portal = store, portal

    def keep(self, messages: Iterable[Action], now: datetime) -> None:
        """Remember messages, each key once."""
        rows = [
            (self._portal, one.key, str(one.card), now.timestamp(), json.dumps(dict(one.values), ensure_ascii=False))
            for one in messages
        ]
        if rows:
            self._store.base.many(
                "INSERT INTO outbox (portal, key, card, at, body) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (portal, key) DO NOTHING",
                rows,
            )

    def waiting(self) -> list[Message]:
        """What was not sent, oldest first."""
        rows = self._store.base.rows(
            "SELECT key, card, at, body FROM outbox WHERE portal = ? AND sent IS NULL ORDER BY at, key", (self._portal,)
        )
        return [
            Message(key=key, card=Ref.parse(card), at=from_stamp(at), values=json.loads(body))
            for key, card, at, body in rows
        ]
