"""Raw calls to a sandbox for its own tests: http.client and nothing clever."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from b24kit.sandbox.server import OFF, Sandbox

Answer = tuple[int, Any]


def quiet(**manners: Any) -> Sandbox:
    """A small portal on a moved clock, without limits unless they are given."""
    return Sandbox(clock="moved", grace=0.002, manners={**OFF, **manners})


class Wire:
    """One client connection to a sandbox; a number of the webhook picks the door."""

    def __init__(self, box: Sandbox, webhook: int = 0, source: str = "127.0.0.1") -> None:
        self.path = urlsplit(box.webhook_urls[webhook]).path
        self.connection = http.client.HTTPConnection(box.host, box.port, timeout=20, source_address=(source, 0))

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> Answer:
        """A JSON call: status and decoded body (text when it is no JSON)."""
        return self.send("POST", self.path + method, json.dumps(params or {}), "application/json")

    def send(self, verb: str, target: str, body: str | None = None, kind: str = "text/plain") -> Answer:
        self.connection.request(verb, target, body, {"Content-Type": kind})
        response = self.connection.getresponse()
        text = response.read().decode()
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        try:
            return response.status, json.loads(text) if is_json else text
        except ValueError:
            return response.status, text

    def result(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The result of a call that must succeed."""
        status, body = self.call(method, params)
        assert status == 200 and "error" not in body, body
        return body["result"]

    def batch(self, *commands: str, halt: int = 0, **named: str) -> Any:
        """The result of a batch; commands by position get the keys c0, c1 and so on."""
        cmd = {f"c{number}": text for number, text in enumerate(commands)} | named
        return self.result("batch", {"halt": halt, "cmd": cmd})

    def leads(self) -> dict[str, str]:
        """Title by id of all leads."""
        rows = self.result("crm.lead.list", {"select": ["ID", "TITLE"], "start": -1})
        return {row["ID"]: row["TITLE"] for row in rows}

    def close(self) -> None:
        self.connection.close()
