"""A ladder on a portal that gives stages their codes and numbers: recognised by name, placed move by move."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.crm.pipeline import LEADS, Gate, LossReason, Outcome, Stage
from b24kit.crm.refs import Kind
from b24kit.migrate.colours import nearest
from b24kit.migrate.diff import LadderDiff, diff_ladder
from b24kit.migrate.gates import demands, diff_gates
from b24kit.migrate.loss_reasons import diff_reasons
from b24kit.migrate.prompts import stage_prompts
from b24kit.migrate.recognise import recognise
from b24kit.migrate.spec import FieldSpec, StageSpec, Wording
from tests.migrate.ladders import CAPABILITIES

ABLE = replace(
    CAPABILITIES,
    own_stage_codes=False,
    stage_code_limit=0,
    system_names_only=True,
    one_failure=True,
    keeps_incoming=True,
    stage_numbers=(20, 10),
    prompt_levels=("novice", "skilled", "master"),
    prompt_length=60,
    colours=("#98cbff", "#fff000"),
    remakes_stages=True,
)


def spec(code: str, name: str, **more: object) -> StageSpec:
    return StageSpec.model_validate({"code": code, "name": name, **more})


def present(*names: str) -> list[Stage]:
    """The vendor's own three stages around these."""
    found = [_stage(1, "Неразобранное", 10, system=True)]
    found += [_stage(100 + at, name, 20 + 10 * at) for at, name in enumerate(names)]
    return [
        *found,
        _stage(142, "Успешно", 10000, Outcome.WON, system=True),
        _stage(143, "Закрыто", 11000, Outcome.LOST, system=True),
    ]


def _stage(number: int, name: str, sort: int, outcome: Outcome = Outcome.OPEN, *, system: bool = False) -> Stage:
    code = f"1:{number}"
    return Stage(id=code, ladder=LEADS, code=code, name=name, sort=sort, colour=None, outcome=outcome, system=system)


WANTED = [
    spec("NEW", "Новый", was="Не определен"),
    spec("TALK", "Разговор"),
    spec("DONE", "Клиент", outcome="won"),
    spec("JUNK", "Отказ", outcome="lost"),
    spec("ARCHIVE", "Архив", outcome="lost"),
]


