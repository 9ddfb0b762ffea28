"""What a browser may send over a websocket: which messages, how large, how often, and over how many sockets.

    browser --frame--> Uvicorn, inflated --> MessageLimits --> Streamlit

Streamlit itself takes every message of its protocol, as often as it comes: some start programs, some have half a
million parts in a few hundred bytes. A message that comes too early waits, and so does one whose sender does not read
the answers to those before; the connection then fills up as far as the browser, and nothing is lost. What no browser
sends closes the socket.

The server's parts agree on one number, MAX_MESSAGE: Uvicorn inflates no more than that (see connections.py).
"""

import asyncio
import logging
import os
import threading
from collections import Counter
from contextlib import suppress
from functools import partial

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core.errors import LessonError
from core.server.rate_limits import Allowance, Limiter, Pace, network
from pages.components.web.descriptors import most_sessions
from pages.components.web.seldom_log import SeldomLog
from pages.components.web.turns import Turn, Turns
from pages.components.web.waiting_runs import forget_tab, know_tab

MAX_MESSAGE = 2**17  # bytes, inflated; those of a page in a browser have some 1,000
MAX_PARTS = 1000  # widgets in a message, and hashes of what a browser still has
MAX_FILES = 1  # names in a message: no page takes two files at once
RATE = Allowance(60, 20)  # messages of a socket; running rounds and moved sliders send one a second each
SOCKETS_VARIABLE = "SOCKETS_PER_ADDRESS"
SOCKETS = 300  # of an address at once: a school may have one for all
NEW_SOCKETS = Allowance(300, 10)  # of an address: all come back at once when a server was away
PATIENCE = 0.1  # seconds that an order to run waits for the run before it, which one of the page would end otherwise
RUN, PART = "rerun_script", "rerun_script of a part"
TYPES = (RUN, "stop_script", "file_urls_request", "backend_operation_request")
OPERATIONS = ("deferred_file",)  # a download that is made when it is asked for
TAGS = {BackMsg.DESCRIPTOR.fields_by_name[name].number for name in TYPES}
WIRE_TYPES = (0, 1, 2, 5)  # of protobuf's fields: all others begin no message
LAST_MESSAGE = 200  # bytes: more than the one that says that a run is over
OVER = ("FINISHED_SUCCESSFULLY", "FINISHED_FRAGMENT_RUN_SUCCESSFULLY", "FINISHED_WITH_COMPILE_ERROR")
FINISHED = {ForwardMsg.ScriptFinishedStatus.Value(name) for name in OVER}  # else another run follows at once
TOO_BIG, NOT_UNDERSTOOD, NOT_TAKEN = 1009, 1002, 1003  # RFC 6455, 7.4.1

_log = SeldomLog(logging.getLogger(__name__))


def sockets_per_address() -> int:
    """How many sockets an address may have open: SOCKETS_PER_ADDRESS, else SOCKETS."""
    given = os.environ.get(SOCKETS_VARIABLE, "")
    return int(given) if given.isdigit() and int(given) else SOCKETS


def examine(message: bytes) -> tuple[str, int]:
    """The type of a message, and the code that the socket is closed with for it, 0 if it goes on.

    The type is "" for a message that is left out, and PART for an order to run a part of a page.
    """
    if len(message) > MAX_MESSAGE:
        return "", TOO_BIG
    number = first_field(message)
    if number not in TAGS:
        return "", 0 if number else NOT_UNDERSTOOD
    try:
        read = BackMsg.FromString(message)
    except DecodeError:
        return "", NOT_UNDERSTOOD
    kind, run = read.WhichOneof("type"), read.rerun_script  # of several types the last counts
    parts = max(len(run.widget_states.widgets), len(run.cached_message_hashes))
    if parts > MAX_PARTS or len(read.file_urls_request.file_names) > MAX_FILES:
        return "", TOO_BIG
    if kind == "backend_operation_request" and read.backend_operation_request.WhichOneof("payload") not in OPERATIONS:
        return "", 0
    if kind == RUN and run.fragment_id:
        return PART, 0
    return kind if kind in TYPES else "", 0


def first_field(message: bytes) -> int:
    """The number of a message's first field, by its tag alone; 0 if it begins with none."""
    tag = shift = 0
    for byte in message[:5]:
        tag |= (byte & 0x7F) << shift
        if byte < 0x80:
            return tag >> 3 if tag & 7 in WIRE_TYPES else 0
        shift += 7
    return 0


