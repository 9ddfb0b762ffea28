"""Who has memory for a round, with simulated workers: nobody keeps a class from training by what he holds."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core.engine import memory
from core.engine.memory import PATIENCE_SECONDS, least_memory, least_weights
from core.engine.owners import Owner
from core.engine.scheduled_round import ScheduledRound
from core.engine.set_aside import AWAY_SECONDS, HOLD_GROWTH, HOLD_SECONDS, IDLE_SECONDS, WAIT_SECONDS
from core.plan import RoundPlan
from core.progress import Status
from tests.core.engine.test_scheduler import RUNGS, equals_halving, room_for_two
from tests.support.simulated_workers import (
    BIG,
    PLAN,
    SOURCE,
    SimulatedWorker,
    Simulation,
    accuracies,
    run_slice,
    simulated,
    statuses,
)

__all__ = ["room_for_two"]  # a fixture

LARGEST = RoundPlan(
    trials=32, epochs=200, dataset="mnist", images=10_000, hidden_layers=8, neurons=256, optimizer="adam",
    give_up=(100,),
)  # fmt: skip
# as much as a small one may hold, on images that it shares with no other
HOGGING = RoundPlan(trials=60, epochs=200, hidden_layers=8, neurons=171, dataset="mnist", images=900)
LESSON = RoundPlan(dataset="mnist")


def seat(place: int) -> Owner:
    return Owner(f"seat {place}", in_class=True)


def add(simulation: Simulation, count: int, plan: RoundPlan = LESSON, name: str = "student") -> list[ScheduledRound]:
    """Rounds of so many students of a class."""
    return [simulation.add(f"{name} {place}", plan, seat(place)) for place in range(count)]


def train(simulation: Simulation, seconds: float, until: list[ScheduledRound] | None = None) -> float:
    """Let the workers train and the scheduler look once a second; the seconds until all of some rounds have begun."""
    start, looked = simulation.now, simulation.now
    while simulation.now < start + seconds and not (until and all(one.progress.started for one in until)):
        simulation.assign_slices()
        if simulation.busy:
            simulation.end_next_slice()
        else:
            simulation.now += 1.0
        if simulation.now - looked >= 1.0:
            looked = simulation.now
            absent = {one.owner for one in simulation.scheduler.rounds.values() if one.absent_since is not None}
            simulation.scheduler.look(absent, simulation.now)
    return simulation.now - start


# ---------------------------------------------------------------------------------------------------- attacks


@pytest.mark.parametrize("in_class", [True, False])
@pytest.mark.parametrize("paused", [True, False])
def test_nobody_keeps_a_class_from_training_by_what_he_holds(in_class: bool, paused: bool) -> None:
    """Two rounds just under half of what small ones had, a giant, and a giant that waits, of one or of four owners."""
    assert 0.95 < least_memory([HOGGING], 2) / (memory.reserve_bytes(2) // memory.SMALL_PART) <= 1
    for groups in (1, 4):
        simulation = Simulation(2)
        hostile = [
            simulation.add(f"hostile {place}", plan, Owner(f"hostile {place % groups}", in_class))
            for place, plan in enumerate((HOGGING, replace(HOGGING, images=899), LARGEST, LARGEST))
        ]
        assert statuses(hostile) == ["running"] * 3 + ["waiting"]
        train(simulation, 20.0)
        for one in hostile[:3] if paused else []:
            simulation.scheduler.set_status(one, Status.PAUSED, simulation.now)
        students = add(simulation, 30)
        assert train(simulation, 60.0, until=students) < 20.0, statuses(students)
        simulation.scheduler.look(set(), simulation.now)


def test_any_number_of_tabs_that_fill_the_memory_keep_no_class_from_training() -> None:
    simulation = Simulation(2)
    hostile = [
        simulation.add(f"hostile {place}", replace(HOGGING, images=900 - place), Owner(f"session {place}"))
        for place in range(40)
    ]
    train(simulation, HOLD_SECONDS)
    assert statuses(hostile).count("waiting") > 10
    students = add(simulation, 30)
    assert train(simulation, 60.0, until=students) < 30.0, statuses(students)


def test_as_many_lessons_as_there_is_memory_for_do_not_set_each_other_aside() -> None:
    simulation = Simulation(2)
    students = add(simulation, 100)
    train(simulation, 20.0)
    assert max(one.times_set_aside for one in students) == 0
    assert {one.status for one in students[:60]} <= {Status.RUNNING, Status.FINISHED}


@pytest.mark.long
@pytest.mark.parametrize("in_class", [True, False])
def test_whoever_fills_the_memory_again_and_again_keeps_a_class_waiting_no_longer_each_time(in_class: bool) -> None:
    simulation = Simulation(2)
    for place in range(24):
        simulation.add(f"hostile {place}", replace(HOGGING, images=900 - place), Owner(f"hostile {place}", in_class))
    for _ in range(4):
        train(simulation, 30.0)
        students = add(simulation, 20, RoundPlan(trials=5, epochs=2, dataset="mnist"))
        assert train(simulation, 90.0, until=students) < 30.0, statuses(students)
        train(simulation, 20.0)
        for one in students:
            simulation.scheduler.set_status(one, Status.STOPPED, simulation.now)


def test_pausing_again_and_again_earns_no_longer_hold_on_the_memory() -> None:
    scheduler, workers = simulated(1)
    round_ = scheduler.add("hostile", LARGEST, SOURCE, 0)
    waiting = scheduler.add("other", LARGEST, SOURCE, 0)
    for now in range(0, 300, 20):
        if round_.status is Status.RUNNING:
            scheduler.set_status(round_, Status.PAUSED, now)
        scheduler.look(set(), now + 10)
        scheduler.set_status(round_, Status.RUNNING, now + 11)
    assert round_.times_set_aside > 0 and round_.times_interrupted == 0
    assert waiting.status is Status.RUNNING


# ---------------------------------------------------------------------------------------------------- giants


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_the_largest_round_there_may_be_leaves_room_for_a_class(workers: int) -> None:
    scheduler, _ = simulated(workers)
    large = scheduler.add("large", LARGEST, SOURCE, 0)
    lessons = [scheduler.add(str(owner), LESSON, SOURCE, 0) for owner in range(120)]
    second = scheduler.add("also large", LARGEST, SOURCE, 0)
    assert statuses([large, second]) == ["running", "waiting"]
    running = [one for one in lessons if one.status is Status.RUNNING]
    assert len(running) >= 30 and lessons[: len(running)] == running
    held = least_memory([LESSON] * len(running), workers)
    assert held <= memory.reserve_bytes(workers) or held + least_memory([LARGEST], workers) <= memory.MEMORY_BYTES
    scheduler.set_status(running[0], Status.STOPPED, 0)
    assert lessons[len(running)].status is Status.RUNNING


def test_small_rounds_pass_a_giant_that_waits_and_after_a_while_in_the_reserve_alone_until_it_starts() -> None:
    scheduler, _ = simulated(2)
    crowd = [scheduler.add(str(owner), LESSON, SOURCE, 0) for owner in range(60)]
    giant = scheduler.add("giant", LARGEST, SOURCE, 0)
    early = scheduler.add("early", LESSON, SOURCE, 1)
    assert statuses([giant, early]) == ["waiting", "running"]
    now = 1.0 + PATIENCE_SECONDS
    late = [scheduler.add(f"late {owner}", LESSON, SOURCE, now) for owner in range(60)]
    assert statuses([giant, *late]) == ["waiting"] * 61
    while giant.status is Status.WAITING:
        held = [LESSON for one in [*crowd, early, *late] if one.status is Status.RUNNING]
        assert least_memory(held, 2) > memory.reserve_bytes(2)
        scheduler.set_status(next(one for one in crowd if one.status is Status.RUNNING), Status.STOPPED, now)
    assert giant.status is Status.RUNNING and "waiting" in statuses(late)


@pytest.mark.long
def test_a_giant_that_is_set_aside_holds_its_memory_longer_every_time_and_comes_to_its_end() -> None:
    """In a class that never rests, with more rounds than there is memory for."""
    simulation = Simulation(2)
    giant = simulation.add("giant", replace(LARGEST, trials=20, epochs=30, give_up=(20,)), Owner("guest"))
    count, since = 0, giant.memory_since
    while not giant.status.is_final and simulation.now < 4000:
        waiting = sum(one.status is Status.WAITING for one in simulation.scheduler.rounds.values())
        for _ in range(max(0, 10 - waiting)):
            count += 1
            simulation.add(f"student {count}", RoundPlan(trials=5, epochs=2, dataset="mnist"), seat(count % 100))
        since = giant.memory_since if giant.has_memory else since
        before = giant.times_interrupted
        train(simulation, 1.0)
        if giant.times_interrupted > before:
            assert simulation.now - since >= HOLD_SECONDS * HOLD_GROWTH**before - 2
    assert giant.status is Status.FINISHED and giant.times_interrupted > 0, (simulation.now, count)


def test_a_class_on_so_many_images_that_its_rounds_are_large_shares_them_and_a_giant_makes_room() -> None:
    simulation = Simulation(2)
    giant = simulation.add("giant", LARGEST, Owner("session"))
    train(simulation, HOLD_SECONDS + 1)
    students = add(simulation, 30, replace(LESSON, images=9_000))
    assert train(simulation, 60.0, until=students) < 10.0 + 2 * WAIT_SECONDS
    assert giant.status is Status.WAITING


# ---------------------------------------------------------------------------------------------------- given back


@pytest.mark.usefixtures("room_for_two")
def test_a_paused_round_gives_its_memory_back_once_another_has_waited_for_it() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abc"]
    for _ in range(4):
        run_slice(scheduler, workers)
    scheduler.set_status(rounds[0], Status.PAUSED, 10)
    scheduler.look(set(), 10 + 0.9 * IDLE_SECONDS)
    assert statuses(rounds) == ["paused", "running", "waiting"]
    shown = rounds[0].progress
    scheduler.look(set(), 10 + IDLE_SECONDS)
    assert statuses(rounds) == ["paused", "running", "running"]
    assert rounds[0].progress.epochs_done.tolist() == shown.epochs_done.tolist()
    run_slice(scheduler, workers)
    assert rounds[0].key not in workers[0].in_memory


@pytest.mark.usefixtures("room_for_two")
def test_a_paused_round_keeps_its_memory_while_nobody_needs_it() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    scheduler.set_status(round_, Status.PAUSED, 0)
    scheduler.look(set(), 100)
    scheduler.set_status(round_, Status.RUNNING, 100)
    assert run_slice(scheduler, workers, now=100).spec is None


@pytest.mark.usefixtures("room_for_two")
def test_a_round_that_gave_its_memory_back_waits_when_it_is_resumed_and_says_so() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abc"]
    run_slice(scheduler, workers)
    scheduler.set_status(rounds[0], Status.PAUSED, 0)
    scheduler.look(set(), 10)
    scheduler.set_status(rounds[0], Status.RUNNING, 11)
    assert rounds[0].status is Status.WAITING and rounds[0].progress.position == 1
    scheduler.set_status(rounds[1], Status.STOPPED, 12)
    assert rounds[0].status is Status.RUNNING and rounds[0].progress.position == 0


@pytest.mark.usefixtures("room_for_two")
def test_the_round_of_an_owner_who_is_away_gives_its_memory_back_and_goes_on_by_itself() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abc"]
    for now in (1.0, 1.0 + AWAY_SECONDS):
        scheduler.look({"a"}, now)
    assert statuses(rounds) == ["waiting", "running", "running"]
    scheduler.look({"a"}, 20.0 + AWAY_SECONDS)
    assert statuses(rounds) == ["waiting", "running", "running"]
    scheduler.set_status(rounds[1], Status.STOPPED, 40)
    assert statuses(rounds) == ["running", "stopped", "running"]


@pytest.mark.usefixtures("room_for_two")
@pytest.mark.parametrize("slices_before", [0, 1, 2], ids=["first slice", "later slice", "a second worker too"])
def test_a_slice_on_the_way_when_its_round_is_set_aside_is_shown_and_its_share_is_forgotten(slices_before: int) -> None:
    simulation = Simulation(1)
    round_, other = simulation.add("a"), simulation.add("b")
    for _ in range(slices_before):
        simulation.assign_slices()
        simulation.end_next_slice()
    simulation.scheduler.set_status(other, Status.PAUSED, simulation.now)
    order = simulation.scheduler.next_slice(0)
    assert order is not None and order.key == round_.key
    epochs = int(round_.progress.epochs_done[0])
    for worker in round_.set_aside(simulation.now):
        simulation.scheduler.dropped_shares[worker].add(round_.key)
    simulation.scheduler.slice_done(0, order, simulation.workers[0].run(order), simulation.now)
    assert round_.progress.epochs_done[0] == epochs + 1 and not round_.shares[0].in_memory
    simulation.run()  # the scheduler admits it with the next change
    simulation.scheduler.set_status(other, Status.RUNNING, simulation.now)
    simulation.run()
    simulation.scheduler.look(set(), simulation.now)
    simulation.run()
    assert statuses([round_, other]) == ["finished", "finished"]
    assert np.allclose(round_.progress.validation_accuracy, accuracies(PLAN))


@pytest.mark.parametrize("seed", range(8))
def test_pauses_absences_deaths_and_giving_up_at_random_leave_every_round_with_its_own_results(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds with rungs in too little memory: who is given up is as if each had been alone, and shown epochs stay."""
    monkeypatch.setattr(memory, "MEMORY_BYTES", 2 * least_memory([RUNGS], 2))
    monkeypatch.setattr(memory, "RESERVE_BYTES", 0)
    simulation = Simulation(2, seed)
    rng = simulation.rng
    rounds = [simulation.add(str(owner), replace(RUNGS, seed=owner), Owner(str(owner))) for owner in range(8)]
    shown = {one.key: one.progress.epochs_done for one in rounds}
    for step in range(3000):
        if step < 1500:
            one = rounds[int(rng.integers(len(rounds)))]
            chance = rng.random()
            if chance < 0.1 and one.status is Status.RUNNING:
                simulation.scheduler.set_status(one, Status.PAUSED, simulation.now)
            elif chance < 0.2 and one.status is Status.PAUSED:
                simulation.scheduler.set_status(one, Status.RUNNING, simulation.now)
            elif chance < 0.4:
                absent = {str(owner) for owner in range(8) if rng.random() < 0.3}
                simulation.now += 4.0
                simulation.scheduler.look(absent, simulation.now)
        else:
            for one in rounds:
                if one.status is Status.PAUSED:
                    simulation.scheduler.set_status(one, Status.RUNNING, simulation.now)
            simulation.scheduler.look(set(), simulation.now)
        simulation.assign_slices()
        if simulation.busy:
            _, worker, order, _ = simulation.busy[0]
            known = simulation.scheduler.rounds.get(order.key)
            death = known is not None and not known.shares[worker].deaths and rng.random() < 0.02
            simulation.end_next_slice(death)
        for one in rounds:
            assert (one.progress.epochs_done >= shown[one.key]).all()
            shown[one.key] = one.progress.epochs_done
        held = [one.plan for one in rounds if one.has_memory]
        assert len(held) <= 1 or least_memory(held, 2) <= memory.MEMORY_BYTES
    assert all(equals_halving(simulation, one) for one in rounds)
    assert max(one.times_set_aside for one in rounds) > 0


