"""Raw calls to a fake amoCRM account for its own tests: what goes over the wire, nothing clever."""

from __future__ import annotations

from typing import Any

import httpx

from b24kit.sandbox.server import Sandbox

NO_LIMITS = {"rate": None, "request_seconds": None}
Answer = tuple[int, Any]
FIRST = 9002  # the first ordinary status of a fresh account's pipeline; 9001 is the incoming one
WON, LOST = 142, 143


class Wire:
    """One client of an account; `call` gives status and body (None for no bytes at all)."""

    def __init__(self, box: Sandbox, token: str | None = None) -> None:
        head = {"Authorization": f"Bearer {token or box.token}"}
        self.box = box
        self.client = httpx.Client(base_url=box.url, headers=head, timeout=20)

    def call(self, verb: str, path: str, body: Any = None, **query: Any) -> Answer:
        """A call below /api/v4."""
        response = self.client.request(verb, f"/api/v4{path}", json=body, params=query or None)
        kind = response.headers.get("content-type", "")
        return response.status_code, (
            response.json() if "json" in kind else response.text
        ) if response.content else None

    def good(self, verb: str, path: str, body: Any = None, **query: Any) -> Any:
        """The body of a call that must succeed."""
        status, answer = self.call(verb, path, body, **query)
        assert 200 <= status < 300, (status, answer)
        return answer

    def wrongs(self, verb: str, path: str, body: Any) -> list[tuple[str, str, str]]:
        """(request_id, path, code) of everything that a call was refused for."""
        status, answer = self.call(verb, path, body)
        assert status == 400, (status, answer)
        return [
            (one.get("request_id"), each["path"], each["code"])
            for one in answer["validation-errors"]
            for each in one["errors"]
        ]

    def add(self, entity: str, *items: Any) -> list[int]:
        """Ids of new cards (tasks, ...)."""
        answer = self.good("POST", f"/{entity}", list(items))
        return [row["id"] for row in answer["_embedded"][entity.rsplit("/", 1)[-1]]]

    def rows(self, path: str, **query: Any) -> list[Any]:
        """The rows of one page; none for 204."""
        answer = self.good("GET", path, **query)
        return [] if answer is None else list(next(iter(answer["_embedded"].values())))

    def row(self, path: str, **query: Any) -> Any:
        """One thing by its address."""
        return self.good("GET", path, **query)


def address(kind: str, text: str, code: str = "WORK") -> dict[str, Any]:
    """A PHONE or EMAIL as it is written."""
    return {"field_code": kind, "values": [{"value": text, "enum_code": code}]}
