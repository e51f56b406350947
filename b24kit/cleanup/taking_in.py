"""A clean-up's operations for a portal without deletion and merging, whose inquiries bring contacts of their own.

What the planner decided stays: whose letters they are, who owns them, which lead is the converted one. Instead of a new
contact the fresh one of a lead is filled in; the others are marked as doubles; incoming letters are taken in once per
new person, linked, or turned down after their text stands on the right card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from b24kit.change.intake import AcceptIncoming, AttachIncoming, DeclineIncoming
from b24kit.change.operation import (
    BindLetter,
    CreateRecord,
    Operation,
    Phase,
    Reason,
    UnbindLetter,
    UpdateRecord,
)
from b24kit.change.plan import HandStep, LeftAlone
from b24kit.cleanup.arrivals import Arrivals
from b24kit.cleanup.closing_words import ClosingWords
from b24kit.cleanup.convert import Closing
from b24kit.cleanup.instead import renamed, renamed_ref
from b24kit.cleanup.survive import point_key
from b24kit.cleanup.tally import class_in_words
from b24kit.crm.cards import Contact
from b24kit.crm.incoming import Incoming
from b24kit.crm.points import Point, PointKind
from b24kit.crm.portal import Capabilities
from b24kit.crm.records import same, values_of
from b24kit.crm.refs import NEW, Kind, Ref
from b24kit.i18n import Language, say
from b24kit.letters.classify import LetterClass

MERGED = "merged"  # the check of steps that unite doubles by hand
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a draft becomes. `losers` are doubles by the card that stays."""

    operations: tuple[Operation, ...]
    assignment: Mapping[str, str]
    notes: tuple[Reason, ...] = ()
    steps: tuple[HandStep, ...] = ()
    losers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left: tuple[LeftAlone, ...] = ()


def take_in(
    operations: Sequence[Operation],
    assignment: Mapping[str, str],
    arrivals: Arrivals,
    capabilities: Capabilities,
    closing: Closing,
    words: ClosingWords,
    *,
    link: bool = False,
    tried: bool = False,
    bins_people: bool = False,
    lang: Language = "ru",
) -> TakenIn:
    """The same decisions as operations on the cards that are there. `link`: incoming letters of known clients may be
    linked to what they have open; the first of them is the probe that all others wait for, unless it was `tried`.
    `bins_people`: a letter of a person that becomes no client's may go to the bin; an archive keeps it.
    """
    work = _TakingIn(arrivals, capabilities, closing, words, link, tried, bins_people, lang)
    return work.run(operations, assignment)


