"""What the store costs: saving a round, opening a lab, and a tick, which must not use the database."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.store.records import lab_record
from core.store.store import Store
from tests.benchmarks.figure import Figure
from tests.benchmarks.live_page import WITHIN, Server, server, set_to_long
from tests.benchmarks.websocket_client import tab
from tests.support.sample_rounds import made

SAVE, OPEN = 5.0, 1.0  # targets: milliseconds, seconds
TOKEN = "benchmark" + "-" * 15
ROUNDS = 50
TICKS = 20


def big_round(seed: int) -> RoundProgress:
    """A round of 100 trials and 50 epochs, made up."""
    rng = np.random.default_rng(seed)
    return made(list(rng.uniform(-6, -2, 100)), list(rng.uniform(0.1, 0.9, 100)), epochs=50)


def big_lab(rounds: int) -> Lab:
    """A lab with such rounds."""
    progress = [big_round(seed) for seed in range(rounds)]
    return Lab(TOKEN, RoundPlan(), [LabRound(number, one, "why") for number, one in enumerate(progress, 1)])


def save(quick: bool) -> Iterator[Figure]:
    """Saving a round in SQLite, from the lab to the end of the transaction."""
    with tempfile.TemporaryDirectory() as folder, closing(Store(f"sqlite:///{folder}/labs.sqlite")) as store:
        store.prepare()
        times = 10 if quick else 100
        lab = big_lab(times)
        waits = []
        for number in range(1, times + 1):
            start = time.perf_counter()
            store.save(TOKEN, lab_record(lab, [number]))
            waits.append(time.perf_counter() - start)
    middle = 1e3 * statistics.median(waits)
    against = f"{SAVE:g} ms; the slowest of {times} took {1e3 * max(waits):.1f} ms"
    yield Figure("store.save", middle, "ms", middle / SAVE, against, WITHIN)


def open_(quick: bool) -> Iterator[Figure]:
    """From a tab's connection to the end of the page's first run, of a lab that the server has only in its store."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/labs.sqlite"
        with closing(Store(url)) as store:
            store.prepare()
            store.save(TOKEN, lab_record(big_lab(ROUNDS), range(1, ROUNDS + 1)))
        waits = []
        for _ in range(1 if quick else 5):
            with server("app.py", DATABASE_URL=url) as lab:
                waits.append(asyncio.run(seconds_to_open(lab.port)))
    wait = statistics.median(waits)
    against = f"{OPEN:g} s; {', '.join(f'{seconds:.2f}' for seconds in waits)} s for {ROUNDS} rounds of 100 x 50"
    yield Figure("store.open", wait, "s", wait / OPEN, against, WITHIN)


async def seconds_to_open(port: int) -> float:
    """Seconds until a tab on the stored lab has the page; another tab has warmed the server."""
    async with tab(port):
        start = time.perf_counter()
        async with tab(port, TOKEN) as student:
            assert student.lab == TOKEN, "the lab has not been found"
            return time.perf_counter() - start


def tick(quick: bool) -> Iterator[Figure]:
    """Statements to the database during ticks of a running round; those before it show that the counter works."""
    with counting_server() as (lab, tally):
        before, during = asyncio.run(statements(lab, tally, TICKS))
    against = f"the {before} until the round runs; {TICKS} ticks"
    yield Figure("store.tick", during, "statements", during / before, against, (0.0, 0.0))


@contextmanager
def counting_server() -> Iterator[tuple[Server, Path]]:
    """A server, and the file that grows by a byte with every statement to its database."""
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / "statements"
        settings = {"DATABASE_URL": f"sqlite:///{folder}/labs.sqlite", "STATEMENTS": str(tally)}
        with server("app.py", "tests.benchmarks.statement_counter", **settings) as lab:
            yield lab, tally


async def statements(lab: Server, tally: Path, ticks: int) -> tuple[int, int]:
    """How many statements reach the database until a round runs, and during so many ticks then."""
    async with tab(lab.port) as student:
        await set_to_long(student)
        await student.click("Start")
        before = await settled(tally)
        for _ in range(ticks):
            await student.tick()
        assert student.live, "the round was over too soon"
        during = tally.stat().st_size - before
        await student.click("Stop")
    return before, during


async def settled(tally: Path) -> int:
    """The tally once the start of the round is written down: it has not grown for half a second."""
    size = -1
    while size != (size := tally.stat().st_size if tally.exists() else 0):
        await asyncio.sleep(0.5)
    return size
