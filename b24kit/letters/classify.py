"""Whether a person wrote a letter, told by headers, mailbox name and subject, with the sign that decided.

Headers come first: Auto-Submitted (RFC 3834), List-Id (RFC 2919), List-Unsubscribe (RFC 2369), Precedence. A letter
that a machine sent on a client's behalf is a relay, never a mere notification: to archive it would lose an inquiry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from b24kit.crm.activity import Letter
from b24kit.letters import sender as senders
from b24kit.letters.sender import Found, Sender
from b24kit.matching import addresses, domains
from b24kit.matching.groups import Known, SetAside, personal_address


class LetterClass(StrEnum):
    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    NEWSLETTER = "newsletter"
    NOTIFICATION = "notification"
    EMPLOYEE = "employee"
    FORWARDED = "forwarded"  # a colleague passed on a client's letter: the client is inside
    RELAY = "relay"  # a form or a service wrote for a client who cannot be told
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a letter is, the sign it was told by, and who wrote it."""

    kind: LetterClass
    sign: str
    sender: Sender


_BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|delivery (status|failure|has failed)|mail delivery|failure notice|"
    r"не доставлено|недоставлен|возвращено отправителю|сообщение не может быть доставлено",
    re.IGNORECASE,
)
_AUTO_SUBJECT = re.compile(
    r"^\W*(автоответ|автоматический ответ|out of (the )?office|auto(matic)?[ -]?(reply|response)|"
    r"в отпуске|отсутствую|нет на месте)",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"^\W*(fwd?|пересл\w*|пер)\s*:", re.IGNORECASE)
_FORM_SUBJECT = re.compile(
    r"(нов(ая|ый)|поступила|получена)\s+(заявк|заказ|обращени|лид|сообщени)|заявка с (сайта|лендинга|формы)|"
    r"(заказ|запрос).{0,12}обратн\w+ звон|(форма|сообщение) (с|обратной)|new (lead|form|submission|request)",
    re.IGNORECASE,
)
_FORM_BODY = re.compile(r"(?im)^\s*(e-?mail|эл\.? ?почта|почта)\s*:\s*\S+@\S+")
_AUTO_HEADERS = ("x-autoreply", "x-autorespond", "x-auto-response-suppress-reply")
_BULK = frozenset({"bulk", "list", "junk"})
_DAEMONS = ("mailer-daemon", "mailerdaemon")


def classify(letter: Letter, subject: str, known: Known, text: str | None = None) -> Verdict:
    """What an incoming letter is. `known` says what is ours (`own_addresses`); `text` is the body where it was read."""
    headers = {name.lower(): value.strip() for name, value in letter.headers.items()}
    from_ = senders.parse(letter.sender)
    machine = _bounced(from_, subject, headers) or _auto_reply(subject, headers)
    if machine is not None:
        return Verdict(machine[0], machine[1], from_)
    writer = senders.who_wrote(letter, known)
    if writer.found is Found.REPLY_TO and not _bulk(headers):
        return Verdict(LetterClass.HUMAN, "reply_to", writer)
    return _by_sender(from_, subject, headers, known, text)


def _by_sender(from_: Sender, subject: str, headers: Mapping[str, str], known: Known, text: str | None) -> Verdict:
    trouble = personal_address(from_.address, known)[1]
    if trouble is SetAside.OWN:
        kind, sign = _own(subject, text)
    elif trouble is SetAside.RELAY or (trouble is SetAside.ROBOT and _at_relay(from_, known)):
        kind, sign = LetterClass.RELAY, "relay_domain"
    elif trouble is SetAside.ROBOT and _carries_client(subject, text):
        kind, sign = LetterClass.RELAY, "form"
    elif bulk := _bulk(headers):
        kind, sign = LetterClass.NEWSLETTER, bulk
    elif trouble is SetAside.ROBOT or headers.get("auto-submitted", "no").lower().startswith("auto-generated"):
        kind, sign = LetterClass.NOTIFICATION, "robot" if trouble is SetAside.ROBOT else "auto_submitted"
    elif trouble in (SetAside.NO_ADDRESS, SetAside.BROKEN_ADDRESS, SetAside.SEVERAL_ADDRESSES):
        kind, sign = LetterClass.UNCLEAR, trouble.value
    else:
        kind, sign = LetterClass.HUMAN, "person"
    return Verdict(kind, sign, from_)


def _own(subject: str, text: str | None) -> tuple[LetterClass, str]:
    """Our own address: a site's form, a colleague's forward, or a colleague."""
    if _carries_client(subject, text):
        return LetterClass.RELAY, "form"
    if _FORWARD_SUBJECT.search(subject):
        return LetterClass.FORWARDED, "forwarded"
    return LetterClass.EMPLOYEE, "own_address"


def _at_relay(from_: Sender, known: Known) -> bool:
    """noreply@ of a marketplace too may carry a client's message; it is a person's to look at."""
    return domains.is_relay(addresses.split_address(from_.address.lower())[1], known.relays)


def _carries_client(subject: str, text: str | None) -> bool:
    return bool(_FORM_SUBJECT.search(subject) or (text and _FORM_BODY.search(text)))


def _bounced(from_: Sender, subject: str, headers: Mapping[str, str]) -> tuple[LetterClass, str] | None:
    local = addresses.split_address(from_.address.lower())[0]
    if local in _DAEMONS:
        return LetterClass.BOUNCE, "mailer_daemon"
    if "report-type=delivery-status" in headers.get("content-type", "").replace('"', "").lower():
        return LetterClass.BOUNCE, "report"
    if "x-failed-recipients" in headers or (local == "postmaster" and _BOUNCE_SUBJECT.search(subject)):
        return LetterClass.BOUNCE, "failed_recipients"
    return None


def _auto_reply(subject: str, headers: Mapping[str, str]) -> tuple[LetterClass, str] | None:
    if headers.get("auto-submitted", "no").lower().startswith("auto-replied"):
        return LetterClass.AUTO_REPLY, "auto_submitted"
    if headers.get("precedence", "").lower() == "auto_reply" or any(name in headers for name in _AUTO_HEADERS):
        return LetterClass.AUTO_REPLY, "auto_header"
    if _AUTO_SUBJECT.search(subject):
        return LetterClass.AUTO_REPLY, "subject"
    return None


def _bulk(headers: Mapping[str, str]) -> str | None:
    if headers.get("list-id") or headers.get("list-unsubscribe"):
        return "list_header"
    return "precedence" if headers.get("precedence", "").lower() in _BULK else None
