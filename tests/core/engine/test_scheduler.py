"""The scheduler's rules, with simulated workers: no processes, no threads, and a clock that the tests set."""

from dataclasses import replace

import numpy as np
import pytest

from core.engine import admission, memory
from core.engine.memory import least_memory, least_weights
from core.engine.port import EngineBusy
from core.engine.scheduled_round import ScheduledRound
from core.engine.scheduler import FIRST_SLICE_SECONDS, MAX_DEATHS, SLICE_SECONDS, Scheduler
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import Status
from tests.support.simulated_workers import (
    BIG,
    PLAN,
    SOURCE,
    SimulatedWorker,
    Simulation,
    accuracies,
    positions,
    run_slice,
    simulated,
    statuses,
)


@pytest.fixture
def room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for two rounds of PLAN on one worker, but not for three."""
    monkeypatch.setattr(memory, "MEMORY_BYTES", least_memory([PLAN] * 2, 1) + least_weights(PLAN, 1) // 2)
    monkeypatch.setattr(memory, "RESERVE_BYTES", 0)


# ---------------------------------------------------------------------------------------------------- whole rounds


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_every_trial_is_trained_every_epoch_exactly_once(workers: int) -> None:
    simulation = Simulation(workers)
    rounds = [
        simulation.add("a"),
        simulation.add("b", RoundPlan(trials=1, epochs=4)),
        simulation.add("c", RoundPlan(trials=5, epochs=1)),
    ]
    simulation.run()
    for round_ in rounds:
        plan = round_.plan
        assert round_.status is Status.FINISHED
        assert sorted(simulation.reported[round_.key]) == [
            (i, j) for i in range(plan.trials) for j in range(plan.epochs)
        ]
        assert (round_.progress.epochs_done == plan.epochs).all()
    assert not simulation.scheduler.rounds


def test_trials_are_shared_out_evenly() -> None:
    shares = Scheduler(4).add("a", RoundPlan(trials=10), SOURCE, 0).shares
    assert sorted(len(share.trials) for share in shares) == [2, 2, 3, 3]
    assert sorted(trial for share in shares for trial in share.trials) == list(range(10))


def test_single_trials_of_successive_rounds_go_to_different_workers() -> None:
    scheduler = Scheduler(3)
    rounds = [scheduler.add(owner, RoundPlan(trials=1), SOURCE, 0) for owner in "abc"]
    places = [[bool(share.trials) for share in round_.shares].index(True) for round_ in rounds]
    assert sorted(places) == [0, 1, 2]


def test_a_workers_images_and_plan_come_with_its_first_slice_only() -> None:
    scheduler, workers = simulated(2)
    scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        first, second = run_slice(scheduler, workers, worker), run_slice(scheduler, workers, worker)
        assert first.spec is not None and (first.spec.source, first.spec.plan) == (SOURCE, PLAN)
        assert second.spec is None


def test_a_rounds_first_slice_is_shorter() -> None:
    scheduler, workers = simulated()
    scheduler.add("a", PLAN, SOURCE, 0)
    assert [run_slice(scheduler, workers).seconds for _ in range(3)] == [
        FIRST_SLICE_SECONDS,
        SLICE_SECONDS,
        SLICE_SECONDS,
    ]


def test_an_idle_worker_gets_no_order() -> None:
    scheduler, workers = simulated(2)
    assert scheduler.next_slice(0) is None
    scheduler.add("a", RoundPlan(trials=1), SOURCE, 0)
    assert sum(scheduler.next_slice(worker) is None for worker in (0, 1)) == 1


# ---------------------------------------------------------------------------------------------------- the queue


def test_an_owner_has_one_round_at_a_time() -> None:
    simulation = Simulation(1)
    simulation.add("a")
    with pytest.raises(EngineBusy, match="running already"):
        simulation.add("a")
    simulation.run()
    assert simulation.add("a").status is Status.RUNNING


@pytest.mark.usefixtures("room_for_two")
def test_a_waiting_owner_may_not_queue_twice() -> None:
    simulation = Simulation(1)
    for owner in "abc":
        simulation.add(owner)
    with pytest.raises(EngineBusy, match="running already"):
        simulation.add("c")


@pytest.mark.usefixtures("room_for_two")
def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """And further rounds of few take nobody's place in it."""
    monkeypatch.setattr(admission, "MAX_WAITING", 3)
    scheduler, _ = simulated()
    rounds = [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(5)]
    with pytest.raises(EngineBusy, match="Too many rounds"):
        scheduler.add("0", PLAN, SOURCE, 0, lane="another")
    rounds += [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(5, 8)]
    with pytest.raises(EngineBusy, match="Too many rounds"):
        scheduler.add("one more", PLAN, SOURCE, 0)
    assert len(scheduler.rounds) == 8
    scheduler.set_status(rounds[4], Status.STOPPED, 0)
    assert scheduler.add("one more", PLAN, SOURCE, 0).progress.position == 6


