"""Connections end that hold something without using it, and addresses are what settings call them."""

import asyncio
import os
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from pages.components.web import connections
from pages.components.web.connections import (
    BoundedHTTP,
    ConnectionLimits,
    limit,
    plain_address,
)
from tests.support.waiting import run

UPGRADE = (
    b"GET /_stcore/stream HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)


class Peer(asyncio.Transport):
    """A transport to somebody at an address, who takes nothing unless told to."""

    def __init__(self, address: str = "10.0.0.1") -> None:
        super().__init__({"peername": (address, 5000), "sockname": ("::", 8501)})
        self.sent = b""
        self.waiting = 0
        self.ended = False
        self.protocol: Any = None

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.ended

    def close(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol


def served(app: Any = None, **settings: Any) -> Config:
    """A Uvicorn as it is after the start of the app."""
    config = Config(app or stay, ws="websockets-sansio", log_config=None, **settings)
    config.load()
    assert limit(config)
    return config


async def stay(scope: Any, receive: Any, send: Any) -> None:
    """An app that takes a websocket and then reads nothing of it."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


async def connected(config: Config, peer: Peer, sent: bytes = b"") -> Any:
    """The protocol that serves a peer, after its first bytes."""
    protocol = config.http_protocol_class(config=config, server_state=ServerState(), app_state={})  # type: ignore
    peer.protocol = protocol
    protocol.connection_made(peer)
    if sent:
        protocol.data_received(sent)
    for _ in range(5):
        await asyncio.sleep(0)
    return peer.protocol


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience of a hundredth."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.05)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.02)


def ended(sent: bytes, seconds: float = 0.3, waiting: Callable[[int], int] = lambda look: 0) -> bool:
    """Whether the connection of a peer who sends this is cut within so long."""

    async def watch() -> bool:
        peer = Peer()
        protocol = await connected(served(), peer, sent)
        for look in range(int(seconds / 0.01)):
            peer.waiting = waiting(look)
            await asyncio.sleep(0.01)
        was, peer.ended = peer.ended, True
        protocol.connection_lost(None)
        return was

    return run(watch())


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: a\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ],
)
def test_a_connection_whose_request_is_never_complete_is_cut(sent: bytes) -> None:
    assert ended(sent)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", UPGRADE])
def test_a_request_that_is_complete_may_take_its_time(sent: bytes) -> None:
    assert not ended(sent)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", UPGRADE])
def test_a_peer_that_takes_nothing_is_cut_and_one_that_is_slow_is_not(sent: bytes) -> None:
    assert ended(sent, waiting=lambda look: 70_000)
    assert not ended(sent, waiting=lambda look: 70_000 - look)


# ---------------------------------------------------------------------------------------------------- websockets


def frame(content: bytes, opcode: int = 2, fin: bool = True, compressed: bool = False) -> bytes:
    """A frame as a browser sends it, masked with zeros."""
    size = len(content)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return bytes([fin << 7 | compressed << 6 | opcode]) + length + bytes(4) + content


def deflated(size: int) -> bytes:
    squeeze = zlib.compressobj(wbits=-12)
    return (squeeze.compress(bytes(size)) + squeeze.flush(zlib.Z_SYNC_FLUSH))[:-4]


def after(sent: bytes) -> tuple[bool, int]:
    """Whether a websocket is cut or closed after these frames, and how many bytes of messages wait for the app."""

    async def send() -> tuple[bool, int]:
        peer = Peer()
        protocol = await connected(served(), peer, UPGRADE)
        assert isinstance(protocol, WebSocketsSansIOProtocol)
        protocol.data_received(sent)
        waiting = [protocol.queue.get_nowait() for _ in range(protocol.queue.qsize())]
        ended, peer.ended = peer.ended, True
        protocol.connection_lost(None)
        return ended, sum(len(one.get("bytes", b"")) for one in waiting)  # type: ignore[arg-type, misc]

    return run(send())


def test_a_message_is_bounded_after_it_was_inflated() -> None:
    most = connections.MAX_MESSAGE
    assert after(frame(deflated(most), compressed=True)) == (False, most)
    assert after(frame(deflated(most + 1), compressed=True)) == (True, 0)


def test_a_message_in_parts_is_bounded_as_a_whole() -> None:
    half = connections.MAX_MESSAGE // 2 + 1
    parts = frame(deflated(half)[:1000], fin=False, compressed=True)
    assert len(parts) < 1100
    plain = [frame(bytes(60_000), 2, False), *[frame(bytes(60_000), 0, False)] * 3]
    assert after(b"".join(plain)) == (True, 0)


def test_what_one_read_brings_is_inflated_no_further_than_may_wait() -> None:
    """A read brings 256 KB: a thousand frames that inflate to 128 MB."""
    many = frame(deflated(connections.MAX_MESSAGE), compressed=True) * 1000
    assert after(many) == (True, 0)


def test_an_answer_that_is_like_one_before_takes_few_bytes() -> None:
    """Those of a page do, some 25 KB apart."""
    charts = [os.urandom(size) for size in (16_000, 8_000, 1_000)]

    async def draws_twice(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(2):
            for chart in charts:
                await send({"type": "websocket.send", "bytes": chart})
        await asyncio.Event().wait()

    async def sent(**settings: Any) -> int:
        peer = Peer()
        protocol = await connected(served(draws_twice, **settings), peer, UPGRADE)
        peer.ended = True
        protocol.connection_lost(None)
        return len(peer.sent)

    once = sum(map(len, charts))
    assert once < run(sent()) < 1.1 * once
    assert run(sent(ws_per_message_deflate=False)) > 2 * once


def test_small_messages_wait_by_their_number_and_a_socket_that_is_cut_leaves_none() -> None:
    """A message of two bytes costs 300 while it waits: one read brings 30,000 of them."""
    small = frame(b"ab")
    few, many = 60, 10_000  # what a socket may send at once, and far more
    assert after(small * few) == (False, 2 * few)
    assert after(small * many) == (True, 0)


@pytest.mark.parametrize("part", [frame(b"", 9), frame(b"", 10), frame(b"", 0, False)])
def test_frames_that_are_no_whole_messages_are_few(part: bytes) -> None:
    start = frame(b"a", 2, False) if part == frame(b"", 0, False) else b""
    few, many = int(connections.FRAMES.burst) - 1, 2 * int(connections.FRAMES.burst)
    assert after(start + part * few) == (False, 0)
    assert after(start + part * many) == (True, 0)


# ---------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("peer", "known"),
    [
        ("::ffff:10.0.0.5", "10.0.0.5"),
        ("10.0.0.5", "10.0.0.5"),
        ("2001:db8::5", "2001:db8::5"),
        ("a name", "a name"),
    ],
)
def test_a_mapped_address_is_known_as_itself(peer: str, known: str) -> None:
    assert plain_address((peer, 1)) == (known, 1)
    assert plain_address(None) is None


@pytest.mark.parametrize(
    ("trusted", "peer", "client"),
    [
        ("10.0.0.5", "::ffff:10.0.0.5", "192.0.2.7"),
        ("10.0.0.0/8", "::ffff:10.0.0.5", "192.0.2.7"),
        ("127.0.0.1,::1", "::ffff:127.0.0.1", "192.0.2.7"),
        ("10.0.0.5", "10.0.0.5", "192.0.2.7"),
        ("10.0.0.5", "::ffff:10.0.0.6", "10.0.0.6"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_proxy_is_known_whichever_stack_its_connection_came_by(
    kind: str, trusted: str, peer: str, client: str
) -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], scope["client"][0]))

    async def ask() -> None:
        request = UPGRADE if kind == "websocket" else b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        forwarded = request[:-2] + b"X-Forwarded-For: 192.0.2.7\r\n\r\n"
        peer_ = Peer(peer)
        protocol = await connected(served(app, forwarded_allow_ips=trusted), peer_, forwarded)
        peer_.ended = True
        protocol.connection_lost(None)

    run(ask())
    assert seen == [(kind, client)]


# ---------------------------------------------------------------------------------------------------- the start


async def lifespan(receive: Callable[[], Awaitable[Any]]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        pass

    await ConnectionLimits(app)({"type": "lifespan"}, receive, None)  # type: ignore[arg-type]


def test_the_server_is_set_up_before_anybody_is_let_in() -> None:
    class LifespanOn:
        config = Config(stay, ws="websockets-sansio", log_config=None)

        async def receive(self) -> None:
            pass

    LifespanOn.config.load()
    run(lifespan(LifespanOn().receive))
    assert LifespanOn.config.http_protocol_class is BoundedHTTP
    assert LifespanOn.config.ws_max_size == connections.MAX_MESSAGE


def test_another_server_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def receive() -> None:
        pass

    run(lifespan(receive))
    assert "connections are not limited" in caplog.text
