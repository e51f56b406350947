"""Commands of a batch as PHP parses them, held against an independent parser."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qs_codec import DecodeOptions, decode

from b24kit.connectors.bitrix24.encode import command_line, query, speaks_in_references
from b24kit.errors import UsageError


def parsed(text: str) -> Any:
    """As PHP would: a list is a map with the keys 0, 1, ..."""
    return decode(text, DecodeOptions(depth=20, parse_lists=False, parameter_limit=10_000))


def as_php(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): as_php(item) for key, item in value.items()}
    return as_php(dict(enumerate(value))) if isinstance(value, list) else value


def test_letters_that_mean_something_in_a_query_survive() -> None:
    fields = {"EMAIL": [{"VALUE": "a+b@c.example", "VALUE_TYPE": "WORK"}], "TITLE": "5 % & = # «окна»; a/b?"}
    assert parsed(query({"fields": fields})) == as_php({"fields": fields})


def test_filter_signs_survive() -> None:
    params = {"filter": {">ID": 5, "!@STATUS_ID": ["JUNK", "CONVERTED"]}, "start": -1}
    assert parsed(query(params)) == as_php(
        {"filter": {">ID": "5", "!@STATUS_ID": ["JUNK", "CONVERTED"]}, "start": "-1"}
    )


@pytest.mark.parametrize(
    ("value", "text"), [(True, "Y"), (False, "N"), (None, ""), (5.0, "5"), (0.5, "0.5"), (-1, "-1"), ("", "")]
)
def test_a_query_has_only_strings(value: Any, text: str) -> None:
    assert query({"x": value}) == f"x={text}"


@pytest.mark.parametrize("empty", [[], {}, ()])
def test_an_empty_list_is_refused_because_it_would_disappear(empty: Any) -> None:
    with pytest.raises(UsageError) as raised:
        query({"fields": {"UF_CRM_1": empty}})
    assert raised.value.code == "empty_list_in_batch"
    assert raised.value.facts["parameter"] == "fields[UF_CRM_1]"


def test_a_thing_that_has_no_text_is_refused() -> None:
    with pytest.raises(UsageError):
        query({"x": object()})


def test_a_command_without_arguments_is_its_name() -> None:
    assert command_line("profile", {}) == "profile"
    assert command_line("crm.lead.get", {"id": 7}) == "crm.lead.get?id=7"


def test_data_that_looks_like_a_reference_is_noticed() -> None:
    assert speaks_in_references({"fields": {"TITLE": "pay $result[a][0] now"}})
    assert speaks_in_references({"fields": {"EMAIL": [{"VALUE": "$ERROR"}]}})
    assert not speaks_in_references({"fields": {"TITLE": "costs $20, a $resulting sum"}})


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
NAMES = st.text("abcXYZ_<>=!%@", min_size=1, max_size=6)
TREES = st.recursive(
    WORDS, lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(NAMES, inner, min_size=1, max_size=4)
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, TREES, min_size=1, max_size=4))
def test_any_tree_of_texts_comes_out_as_it_went_in(tree: dict[str, Any]) -> None:
    assert parsed(query(tree)) == as_php(tree)
