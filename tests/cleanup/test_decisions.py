"""Decisions are kept by record ids, all or none of a file, and nothing that was kept is ever lost."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b24kit.cleanup.decisions import About, Decision, DecisionStore
from b24kit.cleanup.precision import Precision, drawn, precision
from b24kit.errors import UsageError
from b24kit.matching.verdicts import Verdict, question_key

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def decision(one: str, other: str, verdict: Verdict = Verdict.SAME, **more: str) -> Decision:
    key = question_key(one, other)
    return Decision(key=key, about=About.QUESTION, verdict=verdict, one={one: "a"}, other={other: "b"}, **more)


def sampled(card: str, verdict: Verdict) -> Decision:
    return Decision(key=f"all:{card}", about=About.CLUSTER, verdict=verdict, one={card: "", f"{card}0": ""})


@pytest.fixture
def store(tmp_path: Path) -> DecisionStore:
    return DecisionStore(tmp_path / "state" / "decisions.sqlite", "firm.example")


def test_what_was_decided_is_there_for_the_next_who_looks(store: DecisionStore, tmp_path: Path) -> None:
    given = decision("lead:1", "contact:7", who="Анна", answered="2026-11-01T10:00:00", file="review.xlsx")
    assert store.keep([given], NOW) == [given]
    again = DecisionStore(tmp_path / "state" / "decisions.sqlite", "firm.example")
    assert again.decisions() == [given]
    assert DecisionStore(tmp_path / "state" / "decisions.sqlite", "other.example").decisions() == []


def test_the_file_is_for_its_owner_alone_and_holds_no_names(store: DecisionStore, tmp_path: Path) -> None:
    store.keep([decision("lead:1", "lead:2")], NOW)
    file = tmp_path / "state" / "decisions.sqlite"
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_newest_answer_counts_and_the_old_one_stays_in_the_file(store: DecisionStore, tmp_path: Path) -> None:
    store.keep([decision("lead:1", "lead:2")], NOW)
    store.keep([decision("lead:1", "lead:2", Verdict.DIFFERENT)], NOW)
    assert [one.verdict for one in store.decisions()] == [Verdict.DIFFERENT]
    with sqlite3.connect(tmp_path / "state" / "decisions.sqlite") as base:
        assert base.execute("SELECT count(*) FROM entries").fetchone() == (2,)
        with pytest.raises(sqlite3.DatabaseError, match="append only"):
            base.execute("DELETE FROM entries")


def test_the_same_file_read_twice_adds_nothing(store: DecisionStore) -> None:
    given = [decision("lead:1", "lead:2")]
    assert store.keep(given, NOW) and store.keep(given, NOW) == []


def test_answers_against_earlier_ones_are_refused_and_none_is_kept(store: DecisionStore) -> None:
    store.keep([decision("lead:1", "lead:2"), decision("lead:2", "lead:3")], NOW)
    fresh = [decision("lead:8", "lead:9"), decision("lead:1", "lead:3", Verdict.DIFFERENT, where="Вопросы:5")]
    with pytest.raises(UsageError) as refused:
        store.keep(fresh, NOW)
    rows = str(refused.value.facts["rows"])
    assert "lead:1~lead:2" in rows and "lead:2~lead:3" in rows and "Вопросы:5" in rows
    assert len(store.decisions()) == 2


def test_an_earlier_answer_about_a_card_that_changed_since_refuses_nothing(store: DecisionStore) -> None:
    store.keep([decision("lead:1", "lead:2"), decision("lead:2", "lead:3")], NOW)
    changed = replace(decision("lead:1", "lead:3", Verdict.DIFFERENT), one={"lead:1": "c"})
    assert store.keep([changed], NOW) == [changed]


def test_what_was_kept_after_a_moment_is_found(store: DecisionStore) -> None:
    early, late = decision("lead:1", "lead:2"), decision("lead:3", "lead:4")
    store.keep([early], NOW)
    store.keep([late], NOW + timedelta(minutes=1))
    assert store.kept_since(NOW) == [late]


def test_a_forgotten_decision_counts_no_more(store: DecisionStore) -> None:
    store.keep([decision("lead:1", "lead:2")], NOW)
    assert store.forget("lead:1~lead:2", NOW).verdict is Verdict.SAME
    assert store.decisions() == []
    with pytest.raises(UsageError, match="unknown_key"):
        store.forget("lead:1~lead:2", NOW)


def test_twenty_right_of_twenty_promise_86_per_cent() -> None:
    assert int(100 * Precision(20, 20).at_least) == 86
    assert Precision(0, 5).at_least == 0.0
    assert Precision(19, 20).at_least < Precision(20, 20).at_least


def test_a_cluster_that_somebody_was_split_out_of_is_not_right() -> None:
    split = Decision(key="out", about=About.MEMBER, verdict=Verdict.SPLIT, one={"lead:2": ""}, other={"lead:20": ""})
    given = [sampled("lead:1", Verdict.RIGHT), sampled("lead:2", Verdict.RIGHT), sampled("lead:3", Verdict.UNSURE)]
    assert precision(given) == Precision(2, 2)
    assert precision([*given, split]) == Precision(1, 2)


def test_a_seed_draws_the_same_sample_and_another_seed_another() -> None:
    things = [(f"c{number}", number) for number in range(200)]
    assert drawn(things, 20, 1) == drawn(things[::-1], 20, 1) != drawn(things, 20, 2)
