"""Repeats on other seeds: the same trials, other luck, nothing else; and what cannot be told apart is called a tie."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from core import again as module
from core.again import AGAIN, FINAL, MOST, SEEDS, Again, Together, on_seeds, seeds, spread, tied
from core.engine.local import Engine, RoundHandle
from core.engine.scheduler import EngineBusy
from core.errors import LessonError
from core.lab import Lab
from core.plan import LIMITS, RoundPlan
from core.rounds import run_round
from tests.servers import SHORT
from tests.waiting import LIMIT, until

LONG = RoundPlan(trials=200, epochs=200)  # no test waits for its end


@pytest.fixture
def lab(engine: Engine) -> Lab:
    """A lab with a round that is over, some of whose trials diverged."""
    made = Lab(f"repeats {id(object())}", plan=SHORT)
    progress = made.start(engine).handle.wait(LIMIT)
    assert progress.diverged.any() and not progress.diverged.all()
    return made


def repeated(lab: Lab, engine: Engine, trials: list[int]) -> np.ndarray:
    """Accuracies (trials, seeds)."""
    lab.repeat(engine, 1, trials)
    until(lambda: lab.again is not None and lab.again.over)
    return np.stack([lab.repeats[1, trial] for trial in trials])


# ---------------------------------------------------------------------------------------------------- seeds


@pytest.mark.parametrize("seed", [0, 1, 12345, LIMITS["seed"][1]])
@pytest.mark.parametrize("purpose", [AGAIN, FINAL])
def test_seeds_differ_from_each_other_and_from_the_rounds_own(seed: int, purpose: int) -> None:
    assert len({seed, *seeds(seed, purpose)}) == SEEDS + 1


def test_seeds_are_drawn_anew_where_they_would_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.LIMITS, "seed", (0, SEEDS))  # so few that all are needed
    assert all(sorted([seed, *seeds(seed, AGAIN)]) == list(range(SEEDS + 1)) for seed in range(SEEDS + 1))


def test_seeds_are_the_same_each_time() -> None:
    assert seeds(7, AGAIN) == seeds(7, AGAIN)


def test_the_final_test_meets_other_seeds_than_repeats() -> None:
    assert not set(seeds(7, AGAIN)) & set(seeds(7, FINAL))


def test_rounds_on_other_seeds_differ_in_nothing_but_the_seed() -> None:
    values = ((0.01, 1e-6), (0.02, 1e-5))
    plans = on_seeds(SHORT, values, AGAIN)
    assert plans == [replace(SHORT, values=values, trials=2, seed=seed) for seed in seeds(SHORT.seed, AGAIN)]


def test_what_is_repeated_is_trained_to_the_end_though_its_round_gave_trials_up() -> None:
    values = ((0.01, 1e-6),)
    plans = on_seeds(replace(SHORT, give_up=(1, 2), keep=0.2), values, AGAIN)
    assert plans == on_seeds(SHORT, values, AGAIN)


# ---------------------------------------------------------------------------------------------------- results


def test_repeats_are_what_a_round_on_that_seed_finds(lab: Lab, engine: Engine) -> None:
    chosen = [5, 0, 3]
    found = repeated(lab, engine, chosen)
    first = lab.rounds[0].progress
    values = tuple((float(first.learning_rate[trial]), float(first.weight_decay[trial])) for trial in chosen)
    for column, seed in enumerate(seeds(SHORT.seed, AGAIN)):
        alone = run_round(replace(SHORT, values=values, trials=3, seed=seed), engine)
        assert found[:, column].tobytes() == alone.validation_accuracy[:, -1].tobytes()


def test_a_trial_repeats_the_same_alone_or_at_the_first_place(lab: Lab, engine: Engine) -> None:
    assert repeated(lab, engine, [4, 1])[0].tobytes() == repeated(lab, engine, [4]).tobytes()


def test_repeats_on_other_seeds_differ(lab: Lab, engine: Engine) -> None:
    assert len(set(repeated(lab, engine, list(range(SHORT.trials))).mean(axis=0))) > 1


def test_repeats_of_one_trial_leave_those_of_another(lab: Lab, engine: Engine) -> None:
    repeated(lab, engine, [0])
    repeated(lab, engine, [2])
    assert lab.repeats.keys() == {(1, 0), (1, 2)}


def test_all_is_told_when_the_last_round_is_over_before_its_handle_is_there(engine: Engine) -> None:
    """As when a round is so short that its end overtakes the thread that began it."""

    class Overtaken(Engine):
        def __init__(self) -> None:
            """It has the other's workers."""

        def start(self, *arguments: object) -> RoundHandle:
            handle = engine.start(*arguments)
            handle.wait(LIMIT)
            engine.start("messenger", SHORT).wait(LIMIT)  # ends after it, so the news of its end is on the way
            return handle

    told: list[int] = []
    plans: list[tuple[RoundPlan, None]] = [(replace(SHORT, trials=1, epochs=1), None)] * 2
    rounds = Together(Overtaken(), "overtaken", "lane", plans, lambda all_: told.append(len(all_.handles)))
    until(lambda: rounds.over)
    assert told == [2]


