"""Who really spoke: bounces and automatic replies are no word of a client, whatever the portal files them as.

A vacation notice must not stop a sequence, and a delivery failure must not open a closed card again.
"""

from __future__ import annotations

from dataclasses import replace

from b24kit.crm.activity import Activity, Direction
from b24kit.letters import machines, quotes, sender
from b24kit.robots.facts import CardFacts


def without_machines(facts: CardFacts) -> CardFacts:
    """The same facts without touches that machines made on the client's side."""
    said = {letter.ref for letter in facts.letters if letter.direction is Direction.IN and _by_itself(letter)}
    if not said:
        return facts
    return replace(facts, touches=tuple(touch for touch in facts.touches if touch.ref not in said))


def _by_itself(activity: Activity) -> bool:
    letter = activity.letter
    if letter is None:
        return False
    headers = {name.lower(): value.strip() for name, value in letter.headers.items()}
    from_, own = sender.parse(letter.sender), quotes.own_text(activity.text) if activity.text else ""
    subject = activity.subject
    return bool(machines.bounced(from_, subject, headers, own) or machines.auto_reply(from_, subject, headers, own))
