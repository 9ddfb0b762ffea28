"""Races: equal budgets, honest lines, the same to the bit each time, and nothing left running when they end."""

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

from core.again import SEEDS
from core.contestants import BATCH, BAYES, CONTESTANTS, GRID, MOST, RANDOM, YOU, Contestant, Entry, Line, mean_line
from core.engine import local
from core.engine.local import Engine, RoundHandle
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.race import Race
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from core.strategies import grid
from core.surrogate import FEWEST
from tests.made import made
from tests.servers import same
from tests.waiting import LIMIT, until

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


def own(**changes: object) -> Entry:
    entry = Entry.of(rounds(**changes))
    assert entry is not None
    return entry


def finished(race: Race) -> Race:
    until(lambda: race.over)
    return race


def raced(engine: Engine, entry: Entry | None = None, owner: str = "racer") -> Race:
    return finished(Race(engine, owner, entry or own(), nullcontext()))


def contestant(race: Race, name: str, run: int = 0) -> Contestant:
    return next(one for one in race.runs[run] if one.name == name)


@pytest.fixture(scope="module")
def race(engine: Engine) -> Race:
    """A race that came to its end."""
    made_ = raced(engine)
    assert made_.fault is None and not made_.stopped and made_.done == [0]
    return made_


@pytest.fixture
def open_race(engine: Engine) -> Iterator[Callable[..., Race]]:
    """Starts a race that no test waits for; it is stopped."""
    begun: list[Race] = []

    def begin(**changes: object) -> Race:
        begun.append(Race(engine, f"open {id(begun)}", own(**changes), nullcontext()))
        return begun[-1]

    yield begin
    for one in begun:
        one.stop()
        finished(one)


# ---------------------------------------------------------------------------------------------------- lines


def test_a_line_is_what_a_plain_loop_counts() -> None:
    spent, best, lines = 0, math.nan, []
    for one in rounds():
        for trial in range(one.plan.trials):
            spent += int(one.epochs_done[trial])
            if one.epochs_done[trial] == one.plan.epochs:
                accuracy = 0.1 if one.diverged[trial] else float(one.validation_accuracy[trial, -1])
                best = accuracy if math.isnan(best) or accuracy > best else best
            lines.append((spent, best))
    found = Line.of(rounds(), 10**6)
    assert list(zip(found.spent.tolist(), found.best.tolist(), strict=True)) == lines
    assert found.final == lines[-1][1] == pytest.approx(0.6)  # not 0.9, which was given up after an epoch


def test_a_line_ends_where_the_budget_does() -> None:
    whole = Line.of(rounds(), 10**6)
    for budget in (0, 2, 3, 25, 30, 61):
        cut = Line.of(rounds(), budget)
        assert cut.spent.tolist() == [one for one in whole.spent.tolist() if one <= budget]
        assert len(cut.best) == len(cut.values) == len(cut.spent)


def test_the_winner_is_the_first_of_the_best() -> None:
    first = rounds()[0]
    assert Line.of([first], 100).winner == (first.learning_rate[2], first.weight_decay[2])
    assert Line.of([], 100).winner is None and math.isnan(Line.of([], 100).final)


def test_at_any_point_the_best_so_far_is_that_of_the_trials_that_are_over() -> None:
    line = Line.of(rounds(), 10**6)
    asked = np.arange(0, 80)
    for spent, found in zip(asked, line.at(asked), strict=True):
        over = [best for at, best in zip(line.spent, line.best, strict=True) if at <= spent]
        assert (math.isnan(found) and not over) or found == over[-1]


def test_the_mean_line_is_the_mean_and_the_deviation_at_each_point() -> None:
    rng = np.random.default_rng(0)
    lines = [Line(np.array([2, 4, 6]) + shift, rng.uniform(0, 1, 3), np.zeros((3, 2))) for shift in (0, 0, 1)]
    at = np.array([3, 5, 9])
    mean, deviation = mean_line(lines, at)
    for place, spent in enumerate(at):
        told = [max(float(a) for s, a in zip(one.spent, one.accuracy, strict=True) if s <= spent) for one in lines]
        assert mean[place] == pytest.approx(statistics.mean(told))
        assert deviation[place] == pytest.approx(statistics.stdev(told))


