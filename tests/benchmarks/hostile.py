"""How long a class waits beside a hostile client, against the same class without one.

Every attack of tests/support/attacks.py has a server of its own and comes from a process and an address of its own, at
low priority; an attack that is entered there is measured here. HOSTILE names some of them, separated by commas.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from tests.benchmarks.figure import Figure
from tests.benchmarks.live_page import Server, server
from tests.benchmarks.load import ROUND_TIMEOUT, opened
from tests.benchmarks.reference_programs import ROOT
from tests.benchmarks.websocket_client import Tab
from tests.support.attacks import ATTACKS

BESIDE = (0.0, 1.5)  # times as long as without an attack
STUDENTS = 30
HEAD_START = 2.0  # seconds of an attack before the class begins


def hostile(quick: bool) -> Iterator[Figure]:
    """Thirty students start 20 trials of 20 epochs at once: alone, and beside each attack."""
    students = 4 if quick else STUDENTS
    chosen = [name for name in os.environ.get("HOSTILE", "").split(",") if name] or list(ATTACKS)
    alone = measured("", students)
    yield Figure("load.hostile.first", alone[0], "s", 1.0, f"itself: {students} students without an attack, 95%")
    yield Figure("load.hostile.round", alone[1], "s", 1.0, "itself: without an attack, median")
    for name in chosen[:1] if quick else chosen:
        first, round_ = measured(name, students)
        yield Figure(f"load.hostile.{name}", first, "s", first / alone[0], "the first point without it, 95%", BESIDE)
        yield Figure(f"load.hostile.{name}.round", round_, "s", round_ / alone[1], "the round without it", BESIDE)


def measured(attack: str, students: int) -> tuple[float, float]:
    """Seconds to the first point, 95th percentile, and to the end of the round, median; attack: "" for none."""
    with server("app.py") as lab:
        found = asyncio.run(rounds(lab, attack, students))
    firsts, ends = zip(*found, strict=True)
    return statistics.quantiles(firsts, n=20)[-1], statistics.median(ends)


async def rounds(lab: Server, attack: str, students: int) -> list[tuple[float, float]]:
    """Seconds from the click on Start to each student's first point and to the end of the round."""
    async with AsyncExitStack() as stack:
        tabs = await opened(stack, lab, students, mnist=False)
        if attack:
            stack.enter_context(attacked(lab, attack))
            await asyncio.sleep(HEAD_START)

        async def student(one: Tab) -> tuple[float, float]:
            start = time.monotonic()
            await one.click("Start")
            await one.watch(start + ROUND_TIMEOUT, lambda: one.points > 0)
            first = (one.first_point or time.monotonic()) - start
            await one.watch(start + ROUND_TIMEOUT)
            return first, time.monotonic() - start

        return await asyncio.gather(*map(student, tabs))


@contextmanager
def attacked(lab: Server, name: str) -> Iterator[None]:
    """An attack in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.attacks", name, str(lab.port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError(f"the attack {name} ended by itself")
    finally:
        process.kill()
        process.wait()
