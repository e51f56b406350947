"""What logs, plans and journals speak of: a Ref is a kind and an id, and nothing of the vendor's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NEW = "new:"


class Kind(StrEnum):
    """The things of a CRM that b24kit reads or writes."""

    LEAD = "lead"
    CONTACT = "contact"
    COMPANY = "company"
    DEAL = "deal"
    INCOMING = "incoming"
    ACTIVITY = "activity"
    COMMENT = "comment"
    TASK = "task"
    TODO = "todo"
    NOTICE = "notice"
    LETTER = "letter"  # one that really leaves for a client; what has left lies on the card as an activity
    PRODUCT = "product"  # a row of goods or services on a card
    STAGE = "stage"
    PIPELINE = "pipeline"
    SOURCE = "source"
    FIELD = "field"
    GATE = "gate"  # a field of cards as a demand: on which stages it must be filled
    LOSS_REASON = "loss_reason"
    LAYOUT = "layout"  # what everybody sees on a card by default
    SUBSCRIPTION = "subscription"
    USER = "user"
    TEAM = "team"


CARDS = (Kind.LEAD, Kind.CONTACT, Kind.COMPANY, Kind.DEAL)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """One object of the portal at hand, or `new:<operation>` for one that an operation of the plan will create.

    >>> str(Ref(Kind.LEAD, "812"))
    'lead:812'
    >>> Ref.parse("contact:new:c7").is_new
    True
    """

    kind: Kind
    id: str

    @property
    def is_new(self) -> bool:
        return self.id.startswith(NEW)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The Ref whose `str` is `text`; ValueError when it is none."""
        kind, separator, record = text.partition(":")
        if not separator or not record:
            raise ValueError(f"not a reference: {text!r}")
        return cls(Kind(kind), record)


def new_ref(kind: Kind, operation: str) -> Ref:
    """The record that the operation with this key will have created."""
    return Ref(kind, f"{NEW}{operation}")
