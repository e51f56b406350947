"""What people said of two cards holds for whoever is one client with either, and follows cards that were merged."""

from __future__ import annotations

from b24kit.cleanup.answers import Answers, after_merges
from b24kit.cleanup.decisions import About, Decision, of_new_cards
from b24kit.cleanup.standing_decisions import InForce, Pair
from b24kit.crm.refs import Ref
from b24kit.matching.verdicts import Verdict


def pair(one: str, other: str) -> Pair:
    return Pair(f"{one}~{other}", (Ref.parse(one),), (Ref.parse(other),))


A, B, C, D = (Ref.parse(f"contact:{number}") for number in (1, 2, 3, 4))
FORCE = InForce(same=(pair("contact:1", "contact:2"),), apart=(pair("contact:2", "contact:3"),))


def test_a_no_counts_for_all_who_are_one_client_with_either_side() -> None:
    said = Answers.of(FORCE)
    assert (said(A, B), said(A, C), said(A, D)) == (True, False, None)
    assert list(said.links([C, B, A])) == [(1, 2)]
    assert said.parted({A: 0, C: 1, D: 2}) == {(0, 1)}


def test_yeses_in_a_chain_make_one_group() -> None:
    chain = InForce(
        same=(pair("contact:1", "contact:2"), pair("contact:3", "contact:4"), pair("contact:2", "contact:3"))
    )
    assert Answers.of(chain)(A, D) is True


def test_what_was_said_of_a_swallowed_card_is_said_of_the_one_that_stays() -> None:
    told = after_merges(FORCE, {B: D})
    assert Answers.of(told)(D, C) is False and Answers.of(told)(A, D) is True


def test_answers_follow_cards_that_were_made_again() -> None:
    one = Decision(
        key="contact:1~contact:2",
        about=About.QUESTION,
        verdict=Verdict.SAME,
        one={"contact:1": "aa"},
        other={"contact:2": "bb"},
    )
    (now,) = of_new_cards([one], {"contact:2": "contact:9"})
    assert (now.one, now.other, now.key) == ({"contact:1": "aa"}, {"contact:9": "bb"}, one.key)
