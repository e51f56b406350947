"""The custom fields of an account's cards with the choices of their lists (/{entity}/custom_fields)."""

from __future__ import annotations

from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.fields import EXTRA
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.wirevalues import Row, mapping, text
from b24kit.crm.cardfield import CardField
from b24kit.crm.refs import Kind

_MULTIPLE = ("multiselect", "multitext")


def card_fields(client: AmoClient) -> list[CardField]:
    """The fields of leads (which deals share), contacts and companies."""
    found: list[CardField] = []
    for kinds in ((Kind.LEAD, Kind.DEAL), (Kind.CONTACT,), (Kind.COMPANY,)):
        rows = client.directory(f"/{ENTITIES[kinds[0]]}/custom_fields", "custom_fields")
        found += [_field(kind, row) for kind in kinds for row in rows]
    return found


def _field(kind: Kind, row: Row) -> CardField:
    enums = row.get("enums")
    return CardField(
        kind=kind,
        key=f"{EXTRA}{row['id']}",
        code=text(row.get("code")),
        label=text(row.get("name")),
        type=text(row.get("type")),
        multiple=row.get("type") in _MULTIPLE,
        options={text(one.get("id")): text(one.get("value")) for one in map(mapping, enums or ())},
    )
