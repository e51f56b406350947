"""A client's cluster into operations: find or make the contact, hang the letters on it, close the leads last.

Bitrix24 has no conversion through REST (setting the success stage creates nothing), so every step is an operation with
its own way back. Nothing here creates activities, so nothing can send mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    Operation,
    Phase,
    Reason,
    UnbindLetter,
    UpdateRecord,
)
from b24kit.cleanup import survive
from b24kit.cleanup.carried import Carried, carried, written_quietly
from b24kit.cleanup.consent import Refusals, refusals
from b24kit.cleanup.new_contact import kept_of_leads
from b24kit.cleanup.one_client import Cluster
from b24kit.cleanup.pile import Item
from b24kit.cleanup.reading import Reading, told_in_words
from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.cards import Contact
from b24kit.crm.points import Point, PointKind
from b24kit.crm.portal import Capabilities, Carries
from b24kit.crm.records import values_of
from b24kit.crm.refs import Kind, Ref, new_ref
from b24kit.i18n import Language, say
from b24kit.letters.signature import NOTHING_SIGNED, Signature
from b24kit.matching import addresses
from b24kit.owners.rules import Routed

_IDS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Closing:
    """Codes of the stages that leads are closed on."""

    new_client: str
    linked: str
    archive: str


@dataclass(frozen=True, slots=True)
class Converted:
    """What one cluster becomes: its operations, and the card that is the client from now on."""

    operations: tuple[Operation, ...]
    client: Ref


def convert(
    cluster: Cluster,
    routed: Routed,
    spec: CleanSpec,
    closing: Closing,
    *,
    company: Ref | None,
    deals: Sequence[str] = (),
    readings: Mapping[str, Reading],
    able: Capabilities | None = None,
    lang: Language = "ru",
) -> Converted:
    """The operations of one client. `company` is the card to link, perhaps one that this plan creates.

    `readings` tell of each lead, by its id.
    """
    make: list[Operation] = []
    taken = carried(cluster.items, spec, able.carries if able else Carries(), cluster.contact)
    if cluster.of_company and cluster.company is not None:
        client = cluster.company.ref
    elif cluster.contact is not None:
        client = cluster.contact.ref
        make += _additions(cluster, cluster.contact, spec, taken)
    else:
        contact = _create_contact(cluster, routed, spec, company, taken, lang)
        make += [contact] if able is None else written_quietly(contact, able)
        client = contact.target
    needs = tuple(operation.key for operation in make if isinstance(operation, CreateRecord))
    letters = _letters(cluster, client, spec.move_letters, needs)
    firm = company if not cluster.of_company else client
    closes = _close(cluster, client, routed, closing, firm, deals, needs, readings)
    return Converted((*make, *letters, *closes), client)


def create_company(domain: str, owner: str, facts: Mapping[str, Any]) -> CreateRecord:
    """A company named by its mail domain, until a person renames it."""
    points = _plain_points((Point(PointKind.WEB, domain),))
    return CreateRecord(
        key=f"company-{domain}",
        cluster=f"d-{domain}",
        phase=Phase.COMPANIES,
        reason=Reason("clean.create_company", {"domain": domain, **facts}),
        kind=Kind.COMPANY,
        values={"title": domain, "owner": owner, "points": points},
    )


def _create_contact(
    cluster: Cluster, routed: Routed, spec: CleanSpec, company: Ref | None, taken: Carried, lang: Language
) -> CreateRecord:
    items = cluster.items
    kept = kept_of_leads(cluster, spec.survive)
    name = kept.name
    points = survive.united_points(items, frozenset(cluster.addresses), signed=spec.signatures)
    told = survive.signed_by(items) if spec.signatures else NOTHING_SIGNED
    refused = refusals((item.lead for item in items), spec.consent)
    from_where = _comment(items, told, refused, lang) if spec.comment or refused.any else ""
    values = {
        "name": {"first": name.first, "last": name.last, "middle": name.middle},
        "points": _plain_points(points),
        "owner": routed.owner,
        "source": kept.source,
        "company": company.id if company else None,
        "comment": "\n".join(filter(None, [from_where, taken.comment])),
        "extra": {**taken.extra, **refused.values},
    }
    facts = {**_span(items), "name": str(name), "owner_rule": routed.reason.code, **_rule_facts(routed)}
    facts |= {"kept": [*kept.reasons, *taken.reasons]} if kept.reasons or taken.reasons else {}
    signed = ", ".join(filter(None, (told.position, told.company, *told.phones)))
    return CreateRecord(
        key=f"contact-{cluster.key}",
        cluster=cluster.key,
        phase=Phase.CONTACTS,
        reason=Reason("clean.create_contact_signed", facts | {"text": signed})
        if signed
        else Reason("clean.create_contact", facts),
        kind=Kind.CONTACT,
        values={field: value for field, value in values.items() if value},
        needs=_needs(company),
    )


def _additions(cluster: Cluster, contact: Contact, spec: CleanSpec, taken: Carried) -> list[Operation]:
    """What a known contact's card lacks of what his leads hold: addresses, refusals, values of fields; one update."""
    points = _new_addresses(cluster, contact) if spec.add_addresses else []
    refused = refusals((item.lead for item in cluster.items), spec.consent, contact).values
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if points:
        before["points"] = values_of(contact)["points"]
        after["points"] = [*before["points"], *_plain_points(points)]
    if extra := {**taken.extra, **refused}:
        before["extra"] = {name: contact.extra.get(name) for name in extra}
        after["extra"] = extra
    if taken.comment:
        before["comment"], after["comment"] = contact.comment, taken.comment
    if not after:
        return []
    facts = {"contact": contact.id, "name": str(contact.name), "count": len(points), "refused": ", ".join(refused)}
    facts |= {"fields": list(taken.fields), "kept": list(taken.reasons)} if taken.fields else {}
    code = "clean.keep_refusal" if refused else "clean.add_address" if points else "clean.fill_contact"
    return [
        UpdateRecord(
            key=f"points-{contact.id}" if points else f"{'consent' if refused else 'fill'}-{contact.id}",
            cluster=cluster.key,
            phase=Phase.CONTACTS,
            reason=Reason(code, facts),
            ref=contact.ref,
            before=before,
            after=after,
        )
    ]


