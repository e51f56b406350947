"""Stage design and clean-up in one plan: one update a lead, stages go last, nothing to do the second time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from b24kit.change.operation import BindLetter, CreateRecord, Phase, Reason, RemoveRecord, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.crm.activity import Activity
from b24kit.crm.cards import Contact, Lead, PersonName
from b24kit.crm.records import Record
from b24kit.crm.refs import CARDS, Kind
from b24kit.errors import Refused, UsageError
from b24kit.i18n import Language, has
from b24kit.playbook.compose import Pieces, compose, stage_limits
from b24kit.playbook.loader import load_playbook
from b24kit.playbook.schema import Playbook
from b24kit.playbook.shipped import find_playbook
from b24kit.reports.wording import reason_text
from tests.migrate.carrying_out import carried_out
from tests.migrate.ladders import CAPABILITIES, NOW, company, company_stages, facts, lead, letter, stage

FORMS, EMAIL, IN_WORK = "UC_7MX2QD", "UC_LAFJPE", "5"


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    return load_playbook(find_playbook("talking-leads"))


def cards() -> list[Record]:
    return [
        lead(1, "NEW"),
        lead(2, FORMS, source="WEB"),
        lead(3, EMAIL),
        lead(4, EMAIL, source="EMAIL"),
        lead(5, EMAIL, days=2),
        lead(6, IN_WORK),
        letter(1, 3, "Иван Петров <ivan.petrov@alfa.example>", "Вопрос по программе"),
        letter(2, 4, "noreply@beta.example", "Дайджест"),
        letter(3, 5, "Анна Сергеева <anna@gamma.example>", "Аренда стенда", days=2),
    ]


def planned(playbook: Playbook, snapshot: Snapshot, **wish: object) -> Pieces:
    known: dict[str, object] = {"capabilities": CAPABILITIES, "facts": snapshot.facts, "now": NOW, **wish}
    return compose(playbook, snapshot, **known)  # type: ignore[arg-type]


def updates(pieces: Pieces) -> dict[str, UpdateRecord]:
    found = [one for one in pieces.operations if isinstance(one, UpdateRecord) and one.ref.kind is Kind.LEAD]
    assert len({one.ref for one in found}) == len(found), "a lead is updated twice"
    return {one.ref.id: one for one in found}


def test_every_lead_of_an_old_stage_gets_one_update_and_the_clean_up_wins(playbook: Playbook) -> None:
    found = updates(planned(playbook, company(cards())))
    assert {number: one.after["stage"] for number, one in found.items()} == {
        "2": "NEW",
        "3": "CONVERTED",
        "4": "B24KIT_ARCHIVE",
        "5": "NEW",
        "6": "QUALIFYING",
    }


def test_what_only_the_design_says_is_added_to_the_clean_up(playbook: Playbook) -> None:
    found = updates(planned(playbook, company(cards())))
    assert found["3"].after["source"] == "EMAIL"
    assert found["3"].before["source"] is None
    assert "source" not in found["4"].after
    assert "source" not in found["2"].after, "an explicit source is kept"


def test_a_lead_waits_for_the_stage_that_the_plan_makes(playbook: Playbook) -> None:
    found = updates(planned(playbook, company(cards())))
    assert "stage-leads-B24KIT_ARCHIVE" in found["4"].needs
    assert "stage-leads-QUALIFYING" in found["6"].needs
    assert "contact-c-3" in found["3"].needs


def test_stages_go_last_and_wait_for_every_card_that_leaves_them(playbook: Playbook) -> None:
    pieces = planned(playbook, company(cards()))
    gone = [one for one in pieces.operations if isinstance(one, RemoveRecord)]
    assert pieces.operations[-len(gone) :] == tuple(gone)
    needs = {one.before["code"]: set(one.needs) for one in gone}
    assert needs[EMAIL] == {"lead-3", "lead-4", "move-lead-5"}
    assert needs[FORMS] == {"move-lead-2"}


def test_operations_stand_in_the_order_of_their_phases(playbook: Playbook) -> None:
    phases = [one.phase for one in planned(playbook, company(cards())).operations]
    assert phases == sorted(phases)
    assert phases[0] is Phase.SETTINGS
    assert phases[-1] is Phase.RETIRE


def test_the_plan_can_be_carried_out_in_its_order_and_a_second_one_is_empty(playbook: Playbook) -> None:
    before = company(cards())
    after = carried_out(before, planned(playbook, before).operations)
    second = planned(playbook, after)
    assert second.operations == ()
    assert "design.as_designed" in {note.code for note in second.notes}


def test_only_stages_cleans_nothing(playbook: Playbook) -> None:
    pieces = planned(playbook, company(cards()), only="stages")
    assert {one.after["stage"] for one in updates(pieces).values()} == {"NEW", "QUALIFYING"}
    assert not [one for one in pieces.operations if isinstance(one, CreateRecord) and one.kind is Kind.CONTACT]
    assert not pieces.assignment


def test_only_clean_makes_just_the_closing_stages_and_removes_none(playbook: Playbook) -> None:
    pieces = planned(playbook, company(cards()), only="clean")
    made = [one.values["code"] for one in pieces.operations if isinstance(one, CreateRecord) and one.kind is Kind.STAGE]
    assert made == ["B24KIT_ARCHIVE"]
    assert not [one for one in pieces.operations if isinstance(one, RemoveRecord)]
    assert set(updates(pieces)) == {"3", "4"}


def test_archive_mode_makes_no_clients(playbook: Playbook) -> None:
    pieces = planned(playbook, company(cards()), mode="archive")
    assert updates(pieces)["3"].after["stage"] == "B24KIT_ARCHIVE"
    assert not [one for one in pieces.operations if isinstance(one, BindLetter)]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"only": "robots"}, "playbook.part_unknown"),
        ({"mode": "burn"}, "playbook.mode_unknown"),
    ],
)
def test_an_unknown_wish_is_a_usage_error(playbook: Playbook, wish: dict[str, str], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned(playbook, company(), **wish)
    assert caught.value.code == code


def test_a_part_that_the_playbook_lacks_is_a_usage_error(playbook: Playbook) -> None:
    with pytest.raises(UsageError) as caught:
        planned(playbook.model_copy(update={"clean": None}), company(), only="clean")
    assert caught.value.code == "playbook.section_absent"


def test_a_portal_without_leads_is_refused(playbook: Playbook) -> None:
    with pytest.raises(Refused) as caught:
        planned(playbook, company(), facts=facts(leads_on=False))
    assert caught.value.code == "plan.leads_off"


def test_a_closing_stage_that_nobody_knows_is_told_before_anything(playbook: Playbook) -> None:
    assert playbook.clean is not None
    close = playbook.clean.close.model_copy(update={"archive": "NOWHERE"})
    broken = playbook.model_copy(update={"clean": playbook.clean.model_copy(update={"close": close})})
    with pytest.raises(UsageError) as caught:
        planned(broken, company(cards()))
    assert caught.value.code == "playbook.closing_unknown"


def test_a_limit_keeps_stages_whose_cards_stay(playbook: Playbook) -> None:
    pieces = planned(playbook, company(cards()), limit=1)
    gone = {one.before["code"] for one in pieces.operations if isinstance(one, RemoveRecord)}
    clusters = {one.cluster for one in pieces.operations if one.cluster}
    assert len(clusters) == 1
    assert EMAIL not in gone
    assert "compose.limited" in {note.code for note in pieces.notes}
    after = carried_out(company(cards()), pieces.operations)
    rest = planned(playbook, after)
    assert carried_out(after, rest.operations).count(Kind.LEAD) == 6
    assert planned(playbook, carried_out(after, rest.operations)).operations == ()


def test_robots_of_existing_stages_are_asked_for_and_an_answer_is_taken(playbook: Playbook) -> None:
    [step] = [one for one in planned(playbook, company(cards())).steps if one.key == "robots-leads"]
    assert step.blocking
    assert step.answer is None
    assert step.link == "/crm/lead/automation/0/"
    assert "«Не определен» (2)" in step.facts["stages"]
    assert "Квалификация" not in step.facts["stages"], "a stage that the plan makes has no robots"
    answered = planned(playbook, company(cards()), answers={"robots-leads": "нет"})
    assert [one.answer for one in answered.steps if one.key == "robots-leads"] == ["нет"]


def test_nothing_of_the_plan_makes_or_changes_an_activity(playbook: Playbook) -> None:
    kinds = Counter(
        one.kind if isinstance(one, CreateRecord) else one.target.kind
        for one in planned(playbook, company(cards())).operations
        if not isinstance(one, BindLetter)
    )
    assert set(kinds) <= {*CARDS, Kind.STAGE, Kind.SOURCE}


def test_the_same_snapshot_gives_the_same_plan_whatever_order_it_was_read_in(playbook: Playbook) -> None:
    one, other = planned(playbook, company(cards())), planned(playbook, company(list(reversed(cards()))))
    assert one == other


def test_names_tell_stages_by_what_they_will_be_called(playbook: Playbook) -> None:
    names = planned(playbook, company(cards())).names
    assert names["stage:leads:NEW"] == "Новый ЛИД"
    assert names["stage:leads:QUALIFYING"] == "Квалификация ЛИДа"
    assert names[f"stage:leads:{EMAIL}"] == "E-mail"
    assert names["user:2"] == "Игорь Белов"


def test_limits_of_stages_go_by_the_codes_of_the_portal(playbook: Playbook) -> None:
    limits = stage_limits(playbook, company())
    assert limits["NEW"].days == 1
    assert limits["QUALIFYING"].days == 7


def test_english_names_reach_the_portal_when_asked(playbook: Playbook) -> None:
    pieces = planned(playbook, company(cards()), lang="en")
    [rename] = [one for one in pieces.operations if one.key == "restage-leads-NEW"]
    assert isinstance(rename, UpdateRecord)
    assert rename.after["name"] == "New lead"


def test_the_clean_up_alone_works_with_a_stage_called_otherwise_on_the_portal(playbook: Playbook) -> None:
    """A closing stage that the design renames in place keeps the portal's own code."""
    assert playbook.stages is not None
    stages = [replace(stage) for stage in company().stages()]
    stages.append(replace(stages[-1], id="900", code="UC_LINK", name="Привязано", sort=300))
    ladder = tuple(
        spec.model_copy(update={"was": ("Привязано",)}) if spec.code == "B24KIT_LINKED" else spec
        for spec in playbook.stages.ladder
    )
    changed = playbook.model_copy(update={"stages": playbook.stages.model_copy(update={"ladder": ladder})})
    two: list[Lead | Activity] = [lead(3, EMAIL), lead(8, EMAIL)]
    two += [letter(n, on, "Иван Петров <ivan.petrov@alfa.example>", "Вопрос") for n, on in ((1, 3), (2, 8))]
    found = updates(planned(changed, company(two, stages)))
    assert {number: one.after["stage"] for number, one in found.items()} == {"3": "CONVERTED", "8": "UC_LINK"}


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_everything_in_a_plan_can_be_said_with_every_gap_filled(playbook: Playbook, lang: Language) -> None:
    extra = [*company().stages(), replace(company().stages()[1], id="901", code="UC_X", name="Лишняя", sort=35)]
    pieces = planned(playbook, company(cards(), extra))
    told = [one.reason for one in pieces.operations] + [one.reason for one in pieces.left] + list(pieces.notes)
    told += [Reason(step.code, step.facts) for step in pieces.steps]
    assert {"design.unlisted", "design.move", "design.move_with_source", "design.remove"} <= {one.code for one in told}
    for reason in told:
        sentence = reason_text(reason, lang)
        assert has(reason.code, lang), reason.code
        assert "{" not in sentence, sentence