# ---------------------------------------------------------------------------------------------------- entries


def test_only_rounds_with_the_settings_of_the_last_one_race() -> None:
    other = made([-3] * 4, [0.9] * 4, **(SMALL | {"epochs": 7}))
    entry = Entry.of([other, *rounds()])
    assert entry is not None and [one.plan.seed for one in entry.rounds] == [5, 6, 7]


def test_a_round_that_is_not_over_does_not_race() -> None:
    running = replace(made([-3] * 4, [0.9] * 4, space=SPACE, **SMALL), status=Status.RUNNING)
    entry = Entry.of([*rounds(), running])
    assert entry is not None and len(entry.rounds) == 3


def test_without_a_trial_that_was_trained_to_its_end_there_is_no_race() -> None:
    stopped = replace(rounds()[0], epochs_done=np.full(8, 2), status=Status.STOPPED)
    assert Entry.of([]) is None and Entry.of([stopped]) is None


def test_the_budget_is_what_the_student_has_spent() -> None:
    entry = own()
    assert entry.spent == entry.budget == sum(int(one.epochs_done.sum()) for one in rounds())
    assert entry.trials == entry.budget // 3 == TRIALS - 1
    assert entry.plan.space == SPACE


def test_a_long_lab_races_with_its_first_trials_only() -> None:
    entry = Entry.of([made([-3] * 150, [accuracy] * 150, **SMALL) for accuracy in (0.5, 0.6)])
    assert entry is not None and entry.spent == 900
    assert entry.budget == MOST * 3 and entry.trials == MOST and len(entry.line.spent) == MOST
    above = Entry.of([made([-3] * 200, [accuracy] * 200, **SMALL) for accuracy in (0.5, 0.6)])
    assert above is not None and above.line.final == pytest.approx(0.5)


@pytest.mark.parametrize("trials", range(1, 60))
def test_the_grid_is_the_largest_square_that_is_paid_for(trials: int) -> None:
    entry = Entry.of([made([-3] * trials, [0.5] * trials, **SMALL)])
    assert entry is not None and entry.side == max(side for side in range(1, 9) if side * side <= trials)


def test_trials_outside_the_first_ranges_are_counted() -> None:
    assert own().outside() == 0
    moved = replace(rounds()[2], learning_rate=np.array([0.1, 0.1, 20, 0.001, 0.1, 10.0]))
    entry = Entry.of([*rounds()[:2], moved])
    assert entry is not None and entry.outside() == 2


def test_a_batch_trains_on_the_seed_of_the_round_the_student_was_in() -> None:
    entry, spent = own(), 0
    for one in entry.rounds:
        for done in one.epochs_done:
            for _ in range(int(done)):
                assert entry.seed(spent, 0) == one.plan.seed
                spent += 1
    assert spent == entry.budget


def test_in_repeats_every_seed_is_another() -> None:
    entry = own()
    for spent in (0, 24, entry.budget - 1):
        assert len({entry.seed(spent, run) for run in range(1 + SEEDS)}) == 1 + SEEDS


# ---------------------------------------------------------------------------------------------------- asking


def known(name: str, reach: Callable[[float], float], count: int) -> Contestant:
    """A contestant after some batches whose trials reached an accuracy that depends on their learning rate."""
    one = Contestant(name, own(), 0)
    for _ in range(count):
        plan = one.ask(nullcontext())
        assert plan is not None and plan.values is not None
        rate, decay = np.array(plan.values).T
        progress = made([-1] * plan.trials, [reach(float(given)) for given in rate], space=SPACE, **SMALL)
        progress = replace(progress, plan=plan, learning_rate=rate, weight_decay=decay)
        one.batches = (*one.batches, SimpleNamespace(progress=progress))  # type: ignore[arg-type]
    return one


def rising(rate: float) -> float:
    """The higher the better."""
    return 0.9 if rate > 0.3 else 0.1


