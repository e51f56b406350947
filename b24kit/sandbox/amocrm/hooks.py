"""From a change in the account to the parcels for its webhooks, and what the vendor does when nobody takes them.

Rests on the vendor's page "Webhooks format": two seconds to answer, a second attempt after 5 minutes, a third after
15, two more only for answers of the 500s; above 100 wrong answers within two hours a hook is switched off.
"""

from __future__ import annotations

from urllib.parse import urlencode

from b24kit.sandbox.amocrm.hook_bodies import body_of, pairs
from b24kit.sandbox.amocrm.registry import Change, FakePortal
from b24kit.sandbox.amocrm.trail import SINGULAR
from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.delivery import Delivery, Ladder, Step
from b24kit.sandbox.posting import Parcel

MINUTE = 60
HEADERS = {"User-Agent": "amoCRM-WebHook-client/1.0", "Content-Type": "application/x-www-form-urlencoded"}


def _is_wrong(status: int) -> bool:
    return status < 100 or status >= 300


def _is_trouble(status: int) -> bool:
    return status == 499 or 500 <= status <= 599


LADDER = Ladder(
    steps=(
        Step(5 * MINUTE, _is_wrong), Step(15 * MINUTE, _is_wrong),
        Step(15 * MINUTE, _is_trouble), Step(60 * MINUTE, _is_trouble),
    ),
    spent_above=100,
    window=120 * MINUTE,
)  # fmt: skip


def delivery_of(portal: FakePortal, clock: PortalClock) -> Delivery:
    """The account's delivery: from now on every change goes to the webhooks that asked for it."""
    table = portal.store["webhook"]

    def is_open(hook: int) -> bool:
        row = table.get(hook)
        return row is not None and not row["disabled"]

    def spent(hook: int) -> None:
        if hook in table.rows:
            table.change(hook, {"disabled": True, "updated_at": portal.unix()})

    delivery = Delivery(clock, LADDER, is_open=is_open, spent=spent)
    portal.listeners.append(lambda change: delivery.send(parcels(portal, change)))
    return delivery


def parcels(portal: FakePortal, change: Change) -> list[Parcel]:
    """One parcel for each webhook that asked for this change, with the row as it stands now."""
    word = SINGULAR.get(change.entity, change.entity)
    event = f"{change.action}_{word}"
    takers = [(i, row) for i, row in portal.store["webhook"] if event in row["settings"] and not row["disabled"]]
    if not takers:
        return []
    body = urlencode(list(pairs(body_of(portal, change)))).encode()
    subject = f"{word} {change.row_id}"
    return [Parcel(i, row["destination"], event, subject, body, HEADERS) for i, row in takers]
