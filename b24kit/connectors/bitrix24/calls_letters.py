"""The one call that makes the portal send: a letter to a client, in its employee's name.

Rests on the vendor's pages "How to Send an E-mail to a Client on Behalf of an Employee" and crm.activity.add: an e-mail
that is outgoing and added as completed leaves at once, and stays on the card. Its ORIGIN_ID is ours, by which a lost
answer is settled. No method sends an SMS (messageservice.* only lets an application offer itself as a carrier), and a
message to an open line (imopenlines.crm.message.add) carries nothing to find it by: both are left to people.
"""

from __future__ import annotations

import re
from typing import Any

from b24kit.connectors.bitrix24.calls_hanging import SYSTEM, RestCall, origin_id
from b24kit.connectors.bitrix24.methods import OWNER_TYPES
from b24kit.connectors.bitrix24.wirevalues import text, wire_id
from b24kit.crm.refs import Ref
from b24kit.crm.writes import Create
from b24kit.errors import UsageError

_EMAIL, _OUTGOING, _PLAIN = 4, 2, 1
_ADDRESS = re.compile(r"[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']{1,255}")
_SENDER = re.compile(r"(?:[^<>\r\n\"]{0,120} )?<[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']{1,255}>")


def letter_call(write: Create) -> RestCall:
    """crm.activity.add in the form that sends; UsageError unless there is one sound address on either side."""
    values = write.values
    card, client = Ref.parse(values["card"]), Ref.parse(values.get("client") or values["card"])
    address, sender = text(values.get("address")), text(values.get("sender"))
    # One address, one line: nothing that a client typed may add a receiver or a header.
    if not _ADDRESS.fullmatch(address) or not _SENDER.fullmatch(sender):
        raise UsageError("letter_no_address", key=write.key)
    heard = {"VALUE": address, "ENTITY_ID": wire_id(client.id), "ENTITY_TYPE_ID": OWNER_TYPES[client.kind]}
    fields: dict[str, Any] = {
        "OWNER_ID": wire_id(card.id),
        "OWNER_TYPE_ID": OWNER_TYPES[card.kind],
        "TYPE_ID": _EMAIL,
        "DIRECTION": _OUTGOING,
        "COMPLETED": "Y",
        "SUBJECT": " ".join(text(values.get("subject")).split()) or "-",
        "DESCRIPTION": text(values.get("text")),
        "DESCRIPTION_TYPE": _PLAIN,
        "RESPONSIBLE_ID": wire_id(values.get("owner")) or 1,
        "COMMUNICATIONS": [{**heard, "TYPE": "EMAIL"}],
        "SETTINGS": {"MESSAGE_FROM": sender},
        "ORIGINATOR_ID": SYSTEM,
        "ORIGIN_ID": origin_id(write),
    }
    return "crm.activity.add", {"fields": fields}