def test_repeats_are_not_over_until_they_are_taken_in(lab: Lab, engine: Engine) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def taken_in(again: Again) -> None:
        reached.set()
        assert go_on.wait(LIMIT)

    again = Again(engine, lab.token, 1, lab.rounds[0].progress, [0], taken_in)
    assert reached.wait(LIMIT)
    assert not again.over and again.share == 1.0
    go_on.set()
    until(lambda: again.over)


# ---------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("trials", [[], [-1], [SHORT.trials], [0] * (MOST + 1)])
def test_trials_that_are_none_of_the_rounds_are_refused(lab: Lab, engine: Engine, trials: list[int]) -> None:
    with pytest.raises(LessonError, match="Choose 1 to 20 trials"):
        lab.repeat(engine, 1, trials)


@pytest.mark.parametrize("number", [0, 2])
def test_a_round_that_is_not_there_cannot_be_repeated(lab: Lab, engine: Engine, number: int) -> None:
    with pytest.raises(LessonError, match="round that is over"):
        lab.repeat(engine, number, [0])


def test_a_round_that_is_not_over_cannot_be_repeated(lab: Lab, engine: Engine) -> None:
    lab.plan = LONG
    handle = lab.start(engine).handle
    with pytest.raises(LessonError, match="round that is over"):
        lab.repeat(engine, 2, [0])
    handle.stop()


def test_nothing_is_repeated_while_something_is(lab: Lab, engine: Engine) -> None:
    lab.plan = replace(LONG, epochs=100)
    handle = lab.start(engine).handle
    handle.wait_for(lambda progress: progress.started, LIMIT)
    handle.stop()
    lab.repeat(engine, 2, list(range(MOST)))
    with pytest.raises(EngineBusy):
        lab.repeat(engine, 1, [0])
    assert lab.again is not None
    lab.again.stop()
    until(lambda: lab.again is not None and lab.again.over)
    assert lab.repeats == {}  # given up, so nothing is known


def test_repeats_that_cannot_all_be_begun_leave_none_behind(lab: Lab, engine: Engine) -> None:
    blocker = engine.start(lab.token, LONG, "again-3")
    before = engine.open_rounds()
    with pytest.raises(EngineBusy):
        lab.repeat(engine, 1, [0])
    assert engine.open_rounds() == before and lab.again is None
    blocker.stop()


# ---------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ([0.8, 0.8, 0.8, 0.8, 0.8], [0.8, 0.8, 0.8, 0.8, 0.8], True),
        ([0.9, 0.7, 0.9, 0.7, 0.8], [0.8, 0.8, 0.8, 0.8, 0.8], True),
        ([0.9, 0.7, 0.9, 0.7, 0.8], [0.8, 0.6, 0.8, 0.6, 0.7], False),  # seed by seed always 0.1 better
        ([0.90, 0.90, 0.91, 0.90, 0.90], [0.8, 0.8, 0.8, 0.8, 0.8], False),
        # difference 0, 0, 0, 0, 5: mean 1, standard error 1
        ([0.5, 0.5, 0.5, 0.5, 1.0], [0.5, 0.5, 0.5, 0.5, 0.5], True),
        # difference 1, 1, 1, 1, 3 (tenths): mean 1.4, standard error 0.4
        ([0.2, 0.2, 0.2, 0.2, 0.4], [0.1, 0.1, 0.1, 0.1, 0.1], False),
    ],
)
def test_a_tie_is_a_difference_within_twice_its_standard_error(
    first: list[float], second: list[float], verdict: bool
) -> None:
    assert tied(np.array(first), np.array(second)) is verdict
    assert tied(np.array(second), np.array(first)) is verdict


def test_a_spread_is_the_mean_and_the_deviation_of_a_sample() -> None:
    assert spread(np.array([1.0, 2, 3, 4, 5])) == pytest.approx((3.0, 2.5**0.5))