@pytest.mark.usefixtures("room_for_two")
def test_the_second_round_of_an_owner_waits_behind_the_first_of_all_others() -> None:
    scheduler, workers = simulated()
    greedy = [scheduler.add("greedy", PLAN, SOURCE, 0, lane=f"tempt-{place}") for place in range(5)]
    other = scheduler.add("other", PLAN, SOURCE, 0)
    late = [scheduler.add("late", PLAN, SOURCE, 0, lane=lane) for lane in ("round", "again")]
    assert positions([*greedy, other, *late]) == [0, 0, 4, 5, 6, 1, 2, 3]
    run_slice(scheduler, workers)
    left = [scheduler.remaining(one) for one in (other, late[0], late[1], greedy[2])]
    assert left == pytest.approx([0.9 + 1 + 1, 0.9 + 1 + 2, 0.9 + 1 + 3, 0.9 + 1 + 4])
    scheduler.set_status(greedy[0], Status.STOPPED, 0)
    assert other.status is Status.RUNNING and positions([*greedy[2:], *late]) == [2, 4, 5, 1, 3]


@pytest.mark.usefixtures("room_for_two")
def test_rounds_beyond_the_memory_wait_and_know_their_position() -> None:
    scheduler, _ = simulated()
    rounds = [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(5)]
    assert statuses(rounds) == ["running", "running", "waiting", "waiting", "waiting"]
    assert positions(rounds) == [0, 0, 1, 2, 3]


@pytest.mark.usefixtures("room_for_two")
def test_trials_that_are_begun_later_take_no_memory_now() -> None:
    scheduler, _ = simulated()
    many = replace(PLAN, trials=200)
    rounds = [scheduler.add(str(owner), many, SOURCE, 0) for owner in range(3)]
    assert statuses(rounds) == ["running", "running", "waiting"]


@pytest.mark.usefixtures("room_for_two")
def test_rounds_are_admitted_in_the_order_they_came() -> None:
    scheduler, _ = simulated()
    rounds = [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(5)]
    for ended in range(3):
        scheduler.set_status(rounds[ended], Status.STOPPED, 0)
        assert statuses(rounds)[ended + 1 : ended + 3] == ["running", "running"]
        assert positions(rounds) == [0] * (ended + 3) + list(range(1, 3 - ended))


def test_one_round_may_always_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MEMORY_BYTES", 1)
    monkeypatch.setattr(memory, "RESERVE_BYTES", 0)
    simulation = Simulation(2)
    rounds = [simulation.add(owner) for owner in "abc"]
    assert statuses(rounds) == ["running", "waiting", "waiting"]
    simulation.run()
    assert statuses(rounds) == ["finished"] * 3


@pytest.mark.usefixtures("room_for_two")
def test_a_paused_round_holds_its_memory_at_first() -> None:
    scheduler, _ = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    scheduler.set_status(rounds[0], Status.PAUSED, 0)
    rounds.append(scheduler.add("c", PLAN, SOURCE, 0))
    assert statuses(rounds) == ["paused", "running", "waiting"]


# ---------------------------------------------------------------------------------------------------- stop and pause


@pytest.mark.usefixtures("room_for_two")
def test_a_waiting_round_can_be_stopped_and_the_others_move_up() -> None:
    scheduler, _ = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abcde"]
    scheduler.set_status(rounds[2], Status.STOPPED, 0)
    assert statuses(rounds) == ["running", "running", "stopped", "waiting", "waiting"]
    assert positions(rounds) == [0, 0, 0, 1, 2]


def test_a_paused_round_gets_no_slices_until_it_is_resumed() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    scheduler.set_status(round_, Status.PAUSED, 0)
    assert scheduler.next_slice(0) is None
    scheduler.set_status(round_, Status.RUNNING, 0)
    assert run_slice(scheduler, workers).spec is None