@pytest.mark.usefixtures("room_for_two")
def test_a_trial_given_up_by_hand_stays_so_when_its_round_is_begun_again() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abc"]
    for _ in range(4):
        run_slice(scheduler, workers)
    scheduler.give_up(rounds[0], [2], 0)
    scheduler.set_status(rounds[0], Status.PAUSED, 0)
    scheduler.look(set(), 10)
    for one in rounds[1:]:
        scheduler.set_status(one, Status.STOPPED, 11)
    scheduler.set_status(rounds[0], Status.RUNNING, 11)
    anew = run_slice(scheduler, workers)
    assert anew.spec is not None and anew.spec.trials == (0, 1, 3, 4, 5)
    assert rounds[0].progress.epochs_done.tolist() == [2] * 6
    while not rounds[0].status.is_final:
        run_slice(scheduler, workers)
    assert rounds[0].progress.epochs_done.tolist() == [10, 10, 2, 10, 10, 10]


# ---------------------------------------------------------------------------------------------------- estimates


@pytest.mark.usefixtures("room_for_two")
def test_nothing_is_said_about_the_time_left_while_a_paused_round_holds_the_memory_that_is_waited_for() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abc"]
    run_slice(scheduler, workers)
    assert scheduler.remaining(rounds[2]) is not None
    scheduler.set_status(rounds[0], Status.PAUSED, 0)
    assert scheduler.remaining(rounds[2]) is None


