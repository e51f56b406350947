"""What a letter is, with the sign that decided and the client behind it where one is certain.

A letter that a machine or a colleague sent on a client's behalf is never a mere notification: to archive it would lose
an inquiry. Whoever is inside counts as the writer once one address stands for him.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from b24kit.crm.activity import Letter
from b24kit.letters import machines, quotes
from b24kit.letters import sender as senders
from b24kit.letters.fields import NO_FIELDS, Fields, read_fields
from b24kit.letters.inside import client_of_form, client_passed_on
from b24kit.letters.sender import Found, Sender
from b24kit.letters.services import Service, service_at, service_said, somebody_asks
from b24kit.matching import addresses, domains
from b24kit.matching.groups import Known, SetAside, personal_address
from b24kit.matching.phones import phones_in


class LetterClass(StrEnum):
    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    NEWSLETTER = "newsletter"
    NOTIFICATION = "notification"
    EMPLOYEE = "employee"
    FORWARDED = "forwarded"  # a colleague passed on a client's letter: the client is inside
    FORM = "form"  # a site's form wrote for a client
    MARKETPLACE = "marketplace"  # a marketplace or a classifieds site did
    TELEPHONY = "telephony"  # a call: its number is all that is told
    RELAY = "relay"  # another service that writes for somebody
    UNCLEAR = "unclear"


RELAYS = frozenset({LetterClass.FORM, LetterClass.MARKETPLACE, LetterClass.TELEPHONY, LetterClass.RELAY})
CARRIERS = RELAYS | {LetterClass.FORWARDED}  # somebody else is inside
_OF_SERVICE = {
    Service.FORM: LetterClass.FORM,
    Service.MARKETPLACE: LetterClass.MARKETPLACE,
    Service.TELEPHONY: LetterClass.TELEPHONY,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a letter is, the sign it was told by, who wrote it or is inside, and what a form's fields tell of him."""

    kind: LetterClass
    sign: str
    sender: Sender
    fields: Fields = NO_FIELDS

    @property
    def is_clients(self) -> bool:
        """Whether `sender` is the one that it is about: a person wrote, or the person inside is certain."""
        inside = self.sender.found in (Found.REPLY_TO, Found.BODY)
        return self.kind is LetterClass.HUMAN or (self.kind in CARRIERS and inside)


_FORWARD_SUBJECT = re.compile(r"^\W*(?:re\s*:\s*)?(fwd?|пересл\w*|пер|i)\s*:", re.IGNORECASE)
_ANSWER_SUBJECT = re.compile(r"^\W*(re|отв|ответ|aw)\s*(\[\d+\])?\s*:", re.IGNORECASE)
_NOBODY = (SetAside.NO_ADDRESS, SetAside.BROKEN_ADDRESS, SetAside.SEVERAL_ADDRESSES)


@dataclass(frozen=True, slots=True)
class _Read:
    """One letter laid out for the rules."""

    letter: Letter
    subject: str
    text: str
    own: str
    headers: Mapping[str, str]
    from_: Sender
    trouble: SetAside | None
    fields: Fields
    known: Known


def classify(letter: Letter, subject: str, known: Known, text: str | None = None) -> Verdict:
    """What an incoming letter is. `known` says what is ours (`own_addresses`); `text` is the readable body, if read."""
    headers = {name.lower(): value.strip() for name, value in letter.headers.items()}
    from_ = senders.parse(letter.sender)
    own = quotes.own_text(text) if text else ""
    if sign := machines.bounced(from_, subject, headers, own):
        return Verdict(LetterClass.BOUNCE, sign, from_)
    if sign := machines.auto_reply(from_, subject, headers, own):
        return Verdict(LetterClass.AUTO_REPLY, sign, from_)
    trouble = personal_address(from_.address, known)[1]
    fields = read_fields(text) if text else NO_FIELDS
    read = _Read(letter, subject, text or "", own, headers, from_, trouble, fields, known)
    if trouble is SetAside.OWN:
        return _own(read)
    if trouble in (SetAside.RELAY, SetAside.ROBOT):
        return _machine(read)
    if trouble in _NOBODY:
        return Verdict(LetterClass.UNCLEAR, trouble.value, from_)
    return _stranger(read)