def test_a_paused_round_can_be_stopped() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    scheduler.set_status(round_, Status.PAUSED, 0)
    scheduler.set_status(round_, Status.STOPPED, 0)
    assert (round_.status, scheduler.rounds, scheduler.dropped_shares) == (Status.STOPPED, {}, [{round_.key}])


def test_what_was_learned_before_a_stop_stays() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    scheduler.set_status(round_, Status.STOPPED, 0)
    assert round_.progress.epochs_done.tolist() == [1] * PLAN.trials
    assert np.allclose(round_.progress.validation_accuracy[:, 0], accuracies(PLAN)[:, 0])


@pytest.mark.parametrize("over", [Status.STOPPED, Status.FAILED, Status.FINISHED])
@pytest.mark.parametrize("next_", Status)
def test_a_round_that_is_over_stays_as_it_is(over: Status, next_: Status) -> None:
    scheduler, _ = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.set_status(round_, over, 0)
    last = round_.progress
    scheduler.set_status(round_, next_, 1)
    assert round_.progress is last


@pytest.mark.parametrize("slices_before", [0, 1], ids=["first slice", "later slice"])
def test_a_slice_on_the_way_when_its_round_is_stopped_changes_nothing(slices_before: int) -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for _ in range(slices_before):
        run_slice(scheduler, workers)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.STOPPED, 0)
    last = round_.progress
    scheduler.slice_done(0, order, workers[0].run(order), 1)
    assert round_.progress is last


@pytest.mark.parametrize("slices_before", [0, 1], ids=["first slice", "later slice"])
def test_a_stopped_rounds_shares_are_forgotten_by_the_workers_that_hold_them(slices_before: int) -> None:
    """Worker 0 is in a slice, worker 1 holds its share, worker 2 was never reached."""
    scheduler, workers = simulated(3)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for _ in range(slices_before):
        run_slice(scheduler, workers, 0)
    run_slice(scheduler, workers, 1)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.STOPPED, 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    other = scheduler.add("b", PLAN, SOURCE, 0)
    told = [run_slice(scheduler, workers, worker).dropped_shares for worker in range(3)]
    assert told == [(round_.key,), (round_.key,), ()]
    assert [list(worker.in_memory) for worker in workers] == [[other.key]] * 3


def test_a_worker_is_told_once_to_forget_a_share() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    scheduler.set_status(round_, Status.STOPPED, 0)
    scheduler.add("b", PLAN, SOURCE, 0)
    assert [run_slice(scheduler, workers).dropped_shares for _ in range(2)] == [(round_.key,), ()]


def test_a_share_that_finished_in_its_last_slice_need_not_be_forgotten() -> None:
    scheduler, workers = simulated(2)
    round_ = scheduler.add("a", RoundPlan(trials=2, epochs=1), SOURCE, 0)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.STOPPED, 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    assert scheduler.dropped_shares == [set(), set()]


def test_a_round_whose_last_slice_ends_in_a_pause_is_finished() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", RoundPlan(trials=2, epochs=1), SOURCE, 0)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.PAUSED, 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    assert round_.status is Status.FINISHED


# ---------------------------------------------------------------------------------------------------- deaths


def kill_worker(scheduler: Scheduler, workers: list[SimulatedWorker], worker: int = 0) -> None:
    """The worker dies in its next slice."""
    order = scheduler.next_slice(worker)
    assert order is not None
    workers[worker] = SimulatedWorker()
    scheduler.worker_died(worker, order, 0)


def test_a_round_fails_with_a_sentence_after_three_deaths_in_the_same_slice() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    for _ in range(MAX_DEATHS - 1):
        kill_worker(scheduler, workers)
        assert round_.status is Status.RUNNING
    kill_worker(scheduler, workers)
    assert round_.status is Status.FAILED
    assert str(round_.fault) == "The training process ended 3 times at the same place; the round was given up."


def test_deaths_with_progress_between_them_do_not_fail_a_round() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for epochs in range(1, PLAN.epochs):
        for _ in range(MAX_DEATHS - 1):
            kill_worker(scheduler, workers)
        for _ in range(epochs):  # from the start, and one epoch further than ever before
            run_slice(scheduler, workers)
    assert round_.status is Status.RUNNING


