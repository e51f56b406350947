"""The pile as it lies: which open leads are in it, their letters, what each letter is, and who wrote.

Reads a snapshot once and gives plain values; decides nothing about what becomes of a lead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from b24kit.change.operation import Reason
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.stuck import Standing, StuckRule, next_steps, standing
from b24kit.crm.activity import Activity, Channel, Direction, Letter
from b24kit.crm.cards import Lead
from b24kit.crm.pipeline import LEADS, Outcome
from b24kit.crm.refs import Kind, Ref
from b24kit.letters import quotes
from b24kit.letters.classify import RELAYS, LetterClass, Verdict, classify
from b24kit.letters.sender import Found, Sender, own_addresses, speaking_for_many
from b24kit.letters.services import KNOWN_RELAYS
from b24kit.letters.signature import NOTHING_SIGNED, Signature, read_signature
from b24kit.letters.threads import Missive, moment_of
from b24kit.matching import addresses, names
from b24kit.matching.groups import Known, personal_address

_STRONGEST = (LetterClass.HUMAN, *sorted(RELAYS), LetterClass.FORWARDED, LetterClass.UNCLEAR)
WAITS = "waits"  # of a lead that nobody has taken in yet: the id of its incoming lead, beside its unnamed fields
TALKS = frozenset({Channel.CALL, Channel.MEETING, Channel.MESSAGE})  # that go with the client as his letters do
_GIST = 400  # characters of a letter that tell which deal it is about


@dataclass(frozen=True, slots=True)
class Item:
    """One open lead of the pile: how it stands, its letters by id, what it is, who wrote it and when."""

    lead: Lead
    standing: Standing
    letters: tuple[Activity, ...]
    verdict: Verdict
    when: datetime | None
    doubt: str = ""  # a `clean.left.` code when nobody can say whose lead it is
    told: Signature = NOTHING_SIGNED  # what the client's signature or a form's fields tell of him
    gist: str = ""  # how the client's own text begins
    talks: tuple[Activity, ...] = ()  # calls, meetings and messages of the lead, over or to come

    @property
    def subject(self) -> str:
        """The subject of its first letter, else the lead's title."""
        return next((letter.subject for letter in self.letters if letter.subject), self.lead.title)

    @property
    def names(self) -> tuple[str, ...]:
        """The writer's name on the letter, on the lead and under the text; a relay's name on the lead is not his."""
        inside = self.verdict.sender.found in (Found.REPLY_TO, Found.BODY)
        on_lead = "" if inside else str(self.lead.name)
        found = dict.fromkeys(name for name in (self.verdict.sender.name, on_lead) if name)
        signed = self.told.name
        if signed and not any(names.unlike(signed, name) for name in found):
            found[signed] = None
        return tuple(found)

    @property
    def phones(self) -> tuple[str, ...]:
        """Numbers on the lead and in the client's own signature."""
        return tuple(dict.fromkeys((*self.lead.phones, *self.told.phones)))

    @property
    def missive(self) -> Missive:
        """The lead's first letter as threads see it; its id is the lead's."""
        letter = next((one.letter for one in self.letters if one.direction is not Direction.OUT and one.letter), None)
        return Missive(self.lead.id, self.when, self.subject, letter.headers if letter else {})


@dataclass(frozen=True, slots=True)
class Pile:
    items: tuple[Item, ...]
    known: Known
    notes: tuple[Reason, ...]
    mailboxes: frozenset[str]
    others: tuple[Item, ...] = ()  # leads outside the pile, closed ones too, that its writers may have written into


