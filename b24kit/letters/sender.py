"""Who really wrote a letter: the From header read with all its quirks, Reply-To where From speaks for somebody else."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from enum import StrEnum

from b24kit.crm.activity import Letter
from b24kit.matching import addresses, domains, names
from b24kit.matching.groups import Known, SetAside, personal_address

_ENCODED = re.compile(r"=\?[\w.-]+\?[bqBQ]\?[^?]*\?=")
_BRACKETS = re.compile(r"<([^<>]*)>")
MANY = 3  # so many people behind one mailbox: a person answers to himself, at most from a second address
_REMARK = re.compile(r"\(([^()]*)\)\s*$")


class Found(StrEnum):
    """Where the writer was found."""

    FROM = "from"
    REPLY_TO = "reply_to"
    BODY = "body"  # a form's field, or the head of a letter that was passed on
    CARD = "card"  # no envelope at hand: the address that stands on the card


@dataclass(frozen=True, slots=True)
class Sender:
    """A writer: `address` as written (empty when there is none), `name` readable, `raw_name` as the header had it."""

    address: str = ""
    name: str = ""
    raw_name: str = ""
    found: Found = Found.FROM

    @property
    def key(self) -> str | None:
        """The canonical address under the usual aliases."""
        return addresses.canonical(self.address)


def parse(header: str) -> Sender:
    """Name and address out of one header text; several addresses stay in `address`, for nobody can tell whose it is.

    >>> parse('"Петрова, Анна" <A.Petrova@firm.example>')
    Sender(address='A.Petrova@firm.example', name='Анна Петрова', raw_name='Петрова, Анна', found=<Found.FROM: 'from'>)
    """
    text = " ".join(_decoded(header).split())
    bracketed = _BRACKETS.findall(text)
    if len(bracketed) == 1 and "@" in bracketed[0]:
        raw = _BRACKETS.sub(" ", text).strip(" \"',;")
        return Sender(bracketed[0].strip(), names.clean_name(raw), raw)
    found = addresses.addresses_in(text)
    if len(found) != 1:
        return Sender(", ".join(found) or (text if "@" in text else ""), "" if found or "@" in text else text, "")
    remark = _REMARK.search(text)
    raw = remark[1] if remark else text.replace(found[0], " ").replace("mailto:", " ").strip(" \"'<>[],;:")
    return Sender(found[0], names.clean_name(raw), raw)


def who_wrote(letter: Letter, known: Known) -> Sender:
    """The person behind an incoming letter: From, or Reply-To when From is a relay, a robot or one of ours.

    Reply-To is believed only when it is one address of somebody else's people; otherwise From stands as it is.
    """
    writer = parse(letter.sender)
    trouble = personal_address(writer.address, known)[1]
    if not letter.reply_to or trouble not in (SetAside.RELAY, SetAside.ROBOT, SetAside.OWN):
        return writer
    other = parse(letter.reply_to)
    key, problem = personal_address(other.address, known)
    if problem not in (None, SetAside.ROLE) or key == writer.key:
        return writer
    name = other.name or (writer.name if _speaks_for(writer, other) else "")
    return Sender(other.address, name, other.raw_name or name, Found.REPLY_TO)


def own_addresses(users: Iterable[str], mailboxes: Iterable[str], extra_domains: Iterable[str] = ()) -> Known:
    """What is ours: employees' addresses, the portal's mailboxes, and the corporate domains they stand at.

    A free-mail domain never becomes ours; an employee's free mailbox does.
    """
    ours = {key for raw in (*users, *mailboxes) if (key := addresses.canonical(raw))}
    firms = {domain for address in ours if (domain := domains.corporate_domain(address))}
    return Known(frozenset(ours), frozenset(firms) | {domain.lower() for domain in extra_domains})


def speaking_for_many(letters: Iterable[Letter], known: Known) -> frozenset[str]:
    """Domains of mailboxes whose letters ask to answer to several other people: relays that no list names."""
    answered: dict[str, set[str]] = defaultdict(set)
    for letter in letters:
        if letter.reply_to:
            writer, other = parse(letter.sender).key, parse(letter.reply_to).key
            if writer and other and other != writer and personal_address(other, known)[1] in (None, SetAside.ROLE):
                answered[writer].add(other)
    firms = (domains.corporate_domain(writer) for writer, others in answered.items() if len(others) >= MANY)
    return frozenset(firm for firm in firms if firm and firm not in known.domains)


def _speaks_for(writer: Sender, other: Sender) -> bool:
    """Whether the relay's display name is the client's: it is a full name, and the mailbox does not contradict it."""
    local = addresses.split_address(other.address.lower())[0]
    return names.is_full(writer.name) and any(word in names.fold(local) for word in names.full_words(writer.name))


def _decoded(header: str) -> str:
    """Encoded words (`=?utf-8?B?...?=`) as text; what cannot be decoded stays as it came."""
    if not _ENCODED.search(header):
        return header
    try:
        parts = decode_header(header)
        return "".join(
            part if isinstance(part, str) else part.decode(charset or "utf-8", errors="replace")
            for part, charset in parts
        )
    except (HeaderParseError, LookupError, ValueError):
        return header
