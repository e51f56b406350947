"""Answers: the words they are given in, and whether they can all be true."""

from __future__ import annotations

import pytest

from b24kit.i18n import LANGUAGES, say
from b24kit.matching.verdicts import Judgement, Verdict, contradictions, question_key, read_verdict


def said(one: str, other: str, verdict: Verdict, where: str) -> Judgement:
    return Judgement(question_key(one, other), tuple(one.split()), tuple(other.split()), verdict, where)


def test_three_answers_that_exclude_each_other_are_all_named() -> None:
    given = [
        said("A", "B", Verdict.SAME, "row 2"),
        said("B", "C", Verdict.SAME, "row 3"),
        said("C", "D", Verdict.SAME, "row 4"),
        said("A", "C", Verdict.DIFFERENT, "row 9"),
    ]
    (found,) = contradictions(given)
    assert found.where == ("row 2", "row 3", "row 9")


def test_answers_that_can_all_be_true_are_no_contradiction() -> None:
    given = [
        said("A", "B", Verdict.SAME, "2"),
        said("C", "D", Verdict.SAME, "3"),
        said("A", "C", Verdict.DIFFERENT, "4"),
        said("B", "D", Verdict.UNSURE, "5"),
    ]
    assert contradictions(given) == []


def test_one_question_answered_twice_must_be_answered_alike() -> None:
    twice = [said("A", "B", Verdict.SAME, "2"), said("B", "A", Verdict.DIFFERENT, "7")]
    assert contradictions(twice)[0].where == ("2", "7")
    assert contradictions([twice[0], twice[0]]) == []


def test_members_of_one_side_are_one_client() -> None:
    given = [
        said("A1 A2", "B", Verdict.SAME, "2"),
        said("B", "C", Verdict.SAME, "3"),
        said("A2", "C", Verdict.DIFFERENT, "4"),
    ]
    assert contradictions(given)[0].where == ("3", "2", "4") or contradictions(given)[0].where == ("2", "3", "4")


def test_a_member_that_is_split_out_belongs_to_its_side_no_more() -> None:
    split = Judgement("out:A2~A1", ("A2",), ("A1",), Verdict.SPLIT, "5")
    assert contradictions([said("A1 A2", "B", Verdict.SAME, "2"), split]) == []


def test_two_members_may_be_split_out_of_one_cluster() -> None:
    splits = [
        Judgement("out:2~1", ("2",), ("1", "3"), Verdict.SPLIT, "5"),
        Judgement("out:3~1", ("3",), ("1", "2"), Verdict.SPLIT, "6"),
    ]
    assert contradictions(splits) == []


def test_a_split_member_cannot_be_called_the_same_client_again() -> None:
    split = Judgement("out:A2~A1", ("A2",), ("A1",), Verdict.SPLIT, "5")
    assert contradictions([split, said("A1", "A2", Verdict.SAME, "9")])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdict", Verdict)
def test_every_word_of_the_list_is_understood(verdict: Verdict, lang: str) -> None:
    word = say(f"review.answer.{verdict.value}", "ru" if lang == "ru" else "en")
    assert read_verdict(f" {word.upper()} ") is verdict


def test_a_word_that_is_no_answer_means_nothing() -> None:
    assert read_verdict("мб") is None and read_verdict("") is None
