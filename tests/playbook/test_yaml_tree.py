"""YAML without its surprises, with the place of everything."""

from __future__ import annotations

import pytest

from b24kit.playbook.yaml_tree import Spot, read_tree


def test_yes_and_no_and_times_of_day_stay_what_people_wrote() -> None:
    tree = read_tree("a: no\nb: yes\nc: 12:30\nd: on\ne: 2026-01-31\nf: 010\n")
    assert tree.value == {"a": "no", "b": "yes", "c": "12:30", "d": "on", "e": "2026-01-31", "f": "010"}


def test_numbers_truth_and_nothing_are_read() -> None:
    tree = read_tree("a: 14\nb: true\nc: FALSE\nd: null\ne:\nf: 1.5\ng: -3\nh: '14'\n")
    assert tree.value == {"a": 14, "b": True, "c": False, "d": None, "e": None, "f": 1.5, "g": -3, "h": "14"}


def test_every_key_and_value_knows_its_place_from_one() -> None:
    tree = read_tree("stages:\n  ladder:\n    - code: NEW\n")
    assert tree.keys["stages", "ladder"] == Spot(2, 3)
    assert tree.values["stages", "ladder", 0, "code"] == Spot(3, 13)


def test_the_place_of_something_absent_is_what_it_would_stand_in() -> None:
    tree = read_tree("stages:\n  ladder:\n    - code: NEW\n")
    assert tree.spot(("stages", "ladder", 0, "name")) == Spot(3, 7)


@pytest.mark.parametrize(
    ("text", "code", "spot"),
    [
        ("a:\n\tb: 1\n", "tab", Spot(2, 1)),
        ("a:\n \u00a0b: 1\n", "hard_space", Spot(2, 2)),
        ("a:\u00a0b\n", "hard_space", Spot(1, 3)),
        ("a: 1\nb: 2\na: 3\n", "key_twice", Spot(3, 1)),
        ("a: [1, 2\nb: 3\n", "syntax", Spot(2, 2)),
        ("colour: #39A8EF\n", "colour_unquoted", Spot(1, 8)),
        ("? [a]\n: 1\n", "key_not_text", Spot(1, 3)),
        ("a: \x07\n", "syntax", Spot(1, 1)),
    ],
)
def test_a_surprise_is_named_where_it_stands(text: str, code: str, spot: Spot) -> None:
    complaints = read_tree(text).complaints
    assert [(one.code, one.spot) for one in complaints] == [(f"playbook.fault.{code}", spot)]


def test_a_non_breaking_space_inside_a_text_is_nobodys_mistake() -> None:
    assert read_tree("a: 3\u00a0765 лидов\n").value == {"a": "3\u00a0765 лидов"}


def test_an_alias_that_multiplies_itself_is_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "playbook.fault.too_deep" in {one.code for one in read_tree("\n".join(lines)).complaints}


def test_an_alias_inside_itself_is_stopped() -> None:
    assert "playbook.fault.too_deep" in {one.code for one in read_tree("a: &a [*a]\n").complaints}
