"""A whole playbook: joins the sections that the features own, checks them against each other, exports JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from b24kit.cleanup.spec import CleanSpec
from b24kit.crm.pipeline import Outcome
from b24kit.migrate.design import Fault, lead_faults, pipeline_faults, source_faults
from b24kit.migrate.spec import FieldSpec, Ladder, Language, PipelineSpec, SourceSpec, Wording
from b24kit.owners.section import Section
from b24kit.owners.spec import OwnersSpec
from b24kit.owners.spec_people import PeopleSpec
from b24kit.robots.spec_cadence import CadenceSpec
from b24kit.robots.spec_gates import GatesSpec
from b24kit.robots.spec_install import InstallSpec
from b24kit.robots.spec_routing import RoutingSpec
from b24kit.robots.spec_sending import SendingSpec
from b24kit.robots.spec_sla import SlaSpec
from b24kit.robots.spec_spawn import SpawnSpec

FORMAT = 1


def _answer(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class RobotsSpec(Section):
    """What a person saw on the portal's pages of robots, which no method can read."""

    answers: Mapping[str, Annotated[str, BeforeValidator(_answer), Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Ответы на шаги для человека: robots-leads: «нет роботов, смотрела Иванова 12.01»",
    )
    install: InstallSpec = Field(default=InstallSpec(), description="Что поставить на портал, чтобы слышать события")


class Playbook(Section):
    """One file: how a portal should be, and how to get there."""

    b24kit: Literal[1] = Field(description="Версия формата")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="Имя файла без расширения")
    title: Wording = Field(description="О чём этот сценарий, одной строкой")
    language: Language = Field(default="ru", description="На каком языке писать на портал")
    stages: Ladder | None = Field(default=None, description="Лестница лидов")
    pipelines: tuple[PipelineSpec, ...] = Field(default=(), description="Воронки сделок")
    sources: tuple[SourceSpec, ...] = Field(default=(), description="Справочник источников")
    fields: tuple[FieldSpec, ...] = Field(default=(), description="Поля карточек для данных, которых требуют стадии")
    loss_reasons: tuple[Wording, ...] = Field(default=(), description="Причины отказа, где портал их ведёт")
    owners: OwnersSpec = Field(default=OwnersSpec(), description="Кто становится ответственным")
    clean: CleanSpec | None = Field(default=None, description="Разбор завалов")
    robots: RobotsSpec = Field(default=RobotsSpec(), description="Что увидел человек на страницах роботов")
    people: PeopleSpec = Field(default=PeopleSpec(), description="Рабочее время, отпуска, кто кого замещает")
    routing: RoutingSpec | None = Field(default=None, description="Кому достаются новые карточки")
    sla: SlaSpec = Field(default=SlaSpec(), description="Сроки в рабочем времени")
    cadence: CadenceSpec = Field(default=CadenceSpec(), description="Попытки связаться, задачи и ответы после закрытия")
    gates: GatesSpec = Field(default=GatesSpec(), description="Какие данные нужны по стадиям, оценка и портрет клиента")
    spawn: SpawnSpec = Field(default=SpawnSpec(), description="Переходы в другие воронки и рассылки")
    sending: SendingSpec = Field(default=SendingSpec(), description="Кому, когда и сколько можно писать")
    send: Literal["off", "armed"] = Field(
        default="off", description="off: письма клиентам только готовятся; armed: уходят, если разрешено и в команде"
    )


def faults(playbook: Playbook) -> list[Fault]:
    """Everything that is wrong across fields and sections; an empty list for a sound playbook."""
    found: list[Fault] = []
    if playbook.stages is not None:
        found += lead_faults(playbook.stages)
        found += _closing_faults(playbook)
        found += _source_faults(playbook)
    found += pipeline_faults(playbook.pipelines)
    found += source_faults(playbook.sources)
    return found


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a playbook, for editors."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**dialect, **Playbook.model_json_schema(), "title": "b24kit playbook"}


def _closing_faults(playbook: Playbook) -> list[Fault]:
    """A closing stage that the design names must be a failure stage: neither letters nor rubbish are conversions."""
    if playbook.clean is None or playbook.stages is None:
        return []
    outcomes = {stage.code: stage.outcome for stage in playbook.stages.ladder}
    found: list[Fault] = []
    for name in ("linked", "archive"):
        code = getattr(playbook.clean.close, name)
        if outcomes.get(code, Outcome.LOST) is not Outcome.LOST:
            found.append(Fault(("clean", "close", name), "playbook.fault.closing_not_failure", {"code": code}))
    first = playbook.clean.close.new_client
    if first is not None and outcomes.get(first, Outcome.WON) is Outcome.OPEN:
        found.append(Fault(("clean", "close", "new_client"), "playbook.fault.closing_open", {"code": first}))
    return found


def _source_faults(playbook: Playbook) -> list[Fault]:
    """Sources that moves speak of must be in the playbook's own list, so that none is written that does not exist."""
    listed = {source.code for source in playbook.sources}
    if playbook.stages is None or not listed:
        return []
    return [
        Fault(("stages", "moves", at, "source"), "playbook.fault.source_unlisted", {"source": move.source})
        for at, move in enumerate(playbook.stages.moves)
        if move.source is not None and move.source not in listed
    ]