def _own(read: _Read) -> Verdict:
    """Our own address: a site's form, a colleague's forward, or a colleague."""
    if not _ANSWER_SUBJECT.search(read.subject):
        client = client_of_form(read.letter, read.fields, read.known)
        service = service_said(read.subject, read.own)
        machine = domains.is_robot(addresses.split_address(read.from_.address.lower())[0])
        if not _passed_on(read) and (service or machine) and (client or service or read.fields.tell_a_client):
            return _relayed(read, service or Service.FORM, client)
        # A hand-over of a client's name and address is no rubbish either, whoever of us typed it.
        handed = client is not None and (client.found is Found.REPLY_TO or bool(read.fields.name or read.fields.phones))
        if handed and not _passed_on(read):
            return _relayed(read, service or Service.FORM, client)
    if _passed_on(read):
        client = client_passed_on(read.text, read.known)
        return Verdict(LetterClass.FORWARDED, "head_inside" if client else "forwarded", client or read.from_)
    return Verdict(LetterClass.EMPLOYEE, "own_address", read.from_)


def _passed_on(read: _Read) -> bool:
    if _FORWARD_SUBJECT.search(read.subject):
        return True
    return not _ANSWER_SUBJECT.search(read.subject) and any(head.passed_on for head in quotes.heads(read.text))


def _machine(read: _Read) -> Verdict:
    """A relay's domain or a mailbox that nobody reads: an inquiry inside, a newsletter, or a notice."""
    domain = addresses.split_address(read.from_.address.lower())[1]
    relay = domains.is_relay(domain, read.known.relays)
    service = service_at(domain) or service_said(read.subject, read.own)
    client = client_of_form(read.letter, read.fields, read.known)
    bulk = machines.newsletter(read.headers, read.own, read.from_)
    if bulk and not service_at(domain) and not (service and (client or read.fields.tell_a_client)):
        return Verdict(LetterClass.NEWSLETTER, bulk, read.from_)
    if client is not None or (service and _inquires(read, service)):
        return _relayed(read, service, client)
    if relay:
        return _relayed(read, service, client)
    return Verdict(LetterClass.NOTIFICATION, machines.notice(read.from_, read.headers, read.own) or "robot", read.from_)


def _inquires(read: _Read, service: Service) -> bool:
    """A machine's words of an order are an inquiry to us when somebody is told of, or when it is a form's subject."""
    if service is Service.FORM:
        return service_said(read.subject, "") is Service.FORM or read.fields.tell_a_client
    if service is Service.MARKETPLACE:  # hidden contacts or not, a buyer's question is no rubbish
        return bool(read.fields.tell_a_client or read.fields.phones) or somebody_asks(read.subject)
    return True


def _relayed(read: _Read, service: Service | None, client: Sender | None) -> Verdict:
    filled_in = client is not None and client.found is Found.BODY
    kind = _OF_SERVICE[service] if service else LetterClass.FORM if filled_in else LetterClass.RELAY
    sign = "relay_domain" if read.trouble is SetAside.RELAY else "form"
    if client is not None:
        sign = "reply_to" if client.found is Found.REPLY_TO else "field"
    return Verdict(kind, sign, client or read.from_, read.fields)


def _stranger(read: _Read) -> Verdict:
    """An address that may be a person's: list and robot signs first, then a form that a third party's mailbox sent."""
    if bulk := machines.newsletter(read.headers, read.own, read.from_):
        return Verdict(LetterClass.NEWSLETTER, bulk, read.from_)
    service = service_said(read.subject, "")
    sign = machines.notice(read.from_, read.headers, read.own)
    client = client_of_form(read.letter, read.fields, read.known) if service or sign else None
    if client is not None and client.key != read.from_.key and (sign or read.trouble is SetAside.ROLE):
        return _relayed(read, service or service_said("", read.own), client)
    if service is Service.TELEPHONY and phones_in(read.subject) and not _ANSWER_SUBJECT.search(read.subject):
        return _relayed(read, service, None)  # a number in the subject: people do not write so
    if sign:
        return Verdict(LetterClass.NOTIFICATION, sign, read.from_)
    return Verdict(LetterClass.HUMAN, "person", read.from_)
