"""Optional recorder of calls, one JSON line each, for audits and for holding calls against the vendor's descriptions.

A line is `{"method", "params", "status", "response"}`; a command of a batch is a line of its own with `in_batch`. Where
methods are addresses a line is `{"http", "path", "request", "status", "response"}`.
Secrets never get into it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from b24kit.connectors.credentials import HIDDEN

# Names under which access travels in arguments and answers ("Authorization", "ONAPPINSTALL").
SECRET_NAMES = frozenset(
    (
        *("auth", "auth_id", "access_token", "refresh_token", "refresh_id"),
        *("client_secret", "application_token", "code_verifier"),
    )
)


class Tap:
    """Appends masked calls to a file, readable by its owner only; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.touch(mode=0o600)

    def record(
        self,
        method: str,
        params: Mapping[str, Any],
        status: int,
        response: Any,
        *,
        mask: Callable[[str], str],
        in_batch: bool = False,
    ) -> None:
        """Write one call down; `mask` takes the webhook's secret out of any text."""
        line: dict[str, Any] = {"method": method, "params": masked(params), "status": status}
        line |= {"response": masked(response)} | ({"in_batch": True} if in_batch else {})
        self._write(mask(json.dumps(line, ensure_ascii=False, default=str)))

    def record_request(
        self, verb: str, path: str, request: Any, status: int, response: Any, *, mask: Callable[[str], str]
    ) -> None:
        """Write one request of an address down; `path` carries its query."""
        line: dict[str, Any] = {"http": verb, "path": path, "status": status, "response": masked(response)}
        if request is not None:
            line["request"] = masked(request)
        self._write(mask(json.dumps(line, ensure_ascii=False, default=str)))

    def _write(self, text: str) -> None:
        with self._lock, self.path.open("a", encoding="utf-8") as out:
            out.write(text + "\n")


def masked(value: Any) -> Any:
    """The same value with everything hidden that stands under the name of a secret."""
    if isinstance(value, Mapping):
        return {k: HIDDEN if str(k).lower() in SECRET_NAMES else masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item) for item in value]
    return value
