"""How a lead ends that is removed: its letters that hang on other cards are taken off first, then the lead goes.

crm.lead.delete takes along everything that hangs on the lead alone, so what others hold must let go of it before.
"""

from __future__ import annotations

from collections.abc import Sequence

from b24kit.change.operation import Operation, Phase, Reason, RemoveRecord, UnbindLetter
from b24kit.crm.cards import Lead
from b24kit.crm.records import values_of
from b24kit.crm.refs import Ref


def remove(lead: Lead, letters: Sequence[Ref], reason: Reason, cluster: str) -> list[Operation]:
    """The operations that remove a lead; `letters` are those of its letters that another card holds too."""
    unbound = [
        UnbindLetter(
            key=f"unbind-{letter.id}-{lead.id}",
            cluster=cluster,
            phase=Phase.LINKS,
            reason=Reason("clean.unbind_letter", {"lead": lead.id}),
            activity=letter,
            card=lead.ref,
        )
        for letter in letters
    ]
    removal = RemoveRecord(
        key=f"remove-lead-{lead.id}",
        cluster=cluster,
        phase=Phase.RETIRE,
        reason=reason,
        ref=lead.ref,
        before=values_of(lead),
        needs=tuple(one.key for one in unbound),
    )
    return [*unbound, removal]
