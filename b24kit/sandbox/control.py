"""/_sandbox/*: the hand that the sandbox's owner has on it: reset, seed, clock, settings, faults, logs, dump, metrics.

Open to loopback only. Answers are plain JSON; a wrong request is 400 with {"error": text}.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from b24kit.sandbox import faults
from b24kit.sandbox.delivery import Delivery
from b24kit.sandbox.vendors import Site, Vendor

Handler = Callable[[Request], Awaitable[Response]]


class Refusal(ValueError):
    """A control request that cannot be understood."""


class Control:
    """The control API over one site."""

    def __init__(self, site: Site, vendor: Vendor) -> None:
        self._site, self._vendor = site, vendor
        self._contents: dict[str, str] = {}

    def routes(self) -> list[Route]:
        """All endpoints, to be mounted under /_sandbox."""
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/clock", self.clock), ("POST", "/clock", self.set_clock), ("POST", "/clock/sleep", self.sleep),
            ("POST", "/clock/advance", self.advance), ("POST", "/reset", self.reset), ("POST", "/seed", self.seed),
            ("GET", "/truth", self.truth), ("GET", "/settings", self.settings),
            ("POST", "/settings", self.set_settings),
            ("GET", "/faults", self.faults), ("POST", "/faults", self.set_faults),
            ("DELETE", "/faults", self.no_faults), ("GET", "/calls", self.calls),
            ("POST", "/calls", self.log_calls), ("DELETE", "/calls", self.forget_calls),
            ("GET", "/requests", self.requests), ("GET", "/mails", self.mails), ("GET", "/dump", self.dump),
            ("GET", "/metrics", self.metrics), ("DELETE", "/metrics", self.forget_metrics),
            ("GET", "/deliveries", self.deliveries), ("POST", "/deliveries", self.set_deliveries),
            ("DELETE", "/deliveries", self.forget_deliveries),
        ]  # fmt: skip
        self._contents = {f"{verb} {path}": first_line(handler) for verb, path, handler in table}
        listed: list[tuple[str, str, Handler]] = [("GET", "/", self.contents), *table]
        return [Route(path, guarded(handler), methods=[verb]) for verb, path, handler in listed]

    async def contents(self, request: Request) -> Response:
        """All endpoints and what they take or give."""
        return JSONResponse(self._contents)

    async def clock(self, request: Request) -> Response:
        """{mode, factor, grace, now (ISO 8601 UTC), elapsed (portal seconds since the start)}."""
        self._site.clock.touch()
        return JSONResponse(self._time())

    async def set_clock(self, request: Request) -> Response:
        """Any of mode, factor, grace."""
        wanted = await body(request, "mode", "factor", "grace")
        if wanted.get("mode") not in (None, "real", "fast", "moved"):
            raise Refusal("mode is real, fast or moved")
        self._site.clock.set(wanted.get("mode"), factor=wanted.get("factor"), grace=wanted.get("grace"))
        self._site.keep()
        return JSONResponse(self._time())

    async def sleep(self, request: Request) -> Response:
        """{seconds}: answers when so much portal time has passed; this is how clients share the portal's clock."""
        seconds = float((await body(request, "seconds"))["seconds"])
        self._site.clock.enter()
        try:
            await self._site.clock.sleep(max(0.0, seconds))
        finally:
            self._site.clock.leave()
        return JSONResponse(self._time())

    async def advance(self, request: Request) -> Response:
        """{seconds}: lets time pass at once; what falls due on the way happens in its order."""
        seconds = float((await body(request, "seconds"))["seconds"])
        self._site.clock.enter()
        try:
            await self._site.clock.advance(seconds)
        finally:
            self._site.clock.leave()
        return JSONResponse(self._time())

    async def reset(self, request: Request) -> Response:
        """Empty the portal, its logs and counters, and its switches; {keep_settings: true} leaves the switches."""
        wanted = await body(request, "keep_settings")
        self._site.empty()
        if not wanted.get("keep_settings"):
            self._site.portal.settings.clear()
        self._site.behaviour.set_faults([])
        self._site.keep()
        return JSONResponse({"ok": True})

    async def seed(self, request: Request) -> Response:
        """A seed's spec, such as {"kind": "company", "leads": 500, "seed": 7}; answers what it planted."""
        return JSONResponse(plant(self._vendor, self._site, await body(request)))

    async def truth(self, request: Request) -> Response:
        """What the last seed knows about its own data; no REST method tells it."""
        return JSONResponse(self._site.portal.store.aside("truth") or {})

    async def settings(self, request: Request) -> Response:
        """The switches of the server, `portal` (the portal's own) and `webhooks` (on amoCRM `tokens`)."""
        shown = self._site.behaviour.manners.model_dump()
        return JSONResponse(shown | {"portal": self._site.portal.settings} | self._site.doors.as_data())

    async def set_settings(self, request: Request) -> Response:
        """Any of the settings; records are merged, null switches a part off, `webhooks`, `tokens` replace the list."""
        wanted = await body(request)
        portal = wanted.pop("portal", {})
        self._site.doors.take(wanted)
        self._site.behaviour.change(wanted)
        self._site.portal.settings.update(portal)
        self._site.keep()
        return await self.settings(request)

    async def faults(self, request: Request) -> Response:
        """The rules in force with their counts, and the leads that a living portal bore and lost."""
        return JSONResponse({"faults": self._site.behaviour.faults.told(), "churned": self._site.churned})

    async def set_faults(self, request: Request) -> Response:
        """{faults: [rule, ...]} replaces all rules."""
        self._site.behaviour.set_faults(faults.rules((await body(request, "faults"))["faults"]))
        self._site.keep()
        return await self.faults(request)

    async def no_faults(self, request: Request) -> Response:
        """No rules any more."""
        self._site.behaviour.set_faults([])
        self._site.keep()
        return JSONResponse({"ok": True})

    async def calls(self, request: Request) -> Response:
        """The call log as JSON Lines, one command a line."""
        return StreamingResponse(self._site.calls.text(), media_type="application/x-ndjson")

    async def log_calls(self, request: Request) -> Response:
        """{on, with_responses}: switch the call log."""
        wanted = await body(request, "on", "with_responses")
        self._site.calls.on = bool(wanted.get("on", self._site.calls.on))
        self._site.calls.with_responses = bool(wanted.get("with_responses", self._site.calls.with_responses))
        return JSONResponse({"on": self._site.calls.on, "with_responses": self._site.calls.with_responses})

    async def forget_calls(self, request: Request) -> Response:
        """Empty the call log."""
        self._site.calls.lines.clear()
        return JSONResponse({"ok": True})

    async def requests(self, request: Request) -> Response:
        """The last requests in short."""
        return JSONResponse(self._site.requests.told())

    async def mails(self, request: Request) -> Response:
        """Letters that the portal really sent."""
        return JSONResponse([row | {"id": row_id} for row_id, row in self._mails()])

    async def dump(self, request: Request) -> Response:
        """All tables and facts; `?tables=lead,contact` names some."""
        names = request.query_params.get("tables")
        state = self._site.portal.store.dump(names.split(",") if names else None)
        for secret in ("webhooks", "tokens"):
            state["facts"].pop(secret, None)
        return JSONResponse(state)

    async def metrics(self, request: Request) -> Response:
        """Requests, refusals, the most in flight, running time by method, mails sent, portal time."""
        site = self._site
        running, workers = site.behaviour.running, site.behaviour.workers
        sums = site.requests.sums() | {
            "operating": running.totals(site.clock.elapsed()) if running else {},
            "mails": len(self._mails()),
            "waiting_for_a_worker": workers.waiting(),
        }
        return JSONResponse(sums | self._time())

    async def forget_metrics(self, request: Request) -> Response:
        """Sums from zero, counters of the limits emptied; for benchmarks between two runs."""
        self._site.requests.forget()
        self._site.behaviour.forget()
        return JSONResponse({"ok": True})

    def _mails(self) -> list[tuple[int, dict[str, Any]]]:
        tables = self._site.portal.store.tables
        return list(tables["mail"]) if "mail" in tables else []  # amoCRM's API sends none

    async def deliveries(self, request: Request) -> Response:
        """Hooks sent to the outside: the switches, every attempt with its answer, what waits for another one."""
        return JSONResponse(self._delivery().told())

    async def set_deliveries(self, request: Request) -> Response:
        """Any of at_once, timeout (real seconds), beyond_loopback, on; {faults: [rule, ...]} replaces their faults."""
        self._delivery().change(await body(request))
        return await self.deliveries(request)

    async def forget_deliveries(self, request: Request) -> Response:
        """Empty the journal of attempts and drop what waits for another one."""
        self._delivery().forget()
        return JSONResponse({"ok": True})

    def _delivery(self) -> Delivery:
        if self._site.delivery is None:
            raise Refusal("this portal sends no hooks")
        return self._site.delivery

    def _time(self) -> dict[str, Any]:
        clock = self._site.clock
        return {
            "mode": clock.mode, "factor": clock.factor, "grace": clock.grace, "now": clock.now().isoformat(),
            "elapsed": clock.elapsed(),
        }  # fmt: skip