def test_training_again_what_was_trained_before_is_no_progress() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for _ in range(5):
        run_slice(scheduler, workers)
    for _ in range(MAX_DEATHS):
        kill_worker(scheduler, workers)
        for _ in range(3):
            if round_.status is Status.RUNNING:
                run_slice(scheduler, workers)
    assert round_.status is Status.FAILED


def test_deaths_of_different_workers_are_not_the_same_place() -> None:
    scheduler, workers = simulated(3)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in range(3):
        for _ in range(MAX_DEATHS - 1):
            kill_worker(scheduler, workers, worker)
    assert round_.status is Status.RUNNING


def test_deaths_in_one_round_do_not_count_for_another_on_the_same_worker() -> None:
    scheduler, workers = simulated()
    scheduler.add("a", PLAN, SOURCE, 0)
    other = scheduler.add("b", PLAN, SOURCE, 0)
    for _ in range(MAX_DEATHS):
        kill_worker(scheduler, workers)  # nothing received yet, so the older round is always first
    assert statuses([other]) == ["running"]
    assert other.shares[0].deaths == 0


def test_after_a_death_all_rounds_begin_anew_on_that_worker_and_on_no_other() -> None:
    scheduler, workers = simulated(2)
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    for worker in (0, 1):
        assert {run_slice(scheduler, workers, worker).key for _ in rounds} == {round_.key for round_ in rounds}
    kill_worker(scheduler, workers, 0)
    anew = {order.key: order.spec for order in (run_slice(scheduler, workers, 0) for _ in rounds)}
    assert set(anew) == {round_.key for round_ in rounds} and all(anew.values())
    assert run_slice(scheduler, workers, 1).spec is None


def test_a_new_worker_is_not_told_to_forget_what_the_dead_one_held() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    for _ in rounds:
        run_slice(scheduler, workers)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(rounds[0], Status.STOPPED, 0)
    scheduler.worker_died(0, order, 0)
    assert scheduler.dropped_shares == [set()]


def test_a_death_in_a_slice_of_a_round_that_is_over_counts_for_no_round() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(rounds[0], Status.STOPPED, 0)
    for _ in range(MAX_DEATHS):
        scheduler.worker_died(0, order, 0)
    assert statuses(rounds) == ["stopped", "running"]


@pytest.mark.parametrize("seed", range(5))
def test_deaths_at_random_leave_every_round_complete(seed: int) -> None:
    simulation = Simulation(3, seed)
    rounds = [simulation.add(str(owner), RoundPlan(trials=7, epochs=6)) for owner in range(4)]
    dead = 0
    while simulation.assign_slices() or simulation.busy:
        _, worker, order, _ = simulation.busy[0]
        round_ = simulation.scheduler.rounds.get(order.key)
        death = round_ is not None and not round_.shares[worker].deaths and simulation.rng.random() < 0.15
        dead += death
        simulation.end_next_slice(death)
    assert dead > 5
    for round_ in rounds:
        assert round_.status is Status.FINISHED
        assert not np.isnan(round_.progress.validation_accuracy).any()


# ---------------------------------------------------------------------------------------------------- rungs

RUNGS = RoundPlan(trials=17, epochs=9, give_up=(2, 3, 6), seed=4)


