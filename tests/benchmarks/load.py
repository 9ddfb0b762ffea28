"""A class on the server at once: its waiting times, the rate of training beside it, memory, and reconnecting.

Every benchmark has servers of its own on the loopback address and is bounded in tabs and in time. The tabs are raw
websocket clients that tick when the page asks them to (see websocket_client.py).

Training is counted in epochs of all rounds together, for a second of CPU that was left to the server and its workers: a
class's server runs neither this program nor what else is at work on this machine. Memory is the proportional set size
of the server and its workers, so that what they share counts once.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import psutil

from core.data.datasets import DatasetError, load_training
from core.engine.processes import cores
from tests.benchmarks.figure import Figure, Skipped, at_least
from tests.benchmarks.live_page import WITHIN, Server, server, set_to_mnist
from tests.benchmarks.websocket_client import Tab, tab

# targets
LATENCY = 100.0  # milliseconds
TICK_SHARE = 0.25  # of a core
TRAINING_RATE = 0.80  # of the rate while nobody watches
MEMORY = 700.0  # MB
FIRST_POINT = 3.0  # seconds
ALL_FINISHED = 1.25  # of the seconds that the same trials take as one round
RECONNECT = 10.0  # seconds
GROWTH = 0.05  # of the memory

CLASS, OTHERS, STUDENTS = 100, 10, 60  # tabs
BOARD = "class_board"  # its page
LONG_ROUND = 200  # epochs of a round that is not over while it is watched
SETTLING_TIME = 15.0  # seconds until the pages have found their pace
POLL_INTERVAL = 0.25  # seconds
MEMORY_INTERVAL = 4.0  # seconds between two looks at the memory
ROUND_TIMEOUT = 240.0  # seconds
MINUTES = float(os.environ.get("SOAK_MINUTES", "3"))  # of a soak
WARM_UP_SHARE = 0.25  # of a soak: what grows then is not counted
SPAN = 150.0  # seconds of a soak in which nothing is trained for a moment at least
READING_TIME = 60.0, 180.0  # seconds that a student of a soak looks at a round: twice as many rounds as in a lesson


@dataclass(frozen=True)
class Span:
    """What happened in some seconds."""

    seconds: float
    left: float  # CPU seconds, see the module
    epochs: int  # trained
    server: float  # CPU seconds

    @property
    def rate(self) -> float:
        """Epochs for a CPU second."""
        return self.epochs / self.left


def hundred(quick: bool) -> Iterator[Figure]:
    """A hundred pages with a running round and ten others, both workers training."""
    skip_without_mnist()
    with server("app.py") as lab:
        yield from asyncio.run(watched(lab, 12, 2, 6.0) if quick else watched(lab, CLASS, OTHERS, 20.0))


async def watched(lab: Server, students: int, others: int, seconds: float) -> list[Figure]:
    """Rounds that nobody watches for a while, then everybody does, then nobody again."""
    async with AsyncExitStack() as stack:
        board = await class_created(stack, lab)
        tabs = await opened(stack, lab, students, board["class"])
        for one in tabs:
            await one.set_number("epochs", LONG_ROUND)
        await asyncio.gather(*(one.click("Start") for one in tabs))
        boards = [await stack.enter_async_context(tab(lab.port, page=BOARD, **board)) for _ in range(others)]
        pages = [*tabs, *boards]
        alone, _ = await span(lab, tabs, asyncio.sleep(seconds))
        await tick_all(pages, SETTLING_TIME)
        before = sum(one.ticks for one in pages)
        during, waits = await span(lab, tabs, tick_all(pages, seconds))
        ticks = sum(one.ticks for one in pages) - before
        memory = megabytes(lab)
        again, _ = await span(lab, tabs, asyncio.sleep(seconds))
        check_alarms(pages)
        interval = (seconds * len(pages)) / ticks
    p95 = 1e3 * statistics.quantiles(waits, n=20)[-1]
    share = during.server / during.seconds - (alone.server + again.server) / (alone.seconds + again.seconds)
    kept = during.rate / statistics.mean([alone.rate, again.rate])
    who = f"{students} pages and {others} others, {ticks} ticks in {seconds:g} s, every {interval:.1f} s"
    return [
        Figure("load.hundred", p95, "ms", p95 / LATENCY, f"{LATENCY:g} ms; {who}", WITHIN),
        Figure(
            "load.hundred.ticks", 100 * share, "% of a core", share / TICK_SHARE, f"{TICK_SHARE:.0%} of a core", WITHIN
        ),
        Figure(
            "load.hundred.training", 100 * kept, "%", kept, "its rate while nobody watches", at_least(TRAINING_RATE)
        ),
        Figure("load.hundred.memory", memory, "MB", memory / MEMORY, f"{MEMORY:g} MB", WITHIN),
    ]


def sixty(quick: bool) -> Iterator[Figure]:
    """Sixty students of a class start 20 trials of 20 epochs on MNIST at once, while a projector shows the board."""
    skip_without_mnist()
    students = 6 if quick else STUDENTS
    with server("app.py") as lab:
        pure = asyncio.run(seconds_as_one_round(lab, students))
        firsts, took, memory = asyncio.run(start_together(lab, students))
    p95 = statistics.quantiles(firsts, n=20)[-1]
    against = f"{FIRST_POINT:g} s; median {statistics.median(firsts):.1f} s, {students} students"
    yield Figure("load.sixty", p95, "s", p95 / FIRST_POINT, against, WITHIN)
    against = f"the {pure:.1f} s that all of it takes as one round which nobody watches"
    yield Figure("load.sixty.last", took, "s", took / pure, against, (0.0, ALL_FINISHED))
    yield Figure("load.sixty.memory", memory, "MB", memory / MEMORY, f"{MEMORY:g} MB, at the peak", WITHIN)


async def start_together(lab: Server, students: int) -> tuple[list[float], float, float]:
    """Seconds from the clicks to each student's first point, seconds until all have seen the end, and the most MB.

    The second are those in which all cores were left to the server and its workers.
    """
    async with AsyncExitStack() as stack:
        tabs, projector = await in_class(stack, lab, students)
        done, shown = asyncio.Event(), asyncio.create_task(projector.watch(time.monotonic() + ROUND_TIMEOUT))
        most = asyncio.create_task(peak_memory(lab, done))
        before, start = available_cpu(lab), time.monotonic()

        async def student(one: Tab) -> float:
            await one.click("Start")
            await one.watch(start + ROUND_TIMEOUT, lambda: one.points > 0)
            first = (one.first_point or time.monotonic()) - start
            await one.watch(start + ROUND_TIMEOUT, lambda: one.is_over)
            return first

        firsts = await asyncio.gather(*map(student, tabs))
        took = (available_cpu(lab) - before) / len(cores())
        done.set()
        if shown.done():
            raise RuntimeError(f"the projector went on for no longer than that: {await shown}")
        shown.cancel()
        check_alarms([*tabs, projector])
        return firsts, took, await most


async def seconds_as_one_round(lab: Server, students: int) -> float:
    """Seconds with all cores that the trials of so many students take as one round, seen by one tab now and then."""
    trials = 200
    async with AsyncExitStack() as stack:
        (one,) = await opened(stack, lab, 1)
        await one.set_number("trials", trials)
        await one.set_number("epochs", students * 20 * 20 // trials)
        before = available_cpu(lab)
        await one.click("Start")
        while one.live:
            await asyncio.sleep(POLL_INTERVAL)
            await one.tick()
        return (available_cpu(lab) - before) / len(cores())


async def peak_memory(lab: Server, done: asyncio.Event) -> float:
    """The most memory from now until all is done, looked at now and then: a look holds up whom it looks at."""
    most = megabytes(lab)
    while not done.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), MEMORY_INTERVAL)
        most = max(most, megabytes(lab))
    return most


def reconnect(quick: bool) -> Iterator[Figure]:
    """A server is killed in the middle of a class's second round; the next one is asked for all labs and the board."""
    students = 6 if quick else STUDENTS
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{folder}/labs.sqlite"
        with server("app.py", DATABASE_URL=url) as lab:
            tokens, board = asyncio.run(two_rounds(lab, students))
            lab.process.kill()
        with server("app.py", DATABASE_URL=url) as lab:
            waits = asyncio.run(reopen_all(lab, tokens, board))
    against = f"{RECONNECT:g} s; median {statistics.median(waits):.1f} s, {students} students, their rounds going on"
    yield Figure("load.reconnect", max(waits), "s", max(waits) / RECONNECT, against, WITHIN)


