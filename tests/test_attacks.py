"""A hostile client on the loopback address does not keep a class from its pages: bounded attacks on a real server."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from statistics import median

import psutil
import pytest

from tests.benchmarks.live_page import Server, server
from tests.benchmarks.websocket_client import tab
from tests.support.attacks import (
    ADDRESS,
    ATTACKS,
    IDLE_READERS,
    Attack,
    ask,
    hostile_socket,
    many_names,
    send_all,
    session_of,
    upload,
)
from tests.support.waiting import run

pytestmark = pytest.mark.long

STUDENTS = 12
SECONDS = 10.0  # of an attack
CALM = 3.0  # seconds without one
# Times that a page takes at most, half of them, beside one: turns are fair, so that it waits for one run of every other
# socket, on a core that other tests may use too.
LONGER = 2 * (STUDENTS + IDLE_READERS)
MEMORY = 120 * 2**20  # bytes that an attack leaves at most


@pytest.fixture(scope="module")
def lab() -> Iterator[Server]:
    with server("app.py") as started:
        yield started


async def waits_beside(port: int, attack: Attack | None) -> list[float]:
    """Seconds that pages of students take during an attack, sorted; each asks every second."""
    waits: list[float] = []
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(tab(port)) for _ in range(STUDENTS)]
        stop = asyncio.Event()
        attacker = asyncio.create_task(attack(port, stop) if attack is not None else stop.wait())  # type: ignore[arg-type]
        end = time.monotonic() + (SECONDS if attack is not None else CALM)

        async def study(one: object, place: int) -> None:
            await asyncio.sleep(place / STUDENTS)
            while time.monotonic() < end:
                waits.append(await one._run())  # type: ignore[attr-defined]
                await asyncio.sleep(1.0)

        try:
            await asyncio.gather(*(study(one, place) for place, one in enumerate(tabs)))
        finally:
            stop.set()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(attacker, 30)
    return sorted(waits)


@pytest.mark.parametrize("name", ATTACKS)
def test_students_have_their_pages_during_an_attack(lab: Server, name: str) -> None:
    calm = run(waits_beside(lab.port, None))
    before = lab.process.memory_info().rss
    waits = run(waits_beside(lab.port, ATTACKS[name]))
    assert len(waits) >= STUDENTS * 2 and median(waits) < LONGER * median(calm)
    assert lab.process.memory_info().rss - before < MEMORY


def test_git_is_not_started_for_a_browser(lab: Server) -> None:
    git: set[int] = set()

    async def ask_for_git() -> None:
        asking = asyncio.create_task(send_all(lab.port, b"\x60\x01", 2000))
        while not asking.done():
            git.update(one.pid for one in lab.process.children() if one.name() == "git")
            await asyncio.sleep(0.01)
            if time.monotonic() - start > SECONDS:
                asking.cancel()

    start = time.monotonic()
    with suppress(asyncio.CancelledError):
        run(ask_for_git())
    assert not git


def test_a_message_that_asks_for_too_much_closes_its_socket(lab: Server) -> None:
    async def send(message: bytes) -> int | None:
        async with hostile_socket(lab.port) as opened:
            await opened.send(message)
            await asyncio.wait_for(opened.wait_closed(), 10)
            return opened.close_code

    assert run(send(many_names())) == 1009  # 911 bytes, which inflate to more than a page sends
    assert run(send(many_names(1000))) == 1009
    assert run(send(b"\xff\xff")) == 1002


def test_a_session_keeps_two_files_of_three_hundred(lab: Server) -> None:
    before = lab.process.memory_info().rss

    async def fill() -> set[int]:
        async with hostile_socket(lab.port) as opened:
            session = await session_of(opened)
            return {await asyncio.to_thread(upload, lab.port, session, f"f{n}", 2**20 - 200) for n in range(150)}

    assert run(fill()) == {204}
    assert lab.process.memory_info().rss - before < 30 * 2**20


def test_files_for_a_session_that_is_none_are_refused(lab: Server) -> None:
    assert upload(lab.port, "00000000-0000-0000-0000-000000000000", "f", 1000) == 400


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent", "/_stcore/agent/run"])
def test_figures_of_the_server_are_closed(lab: Server, path: str) -> None:
    assert ask(lab.port, "GET", path).status == 404


def test_half_a_request_ends(lab: Server) -> None:
    with socket.create_connection(("127.0.0.1", lab.port), 60, (ADDRESS, 0)) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        start = time.monotonic()
        with suppress(ConnectionResetError):
            assert half.recv(1) == b""
        assert time.monotonic() - start < 40


@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_NOFILE"), reason="this system does not tell")
def test_the_process_may_have_as_many_files_open_as_the_system_lets_it(lab: Server) -> None:
    soft, hard = psutil.Process(lab.process.pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == hard


def test_an_address_has_no_more_sockets_than_the_host_says() -> None:
    async def open_many(port: int) -> int:
        async with AsyncExitStack() as stack:
            count = 0
            for _ in range(12):
                with suppress(Exception):
                    await stack.enter_async_context(hostile_socket(port))
                    count += 1
            async with tab(port) as other:  # from another address
                assert other.alarms == []
            return count

    with server("app.py", SOCKETS_PER_ADDRESS="8") as small:
        assert run(open_many(small.port)) == 8