def read_pile(
    snapshot: Snapshot, spec: CleanSpec, now: datetime, stage_limits: Mapping[str, timedelta] | None = None
) -> Pile:
    """The open leads in scope in order of id. `stage_limits` are the design's own, by stage code."""
    notes: list[Reason] = []
    stages = _codes(spec.pile.stages, [(one.code, one.name) for one in snapshot.stages(LEADS)], "stage", notes)
    sources = _codes(spec.pile.sources, [(one.code, one.name) for one in snapshot.sources()], "source", notes)
    activities = [one for one in snapshot.activities() if _concerns_leads(one)]
    letters = _by_lead(one for one in activities if one.channel is Channel.EMAIL)
    talks = _by_lead(one for one in activities if one.channel in TALKS)
    mailboxes = frozenset(one.letter.mailbox for found in letters.values() for one in found if one.letter) - {""}
    users = [user.email for user in snapshot.users() if user.email]
    known = _known(spec, users, mailboxes)
    envelopes = (
        one.letter for found in letters.values() for one in found if one.letter and one.direction is not Direction.OUT
    )
    known = replace(known, relays=known.relays | speaking_for_many(envelopes, known))
    ahead = next_steps(activities, now)
    rule = StuckRule(timedelta(days=spec.pile.stuck_after), stage_limits)

    def read(lead: Lead) -> Item:
        return _item(lead, standing(lead, rule, ahead, now), letters.get(lead.ref, ()), known, snapshot)

    def inside(lead: Lead) -> bool:
        return (
            lead.outcome is Outcome.OPEN
            and (not spec.pile.stages or lead.stage in stages or WAITS in lead.extra)
            and (not spec.pile.sources or lead.source in sources)
        )

    items = [replace(read(lead), talks=talks.get(lead.ref, ())) for lead in snapshot.leads() if inside(lead)]
    writers = frozenset(addresses.canonical(item.verdict.sender.address, known.aliases) for item in items) - {None}
    outside = (lead for lead in snapshot.leads() if not inside(lead))
    others = [read(lead) for lead in outside if _may_be_of(writers, lead, letters.get(lead.ref, ()), known)]
    return Pile(tuple(items), known, tuple(notes), mailboxes, tuple(others))


def _may_be_of(writers: Collection[str | None], lead: Lead, letters: Iterable[Activity], known: Known) -> bool:
    """Whether one of these (by canonical address) may have written into a lead.

    A closed lead has to name the address itself: only open ones have bodies, in which a relay's or a colleague's letter
    holds another's.
    """
    if lead.outcome is Outcome.OPEN:
        return True
    written = (found for text in _written_on(lead, letters) for found in addresses.addresses_in(text))
    return any(addresses.canonical(address, known.aliases) in writers for address in written)


def _written_on(lead: Lead, letters: Iterable[Activity]) -> Iterator[str]:
    yield from lead.emails
    for one in letters:
        if one.letter is not None and one.direction is not Direction.OUT:
            yield from (one.letter.sender, one.letter.reply_to)


def _known(spec: CleanSpec, users: Iterable[str], mailboxes: Iterable[str]) -> Known:
    own = own_addresses((*users, *spec.own.addresses), mailboxes, spec.own.domains)
    relays = KNOWN_RELAYS | {domain.lower() for domain in spec.own.relays}
    return replace(own, relays=relays, roles=frozenset(role.lower() for role in spec.own.roles))


def _codes(wanted: Iterable[str], present: list[tuple[str, str]], kind: str, notes: list[Reason]) -> frozenset[str]:
    """Codes of what the playbook calls by code or name; what is not there (any more) is noted, never guessed."""
    found: set[str] = set()
    for name in wanted:
        folded = name.strip().lower()
        codes = {code for code, label in present if folded in (code.lower(), label.strip().lower())}
        if not codes:
            there = ", ".join(f"{label} ({code})" for code, label in present)
            notes.append(Reason(f"clean.note.no_{kind}", {"name": name, "candidates": there}))
        found |= codes
    return frozenset(found)


def _concerns_leads(activity: Activity) -> bool:
    return activity.card.kind is Kind.LEAD or any(card.kind is Kind.LEAD for card in activity.bindings or ())