@dataclass(slots=True)
class _TakingIn:
    arrivals: Arrivals
    able: Capabilities
    closing: Closing
    words: ClosingWords
    link: bool
    tried: bool
    bins_people: bool
    lang: Language
    made: list[Operation] = field(default_factory=list)
    became: dict[str, str] = field(default_factory=dict)  # key of a planned contact -> the contact that is there
    founders: dict[str, str] = field(default_factory=dict)  # cluster -> the lead whose contact is the client
    accepts: dict[str, AcceptIncoming] = field(default_factory=dict)  # by cluster
    losers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    probe: str = ""
    canary: str = ""
    left: list[LeftAlone] = field(default_factory=list)

    def run(self, operations: Sequence[Operation], assignment: Mapping[str, str]) -> TakenIn:
        closes: dict[str, list[UpdateRecord]] = defaultdict(list)
        for one in operations:
            if isinstance(one, UpdateRecord) and one.ref.kind is Kind.LEAD:
                closes[one.cluster].append(one)
        for one in operations:
            if isinstance(one, CreateRecord) and one.kind is Kind.CONTACT:
                self._adopt(one, closes[one.cluster])
            elif isinstance(one, UpdateRecord) and one.ref.kind is Kind.LEAD:
                self._end(one, closes[one.cluster])
            elif not isinstance(one, BindLetter | UnbindLetter) or "bind activity" not in self.able.refuses:
                self.made.append(self._within(one))
        ids = {f"{NEW}{key}": contact for key, contact in self.became.items()}
        keys = {one.key for one in self.made} | set(self.words.keys)
        found = [renamed(one, ids, keys) for one in self.made]
        clients = {lead: renamed_ref(client, ids) for lead, client in assignment.items()}
        return TakenIn(
            (*self.words.operations, *found),
            clients,
            tuple(self._notes()),
            tuple(self._steps()),
            {client: tuple(cards) for client, cards in self.losers.items()},
            tuple(self.left),
        )

    # -- the client's card

    def _adopt(self, creation: CreateRecord, leads: Sequence[UpdateRecord]) -> None:
        """The fresh contact of the client's first accepted lead is his card; of incoming ones the first is taken in."""
        there = next((one for one in leads if one.ref.id in self.arrivals.fresh), None)
        if there is not None:
            self.founders[creation.cluster] = there.ref.id
            self._fill(creation, self.arrivals.fresh[there.ref.id])
            return
        first = next((one for one in leads if one.ref.id in self.arrivals.waiting), None)
        if first is None:
            self.made.append(self._within(creation))
            return
        self.founders[creation.cluster] = first.ref.id
        self._accept(creation, first)

    def _fill(self, creation: CreateRecord, contact: Contact) -> None:
        self.became[creation.key] = contact.id
        values = values_of(contact)
        after = self._wanted(creation, values)
        if not after:
            return
        before = {name: values.get(name) for name in after}
        if "extra" in after:
            before["extra"] = {name: contact.extra.get(name) for name in after["extra"]}
        reason = Reason("clean.adopt_contact", {**creation.reason.facts, "contact": contact.id})
        self.made.append(
            UpdateRecord(
                key=creation.key, cluster=creation.cluster, phase=creation.phase, reason=reason, needs=creation.needs,
                ref=contact.ref, before=before, after=after,
            )
        )  # fmt: skip

    def _accept(self, creation: CreateRecord, lead: UpdateRecord) -> None:
        one = self.arrivals.waiting[lead.ref.id]
        accept = AcceptIncoming(
            key=f"accept-{lead.ref.id}",
            cluster=creation.cluster,
            phase=Phase.CONTACTS,
            reason=Reason("clean.accept_incoming", dict(lead.reason.facts)),
            needs=tuple(filter(None, (self.canary,))),
            incoming=one.ref,
            before=values_of(one),
            stage=self.closing.new_client,
            owner=_owner(lead),
        )
        self.canary = self.canary or accept.key  # one first: the others wait for it
        self.accepts[creation.cluster] = accept
        self.made.append(accept)
        self.became[creation.key] = one.contacts[0]
        after = self._wanted(creation, {"points": [_email(one.sender_address)]})
        reason = Reason("clean.adopt_contact", {**creation.reason.facts, "contact": one.contacts[0]})
        self.made.append(
            UpdateRecord(
                key=creation.key, cluster=creation.cluster, phase=Phase.CONTACTS, reason=reason,
                needs=tuple(dict.fromkeys((*creation.needs, accept.key))), ref=Ref(Kind.CONTACT, one.contacts[0]),
                before=dict.fromkeys(after), after=after, revealed=True,
            )
        )  # fmt: skip

    def _wanted(self, creation: CreateRecord, present: Mapping[str, Any]) -> dict[str, Any]:
        """What of a planned contact's values this card lacks or says otherwise; its points are kept and added to."""
        lacks = self.able.lacks.get(Kind.CONTACT, frozenset())
        held = list(present.get("points") or ())
        known = {_point_key(point) for point in held}
        after: dict[str, Any] = {}
        for name, value in creation.values.items():
            if name in lacks or name == "extra":
                continue
            if name == "points":
                more = [point for point in value if _point_key(point) not in known]
                after |= {"points": [*held, *more]} if more else {}
            elif name == "name":
                after |= {"name": self._spelled(value)} if self._other_name(present, value) else {}
            elif not same(name, present.get(name), value):
                after[name] = value
        extra = creation.values.get("extra") or {}
        told = present.get("extra") or {}
        missing = {name: value for name, value in extra.items() if not same(name, told.get(name), value)}
        return after | ({"extra": missing} if missing else {})

    def _spelled(self, name: Mapping[str, str]) -> dict[str, str]:
        """A name as this vendor keeps it: where it knows no middle name, that stands with the first."""
        first = " ".join(filter(None, (name.get("first"), name.get("middle"))))
        return {"first": first, "last": str(name.get("last") or ""), "middle": ""}

    def _other_name(self, present: Mapping[str, Any], name: Mapping[str, str]) -> bool:
        return dict(present.get("name") or {}) != self._spelled(name) and any(name.values())

    # -- what becomes of each lead

    def _end(self, close: UpdateRecord, siblings: Sequence[UpdateRecord]) -> None:
        founder = self.founders.get(close.cluster)
        if close.ref.id in self.arrivals.waiting:
            if close.ref.id != founder:
                self._settle_letter(close, self.arrivals.waiting[close.ref.id])
            return
        after, before = dict(close.after), dict(close.before)
        if founder is not None:
            after["stage"] = self.closing.new_client if close.ref.id == founder else self.closing.linked
        own = self.arrivals.fresh.get(close.ref.id)
        client = after.get("contact")
        if own is not None:
            before["contact"] = own.id
            if client is not None and self._is(client, own.id):
                del after["contact"]
            elif client is not None:
                self._mark_loser(own, close, str(client))
        word = "archive" if close.reason.code.startswith("clean.archive_") else "linked"
        if after.get("stage") == self.closing.linked or word == "archive":
            told = self.words.of(word)
            held = ((self.arrivals.snapshot.values(close.ref) or {}).get("extra") or {}).get("tags") or []
            tags = sorted({*held, told.tag})
            before["extra"] = {"tags": list(held), "loss_reason_id": None}
            after["extra"] = {"tags": tags, "loss_reason_id": told.reason}
        needs = tuple(dict.fromkeys((*close.needs, *(self.words.keys if "extra" in after else ()))))
        after = {name: value for name, value in after.items() if not same(name, before.get(name), value)}
        self.made.append(replace(close, before=before, after=after, needs=needs))

    def _is(self, client: Any, contact: str) -> bool:
        """Whether what a lead will hang on is this contact, perhaps by the name that the plan has for it."""
        return str(client) == contact or self.became.get(str(client).removeprefix(NEW)) == contact

    def _mark_loser(self, loser: Contact, close: UpdateRecord, client: str) -> None:
        stays = self.became.get(client.removeprefix(NEW), client)
        tags = list(loser.extra.get("tags") or ())
        tag = say("clean.text.loser_tag", self.lang)
        self.losers[stays].append(loser.id)
        self.made.append(
            UpdateRecord(
                key=f"loser-{loser.id}",
                cluster=close.cluster,
                phase=Phase.CARDS,
                reason=Reason("clean.tag_loser", {"client": f"contact:{stays}", "lead": close.ref.id}),
                ref=loser.ref,
                before={"extra": {"tags": tags}},
                after={"extra": {"tags": sorted({*tags, tag})}},
                needs=(close.key,),
            )
        )

    # -- letters that nobody has taken in

    def _settle_letter(self, close: UpdateRecord, one: Incoming) -> None:
        client = self._client(close)
        if client is None and close.reason.facts.get("class") == LetterClass.HUMAN and not self.bins_people:
            self.left.append(LeftAlone(one.ref, Reason("clean.left.incoming_archive")))
            return
        if client is None:
            facts = dict(close.reason.facts)
            self._decline(close, one, Reason("clean.decline_archive", {**facts, **_phrases(close)}), ())
            return
        card = self._open_card(close) if self.link and close.cluster not in self.founders else None
        if card is not None:
            self._attach(close, one, client, card)
            return
        accept = self.accepts.get(close.cluster)
        needs = dict.fromkeys((*close.needs, *((accept.key,) if accept else ())))
        copied = CreateRecord(
            key=f"copy-{close.ref.id}",
            cluster=close.cluster,
            phase=Phase.NOTES,
            reason=Reason("clean.copy_letter", {"lead": close.ref.id, "client": str(client)}),
            kind=Kind.COMMENT,
            values={"card": str(client), "text": letter_text(one, self.lang)},
            needs=tuple(needs),
        )
        self.made.append(copied)
        reason = Reason("clean.decline_copied", {"client": str(client), "lead": close.ref.id, "owner": _owner(close)})
        self._decline(close, one, reason, (copied.key,))

    def _client(self, close: UpdateRecord) -> Ref | None:
        """The card the letter belongs to; None for what no client wrote."""
        contact = close.after.get("contact")
        if contact is not None:
            return Ref(Kind.CONTACT, self.became.get(str(contact).removeprefix(NEW), str(contact)))
        company = close.after.get("company")
        return Ref(Kind.COMPANY, str(company)) if company is not None else None

    def _open_card(self, close: UpdateRecord) -> Ref | None:
        facts = close.reason.facts
        deal = facts.get("deal") or str(facts.get("deals") or "").partition(",")[0]
        return Ref(Kind.DEAL, str(deal)) if deal else None

    def _attach(self, close: UpdateRecord, one: Incoming, client: Ref, card: Ref) -> None:
        attach = AttachIncoming(
            key=f"attach-{close.ref.id}",
            cluster=close.cluster,
            phase=Phase.CARDS,
            reason=Reason("clean.attach_incoming", {"card": str(card), "lead": close.ref.id, "owner": _owner(close)}),
            needs=tuple(filter(None, (self.probe,))),
            incoming=one.ref,
            before=values_of(one),
            card=card,
            contact=client.id if client.kind is Kind.CONTACT else None,
        )
        self.probe = self.probe or ("" if self.tried else attach.key)
        self.made.append(attach)

    def _decline(self, close: UpdateRecord, one: Incoming, reason: Reason, needs: tuple[str, ...]) -> None:
        self.made.append(
            DeclineIncoming(
                key=f"decline-{close.ref.id}", cluster=close.cluster, phase=Phase.RETIRE, reason=reason, needs=needs,
                incoming=one.ref, before=values_of(one),
            )
        )  # fmt: skip

    # -- the rest

    def _within(self, operation: Operation) -> Operation:
        """A new card without what this vendor's cards cannot hold."""
        if not isinstance(operation, CreateRecord):
            return operation
        lacks = self.able.lacks.get(operation.kind, frozenset())
        return replace(operation, values={name: v for name, v in operation.values.items() if name not in lacks})

    def _notes(self) -> list[Reason]:
        counts = {
            name: sum(isinstance(one, sort) for one in self.made)
            for name, sort in (
                ("accepted", AcceptIncoming),
                ("declined", DeclineIncoming),
                ("attached", AttachIncoming),
            )
        }
        return [Reason("clean.note.incoming", counts)] if any(counts.values()) else []

    def _steps(self) -> list[HandStep]:
        if not self.losers:
            return []
        listed = [" + ".join((client, *cards)) for client, cards in self.losers.items()]
        more = len(listed) - _SHOWN
        facts = {
            "count": sum(map(len, self.losers.values())),
            "tag": say("clean.text.loser_tag", self.lang),
            "groups": "; ".join(listed[:_SHOWN]) + (f" (+{more})" if more > 0 else ""),
        }
        step = HandStep(
            key="merge-losers",
            code="step.merge_losers",
            facts=facts,
            link=self.able.pages.get("doubles", ""),
            check=MERGED,
        )
        return [step]


def letter_text(one: Incoming, lang: Language) -> str:
    """What a note says of a letter that is turned down: writer, day, subject and the summary that the API tells."""
    name = f"{one.sender_name} <{one.sender_address}>" if one.sender_name else one.sender_address
    day = f"{one.created:%d.%m.%Y %H:%M}" if one.created else "?"
    return say("clean.text.copied_letter", lang, sender=name, date=day, subject=one.subject, summary=one.summary)


def _owner(close: UpdateRecord) -> str:
    """Who becomes responsible for a letter by the playbook's rules."""
    return str(close.after.get("owner") or close.before["owner"])


def _phrases(close: UpdateRecord) -> dict[str, Any]:
    facts = close.reason.facts
    return class_in_words(LetterClass(facts["class"])) if facts.get("class") else {"phrase_ru": "", "phrase_en": ""}


def _email(address: str) -> dict[str, Any]:
    return {"kind": PointKind.EMAIL.value, "value": address, "use": "work", "id": None}


def _point_key(point: Mapping[str, Any]) -> tuple[str, str]:
    return str(point["kind"]), point_key(Point(PointKind(point["kind"]), str(point["value"])))
