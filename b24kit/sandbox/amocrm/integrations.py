"""The integrations of a fake account: who may ask people for access, with which secret and to which address.

On a live account they are made by hand on the market page; here they stand in the setting `integrations`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from b24kit.sandbox.amocrm.jwt import uuid
from b24kit.sandbox.amocrm.registry import FakePortal

SETTING = "integrations"
DISABLED = "disabled_integrations"  # switched off by an administrator: all its tokens are dead


@dataclass(frozen=True, slots=True)
class Integration:
    """One integration; its secret opens nothing but this fake account."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    name: str = "b24kit"


DEFAULT = Integration(
    uuid("b24kit sandbox integration"),
    blake2b(b"b24kit sandbox integration", digest_size=32).hexdigest(),
    "http://127.0.0.1:8025/amocrm",
)


def integrations(portal: FakePortal) -> list[Integration]:
    """Those of the settings, or the one that every fake account has."""
    given: list[dict[str, Any]] | None = portal.settings.get(SETTING)
    return [DEFAULT] if given is None else [Integration(**one) for one in given]


def by_client(portal: FakePortal, client_id: object) -> Integration | None:
    """The integration with this id, or None."""
    return next((one for one in integrations(portal) if one.client_id == client_id), None)


def is_disabled(portal: FakePortal, client_id: str) -> bool:
    """Whether an administrator switched it off."""
    return client_id in portal.settings.get(DISABLED, [])
