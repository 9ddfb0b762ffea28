"""Tabs of browsers at several servers, directly and through the proxy, and their labs as the store has them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from core.lab.lab import Lab
from core.store.restoring import lab_from_record
from core.store.rows import load_lab
from core.store.store import Store, lab_id
from pages.components.web.lab_home import SERVER_COOKIE, cookie_of
from tests.benchmarks.websocket_client import Tab
from tests.support.server_processes import SECRET, Caddy, ServerProcess, browse
from tests.support.waiting import LIMIT, until


def stored(url: str, token: str) -> Lab | None:
    """A lab as the store has it; its home stays what it is."""
    with closing(Store(url)) as store, store.transaction() as connection:
        record = load_lab(connection, lab_id(token))
    return lab_from_record(token, record) if record is not None else None


async def shown(opened: Tab, what: str) -> float:
    """Seconds until a page that waits for its lab has a widget of that label."""
    begun = time.monotonic()
    while not opened.shows(what):
        assert time.monotonic() - begun < LIMIT
        await opened.watch(time.monotonic() + 1.5, lambda: opened.shows(what))
        if not opened.timers and not opened.shows(what):  # a page that says to try again later
            await asyncio.sleep(0.5)
            await opened.open()
    return time.monotonic() - begun


@asynccontextmanager
async def tab_through(
    proxy: Caddy, cookies: dict[str, str], lab: str = "", page: str = "", **asked: str
) -> AsyncIterator[Tab]:
    """A tab through the proxy, with the cookies of its browser. asked: what else is in the address"""
    header = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    address = f"ws://127.0.0.1:{proxy.port}/_stcore/stream"
    async with connect(
        address, subprotocols=["streamlit"], additional_headers=header, max_size=2**24, proxy=None, open_timeout=LIMIT
    ) as socket:
        opened = Tab(socket, urlencode(asked | ({"lab": lab} if lab else {})))
        await opened.open(page)
        yield opened


async def come_back(proxy: Caddy, browser: dict[str, str], token: str) -> Tab:
    """A tab whose connection has ended comes back as a browser's does: it tries until it has a page of its lab."""
    while True:
        with suppress(OSError, WebSocketException, TimeoutError):
            async with tab_through(proxy, browser, token) as student:
                await shown(student, "trials")
                return student
        await asyncio.sleep(0.2)


async def with_rounds(proxy: Caddy, students: int) -> list[tuple[dict[str, str], str]]:
    """Students who each begin a round, of 20 trials or one more for each: cookies of their browsers, tokens of labs."""

    async def learn(number: int) -> tuple[dict[str, str], str]:
        browser: dict[str, str] = {}
        await asyncio.to_thread(browse, proxy.port, "", browser)
        async with tab_through(proxy, browser) as student:
            await student.set_number("trials", 20 + number)
            await student.set_number("epochs", 60)
            await student.click("Start")
            return browser, student.lab

    return await asyncio.gather(*map(learn, range(students)))


async def seconds_away(
    proxy: Caddy, server: ServerProcess, browsers: list[tuple[dict[str, str], str]], end: Callable[[], None]
) -> list[float]:
    """End a server; how long each student at it waits until the lab is there again.

    browsers: as `with_rounds` has them    end: ends the server, or tells it to end
    """
    until(lambda: all((lab := stored(server.url, token)) and lab.rounds for _, token in browsers))
    home = cookie_of(server.address, SECRET)
    here = [(browser, token) for browser, token in browsers if browser[SERVER_COOKIE] == home]
    end()
    begun = time.monotonic()

    async def back(browser: dict[str, str], token: str) -> float:
        await come_back(proxy, browser, token)
        waited = time.monotonic() - begun
        await asyncio.to_thread(browse, proxy.port, f"?lab={token}", browser)  # as its next page does
        return waited

    return await asyncio.gather(*(back(*one) for one in here))


async def restart_under_students(
    proxy: Caddy, servers: tuple[ServerProcess, ...], students: int
) -> tuple[list[float], list[str]]:
    """Students with a round each; every server is restarted, one after the other.

    Returns how long each student waited after each restart, and the tokens of their labs.
    """
    waits: list[float] = []
    browsers = await with_rounds(proxy, students)
    for server in servers:
        waits += await seconds_away(proxy, server, browsers, server.process.terminate)
        await asyncio.to_thread(server.process.wait, LIMIT)
        server.start()
        await asyncio.to_thread(server.ready)
    return waits, [token for _, token in browsers]