def test_a_fresh_inquiry_over_its_stages_limit_is_not_cleaned_away(playbook: Playbook) -> None:
    """The first stage allows a day; the pile asks for fourteen."""
    assert playbook.clean is not None
    pile = playbook.clean.pile.model_copy(update={"stages": ("NEW",)})
    changed = playbook.model_copy(update={"clean": playbook.clean.model_copy(update={"pile": pile})})
    fresh: list[Record] = [lead(1, "NEW", days=3), letter(1, 1, "Иван Петров <ivan.petrov@alfa.example>", days=3)]
    old: list[Record] = [lead(1, "NEW", days=15), letter(1, 1, "Иван Петров <ivan.petrov@alfa.example>", days=15)]
    assert updates(planned(changed, company(fresh))) == {}
    assert updates(planned(changed, company(old)))["1"].after["stage"] == "CONVERTED"


def reworked(playbook: Playbook, **clean: object) -> Playbook:
    assert playbook.clean is not None
    found = playbook.clean.model_dump() | clean
    return playbook.model_copy(update={"clean": type(playbook.clean).model_validate(found)})


def test_new_deals_name_the_robots_of_the_stage_where_they_open(playbook: Playbook) -> None:
    ladder = [stage("NEW", "Новая", 10, ladder="deals:0"), stage("TALK", "Переговоры", 20, ladder="deals:0")]
    here = company(cards(), [*company_stages(), *ladder])
    with_deals = reworked(playbook, classes={"human": "convert_with_deal"}, deals={"stage": "Переговоры"})
    pieces = planned(with_deals, here)
    (deal,) = [one for one in pieces.operations if isinstance(one, CreateRecord) and one.kind is Kind.DEAL]
    assert deal.values["stage"] == "TALK"
    steps = {step.key: step for step in pieces.steps}
    assert steps["robots-deals-0"].code == "step.robots_new_deals"
    assert steps["robots-deals-0"].blocking and steps["robots-deals-0"].facts["codes"] == ["TALK"]
    assert steps["robots-deals-0"].link == "/crm/deal/automation/0/"


