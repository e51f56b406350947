"""How values are compared: a vendor's own field comes back in another shape than it was written in."""

from __future__ import annotations

from typing import Any

import pytest

from b24kit.change.threeway import taken_back
from b24kit.crm.records import agrees, same


@pytest.mark.parametrize(
    ("present", "wrote"),
    [
        ([{"value": "3"}], "3"),
        ([{"value": "a"}, {"value": "b"}], ["a", "b"]),
        ([{"enum_id": 7}], 7),
        ("1.00", "1"),
        ([{"value": "1.50"}], "1.5"),
        ([], None),
    ],
)
def test_a_written_value_is_known_in_the_shape_it_comes_back_in(present: Any, wrote: Any) -> None:
    assert same("cf28", present, wrote)
    assert agrees("extra", {"cf28": present, "cf1": "x"}, {"cf28": wrote})
    back, kept = taken_back({"extra": {"cf28": present}}, {"extra": {"cf28": "was"}}, {"extra": {"cf28": wrote}})
    assert (back, kept) == ({"extra": {"cf28": "was"}}, [])


@pytest.mark.parametrize(
    ("present", "wrote"),
    [([{"value": "4"}], "3"), ("1.01", "1"), ([{"value": "a", "enum_id": 1}], "a"), ("10", "1"), ("v1.10", "v1.1")],
)
def test_another_value_stays_another_one(present: Any, wrote: Any) -> None:
    assert not same("cf28", present, wrote)
