"""The whole of tier A: independent of the order of rows, and named by the smallest id."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from random import Random

from b24kit.matching.keys import read_keys
from b24kit.matching.records import pile_of
from b24kit.matching.review import review
from b24kit.matching.tiers import automatic, labelled
from benchmarks.crm_rows import rows


def _clusters(order: Sequence[tuple[str, ...]]) -> tuple[dict[str, str], dict[str, str]]:
    fields = ("id", "name", "email", "phone", "date")
    pile = pile_of(dict(zip(fields, row, strict=False)) for row in order)
    found = automatic(read_keys(pile))
    suggested = review(found).of_group[found.of_row]
    auto, all_said_yes = labelled(pile.ids, found.of_row), labelled(pile.ids, suggested)
    return dict(zip(pile.ids, auto, strict=True)), dict(zip(pile.ids, all_said_yes, strict=True))


def test_the_same_rows_in_any_order_give_the_same_clients_in_both_tiers() -> None:
    there = [tuple(row) for row in rows(1500, seed=4)]
    mixed = list(there)
    Random(8).shuffle(mixed)
    assert _clusters(mixed) == _clusters(there)


def test_letters_with_logins_and_names_in_any_order_give_the_same_questions() -> None:
    names = ("", "vodolaz77", "Анна Ремизова", "A. Remizova", "Remizova Anna", "Олег Жуковец", "Олег")
    boxes = ("remizova@one.example", "vodolaz77@two.example", "a.remizova@three.example", "oleg@one.example")
    there = [(str(at), name, box) for at, (name, box) in enumerate(product(names, boxes), 1)]
    for seed in range(5):
        mixed = list(there)
        Random(seed).shuffle(mixed)
        assert _clusters(mixed) == _clusters(there)


def test_invented_crm_rows_are_joined_without_one_false_merge() -> None:
    there = [tuple(row) for row in rows(2500, seed=5)]
    person = {row[0]: row[5] for row in there}
    auto, _ = _clusters(there)
    held: dict[str, set[str]] = {}
    for identifier, label in auto.items():
        held.setdefault(label, set()).add(person[identifier])
    assert all(len(people) == 1 for people in held.values())
    assert len(held) < 0.8 * len(there)


def test_a_cluster_is_named_by_its_smallest_id_as_people_read_ids() -> None:
    import numpy as np

    assert labelled(["L10", "L9", "x"], np.array([0, 0, 1])) == ["L9", "L9", "x"]


def test_an_empty_pile_has_no_clients() -> None:
    assert _clusters([]) == ({}, {})