def _new_addresses(cluster: Cluster, contact: Contact) -> list[Point]:
    """Addresses that a known contact writes from and that his card lacks, as written last."""
    there = {addresses.canonical(text) for value in contact.emails for text in addresses.addresses_in(value)}
    fresh = frozenset(cluster.addresses) - there
    united = survive.united_points(cluster.items, fresh, signed=False)
    return [point for point in united if point.kind is PointKind.EMAIL]


def _letters(cluster: Cluster, client: Ref, move: bool, needs: tuple[str, ...]) -> list[Operation]:
    """Hang every letter, call and meeting of the leads on the client's card; `move` takes it off the lead then."""
    found: dict[str, Operation] = {}
    for item in cluster.items:
        for letter in (*item.letters, *item.talks):
            bind, what = f"bind-{letter.id}", "talk" if letter in item.talks else "letter"
            if client not in (letter.card, *(letter.bindings or ())):
                found[bind] = BindLetter(
                    key=bind,
                    cluster=cluster.key,
                    phase=Phase.LINKS,
                    reason=Reason(f"clean.bind_{what}", {"lead": item.lead.id}),
                    activity=letter.ref,
                    card=client,
                    needs=needs,
                )
            if move:
                key = f"unbind-{letter.id}-{item.lead.id}"
                found[key] = UnbindLetter(
                    key=key,
                    cluster=cluster.key,
                    phase=Phase.LINKS,
                    reason=Reason(f"clean.unbind_{what}", {"lead": item.lead.id}),
                    activity=letter.ref,
                    card=item.lead.ref,
                    needs=(bind,) if bind in found else (),
                )
    return list(found.values())


