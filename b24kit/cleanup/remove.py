"""How a lead is removed: first off it what may hang on another card too, then the lead itself, copied whole before.
Nothing goes for good: undoing makes it again out of the copy."""

from __future__ import annotations

from collections.abc import Sequence

from b24kit.change.operation import Operation, Phase, Reason, RemoveRecord, UnbindLetter
from b24kit.crm.cards import Lead
from b24kit.crm.records import values_of
from b24kit.crm.refs import Ref


def remove(lead: Lead, letters: Sequence[Ref], reason: Reason, cluster: str) -> list[Operation]:
    """The operations that remove a lead, in order.

    `letters` are those of its activities that may hang on another card as well: each is taken off the lead unless it
    hangs there alone, since the portal takes with a lead what belongs to it (crm.lead.delete).
    """
    found: list[Operation] = [
        UnbindLetter(
            key=f"off-{lead.id}-{letter.id}",
            phase=Phase.LINKS,
            reason=Reason("clean.remove_letter", {"lead": lead.id}),
            cluster=cluster,
            activity=letter,
            card=lead.ref,
            unless_last=True,
        )
        for letter in dict.fromkeys(letters)
    ]
    removal = RemoveRecord(
        key=f"remove-{lead.id}",
        phase=Phase.RETIRE,
        reason=reason,
        cluster=cluster,
        ref=lead.ref,
        before=values_of(lead),
        needs=tuple(one.key for one in found),
        kept=True,
    )
    return [*found, removal]
