"""Webhooks of an amoCRM account: one address, many events; the address is the webhook's name and its password.

Rests on the vendor's page "Webhooks" (API): the same address again changes the events of the one row, and it goes by
its address. Robots and triggers of the digital pipeline have no API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.steps import Step, step
from b24kit.connectors.amocrm.wirevalues import text
from b24kit.crm.refs import Kind
from b24kit.crm.subscription import Manner, Palette, Subscription, shown_address
from b24kit.crm.writes import Change, Create, Delete, Write
from b24kit.errors import UsageError

EVENTS = (
    *("add_lead", "update_lead", "delete_lead", "restore_lead", "status_lead", "responsible_lead", "note_lead"),
    *("add_task", "update_task", "delete_task", "add_talk", "update_talk"),
)
WANTED = "wanted"  # the id of a webhook that does not stand yet
_SORT = "webhook"


def standing(client: AmoClient, receiver: str | None) -> list[Subscription]:
    """All webhooks of the account, those of others too; their paths are not told. One that the vendor has switched off
    hears nothing.
    """
    return [_of_row(row, receiver) for row in client.directory("/webhooks", "webhooks", paged=False)]


def wanted(manner: Manner, palette: Sequence[Palette], receiver: str | None) -> list[Subscription]:
    """What has to stand there; UsageError when it is to be sent to nowhere."""
    if palette:
        raise UsageError("amo_no_palette", codes=", ".join(one.code for one in palette))
    if manner is not Manner.PUSHED:
        return []
    if not receiver:
        raise UsageError("robots_no_receiver")
    hears = tuple(sorted(EVENTS))
    return [Subscription(id=WANTED, sort=_SORT, name=_SORT, hears=hears, address=shown_address(receiver), ours=True)]


def with_address(write: Write, receiver: str | None) -> Write:
    """The write with the full address in it, which plans and journals never hold."""
    if isinstance(write, Create) and write.kind is Kind.SUBSCRIPTION:
        return replace(write, values=dict(write.values) | {"address": receiver or ""})
    if isinstance(write, Change | Delete) and write.ref.kind is Kind.SUBSCRIPTION:
        return replace(write, before=dict(write.before) | {"address": receiver or ""})
    return write


def creation(write: Create) -> Step:
    """Subscribe the address; one that is subscribed already takes these events instead."""
    return step("POST /webhooks", _body(write.values.get("address"), write.values["hears"]))


def change(write: Change) -> Step | None:
    """Other events for the address."""
    if not write.values:
        return None
    if set(write.values) != {"hears"}:
        raise UsageError("field_not_writable", kind=Kind.SUBSCRIPTION.value, field=sorted(write.values)[0])
    _require_ours(write.before)
    return step("POST /webhooks", _body(write.before.get("address"), write.values["hears"]))


def deletion(write: Delete) -> Step:
    """Nothing more to the address."""
    _require_ours(write.before)
    return step("DELETE /webhooks", {"destination": _address(write.before.get("address"))})


def _require_ours(before: Mapping[str, Any]) -> None:
    if not before.get("ours"):
        raise UsageError("robots_foreign_handler", event=_SORT)


def _body(address: Any, hears: Sequence[str]) -> dict[str, Any]:
    return {"destination": _address(address), "settings": list(hears)}


def _address(address: Any) -> str:
    if not address:
        raise UsageError("robots_no_receiver")
    return str(address)


def _of_row(row: Mapping[str, Any], receiver: str | None) -> Subscription:
    address = text(row.get("destination"))
    told = row.get("settings") or ()
    names = tuple(sorted(map(str, told)))  # a list, or an object whose keys are the events
    return Subscription(
        id=f"{_SORT}/{row['id']}",
        sort=_SORT,
        name=_SORT,
        hears=() if row.get("disabled") else names,
        address=shown_address(address),
        ours=address == receiver,
    )
