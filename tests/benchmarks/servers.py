"""Several servers of one class on this machine: what a tick costs, how late a board is, who waits when a server ends.

Servers are processes on the loopback address, over a PostgreSQL of their own, behind Caddy where a browser has to find
its lab again. Ticks are counted for a second of CPU that the servers' own processes use more than while nobody looks:
neither the workers, nor the database, nor this program, with its tabs, is counted, which share the same cores.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.engine.processes import cores
from pages.components.web.lab_home import SERVER_COOKIE, cookie_of
from tests.benchmarks import live_page, load
from tests.benchmarks.figure import Figure, Skipped, at_least
from tests.benchmarks.live_page import WITHIN
from tests.benchmarks.websocket_client import tab
from tests.support.databases import Missing, Postgres
from tests.support.proxied_tabs import restart_under_students, seconds_away, with_rounds
from tests.support.server_processes import SECRET, Caddy, ServerProcess

# targets
TICKS = 0.90  # of those that a core carries with one server
BOARD = 4.0  # seconds
DEAD = 12.0  # seconds
RESTART = 5.0  # seconds

# Students at two servers, twice as many as at the one beside them: 200 where four cores carry servers, tabs and
# training; fewer on a smaller machine, where both halves of the comparison are cut alike.
STUDENTS = int(os.environ.get("SERVERS_STUDENTS", "200" if len(cores()) >= 4 else "100"))
STUDENTS_TO_A_BOARD = 20
RESTARTED = 60  # students
LONG_ROUND = {"trials": 200, "epochs": 200}  # on the images of the class: its board leaves others out
LOOKS = 0.2  # seconds between two looks at what is trained


@dataclass
class School:
    """Servers of one database, and the proxy before them if there are several."""

    servers: tuple[ServerProcess, ...]
    proxy: Caddy | None

    def cpu(self) -> float:
        """CPU seconds that the servers have used, without their workers."""
        return sum(self.at(place).cpu() for place in range(len(self.servers)))

    def at(self, place: int) -> live_page.Server:
        """One of the servers, as other benchmarks have it."""
        one = self.servers[place]
        return live_page.Server(one.port, psutil.Process(one.process.pid), 0.0)


@contextmanager
def school(count: int) -> Iterator[School]:
    """So many servers; a single one is the only server of its database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        try:
            url = stack.enter_context(closing(Postgres())).fresh()
            variables = {} if count > 1 else {"REPLICA": ""}
            servers = tuple(ServerProcess(folder, url, variables) for _ in range(count))
            for server in servers:
                stack.callback(server.kill)
            proxy = stack.enter_context(closing(Caddy(folder, list(servers)))) if count > 1 else None
        except Missing as reason:
            raise Skipped(str(reason)) from reason
        for server in servers:
            server.ready()
        yield School(servers, proxy)


# ---------------------------------------------------------------------------------------------------- ticks