def halved(plan: RoundPlan) -> dict[int, int]:
    """Successive halving one by one: the epochs that each trial is trained."""
    left, ends = list(range(plan.trials)), dict.fromkeys(range(plan.trials), plan.epochs)
    for rung in plan.give_up:
        order = sorted(left, key=lambda trial: (-accuracies(plan)[trial, rung - 1], trial))  # noqa: B023
        left = order[: (len(order) + 1) // 2]
        ends |= dict.fromkeys(order[len(left) :], rung)
    return ends


def equals_halving(simulation: Simulation, round_: ScheduledRound) -> bool:
    """Whether a round found what halving one by one finds, and was trained no further and no more than once."""
    ends, progress = halved(round_.plan), round_.progress
    curves = [
        np.append(accuracies(round_.plan)[trial, :end], np.full(round_.plan.epochs - end, np.nan))
        for trial, end in ends.items()
    ]
    return (
        round_.status is Status.FINISHED
        and dict(enumerate(progress.epochs_done.tolist())) == ends
        and progress.given_up.tolist() == [end < round_.plan.epochs for end in ends.values()]
        and np.array_equal(progress.validation_accuracy, np.array(curves, np.float32), equal_nan=True)
    )


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("seed", range(3))
def test_which_trials_are_given_up_depends_on_the_plan_alone(workers: int, seed: int) -> None:
    simulation = Simulation(workers, seed)
    rounds = [simulation.add(str(owner), replace(RUNGS, seed=owner)) for owner in range(3)] + [
        simulation.add("no rungs")
    ]
    simulation.run()
    assert all(equals_halving(simulation, round_) for round_ in rounds)
    for round_ in rounds[:3]:
        steps = [(trial, epoch) for trial, end in halved(round_.plan).items() for epoch in range(end)]
        assert sorted(simulation.reported[round_.key]) == steps


def test_a_share_that_has_come_to_a_rung_waits_for_the_others() -> None:
    scheduler, workers = simulated(2)
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    for _ in range(2):
        run_slice(scheduler, workers, 0)
    assert scheduler.next_slice(0) is None and not round_.progress.given_up.any()
    for _ in range(2):
        run_slice(scheduler, workers, 1)
    assert round_.progress.given_up.sum() == 8
    assert {run_slice(scheduler, workers, worker).stop_epoch for worker in (0, 1)} == {3}


def test_a_worker_that_waits_at_a_rung_goes_on_with_other_rounds() -> None:
    scheduler, workers = simulated(2)
    scheduler.add("a", RUNGS, SOURCE, 0)
    for _ in range(2):
        run_slice(scheduler, workers, 0)
    other = scheduler.add("b", PLAN, SOURCE, 0)
    assert [run_slice(scheduler, workers, 0).key for _ in range(5)] == [other.key] * 5


def test_a_worker_is_told_once_of_each_trial_that_is_given_up() -> None:
    scheduler, workers = simulated(2)
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    dropped: list[int] = []
    while not round_.status.is_final:
        for worker in (0, 1):
            if scheduler.has_work(worker):
                dropped += run_slice(scheduler, workers, worker).dropped_trials
    assert sorted(dropped) == np.flatnonzero(round_.progress.given_up).tolist()


@pytest.mark.parametrize("seed", range(8))
def test_deaths_at_random_give_up_the_same_trials_and_leave_their_curves_alone(seed: int) -> None:
    simulation = Simulation(3, seed)
    rounds = [simulation.add(str(owner), replace(RUNGS, seed=owner)) for owner in range(4)]
    dead = 0
    while simulation.assign_slices() or simulation.busy:
        _, worker, order, _ = simulation.busy[0]
        round_ = simulation.scheduler.rounds.get(order.key)
        death = round_ is not None and not round_.shares[worker].deaths and simulation.rng.random() < 0.15
        dead += death
        simulation.end_next_slice(death)
    assert dead > 3
    assert all(equals_halving(simulation, round_) for round_ in rounds)


def test_after_a_death_only_the_trials_that_went_on_are_trained_again() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    for _ in range(2):
        run_slice(scheduler, workers)
    kill_worker(scheduler, workers)
    anew = run_slice(scheduler, workers)
    assert anew.spec is not None and anew.stop_epoch == 3 and anew.dropped_trials == ()
    assert anew.spec.trials == tuple(np.flatnonzero(~round_.progress.given_up))


def test_a_worker_lost_at_a_rung_does_not_change_the_decision() -> None:
    scheduler, workers = simulated(2)
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    for _ in range(2):
        run_slice(scheduler, workers, 0)
    workers[0] = SimulatedWorker()
    scheduler.worker_lost(0, 0)
    assert not scheduler.has_work(0)
    for _ in range(2):
        run_slice(scheduler, workers, 1)
    assert round_.progress.given_up.sum() == 8
    assert run_slice(scheduler, workers, 0).spec is not None


def test_a_worker_that_dies_again_behind_a_rung_has_come_further() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    for epochs in range(1, RUNGS.epochs):
        for _ in range(MAX_DEATHS - 1):
            kill_worker(scheduler, workers)
        for _ in range(epochs):
            run_slice(scheduler, workers)
    assert round_.status is Status.RUNNING


def test_deaths_at_the_same_place_behind_a_rung_fail_a_round() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    for _ in range(4):
        run_slice(scheduler, workers)
    for death in range(MAX_DEATHS):
        kill_worker(scheduler, workers)
        for _ in range(4 if death < MAX_DEATHS - 1 else 0):
            run_slice(scheduler, workers)
    assert round_.status is Status.FAILED


def test_the_time_left_of_a_round_with_rungs_is_that_of_the_work_that_they_leave() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    total = sum(halved(RUNGS).values())
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.slice_done(0, order, workers[0].run(order, 1.7), 0)  # 17 trials: a tenth of a second each
    assert round_.progress.remaining == pytest.approx(0.1 * (total - 17))


# ---------------------------------------------------------------------------------------------------- given up by hand


def test_a_trial_given_up_by_hand_ends_where_it_is_and_the_others_are_not_affected() -> None:
    scheduler, workers = simulated(2)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        run_slice(scheduler, workers, worker)
    scheduler.give_up(round_, [2], 0)
    assert round_.progress.given_up.tolist() == [trial == 2 for trial in range(6)]
    while not round_.status.is_final:
        for worker in (0, 1):
            if scheduler.has_work(worker):
                run_slice(scheduler, workers, worker)
    assert round_.progress.epochs_done.tolist() == [1 if trial == 2 else 10 for trial in range(6)]
    others = [0, 1, 3, 4, 5]
    assert np.allclose(round_.progress.validation_accuracy[others], accuracies(PLAN)[others])


def test_what_a_slice_on_the_way_brings_of_a_trial_given_up_meanwhile_is_not_entered() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.give_up(round_, [2], 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    assert round_.progress.epochs_done.tolist() == [1, 1, 0, 1, 1, 1]
    assert run_slice(scheduler, workers).dropped_trials == (2,)


def test_a_trial_given_up_by_hand_leaves_its_place_at_the_next_rung_to_another() -> None:
    best, *_ = sorted(range(17), key=lambda trial: (-accuracies(RUNGS)[trial, 1], trial))
    scheduler, workers = simulated()
    round_ = scheduler.add("a", RUNGS, SOURCE, 0)
    run_slice(scheduler, workers)
    scheduler.give_up(round_, [best], 0)
    run_slice(scheduler, workers)
    assert round_.progress.given_up.sum() == 8 and round_.progress.epochs_done[best] == 1


def test_giving_up_by_hand_what_the_rung_would_give_up_changes_nothing_for_the_others() -> None:
    *_, worst = sorted(range(17), key=lambda trial: (-accuracies(RUNGS)[trial, 1], trial))
    simulation = Simulation(2)
    round_ = simulation.add("a", RUNGS)
    simulation.assign_slices()
    simulation.end_next_slice()
    simulation.scheduler.give_up(round_, [worst], simulation.now)
    simulation.run()
    ends = {trial: end for trial, end in enumerate(round_.progress.epochs_done.tolist()) if trial != worst}
    assert ends == {trial: end for trial, end in halved(RUNGS).items() if trial != worst}


def test_the_last_one_that_others_wait_for_at_a_rung_may_be_given_up() -> None:
    scheduler, workers = simulated(2)
    plan = replace(RUNGS, trials=3, give_up=(1,))
    round_ = scheduler.add("a", plan, SOURCE, 0)
    slow = next(worker for worker in (0, 1) if len(round_.shares[worker].trials) == 1)
    run_slice(scheduler, workers, 1 - slow)
    scheduler.give_up(round_, round_.shares[slow].trials, 0)
    while not round_.status.is_final:
        run_slice(scheduler, workers, 1 - slow)
    assert round_.status is Status.FINISHED and sorted(round_.progress.epochs_done.tolist()) == [0, 9, 9]


def only_dropped_shares_are_in_memory(simulation: Simulation) -> bool:
    """Whether the workers hold nothing but what they are to forget with their next order."""
    dropped = simulation.scheduler.dropped_shares
    return all(worker.in_memory.keys() <= forget for worker, forget in zip(simulation.workers, dropped, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_giving_up_and_deaths_at_random_leave_every_round_complete(seed: int) -> None:
    simulation = Simulation(3, seed)
    rounds = [simulation.add(str(owner), replace(RUNGS, seed=owner)) for owner in range(4)] + [
        simulation.add("no rungs")
    ]
    while simulation.assign_slices() or simulation.busy:
        _, worker, order, _ = simulation.busy[0]
        round_ = simulation.scheduler.rounds.get(order.key)
        if round_ is not None and simulation.rng.random() < 0.3:
            simulation.scheduler.give_up(round_, [int(simulation.rng.integers(round_.plan.trials))], simulation.now)
        death = round_ is not None and not round_.shares[worker].deaths and simulation.rng.random() < 0.1
        simulation.end_next_slice(death)
    for round_ in rounds:
        progress, plan = round_.progress, round_.plan
        assert round_.status is Status.FINISHED
        assert ((progress.epochs_done == plan.epochs) ^ progress.given_up).all()
        assert (~np.isnan(progress.validation_accuracy)).sum() == progress.epochs_done.sum()
    assert only_dropped_shares_are_in_memory(simulation)


def test_a_round_of_which_all_is_given_up_is_finished() -> None:
    simulation = Simulation(2)
    round_ = simulation.add("a")
    simulation.assign_slices()
    simulation.end_next_slice()
    simulation.scheduler.give_up(round_, range(6), simulation.now)
    simulation.run()
    assert round_.status is Status.FINISHED and round_.progress.given_up.all()
    assert only_dropped_shares_are_in_memory(simulation)


def test_a_round_that_waits_may_be_given_up_altogether() -> None:
    scheduler, _ = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.give_up(round_, range(6), 0)
    assert round_.status is Status.FINISHED and not scheduler.rounds


def test_the_worker_of_a_share_that_was_given_up_altogether_may_die() -> None:
    scheduler, workers = simulated(2)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        run_slice(scheduler, workers, worker)
    scheduler.give_up(round_, range(6), 0)
    for worker in (0, 1):
        assert round_.status is Status.RUNNING
        scheduler.worker_lost(worker, 0)
    assert round_.status is Status.FINISHED


def test_nothing_can_be_given_up_in_a_round_that_is_over() -> None:
    scheduler, _ = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.set_status(round_, Status.STOPPED, 0)
    last = round_.progress
    scheduler.give_up(round_, [0], 0)
    assert round_.progress is last


# ---------------------------------------------------------------------------------------------------- some trials


def test_some_trials_of_a_round_are_trained_and_no_others() -> None:
    simulation = Simulation(2)
    round_ = simulation.scheduler.add("a", PLAN, SOURCE, 0, trials=[4, 1, 3])
    simulation.received[round_.key], simulation.reported[round_.key] = 0.0, []
    simulation.run()
    assert round_.status is Status.FINISHED
    assert sorted(simulation.reported[round_.key]) == [(trial, epoch) for trial in (1, 3, 4) for epoch in range(10)]
    assert round_.progress.ranking().tolist() == sorted([1, 3, 4], key=lambda one: (-accuracies(PLAN)[one, -1], one))


@pytest.mark.parametrize("trials", [[], [6], [-1, 2]])
def test_trials_that_the_round_does_not_have_are_refused(trials: list[int]) -> None:
    scheduler, _ = simulated()
    with pytest.raises(LessonError, match="trials 0 to 5"):
        scheduler.add("a", PLAN, SOURCE, 0, trials=trials)
    assert not scheduler.rounds


# ---------------------------------------------------------------------------------------------------- times


def test_seconds_count_while_a_round_runs_and_not_while_it_is_paused() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 10)
    run_slice(scheduler, workers, now=12)
    assert round_.progress.seconds == 2
    scheduler.set_status(round_, Status.PAUSED, 13)
    assert round_.progress.seconds == 3
    scheduler.set_status(round_, Status.RUNNING, 100)
    run_slice(scheduler, workers, now=101)
    assert round_.progress.seconds == 4
    scheduler.set_status(round_, Status.STOPPED, 106)
    assert round_.progress.seconds == 9


def test_a_slice_that_ends_in_a_pause_adds_no_seconds() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 10)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.PAUSED, 11)
    scheduler.slice_done(0, order, workers[0].run(order), 15)
    assert round_.progress.seconds == 1


@pytest.mark.usefixtures("room_for_two")
def test_waiting_adds_no_seconds() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 10) for owner in "abc"]
    scheduler.set_status(rounds[0], Status.STOPPED, 30)
    scheduler.set_status(rounds[1], Status.STOPPED, 30)
    run_slice(scheduler, workers, now=32)
    assert rounds[2].progress.seconds == 2