def test_nothing_is_said_about_the_time_left_of_a_round_whose_owner_is_away() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    scheduler.look({"a"}, 1)
    assert scheduler.remaining(round_) is None


def test_the_time_left_counts_the_epochs_that_are_trained_once_more() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for _ in range(6):
        run_slice(scheduler, workers)
    workers[0] = SimulatedWorker()
    scheduler.worker_lost(0, 0)
    assert scheduler.remaining(round_) == pytest.approx(1.0)
    run_slice(scheduler, workers)
    assert round_.progress.remaining == pytest.approx(0.9)


@pytest.mark.parametrize("in_class", [True, False])
def test_the_time_left_of_rounds_in_a_class_and_without_one_is_what_it_takes(in_class: bool) -> None:
    simulation = Simulation(1)
    simulation.rng = SimpleNamespace(uniform=lambda low, high: 0.15)  # type: ignore[assignment]
    for place in range(6):
        simulation.add(f"guest {place}", replace(PLAN, trials=100, epochs=40), Owner("address" if place < 4 else "x"))
        simulation.add(f"student {place}", replace(PLAN, trials=100, epochs=40), seat(place))
    for _ in range(60):
        simulation.assign_slices()
        simulation.end_next_slice()
    rounds = simulation.scheduler.rounds.values()
    one = next(one for one in rounds if one.in_class is in_class)
    said, start = simulation.scheduler.remaining(one), simulation.now
    assert said is not None
    while not one.status.is_final:
        simulation.assign_slices()
        simulation.end_next_slice()
    assert simulation.now - start == pytest.approx(said, rel=0.25)