def falling(rate: float) -> float:
    """The lower the better."""
    return 1 - rising(rate)


def values(one: Contestant) -> tuple[tuple[float, float], ...]:
    plan = one.ask(nullcontext())
    assert plan is not None and plan.values is not None
    return plan.values


def test_what_the_model_is_asked_for_depends_on_what_came_before() -> None:
    assert values(known(BAYES, rising, 1)) == values(known(BAYES, falling, 1))  # too few trials for a model
    assert values(known(BAYES, rising, 2)) != values(known(BAYES, falling, 2))
    assert values(known(BAYES, rising, 2)) == values(known(BAYES, rising, 2))


@pytest.mark.parametrize("name", [RANDOM, GRID])
def test_who_asks_no_model_learns_nothing_from_what_came_before(name: str) -> None:
    assert values(known(name, rising, 2)) == values(known(name, falling, 2))


def test_the_bayesian_search_goes_where_its_trials_were_good() -> None:
    up, down = ([rate > 0.3 for rate, _ in values(known(BAYES, reach, 3))] for reach in (rising, falling))
    assert np.mean(up) > 0.5 > np.mean(down)


def batches(one: Contestant) -> list[tuple[tuple[float, float], ...]]:
    return [batch.plan.values or () for batch in one.rounds]


def test_the_searches_begin_with_trials_of_their_own() -> None:
    assert values(known(RANDOM, rising, 0)) != values(known(BAYES, rising, 0))


def test_nobody_leaves_the_ranges_of_the_race(race: Race) -> None:
    for name in CONTESTANTS:
        assert all(SPACE.holds(*pair) for batch in batches(contestant(race, name)) for pair in batch)


def test_the_grid_is_visited_whole_in_an_order_of_its_own(race: Race) -> None:
    visited = [pair for batch in batches(contestant(race, GRID)) for pair in batch]
    points = list(grid(SPACE, race.entry.side))
    assert sorted(visited) == sorted(points) and visited != points


# ---------------------------------------------------------------------------------------------------- the race


def test_everybody_spends_the_same_to_within_a_trial_and_the_grid_its_square(race: Race) -> None:
    for name in (RANDOM, BAYES):
        assert 0 <= race.entry.budget - contestant(race, name).spent < race.entry.plan.epochs
    assert contestant(race, GRID).spent == race.entry.side**2 * race.entry.plan.epochs
    for one in race.runs[0]:
        assert one.spent == one.goal and max(batch.plan.trials for batch in one.rounds) == BATCH
    assert sum(one.spent for one in race.runs[0]) <= 3 * race.entry.budget


def test_a_batch_is_a_round_like_any_other(race: Race, engine: Engine) -> None:
    for name in CONTESTANTS:
        spent = 0
        for batch in contestant(race, name).rounds:
            assert batch.plan == replace(
                race.entry.plan, values=batch.plan.values, trials=batch.plan.trials, seed=race.entry.seed(spent, 0)
            )
            spent += int(batch.epochs_done.sum())
    batch = contestant(race, BAYES).rounds[-1]
    assert same(batch, run_round(batch.plan, engine))


def test_a_race_is_the_same_to_the_bit_each_time(race: Race, engine: Engine) -> None:
    again = raced(engine, owner="again")
    for name in CONTESTANTS:
        pairs = zip(contestant(race, name).rounds, contestant(again, name).rounds, strict=True)
        assert all(same(one, other) for one, other in pairs)
    assert {name: found.tobytes() for name, found in race.fresh.items()} == {
        name: found.tobytes() for name, found in again.fresh.items()
    }


def test_the_winners_are_trained_again_on_seeds_that_nobody_chose_by(race: Race, engine: Engine) -> None:
    assert race.again is not None
    plans = [handle.progress.plan for handle in race.again.handles]
    chosen_by = {one.plan.seed for one in race.entry.rounds}
    assert len({plan.seed for plan in plans} - chosen_by) == SEEDS
    assert list(race.fresh) == [YOU, *CONTESTANTS]
    for place, name in enumerate(race.fresh):
        line = race.entry.line if name == YOU else contestant(race, name).line
        assert {plan.values[place] for plan in plans if plan.values} == {line.winner}
    for column, plan in enumerate(plans):
        alone = run_round(plan, engine)
        assert [found[column] for found in race.fresh.values()] == alone.validation_accuracy[:, -1].tolist()


