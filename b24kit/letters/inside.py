"""The client inside a letter that somebody else sent: a form's fields, or the head of a letter that was passed on.

A client is named only where one address stands for him; two that disagree, or none, leave the letter to a person.
"""

from __future__ import annotations

from b24kit.crm.activity import Letter
from b24kit.letters import quotes
from b24kit.letters import sender as senders
from b24kit.letters.fields import Fields
from b24kit.letters.sender import Found, Sender
from b24kit.matching import addresses, domains
from b24kit.matching.groups import Known, SetAside, personal_address


def client_of_form(letter: Letter, fields: Fields, known: Known) -> Sender | None:
    """Who filled in a form: Reply-To and the fields, which must not name two people."""
    reply = senders.who_wrote(letter, known)
    machine = addresses.split_address(senders.parse(letter.sender).address.lower())[1]
    told = {key: raw for raw in fields.emails if (key := _somebodys(raw, known, machine))}
    if reply.found is Found.REPLY_TO and reply.key:
        if told and reply.key not in told:
            return None
        return Sender(reply.address, fields.name or reply.name, fields.name or reply.raw_name, Found.REPLY_TO)
    if len(told) != 1:
        return None
    return Sender(next(iter(told.values())), fields.name, fields.name, Found.BODY)


def client_passed_on(text: str, known: Known) -> Sender | None:
    """Whose letter a colleague passed on: the outermost head inside that is not ours, when it shows an address."""
    for head in quotes.heads(text):
        writer = senders.parse(head.sender)
        trouble = personal_address(writer.address, known)[1]
        if trouble is SetAside.OWN:
            continue
        if trouble not in (None, SetAside.ROLE):
            return None
        return Sender(writer.address, writer.name, writer.raw_name, Found.BODY)
    return None


def _somebodys(raw: str, known: Known, machine: str) -> str | None:
    """The canonical address when it may be a client's: not ours, no robot, not of the machine that wrote."""
    key, trouble = personal_address(raw, known)
    if trouble not in (None, SetAside.ROLE):
        return None
    domain = addresses.split_address(key)[1]
    return None if domain == machine and not domains.is_free_mail(domain) else key
