"""A lab keeps the lesson that it was made for: its beginning, its budget, and what nobody changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from core.engine.engine import EmbeddedEngine
from core.errors import LessonError
from core.export.journal import journal_json
from core.export.journal_reader import import_journal
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.server.labs import Labs
from core.space import LogRange, SearchSpace
from core.store.records import lab_record
from core.store.restoring import lab_from_record
from core.store.store import Store
from tests.support.sample_rounds import made
from tests.support.servers import SHORT, Serve
from tests.support.waiting import LIMIT

LESSON = Lesson(
    replace(SHORT, trials=5, epochs=4, seed=3), budget=60, pages=("final_test",), hidden=("dataset", "trials", "seed")
)


class Refusing:
    """An engine that must not be asked."""

    def start(self, *_given: object, **_named: object) -> None:
        raise AssertionError("a round was begun")


def lab_with(*rounds: RoundProgress, lesson: Lesson = LESSON) -> Lab:
    numbered = [LabRound(number, one) for number, one in enumerate(rounds, start=1)]
    return Lab("t" * 24, lesson.plan, numbered, lesson=lesson)


def spent(trials: int, epochs: int, status: Status = Status.FINISHED, done: int | None = None) -> RoundProgress:
    """A round in which every trial learned for `done` epochs."""
    progress = made([-2] * trials, [0.5] * trials, epochs=epochs, status=status)
    return replace(progress, epochs_done=np.full(trials, epochs if done is None else done))


# ---------------------------------------------------------------------------------------------------- the beginning


def test_a_new_lab_begins_as_its_lesson_says() -> None:
    lab, _ = Labs(lambda session: True).open(None, "a", LESSON)
    assert (lab.plan, lab.lesson) == (LESSON.plan, LESSON)


def test_a_lab_that_is_open_keeps_its_own_lesson() -> None:
    labs = Labs(lambda session: True)
    lab, _ = labs.open(None, "a", LESSON)
    again, known = labs.open(lab.token, "b", Lesson(budget=7))
    assert known and again is lab and again.lesson == LESSON


def test_a_lesson_is_kept_after_a_restart(serve: Serve, store_url: str) -> None:
    before = serve(store_url)
    lab, _ = before.labs.open(None, "browser", LESSON)
    before.ran(lab, replace(LESSON.plan, epochs=2))
    before.saver.close()
    after = serve(store_url)
    again, known = after.labs.open(lab.token, "browser", Lesson(budget=7))
    assert known and again.lesson == LESSON and again.left == 60 - 5 * 2


def test_a_lab_with_the_default_lesson_stores_none(store: Store, connection: sa.Connection) -> None:
    store.save("t" * 24, lab_record(Lab("t" * 24), []))
    assert connection.exec_driver_sql("SELECT preset FROM lab").scalar_one() is None
    record = store.load("t" * 24)
    assert record is not None and lab_from_record("t" * 24, record).lesson == Lesson()


# ---------------------------------------------------------------------------------------------------- the budget


def test_without_a_budget_nothing_is_counted_down() -> None:
    assert lab_with(spent(200, 200), lesson=Lesson()).left is None


@pytest.mark.parametrize(
    "rounds, left",
    [
        ([], 60),
        ([spent(5, 4)], 40),
        ([spent(5, 4, Status.STOPPED, done=1)], 55),
        ([spent(5, 4, Status.RUNNING, done=1)], 40),
        ([spent(5, 4), spent(10, 4)], 0),
        ([spent(20, 4)], 0),
    ],
)
def test_what_is_left_is_the_budget_less_what_was_learned_and_what_a_running_round_will(
    rounds: list[RoundProgress], left: int
) -> None:
    assert lab_with(*rounds).left == left


@pytest.mark.parametrize(
    "trials, epochs, spent_before, fits",
    [(61, 1, 0, (60, 1)), (5, 20, 0, (3, 20)), (5, 61, 0, (1, 60)), (5, 4, 41, (4, 4)), (5, 4, 57, (1, 3))],
)
def test_a_round_that_is_too_long_for_the_budget_is_refused_with_what_would_fit(
    engine: EmbeddedEngine, trials: int, epochs: int, spent_before: int, fits: tuple[int, int]
) -> None:
    before = [spent(1, spent_before)] if spent_before else []
    lab = lab_with(*before, lesson=replace(LESSON, plan=replace(SHORT, trials=trials, epochs=epochs), hidden=()))
    with pytest.raises(LessonError) as fault:
        lab.start(Refusing())
    values = fault.value.values
    assert (values["fewer"], values["shorter"], values["left"]) == (*fits, 60 - spent_before)
    assert len(lab.rounds) == len(before)
    lab.change(trials=fits[0], epochs=fits[1])
    lab.start(engine).wait(LIMIT)
    assert lab.left == 60 - spent_before - fits[0] * fits[1]


def test_nothing_is_begun_once_all_is_spent() -> None:
    lab = lab_with(spent(15, 4))
    with pytest.raises(LessonError, match="All 60 epochs"):
        lab.start(Refusing())


def test_settings_of_one_round_alone_count_against_the_budget() -> None:
    lab = lab_with()
    with pytest.raises(LessonError, match="are left"):
        lab.start(Refusing(), trials=200)


# ---------------------------------------------------------------------------------------------------- what is set


@pytest.mark.parametrize("setting", [{"dataset": "mnist"}, {"trials": 6}, {"seed": 4}, {"trials": 6, "epochs": 2}])
def test_what_no_control_shows_cannot_be_changed(setting: dict[str, object]) -> None:
    lab = lab_with()
    with pytest.raises(LessonError, match="set by the lesson"):
        lab.change(**setting)
    assert lab.plan == LESSON.plan


def test_what_a_control_shows_can_be_changed() -> None:
    lab = lab_with()
    lab.change(epochs=2, trials=LESSON.plan.trials)
    lab.set_ranges(SearchSpace(LogRange(-3, -2), LogRange(-7, -5)))
    assert (lab.plan.epochs, lab.plan.space.learning_rate) == (2, LogRange(-3, -2))


def test_the_next_round_draws_other_values_even_where_the_seed_is_hidden(engine: EmbeddedEngine) -> None:
    lab = lab_with()
    lab.start(engine, epochs=1).wait(LIMIT)
    assert lab.plan.seed == LESSON.plan.seed + 1


# ---------------------------------------------------------------------------------------------------- journals


def test_a_journal_says_nothing_of_the_lesson(tmp_path: Path) -> None:
    assert journal_json(lab_with(spent(2, 3))) == journal_json(lab_with(spent(2, 3), lesson=replace(LESSON, budget=9)))


def test_a_journal_opened_in_a_lesson_has_spent_from_its_budget() -> None:
    text = journal_json(lab_with(spent(5, 4), lesson=Lesson()))
    lab = import_journal(text, "n" * 24, LESSON)
    assert lab.lesson == LESSON and lab.left == 40


def test_a_journal_brings_no_settings_that_the_lesson_has_set() -> None:
    other = RoundPlan(dataset="mnist", images=600, trials=9, epochs=7, seed=8)
    text = journal_json(Lab("t" * 24, other))
    lab = import_journal(text, "n" * 24, LESSON)
    assert lab.plan == replace(other, dataset=LESSON.plan.dataset, trials=LESSON.plan.trials)