def test_the_model_is_asked_once_a_batch_and_never_while_a_batch_trains(engine: Engine) -> None:
    asked: list[int] = []

    class Turn:
        def __enter__(self) -> None:
            asked.append(engine.open_rounds())

        def __exit__(self, *_: object) -> None:
            pass

    race = finished(Race(engine, "asking", own(), Turn()))
    assert len(asked) == math.ceil((race.entry.trials - FEWEST) / BATCH)
    assert max(asked) <= 2  # the two that ask no model


def test_with_too_few_trials_for_a_model_the_race_comes_to_its_end(engine: Engine) -> None:
    entry = Entry.of([made([-1], [0.5], space=SPACE, **SMALL)])
    assert entry is not None
    race = raced(engine, entry, "brief")
    assert race.done == [0] and [len(one.line.spent) for one in race.runs[0]] == [1, 1, 1]


# ---------------------------------------------------------------------------------------------------- repeats


def test_repeats_run_on_other_seeds_and_leave_the_race_as_it_was(engine: Engine) -> None:
    race = raced(engine, owner="repeats")
    before = [contestant(race, name).line.final for name in CONTESTANTS]
    race.repeat()
    finished(race)
    assert race.done == list(range(1 + SEEDS))
    assert [race.lines(name)[0].final for name in CONTESTANTS] == before
    seeds = [{one.plan.seed for one in contestant(race, RANDOM, run).rounds} for run in race.done]
    assert all(not one & other for one, other in pairwise(seeds)) and len(set.union(*seeds)) == sum(map(len, seeds))
    assert len({contestant(race, RANDOM, run).course[0] for run in race.done}) == 1 + SEEDS
    assert [len(race.lines(name)) for name in CONTESTANTS] == [1 + SEEDS] * 3


def test_a_race_that_is_not_over_cannot_be_repeated(open_race: Callable[..., Race]) -> None:
    race = open_race(epochs=200)
    with pytest.raises(LessonError, match="come to its end"):
        race.repeat()


# ---------------------------------------------------------------------------------------------------- ends and faults


def open_lanes(engine: Engine, owner: str) -> list[str]:
    return [one.lane for one in engine._scheduler.rounds.values() if one.owner == owner]


class Holding(Engine):
    """An engine that pauses some rounds as soon as they have begun. hold: which, by lane and plan"""

    def __init__(self, engine: Engine, hold: Callable[[str, RoundPlan], bool]) -> None:
        self.other, self.hold = engine, hold

    def start(self, owner: str, plan: RoundPlan, lane: str = "round", *more: object, **named: object) -> RoundHandle:
        handle = self.other.start(owner, plan, lane, *more, **named)  # type: ignore[arg-type]
        if self.hold(lane, plan):
            handle.pause()
        return handle


def held(engine: Engine, owner: str) -> bool:
    """Whether a round of an owner is paused."""
    return any(one.owner == owner and one.status is Status.PAUSED for one in list(engine._scheduler.rounds.values()))


def threads_of(race: Race) -> list[threading.Thread]:
    targets = [(thread, getattr(thread, "_target", None)) for thread in threading.enumerate()]
    return [thread for thread, target in targets if getattr(target, "__self__", None) is race]


