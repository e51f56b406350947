"""HTTP in and out of the fake amoCRM account: addresses, arguments, bodies, and the answers of broken weather.

Latency is spent on the way in, as one piece; then come the rate, the token, the work and the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from b24kit.sandbox.amocrm import access, methods, renaming
from b24kit.sandbox.amocrm.exchange import Dropped, Exchange, OutOfTime
from b24kit.sandbox.amocrm.registry import Answer, Call, Problem, Route, find
from b24kit.sandbox.amocrm.site import Site
from b24kit.sandbox.amocrm.wire import flattened
from b24kit.sandbox.calllog import RequestNote
from b24kit.sandbox.connections import Connection, Connections
from b24kit.sandbox.faults import Strike
from b24kit.sandbox.wireform import MAX_BODY, BadForm, parse_query

assert methods.LOADED  # importing them is what fills the registry
HAL = "application/hal+json"
PROBLEM = "application/problem+json"
PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
TITLES = {
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error",
    502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out",
}  # fmt: skip
TOO_MANY = "You have sent too many requests in a given amount of time. Please try again later."
HICCUP = "System error. Please try again later."  # a 400 that is nobody's fault: it carries no validation errors
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent; its size is known to logs and clock."""

    status: int
    body: str
    kind: str | None = HAL
    location: str | None = None

    def response(self, number: int) -> Response:
        """The answer as Starlette sends it."""
        headers = {"server": "nginx", "x-request-id": f"sandbox-{number}"}
        headers |= {"location": self.location} if self.location else {}
        return Response(self.body.encode(), self.status, headers, self.kind if self.body else None)


class ApiRoutes:
    """The ASGI application under the account's address."""

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
                await reply.response(note.number)(scope, receive, send)
        finally:
            log.end(note, clock.elapsed())
            clock.leave(len(reply.body) if reply else 0)

    async def _answer(self, request: Request, note: RequestNote, connection: Connection | None) -> Reply | None:
        """The reply, or None when the connection was dropped."""
        try:
            body = await request.body()
        except ClientDisconnect:
            return None
        started = await self._travel(note, connection)
        exchange = Exchange(self._site, note, started, connection.drop if connection else nothing)
        reply: Reply | None = None
        try:
            found, call = self._open(request, body, note)
            reply = await self._serve(exchange, found, call)
        except Dropped:
            pass
        except Problem as problem:
            reply = refused(problem)
        except Refused as refusal:
            reply = refusal.reply
        finally:
            exchange.close()
        self._log(request, body, note, reply)
        return None if exchange.was_dropped else reply

    async def _travel(self, note: RequestNote, connection: Connection | None) -> float:
        """The way there and back, all at once: gives the portal second at which the request is in."""
        manners = self._site.behaviour.manners
        first = connection is not None and connection.served == 0
        if connection is not None:
            connection.served += 1
        arrival = note.start + manners.latency + (manners.new_connection if first else 0.0)
        await self._site.clock.sleep_until(arrival)
        return arrival

    def _open(self, request: Request, body: bytes, note: RequestNote) -> tuple[Route, Call]:
        """What is asked and by whom; raises Problem or Refused. An open address asks nobody's name."""
        path = request.url.path
        if moved := renaming.moved_to(self._site.portal, request.headers.get("host", ""), path):
            raise Refused(Reply(302, "", None, f"{request.url.scheme}://{moved}{path}"))
        try:
            found, at = find(request.method, path)
        except Problem as problem:
            self._caller(request, note)  # who has no token is told nothing about addresses
            raise self._unknown(request, problem) from None
        caller = None if found.open else self._caller(request, note)
        note.method = found.name(at)
        try:
            query = parse_query(request.url.query) if request.url.query else {}
        except BadForm as error:
            raise Problem(400, f"Wrong request: {error}", title="Bad Request") from error
        base = f"{request.url.scheme}://{request.headers.get('host', self._site.portal.domain)}"
        headers = {name.lower(): value for name, value in request.headers.items()}
        user_id, integration = (caller.user_id, caller.integration) if caller else (0, "")
        user_id = access.acting(self._site.portal, user_id, headers.get("x-context-user-id"))
        return found, Call(
            self._site.portal, at, query, decoded(body, headers), user_id, integration, base, path, headers
        )

    @staticmethod
    def _unknown(request: Request, problem: Problem) -> Problem:
        return Problem(404, f"Cannot {request.method} {request.url}") if problem.status == 404 else problem

    def _caller(self, request: Request, note: RequestNote) -> access.Caller:
        """Whose token it is, within its rate; raises Problem for no good token, Refused for too many requests."""
        caller = self._site.doors.open(self._site.portal, request.headers.get("authorization"))
        note.webhook = caller.name
        rate = self._site.behaviour.rate
        verdict = rate.admit(caller.integration, self._site.clock.unix()) if rate else "ok"
        if verdict == "blocked":
            raise Refused(page(403))
        if rate is not None and verdict == "too_many":
            raise Refused(page(429) if rate.rule.html else too_many(rate.rule.retry_after))
        return caller

    async def _serve(self, exchange: Exchange, found: Route, call: Call) -> Reply:
        name = exchange.note.method.lower()
        strike = self._site.behaviour.faults.on_request((name,), exchange.note.webhook)
        exchange.strike = strike
        if strike is not None:
            exchange.note.fault = strike.kind
            if strike.comes_before_work():
                if strike.kind != "cut_before":
                    return faulty(strike, call)
                await exchange.cut()
        try:
            reply = good(await exchange.run(found, call))
        except OutOfTime:
            reply = page(504)
        if exchange.was_dropped:
            raise Dropped
        if strike is not None and strike.comes_after_work():
            if strike.kind == "cut_after":
                exchange.hang_up()
                return reply
            return spoilt(strike, reply, call)
        return reply

    def _log(self, request: Request, body: bytes, note: RequestNote, reply: Reply | None) -> None:
        calls = self._site.calls
        if not calls.on:
            return
        query = f"?{request.url.query}" if request.url.query else ""
        path = request.url.path
        # What an OAuth exchange carries is a password.
        given = shown(body) if not path.startswith("/oauth2") else None
        answer = reply if reply is not None and not path.startswith("/oauth2") else None
        calls.exchange(
            note, request.method, path + query, given, reply.status if reply else None,
            answer.body if answer is not None and answer.kind in (HAL, PROBLEM) else None,
        )  # fmt: skip


