"""Repeats on other seeds: the same trials with other splits, initial weights and mini-batches, all else the same."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from core.engine.engine import EmbeddedEngine
from core.engine.port import EngineBusy, RoundHandle
from core.errors import LessonError
from core.lab import seed_repeats as module
from core.lab.extra_training import repeat_trials
from core.lab.lab import Lab
from core.lab.seed_repeats import (
    MAX_REPEATED,
    SEEDS,
    RoundGroup,
    SeedRepeat,
    plans_on_seeds,
    seeds,
)
from core.plan import SEED_COUNT, RoundPlan
from core.rounds import run_round
from core.training.random_streams import SeedPurpose
from tests.support.servers import SHORT
from tests.support.waiting import LIMIT, until

LONG = RoundPlan(trials=200, epochs=200)  # no test waits for its end


@pytest.fixture
def lab(engine: EmbeddedEngine) -> Lab:
    """A lab with a round that is over, some of whose trials diverged."""
    made = Lab(f"repeats {id(object())}", plan=SHORT)
    progress = made.start(engine).wait(LIMIT)
    assert progress.diverged.any() and not progress.diverged.all()
    return made


def repeated(lab: Lab, engine: EmbeddedEngine, trials: list[int]) -> np.ndarray:
    """Accuracies (trials, seeds)."""
    repeat_trials(lab, engine, 1, trials)
    until(lambda: lab.seed_repeat is not None and lab.seed_repeat.is_done)
    return np.stack([lab.repeats[1, trial] for trial in trials])


# ---------------------------------------------------------------------------------------------------- seeds


@pytest.mark.parametrize("seed", [0, 1, 12345, SEED_COUNT - 1])
@pytest.mark.parametrize("purpose", [SeedPurpose.SEED_REPEAT, SeedPurpose.FINAL_TEST])
def test_seeds_differ_from_each_other_and_from_the_rounds_own(seed: int, purpose: int) -> None:
    assert len({seed, *seeds(seed, purpose)}) == SEEDS + 1


def test_a_seed_that_would_come_twice_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEED_COUNT", SEEDS + 1)  # so few that all are needed
    assert all(
        sorted([seed, *seeds(seed, SeedPurpose.SEED_REPEAT)]) == list(range(SEEDS + 1)) for seed in range(SEEDS + 1)
    )


def test_seeds_are_the_same_each_time() -> None:
    assert seeds(7, SeedPurpose.SEED_REPEAT) == seeds(7, SeedPurpose.SEED_REPEAT)


def test_the_final_test_has_other_seeds_than_repeats() -> None:
    assert not set(seeds(7, SeedPurpose.SEED_REPEAT)) & set(seeds(7, SeedPurpose.FINAL_TEST))


def test_rounds_on_other_seeds_differ_in_nothing_but_the_seed() -> None:
    values = ((0.01, 1e-6), (0.02, 1e-5))
    plans = plans_on_seeds(SHORT, values, SeedPurpose.SEED_REPEAT)
    assert plans == [
        replace(SHORT, values=values, trials=2, seed=seed) for seed in seeds(SHORT.seed, SeedPurpose.SEED_REPEAT)
    ]


def test_repeats_are_trained_to_the_end_also_where_their_round_gave_trials_up() -> None:
    values = ((0.01, 1e-6),)
    plans = plans_on_seeds(replace(SHORT, give_up=(1, 2), keep=0.2), values, SeedPurpose.SEED_REPEAT)
    assert plans == plans_on_seeds(SHORT, values, SeedPurpose.SEED_REPEAT)


# ---------------------------------------------------------------------------------------------------- results


def test_a_repeat_equals_a_round_on_its_seed(lab: Lab, engine: EmbeddedEngine) -> None:
    chosen = [5, 0, 3]
    found = repeated(lab, engine, chosen)
    first = lab.rounds[0].progress
    values = tuple((float(first.learning_rate[trial]), float(first.weight_decay[trial])) for trial in chosen)
    for column, seed in enumerate(seeds(SHORT.seed, SeedPurpose.SEED_REPEAT)):
        alone = run_round(replace(SHORT, values=values, trials=3, seed=seed), engine)
        assert found[:, column].tobytes() == alone.validation_accuracy[:, -1].tobytes()


def test_the_first_trial_of_a_repeat_equals_the_trial_alone(lab: Lab, engine: EmbeddedEngine) -> None:
    assert repeated(lab, engine, [4, 1])[0].tobytes() == repeated(lab, engine, [4]).tobytes()


def test_repeats_on_other_seeds_differ(lab: Lab, engine: EmbeddedEngine) -> None:
    assert len(set(repeated(lab, engine, list(range(SHORT.trials))).mean(axis=0))) > 1


def test_repeats_of_one_trial_leave_those_of_another(lab: Lab, engine: EmbeddedEngine) -> None:
    repeated(lab, engine, [0])
    repeated(lab, engine, [2])
    assert lab.repeats.keys() == {(1, 0), (1, 2)}


def test_the_end_is_reported_when_the_last_round_is_over_before_its_handle_is_there(engine: EmbeddedEngine) -> None:
    """As when a round is so short that its end overtakes the thread that began it."""

    class Overtaken(EmbeddedEngine):
        def __init__(self) -> None:
            """It has the other's workers."""

        def start(self, *arguments: object) -> RoundHandle:
            handle = engine.start(*arguments)
            handle.wait(LIMIT)
            engine.start("messenger", SHORT).wait(LIMIT)  # ends after it, so the news of its end is on the way
            return handle

    group_sizes: list[int] = []
    plans: list[tuple[RoundPlan, None]] = [(replace(SHORT, trials=1, epochs=1), None)] * 2
    rounds = RoundGroup(Overtaken(), "overtaken", "lane", plans, lambda all_: group_sizes.append(len(all_.handles)))
    until(lambda: rounds.is_done)
    assert group_sizes == [2]


