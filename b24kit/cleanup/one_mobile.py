"""New clients under two addresses who sign with one mobile number and one name: they are one person.

The rule of a mobile number: held by one name only, both names full and alike. What disagrees anywhere stays apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from b24kit.cleanup.one_client import Cluster
from b24kit.matching import names
from b24kit.matching.phones import phones_in

LARGEST = 3  # clusters on one number; more is a reception's


def joined_by_mobile(clusters: Sequence[Cluster], taken: frozenset[str] = frozenset()) -> list[Cluster]:
    """The clusters with those of one mobile and one name joined. `taken`: numbers that stand on known cards."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, cluster in enumerate(clusters):
        if not cluster.of_company:
            for number in _mobiles(cluster) - taken:
                holders[number].append(place)
    into = list(range(len(clusters)))
    for number in sorted(holders):
        places = holders[number]
        fresh = all(clusters[place].contact is None for place in places)
        if 1 < len(places) <= LARGEST and fresh and _one_name([clusters[place] for place in places]):
            low = min(into[place] for place in places)
            into = [low if root in {into[place] for place in places} else root for root in into]
    together: dict[int, list[Cluster]] = defaultdict(list)
    for place, cluster in enumerate(clusters):
        together[into[place]].append(cluster)
    return [one for found in together.values() for one in (_united(found) if _agree(found) else found)]


def _mobiles(cluster: Cluster) -> frozenset[str]:
    written = (phone for item in cluster.items for text in item.phones for phone in phones_in(text))
    return frozenset(phone.number for phone in written if phone.mobile)


def _one_name(clusters: Sequence[Cluster]) -> bool:
    """Every cluster has a full name, and no two names of them all disagree."""
    full = [[name for name in cluster.names if names.is_full(name)] for cluster in clusters]
    if not all(full):
        return False
    every = [name for found in full for name in found]
    return all(names.alike(one, other) for one in every for other in every)


def _agree(found: Sequence[Cluster]) -> bool:
    companies = {cluster.company.id for cluster in found if cluster.company is not None}
    return len(found) == 1 or (len(companies) < 2 and _one_name(found))


def _united(found: Sequence[Cluster]) -> list[Cluster]:
    if len(found) == 1:
        return [found[0]]
    items = tuple(item for cluster in found for item in cluster.items)
    every = tuple(sorted({address for cluster in found for address in cluster.addresses}))
    company = next((cluster.company for cluster in found if cluster.company is not None), None)
    return [replace(found[0], items=items, addresses=every, company=company)]