def _by_lead(activities: Iterable[Activity]) -> dict[Ref, tuple[Activity, ...]]:
    found: dict[Ref, list[Activity]] = defaultdict(list)
    for activity in activities:
        for card in sorted({activity.card, *(activity.bindings or ())}):
            if card.kind is Kind.LEAD:
                found[card].append(activity)
    return {card: tuple(sorted(letters, key=_moment)) for card, letters in found.items()}


def _moment(activity: Activity) -> tuple[float, int, str]:
    when = activity.start or activity.created
    return (when.timestamp() if when else float("inf"), len(activity.id), activity.id)


@dataclass(frozen=True, slots=True)
class _Told:
    """One incoming letter read: its verdict, and what only its body tells."""

    verdict: Verdict
    signature: Signature
    gist: str


def _item(lead: Lead, stands: Standing, letters: tuple[Activity, ...], known: Known, snapshot: Snapshot) -> Item:
    incoming = [one for one in letters if one.direction is not Direction.OUT and one.letter and one.letter.sender]
    read = [_read(one, lead, known, one.text or snapshot.body(one.id)) for one in incoming]
    verdicts = [one.verdict for one in read]
    verdict = _strongest(verdicts) or _from_card(lead, known)
    theirs = [one for one in read if one.verdict.is_clients and one.verdict.sender.key == verdict.sender.key]
    started = next((one.start or one.created for one in incoming), None)
    return Item(
        lead,
        stands,
        letters,
        verdict,
        moment_of(started, lead.created),
        _doubt(lead, verdict, verdicts, known),
        _united([one.signature for one in theirs]),
        next((one.gist for one in theirs if one.gist), ""),
    )


def _read(activity: Activity, lead: Lead, known: Known, text: str | None) -> _Told:
    """What one letter is and tells. The body is used here and let go of."""
    assert activity.letter is not None
    verdict = classify(activity.letter, activity.subject or lead.title, known, text)
    if not text or not verdict.is_clients:
        return _Told(verdict, NOTHING_SIGNED, "")
    if verdict.kind in RELAYS:
        fields = verdict.fields
        signed = Signature(verdict.sender.name, fields.phones, fields.company, fields.position)
        return _Told(verdict, signed, text[:_GIST])
    own = quotes.own_text(quotes.passed_on(text) if verdict.kind is LetterClass.FORWARDED else text)
    return _Told(verdict, read_signature(own, verdict.sender.name), own[:_GIST])


def _united(signatures: list[Signature]) -> Signature:
    """What all letters of one client tell: all numbers, of the rest what is told first."""
    phones = tuple(dict.fromkeys(number for one in signatures for number in one.phones))

    def first(field: str) -> str:
        return next((value for one in signatures if (value := getattr(one, field))), "")

    return Signature(first("name"), phones, first("company"), first("position"))


def _strongest(verdicts: list[Verdict]) -> Verdict | None:
    """What a lead is by its letters: a person's letter outweighs a machine's, an earlier one a later."""
    for kind in _STRONGEST:
        for verdict in verdicts:
            if verdict.kind is kind:
                return verdict
    return verdicts[0] if verdicts else None


def _from_card(lead: Lead, known: Known) -> Verdict:
    """A lead without a readable letter is judged by the address that stands on it."""
    sender = Sender(", ".join(lead.emails), str(lead.name), str(lead.name), Found.CARD)
    told = classify(Letter(sender=sender.address), lead.title, known)
    return Verdict(told.kind, told.sign, sender)


def _doubt(lead: Lead, verdict: Verdict, verdicts: list[Verdict], known: Known) -> str:
    """Several people wrote into one lead, or the address on the card is another person's than the writer's."""
    if not verdict.is_clients:
        return ""
    writers = {one.sender.key for one in verdicts if one.is_clients and one.sender.key}
    if len(writers) > 1:
        return "several_senders"
    written = {text for value in lead.emails for text in addresses.addresses_in(value)}
    on_card = {key for text in written for key, trouble in [personal_address(text, known)] if trouble is None}
    writer = addresses.canonical(verdict.sender.address, known.aliases)
    return "address_differs" if on_card and writer and writer not in on_card else ""
