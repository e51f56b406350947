"""The consent page of a fake portal and the authorization server's token address, played by the same machine.

Rests on the vendor's pages "Complete OAuth 2.0 Authorization Protocol", "Automatic Renewal of OAuth 2.0 Tokens" and
"Error Codes" (OAuth). On a real portal the second address is https://oauth.bitrix.info/oauth/token/.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from b24kit.sandbox.bitrix24 import people
from b24kit.sandbox.bitrix24.applications import ACCESS_SECONDS, MEMBER_ID, Application
from b24kit.sandbox.bitrix24.site import Site
from b24kit.sandbox.store import Row

Answering = Callable[[Request], Awaitable[Response]]


class OAuthRoutes:
    """/oauth/authorize/ for a person's browser, /oauth/token/ for the application itself."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Both addresses, with and without the last slash."""
        pages = {"/oauth/authorize": self.authorize, "/oauth/token": self.token}
        return [
            Route(path + end, self._timed(page), methods=["GET", "POST"])
            for path, page in pages.items()
            for end in ("/", "")
        ]

    async def authorize(self, request: Request) -> Response:
        """A test person (`user`, else who added the application) agrees at once and is sent back with a code."""
        given = await _given(request)
        application = self._site.doors.application(given.get("client_id", ""))
        if application is None:
            return HTMLResponse("<h1>Приложение не установлено</h1>", 404)
        user_id = int(given.get("user", application.user_id))
        if self._site.portal.store["user"].rows and not people.is_active(self._site.portal, user_id):
            return HTMLResponse("<h1>Вход не выполнен</h1>", 403)
        code = self._site.doors.grants.give_code(application.client_id, user_id)
        self._site.commit()
        host = request.url.netloc
        back = {"code": code, "state": given.get("state", ""), "domain": host, "member_id": MEMBER_ID}
        back |= {"scope": ",".join(application.scopes), "server_domain": host}
        if not application.handler_url:  # the portal shows the code when it knows no address to go back to
            return HTMLResponse(f"<p>Код авторизации: <code>{escape(code)}</code></p>")
        joint = "&" if "?" in application.handler_url else "?"
        return RedirectResponse(f"{application.handler_url}{joint}{urlencode(back)}", 302)

    async def token(self, request: Request) -> Response:
        """A pair of tokens for a code (once, within 30 seconds) or for a refresh token (once)."""
        given = await _given(request)
        application = self._site.doors.application(given.get("client_id", ""))
        if application is None or given.get("client_secret") != application.client_secret:
            return _refused("invalid_client", "The client credentials are invalid", 401)
        row = self._grant(application, given)
        if row is None:
            kind = given.get("grant_type")
            if kind not in ("authorization_code", "refresh_token"):
                return _refused("invalid_request", "Invalid grant_type parameter or parameter missing")
            return _refused("invalid_grant", "Invalid grant: the code or the refresh token is wrong or expired")
        self._site.commit()
        return JSONResponse(pair_body(application, row, request.url.netloc, request.url.scheme))

    def _grant(self, application: Application, given: dict[str, str]) -> Row | None:
        grants = self._site.doors.grants
        if given.get("grant_type") == "refresh_token":
            return grants.renew(application.client_id, given.get("refresh_token", ""))
        if given.get("grant_type") == "authorization_code":
            code = grants.take_code(application.client_id, given.get("code", ""))
            return None if code is None else grants.give_pair(application.client_id, int(code["USER_ID"]))
        return None

    def _timed(self, page: Answering) -> Answering:
        async def endpoint(request: Request) -> Response:
            self._site.clock.enter()
            try:
                return await page(request)
            finally:
                self._site.clock.leave()

        return endpoint


def pair_body(application: Application, row: Row, host: str, scheme: str) -> dict[str, Any]:
    """A pair as the authorization server words it; `domain` is the server's own, not the portal's."""
    return {
        "access_token": row["ACCESS"], "refresh_token": row["REFRESH"], "expires_in": ACCESS_SECONDS,
        "expires": int(row["EXPIRES"]), "scope": ",".join(application.scopes), "domain": host,
        "client_endpoint": f"{scheme}://{host}/rest/", "server_endpoint": f"{scheme}://{host}/rest/",
        "member_id": MEMBER_ID, "status": "L", "user_id": row["USER_ID"],
    }  # fmt: skip


async def _given(request: Request) -> dict[str, str]:
    form = await request.form() if request.method == "POST" else {}
    return {**request.query_params, **{name: str(value) for name, value in form.items()}}


def _refused(code: str, text: str, status: int = 400) -> Response:
    return JSONResponse({"error": code, "error_description": text}, status)
