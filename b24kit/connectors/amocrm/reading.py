"""Reading an amoCRM account in the words of the vocabulary: directories, people, living lists of cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from b24kit.connectors.amocrm.account import Account
from b24kit.connectors.amocrm.client import AmoClient
from b24kit.connectors.amocrm.incoming import to_incoming
from b24kit.connectors.amocrm.lists import Listing, since
from b24kit.connectors.amocrm.methods import ENTITIES, ENTITY_WORDS
from b24kit.connectors.amocrm.paging import Row
from b24kit.connectors.amocrm.translate import (
    stage_code,
    stage_numbers,
    to_pipelines,
    to_source,
    to_stages,
    to_team,
    to_user,
)
from b24kit.connectors.amocrm.translate_activities import NOTE_TYPES, card_of, to_note, to_task
from b24kit.connectors.amocrm.translate_cards import CARD_READERS, EMBED
from b24kit.connectors.amocrm.wirevalues import embedded
from b24kit.crm.activity import Activity, Channel
from b24kit.crm.incoming import Incoming
from b24kit.crm.pipeline import LEADS, Pipeline, Source, Stage
from b24kit.crm.portal import Tell, Where
from b24kit.crm.refs import Kind
from b24kit.crm.user import Team, User
from b24kit.errors import NotAllowed

_TASK_CHANNELS = (None, Channel.TODO, Channel.MEETING, Channel.TASK)
_MANY_STAGES = 60  # more than so many in one address make it too long; the list is then narrowed here


class Reading:
    """Every question that features may ask, over one client."""

    def __init__(self, client: AmoClient, account: Account) -> None:
        self._client, self._account = client, account

    def stages(self) -> list[Stage]:
        """Stages of every ladder, each ladder in its order (/leads/pipelines, one request)."""
        ladders = self._account.ladders(fresh=True)
        rows = [row for row in ladders.rows if not row.get("is_archive")]
        found = [stage for row in rows for stage in to_stages(row, ladders)]
        return sorted(found, key=lambda stage: (stage.ladder, stage.sort, stage_numbers(stage.code)[1]))

    def pipelines(self) -> list[Pipeline]:
        """Pipelines of deals, in their order: all but the one that is the ladder of leads."""
        return to_pipelines(self._account.ladders(fresh=True))

    def sources(self) -> list[Source]:
        """Sources of our own integration; those of others, and all without a widget, are not told."""
        try:
            rows = self._client.directory("/sources", "sources", paged=False)
        except NotAllowed:
            return []
        return sorted(map(to_source, rows), key=lambda source: int(source.id))

    def users(self) -> list[User]:
        """Employees, deactivated ones too, by id."""
        rows = self._client.directory("/users", "users", [("with", "role,group")])
        return sorted(map(to_user, rows), key=lambda user: int(user.id))

    def teams(self) -> list[Team]:
        """Groups of users, by id."""
        return sorted(map(to_team, embedded(self._account.facts(), "users_groups")), key=lambda team: int(team.id))

    def cards(self, kind: Kind, where: Where | None, tell: Tell | None) -> Iterator[Any]:
        """Cards of one kind by ascending id."""
        where = where or Where()
        listing = self._listing(kind, where)
        if listing is None:
            return
        read = CARD_READERS[kind]
        above = None if where.above_id is None else int(where.above_id)
        for row in self._client.rows(listing, tell):
            if above is None or int(row["id"]) > above:
                yield read(row)

    def incoming(self, tell: Tell | None) -> Iterator[Incoming]:
        """Everything in the unsorted of all pipelines, oldest first. The vendor lists the newest first, always."""
        found = map(to_incoming, self._client.directory("/leads/unsorted", "unsorted"))
        yield from sorted(filter(None, found), key=lambda one: (one.created.timestamp() if one.created else 0, one.id))

    def activities(self, on: Kind | None, channel: Channel | None, open_only: bool, text: bool) -> Iterator[Activity]:
        """Tasks, then letters and calls of each kind of card, each by ascending id; `text` also brings bodies."""
        for activity in self._activities(on, channel, open_only):
            if (on is None or activity.card.kind is on) and (channel is None or activity.channel is channel):
                yield activity if text else _without_text(activity)

    def _activities(self, on: Kind | None, channel: Channel | None, open_only: bool) -> Iterator[Activity]:
        entities = [ENTITIES[on]] if on else list(ENTITY_WORDS)
        deals = self._account.deals() if "leads" in entities else frozenset()
        if channel in _TASK_CHANNELS:
            for row in self._client.rows(_tasks(entities[0] if on else "", open_only)):
                yield from filter(None, [to_task(row, deals)])
        if open_only or channel not in (None, *NOTE_TYPES):
            return  # letters and calls are done
        for entity in entities:
            for row in self._client.rows(_notes(entity, channel)):
                yield from filter(None, [to_note(row, entity, deals)])

    def _listing(self, kind: Kind, where: Where) -> Listing | None:
        """What to ask for; None when nothing can fit."""
        changed = since(where.changed_since) if where.changed_since else []
        after = where.changed_since.timestamp() if where.changed_since else None
        entity = ENTITIES[kind]
        if entity != "leads":
            fits = None if after is None else _later(int(after))
            return Listing(f"/{entity}", entity, changed, EMBED[entity], fits, bins=True)
        pipelines, stages = self._wanted(kind, where)
        if not pipelines or (stages is not None and not stages):
            return None
        filters = [("filter[pipeline_id][]", pipeline) for pipeline in pipelines]
        if stages is not None and len(stages) <= _MANY_STAGES:
            filters = [pair for place, code in enumerate(stages) for pair in _status_filter(place, code)]
        fits = _fits_lead(frozenset(pipelines), None if stages is None else frozenset(stages), after)
        return Listing("/leads", "leads", [*filters, *changed], EMBED[entity], fits, bins=True)

    def _wanted(self, kind: Kind, where: Where) -> tuple[list[int], list[str] | None]:
        """Pipelines of a kind of card, and stages when the list is narrowed to some (None: all of them)."""
        ladders = self._account.ladders()
        pipelines = [ladders.pipeline(LEADS)] if kind is Kind.LEAD else ladders.others()
        if not where.stages and not where.open_only:
            return pipelines, None
        still = ladders.open_stages(pipelines) if where.open_only else None
        if not where.stages:
            return pipelines, still
        mine = [code for code in where.stages if stage_numbers(code)[0] in pipelines]
        return pipelines, [code for code in mine if still is None or code in still]


def _fits_lead(pipelines: frozenset[int], stages: frozenset[str] | None, after: float | None) -> Callable[[Row], bool]:
    def fits(row: Row) -> bool:
        if row.get("pipeline_id") not in pipelines:
            return False
        if stages is not None and stage_code(int(row["pipeline_id"]), int(row["status_id"])) not in stages:
            return False
        return after is None or int(row.get("updated_at") or 0) >= int(after)

    return fits


def _later(after: int) -> Callable[[Row], bool]:
    return lambda row: int(row.get("updated_at") or 0) >= after


def _status_filter(place: int, code: str) -> list[tuple[str, Any]]:
    """Both numbers, always: 142 and 143 stand in every pipeline."""
    pipeline, status = stage_numbers(code)
    name = f"filter[statuses][{place}]"
    return [(f"{name}[pipeline_id]", pipeline), (f"{name}[status_id]", status)]


def _tasks(entity: str, open_only: bool) -> Listing:
    filters: list[tuple[str, Any]] = [("filter[entity_type]", entity)] if entity else []
    filters += [("filter[is_completed]", 0)] if open_only else []

    def fits(row: Row) -> bool:
        return not (entity and row.get("entity_type") != entity) and not (open_only and row.get("is_completed"))

    return Listing("/tasks", "tasks", filters, fits=fits, vanish_event="task_deleted")


def _notes(entity: str, channel: Channel | None) -> Listing:
    kinds = NOTE_TYPES[channel] if channel else tuple(kind for found in NOTE_TYPES.values() for kind in found)
    filters = [("filter[note_type][]", kind) for kind in kinds]

    def fits(row: Row) -> bool:
        return row.get("note_type") in kinds and card_of(entity, row.get("entity_id")) is not None

    return Listing(f"/{entity}/notes", "notes", filters, fits=fits)


def _without_text(activity: Activity) -> Activity:
    return replace(activity, text=None, bindings=None)