def test_a_large_round_behind_which_small_ones_wait_expects_to_be_passed() -> None:
    scheduler, _ = simulated(2)
    crowd = [scheduler.add(str(owner), LESSON, SOURCE, 0) for owner in range(74)]
    giant = scheduler.add("giant", LARGEST, SOURCE, 0)
    scheduler.operations_per_second = 1e9
    before = scheduler.remaining(giant)
    late = [scheduler.add(f"late {owner}", LESSON, SOURCE, 0) for owner in range(10)]
    waiting = [one for one in late if one.status is Status.WAITING]
    after = scheduler.remaining(giant)
    assert before is not None and after is not None and waiting
    assert after - before == pytest.approx(sum(one.operations_left() for one in late) / 2e9)
    assert crowd[0].status is Status.RUNNING


def test_a_small_round_does_not_expect_to_wait_for_the_end_of_a_large_one() -> None:
    scheduler, _ = simulated(2)
    large = scheduler.add("large", LARGEST, SOURCE, 0)
    lessons = [scheduler.add(str(owner), LESSON, SOURCE, 0) for owner in range(80)]
    scheduler.operations_per_second = 1e9
    running = [one for one in lessons if one.status is Status.RUNNING]
    first, second = [one for one in lessons if one.status is Status.WAITING][:2]
    lesson = lessons[0].operations_left() / (2 * scheduler.operations_per_second)  # seconds
    for place, waiting in enumerate((first, second), start=1):
        expected = lesson * (len(running) + place) + min(
            lesson * (len(running) + place), large.operations_left() / (2 * scheduler.operations_per_second)
        )
        assert scheduler.remaining(waiting) == pytest.approx(expected)


def test_the_longest_rounds_there_are_need_little_memory() -> None:
    """So that no lesson comes near the bound at which a round counts as large."""
    assert least_weights(BIG, 2) < memory.reserve_bytes(2) // memory.SMALL_PART // 100