def test_nothing_is_said_about_the_time_left_before_anything_was_measured() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    assert scheduler.remaining(round_) is None
    run_slice(scheduler, workers)
    assert scheduler.remaining(round_) is not None


def test_a_round_alone_needs_what_its_slices_have_needed() -> None:
    """Each slice here is a tenth of the round and takes 0.1 s on one worker."""
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for done in range(1, PLAN.epochs):
        run_slice(scheduler, workers)
        assert round_.progress.remaining == pytest.approx(0.1 * (PLAN.epochs - done))


def test_two_workers_need_half_the_time() -> None:
    scheduler, workers = simulated(2)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        run_slice(scheduler, workers, worker)
    assert round_.progress.remaining == pytest.approx(0.1 * (PLAN.epochs - 1))


def test_the_time_left_counts_others_up_to_what_the_round_will_have_received() -> None:
    scheduler, workers = simulated()
    first = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    alone = scheduler.remaining(first)
    assert alone is not None
    scheduler.add("small", RoundPlan(trials=1, epochs=10, hidden_layers=1, neurons=10), SOURCE, 0)  # a sixth of PLAN
    assert scheduler.remaining(first) == pytest.approx(alone + 1 / 6)
    scheduler.add("big", BIG, SOURCE, 0)  # is served until it has received as much as the first at its end
    assert scheduler.remaining(first) == pytest.approx(alone + 1 / 6 + 0.1 + alone)