def carried_out(diff: LadderDiff, stages: list[Stage]) -> list[str]:
    """Names of the working stages after the operations, renumbered after each as the vendor does it."""
    names = {one.id: one.name for one in stages}
    order = [one.id for one in sorted(stages, key=lambda one: one.sort) if not one.system]
    for operation in diff.operations:
        if isinstance(operation, CreateRecord):
            order.insert((operation.values["sort"] - 20) // 10, f"new:{operation.key}")
            names[f"new:{operation.key}"] = operation.values["name"]
        elif isinstance(operation, UpdateRecord) and "sort" in operation.after:
            assert operation.before["sort"] == 20 + 10 * order.index(operation.ref.id)
            order.remove(operation.ref.id)
            order.insert((operation.after["sort"] - 20) // 10, operation.ref.id)
        if isinstance(operation, UpdateRecord):
            names[operation.ref.id] = operation.after.get("name", names[operation.ref.id])
    return [names[one] for one in order]


def test_stages_are_known_by_name_and_ends_by_what_they_are() -> None:
    known = recognise(WANTED, present("Разговор", "Не определен"), ABLE)
    assert {code: stage.id for code, stage in known.stages.items()} == {
        "NEW": "1:101", "TALK": "1:100", "DONE": "1:142", "JUNK": "1:143", "ARCHIVE": "1:143",
    }  # fmt: skip
    assert known.aliases == {"ARCHIVE"} and known.others == ()


def test_the_stage_of_incoming_leads_is_nobodys() -> None:
    wanted = [spec("NEW", "Неразобранное"), *WANTED[2:4]]
    diff = diff_ladder(LEADS, wanted, present("Разговор"), capabilities=ABLE)
    [make] = [one for one in diff.operations if isinstance(one, CreateRecord)]
    assert make.values["name"] == "Неразобранное"
    assert all(one.target.id != "1:1" for one in diff.operations)


def test_system_stages_are_renamed_and_nothing_else() -> None:
    wanted = [WANTED[0], spec("DONE", "Клиент", outcome="won", colour="#112233", goal="Зачем"), WANTED[3]]
    diff = diff_ladder(LEADS, wanted, present("Новый"), capabilities=ABLE)
    changes = {one.target.id: one.after for one in diff.operations if isinstance(one, UpdateRecord)}
    assert changes == {"1:142": {"name": "Клиент"}, "1:143": {"name": "Отказ"}}


@pytest.mark.parametrize("seed", range(30))
def test_any_ladder_comes_into_its_order(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"С{number}" for number in range(chance.randint(1, 7))]
    here = chance.sample([*names, "Чужая", "Лишняя"], chance.randint(1, len(names) + 2))
    wanted = [*(spec(f"S{at}", name) for at, name in enumerate(names)), *WANTED[2:4]]
    stages = present(*here)
    leaving = {one.code for one in stages if one.name == "Лишняя"}
    diff = diff_ladder(LEADS, wanted, stages, capabilities=ABLE, leaving=leaving)
    rest = [name for name in ("Чужая", "Лишняя") if name in here]
    assert carried_out(diff, stages) == [*names, *rest]


def test_a_ladder_in_order_gives_nothing_to_do() -> None:
    stages = [*present("Новый", "Разговор")]
    stages[-2:] = [replace(stages[-2], name="Клиент"), replace(stages[-1], name="Отказ")]
    assert diff_ladder(LEADS, WANTED, stages, capabilities=ABLE).operations == ()


def test_places_are_taken_one_after_the_other() -> None:
    diff = diff_ladder(LEADS, WANTED, present("Чужая", "Разговор", "Новый"), capabilities=ABLE)
    moves = [one for one in diff.operations if isinstance(one, UpdateRecord) and "sort" in one.after]
    assert [one.needs for one in moves] == [(), (moves[0].key,)]


def test_the_nearest_colour_is_taken_and_told() -> None:
    wanted = [spec("NEW", "Новый", colour="#39A8EF"), *WANTED[2:4]]
    diff = diff_ladder(LEADS, wanted, present("Новый"), capabilities=ABLE)
    [change] = [one for one in diff.operations if "colour" in getattr(one, "after", {})]
    assert isinstance(change, UpdateRecord) and change.after["colour"] == "#98cbff"
    [note] = [note for note in diff.notes if note.code == "design.nearest_colours"]
    assert note.facts["list"].endswith("→ #98cbff")
    assert nearest("#39A8EF", None) == "#39A8EF"


def test_prompts_are_cut_at_a_line_and_written_where_they_differ() -> None:
    told = spec(
        "NEW", "Новый", goal="Понять интерес", exit_when="Анкета заполнена", prompts=["Очень длинный вопрос " * 3]
    )
    texts, cut = stage_prompts(told, ABLE, "ru")
    assert cut and texts["master"] == "Зачем: Понять интерес\nДальше, когда: Анкета заполнена"
    assert all(len(one) <= 60 for one in texts.values())
    stages = present("Новый")
    stages[1] = replace(stages[1], prompts={"master": texts["master"], "novice": "своё"})
    diff = diff_ladder(LEADS, [told, *WANTED[2:4]], stages, capabilities=ABLE)
    [change] = [one for one in diff.operations if "prompts" in getattr(one, "after", {})]
    assert isinstance(change, UpdateRecord)
    assert "master" not in change.after["prompts"] and change.before["prompts"]["novice"] == "своё"


def gate(number: int, code: str, kind: str = "contact", *on: str) -> Gate:
    return Gate(id=str(number), card_kind=kind, code=code, name=code.title(), type="text", required_on=on)


def test_data_of_a_stage_are_demanded_by_all_later_ones_but_failure() -> None:
    wanted = [spec("NEW", "Новый", required=["phone"]), *WANTED[1:]]
    known = recognise(wanted, present("Новый", "Разговор"), ABLE)
    assert demands(wanted, known) == {"phone": ("1:101", "1:142")}


def test_what_people_demand_stays_and_what_is_demanded_already_is_no_change() -> None:
    fields = [FieldSpec.model_validate({"datum": "role", "name": "Роль"})]
    there = [gate(1, "PHONE", "contact", "1:9"), gate(2, "EMAIL", "contact", "1:101")]
    diff = diff_gates({"phone": ["1:101"], "email": ["1:101"], "role": ["1:101"], "x": ["1:101"]}, fields, there, "ru")
    make, demand = diff.operations
    assert isinstance(demand, UpdateRecord) and demand.after == {"required_on": ["1:9", "1:101"]}
    assert isinstance(make, CreateRecord) and make.kind is Kind.FIELD
    assert (make.values["code"], make.values["required_on"]) == ("B24KIT_ROLE", ["1:101"])
    assert [note.facts["datum"] for note in diff.notes] == ["x"]


def test_loss_reasons_that_are_there_are_not_made_again() -> None:
    wanted = [Wording(ru="Не наш клиент", en="Not ours"), Wording(ru="Выбрал других")]
    [make] = diff_reasons(wanted, [LossReason(id="1", name="not OURS", sort=30)], "ru")
    assert isinstance(make, CreateRecord) and make.values == {"name": "Выбрал других", "sort": 40}
