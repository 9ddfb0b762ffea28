"""Leads a browser to the server that has its lab, where several servers stand behind one proxy.

The proxy knows a browser's server by a cookie whose value is HMAC-SHA256(secret, address of the server), as Caddy's
`lb_policy cookie` has it. A page that is asked for at another server than the lab's is answered with the lab's cookie
and the same address once more. A second cookie, of a few seconds, tells that a browser was led to a server: if it comes
back from there, since that server has just died, it gets the page, which waits until the lab can be had here.
"""

import asyncio
import hashlib
import hmac
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.server.replica_settings import ReplicaSettings
from pages.components.frame.moved_lab import other_home
from pages.components.frame.running_server import server

SERVER_COOKIE, LED_COOKIE = "replica", "led"
LED_SECONDS = 3  # that it is remembered where a browser was led, and that a server which says nothing may be alive


def cookie_of(address: str, secret: str) -> str:
    """The value of the proxy's cookie for a server."""
    return hmac.new(secret.encode(), address.encode(), hashlib.sha256).hexdigest()


class LabHome:
    """Answers what asks for a page of a lab at another server with a redirect; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and scope["method"] == "GET" and b"lab=" in scope["query_string"]:
            settings = server().replica_settings
            headers = Headers(scope=scope)
            if settings is not None and "text/html" in headers.get("accept", ""):
                token = parse_qs(scope["query_string"].decode("latin-1")).get("lab", [""])[0]
                address = await asyncio.to_thread(_home_to_lead_to, token)
                led = cookie_parser(headers.get("cookie", "")).get(LED_COOKIE)
                if address is not None and led != cookie_of(address, settings.secret):
                    await _lead(address, settings, scope)(scope, receive, send)
                    return
        await self._app(scope, receive, send)


def _home_to_lead_to(token: str) -> str | None:
    """The address of another server that has the lab of a token and lives; None also without the database."""
    home = other_home(token)
    return home.address if home is not None and home.age < LED_SECONDS else None


def _lead(address: str, settings: ReplicaSettings, scope: Scope) -> RedirectResponse:
    """The same page once more, at the server of an address."""
    answer = RedirectResponse("?" + scope["query_string"].decode("latin-1"), 307, {"Cache-Control": "no-store"})
    value = cookie_of(address, settings.secret)
    answer.set_cookie(SERVER_COOKIE, value, httponly=True, samesite="lax")
    answer.set_cookie(LED_COOKIE, value, LED_SECONDS, httponly=True, samesite="lax")
    return answer