class Refused(Exception):
    """The web server refuses before the account looks at the request."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply.status))
        self.reply = reply


def decoded(body: bytes, headers: Mapping[str, str]) -> Any:
    """The body as data: JSON, or a form's fields; raises Problem for what is neither."""
    if not body.strip():
        return None
    if len(body) > MAX_BODY:
        raise Problem(413, "Payload Too Large")
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_query(body.decode("utf-8", "replace"))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(400, "Invalid JSON in the body", title="Bad Request") from None


def shown(body: bytes) -> Any:
    """A body for the log: its data, or the fact that it is none."""
    try:
        return json.loads(body) if body.strip() else None
    except (ValueError, RecursionError):
        return "(no JSON)"


def source_of(scope: Scope) -> str:
    """The client's address."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def nothing() -> None:
    """There is no connection to drop when the application is called without a server."""


def good(answer: Answer) -> Reply:
    """A handler's answer on the wire."""
    if answer.kind is not None:
        return Reply(answer.status, str(answer.body or ""), answer.kind, answer.location)
    return Reply(answer.status, "" if answer.body is None else _encode(answer.body), HAL, answer.location)


def refused(problem: Problem) -> Reply:
    """The vendor's problem body. A live account answers 405 with no body at all."""
    if problem.status == 405:
        return Reply(405, "", PROBLEM)
    body: dict[str, Any] = {} if problem.errors is None else {"validation-errors": problem.errors}
    title = problem.title or TITLES.get(problem.status, "Error")
    body |= {"title": title, "type": f"https://httpstatus.es/{problem.status}", "status": problem.status}
    return Reply(problem.status, _encode(body | {"detail": problem.detail}), PROBLEM)


def too_many(retry_after: float) -> Reply:
    """The 429 of the rate, with the wait in its body."""
    wait = int(retry_after) if retry_after == int(retry_after) else retry_after
    body = {"title": TITLES[429], "type": "https://httpstatus.es/429", "status": 429, "detail": TOO_MANY}
    return Reply(429, _encode(body | {"retry_after": wait}), PROBLEM)


@cache
def page(status: int) -> Reply:
    """A page of the web server in front of the account."""
    return Reply(status, PAGE.format(f"{status} {TITLES.get(status, 'Error')}"), "text/html")


def faulty(strike: Strike, call: Call) -> Reply:
    """The answer of a fault in place of the account's."""
    rule = strike.rule
    match strike.kind:
        case "busy":
            return too_many(rule.retry_after)
        case "overload":
            return page(403)
        case "time_limit":
            return page(504)
        case "unpaid":
            return refused(Problem(402, "Payment required"))
        case "hiccup":
            return refused(Problem(400, HICCUP))
        case "moved":
            query = f"?{flattened(call.query)}" if call.query else ""
            target = rule.location.rstrip("/") + call.path + query
            return Reply(302, PAGE.format("302 Found"), "text/html", target)
        case "html":
            return page(rule.status or 502)
        case _:
            body = {"title": "ErrInternalServer", "status": 500, "detail": "Internal server error"}
            return Reply(500, _encode(body | {"trace_id": f"sandbox-{strike.number}"}), PROBLEM)


def spoilt(strike: Strike, reply: Reply, call: Call) -> Reply:
    """A good answer damaged on its way."""
    if strike.kind == "truncated":
        return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.kind)
    if strike.kind == "empty":
        return Reply(200, "")
    return faulty(strike, call)