def _close(
    cluster: Cluster,
    client: Ref,
    routed: Routed,
    closing: Closing,
    company: Ref | None,
    deals: Sequence[str],
    needs: tuple[str, ...],
    readings: Mapping[str, Reading],
) -> list[Operation]:
    """The first lead of a new client is the converted one; every other letter is linked to who wrote it."""
    is_new = cluster.contact is None and not cluster.of_company
    found: list[Operation] = []
    for place, item in enumerate(cluster.items):
        reading = readings[item.lead.id]
        touch, deal = reading.touch, reading.deal
        made = is_new and place == 0  # items stand in order of time
        again = touch is None or not touch.first
        code = "clean.convert_lead" if made else "clean.link_lead" if again else "clean.link_lead_first"
        facts = {"client": str(client), "again": again, "opens_thread": touch is None or touch.opens_thread}
        facts |= {"class": reading.kind.value, "deal": deal.deal.id if deal else "", "deals": ", ".join(deals)}
        facts |= {"owner_rule": routed.reason.code, **_rule_facts(routed), **told_in_words(reading)}
        after: dict[str, Any] = {"stage": closing.new_client if made else closing.linked, "owner": routed.owner}
        if client.kind is Kind.CONTACT:
            after["contact"] = client.id
        if company is not None and item.lead.company is None:
            after["company"] = company.id
        found.append(close_lead(item, cluster.key, Reason(code, facts), after, (*needs, *_needs(company))))
    return found


def close_lead(
    item: Item, cluster: str, reason: Reason, after: Mapping[str, Any], needs: tuple[str, ...] = ()
) -> UpdateRecord:
    """Move a lead to where it ends, with the fields that the decision rested on as its before-image."""
    lead = item.lead
    before = {"stage": lead.stage, "owner": lead.owner, "contact": lead.contact, "company": lead.company}
    return UpdateRecord(
        key=f"lead-{lead.id}",
        cluster=cluster,
        phase=Phase.CARDS,
        reason=reason,
        ref=lead.ref,
        before=before,
        after={field: value for field, value in after.items() if before.get(field) != value},
        needs=tuple(dict.fromkeys(needs)),
    )


def _needs(ref: Ref | None) -> tuple[str, ...]:
    """The operation that a card still has to be made by."""
    return (ref.id.partition(":")[2],) if ref is not None and ref.is_new else ()


def company_ref(cluster: Cluster, domain: str | None) -> Ref | None:
    """The company a cluster is linked to: the known one, or the one that the plan makes for this domain."""
    if cluster.company is not None:
        return cluster.company.ref
    return new_ref(Kind.COMPANY, f"company-{domain}") if domain else None


def _rule_facts(routed: Routed) -> dict[str, Any]:
    return {f"owner_{name}": value for name, value in routed.reason.facts.items()}


def _span(items: Sequence[Item]) -> dict[str, Any]:
    """How many leads and letters, and from when till when."""
    moments = sorted(item.when for item in items if item.when)
    return {
        "leads": len(items),
        "letters": len({letter.id for item in items for letter in item.letters}),
        "first": _day(moments[0]) if moments else "?",
        "last": _day(moments[-1]) if moments else "?",
    }


def _comment(items: Sequence[Item], told: Signature, refused: Refusals, lang: Language) -> str:
    """Where the contact comes from, what it signed and refused. Dates of leads cannot be given back but in words."""
    ids = [item.lead.id for item in items[:_IDS_SHOWN]]
    more = len(items) - len(ids)
    listed = ", ".join(ids) + (f" (+{more})" if more else "")
    lines = [say("clean.text.contact_comment", lang, ids=listed, **_span(items))]
    if told.position:
        lines.append(say("clean.text.signed_position", lang, position=told.position))
    if told.company:
        lines.append(say("clean.text.signed_company", lang, company=told.company))
    for name, said in {**refused.values, **refused.by_hand}.items():
        lines.append(say("clean.text.refused", lang, field=name, value=str(said)))
    return "\n".join(lines)


def _day(moment: datetime) -> str:
    return f"{moment:%d.%m.%Y}"


def _plain_points(points: Sequence[Point]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = values_of(Contact(id="", points=tuple(points)))["points"]
    return plain
