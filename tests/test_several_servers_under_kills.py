"""A class at two servers with an engine of two hosts, all of whose processes are killed at random: nothing is lost.

KILL_SECONDS in the environment says for how long rounds are begun: 180 for a thorough look.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from core.classroom.classroom import Classroom
from core.engine.engine import EmbeddedEngine
from core.lab.final_evaluation import FinalTest, Outcome
from core.lab.lab import Lab
from core.lesson import Lesson
from core.plan import RoundPlan
from core.rounds import run_round
from core.server.classes import Classes
from core.store.store import Store, lab_id
from core.store.writer import StoreWriter
from tests.benchmarks.websocket_client import tab
from tests.support.cluster import cluster
from tests.support.databases import Missing, Postgres
from tests.support.school_under_kills import ROUNDS, Killer, School, Student, Teacher
from tests.support.server_processes import Caddy, ServerProcess
from tests.support.servers import same
from tests.support.waiting import LIMIT, run, until

STUDENTS, KILL_SECONDS = 6, float(os.environ.get("KILL_SECONDS", "40"))
PLAN = RoundPlan(trials=10, epochs=15)  # a second or two
SEED = 18


@pytest.fixture
def school(tmp_path: Path, postgres: Postgres) -> Iterator[School]:
    url = postgres.fresh()
    # so that what is committed is with the system when the database alone is killed
    postgres.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = on")
    with ExitStack() as stack:
        machines = stack.enter_context(cluster(2, 1))
        servers = tuple(ServerProcess(tmp_path, url, {"ENGINE": machines.address}) for _ in range(2))
        for server in servers:
            stack.callback(server.kill)
        try:
            proxy = stack.enter_context(closing(Caddy(tmp_path, list(servers))))
        except Missing as reason:
            pytest.skip(str(reason))
        for server in servers:
            server.ready()
        yield School(postgres, url, machines, servers, proxy)


@pytest.fixture
def taught(school: School) -> tuple[Classroom, str]:
    """A class, and its teacher's secret."""
    with closing(StoreWriter(lambda: Store(school.url), 180.0)) as saver:
        return Classes(saver).create("Under kills", "en", Lesson(PLAN))


async def lesson(school: School, classroom: Classroom, secret: str) -> tuple[list[Student], Teacher, Counter[str]]:
    """Students and their teacher at work while one process after the other is killed."""
    rng = random.Random(SEED)
    students = [Student(school, classroom.code, f"Kiwi {number}") for number in range(STUDENTS)]
    teacher = Teacher(school, classroom, secret, rng)
    for student in students:
        await student.join()
    killer, over = Killer(school, rng), asyncio.Event()
    with school.supervised(rng):
        striking, working = (asyncio.create_task(one(over)) for one in (killer.strike_until, teacher.work))
        now = time.monotonic()
        ends = [now + KILL_SECONDS * (1 + place) / STUDENTS for place in range(STUDENTS)]  # one after the other
        learning = asyncio.gather(*(student.learn(end) for student, end in zip(students, ends, strict=True)))
        await asyncio.sleep(KILL_SECONDS)
        over.set()
        await asyncio.gather(learning, striking, working)
        await asyncio.to_thread(until, lambda: all(server.health()[0] == 200 for server in school.servers))
    return students, teacher, killer.kills


async def totals(server: ServerProcess, classroom: Classroom, rounds: int) -> dict[str, int]:
    """What the board of a server says once it shows so many rounds, or after a while."""
    asked = {"class": classroom.code, "board": classroom.board_key}
    async with tab(server.port, page="class_board", **asked) as board:
        await board.watch(time.monotonic() + LIMIT, lambda: board.totals.get("rounds") == rounds)
        return board.totals


def outcome_without_kills(engine: EmbeddedEngine, final: FinalTest) -> Outcome:
    """What a final test finds that is trained on this machine from start to end."""
    again = FinalTest(final.opened, final.plan)
    again.resume(engine, "again")
    until(lambda: again.outcome is not None)
    assert again.outcome is not None
    return again.outcome


@pytest.mark.long
def test_kills_at_random_lose_no_round_note_choice_seat_name_or_switch(
    school: School, taught: tuple[Classroom, str], engine: EmbeddedEngine
) -> None:
    students, teacher, kills = run(lesson(school, *taught))
    classroom, _ = taught
    labs: dict[str, Lab] = {one.token: lab for one in students if (lab := school.lab(one.token)) is not None}
    assert len(labs) == STUDENTS
    rounds = [one.stored for lab in labs.values() for one in lab.rounds]
    for student in students:
        lab = labs[student.token]
        assert [one.number for one in lab.rounds] == list(range(1, len(lab.rounds) + 1))
        assert len(lab.rounds) >= student.started
        notes = {one.number: one.note for one in lab.rounds}
        assert {number: notes[number] for number in student.notes} == student.notes
        assert lab.chosen is not None and (lab.chosen == student.chosen or not student.is_sure)
        assert lab.final is not None and lab.final.opened == student.opened
        assert lab.final.outcome is not None
        assert lab.final.outcome.to_json() == outcome_without_kills(engine, lab.final).to_json()
    assert all(same(one, run_round(one.plan, engine)) for one in rounds)

    record = school.classroom(classroom.code)
    assert record is not None
    teacher.check(record)
    seats = {seat.lab: seat.member for seat in record.seats}
    assert {lab_id(one.token): one.nickname for one in students} == {lab: one.nickname for lab, one in seats.items()}
    assert sorted(one.seat for one in seats.values()) == list(range(1, STUDENTS + 1))

    everybody = {
        "students": STUDENTS, "rounds": len(rounds), "trials": sum(one.plan.trials for one in rounds),
        "epochs": sum(int(one.epochs_done.sum()) for one in rounds),
    }  # fmt: skip
    for server in school.servers:
        assert run(totals(server, classroom, len(rounds))) == everybody

    noted, sure = sum(len(one.notes) for one in students), sum(one.is_sure for one in students)
    print(f"{kills.total()} kills: {dict(kills)}; {len(rounds)} rounds, {noted} notes, {teacher.turned} switches")
    assert kills and len(rounds) >= ROUNDS * STUDENTS and noted and sure and teacher.turned
