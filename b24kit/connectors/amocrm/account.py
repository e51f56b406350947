"""What an account is made of, asked once and kept: pipelines, custom fields, and which leads are deals of ours.

Whoever changes one of these through b24kit calls `forget`; a person's change is seen by the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from b24kit.connectors.amocrm.client import AmoClient, only
from b24kit.connectors.amocrm.fields import FieldSet, to_field
from b24kit.connectors.amocrm.lists import Listing
from b24kit.connectors.amocrm.methods import ENTITIES
from b24kit.connectors.amocrm.translate import Ladders, ladders_of
from b24kit.crm.refs import Kind

WITH = "task_types,users_groups,datetime_settings,version,is_api_filter_enabled"


class Account:
    """The directories of one account over one client; safe to share between threads."""

    def __init__(self, client: AmoClient, lead_pipeline: str | None = None) -> None:
        self._client, self._lead_pipeline = client, lead_pipeline
        self._lock = Lock()
        self._fields: dict[str, FieldSet] = {}
        self._ladders: Ladders | None = None
        self._facts: dict[str, Any] | None = None
        self._deals: frozenset[str] | None = None

    def facts(self) -> dict[str, Any]:
        """The row of /account."""
        with self._lock:
            if self._facts is None:
                self._facts = only(self._client.get("/account", [("with", WITH)]), "GET /account")
            return self._facts

    def ladders(self, *, fresh: bool = False) -> Ladders:
        """The pipelines with their statuses. /leads/pipelines knows no pages: everything comes at once."""
        with self._lock:
            if self._ladders is None or fresh:
                rows = self._client.directory("/leads/pipelines", "pipelines", paged=False)
                self._ladders = ladders_of(rows, self._lead_pipeline)
            return self._ladders

    def fields(self, kind: Kind) -> FieldSet:
        """The custom fields of a kind of card."""
        entity = ENTITIES[kind]
        with self._lock:
            if entity not in self._fields:
                rows = self._client.directory(f"/{entity}/custom_fields", "custom_fields")
                self._fields[entity] = FieldSet(entity, tuple(map(to_field, rows)))
            return self._fields[entity]

    def filters_work(self) -> bool:
        """Whether the account's plan has filters; without it they are ignored without a word."""
        return self.facts().get("is_api_filter_enabled") is not False

    def deals(self) -> frozenset[str]:
        """Ids of the leads that stand in pipelines of deals, as they stood when first asked."""
        with self._lock:
            known = self._deals
        if known is None:
            pipelines = self.ladders().others()
            known = frozenset(str(row["id"]) for row in self._client.rows(in_pipelines(pipelines)))
            with self._lock:
                self._deals = known
        return known

    def forget_deals(self) -> None:
        """Cards were written: some may stand in other pipelines now."""
        with self._lock:
            self._deals = None

    def forget(self) -> None:
        """Something of this was changed: ask anew."""
        with self._lock:
            self._fields.clear()
            self._ladders = self._facts = self._deals = None


def in_pipelines(pipelines: Sequence[int], embed: str = "") -> Listing:
    """The leads of these pipelines; none of them means no lead at all."""
    wanted = frozenset(pipelines)
    return Listing(
        "/leads",
        "leads",
        [("filter[pipeline_id][]", pipeline) for pipeline in pipelines],
        embed=embed,
        fits=lambda row: row.get("pipeline_id") in wanted,
        bins=True,
    )
