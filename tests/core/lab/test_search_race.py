"""Races: equal budgets, trajectories as counted, the same bits each time, and nothing left running at their end."""

import math
import statistics
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from core.analysis.observations import MIN_FITTED
from core.analysis.sampling import grid
from core.engine.engine import EmbeddedEngine
from core.engine.owners import Owner
from core.engine.port import RoundHandle
from core.errors import LessonError
from core.lab.contestants import (
    BATCH,
    BAYES,
    CONTESTANTS,
    GRID,
    MAX_NETWORKS,
    RANDOM,
    STUDENT,
    Contestant,
    RaceSetup,
    Trajectory,
    mean_trajectory,
)
from core.lab.search_race import Race
from core.lab.seed_repeats import SEEDS
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from tests.support.sample_rounds import made
from tests.support.servers import same
from tests.support.waiting import LIMIT, until

SPACE = SearchSpace(LogRange(-2, 1), LogRange(-8, 0))  # some trials diverge, some do not
SMALL = {"epochs": 3, "images": 200, "hidden_layers": 1, "neurons": 20}
TRIALS = 22  # of the student's, in three rounds of which one was stopped


def rounds(**changes: object) -> list[RoundProgress]:
    """What a student has done: 8 trials, then 10 of which 4 were given up after an epoch, then 6: 66 epochs of 72."""
    settings = SMALL | {"space": SPACE} | changes
    first = made(list(np.linspace(-2, 1, 8)), [0.3, 0.2, 0.5, 0.4, 0.5, 0.1, 0.1, 0.1], seed=5, **settings)
    stopped = made([-1] * 10, [0.6] * 3 + [0.9] * 4 + [0.5] * 3, seed=6, status=Status.STOPPED, **settings)
    done = np.where(np.arange(10) // 4 == 1, 1, first.plan.epochs)
    done[3], done[7] = 1, first.plan.epochs
    last = made([-1] * 6, [0.55] * 6, diverged=(0,), seed=7, **settings)
    return [first, replace(stopped, epochs_done=done), last]


def setup_of_student(**changes: object) -> RaceSetup:
    entry = RaceSetup.of(rounds(**changes))
    assert entry is not None
    return entry


def finished(race: Race) -> Race:
    until(lambda: race.is_done)
    return race


def raced(engine: EmbeddedEngine, entry: RaceSetup | None = None, owner: str = "racer") -> Race:
    return finished(Race(engine, owner, entry or setup_of_student(), nullcontext))


def contestant(race: Race, name: str, run: int = 0) -> Contestant:
    return next(one for one in race.runs[run] if one.name == name)


@pytest.fixture(scope="module")
def race(engine: EmbeddedEngine) -> Race:
    """A race that came to its end."""
    made_ = raced(engine)
    assert made_.fault is None and not made_.stopped and made_.complete_runs == [0]
    return made_


@pytest.fixture
def open_race(engine: EmbeddedEngine) -> Iterator[Callable[..., Race]]:
    """Starts a race that no test waits for; it is stopped."""
    begun: list[Race] = []

    def begin(**changes: object) -> Race:
        begun.append(Race(engine, f"open {id(begun)}", setup_of_student(**changes), nullcontext))
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()
        finished(one)


# ---------------------------------------------------------------------------------------------------- lines


def test_a_trajectory_is_what_a_loop_counts() -> None:
    spent, best, lines = 0, math.nan, []
    for one in rounds():
        for trial in range(one.plan.trials):
            spent += int(one.epochs_done[trial])
            if one.epochs_done[trial] == one.plan.epochs:
                accuracy = 0.1 if one.diverged[trial] else float(one.validation_accuracy[trial, -1])
                best = accuracy if math.isnan(best) or accuracy > best else best
            lines.append((spent, best))
    found = Trajectory.of(rounds(), 10**6)
    assert list(zip(found.spent.tolist(), found.best.tolist(), strict=True)) == lines
    assert found.final == lines[-1][1] == pytest.approx(0.6)  # not 0.9, which was given up after an epoch


def test_a_trajectory_ends_where_the_budget_does() -> None:
    whole = Trajectory.of(rounds(), 10**6)
    for budget in (0, 2, 3, 25, 30, 61):
        cut = Trajectory.of(rounds(), budget)
        assert cut.spent.tolist() == [one for one in whole.spent.tolist() if one <= budget]
        assert len(cut.best) == len(cut.values) == len(cut.spent)


def test_the_winner_is_the_first_of_the_best() -> None:
    first = rounds()[0]
    assert Trajectory.of([first], 100).winner == (first.learning_rate[2], first.weight_decay[2])
    assert Trajectory.of([], 100).winner is None and math.isnan(Trajectory.of([], 100).final)


def test_at_any_point_the_best_so_far_is_that_of_the_trials_that_are_over() -> None:
    line = Trajectory.of(rounds(), 10**6)
    asked = np.arange(0, 80)
    for spent, found in zip(asked, line.at(asked), strict=True):
        over = [best for at, best in zip(line.spent, line.best, strict=True) if at <= spent]
        assert (math.isnan(found) and not over) or found == over[-1]


def test_the_mean_trajectory_is_the_mean_and_the_deviation_at_each_point() -> None:
    rng = np.random.default_rng(0)
    lines = [Trajectory(np.array([2, 4, 6]) + shift, rng.uniform(0, 1, 3), np.zeros((3, 2))) for shift in (0, 0, 1)]
    at = np.array([3, 5, 9])
    mean, deviation = mean_trajectory(lines, at)
    for place, spent in enumerate(at):
        accuracies = [
            max(float(a) for s, a in zip(one.spent, one.accuracy, strict=True) if s <= spent) for one in lines
        ]
        assert mean[place] == pytest.approx(statistics.mean(accuracies))
        assert deviation[place] == pytest.approx(statistics.stdev(accuracies))


# ---------------------------------------------------------------------------------------------------- entries


def test_only_rounds_with_the_settings_of_the_last_one_race() -> None:
    other = made([-3] * 4, [0.9] * 4, **(SMALL | {"epochs": 7}))
    entry = RaceSetup.of([other, *rounds()])
    assert entry is not None and [one.plan.seed for one in entry.rounds] == [5, 6, 7]


def test_a_round_that_is_not_over_does_not_race() -> None:
    running = replace(made([-3] * 4, [0.9] * 4, space=SPACE, **SMALL), status=Status.RUNNING)
    entry = RaceSetup.of([*rounds(), running])
    assert entry is not None and len(entry.rounds) == 3


def test_without_a_trial_that_was_trained_to_its_end_there_is_no_race() -> None:
    stopped = replace(rounds()[0], epochs_done=np.full(8, 2), status=Status.STOPPED)
    assert RaceSetup.of([]) is None and RaceSetup.of([stopped]) is None


def test_the_budget_is_what_the_student_has_spent() -> None:
    entry = setup_of_student()
    assert entry.spent == entry.budget == sum(int(one.epochs_done.sum()) for one in rounds())
    assert entry.trials == entry.budget // 3 == TRIALS - 1
    assert entry.plan.space == SPACE


def test_a_long_lab_races_with_its_first_trials_only() -> None:
    entry = RaceSetup.of([made([-3] * 150, [accuracy] * 150, **SMALL) for accuracy in (0.5, 0.6)])
    assert entry is not None and entry.spent == 900
    assert (
        entry.budget == MAX_NETWORKS * 3
        and entry.trials == MAX_NETWORKS
        and len(entry.trajectory.spent) == MAX_NETWORKS
    )
    above = RaceSetup.of([made([-3] * 200, [accuracy] * 200, **SMALL) for accuracy in (0.5, 0.6)])
    assert above is not None and above.trajectory.final == pytest.approx(0.5)


@pytest.mark.parametrize("trials", range(1, 60))
def test_the_grid_is_the_largest_square_within_the_budget(trials: int) -> None:
    entry = RaceSetup.of([made([-3] * trials, [0.5] * trials, **SMALL)])
    assert entry is not None and entry.side == max(side for side in range(1, 9) if side * side <= trials)


def test_trials_outside_the_first_ranges_are_counted() -> None:
    assert setup_of_student().outside() == 0
    rates = {"learning_rate": np.array([0.1, 0.1, 20, 0.001, 0.1, 10.0])}
    moved = replace(rounds()[2], hyperparameters=rounds()[2].hyperparameters | rates)
    entry = RaceSetup.of([*rounds()[:2], moved])
    assert entry is not None and entry.outside() == 2


def test_a_race_in_the_ranges_of_all_rounds_has_the_smallest_box_that_holds_them() -> None:
    first, other = rounds()[0], rounds()[2]
    other = replace(other, plan=replace(other.plan, space=SearchSpace(LogRange(-4, -1), LogRange(-7, -6))))
    narrow, wide = (RaceSetup.of([first, other], all_ranges) for all_ranges in (False, True))
    assert narrow is not None and wide is not None
    assert narrow.plan.space == SPACE and wide.plan.space == SearchSpace(LogRange(-4, 1), LogRange(-8, 0))
    assert replace(wide.plan, space=SPACE) == narrow.plan and wide.budget == narrow.budget


def test_no_race_begins_where_there_is_nothing_to_search_for(engine: EmbeddedEngine) -> None:
    with pytest.raises(LessonError, match="nothing to search for"):
        Race(engine, "fixed", setup_of_student(space=SearchSpace(LogRange(-1, -1), LogRange(-4, -4))), nullcontext)


@pytest.mark.parametrize("axis", [0, 1])
def test_beside_a_fixed_range_no_contestant_trains_a_value_twice(engine: EmbeddedEngine, axis: int) -> None:
    ranges = list(SPACE.ranges().values())
    ranges[axis] = LogRange(-1, -1)
    found = raced(engine, setup_of_student(space=SearchSpace(*ranges)), f"fixed {axis}")
    for name in CONTESTANTS:
        values = [pair for batch in batches(contestant(found, name)) for pair in batch]
        assert len(set(values)) == len(values) >= 16


def test_a_batch_trains_on_the_seed_of_the_round_the_student_was_in() -> None:
    entry, spent = setup_of_student(), 0
    for one in entry.rounds:
        for done in one.epochs_done:
            for _ in range(int(done)):
                assert entry.seed(spent, 0) == one.plan.seed
                spent += 1
    assert spent == entry.budget


def test_in_repeats_every_seed_is_another() -> None:
    entry = setup_of_student()
    for spent in (0, 24, entry.budget - 1):
        assert len({entry.seed(spent, run) for run in range(1 + SEEDS)}) == 1 + SEEDS


# ---------------------------------------------------------------------------------------------------- asking


def known(name: str, reach: Callable[[float], float], count: int) -> Contestant:
    """A contestant after some batches whose trials reached an accuracy that depends on their learning rate."""
    one = Contestant(name, setup_of_student(), 0)
    for _ in range(count):
        plan = one.propose_batch(nullcontext)
        assert plan is not None and plan.values is not None
        rate, decay = np.array(plan.values).T
        progress = made([-1] * plan.trials, [reach(float(given)) for given in rate], space=SPACE, **SMALL)
        values = progress.hyperparameters | {"learning_rate": rate, "weight_decay": decay}
        progress = replace(progress, plan=plan, hyperparameters=values)
        one.batches = (*one.batches, SimpleNamespace(progress=progress))  # type: ignore[arg-type]
    return one


def rising(rate: float) -> float:
    """The higher the better."""
    return 0.9 if rate > 0.3 else 0.1


def falling(rate: float) -> float:
    """The lower the better."""
    return 1 - rising(rate)


def values(one: Contestant) -> tuple[tuple[float, float], ...]:
    plan = one.propose_batch(nullcontext)
    assert plan is not None and plan.values is not None
    return plan.values


def test_what_the_model_proposes_depends_on_earlier_results() -> None:
    assert values(known(BAYES, rising, 1)) == values(known(BAYES, falling, 1))  # too few trials for a model
    assert values(known(BAYES, rising, 2)) != values(known(BAYES, falling, 2))
    assert values(known(BAYES, rising, 2)) == values(known(BAYES, rising, 2))


@pytest.mark.parametrize("name", [RANDOM, GRID])
def test_random_search_and_grid_do_not_depend_on_earlier_results(name: str) -> None:
    assert values(known(name, rising, 2)) == values(known(name, falling, 2))


def test_the_bayesian_search_goes_where_its_trials_were_good() -> None:
    up, down = ([rate > 0.3 for rate, _ in values(known(BAYES, reach, 3))] for reach in (rising, falling))
    assert np.mean(up) > 0.5 > np.mean(down)


def batches(one: Contestant) -> list[tuple[tuple[float, float], ...]]:
    return [batch.plan.values or () for batch in one.rounds]


def test_random_and_bayesian_search_begin_with_different_trials() -> None:
    assert values(known(RANDOM, rising, 0)) != values(known(BAYES, rising, 0))


def test_all_trials_lie_in_the_ranges_of_the_race(race: Race) -> None:
    for name in CONTESTANTS:
        assert all(SPACE.holds(*pair) for batch in batches(contestant(race, name)) for pair in batch)


def test_the_whole_grid_is_trained_in_a_random_order(race: Race) -> None:
    visited = [pair for batch in batches(contestant(race, GRID)) for pair in batch]
    points = list(grid(SPACE, race.setup.side))
    assert sorted(visited) == sorted(points) and visited != points


# ---------------------------------------------------------------------------------------------------- the race


def test_all_spend_the_same_to_within_a_trial_and_the_grid_its_square(race: Race) -> None:
    for name in (RANDOM, BAYES):
        assert 0 <= race.setup.budget - contestant(race, name).spent < race.setup.plan.epochs
    assert contestant(race, GRID).spent == race.setup.side**2 * race.setup.plan.epochs
    for one in race.runs[0]:
        assert one.spent == one.goal and max(batch.plan.trials for batch in one.rounds) == BATCH
    assert sum(one.spent for one in race.runs[0]) <= 3 * race.setup.budget


def test_a_batch_equals_a_round(race: Race, engine: EmbeddedEngine) -> None:
    for name in CONTESTANTS:
        spent = 0
        for batch in contestant(race, name).rounds:
            assert batch.plan == replace(
                race.setup.plan, values=batch.plan.values, trials=batch.plan.trials, seed=race.setup.seed(spent, 0)
            )
            spent += int(batch.epochs_done.sum())
    batch = contestant(race, BAYES).rounds[-1]
    assert same(batch, run_round(batch.plan, engine))


def test_a_race_is_the_same_to_the_bit_each_time(race: Race, engine: EmbeddedEngine) -> None:
    again = raced(engine, owner="again")
    for name in CONTESTANTS:
        pairs = zip(contestant(race, name).rounds, contestant(again, name).rounds, strict=True)
        assert all(same(one, other) for one, other in pairs)
    assert {name: found.tobytes() for name, found in race.fresh.items()} == {
        name: found.tobytes() for name, found in again.fresh.items()
    }


def test_the_winners_are_trained_again_on_seeds_that_no_round_had(race: Race, engine: EmbeddedEngine) -> None:
    assert race.winner_rounds is not None
    plans = [handle.progress.plan for handle in race.winner_rounds.handles]
    chosen_by = {one.plan.seed for one in race.setup.rounds}
    assert len({plan.seed for plan in plans} - chosen_by) == SEEDS
    assert list(race.fresh) == [STUDENT, *CONTESTANTS]
    for place, name in enumerate(race.fresh):
        line = race.setup.trajectory if name == STUDENT else contestant(race, name).trajectory
        assert {plan.values[place] for plan in plans if plan.values} == {line.winner}
    for column, plan in enumerate(plans):
        alone = run_round(plan, engine)
        assert [found[column] for found in race.fresh.values()] == alone.validation_accuracy[:, -1].tolist()


def test_the_model_is_fitted_once_a_batch_and_never_while_the_batch_trains(engine: EmbeddedEngine) -> None:
    asked: list[int] = []

    class Lock:
        def __enter__(self) -> None:
            asked.append(engine.open_rounds())

        def __exit__(self, *_: object) -> None:
            pass

    race = finished(Race(engine, "asking", setup_of_student(), Lock))
    assert len(asked) == math.ceil((race.setup.trials - MIN_FITTED) / BATCH)
    assert max(asked) <= 2  # the two that ask no model


def test_with_too_few_trials_for_a_model_the_race_comes_to_its_end(engine: EmbeddedEngine) -> None:
    entry = RaceSetup.of([made([-1], [0.5], space=SPACE, **SMALL)])
    assert entry is not None
    race = raced(engine, entry, "brief")
    assert race.complete_runs == [0] and [len(one.trajectory.spent) for one in race.runs[0]] == [1, 1, 1]


# ---------------------------------------------------------------------------------------------------- repeats


def test_repeats_run_on_other_seeds_and_leave_the_race_as_it_was(engine: EmbeddedEngine) -> None:
    race = raced(engine, owner="repeats")
    before = [contestant(race, name).trajectory.final for name in CONTESTANTS]
    race.repeat()
    finished(race)
    assert race.complete_runs == list(range(1 + SEEDS))
    assert [race.trajectories(name)[0].final for name in CONTESTANTS] == before
    seeds = [{one.plan.seed for one in contestant(race, RANDOM, run).rounds} for run in race.complete_runs]
    assert all(not one & other for one, other in pairwise(seeds)) and len(set.union(*seeds)) == sum(map(len, seeds))
    assert len({contestant(race, RANDOM, run).sequence[0] for run in race.complete_runs}) == 1 + SEEDS
    assert [len(race.trajectories(name)) for name in CONTESTANTS] == [1 + SEEDS] * 3


def test_a_race_that_is_not_over_cannot_be_repeated(open_race: Callable[..., Race]) -> None:
    race = open_race(epochs=200)
    with pytest.raises(LessonError, match="come to its end"):
        race.repeat()


# ---------------------------------------------------------------------------------------------------- ends and faults


def open_lanes(engine: EmbeddedEngine, owner: str) -> list[str]:
    return [one.lane for one in engine._scheduler.rounds.values() if one.owner == owner]


class Holding(EmbeddedEngine):
    """An engine that pauses some rounds as soon as they have begun. hold: which, by lane and plan"""

    def __init__(self, engine: EmbeddedEngine, hold: Callable[[str, RoundPlan], bool]) -> None:
        self.other, self.hold = engine, hold

    def start(self, owner: str, plan: RoundPlan, lane: str = "round", *more: object, **named: object) -> RoundHandle:
        handle = self.other.start(owner, plan, lane, *more, **named)  # type: ignore[arg-type]
        if self.hold(lane, plan):
            handle.pause()
        return handle


def held(engine: EmbeddedEngine, owner: str) -> bool:
    """Whether a round of an owner is paused."""
    return any(one.owner == owner and one.status is Status.PAUSED for one in list(engine._scheduler.rounds.values()))


def threads_of(race: Race) -> list[threading.Thread]:
    targets = [(thread, getattr(thread, "_target", None)) for thread in threading.enumerate()]
    return [thread for thread, target in targets if getattr(target, "__self__", None) is race]


STAGES: dict[str, Callable[[str, RoundPlan], bool]] = {
    "race": lambda lane, plan: lane == "race-bayes",
    "winners": lambda lane, plan: lane == "race-winners-4",
    "repeat": lambda lane, plan: lane == "race-grid" and plan.seed == setup_of_student().seed(0, 3),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_race_that_is_stopped_leaves_nothing_running(engine: EmbeddedEngine, stage: str) -> None:
    owner = f"stopped in {stage}"
    race = Race(Holding(engine, STAGES[stage]), owner, setup_of_student(epochs=50), nullcontext)
    if stage == "repeat":
        finished(race).repeat()
    until(lambda: held(engine, owner))
    assert threads_of(race)
    race.stop()
    finished(race)
    assert open_lanes(engine, owner) == [] and threads_of(race) == []
    assert race.stopped and race.fault is None


def test_a_race_that_is_stopped_before_its_first_run_ends_without_a_fault(engine: EmbeddedEngine) -> None:
    class Early(Race):
        def _work(self, numbers: list[int]) -> None:
            self.stop()
            super()._work(numbers)

    race = finished(Early(engine, "early", setup_of_student(), nullcontext))
    assert race.stopped and race.fault is None and race.runs == {} and race.trajectories(RANDOM) == []
    assert open_lanes(engine, "early") == []


def test_a_stop_while_the_model_is_fitted_lets_no_batch_begin(engine: EmbeddedEngine) -> None:
    begun = threading.Event()

    class Lock:
        def __enter__(self) -> None:
            assert begun.wait(LIMIT)
            race.stop()

        def __exit__(self, *_: object) -> None:
            pass

    race = Race(engine, "asked", setup_of_student(), Lock)
    begun.set()
    finished(race)
    assert race.stopped and len(contestant(race, BAYES).batches) == MIN_FITTED / BATCH


def test_what_was_found_before_a_stop_stays(open_race: Callable[..., Race]) -> None:
    race = open_race(epochs=50)
    until(lambda: len(contestant(race, RANDOM).rounds) > 0 if race.runs else False)
    race.stop()
    finished(race)
    assert len(race.trajectories(RANDOM)[0].spent) >= BATCH and race.complete_runs == [] and race.fresh == {}


def test_a_stop_that_comes_too_late_changes_nothing(race: Race) -> None:
    race.stop()
    assert not race.stopped


def test_a_race_whose_student_has_left_ends() -> None:
    engine = EmbeddedEngine(2, lambda owner: Owner(owner, is_present=False, absence_limit=0.5))
    try:
        race = Race(engine, "gone", setup_of_student(epochs=200, images=1000, neurons=200), nullcontext)
        finished(race)
        assert race.stopped and race.winner_rounds is None and engine.open_rounds() == 0
    finally:
        engine.close()


def test_repeats_that_were_stopped_go_on_where_one_is_missing(engine: EmbeddedEngine) -> None:
    holding = Holding(engine, STAGES["repeat"])
    race = finished(Race(holding, "halted", setup_of_student(epochs=50), nullcontext))
    race.repeat()
    until(lambda: held(engine, "halted"))
    race.stop()
    kept = contestant(finished(race), BAYES, 2)
    assert race.stopped and race.complete_runs == [0, 1, 2] and len(race.trajectories(GRID)) == 3
    holding.hold = lambda lane, plan: False
    race.repeat()
    assert finished(race).complete_runs == list(range(1 + SEEDS)) and not race.stopped
    assert contestant(race, BAYES, 2) is kept


class Failing(EmbeddedEngine):
    """An engine that meets a fault at the third batch of one lane."""

    def __init__(self, engine: EmbeddedEngine, lane: str, how: str) -> None:
        self.other, self.lane, self.how, self.batches = engine, lane, how, 0

    def start(self, owner: str, plan: RoundPlan, lane: str = "round", *more: object, **named: object) -> RoundHandle:
        self.batches += lane == self.lane
        if lane != self.lane or self.batches < 3:
            return self.other.start(owner, plan, lane, *more, **named)  # type: ignore[arg-type]
        if self.how == "refused":
            raise LessonError("Too many rounds are waiting just now; try again in a minute.")
        if self.how == "bug":
            raise RuntimeError("a bug")
        handle = self.other.start(owner, plan, lane, *more, **named)  # type: ignore[arg-type]
        with self.other._changed:
            fault = LessonError("The training process ended 3 times at the same place; the round was given up.")
            self.other._scheduler.fail(handle._round, fault, 0.0)
        return handle


@pytest.mark.parametrize(
    ("how", "sentence"),
    [("refused", "Too many rounds"), ("bug", "unexpected fault"), ("failed", "The training process ended")],
)
@pytest.mark.parametrize("name", [RANDOM, BAYES])
def test_a_fault_in_the_middle_ends_one_contestant_with_a_sentence(
    engine: EmbeddedEngine, name: str, how: str, sentence: str
) -> None:
    race = finished(Race(Failing(engine, f"race-{name}", how), f"{how} {name}", setup_of_student(), nullcontext))
    for one in race.runs[0]:
        assert one.complete == (one.name != name) and (one.fault is None) == (one.name != name)
    failed = contestant(race, name)
    assert sentence in str(failed.fault) and len(failed.trajectory.spent) == 2 * BATCH
    assert race.complete_runs == [] and list(race.fresh) == [STUDENT, *CONTESTANTS]
    assert open_lanes(engine, race.owner) == []
    with pytest.raises(LessonError, match="come to its end"):
        race.repeat()


def test_winners_that_cannot_be_trained_leave_a_sentence_and_the_trajectories(engine: EmbeddedEngine) -> None:
    blocker = engine.start("blocked", RoundPlan(trials=200, epochs=200), "race-winners-3")
    race = raced(engine, owner="blocked")
    blocker.stop()
    assert "running already" in str(race.fault) and race.fresh == {} and race.complete_runs == [0]
    assert blocker.wait(LIMIT).status is Status.STOPPED and open_lanes(engine, "blocked") == []
    race.repeat()  # trains them too
    assert list(finished(race).fresh) == [STUDENT, *CONTESTANTS] and race.fault is None


def test_a_student_who_gave_trials_up_races_against_trials_that_go_to_their_end() -> None:
    entry = setup_of_student(give_up=(1,))
    assert entry.rounds[0].plan.give_up == (1,)
    assert entry.plan == setup_of_student().plan