STAGES: dict[str, Callable[[str, RoundPlan], bool]] = {
    "race": lambda lane, plan: lane == "race-bayes",
    "winners": lambda lane, plan: lane == "race-winners-4",
    "repeat": lambda lane, plan: lane == "race-grid" and plan.seed == own().seed(0, 3),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_race_that_is_stopped_leaves_nothing_running(engine: Engine, stage: str) -> None:
    owner = f"stopped in {stage}"
    race = Race(Holding(engine, STAGES[stage]), owner, own(epochs=50), nullcontext())
    if stage == "repeat":
        finished(race).repeat()
    until(lambda: held(engine, owner))
    assert threads_of(race)
    race.stop()
    finished(race)
    assert open_lanes(engine, owner) == [] and threads_of(race) == []
    assert race.stopped and race.fault is None


def test_a_stop_while_the_model_is_asked_lets_no_batch_begin(engine: Engine) -> None:
    begun = threading.Event()

    class Turn:
        def __enter__(self) -> None:
            assert begun.wait(LIMIT)
            race.stop()

        def __exit__(self, *_: object) -> None:
            pass

    race = Race(engine, "asked", own(), Turn())
    begun.set()
    finished(race)
    assert race.stopped and len(contestant(race, BAYES).batches) == FEWEST / BATCH


def test_what_was_found_before_a_stop_stays(open_race: Callable[..., Race]) -> None:
    race = open_race(epochs=50)
    until(lambda: len(contestant(race, RANDOM).rounds) > 0 if race.runs else False)
    race.stop()
    finished(race)
    assert len(race.lines(RANDOM)[0].spent) >= BATCH and race.done == [] and race.fresh == {}


def test_a_stop_that_comes_too_late_changes_nothing(race: Race) -> None:
    race.stop()
    assert not race.stopped


def test_a_race_whose_student_has_left_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "ABSENCE", 0.5)
    engine = Engine(2, present=lambda owner: False)
    try:
        race = Race(engine, "gone", own(epochs=200, images=1000, neurons=200), nullcontext())
        finished(race)
        assert race.stopped and race.again is None and engine.open_rounds() == 0
    finally:
        engine.close()


def test_repeats_that_were_stopped_go_on_where_one_is_missing(engine: Engine) -> None:
    holding = Holding(engine, STAGES["repeat"])
    race = finished(Race(holding, "halted", own(epochs=50), nullcontext()))
    race.repeat()
    until(lambda: held(engine, "halted"))
    race.stop()
    kept = contestant(finished(race), BAYES, 2)
    assert race.stopped and race.done == [0, 1, 2] and len(race.lines(GRID)) == 3
    holding.hold = lambda lane, plan: False
    race.repeat()
    assert finished(race).done == list(range(1 + SEEDS)) and not race.stopped
    assert contestant(race, BAYES, 2) is kept


class Failing(Engine):
    """An engine that meets a fault at the third batch of one lane."""

    def __init__(self, engine: Engine, lane: str, how: str) -> None:
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
    engine: Engine, name: str, how: str, sentence: str
) -> None:
    race = finished(Race(Failing(engine, f"race-{name}", how), f"{how} {name}", own(), nullcontext()))
    for one in race.runs[0]:
        assert one.complete == (one.name != name) and (one.fault is None) == (one.name != name)
    failed = contestant(race, name)
    assert sentence in str(failed.fault) and len(failed.line.spent) == 2 * BATCH
    assert race.done == [] and list(race.fresh) == [YOU, *CONTESTANTS]
    assert open_lanes(engine, race.owner) == []
    with pytest.raises(LessonError, match="come to its end"):
        race.repeat()


def test_winners_that_cannot_be_trained_leave_a_sentence_and_the_lines(engine: Engine) -> None:
    blocker = engine.start("blocked", RoundPlan(trials=200, epochs=200), "race-winners-3")
    race = raced(engine, owner="blocked")
    blocker.stop()
    assert "running already" in str(race.fault) and race.fresh == {} and race.done == [0]
    assert blocker.wait(LIMIT).status is Status.STOPPED and open_lanes(engine, "blocked") == []
    race.repeat()  # trains them too
    assert list(finished(race).fresh) == [YOU, *CONTESTANTS] and race.fault is None


def test_whoever_gave_up_early_races_against_trials_that_go_to_their_end() -> None:
    entry = own(give_up=(1,))
    assert entry.rounds[0].plan.give_up == (1,)
    assert entry.plan == own().plan
