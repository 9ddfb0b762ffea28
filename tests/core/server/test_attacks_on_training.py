"""Hostile labs beside a class, with real workers: many labs in few tabs, and rounds that hold the memory.

Nothing is timed: what counts is what the hostile labs have been trained when the class has come to its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from core.engine import memory
from core.engine.engine import EmbeddedEngine
from core.engine.memory import least_memory, reserve_bytes
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.plan import RoundPlan
from core.progress import Status
from core.server.labs import Labs
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.long

LESSON = RoundPlan(trials=20, epochs=20)
LONGEST = RoundPlan(trials=200, epochs=200)
GIANT = RoundPlan(trials=44, epochs=200, hidden_layers=8, neurons=256, optimizer="adam", give_up=(199,))
SMALL_AND_LONG = RoundPlan(trials=80, epochs=200, hidden_layers=8, neurons=203, optimizer="momentum")
STUDENTS = 8


@dataclass
class Room:
    """A server without a page; browser sessions are names."""

    engine: EmbeddedEngine
    labs: Labs
    closed: set[str] = field(default_factory=set)  # sessions

    def start(self, session: str, plan: RoundPlan) -> tuple[Lab, LabRound]:
        """A new lab of a browser session, whose round is started."""
        lab, _ = self.labs.open(None, session)
        lab.change(**{name: getattr(plan, name) for name in plan.__dataclass_fields__})
        return lab, lab.start(self.engine)

    def start_class(self, plan: RoundPlan = LESSON) -> list[LabRound]:
        """Everybody in a new class starts a round."""
        classroom, _ = self.labs.classes.create("A class", "en", Lesson(plan))
        rounds = []
        for student in range(STUDENTS):
            lab = self.labs.adopt(lambda token: self.labs.classes.join(classroom, token))
            self.labs.open(lab.token, f"student {student}")
            rounds.append(lab.start(self.engine))
        return rounds


@pytest.fixture
def room() -> Iterator[Room]:
    closed: set[str] = set()
    labs = Labs(lambda session: session not in closed)
    engine = EmbeddedEngine(2, labs.owner)
    yield Room(engine, labs, closed)
    engine.close()


def finished(rounds: list[LabRound]) -> bool:
    return all(one.wait(LIMIT).status is Status.FINISHED for one in rounds)


def epochs(rounds: list[LabRound]) -> int:
    return sum(int(one.progress.epochs_done.sum()) for one in rounds)


@pytest.mark.parametrize(("tabs", "labs"), [(13, 260), (10, 10)])
def test_many_labs_in_few_tabs_leave_a_class_its_time(room: Room, tabs: int, labs: int) -> None:
    hostile = [room.start(f"tab {number % tabs}", LONGEST)[1] for number in range(labs)]
    until(lambda: all(one.progress.started for one in hostile if one.progress.status is Status.RUNNING))  # each at once
    students = room.start_class(replace(LESSON, epochs=60))
    until(lambda: all(one.progress.status is not Status.WAITING for one in students))  # the others give memory back
    before = epochs(hostile), epochs(students)
    assert finished(students)
    assert not any(one.progress.status is Status.FINISHED for one in hostile)
    gained = epochs(hostile) - before[0], epochs(students) - before[1]
    assert gained[0] < 0.35 * gained[1]  # an eighth, what lay idle, and slices on the way


def test_without_a_class_ten_labs_of_one_browser_have_no_more_than_one(room: Room) -> None:
    hostile = [room.start("tab", LONGEST)[1] for _ in range(10)]
    hostile[-1].wait_for(lambda progress: progress.started, LIMIT)
    before = epochs(hostile)
    _, mine = room.start("another tab", LESSON)
    assert finished([mine])
    assert epochs(hostile) - before < 2.0 * epochs([mine])


@pytest.mark.parametrize("paused", [True, False], ids=["paused", "in training"])
@pytest.mark.parametrize("sessions", [1, 4])
def test_rounds_that_hold_the_memory_leave_a_class_its_own(room: Room, paused: bool, sessions: int) -> None:
    assert 0.9 < least_memory([SMALL_AND_LONG], 2) / (reserve_bytes(2) // memory.SMALL_PART) <= 1
    assert least_memory([GIANT], 2) > memory.MEMORY_BYTES // 2
    plans = [SMALL_AND_LONG, replace(SMALL_AND_LONG, images=999), GIANT, GIANT]
    hostile = []
    for number, plan in enumerate(plans):
        lab, round_ = room.start(f"tab {number % sessions}", plan)
        for tab in range(3):  # that keep it present
            room.labs.open(lab.token, f"other tab {number} {tab}")
        if number < 3 and paused:
            round_.wait_for(lambda progress: progress.started, LIMIT)
            round_.pause()
        hostile.append(round_)
    assert [one.progress.status for one in hostile[:3]] == [Status.PAUSED if paused else Status.RUNNING] * 3
    students = room.start_class()
    assert finished(students)
    assert not any(one.progress.status is Status.FINISHED for one in hostile)


def test_a_lab_that_was_left_is_stopped_and_one_whose_phone_sleeps_goes_on(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.server.labs.ABSENCE_LIMIT", 1.0)
    _, left = room.start("tab", LONGEST)
    _, current = room.start("tab", LONGEST)
    _, asleep = room.start("phone", replace(LONGEST, seed=1))
    asleep.wait_for(lambda progress: progress.started, LIMIT)
    room.closed.add("phone")
    assert left.wait(LIMIT).status is Status.STOPPED
    current.stop()
    done = epochs([asleep])
    assert not asleep.wait_for(lambda progress: int(progress.epochs_done.sum()) > done + 2000, LIMIT).status.is_final
    asleep.stop()
