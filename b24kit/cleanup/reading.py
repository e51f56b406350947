"""What is told of every letter: what it is, whose, whether its writer wrote before, to which running deal it belongs.

Used by the plan, for its reasons and counts, and by the audit. Letters that no plan touches are told of too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from b24kit.change.operation import Reason
from b24kit.cleanup.clients import KnownClients
from b24kit.cleanup.deals import DealFound, Running, deal_of
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.pile import Item
from b24kit.crm.refs import Ref
from b24kit.i18n import LANGUAGES, say
from b24kit.letters.classify import CARRIERS, LetterClass
from b24kit.letters.threads import Touch, touches


@dataclass(frozen=True, slots=True)
class Reading:
    """One lead: its class, the known card that it surely is about, its place among its writer's, its running deal."""

    kind: LetterClass
    client: Ref | None = None
    touch: Touch | None = None
    deal: DealFound | None = None

    @property
    def inside(self) -> bool:
        """Whether the client was found inside another's letter."""
        return self.kind in CARRIERS and self.touch is not None


def read_all(
    items: Iterable[Item], clusters: Iterable[Cluster], index: KnownClients, topics: Collection[str] = ()
) -> dict[str, Reading]:
    """A reading of every item by lead id; identities are the clusters, for the rest what their address says."""
    kept = list(items)
    cluster_of = {item.lead.id: cluster for cluster in clusters for item in cluster.items}
    holder = {address: cluster for cluster in clusters for address in cluster.addresses}
    identity: dict[str, list[Item]] = defaultdict(list)
    place: dict[str, Cluster | None] = {}
    for item in kept:
        cluster = cluster_of.get(item.lead.id)
        if cluster is None and item.verdict.is_clients:
            cluster = holder.get(item.verdict.sender.key or "")
        key = _identity(item, cluster, index)
        if key is not None:
            if item.verdict.sender.address:  # a call is no letter: it makes nobody's first letter a second one
                identity[key].append(item)
            place[item.lead.id] = cluster
    touched = {touch.id: touch for found in identity.values() for touch in touches(item.missive for item in found)}
    return {
        item.lead.id: _reading(item, touched.get(item.lead.id), place.get(item.lead.id), index, topics) for item in kept
    }


def told_in_words(reading: Reading) -> dict[str, str]:
    """What a reason adds about one letter, as `phrase_ru` and `phrase_en` facts, each beginning with a semicolon."""
    codes: list[tuple[str, dict[str, str]]] = []
    if reading.inside:
        codes.append((f"clean.told.{reading.kind.value}", {}))
    if reading.touch is not None and reading.touch.answers_us:
        codes.append(("clean.told.answers", {}))
    if reading.deal is not None:
        codes.append((f"clean.told.deal_{reading.deal.sign.value}", {"deal": reading.deal.deal.id}))
    return {f"phrase_{lang}": "".join("; " + say(code, lang, **facts) for code, facts in codes) for lang in LANGUAGES}


def counted(readings: Iterable[Reading]) -> list[Reason]:
    """Notes of a plan: how many wrote first and again, how many clients were inside, how many letters have a deal."""
    found = list(readings)
    first = Counter(one.touch.first for one in found if one.touch is not None)
    deals = {one.deal.deal.id for one in found if one.deal is not None}
    inside = sum(one.inside for one in found)
    notes = []
    if first:
        notes.append(Reason("clean.note.first_and_again", {"first": first[True], "again": first[False]}))
    if inside:
        notes.append(Reason("clean.note.inside", {"count": inside}))
    if deals:
        letters = sum(one.deal is not None for one in found)
        notes.append(Reason("clean.note.running_deals", {"count": letters, "deals": len(deals)}))
    return notes


def _identity(item: Item, cluster: Cluster | None, index: KnownClients) -> str | None:
    """Whose letters are counted together; None for what no client wrote."""
    if cluster is not None:
        return str(cluster.contact.ref) if cluster.contact is not None and not cluster.of_company else cluster.key
    key = item.verdict.sender.key
    if not item.verdict.is_clients or key is None:
        return None
    contact = index.contact_at(key)
    return str(contact.ref) if contact is not None else key


def _reading(
    item: Item, touch: Touch | None, cluster: Cluster | None, index: KnownClients, topics: Collection[str]
) -> Reading:
    contact = cluster.contact if cluster is not None else None
    company = cluster.company if cluster is not None else None
    if cluster is None and touch is not None:
        contact = index.contact_at(item.verdict.sender.key or "")
        company = index.companies.get(contact.company or "") if contact is not None else None
    running = index.running(contact, company)
    client = contact.ref if contact is not None else company.ref if cluster and cluster.of_company and company else None
    nothing = touch is None or running == Running()
    called = [str(contact.name)] if contact is not None else []
    called += [company.title] if company is not None else []
    called.append(item.told.company)
    text = f"{item.subject}\n{item.gist}"
    deal = None if nothing else deal_of(text, item.when, running, topics, " ".join(called))
    return Reading(item.verdict.kind, client, touch, deal)