def plant(vendor: Vendor, site: Site, spec: dict[str, Any]) -> dict[str, Any]:
    """Plant a seed and keep its truth apart; gives what is worth telling."""
    try:
        planted = vendor.plant(site.portal, spec)
    except (ValueError, OSError) as error:
        raise Refusal(str(error)) from error
    site.portal.store.set_aside("truth", planted.pop("truth", {}))  # judges may ask for it, REST never tells it
    site.keep()
    return planted


def first_line(handler: Handler) -> str:
    """What a handler says about itself, for the list of endpoints."""
    return (handler.__doc__ or "").strip().partition("\n")[0]


def guarded(handler: Handler) -> Handler:
    """Only from loopback, and with a JSON answer for a wrong request."""

    async def endpoint(request: Request) -> Response:
        if request.client is None or not ip_address(request.client.host.partition("%")[0]).is_loopback:
            return JSONResponse({"error": "the control API is open to loopback only"}, 403)
        try:
            return await handler(request)
        except ValidationError as error:
            return JSONResponse({"error": json.loads(error.json(include_url=False, include_input=False))}, 400)
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return endpoint


async def body(request: Request, *known: str) -> dict[str, Any]:
    """The JSON object of a control request; an unknown key is an error when the known ones are named."""
    raw = await request.body()
    given = json.loads(raw) if raw.strip() else {}
    if not isinstance(given, dict):
        raise Refusal("the body is a JSON object")
    unknown = sorted(given.keys() - set(known)) if known else []
    if unknown:
        raise Refusal(f"unknown: {', '.join(unknown)}")
    return given
