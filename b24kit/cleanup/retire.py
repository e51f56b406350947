"""How a lead ends that is no client's: to the archive, with the sign it was told by. Nothing is deleted."""

from __future__ import annotations

from b24kit.change.operation import Reason, UpdateRecord
from b24kit.cleanup.convert import Closing, close_lead
from b24kit.cleanup.pile import Item


def archive(item: Item, closing: Closing) -> UpdateRecord:
    """Move a lead to the archive stage; its owner, letters and history stay as they are."""
    facts = {"class": item.verdict.kind.value, "sign": item.verdict.sign}
    reason = Reason(f"clean.archive_{item.verdict.kind.value}", facts)
    return close_lead(item, f"c-{item.lead.id}", reason, {"stage": closing.archive})
