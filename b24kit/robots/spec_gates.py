"""The `gates:` section of a playbook: which data a stage asks for, a client's score and portrait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from b24kit.owners.section import Names, Section, Text
from b24kit.robots.spec_words import Lines, Span

Answers = Mapping[Text, Names]


class QuestionSpec(Section):
    """Data that only some clients are asked for: a stand's size of a sponsor, not of a visitor."""

    when: Answers = Field(min_length=1, description="При каких ответах: {role: [sponsor, спонсор]}")
    ask: Names = Field(min_length=1, description="Какие данные тогда нужны")


class GateSpec(Section):
    """What must be known to leave a stage, and what to stand on it."""

    pipeline: Text | None = Field(default=None, description="Воронка сделок; пусто: лиды")
    stage: Text = Field(description="Стадия: код или название")
    leave: Names = Field(default=(), description="Без чего нельзя дальше")
    enter: Names = Field(default=(), description="Без чего нельзя стоять здесь: причина, дата возврата")
    questions: tuple[QuestionSpec, ...] = Field(default=(), description="Что ещё нужно, чтобы уйти дальше")
    visited: bool = Field(
        default=False, description="true: leave спрашивают только с карточек, которые на этой стадии стояли"
    )
    grace: Span | None = Field(default=None, description="Сколько подождать после перехода, пока человек допишет")


class PointsSpec(Section):
    """Points for data that is there, or for an answer."""

    points: int = Field(description="Сколько баллов; меньше нуля тоже можно")
    data: Names = Field(default=(), description="За заполненные данные, все названные вместе")
    when: Answers = Field(default_factory=dict, description="За ответы: {budget: [большой]}")

    @model_validator(mode="after")
    def _for_something(self) -> PointsSpec:
        if not self.data and not self.when:
            raise PydanticCustomError("points_for_nothing", "give data or when", {})
        return self


class ScoreSpec(Section):
    """How good a client is: points, and the grade they make."""

    rules: tuple[PointsSpec, ...] = Field(min_length=1, description="За что баллы")
    points_field: Text | None = Field(default=None, description="Поле карточки, куда писать баллы")
    grade_field: Text | None = Field(default=None, description="Поле карточки, куда писать оценку")
    grades: Mapping[Text, int] = Field(
        default_factory=dict, description="Оценка и с какого балла она ставится: {A: 8, B: 4, C: 0}"
    )

    @model_validator(mode="after")
    def _written_somewhere(self) -> ScoreSpec:
        if self.points_field is None and self.grade_field is None:
            raise PydanticCustomError("score_nowhere", "give points_field or grade_field", {})
        if self.grade_field is not None and not self.grades:
            raise PydanticCustomError("score_no_grades", "grade_field needs grades", {})
        return self


class PortraitSpec(Section):
    """The client in two to five lines; a line whose data are not all there yet is left out."""

    lines: tuple[Lines, ...] = Field(min_length=2, max_length=5, description="Строки с данными: «{business_line}»")
    field: Text | None = Field(default=None, description="Поле карточки; пусто: комментарий в карточке")


class GatesSpec(Section):
    """Gates of all ladders."""

    fields: Mapping[Text, Names] = Field(
        default_factory=dict, description="Где на портале лежат данные: {role: UF_CRM_ROLE}; первое заполненное"
    )
    gates: tuple[GateSpec, ...] = Field(default=(), description="Данные по стадиям")
    on_card: bool = Field(default=True, description="Вывести эти поля на карточку, в вид для всех (Битрикс24)")
    section: Text | None = Field(default=None, description="Раздел карточки для них; пусто: «Для перехода»")
    patience: int = Field(
        default=1, ge=0, description="Сколько раз вернуть карточку со стадии, прежде чем сказать руководителю"
    )
    since: date | None = Field(default=None, description="С какого дня действует; прежние переходы не трогать")
    score: ScoreSpec | None = Field(default=None, description="Оценка клиента")
    portrait: PortraitSpec | None = Field(default=None, description="Портрет клиента")