def how_finished(answer: bytes | None) -> int | None:
    """How a run has ended, where an answer says that one has: a ScriptFinishedStatus."""
    if answer is None or len(answer) > LAST_MESSAGE:
        return None
    read = ForwardMsg.FromString(answer)
    return read.script_finished if read.WhichOneof("type") == "script_finished" else None


def session_of(answer: bytes | None) -> str:
    """The session that an answer begins a run of; "" if it does not."""
    with suppress(DecodeError):
        read = ForwardMsg.FromString(answer or b"")
        return read.new_session.initialize.session_id if read.WhichOneof("type") == "new_session" else ""
    return ""


class MessageLimits:
    """Keeps every websocket to the limits above; HTTP passes untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: Counter[str] = Counter()  # sockets by network
        self._new = Limiter(None, NEW_SOCKETS)
        self._turns = Turns()
        self._limit = sockets_per_address()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        client = network((scope.get("client") or ("",))[0])
        if not self._admits(client):
            _log.warning("An address has opened too many websockets; one was refused.")
            await send({"type": "websocket.close", "code": 1013})
            return
        self._open[client] += 1
        limited = LimitedSocket(receive, send, self._turns)
        try:
            await self._app(scope, limited.receive, limited.send)
        except (RuntimeError, TypeError):  # Streamlit's, of a socket that ended between two messages
            if not limited.ended:
                raise
        finally:
            limited.close()
            self._turns.end(limited.turn)
            self._open[client] -= 1
            if not self._open[client]:
                del self._open[client]

    def _admits(self, client: str) -> bool:
        """Whether an address may open one more websocket now."""
        if self._open[client] >= self._limit or self._open.total() >= most_sessions():
            return False
        try:
            self._new.acquire("", client)
        except LessonError:
            return False
        return True


class LimitedSocket:
    """One websocket."""

    def __init__(self, receive: Receive, send: Send, turns: Turns) -> None:
        self._receive, self._send, self._turns = receive, send, turns
        self.turn = Turn()
        self._pace = Pace(RATE)
        self._sent, self._over = asyncio.Event(), asyncio.Event()
        self.ended = False
        self._sent.set()  # not while an answer waits for its reader
        self._session = ""  # until its first run
        self._waits = False  # the present run, which has given its turn back
        self._asked = threading.Event()

    def close(self) -> None:
        """The socket has ended."""
        self._asked.set()
        forget_tab(self._session, self._asked)

    def _wait(self) -> None:
        self._waits = True
        self._over.set()
        self._turns.end(self.turn)

    async def send(self, message: Message) -> None:
        """Pass an answer on, unless the socket has been closed."""
        if self.ended:
            return
        if not self._session and (session := session_of(message.get("bytes"))):
            self._session = session
            know_tab(session, partial(asyncio.get_running_loop().call_soon_threadsafe, self._wait), self._asked)
        if (status := how_finished(message.get("bytes"))) is not None:
            self._finish(status)
        self._sent.clear()
        try:
            await self._send(message)
        except OSError:
            self.ended = True
            raise
        finally:
            self._sent.set()

    def _finish(self, status: int) -> None:
        """A run has ended; unless it waited, its turn is over."""
        waited, self._waits = self._waits, False
        if status in FINISHED and not waited:
            self._over.set()
            self._turns.end(self.turn)
        elif status not in FINISHED and waited:  # another run follows at once
            self._turns.resume(self.turn)

    async def receive(self) -> Message:
        """The next message that may be passed on, once it may be."""
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                self.ended = message["type"] == "websocket.disconnect"
                return message
            await asyncio.sleep(self._pace.take())
            content = message.get("bytes")
            kind, fault = ("", NOT_TAKEN) if content is None else examine(content)
            if fault:
                _log.warning("A websocket was closed for a message that no page sends (code %d).", fault)
                self.ended = True
                await self._send({"type": "websocket.close", "code": fault})
                return {"type": "websocket.disconnect", "code": fault}
            if kind:
                await self._sent.wait()
                if kind in (RUN, PART):
                    await self._begin_run(kind)
                return message

    async def _begin_run(self, kind: str) -> None:
        """Wait for the run before, PATIENCE at most, and for the next turn. kind: RUN or PART"""
        with suppress(TimeoutError):
            if (age := self._turns.age(self.turn)) < PATIENCE:
                await asyncio.wait_for(self._over.wait(), PATIENCE - age)
        await self._turns.begin(self.turn)
        self._over.clear()
        if self._waits:
            self._asked.set()
        if kind == RUN:
            self._waits = False  # the run before does not get to its end
