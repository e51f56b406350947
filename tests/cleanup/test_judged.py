"""What people decided is carried out by the next plan: joined, kept apart, never touched, asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from b24kit.change.operation import CreateRecord, UpdateRecord
from b24kit.change.snapshot import Snapshot
from b24kit.cleanup.clean_draft import CleanDraft
from b24kit.cleanup.decisions import About, Decision
from b24kit.cleanup.doubts import Doubts, find_doubts
from b24kit.cleanup.planner import plan_clean
from b24kit.cleanup.sort_out import sort_out
from b24kit.cleanup.spec import CleanSpec
from b24kit.cleanup.standing_decisions import in_force, overtaken, print_of
from b24kit.crm.cards import Company, Lead
from b24kit.crm.pipeline import Outcome
from b24kit.crm.records import Record
from b24kit.crm.refs import Ref
from b24kit.matching.verdicts import Verdict
from b24kit.owners.spec import OwnersSpec
from tests.cleanup.portal_of import ABLE, NOW, applied, contact, email, lead, mail, outcomes, phone, snapshot

ANNA = "Евстафия Хворостухина <e.hv@one.example>"
ANNA_AT_HOME = "Хворостухина Евстафия <vodolaz@mail.ru>"
OLEG = "Олег Жуковец <e.hv@one.example>"


def decided(here: Snapshot, one: str, other: str, verdict: Verdict = Verdict.SAME, **more: object) -> Decision:
    """An answer about cards as they are now; the first card of each side names it."""
    sides = [{name: seal(here, name) for name in side.split()} for side in (one, other)]
    made = Decision(key=f"{one}~{other}", about=About.QUESTION, verdict=verdict, one=sides[0], other=sides[1])
    return replace(made, **more)  # type: ignore[arg-type]


def seal(here: Snapshot, name: str) -> str:
    record = here.get(Ref.parse(name))
    return print_of(record) if record is not None else "00000000"


def plan(here: Snapshot, *decisions: Decision, clean: dict[str, object] | None = None) -> CleanDraft:
    spec = CleanSpec.model_validate(clean or {})
    force = in_force(here, decisions, spec.protect)
    return plan_clean(here, spec, OwnersSpec(), NOW, ABLE, decisions=force)


def doubts(here: Snapshot, decisions: Iterable[Decision] = ()) -> Doubts:
    spec, given = CleanSpec(), list(decisions)
    force = in_force(here, given, spec.protect)
    return find_doubts(sort_out(here, spec, NOW, force), here, force, given)


def made(draft: CleanDraft) -> int:
    return sum(isinstance(one, CreateRecord) for one in draft.operations)


def notes(draft: CleanDraft) -> set[str]:
    return {one.code.rpartition(".")[2] for one in draft.notes}


def two_mailboxes() -> list[list[Record]]:
    return [mail(1, ANNA, days=60), mail(2, ANNA_AT_HOME, days=50)]


def test_two_mailboxes_of_one_rare_name_are_asked_about() -> None:
    (asked,) = doubts(snapshot(*two_mailboxes())).questions
    assert asked.key == "lead:1~lead:2"
    assert asked.one.names == ("Евстафия Хворостухина",) or asked.other.names == ("Евстафия Хворостухина",)


def test_a_yes_joins_what_the_rules_would_not() -> None:
    here = snapshot(*two_mailboxes())
    assert made(plan(here)) == 2
    draft = plan(here, decided(here, "lead:1", "lead:2"))
    assert made(draft) == 1 and outcomes(draft) == {"1": "CONVERTED", "2": "B24KIT_LINKED"}
    assert "decided" in notes(draft)
    (create,) = [one for one in draft.operations if isinstance(one, CreateRecord)]
    assert [point["value"] for point in create.values["points"]] == ["e.hv@one.example", "vodolaz@mail.ru"]


def test_an_answered_question_is_not_asked_again_and_stands_among_the_decided() -> None:
    here = snapshot(*two_mailboxes())
    for verdict in (Verdict.SAME, Verdict.DIFFERENT):
        found = doubts(here, [decided(here, "lead:1", "lead:2", verdict)])
        assert found.questions == () and [one.key for one in found.decided] == ["lead:1~lead:2"]
    assert len(doubts(here, [decided(here, "lead:1", "lead:2", Verdict.UNSURE)]).questions) == 1


def test_one_answer_removes_the_questions_that_it_implies() -> None:
    third = mail(3, "Хворостухина Евстафия <hvor77@list.ru>", days=40)
    here = snapshot(*two_mailboxes(), third)
    assert len(doubts(here).questions) == 2
    same = decided(here, "lead:1", "lead:2")
    assert len(doubts(here, [same]).questions) == 1
    assert doubts(here, [same, decided(here, "lead:3", "lead:2", Verdict.DIFFERENT)]).questions == ()


def test_different_people_are_never_joined_not_even_by_a_sure_rule() -> None:
    here = snapshot(contact(77, "Хворостухина Евстафия", "e.hv@one.example"), mail(1, ANNA), mail(2, ANNA))
    assert made(plan(here)) == 0
    draft = plan(here, decided(here, "contact:77", "lead:1 lead:2", Verdict.DIFFERENT))
    assert made(draft) == 1 and draft.assignment["1"] == draft.assignment["2"] == "contact:new:contact-c-1"


def test_who_is_one_client_with_another_is_told_apart_together_with_him() -> None:
    here = snapshot(*two_mailboxes(), mail(3, ANNA, days=40))
    answers = [decided(here, "lead:1", "lead:2"), decided(here, "lead:2", "lead:3", Verdict.DIFFERENT)]
    draft = plan(here, *answers)
    assert draft.assignment["1"] == draft.assignment["2"] != draft.assignment["3"] and made(draft) == 2


def test_a_member_split_out_becomes_a_client_of_his_own() -> None:
    here = snapshot(mail(1, ANNA, days=60), mail(2, ANNA, days=50), mail(3, ANNA, days=40))
    split = decided(here, "lead:2", "lead:1 lead:3", Verdict.SPLIT, about=About.MEMBER)
    draft = plan(here, split)
    assert made(draft) == 2 and draft.assignment["1"] == draft.assignment["3"] != draft.assignment["2"]


def test_a_later_letter_of_a_divided_client_is_left_to_a_person() -> None:
    before = snapshot(mail(1, ANNA), mail(2, ANNA))
    here = snapshot(mail(1, ANNA), mail(2, ANNA), mail(3, ANNA))
    split = decided(before, "lead:2", "lead:1", Verdict.SPLIT, about=About.MEMBER)
    assert outcomes(plan(here, split)) == {"1": "CONVERTED", "2": "CONVERTED", "3": "split_apart"}


def test_a_cluster_called_wrong_is_left_until_it_is_split() -> None:
    here = snapshot(mail(1, ANNA), mail(2, ANNA))
    wrong = Decision(
        key="all", about=About.CLUSTER, verdict=Verdict.WRONG, one={n: seal(here, n) for n in ("lead:1", "lead:2")}
    )
    assert outcomes(plan(here, wrong)) == {"1": "wrong_cluster", "2": "wrong_cluster"}
    split = decided(here, "lead:2", "lead:1", Verdict.SPLIT, about=About.MEMBER)
    assert outcomes(plan(here, wrong, split)) == {"1": "CONVERTED", "2": "CONVERTED"}


def test_two_people_of_one_mailbox_told_apart_are_a_client_each() -> None:
    here = snapshot(mail(1, ANNA), mail(2, OLEG))
    assert outcomes(plan(here)) == {"1": "names_differ", "2": "names_differ"}
    draft = plan(here, decided(here, "lead:1", "lead:2", Verdict.DIFFERENT))
    assert outcomes(draft) == {"1": "CONVERTED", "2": "CONVERTED"} and made(draft) == 2
    draft = plan(here, decided(here, "lead:1", "lead:2"))
    assert outcomes(draft) == {"1": "CONVERTED", "2": "B24KIT_LINKED"}


def test_who_is_told_apart_from_one_only_still_waits_for_the_other() -> None:
    here = snapshot(contact(7, "Жукова Инна", "e.hv@one.example"), mail(1, ANNA), mail(2, OLEG))
    draft = plan(here, decided(here, "lead:1", "lead:2", Verdict.DIFFERENT))
    assert set(outcomes(draft).values()) == {"names_differ"}


def test_a_letter_of_a_contact_under_another_name_goes_where_a_person_says() -> None:
    here = snapshot(contact(7, "Жук Олег", "e.hv@one.example"), mail(1, ANNA), mail(2, ANNA))
    assert outcomes(plan(here)) == {"1": "contact_name_differs", "2": "contact_name_differs"}
    yes = plan(here, decided(here, "contact:7", "lead:1 lead:2"))
    assert yes.assignment == {"1": "contact:7", "2": "contact:7"}
    no = plan(here, decided(here, "contact:7", "lead:1 lead:2", Verdict.DIFFERENT))
    assert made(no) == 1 and outcomes(no) == {"1": "CONVERTED", "2": "B24KIT_LINKED"}


def test_of_two_contacts_that_are_one_client_the_oldest_gets_the_letters() -> None:
    here = snapshot(
        contact(7, "Хворостухина Евстафия", "e.hv@one.example"), contact(8, "", "e.hv@one.example"), mail(1, ANNA)
    )
    assert outcomes(plan(here)) == {"1": "several_contacts"}
    both = [decided(here, "contact:8", "lead:1"), decided(here, "contact:7", "lead:1")]
    assert plan(here, *both).assignment == {"1": "contact:7"}


def test_protected_cards_are_never_written() -> None:
    here = snapshot(contact(7, "Хворостухина Евстафия", "e.hv@one.example"), mail(1, ANNA), mail(2, OLEG))
    protect = decided(here, "contact:7", "contact:7", Verdict.PROTECT)
    draft = plan(here, protect)
    assert draft.operations == () and "protected" in notes(draft)
    alone = snapshot(mail(1, ANNA), mail(2, ANNA_AT_HOME))
    draft = plan(alone, decided(alone, "lead:1", "lead:2", Verdict.PROTECT))
    assert outcomes(draft) == {"1": "protected", "2": "protected"} and draft.operations == ()


def test_the_playbook_protects_cards_owners_and_values() -> None:
    vip = replace(lead(1, "a@one.example"), extra={"UF_CRM_VIP": "Y"})
    here = snapshot(
        vip,
        lead(2, "b@two.example", owner="3"),
        lead(3, "c@three.example"),
        lead(4, "d@four.example"),
        replace(contact(9, "Белова Анна", "e@five.example"), owner="3"),
        mail(5, "Анна Белова <e@five.example>"),
    )
    rules = {"cards": ["lead:3"], "owners": ["Денис Фролов"], "fields": {"UF_CRM_VIP": "y"}}
    found = outcomes(plan(here, clean={"protect": rules}))
    assert found == {
        "1": "protected", "2": "protected", "3": "protected", "4": "CONVERTED", "5": "protected_client",
    }  # fmt: skip


def test_cards_that_changed_since_are_asked_about_again() -> None:
    before = snapshot(*two_mailboxes())
    yes = decided(before, "lead:1", "lead:2")
    changed = replace(lead(1, "e.hv@one.example"), points=(email("e.hv@one.example"), phone("+79161234567")))
    here = snapshot(mail(2, ANNA_AT_HOME), replace(changed, title="Вопрос"), *mail(1, ANNA)[1:])
    draft = plan(here, yes)
    assert made(draft) == 2 and "decisions_stale" in notes(draft)
    assert len(doubts(here, [yes]).questions) == 1 and doubts(here, [yes]).decided == ()


def test_a_stale_no_still_keeps_apart() -> None:
    before = snapshot(mail(1, ANNA), mail(2, ANNA))
    no = decided(before, "lead:1", "lead:2", Verdict.DIFFERENT)
    grown = replace(lead(1, "e.hv@one.example"), points=(email("e.hv@one.example"), email("x@two.example")))
    here = snapshot(grown, mail(2, ANNA), *mail(1, ANNA)[1:])
    assert made(plan(here, no)) == 2


def test_moving_and_handing_over_a_card_changes_nothing_that_was_decided() -> None:
    before = snapshot(*two_mailboxes())
    yes = decided(before, "lead:1", "lead:2")
    card, letter = mail(1, ANNA)
    assert isinstance(card, Lead)
    here = snapshot(replace(card, stage="UC_WORK", owner="3"), letter, mail(2, ANNA_AT_HOME))
    assert made(plan(here, yes)) == 1


def test_a_card_that_is_gone_is_dropped_with_a_note() -> None:
    before = snapshot(*two_mailboxes())
    draft = plan(snapshot(mail(2, ANNA_AT_HOME)), decided(before, "lead:1", "lead:2"))
    assert made(draft) == 1 and "decisions_gone" in notes(draft)


def test_a_closed_lead_stands_for_the_client_it_was_tied_to() -> None:
    before = snapshot(*two_mailboxes())
    yes = decided(before, "lead:1", "lead:2")
    card = before.get(Ref.parse("lead:1"))
    assert isinstance(card, Lead)
    closed = replace(card, stage="CONVERTED", outcome=Outcome.WON, contact="50")
    here = snapshot(closed, contact(50, "Хворостухина Евстафия", "e.hv@one.example"), mail(2, ANNA_AT_HOME))
    draft = plan(here, yes)
    assert draft.assignment == {"2": "contact:50"}


def test_the_second_plan_after_a_joined_client_is_quiet() -> None:
    here = snapshot(*two_mailboxes())
    yes = decided(here, "lead:1", "lead:2")
    after = applied(here, plan(here, yes).operations)
    assert plan(after, yes).operations == ()


def test_the_member_that_holds_a_cluster_together_is_pointed_out_first() -> None:
    bridge = contact(9, "Хворостухина Евстафия", "e.hv@one.example", "vodolaz@mail.ru")
    here = snapshot(bridge, *two_mailboxes(), mail(5, "Белова Анна <b@firm.example>"), mail(6, "<b@firm.example>"))
    first, second = doubts(here).joined
    assert first.holds == {"contact:9"} and first.members[0].head == "contact:9"
    assert second.holds == frozenset()


def test_a_plan_made_before_people_decided_about_its_cards_is_overtaken() -> None:
    here = snapshot(*two_mailboxes())
    operations = plan(here).operations
    yes, elsewhere = decided(here, "lead:1", "lead:2"), decided(here, "lead:8", "lead:9")
    assert overtaken(operations, [yes, elsewhere]) == [yes.key]
    assert overtaken(operations, [replace(yes, verdict=Verdict.UNSURE)]) == []


def test_a_company_card_may_be_protected_too() -> None:
    firm = Company(id="4", title="Фирма", points=(email("office@firm.example"),))
    here = snapshot(firm, mail(1, "office@firm.example"))
    assert outcomes(plan(here)) == {"1": "B24KIT_LINKED"}
    draft = plan(here, clean={"protect": {"cards": ["company:4"]}})
    assert outcomes(draft) == {"1": "protected_client"}
    assert not [one for one in draft.operations if isinstance(one, UpdateRecord)]
