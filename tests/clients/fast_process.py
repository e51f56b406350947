"""fast_bitrix24 in a process of its own: aiohttp reads SSL_CERT_FILE while it is imported, and never again.

`FastBitrix` is the near side, `python -m tests.clients.fast_process` the far one; they exchange lines of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.clients.loopback import loopback_only

ROOT = Path(__file__).parent.parent.parent


class Raised(Exception):
    """What the client raised: its class with all parents, its words, its cause's class, and the HTTP status if any."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(f"{told['kind']}: {told['text']}")
        self.kind, self.parents, self.text = told["kind"], told["parents"], told["text"]
        self.cause, self.status = told["cause"], told["status"]


class FastBitrix:
    """The client of one webhook. Each call is made by a fresh `Bitrix`, so nothing is throttled by calls before it."""

    def __init__(self, ca_file: Path) -> None:
        environment = os.environ | {"SSL_CERT_FILE": str(ca_file), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-W", "ignore", "-m", "tests.clients.fast_process"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment, cwd=ROOT)
        self.webhook = ""
        self.warnings: list[str] = []  # of the last call

    def __getattr__(self, name: str) -> Any:
        def ask(*args: Any, **named: Any) -> Any:
            return self._exchange({"name": name, "args": args, "named": named})

        return ask

    def together(self, *asks: tuple[str, list[Any]], slow: int | None = None) -> Any:
        """Several calls at once through one client; the first exception is raised."""
        return self._exchange({"together": asks, "slow": slow})

    def _exchange(self, wanted: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wanted | {"webhook": self.webhook}) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        self.warnings = told["warnings"]
        if "kind" in told:
            raise Raised(told)
        return told["value"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(timeout=20)


def answer(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Make the call; what comes out or is raised, as plain data."""
    from fast_bitrix24 import Bitrix

    try:
        if "together" in wanted:
            return {"value": asyncio.run(at_once(wanted))}
        client = Bitrix(wanted["webhook"], verbose=False)
        return {"value": getattr(client, wanted["name"])(*wanted["args"], **wanted["named"])}
    except BaseException as error:  # whatever it is belongs to the test
        parents = [one.__name__ for one in type(error).__mro__]
        cause = type(error.__cause__).__name__ if error.__cause__ else None
        status = getattr(error, "status", None)
        return {"kind": parents[0], "parents": parents, "text": str(error), "cause": cause, "status": status}


async def at_once(wanted: Mapping[str, Any]) -> list[Any]:
    """All calls as tasks of one asynchronous client."""
    from fast_bitrix24 import BitrixAsync

    client = BitrixAsync(wanted["webhook"], verbose=False)
    calls = (getattr(client, name)(*args) for name, args in wanted["together"])
    if wanted["slow"] is None:
        return await asyncio.gather(*calls)
    with client.slow(wanted["slow"]):
        return await asyncio.gather(*calls)


def main() -> None:
    """Answer lines until the near side closes."""
    asyncio.set_event_loop(asyncio.new_event_loop())
    with loopback_only() as strays:
        for line in sys.stdin:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", RuntimeWarning)
                told = answer(json.loads(line))
            told["warnings"] = [str(one.message) for one in caught]
            if strays:
                told = {"kind": "StrayConnection", "parents": [], "text": str(strays), "cause": None, "status": None}
                told["warnings"] = []
            print(json.dumps(told, default=str), flush=True)


if __name__ == "__main__":
    main()