async def two_rounds(lab: Server, students: int) -> tuple[list[str], dict[str, str]]:
    """A short round and a long one under way for everybody in a class; the labs' tokens and the board's address."""
    async with AsyncExitStack() as stack:
        board = await class_created(stack, lab)
        tabs = await opened(stack, lab, students, board["class"], mnist=False)
        for epochs in (1, LONG_ROUND):
            for one in tabs:
                await one.set_number("epochs", epochs)
            await asyncio.gather(*(one.click("Start") for one in tabs))
            await tick_all(tabs, ROUND_TIMEOUT if epochs == 1 else 2.0)
        check_alarms(tabs)
        return [one.lab for one in tabs], board


async def reopen_all(lab: Server, tokens: list[str], board: dict[str, str]) -> list[float]:
    """Seconds until each tab has its lab again, with its second round running, and until the board has its trials."""

    async def back(token: str) -> float:
        start = time.monotonic()
        async with tab(lab.port, token) as one:
            await one.watch(start + ROUND_TIMEOUT, lambda: one.points > 0)
            check_alarms([one])
            if one.lab != token or not one.live or one.epochs[1] != 20 * LONG_ROUND:
                raise RuntimeError(f"a lab came back as {one.words!r}")
            return time.monotonic() - start

    async def board_back() -> float:
        start = time.monotonic()
        async with tab(lab.port, page=BOARD, **board) as projector:
            await projector.watch(start + ROUND_TIMEOUT, lambda: projector.points >= 20 * len(tokens))
            check_alarms([projector])
            if projector.points < 20 * len(tokens):
                raise RuntimeError(f"a board came back with {projector.points} trials")
            return time.monotonic() - start

    return await asyncio.gather(board_back(), *map(back, tokens))