def ticks(quick: bool) -> Iterator[Figure]:
    """Twice as many students and boards over two servers as on one: how many ticks a core carries."""
    students = 24 if quick else STUDENTS
    with school(1) as single:
        alone, few = asyncio.run(ticks_a_core(single, students // 2, quick))
    with school(2) as several:
        together, many = asyncio.run(ticks_a_core(several, students, quick))
    against = f"{alone:.0f} with {students // 2} students on one server, {few} ticks; here {students} and {many} ticks"
    yield Figure("servers.ticks", together, "a core's s", together / alone, against, at_least(TICKS))


async def ticks_a_core(at: School, students: int, quick: bool) -> tuple[float, int]:
    """Ticks for a second of CPU of the servers, and how many there were. All rounds run meanwhile."""
    settling, seconds = (5.0, 6.0) if quick else (load.SETTLING_TIME, 20.0)
    labs = [at.at(place) for place in range(len(at.servers))]
    async with AsyncExitStack() as stack:
        board = await load.class_created(stack, labs[0])
        pages = []
        for lab in labs:
            tabs = await load.opened(stack, lab, students // len(labs), board["class"], mnist=False)
            for one in tabs:
                await one.set_number("epochs", load.LONG_ROUND)
            await asyncio.gather(*(one.click("Start") for one in tabs))
            pages += tabs
        before, begun = at.cpu(), time.monotonic()
        await asyncio.sleep(seconds)
        unwatched = (at.cpu() - before) / (time.monotonic() - begun)
        for place in range(max(students // STUDENTS_TO_A_BOARD, len(labs))):
            where = labs[place % len(labs)]
            pages.append(await stack.enter_async_context(tab(where.port, page=load.BOARD, **board)))
        await load.tick_all(pages, settling)
        before, begun, drawn = at.cpu(), time.monotonic(), sum(one.ticks for one in pages)
        await load.tick_all(pages, seconds)
        used = at.cpu() - before - unwatched * (time.monotonic() - begun)
        ticks = sum(one.ticks for one in pages) - drawn
        load.check_alarms(pages)
    return ticks / used, ticks


# ---------------------------------------------------------------------------------------------------- the board


def board(quick: bool) -> Iterator[Figure]:
    """How late the board at one server shows what is trained at the other."""
    with school(2) as both:
        late = asyncio.run(lateness(both, 8.0 if quick else 30.0))
    against = f"{BOARD:g} s, its own ticks among them; median {statistics.median(late):.1f} s, {len(late)} looks"
    yield Figure("servers.board", max(late), "s", max(late) / BOARD, against, WITHIN)


async def lateness(both: School, seconds: float) -> list[float]:
    """For every look at the pages of students at one server: seconds until the board at the other shows as much."""
    here, there = both.at(0), both.at(1)
    trained: list[tuple[float, int]] = []  # time, epochs
    shown: list[tuple[float, int]] = []
    async with AsyncExitStack() as stack:
        address = await load.class_created(stack, here)
        students = await load.opened(stack, here, 3, address["class"], mnist=False)
        projector = await stack.enter_async_context(tab(there.port, page=load.BOARD, **address))
        for one in students:
            for label, number in LONG_ROUND.items():
                await one.set_number(label, number)
            await one.click("Start")
        end = time.monotonic() + seconds

        async def look() -> None:
            while time.monotonic() < end:
                await asyncio.gather(*(one.tick() for one in students))
                trained.append((time.monotonic(), sum(one.epochs[0] for one in students)))
                await asyncio.sleep(LOOKS)

        def note() -> bool:
            """After every tick of the board; whether it has shown all."""
            shown.append((time.monotonic(), projector.totals.get("epochs", 0)))
            return shown[-1][0] > end and shown[-1][1] >= trained[-1][1]

        await asyncio.gather(look(), projector.watch(end + 10 * BOARD, note))
        load.check_alarms([*students, projector])
    return [next(at for at, epochs in shown if epochs >= done) - when for when, done in trained]


# ---------------------------------------------------------------------------------------------------- ends of servers


def killed(quick: bool) -> Iterator[Figure]:
    """A server is killed under its students, each with a round: how long until their labs are back at the other."""

    async def lesson(both: School) -> list[float]:
        assert both.proxy is not None
        browsers = await with_rounds(both.proxy, students)
        homes = [browser[SERVER_COOKIE] for browser, _ in browsers]
        server = max(both.servers, key=lambda one: homes.count(cookie_of(one.address, SECRET)))
        return await seconds_away(both.proxy, server, browsers, server.kill)

    students = 8 if quick else RESTARTED
    with school(2) as both:
        waits = asyncio.run(lesson(both))
    against = f"{DEAD:g} s; median {statistics.median(waits):.1f} s, {len(waits)} of {students} students were there"
    yield Figure("servers.killed", max(waits), "s", max(waits) / DEAD, against, WITHIN)


def restart(quick: bool) -> Iterator[Figure]:
    """Both servers are restarted, one after the other, under students with a round each."""
    students = 8 if quick else RESTARTED
    with school(2) as both:
        assert both.proxy is not None
        waits, _ = asyncio.run(restart_under_students(both.proxy, both.servers, students))
    against = f"{RESTART:g} s; median {statistics.median(waits):.1f} s, {len(waits)} waits of {students} students"
    yield Figure("servers.restart", max(waits), "s", max(waits) / RESTART, against, WITHIN)
