"""Attacks on a class's training over real connections: many labs in few tabs, and rounds that hold the memory.

An attack is begun beside a class and goes on until the connections in its stack are closed. What it costs the class is
the ratio of its waiting times to those of the same class on the same server without it.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

from core.lesson import Lesson
from core.lesson_text import write_lesson
from core.plan import RoundPlan
from tests.benchmarks.figure import Figure
from tests.benchmarks.live_page import Server, server
from tests.benchmarks.load import ROUND_TIMEOUT, check_alarms, class_created, opened
from tests.benchmarks.websocket_client import Tab, tab

STUDENTS, QUICK_STUDENTS = 30, 4
SLOWER = (0.0, 1.5)  # target: times as long as without the attack
LONGEST = RoundPlan(trials=200, epochs=200)
GIANT = RoundPlan(trials=44, epochs=200, hidden_layers=8, neurons=256, optimizer="adam", give_up=(199,))
SMALL_AND_LONG = RoundPlan(trials=80, epochs=200, hidden_layers=8, neurons=203, optimizer="momentum")

Attack = Callable[[AsyncExitStack, Server], Awaitable[None]]


async def many_labs(stack: AsyncExitStack, lab: Server, tabs: int = 5, labs: int = 20) -> None:
    """A few tabs that each go from new lab to new lab and leave the longest round behind in every one."""

    async def one(hostile: Tab) -> None:
        for number in range(labs):
            if number:
                await hostile.click("New lab")
            await hostile.click("Start")

    address = {"lesson": write_lesson(Lesson(LONGEST))}
    hostile = [await stack.enter_async_context(tab(lab.port, **address)) for _ in range(tabs)]
    await asyncio.gather(*map(one, hostile))


async def held_memory(stack: AsyncExitStack, lab: Server) -> None:
    """Two rounds of as much memory as small ones may hold, paused, a giant that is paused, and one that waits."""
    for plan in (SMALL_AND_LONG, replace(SMALL_AND_LONG, images=999), GIANT, replace(GIANT, seed=1)):
        hostile = await stack.enter_async_context(tab(lab.port, lesson=write_lesson(Lesson(plan))))
        await hostile.click("Start")
        if hostile.shows("Pause"):
            await hostile.click("Pause")


TRAINING_ATTACKS: dict[str, Attack] = {"labs": many_labs, "memory": held_memory}


def hostile_training(quick: bool) -> Iterator[Figure]:
    """A class that starts 20 trials of 20 epochs at once, without an attack on its training and beside each."""
    students = QUICK_STUDENTS if quick else STUDENTS
    for name, attack in TRAINING_ATTACKS.items():
        with server("app.py") as lab:
            without, beside = asyncio.run(class_beside(lab, students, attack))
        for what, unharmed, harmed in zip(("first", "round"), without, beside, strict=True):
            against = f"{unharmed:.1f} s without it; {students} students"
            yield Figure(f"load.hostile.{name}.{what}", harmed, "s", harmed / unharmed, against, SLOWER)


async def class_beside(lab: Server, students: int, attack: Attack) -> list[tuple[float, float]]:
    """Seconds to first points (95th percentile) and to rounds' ends (median), without an attack and beside it."""
    async with AsyncExitStack() as stack:
        board = await class_created(stack, lab)
        tabs = await opened(stack, lab, students, board["class"], mnist=False)
        await waits(tabs)  # the first round of a server takes longer
        found = [await waits(tabs)]
        async with AsyncExitStack() as hostile:
            await attack(hostile, lab)
            found.append(await waits(tabs))
        check_alarms(tabs)
        return found


async def waits(tabs: list[Tab]) -> tuple[float, float]:
    """All start their next round: the 95th percentile of the first points, and the median of the rounds' ends."""
    start = time.monotonic()

    async def student(one: Tab) -> tuple[float, float]:
        await one.click("Start")
        await one.watch(start + ROUND_TIMEOUT, lambda: one.points > 0 and one.epochs[0] > 0)
        first = (one.first_point or time.monotonic()) - start
        await one.watch(start + ROUND_TIMEOUT)
        if one.live:
            raise RuntimeError(f"a round did not end: {one.words!r}")
        return first, time.monotonic() - start

    firsts, ends = zip(*await asyncio.gather(*map(student, tabs)), strict=True)
    return statistics.quantiles(firsts, n=20)[-1], statistics.median(ends)
