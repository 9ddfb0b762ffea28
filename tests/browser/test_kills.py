"""A server and its workers killed at random moments: every round ends with the same bits, and no process remains.

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

from core.engine.engine import EmbeddedEngine
from core.progress import Status
from core.rounds import run_round
from core.store.restoring import lab_from_record
from core.store.schema import LabRecord, RoundRecord
from core.store.store import Store
from tests.benchmarks.live_page import MORE_SETTINGS
from tests.benchmarks.websocket_client import Tab, tab
from tests.browser.conftest import Server
from tests.support.servers import same
from tests.support.waiting import run, until

KILLS = 20
SETTINGS = {"epochs": 20, "images": 300}
ROUND_SECONDS = 0.5  # seconds, about: a kill comes somewhere in them
POLL_SECONDS = 0.05  # seconds between two looks
KILLS_PER_ROUND = 2  # of workers: a third one at the same place would fail the round

pytestmark = [pytest.mark.long, pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")]
Start = Callable[..., Server]


class ServedLab:
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
        """The lab's record in the database."""
        with closing(Store(self.url)) as store:
            record = store.load(self.token)
        assert record is not None
        return record

    def is_done(self, count: int) -> bool:
        """Whether the lab has so many rounds and all of them are over."""
        rounds = self.record().rounds
        return len(rounds) == count and all(Status(one.status).is_final for one in rounds)

    async def set_up(self, student: Tab) -> None:
        """Set a new lab up."""
        self.token = student.lab
        await student.unfold(MORE_SETTINGS)
        for label, number in SETTINGS.items():
            await student.set_number(label, number)
        await student.unfold(MORE_SETTINGS, False)


@pytest.fixture
def served(start_server: Start, tmp_path: Path) -> Iterator[ServedLab]:
    made = ServedLab(start_server, tmp_path)
    yield made
    made.server.end()


def all_rounds_reproducible(served: ServedLab, engine: EmbeddedEngine) -> bool:
    """Whether every round of the lab has the same result as without kills."""
    return all(
        one.progress.status is Status.FINISHED and same(one.progress, run_round(one.progress.plan, engine))
        for one in lab_from_record(served.token, served.record()).rounds
    )


def is_alive(process: psutil.Process) -> bool:
    """Whether a process has not ended; a zombie has."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


async def wait_for_end(student: Tab) -> None:
    """Tick, as a browser does, until the round is over."""
    while student.live:
        await asyncio.sleep(POLL_SECONDS)
        await student.tick()


def test_workers_killed_at_random_moments_change_no_bit(served: ServedLab, engine: EmbeddedEngine) -> None:
    rng = random.Random(0)
    rounds = KILLS // KILLS_PER_ROUND

    async def work() -> None:
        async with tab(served.port) as student:
            await served.set_up(student)
            for _ in range(rounds):
                await student.click("Start")
                for _ in range(KILLS_PER_ROUND):
                    await asyncio.sleep(rng.random() * ROUND_SECONDS / KILLS_PER_ROUND)
                    workers: list[psutil.Process] = []
                    until(lambda workers=workers: workers.extend(served.server.workers()) or workers)
                    with suppress(psutil.NoSuchProcess):
                        rng.choice(workers).kill()
                await wait_for_end(student)

    run(work())
    until(lambda: served.is_done(rounds), POLL_SECONDS)
    assert all_rounds_reproducible(served, engine)


def test_servers_killed_at_random_moments_lose_nothing(served: ServedLab, engine: EmbeddedEngine) -> None:
    rng = random.Random(1)
    before: list[RoundRecord] = []
    interrupted = 0

    async def continue_lab(number: int) -> None:
        """Open the lab, wait for the end of the interrupted round, start the next one."""
        async with tab(served.port, served.token) as student:
            if not served.token:
                await served.set_up(student)
            assert student.lab == served.token
            await wait_for_end(student)
            until(lambda: served.is_done(number - 1), POLL_SECONDS)
            found = served.record().rounds
            assert found[: len(before)] == before
            before[:] = found
            if number <= KILLS:
                await student.click("Start")
                await asyncio.sleep(rng.random() * ROUND_SECONDS)

    for number in range(1, KILLS + 1):
        run(continue_lab(number))
        workers = served.server.workers()
        assert workers
        served.server.end(signal.SIGKILL)
        until(lambda workers=workers: not any(map(is_alive, workers)))
        last = served.record().rounds[-1]
        assert last.number == number
        if Status(last.status).is_final:
            before.append(last)
        else:
            interrupted += 1
        served.begin()
    run(continue_lab(KILLS + 1))
    assert all_rounds_reproducible(served, engine)
    assert interrupted >= KILLS // 4
