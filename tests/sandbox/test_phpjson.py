"""JSON as PHP writes it."""

from __future__ import annotations

import json

from b24kit.sandbox import phpjson


def test_slashes_and_letters_are_escaped_and_the_value_is_the_same() -> None:
    value: dict[str, object] = {"ссылка": 'https://a.example/?b="1"', "n": [1, 0.5, None, True, []]}
    text = phpjson.dumps(value)
    assert "\\/\\/a.example\\/" in text and text.isascii()
    assert json.loads(text) == value


def test_arrays_become_lists_or_objects_by_their_keys() -> None:
    assert phpjson.array({}) == "[]"
    assert phpjson.array({"0": "1", "1": "2"}) == "[1,2]"
    assert phpjson.array({"1": "2"}) == '{"1":2}'
    assert phpjson.array({"1": "2", "0": "1"}) == '{"1":2,"0":1}'
    assert phpjson.array({"a/b": "[]"}) == '{"a\\/b":[]}'
