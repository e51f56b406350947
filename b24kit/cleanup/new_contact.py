"""A new contact out of several letters: which name and which source it keeps by the playbook's rules, and why.

The rules are those by which cards are merged (`keep`); a letter stands for a card, the earliest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from b24kit.cleanup.keep import Held, Kept, keep
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.survive import best_name, person_name
from b24kit.cleanup.survive_spec import SurviveSpec
from b24kit.crm.cards import PersonName
from b24kit.matching import names


@dataclass(frozen=True, slots=True)
class KeptOfLeads:
    """What a new contact gets; `reasons` tell of values that others gave way to, as a plan keeps them."""

    name: PersonName
    source: str | None
    reasons: tuple[dict[str, Any], ...] = ()


def kept_of_leads(cluster: Cluster, rules: SurviveSpec) -> KeptOfLeads:
    """The name and the source of a cluster's letters by the rules; the mailbox's own name when nobody ever signed."""
    name = _name(cluster, rules.name)
    source = keep("source", rules.source, _held(cluster, lambda item: (item.lead.source,)))
    reasons = [name[1], source]
    told = tuple(_told(one) for one in reasons if one is not None and one.lost)
    return KeptOfLeads(name[0], source.value if source else None, told)


def _name(cluster: Cluster, rule: str) -> tuple[PersonName, Kept | None]:
    spelled = list(_held(cluster, lambda item: [clean for text in item.names if (clean := names.clean_name(text))]))
    best = best_name(cluster.names, cluster.addresses[0])
    if not spelled:
        return best, None
    if rule != "fullest":
        kept = keep("name", rule, spelled)
        assert kept is not None
        return person_name(kept.value), kept
    first = next((one.card for one in spelled if person_name(one.value) == best), spelled[0].card)
    lost = {one.card: one.value for one in spelled if person_name(one.value) != best}
    return best, Kept("name", str(best), rule, first, lost)


def _held(cluster: Cluster, values: Any) -> Iterator[Held]:
    """What each letter says, in order of time; the first one stands as the survivor would."""
    for place, item in enumerate(cluster.items):
        for value in values(item):
            yield Held(value, str(item.lead.ref), place, item.when, item.when, len(str(value or "").split()))


def _told(kept: Kept) -> dict[str, Any]:
    return kept.facts() | {"value": str(kept.value), "lost": {card: str(value) for card, value in kept.lost.items()}}