def test_an_owner_who_has_received_more_recently_is_served_later() -> None:
    """Between two rounds with as much left, the slices that one has had before its neighbour are waited for alone."""
    scheduler, workers = simulated()
    first, second = scheduler.add("a", PLAN, SOURCE, 0), scheduler.add("b", PLAN, SOURCE, 0)
    for _ in range(3):
        run_slice(scheduler, workers)  # a, b, a
    assert first.progress.epochs_done[0] == 2 and second.progress.epochs_done[0] == 1
    assert scheduler.remaining(first) == pytest.approx(0.8 + 0.9)
    assert scheduler.remaining(second) == pytest.approx(0.9 + 0.8)
    scheduler.add("c", BIG, SOURCE, 0)  # who has received nothing yet
    assert scheduler.remaining(first) == pytest.approx(0.8 + 0.9 + 1.0)


def test_a_cycle_is_the_time_in_which_every_round_that_runs_gets_a_slice() -> None:
    scheduler, _ = simulated(2)
    assert scheduler.cycle_seconds() == 0
    rounds = [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(6)]
    scheduler.set_status(rounds[0], Status.PAUSED, 0)
    scheduler.set_status(rounds[1], Status.STOPPED, 0)
    assert scheduler.cycle_seconds() == pytest.approx(4 * SLICE_SECONDS / 2)


