"""The user fields of Bitrix24's cards with the choices of their lists (crm.lead.userfield.list and its sisters).

Only administrators of the CRM may ask.
"""

from __future__ import annotations

from collections.abc import Mapping

from b24kit.connectors.bitrix24.asking import answers
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.wirevalues import Row, mapping, rows_of, text, yes
from b24kit.connectors.commands import Command
from b24kit.crm.cardfield import CardField
from b24kit.crm.refs import Kind
from b24kit.errors import NotAllowed

_KINDS = (Kind.LEAD, Kind.DEAL, Kind.CONTACT, Kind.COMPANY)


def card_fields(client: RestClient) -> list[CardField] | None:
    """The fields of leads, deals, contacts and companies; None without the right to ask."""
    commands = [Command(kind.value, f"crm.{kind.value}.userfield.list", {"order": {"SORT": "ASC"}}) for kind in _KINDS]
    try:
        told = answers(client, commands)
    except NotAllowed:
        return None
    return [_field(kind, row) for kind in _KINDS for row in rows_of(told[kind.value])]


def _field(kind: Kind, row: Row) -> CardField:
    name = text(row.get("FIELD_NAME"))
    return CardField(
        kind=kind,
        key=name,
        code=name,
        label=_label(row),
        type=text(row.get("USER_TYPE_ID")),
        multiple=yes(row.get("MULTIPLE")),
        options={text(one.get("ID")): text(one.get("VALUE")) for one in map(mapping, row.get("LIST") or ())},
        by_id=True,
    )


def _label(row: Row) -> str:
    """In the portal's language; some answers hold one a language."""
    told = row.get("EDIT_FORM_LABEL") or row.get("LIST_COLUMN_LABEL")
    if isinstance(told, Mapping):
        return next((text(told[name]) for name in ("ru", "en") if told.get(name)), "")
    return text(told)
