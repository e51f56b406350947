"""PHP-style forms: what both vendors post, what breaks a rule, and agreement with an independent reader."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
import qs_codec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b24kit.robots.phpform import MAX_BYTES, MAX_DEPTH, MAX_KEYS, BadForm, parse_form

NAMES = st.text(alphabet="abXY_", min_size=1, max_size=4)
VALUES = st.text(alphabet="аяz &=%+[]", max_size=5)
TREES = st.recursive(VALUES, lambda below: st.dictionaries(NAMES, below, min_size=1, max_size=2), max_leaves=4)


def test_an_event_of_bitrix24_is_read() -> None:
    body = urlencode({"event": "ONCRMLEADADD", "data[FIELDS][ID]": "12", "auth[application_token]": "t"}).encode()
    assert parse_form(body) == {
        "event": "ONCRMLEADADD",
        "data": {"FIELDS": {"ID": "12"}},
        "auth": {"application_token": "t"},
    }


def test_an_event_of_amocrm_keeps_its_depth() -> None:
    body = b"leads[add][0][id]=1&leads[add][0][custom_fields][0][values][0][value]=a&leads[add][1][id]=2"
    leads = parse_form(body)["leads"]["add"]
    assert leads["0"]["custom_fields"]["0"]["values"]["0"]["value"] == "a"
    assert leads["1"]["id"] == "2"


def test_empty_brackets_count() -> None:
    assert parse_form(b"a[]=1&a[]=2&a[7]=3&a[]=4") == {"a": {"0": "1", "1": "2", "7": "3", "8": "4"}}


def test_empty_brackets_cost_no_more_than_numbered_ones() -> None:
    """A small form may not hold the receiver up: work grows with the keys, not with their square."""
    calls = 0

    def count(_frame: object, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    spent = []
    for keys in (500, 2000):
        calls = 0
        sys.setprofile(count)
        parse_form(b"&".join([b"a[x][]=1"] * keys))
        sys.setprofile(None)
        spent.append(calls)
    assert spent[1] < spent[0] * 5


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"a=1&a[b]=2", "clash"),
        (b"a[b]=2&a=1", "clash"),
        (b"a[b][c]=1&a[b]=2", "clash"),
        (b"a" + b"[b]" * MAX_DEPTH + b"=1", "depth"),
        (b"&".join(b"k%d=1" % n for n in range(MAX_KEYS + 1)), "keys"),
        (b"a=" + b"x" * MAX_BYTES, "size"),
        (b"a" * 500 + b"=1", "key"),
        (b"a=%ff%fe", "utf8"),
    ],
)
def test_a_form_that_breaks_a_rule_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(BadForm) as told:
        parse_form(body)
    assert told.value.facts["why"] == why


@pytest.mark.parametrize("body", [b"", b"&&&", b"=1", b"a", b"[a]=1", b"a[=1", b"a[b=1", b"a[b]c=1", b"a[[b]]=1"])
def test_odd_forms_are_read_somehow_and_break_nothing(body: bytes) -> None:
    assert isinstance(parse_form(body), dict)


@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_a_form_or_a_refusal(body: bytes) -> None:
    try:
        assert isinstance(parse_form(body), dict)
    except BadForm:
        pass


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(NAMES, TREES, max_size=3))
def test_another_reader_sees_the_same(tree: dict[str, Any]) -> None:
    body = "&".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in _flat(tree))
    options = qs_codec.DecodeOptions(depth=50, parameter_limit=10_000, list_limit=0)
    assert parse_form(body.encode()) == qs_codec.decode(body, options) == tree


def _flat(tree: Any, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(tree, str):
        return [(prefix, tree)]
    found = []
    for name, below in tree.items():
        found += _flat(below, f"{prefix}[{name}]" if prefix else name)
    return found
