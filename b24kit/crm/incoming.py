"""Incoming leads that nobody has taken in yet: a letter, a form, a call or a chat with what it came with.

Where a vendor keeps them apart from leads (amoCRM's "unsorted"), each has a card already that people do not see as
theirs; where it does not, there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from b24kit.crm.refs import Kind, Ref


class Category(StrEnum):
    """By what way it came."""

    MAIL = "mail"
    FORMS = "forms"
    SIP = "sip"
    CHATS = "chats"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """`lead` is the card it stands on, `contacts` those that came with it; both are None or empty where it has none.

    `remarks` is how many notes people left on that card, as far as they were asked for.
    """

    id: str
    category: Category
    source: str = ""
    pipeline: str | None = None
    created: datetime | None = None
    sender_name: str = ""
    sender_address: str = ""
    sender_phone: str = ""
    subject: str = ""
    summary: str = ""
    lead: str | None = None
    contacts: tuple[str, ...] = ()
    company: str | None = None
    remarks: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return Ref(Kind.INCOMING, self.id)
