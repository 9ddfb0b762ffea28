"""What a class's board costs with a hundred students: computed anew once in two seconds, and drawn for each viewer."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator

import numpy as np

from core.classes import PERIOD, Classes
from core.classroom import Classroom, Ranking
from core.lab_round import Kept, LabRound
from core.labs import Labs
from core.preset import Preset
from core.progress import RoundProgress
from core.saving import Saver
from core.store import Store
from pages.components import board_charts as charts
from pages.components.tables import arrow
from tests.benchmarks.figure import Figure
from tests.benchmarks.live import TICK, WITHIN, Server, server
from tests.benchmarks.websocket_client import tab
from tests.made import made

STUDENTS, ROUNDS, TRIALS = 100, 5, 20  # a hundred trials each
LEARNING = 20  # students whose rounds have changed since the last look: more than two workers reach in two seconds
RENEWED = 10.0  # target, milliseconds: half a percent of a core
TABLES = (charts.points_table, charts.ranges_table, charts.lines_table, charts.curves_table)
TICKS = 100


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_round(rng: np.random.Generator) -> RoundProgress:
    """A round, made up."""
    return made(list(rng.uniform(-6, -2, TRIALS)), list(rng.uniform(0.1, 0.9, TRIALS)), epochs=20)


def fill(labs: Labs, classroom: Classroom, rng: np.random.Generator) -> None:
    """Let a hundred students join who have trained their rounds."""
    for _ in range(STUDENTS):
        lab = labs.adopt(lambda token: labs.classes.join(classroom, token))
        lab.rounds = [LabRound(number, Kept(a_round(rng))) for number in range(1, ROUNDS + 1)]
        for round_ in lab.rounds:
            lab.changed(lab, round_.number)


def renewed(quick: bool) -> Iterator[Figure]:
    """The board and its tables anew, some students' rounds changed, and again when nothing has."""
    clock, rng = Clock(), np.random.default_rng(0)
    labs = Labs(lambda session: True, classes=Classes(None, clock))
    classroom, _ = labs.classes.create("class", "en", Preset())
    fill(labs, classroom, rng)
    names = {seat: member.pseudonym for seat, member in classroom.members.items()}

    def look(learning: int) -> float:
        """Milliseconds of CPU for one look."""
        for seat in range(1, learning + 1):
            lab = classroom.labs[seat]
            lab.rounds = [*lab.rounds[:-1], LabRound(ROUNDS, Kept(a_round(rng)))]
        clock.now += 10.0
        start = time.process_time()
        board = labs.classes.board(classroom)
        if learning:
            for table in TABLES:
                arrow(table(board, names))
        return 1e3 * (time.process_time() - start)

    look(STUDENTS)
    times = 5 if quick else 50
    busy, still = (statistics.median(look(learning) for _ in range(times)) for learning in (LEARNING, 0))
    against = f"{RENEWED:g} ms; {STUDENTS} students x {ROUNDS * TRIALS} trials, {LEARNING} of them learning"
    yield Figure("board.renewed", busy, "ms", busy / RENEWED, against, WITHIN)
    yield Figure("board.renewed.still", still, "ms", still / busy, "the same when nobody learns")


def tick(quick: bool) -> Iterator[Figure]:
    """The server's CPU time for one viewer's tick of the whole board."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{folder}/labs.sqlite"
        saver = Saver(lambda: Store(url), 180.0)
        labs = Labs(lambda session: True, saver)
        classroom, secret = labs.classes.create("class", "en", Preset())
        fill(labs, classroom, np.random.default_rng(0))
        classroom.rank(secret, Ranking.SHOWN, labs.classes.board(classroom).standing)
        saver.close()
        with server("app.py", DATABASE_URL=url) as lab:
            cpu = asyncio.run(cost_of_a_tick(lab, classroom, 10 if quick else TICKS))
    live = PERIOD * TICK
    against = f"{live:g} ms, which a live page takes in the {PERIOD:g} s from one tick to the next"
    yield Figure("board.tick", 1e3 * cpu, "ms", 1e3 * cpu / live, against, WITHIN)


async def cost_of_a_tick(lab: Server, classroom: Classroom, ticks: int) -> float:
    """CPU seconds of a tick of the board, the first ones not counted."""
    async with tab(lab.port, **{"class": classroom.code, "board": classroom.board_key}) as viewer:
        for _ in range(5):
            await viewer.tick()
        before = lab.cpu()
        for _ in range(ticks):
            await viewer.tick()
        return (lab.cpu() - before) / ticks
