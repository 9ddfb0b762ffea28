"""Processes of a real server killed at random moments: every round ends with the same bits, and nothing is left behind.

The student is a websocket client, as a browser tab is one; what came of the rounds is read from the store.
"""

import asyncio
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from core.archive import restored
from core.engine.local import Engine
from core.progress import Status
from core.rounds import run_round
from core.store import LabRecord, RoundRecord, Store
from tests.benchmarks.live import FOLDED
from tests.benchmarks.websocket_client import Tab, tab
from tests.browser.conftest import Server
from tests.servers import same
from tests.waiting import run, until

KILLS = 20
SETTINGS = {"epochs": 20, "images": 300}
A_ROUND = 0.5  # seconds, about: a kill comes somewhere in them
PAUSE = 0.05  # seconds between two looks
KILLS_A_ROUND = 2  # of workers: a third one at the same place would fail the round

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
Start = Callable[..., Server]


class Lesson:
    """A server, its database, and the one lab in it."""

    def __init__(self, start_server: Start, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'labs.sqlite'}"
        self._start_server = start_server
        self.server = self.begin()
        self.token = ""

    def begin(self) -> Server:
        """Start a server over the database."""
        self.server = self._start_server(DATABASE_URL=self.url)
        return self.server

    @property
    def port(self) -> int:
        port = urlsplit(self.server.url).port
        assert port
        return port

    def record(self) -> LabRecord:
        """The lab as it stands in the database."""
        with closing(Store(self.url)) as store:
            record = store.load(self.token)
        assert record is not None
        return record

    def over(self, count: int) -> bool:
        """Whether the lab has so many rounds and all of them are over."""
        rounds = self.record().rounds
        return len(rounds) == count and all(Status(one.status).over for one in rounds)

    async def opened(self, student: Tab) -> None:
        """Set a new lab up."""
        self.token = student.lab
        await student.unfold(FOLDED)
        for label, number in SETTINGS.items():
            await student.enter(label, number)
        await student.unfold(FOLDED, False)


@pytest.fixture
def lesson(start_server: Start, tmp_path: Path) -> Iterator[Lesson]:
    made = Lesson(start_server, tmp_path)
    yield made
    made.server.end()


def all_true(lesson: Lesson, engine: Engine) -> bool:
    """Whether every round of the lab found what it finds when nobody is killed."""
    return all(
        one.progress.status is Status.FINISHED and same(one.progress, run_round(one.progress.plan, engine))
        for one in restored(lesson.token, lesson.record()).rounds
    )


def lives(process: psutil.Process) -> bool:
    """Whether a process has not ended; it may still stand in the system's list until somebody asks how."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def ended(student: Tab) -> None:
    """Tick, as a browser does, until the round is over."""
    while student.live:
        await asyncio.sleep(PAUSE)
        await student.tick()


def test_workers_killed_at_random_moments_change_no_bit(lesson: Lesson, engine: Engine) -> None:
    rng = random.Random(0)
    rounds = KILLS // KILLS_A_ROUND

    async def work() -> None:
        async with tab(lesson.port) as student:
            await lesson.opened(student)
            for _ in range(rounds):
                await student.click("Start")
                for _ in range(KILLS_A_ROUND):
                    await asyncio.sleep(rng.random() * A_ROUND / KILLS_A_ROUND)
                    workers: list[psutil.Process] = []
                    until(lambda workers=workers: workers.extend(lesson.server.workers()) or workers)
                    with suppress(psutil.NoSuchProcess):
                        rng.choice(workers).kill()
                await ended(student)

    run(work())
    until(lambda: lesson.over(rounds), PAUSE)
    assert all_true(lesson, engine)


def test_servers_killed_at_random_moments_lose_nothing(lesson: Lesson, engine: Engine) -> None:
    rng = random.Random(1)
    before: list[RoundRecord] = []
    interrupted = 0

    async def go_on(number: int) -> None:
        """Open the lab, wait for the end of the round that was left behind, start the next one."""
        async with tab(lesson.port, lesson.token) as student:
            if not lesson.token:
                await lesson.opened(student)
            assert student.lab == lesson.token
            await ended(student)
            until(lambda: lesson.over(number - 1), PAUSE)
            found = lesson.record().rounds
            assert found[: len(before)] == before
            before[:] = found
            if number <= KILLS:
                await student.click("Start")
                await asyncio.sleep(rng.random() * A_ROUND)

    for number in range(1, KILLS + 1):
        run(go_on(number))
        workers = lesson.server.workers()
        assert workers
        lesson.server.end(signal.SIGKILL)
        until(lambda workers=workers: not any(map(lives, workers)))
        last = lesson.record().rounds[-1]
        assert last.number == number
        if Status(last.status).over:
            before.append(last)
        else:
            interrupted += 1
        lesson.begin()
    run(go_on(KILLS + 1))
    assert all_true(lesson, engine)
    assert interrupted >= KILLS // 4
