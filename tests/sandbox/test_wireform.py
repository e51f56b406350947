"""Forms as PHP reads them; qs-codec, a port of another PHP-like parser, is the oracle where both agree by design."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import qs_codec
from hypothesis import given
from hypothesis import strategies as st

from b24kit.sandbox.wireform import MAX_DEPTH, MAX_VALUES, BadForm, parse_query


def oracle(text: str) -> Any:
    return qs_codec.decode(text, qs_codec.DecodeOptions(depth=100, list_limit=1000, parameter_limit=100_000))


@pytest.mark.parametrize(
    "text",
    [
        "fields[TITLE]=A&filter[>ID]=5&select[]=ID&select[]=TITLE",
        "fields[EMAIL][0][VALUE]=a%2Bb%40c.example&fields[EMAIL][0][VALUE_TYPE]=WORK&fields[EMAIL][1][VALUE]=x",
        "filter%5B%3E%3DDATE_CREATE%5D=2026-01-01T00%3A00%3A00%2B03%3A00&order[ID]=ASC&start=-1",
        "cmd[a]=crm.lead.get%3Fid%3D5&cmd[b]=crm.lead.list%3Fselect%5B%5D%3DID&halt=0",
        "a=1&b=&c[d][e][f]=g",
        "FILTER[NAME]=%D0%98%D0%B2%D0%B0%D0%BD+%D0%9F.",
    ],
)
def test_calls_as_clients_send_them_read_like_the_oracle(text: str) -> None:
    assert parse_query(text) == oracle(text)


names = st.text("abcXYZ_09", min_size=1, max_size=4).filter(lambda name: not name.isdecimal())
leaves = st.text("abЖ &=+%[]1", min_size=0, max_size=6)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(names, inner, min_size=1, max_size=3),
    max_leaves=12,
)


def encoded(value: Any, name: str) -> list[str]:
    if isinstance(value, dict):
        return [part for key, item in value.items() for part in encoded(item, f"{name}[{key}]")]
    if isinstance(value, list):
        return [part for i, item in enumerate(value) for part in encoded(item, f"{name}[{i}]")]
    return [f"{quote(name)}={quote(value)}"]


@given(st.dictionaries(names, trees, min_size=1, max_size=4))
def test_whatever_is_written_with_brackets_is_read_back(tree: dict[str, Any]) -> None:
    text = "&".join(part for key, value in tree.items() for part in encoded(value, key))
    assert parse_query(text) == tree


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[1]=x&a[0]=y", {"a": {"1": "x", "0": "y"}}),
        ("a[5]=x&a[]=y", {"a": {"5": "x", "6": "y"}}),
        ("p[][q]=1&p[][r]=2", {"p": [{"q": "1"}, {"r": "2"}]}),
        ("x.y z=1", {"x_y_z": "1"}),
        ("c[d=1", {"c_d": "1"}),
        ("e[f]g=1", {"e": {"f": "1"}}),
        ("n&=5&m=", {"n": "", "m": ""}),
        ("a=1&a=2", {"a": "2"}),
        ("v=a+b%2Bc", {"v": "a b+c"}),
        ("bad=%FF", {"bad": "\ufffd"}),
    ],
)
def test_phps_own_ways(text: str, read: dict[str, Any]) -> None:
    assert parse_query(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "a=1&a[b]=2",
        "a[b]=2&a=1",
        "a" + "[b]" * MAX_DEPTH + "=1",
        "&".join(f"a{i}=1" for i in range(MAX_VALUES + 1)),
    ],
)
def test_clashes_and_excesses_are_refused(text: str) -> None:
    with pytest.raises(BadForm):
        parse_query(text)
