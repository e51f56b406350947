"""HTTP in and out of the fake Bitrix24: /rest/{user}/{code}/{method} and /rest/{method}, limits, faults, answers.

The order is the portal's own: way there, request counter, authorization, method, running-time limit, work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from b24kit.sandbox.bitrix24 import access, batch, disk, methods
from b24kit.sandbox.bitrix24.exchange import Dropped, Exchange, OutOfTime, envelope, refusal
from b24kit.sandbox.bitrix24.registry import Fault
from b24kit.sandbox.bitrix24.site import Site
from b24kit.sandbox.calllog import RequestNote
from b24kit.sandbox.connections import Connection, Connections
from b24kit.sandbox.faults import Strike
from b24kit.sandbox.wireform import BadForm, arguments

assert methods.LOADED  # importing them is what fills the registry
JSON = "application/json; charset=utf-8"
PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
TITLES = {403: "403 Forbidden", 502: "502 Bad Gateway", 504: "504 Gateway Time-out"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent; its size is known to logs and clock."""

    status: int
    body: str | bytes
    kind: str = JSON
    location: str | None = None

    def response(self) -> Response:
        """The answer as Starlette sends it."""
        headers = {"server": "nginx"} | ({"location": self.location} if self.location else {})
        return Response(self.body, self.status, headers, self.kind)


class RestRoutes:
    """The ASGI application under /rest."""

    def __init__(self, site: Site, connections: Connections) -> None:
        self._site, self._connections = site, connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        clock, log = self._site.clock, self._site.requests
        connection = self._connections.of(scope.get("client"))
        clock.enter()
        note = log.begin(clock.elapsed(), connection.number if connection else 0, source_of(scope))
        reply: Reply | None = None
        try:
            reply = await self._answer(request, note, connection)
            if reply is not None:
                note.status, note.size = reply.status, len(reply.body)
                await reply.response()(scope, receive, send)
        finally:
            log.end(note, clock.elapsed())
            clock.leave(len(reply.body) if reply else 0)

    async def _answer(self, request: Request, note: RequestNote, connection: Connection | None) -> Reply | None:
        """The reply, or None when the connection was dropped."""
        try:
            params = await arguments(request)
        except BadForm as error:
            return refused(Fault("INVALID_REQUEST", f"Wrong request: {error}"))
        except ClientDisconnect:
            return None
        started = await self._travel(note, connection)
        bucket = self._site.behaviour.bucket
        if bucket is not None and not bucket.admit(note.source, self._site.clock.unix()):
            return refused(Fault("QUERY_LIMIT_EXCEEDED", "Too many requests", 503))
        try:
            caller, note.method = self._open(request, params)
            note.webhook = caller.name
        except Fault as fault:
            return refused(fault)
        exchange = Exchange(self._site, caller, note, started, connection.drop if connection else nothing)
        try:
            query = f"?{request.url.query}" if request.url.query else ""
            return await self._serve(exchange, params, request.url.path + query)
        except Dropped:
            return None
        finally:
            exchange.close()

    async def _travel(self, note: RequestNote, connection: Connection | None) -> float:
        """The way there and back, all at once: gives the portal second at which the request is in."""
        manners = self._site.behaviour.manners
        first = connection is not None and connection.served == 0
        if connection is not None:
            connection.served += 1
        arrival = note.start + manners.latency + (manners.new_connection if first else 0.0)
        await self._site.clock.sleep_until(arrival)
        return arrival

    def _open(self, request: Request, params: dict[str, Any]) -> tuple[access.Caller, str]:
        """Who calls which method (lower case); raises Fault."""
        if self._site.behaviour.manners.https_required and request.url.scheme != "https":
            raise Fault("INVALID_REQUEST", "Https required.")
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        parts = [part for part in path.split("/") if part]
        if parts and parts[-1].lower().endswith(".xml"):
            raise Fault("INVALID_REQUEST", "The sandbox answers in JSON only")
        if parts[-1:] == ["download.json"]:  # the token of the address is the whole access
            return access.Caller("download", 1, frozenset()), "download"
        if len(parts) == 3 and parts[0].isdecimal():
            caller = self._site.doors.by_webhook(parts[0], parts[1])
        elif len(parts) == 1:
            caller = self._site.doors.by_token(params.pop("auth", None))
        else:
            # An address without the user's id is read as another method's name.
            raise Fault("ERROR_METHOD_NOT_FOUND", "Method not found!", 404)
        access.check_owner(self._site.portal, caller)
        return caller, parts[-1].removesuffix(".json").lower()

    async def _serve(self, exchange: Exchange, params: dict[str, Any], path: str) -> Reply:
        name = exchange.note.method
        named = batch.named_methods(params) if name == "batch" else [name]
        strike = self._site.behaviour.faults.on_request({name, *named}, exchange.caller.name)
        exchange.expect(strike, len(named[: batch.LONGEST]))
        if strike is not None:
            exchange.note.fault = strike.kind
            if strike.comes_before_work():
                if strike.kind != "cut_before":
                    return faulty(strike, path)
                await exchange.cut()
        reply = await self._work(exchange, name, params)
        if exchange.was_dropped:
            raise Dropped
        if strike is not None and strike.comes_after_work():
            if strike.kind == "cut_after":
                exchange.cut_answer()
            return spoilt(strike, reply, path)
        return reply

    async def _work(self, exchange: Exchange, name: str, params: dict[str, Any]) -> Reply:
        begun = exchange.at
        try:
            exchange.refuse_banned()
            if name == "download":
                return self._file(str(params.get("token", "")))
            if name != "batch":
                return Reply(200, envelope(await exchange.command(0, name, params, in_batch=False)))
            result = await batch.run(exchange, params)
            return Reply(200, f'{{"result":{result},"time":{exchange.time_block(name, begun)}}}')
        except Fault as fault:
            return refused(fault)
        except OutOfTime:
            return page(504)

    def _file(self, token: str) -> Reply:
        content = disk.fetched(self._site.portal, token)
        if content is None:
            raise Fault("ERROR_NOT_FOUND", "File not found", 404)
        return Reply(200, content, "application/octet-stream")


