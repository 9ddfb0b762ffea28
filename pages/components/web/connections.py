"""Connections as Uvicorn serves them, bounded in time and in what they hold: what reaches no layer of the app.

Streamlit starts Uvicorn and passes few settings on, so they are set where the app first meets the server: at the
lifespan, before anybody is let in. A connection is cut when its request is not complete after REQUEST_SECONDS, when its
peer takes nothing of what waits for it for LOOKS * LOOK_SECONDS, or when a websocket sends more than can be looked at.
"""

import asyncio
import ipaddress
import logging
from typing import Any

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from core.server.rate_limits import Allowance, Pace
from pages.components.web.descriptors import raise_limit
from pages.components.web.messages import MAX_MESSAGE
from pages.components.web.seldom_log import SeldomLog

REQUEST_SECONDS = 30.0  # from the first byte of a request to its last: 1 MB over a slow line
LOOK_SECONDS, LOOKS = 5.0, 4  # how often a connection is looked at, and in how many looks nothing has moved
SLICE = 2**12  # bytes that are inflated at once, to a thousand times as many at most
WAITING = 4 * MAX_MESSAGE  # bytes of messages that wait for the app
MESSAGE = 2**10  # bytes that a message costs beside its content: about 300 while it waits, and the time to look at it
FRAMES = Allowance(200, 20)  # pings, pongs and parts of messages; a browser sends one in 30 s

_logger = logging.getLogger(__name__)
_log = SeldomLog(_logger)


class ConnectionLimits:
    """Sets Uvicorn's protocols to those below, and lets it have many connections; passes everything on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            raise_limit()
            config = getattr(getattr(receive, "__self__", None), "config", None)
            if not (isinstance(config, Config) and limit(config)):
                _logger.warning("This is not the server that the app knows: connections are not limited.")
        await self._app(scope, receive, send)


def limit(config: Config) -> bool:
    """Have a Uvicorn serve bounded connections; False for one with other protocols."""
    if config.http_protocol_class is not H11Protocol or config.ws_protocol_class is not WebSocketsSansIOProtocol:
        return False
    config.http_protocol_class, config.ws_protocol_class = BoundedHTTP, BoundedWebSocket
    config.ws_max_size = MAX_MESSAGE
    logging.getLogger("uvicorn.error").addFilter(_is_worth_a_line)
    return True


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether Uvicorn's line is kept: not that a websocket has come, nor every request that is none."""
    if record.levelno == logging.WARNING and record.msg == "Invalid HTTP request received.":
        _log.warning("A request was not HTTP.")
        return False
    return '"WebSocket ' not in str(record.msg)


def plain_address(peer: tuple[str, int] | None) -> tuple[str, int] | None:
    """An IPv4 address that a socket of both stacks has mapped into IPv6, as itself: settings name it so."""
    if peer is None:
        return None
    try:
        mapped = getattr(ipaddress.ip_address(peer[0]), "ipv4_mapped", None)
    except ValueError:
        return peer
    return (str(mapped), peer[1]) if mapped else peer


class ReaderWatch:
    """Cuts a connection whose peer takes nothing of what waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: Any) -> None:
        self._loop, self._transport = loop, transport
        self._waiting, self._unmoved = 0, 0
        self._timer = loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        before, self._waiting = self._waiting, self._transport.get_write_buffer_size()
        self._unmoved = self._unmoved + 1 if self._waiting and self._waiting == before else 0
        if self._unmoved >= LOOKS:
            _log.warning("A connection was cut: its peer takes nothing of what waits for it.")
            self._transport.abort()
        else:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def end(self) -> None:
        """Look no more."""
        self._timer.cancel()


class BoundedHTTP(H11Protocol):
    """A connection over HTTP."""

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        super().connection_made(transport)
        self.client = plain_address(self.client)
        self._upgraded = False
        self._deadline: asyncio.TimerHandle | None = None
        self._watch = ReaderWatch(self.loop, transport)
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        self._set_deadline()

    def _set_deadline(self) -> None:
        """Start the clock of a request that is not complete; stop it for one that is."""
        incomplete = not self._upgraded and self.conn.their_state in (h11.IDLE, h11.SEND_BODY)
        if incomplete and self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._cut)
        elif not incomplete and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut(self) -> None:
        _log.warning("A connection was cut: its request was not complete after %d seconds.", REQUEST_SECONDS)
        self.transport.abort()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """See Uvicorn."""
        self._upgraded = True
        self._watch.end()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._watch.end()
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """A websocket.

    What it sends is deflated with the 32 KB before it at hand, not the 4 KB that Uvicorn keeps: two drawings of a page
    differ in little, so that one takes a quarter of the bytes, and less than half of the time.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        extensions: Any = self.conn.available_extensions or ()
        for deflate in extensions:
            deflate.server_max_window_bits = None  # the most: 144 KB a socket that has sent much

    def connection_made(self, transport: Any) -> None:
        """See asyncio."""
        super().connection_made(transport)
        self.client = plain_address(self.client)
        self._watch = ReaderWatch(self.loop, transport)
        self._frames = Pace(FRAMES)
        self._waiting = 0

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        for start in range(0, len(data), SLICE):
            super().data_received(data[start : start + SLICE])
            if self.transport.is_closing():
                return

    def send_receive_event_to_app(self) -> None:
        """See Uvicorn."""
        if self.transport.is_closing():  # cut by a message before it in the same read
            return
        self._waiting += sum(map(len, self.frames)) + MESSAGE
        if self._waiting > WAITING:
            self._cut()
        else:
            super().send_receive_event_to_app()

    async def receive(self) -> Any:
        """See ASGI."""
        message = await super().receive()
        if message["type"] == "websocket.receive":
            self._waiting -= len(message.get("bytes") or (message.get("text") or "").encode()) + MESSAGE
        return message

    def handle_cont(self, event: Any) -> None:
        """See Uvicorn."""
        if self._counts():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        """See Uvicorn."""
        if self._counts():
            super().handle_ping()

    def handle_pong(self, event: Any) -> None:
        """See Uvicorn."""
        if self._counts():
            super().handle_pong(event)

    def _counts(self) -> bool:
        """Whether a frame that is no whole message may be looked at."""
        if self.transport.is_closing():
            return False
        if self._frames.take():
            self._cut()
            return False
        return True

    def _cut(self) -> None:
        _log.warning("A websocket was cut: it sent more than can be looked at.")
        while not self.queue.empty():
            self.queue.get_nowait()
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._watch.end()
        super().connection_lost(exc)
