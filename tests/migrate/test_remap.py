"""Cards on their way out of an old stage."""

from __future__ import annotations

import pytest

from b24kit.errors import UsageError
from b24kit.migrate.recognise import recognise
from b24kit.migrate.remap import exits, move_cards, removals, unlisted
from b24kit.migrate.spec import Ladder
from tests.migrate.ladders import lead, stage

PRESENT = [stage("NEW", "Новый", 10, system=True), stage("UC_1", "E-mail", 20), stage("UC_2", "Чат", 30)]


def section(*moves: dict[str, object], policy: str = "fill") -> Ladder:
    finals = [
        {"code": "CONVERTED", "name": "Клиент", "outcome": "won"},
        {"code": "JUNK", "name": "Брак", "outcome": "lost"},
    ]
    return Ladder.model_validate(
        {"ladder": [{"code": "TALK", "name": "Разговор"}, *finals], "moves": list(moves), "source_policy": policy}
    )


def test_a_move_whose_stage_is_gone_is_a_note_and_not_an_error() -> None:
    wanted = section({"stage": "Авито", "to": "TALK"})
    leaving, gone = exits(wanted, recognise(wanted.ladder, PRESENT))
    assert leaving == []
    assert [(note.code, note.facts["stage"]) for note in gone] == [("design.already_gone", "Авито")]


def test_a_system_stage_may_send_its_cards_away_but_never_goes() -> None:
    wanted = section({"stage": "NEW", "to": "TALK"})
    with pytest.raises(UsageError) as caught:
        exits(wanted, recognise(wanted.ladder, PRESENT))
    assert caught.value.code == "design.system_stage_stays"
    kept = section({"stage": "NEW", "to": "TALK", "remove": False})
    [one] = exits(kept, recognise(kept.ladder, PRESENT))[0]
    assert removals([one], {}) == []


def test_each_card_is_an_operation_of_its_own_with_its_before_image() -> None:
    wanted = section({"stage": "E-mail", "to": "TALK", "source": "EMAIL"})
    leaving, _ = exits(wanted, recognise(wanted.ladder, PRESENT))
    moves = move_cards(wanted, leaving, [lead(1, "UC_1"), lead(2, "UC_1", source="WEB"), lead(3, "NEW")])
    assert [(one.key, dict(one.before), dict(one.after)) for one in moves.operations] == [
        ("move-lead-1", {"stage": "UC_1", "source": None}, {"stage": "TALK", "source": "EMAIL"}),
        ("move-lead-2", {"stage": "UC_1"}, {"stage": "TALK"}),
    ]
    assert len({one.cluster for one in moves.operations}) == 2
    assert [ref.id for ref in moves.standing["UC_1"]] == ["1", "2"]


def test_the_error_about_a_stage_with_cards_gives_the_line_to_add() -> None:
    wanted = section({"stage": "E-mail"})
    leaving, _ = exits(wanted, recognise(wanted.ladder, PRESENT))
    with pytest.raises(UsageError) as caught:
        move_cards(wanted, leaving, [lead(1, "UC_1")])
    assert caught.value.facts == {"stage": "E-mail", "count": 1, "line": "{stage: E-mail, to: <code>}"}


def test_what_nobody_named_is_left_and_listed() -> None:
    wanted = section({"stage": "E-mail", "to": "TALK"})
    known = recognise(wanted.ladder, PRESENT)
    left = unlisted(known, exits(wanted, known)[0])
    assert [one.reason.facts["code"] for one in left] == ["NEW", "UC_2"]
