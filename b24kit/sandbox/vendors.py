"""The vendors that a sandbox can play: how each opens its site, what it answers under which address, what it plants.

Server and control API know a portal only by what `Site` names; everything else is the vendor's own business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from starlette.routing import BaseRoute, Mount

from b24kit.sandbox.amocrm import site as amocrm_site
from b24kit.sandbox.amocrm.manners import AmoManners
from b24kit.sandbox.amocrm.routes import ApiRoutes
from b24kit.sandbox.behaviour import Behaviour, Manners
from b24kit.sandbox.bitrix24 import site as bitrix24_site
from b24kit.sandbox.bitrix24.access import Webhook
from b24kit.sandbox.bitrix24.routes import RestRoutes
from b24kit.sandbox.calllog import CallLog, RequestLog
from b24kit.sandbox.clock import PortalClock
from b24kit.sandbox.connections import Connections
from b24kit.sandbox.delivery import Delivery
from b24kit.sandbox.seeds import amocrm as amocrm_seeds
from b24kit.sandbox.seeds import plant


class Site(Protocol):
    """A fake portal with all that stands around it, as far as server and control API need to know it.

    `portal` is the vendor's own state; every one has its tables in `store` and its switches in `settings`.
    """

    @property
    def portal(self) -> Any: ...
    @property
    def clock(self) -> PortalClock: ...
    @property
    def behaviour(self) -> Behaviour: ...
    @property
    def doors(self) -> Any: ...
    @property
    def calls(self) -> CallLog: ...
    @property
    def requests(self) -> RequestLog: ...
    @property
    def churned(self) -> dict[str, list[int]]: ...
    @property
    def delivery(self) -> Delivery | None: ...

    def keep(self) -> None:
        """Put the settings beside the data."""

    def empty(self) -> None:
        """Forget all data, counters and logs."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor; `doors` names the option (and the setting) that lists the ways in, `off` switches limits off."""

    name: str
    doors: str
    off: Mapping[str, Any]
    open_site: Callable[
        [PortalClock, Path | None, Mapping[str, Any], Sequence[Mapping[str, Any]], str], tuple[Any, bool]
    ]
    routes: Callable[[Any, Connections], list[BaseRoute]]
    plant: Callable[[Any, dict[str, Any]], dict[str, Any]]


def _bitrix24(
    clock: PortalClock,
    path: Path | None,
    manners: Mapping[str, Any],
    doors: Sequence[Mapping[str, Any]],
    domain: str,
) -> tuple[bitrix24_site.Site, bool]:
    webhooks = [Webhook.from_data(data) for data in doors]
    return bitrix24_site.open_site(clock, path, Manners.model_validate(manners), webhooks, domain)


def _amocrm(
    clock: PortalClock,
    path: Path | None,
    manners: Mapping[str, Any],
    doors: Sequence[Mapping[str, Any]],
    domain: str,
) -> tuple[amocrm_site.Site, bool]:
    return amocrm_site.open_site(clock, path, AmoManners.model_validate(manners), doors, domain)


_NO_LIMITS = {"bucket": None, "operating": None, "request_seconds": None}
VENDORS = {
    "bitrix24": Vendor(
        "bitrix24", "webhooks", _NO_LIMITS, _bitrix24,
        lambda site, known: [Mount("/rest", RestRoutes(site, known))], plant,
    ),
    "amocrm": Vendor(
        "amocrm", "tokens", _NO_LIMITS | {"rate": None}, _amocrm,
        lambda site, known: [Mount("/", ApiRoutes(site, known))], amocrm_seeds.plant,
    ),
}  # fmt: skip


def vendor_of(name: str) -> Vendor:
    """The vendor of this name; raises ValueError for another."""
    if name not in VENDORS:
        raise ValueError(f"unknown vendor {name!r}: {' or '.join(VENDORS)}")
    return VENDORS[name]
