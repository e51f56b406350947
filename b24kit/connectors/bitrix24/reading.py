"""Reading a Bitrix24 portal in the words of the vocabulary: directories, people, living lists of cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from b24kit.connectors.bitrix24.asking import answers, pages
from b24kit.connectors.bitrix24.client import RestClient
from b24kit.connectors.bitrix24.methods import LISTS, OWNER_TYPES
from b24kit.connectors.bitrix24.subscriptions import standing
from b24kit.connectors.bitrix24.translate import SOURCES, to_pipeline, to_source, to_stage, to_team, to_user
from b24kit.connectors.bitrix24.translate_activities import (
    ACTIVITY_SELECT,
    TEXT_SELECT,
    channel_filter,
    to_activity,
)
from b24kit.connectors.bitrix24.translate_cards import CARD_READERS, CARD_SELECT, DEAL_SELECT
from b24kit.connectors.bitrix24.wirevalues import Row, rows_of, rows_under, yes
from b24kit.connectors.commands import Command
from b24kit.crm.activity import Activity, Channel
from b24kit.crm.pipeline import Pipeline, Source, Stage
from b24kit.crm.portal import Tell, Where
from b24kit.crm.refs import Kind
from b24kit.crm.subscription import Subscription
from b24kit.crm.user import Team, User

_STAGE_FIELD = {Kind.LEAD: "STATUS_ID", Kind.DEAL: "STAGE_ID"}
_SEMANTICS_FIELD = {Kind.LEAD: "STATUS_SEMANTIC_ID", Kind.DEAL: "STAGE_SEMANTIC_ID"}


class Reading:
    """Every question that features may ask, over one client."""

    def __init__(self, client: RestClient, *, application: bool = False, receiver: str | None = None) -> None:
        """`application`: whether this access is one; `receiver`: the secret address at which we hear of events."""
        self._client, self._application, self._receiver = client, application, receiver

    def stages(self) -> list[Stage]:
        """Stages of leads and of every pipeline of deals, each ladder in its order (crm.status.list, one call)."""
        found = filter(None, map(to_stage, self._rows("crm.status.list", {"order": {"SORT": "ASC"}})))
        return sorted(found, key=lambda stage: (stage.ladder, stage.sort, int(stage.id)))

    def sources(self) -> list[Source]:
        """The directory of sources, in its order."""
        rows = self._rows("crm.status.list", {"filter": {"ENTITY_ID": SOURCES}, "order": {"SORT": "ASC"}})
        return sorted(map(to_source, rows), key=lambda source: (source.sort, int(source.id)))

    def pipelines(self) -> list[Pipeline]:
        """Pipelines of deals, in their order."""
        command = Command("pipelines", "crm.category.list", {"entityTypeId": OWNER_TYPES[Kind.DEAL]})
        rows = rows_under(answers(self._client, [command])["pipelines"], "categories")
        return sorted(map(to_pipeline, rows), key=lambda pipeline: (pipeline.sort, int(pipeline.id)))

    def users(self) -> list[User]:
        """Employees, dismissed ones too, by id: their old cards have to go somewhere.

        user.get never tells who administers the portal; of the webhook's own user `profile` does.
        """
        found = map(to_user, pages(self._client, LISTS[Kind.USER], {"sort": "ID", "order": "ASC"}))
        own = answers(self._client, [Command("profile", "profile")])["profile"]
        told = {str(own.get("ID")): yes(own.get("ADMIN"))} if isinstance(own, Mapping) else {}
        known = (replace(user, admin=told[user.id]) if user.id in told else user for user in found)
        return sorted(known, key=lambda user: int(user.id))

    def teams(self) -> list[Team]:
        """Departments by id."""
        rows = pages(self._client, LISTS[Kind.TEAM], {"sort": "ID", "order": "ASC"}, start="START")
        return sorted(map(to_team, rows), key=lambda team: int(team.id))

    def subscriptions(self) -> list[Subscription]:
        """What stands here so that we hear of events; an incoming webhook may not look."""
        return standing(self._client, self._receiver) if self._application else []

    def cards(self, kind: Kind, where: Where | None, tell: Tell | None) -> Iterator[Any]:
        """Cards of one kind by ascending id; rows that come or go meanwhile shift nothing."""
        where = where or Where()
        params = {"select": list(select_of(kind)), "filter": card_filter(kind, where)}
        read = CARD_READERS[kind]
        for row in self._walk(LISTS[kind], params, where.above_id, tell):
            yield read(row)

    def activities(
        self, on: Kind | None, channel: Channel | None, open_only: bool, text: bool, tell: Tell | None = None
    ) -> Iterator[Activity]:
        """Activities owned by cards that b24kit knows, by ascending id."""
        wanted = [OWNER_TYPES[on]] if on else sorted(OWNER_TYPES.values())
        narrowed = channel_filter(channel) if channel else {}
        still_open = {"COMPLETED": "N"} if open_only else {}
        params = {
            "select": [*ACTIVITY_SELECT, *(TEXT_SELECT if text else ())],
            "filter": {"@OWNER_TYPE_ID": wanted, **narrowed, **still_open},
        }
        for row in self._walk("crm.activity.list", params, None, tell):
            activity = to_activity(row)
            if activity is not None and (channel is None or activity.channel is channel):
                yield activity

    def _rows(self, method: str, params: Mapping[str, Any]) -> list[Row]:
        return rows_of(answers(self._client, [Command("rows", method, params)])["rows"])

    def _walk(self, method: str, params: Mapping[str, Any], above: str | None, tell: Tell | None) -> Iterator[Row]:
        yield from self._client.rows(method, params, style="classic", above=above, tell=tell)


def card_filter(kind: Kind, where: Where) -> dict[str, Any]:
    """The classic filter that narrows a list of cards; stages and openness say nothing of contacts and companies."""
    narrowed: dict[str, Any] = {}
    if where.changed_since is not None:
        narrowed[">=DATE_MODIFY"] = _iso(where.changed_since)
    if kind in _STAGE_FIELD:
        if where.open_only:
            narrowed[_SEMANTICS_FIELD[kind]] = "P"
        if where.stages:
            narrowed[f"@{_STAGE_FIELD[kind]}"] = list(where.stages)
    return narrowed


def select_of(kind: Kind) -> Sequence[str]:
    """What a list of these cards has to ask for."""
    return DEAL_SELECT if kind is Kind.DEAL else CARD_SELECT


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
