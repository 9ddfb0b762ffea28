"""What a class's board costs with a hundred students: computed anew once in two seconds, and drawn for each viewer."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator

import numpy as np

from core.classroom.classroom import Classroom, RankingVisibility
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.progress import RoundProgress
from core.server.classes import BOARD_SECONDS, Classes
from core.server.labs import Labs
from core.store.store import Store
from core.store.writer import StoreWriter
from pages.components.classroom import board_tables as tables
from pages.components.round.tables import arrow
from tests.benchmarks.figure import Figure
from tests.benchmarks.live_page import TICK, WITHIN, Server, server
from tests.benchmarks.websocket_client import tab
from tests.support.sample_rounds import made

STUDENTS, ROUNDS, TRIALS = 100, 5, 20  # a hundred trials each
CHANGED = 20  # since the board was last computed: more than two workers reach in two seconds
RENEWAL_MS = 10.0  # target, milliseconds: half a percent of a core
TABLES = (tables.points_table, tables.ranges_table, tables.lines_table, tables.curves_table)
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
        lab.rounds = [LabRound(number, a_round(rng)) for number in range(1, ROUNDS + 1)]
        for round_ in lab.rounds:
            lab.changed(lab, round_.number)


def renewed(quick: bool) -> Iterator[Figure]:
    """The board and its tables anew, some students' rounds changed, and again when nothing has."""
    clock, rng = Clock(), np.random.default_rng(0)
    labs = Labs(lambda session: True, classes=Classes(None, clock))
    classroom, _ = labs.classes.create("class", "en", Lesson())
    fill(labs, classroom, rng)
    names = {seat: member.pseudonym for seat, member in classroom.members.items()}

    def look(changed: int) -> float:
        """Milliseconds of CPU for one look."""
        for seat in range(1, changed + 1):
            lab = classroom.labs[seat]
            lab.rounds = [*lab.rounds[:-1], LabRound(ROUNDS, a_round(rng))]
        clock.now += 10.0
        start = time.process_time()
        board = labs.classes.board(classroom)
        if changed:
            for table in TABLES:
                arrow(table(board, names))
        return 1e3 * (time.process_time() - start)

    look(STUDENTS)
    times = 5 if quick else 50
    busy, still = (statistics.median(look(changed) for _ in range(times)) for changed in (CHANGED, 0))
    against = f"{RENEWAL_MS:g} ms; {STUDENTS} students x {ROUNDS * TRIALS} trials, {CHANGED} of them changed"
    yield Figure("board.renewed", busy, "ms", busy / RENEWAL_MS, against, WITHIN)
    yield Figure("board.renewed.still", still, "ms", still / busy, "the same when nobody learns")


def tick(quick: bool) -> Iterator[Figure]:
    """The server's CPU time for one viewer's tick of the whole board."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        url = f"sqlite:///{folder}/labs.sqlite"
        writer = StoreWriter(lambda: Store(url), 180.0)
        labs = Labs(lambda session: True, writer)
        classroom, secret = labs.classes.create("class", "en", Lesson())
        fill(labs, classroom, np.random.default_rng(0))
        classroom.set_ranking(secret, RankingVisibility.SHOWN, labs.classes.board(classroom).ranking)
        writer.close()
        with server("app.py", DATABASE_URL=url) as lab:
            cpu = asyncio.run(cost_of_a_tick(lab, classroom, 10 if quick else TICKS))
    live = BOARD_SECONDS * TICK
    against = f"{live:g} ms, which a live page takes in the {BOARD_SECONDS:g} s from one tick to the next"
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