def test_a_repeat_is_not_done_until_its_results_are_entered(lab: Lab, engine: EmbeddedEngine) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def enter(again: SeedRepeat) -> None:
        reached.set()
        assert go_on.wait(LIMIT)

    again = SeedRepeat(engine, lab.token, 1, lab.rounds[0].progress, [0], enter)
    assert reached.wait(LIMIT)
    assert not again.is_done and again.share == 1.0
    go_on.set()
    until(lambda: again.is_done)


# ---------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("trials", [[], [-1], [SHORT.trials], [0] * (MAX_REPEATED + 1)])
def test_trials_that_are_none_of_the_rounds_are_refused(lab: Lab, engine: EmbeddedEngine, trials: list[int]) -> None:
    with pytest.raises(LessonError, match="Choose 1 to 20 trials"):
        repeat_trials(lab, engine, 1, trials)


@pytest.mark.parametrize("number", [0, 2])
def test_a_round_that_is_not_there_cannot_be_repeated(lab: Lab, engine: EmbeddedEngine, number: int) -> None:
    with pytest.raises(LessonError, match="round that is over"):
        repeat_trials(lab, engine, number, [0])


def test_a_round_that_is_not_over_cannot_be_repeated(lab: Lab, engine: EmbeddedEngine) -> None:
    lab.plan = LONG
    round_ = lab.start(engine)
    with pytest.raises(LessonError, match="round that is over"):
        repeat_trials(lab, engine, 2, [0])
    round_.stop()


def test_nothing_is_repeated_while_something_is(lab: Lab, engine: EmbeddedEngine) -> None:
    lab.plan = replace(LONG, epochs=100)
    round_ = lab.start(engine)
    round_.wait_for(lambda progress: progress.started, LIMIT)
    round_.stop()
    repeat_trials(lab, engine, 2, list(range(MAX_REPEATED)))
    with pytest.raises(EngineBusy):
        repeat_trials(lab, engine, 1, [0])
    assert lab.seed_repeat is not None
    lab.seed_repeat.stop()
    until(lambda: lab.seed_repeat is not None and lab.seed_repeat.is_done)
    assert lab.repeats == {}  # given up, so nothing is known


def test_repeats_that_cannot_all_be_begun_leave_none_running(lab: Lab, engine: EmbeddedEngine) -> None:
    blocker = engine.start(lab.token, LONG, "seed-repeat-3")
    before = engine.open_rounds()
    with pytest.raises(EngineBusy):
        repeat_trials(lab, engine, 1, [0])
    assert engine.open_rounds() == before and lab.seed_repeat is None
    blocker.stop()