def test_delete_mode_removes_stuck_leads_and_the_emptied_stage_after_them(playbook: Playbook) -> None:
    pieces = planned(playbook, company(cards()), mode="delete")
    gone = [one.ref for one in pieces.operations if isinstance(one, RemoveRecord)]
    assert [ref.id for ref in gone if ref.kind is Kind.LEAD] == ["3", "4"]
    assert max(gone.index(ref) for ref in gone if ref.kind is Kind.LEAD) < min(
        gone.index(ref) for ref in gone if ref.kind is Kind.STAGE
    )
    assert not {"3", "4"} & updates(pieces).keys()


def test_extract_asked_for_plans_segments_and_nothing_else(playbook: Playbook) -> None:
    here = company([*cards(), Contact(id="9", name=PersonName(first="Анна"))])
    pieces = planned(reworked(playbook, extract={"field": "UF_CRM_SEGMENT"}), here, mode="extract")
    assert [(type(one), one.target.kind) for one in pieces.operations] == [
        (CreateRecord, Kind.FIELD),
        (UpdateRecord, Kind.CONTACT),
    ]
    with pytest.raises(UsageError) as caught:
        planned(playbook, here, mode="extract")
    assert caught.value.code == "clean.extract_no_field"


def test_a_mode_needs_a_clean_up_in_the_playbook(playbook: Playbook) -> None:
    with pytest.raises(UsageError) as caught:
        planned(playbook.model_copy(update={"clean": None}), company(), mode="archive")
    assert caught.value.code == "playbook.section_absent"