def soak(quick: bool) -> Iterator[Figure]:
    """Sixty students of a class go from round to round, before a board; SOAK_MINUTES in the environment says how long.

    What rounds hold while they are trained comes and goes: what counts is the least of every SPAN seconds, or of
    every twelfth part of a short soak.
    """
    skip_without_mnist()
    minutes = 0.5 if quick else MINUTES
    reading = (0.0, 2.0) if quick else READING_TIME
    with server("app.py") as lab:
        seen = asyncio.run(lessons(lab, 6 if quick else STUDENTS, 60 * minutes, reading))
    times, memory = span_minima(seen, WARM_UP_SHARE * 60 * minutes, min(SPAN, 5 * minutes))
    slope = float(np.polyfit(times, memory, 1)[0])
    grown = slope * (times[-1] - times[0]) / memory[0]
    said = ", ".join(f"{one:.0f}" for one in memory[:: max(1, len(memory) // 12)])
    most = max(megabytes for _, megabytes in seen)
    warm = f"{memory[0]:.0f} MB after {WARM_UP_SHARE:.0%} of {minutes:g} minutes"
    against = f"{warm}, then {said} MB; {most:.0f} MB at the peak"
    yield Figure("load.soak", 60 * slope, "MB a minute", 1 + grown, against, (0.0, 1 + GROWTH))


def span_minima(seen: list[tuple[float, float]], warm: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """The middle of every span of so many seconds once it is warm, and the least memory in it; all but a last part.

    seen: (seconds, megabytes)    Returns two arrays (spans,).
    """
    spans: dict[int, list[float]] = {}
    for seconds, memory in seen:
        if seconds >= warm:
            spans.setdefault(int((seconds - warm) // width), []).append(memory)
    whole = [place for place in spans if warm + (place + 1) * width <= seen[-1][0] + MEMORY_INTERVAL]
    return np.array([warm + (place + 0.5) * width for place in whole]), np.array([min(spans[place]) for place in whole])


async def lessons(
    lab: Server, students: int, seconds: float, reading: tuple[float, float]
) -> list[tuple[float, float]]:
    """(seconds since the start, megabytes), every MEMORY_INTERVAL seconds or forty times at least."""
    async with AsyncExitStack() as stack:
        tabs, projector = await in_class(stack, lab, students)
        start, rng = time.monotonic(), np.random.default_rng(0)

        async def student(one: Tab) -> None:
            while (passed := time.monotonic() - start) < seconds:
                await one.click("Start")
                await one.watch(start + seconds, lambda: one.is_over)
                await asyncio.sleep(min(rng.uniform(*reading), max(seconds - passed, 0.0)))

        async def weigh() -> list[tuple[float, float]]:
            seen = []
            while (passed := time.monotonic() - start) < seconds:
                seen.append((passed, megabytes(lab)))
                await asyncio.sleep(min(MEMORY_INTERVAL, seconds / 40))
            return seen

        seen, *_ = await asyncio.gather(weigh(), projector.watch(start + seconds), *map(student, tabs))
        check_alarms([*tabs, projector])
        return seen


# ---------------------------------------------------------------------------------------------------- a class


async def opened(stack: AsyncExitStack, lab: Server, count: int, code: str = "", mnist: bool = True) -> list[Tab]:
    """Tabs of new labs, set to MNIST if so, of students in the class of a code if there is one."""
    tabs = []
    for _ in range(count):
        if code:
            one = await stack.enter_async_context(tab(lab.port, page=BOARD, **{"class": code}))
            await one.click("Join this class")
            await one.open("narrow")
        else:
            one = await stack.enter_async_context(tab(lab.port))
        if mnist:
            await set_to_mnist(one)
        tabs.append(one)
    return tabs


async def in_class(stack: AsyncExitStack, lab: Server, students: int) -> tuple[list[Tab], Tab]:
    """The students of a new class, set to MNIST, and the tab that projects its board."""
    board = await class_created(stack, lab)
    tabs = await opened(stack, lab, students, board["class"])
    return tabs, await stack.enter_async_context(tab(lab.port, page=BOARD, **board))


async def class_created(stack: AsyncExitStack, lab: Server) -> dict[str, str]:
    """The parameters in the address of a new class's board, from its teacher's page."""
    teacher = await stack.enter_async_context(tab(lab.port, page=BOARD))
    await teacher.click("Create the class")
    return dict(parse_qsl(urlsplit(teacher.links["Board for the projector"]).query))


async def tick_all(tabs: list[Tab], seconds: float) -> list[float]:
    """Let all tabs tick for so long; the seconds that each run took to its first drawing."""
    until = time.monotonic() + seconds
    waits = await asyncio.gather(*(one.watch(until) for one in tabs))
    if any(one.live for one in tabs):
        await asyncio.sleep(max(0.0, until - time.monotonic()))
    return sum(waits, [])


async def span(lab: Server, tabs: list[Tab], doing: Awaitable[Any]) -> tuple[Span, Any]:
    """What happens while something is done, and what comes of it. The tabs tick once before it and once after it."""
    epochs = await epochs_done(tabs)
    start, before, server_cpu = time.monotonic(), available_cpu(lab), lab.cpu()
    found = await doing
    seconds, cpu, server_cpu = time.monotonic() - start, available_cpu(lab) - before, lab.cpu() - server_cpu
    return Span(seconds, cpu, await epochs_done(tabs) - epochs, server_cpu), found


async def epochs_done(tabs: list[Tab]) -> int:
    """Epochs that the rounds of all tabs have behind them."""
    await asyncio.gather(*(one.tick() for one in tabs))
    return sum(one.epochs[0] for one in tabs)


def check_alarms(tabs: list[Tab]) -> None:
    """Raise an error if any page has shown a fault or a warning."""
    if alarms := {alarm for one in tabs for alarm in one.alarms}:
        raise RuntimeError(f"pages have shown: {alarms}")


# ---------------------------------------------------------------------------------------------------- the machine


def available_cpu(lab: Server) -> float:
    """CPU seconds that a server and its workers have had, or could have had from idle cores, so far."""
    each = psutil.cpu_times(percpu=True)
    idle = sum(each[core].idle + getattr(each[core], "iowait", 0.0) for core in cores())
    return float(idle + lab.cpu() + lab.workers_cpu())


def megabytes(lab: Server) -> float:
    """Proportional set size of a server and its workers; what is theirs alone where a system tells no more."""
    weighed = [one.memory_full_info() for one in (lab.process, *lab.process.children())]
    return sum(float(getattr(one, "pss", one.uss)) for one in weighed) / 2**20


def skip_without_mnist() -> None:
    """Skip what cannot run without MNIST."""
    try:
        load_training("mnist", 500)
    except DatasetError as error:
        raise Skipped(f"{error} (MNIST_DIR may name a folder)") from error