def _sliced(body: str | bytes) -> str | bytes:
    return body[: len(body) // 2]


def source_of(scope: Scope) -> str:
    """The address that the request counter goes by."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def nothing() -> None:
    """There is no connection to drop when the application is called without a server."""


def refused(fault: Fault) -> Reply:
    """The vendor's refusal as an answer."""
    return Reply(fault.status, refusal(fault))


def page(status: int) -> Reply:
    """A page of the web server in front of the portal."""
    return Reply(status, PAGE.format(TITLES.get(status, f"{status} Error")), "text/html")


def faulty(strike: Strike, path: str) -> Reply:
    """The answer of a fault in place of the portal's."""
    match strike.kind:
        case "busy":
            return refused(Fault("QUERY_LIMIT_EXCEEDED", "Too many requests", 503))
        case "overload":
            return refused(Fault("OVERLOAD_LIMIT", "REST API is blocked due to overload", 503))
        case "time_limit":
            return refused(Fault("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 429))
        case "moved":
            location = strike.rule.location.rstrip("/") + path
            return Reply(302, PAGE.format("302 Found"), "text/html", location)
        case "html":
            return page(strike.rule.status or 502)
        case _:
            return refused(Fault("INTERNAL_SERVER_ERROR", "Internal server error", 500))


def spoilt(strike: Strike, reply: Reply, path: str) -> Reply:
    """A good answer damaged on its way."""
    if strike.kind == "truncated":
        return Reply(reply.status, _sliced(reply.body))
    if strike.kind == "empty":
        return Reply(200, "")
    return faulty(strike, path)
