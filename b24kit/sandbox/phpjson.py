"""JSON as the vendor's PHP writes it: escaped slashes, `\\uXXXX`, and arrays that turn into lists and `[]`.

Answers are put together from texts that are encoded once, because a batch of lists is several megabytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode


def dumps(value: Any) -> str:
    """Any JSON value. Slashes stand only inside strings, so they may be escaped in the finished text."""
    return _encode(value).replace("/", "\\/")


def array(encoded: Mapping[str, str]) -> str:
    """A PHP array of encoded values: `[]` when empty, a list when its keys are 0..n-1 in order, else an object."""
    if list(encoded) == [str(i) for i in range(len(encoded))]:
        return "[" + ",".join(encoded.values()) + "]"
    return "{" + ",".join(f"{dumps(key)}:{text}" for key, text in encoded.items()) + "}"
