"""The security headers of every answer, and paths of Streamlit's that nobody gets one at."""

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.components.web.embedding import cookie_for_frames, frame_ancestors

OWN_FRAMES = "frame-ancestors 'self'"
HEADERS = {
    # only what the app itself brings: charts and components need blob: and inline styles, nothing needs eval
    "Content-Security-Policy": "default-src 'none'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    f"{OWN_FRAMES}",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # the address holds the key to a lab
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def headers_in_frames_of(sites: list[str]) -> dict[str, str]:
    """HEADERS, with which other sites may show the app in a frame."""
    headers = dict(HEADERS)
    if sites:
        del headers["X-Frame-Options"]  # which knows no list
        policy = headers["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace(OWN_FRAMES, " ".join([OWN_FRAMES, *sites]))
    return headers


class SecurityHeaders:
    """Adds HEADERS to every answer over HTTP; websockets pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sites: list[str] | None = None  # unknown until the first answer: secrets may come into the environment

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                if self._sites is None:
                    self._sites = frame_ancestors()
                MutableHeaders(scope=message).update(headers_in_frames_of(self._sites))
                if self._sites:
                    message["headers"] = [
                        (name, cookie_for_frames(value.decode("latin-1")).encode("latin-1"))
                        if name.lower() == b"set-cookie" else (name, value)
                        for name, value in message["headers"]
                    ]  # fmt: skip
            await send(message)

        await self._app(scope, receive, send_more if scope["type"] == "http" else send)


CLOSED = ("/_stcore/metrics", "/_stcore/agent")  # figures of the server, and ways into it, also below a baseUrlPath


class ClosedPaths:
    """Answers 404 to CLOSED and what lies below; everything else passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and any(closed in scope["path"] for closed in CLOSED):
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