def test_a_paused_neighbour_costs_no_time() -> None:
    scheduler, workers = simulated()
    first = scheduler.add("a", PLAN, SOURCE, 0)
    run_slice(scheduler, workers)
    alone = scheduler.remaining(first)
    neighbour = scheduler.add("b", BIG, SOURCE, 0)
    scheduler.set_status(neighbour, Status.PAUSED, 0)
    assert scheduler.remaining(first) == alone


@pytest.mark.usefixtures("room_for_two")
def test_a_waiting_round_also_waits_for_those_before_it() -> None:
    scheduler, workers = simulated()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abcd"]
    run_slice(scheduler, workers)
    assert scheduler.remaining(rounds[2]) == pytest.approx(0.9 + 1 + 1)
    assert scheduler.remaining(rounds[3]) == pytest.approx(0.9 + 1 + 1 + 1)


def test_a_round_that_is_over_has_no_time_left() -> None:
    simulation = Simulation(1)
    round_ = simulation.add("a")
    simulation.run()
    assert round_.progress.remaining is None


# ---------------------------------------------------------------------------------------------------- versions


def test_every_change_is_a_new_version() -> None:
    scheduler, workers = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    versions = [round_.progress.version]
    run_slice(scheduler, workers)
    versions.append(round_.progress.version)
    for status in (Status.PAUSED, Status.RUNNING, Status.STOPPED):
        scheduler.set_status(round_, status, 0)
        versions.append(round_.progress.version)
    assert all(later > earlier for earlier, later in zip(versions, versions[1:], strict=False))


def test_a_status_set_twice_is_one_version() -> None:
    scheduler, _ = simulated()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.set_status(round_, Status.PAUSED, 0)
    paused = round_.progress
    scheduler.set_status(round_, Status.PAUSED, 1)
    assert round_.progress is paused
