"""The scheduler's rules, with made-up reports: no processes, no threads, and a clock that the tests set."""

from dataclasses import replace

import numpy as np
import pytest

import core.engine.scheduler as scheduler_module
from core.engine import admission
from core.engine.scheduler import DEATHS, FIRST_SLICE, SLICE, EngineBusy, Round, Scheduler
from core.engine.worker import least_memory, least_weights
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import Status
from tests.scheduling import (
    BIG,
    PLAN,
    SOURCE,
    Classroom,
    MadeUpWorker,
    accuracies,
    made,
    one_slice,
    positions,
    statuses,
)


@pytest.fixture
def room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for two rounds of PLAN on one worker, but not for three."""
    monkeypatch.setattr(admission, "MEMORY", least_memory([PLAN] * 2, 1) + least_weights(PLAN, 1) // 2)
    monkeypatch.setattr(admission, "RESERVE", 0)


# ---------------------------------------------------------------------------------------------------- whole rounds


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_every_trial_is_trained_every_epoch_exactly_once(workers: int) -> None:
    room = Classroom(workers)
    rounds = [room.add("a"), room.add("b", RoundPlan(trials=1, epochs=4)), room.add("c", RoundPlan(trials=5, epochs=1))]
    room.run()
    for round_ in rounds:
        plan = round_.plan
        assert round_.status is Status.FINISHED
        assert sorted(room.seen[round_.key]) == [(i, j) for i in range(plan.trials) for j in range(plan.epochs)]
        assert (round_.progress.epochs_done == plan.epochs).all()
    assert not room.scheduler.rounds


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
    scheduler, workers = made(2)
    scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        first, second = one_slice(scheduler, workers, worker), one_slice(scheduler, workers, worker)
        assert first.spec is not None and (first.spec.source, first.spec.plan) == (SOURCE, PLAN)
        assert second.spec is None


def test_a_rounds_first_slice_is_shorter() -> None:
    scheduler, workers = made()
    scheduler.add("a", PLAN, SOURCE, 0)
    assert [one_slice(scheduler, workers).seconds for _ in range(3)] == [FIRST_SLICE, SLICE, SLICE]


def test_an_idle_worker_gets_no_order() -> None:
    scheduler, workers = made(2)
    assert scheduler.next_slice(0) is None
    scheduler.add("a", RoundPlan(trials=1), SOURCE, 0)
    assert sum(scheduler.next_slice(worker) is None for worker in (0, 1)) == 1


# ---------------------------------------------------------------------------------------------------- the queue


def test_an_owner_has_one_round_at_a_time() -> None:
    room = Classroom(1)
    room.add("a")
    with pytest.raises(EngineBusy, match="running already"):
        room.add("a")
    room.run()
    assert room.add("a").status is Status.RUNNING


@pytest.mark.usefixtures("room_for_two")
def test_a_waiting_owner_may_not_queue_twice() -> None:
    room = Classroom(1)
    for owner in "abc":
        room.add(owner)
    with pytest.raises(EngineBusy, match="running already"):
        room.add("c")


@pytest.mark.usefixtures("room_for_two")
def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """And further rounds of few take nobody's place in it."""
    monkeypatch.setattr(scheduler_module, "QUEUE", 3)
    scheduler, _ = made()
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
def test_nobody_waits_behind_the_second_round_of_somebody_else() -> None:
    scheduler, workers = made()
    greedy = [scheduler.add("greedy", PLAN, SOURCE, 0, lane=f"tempt-{place}") for place in range(5)]
    other = scheduler.add("other", PLAN, SOURCE, 0)
    late = [scheduler.add("late", PLAN, SOURCE, 0, lane=lane) for lane in ("round", "again")]
    assert positions([*greedy, other, *late]) == [0, 0, 4, 5, 6, 1, 2, 3]
    one_slice(scheduler, workers)
    left = [scheduler.remaining(one) for one in (other, late[0], late[1], greedy[2])]
    assert left == pytest.approx([0.9 + 1 + 1, 0.9 + 1 + 2, 0.9 + 1 + 3, 0.9 + 1 + 4])
    scheduler.set_status(greedy[0], Status.STOPPED, 0)
    assert other.status is Status.RUNNING and positions([*greedy[2:], *late]) == [2, 4, 5, 1, 3]


@pytest.mark.usefixtures("room_for_two")
def test_rounds_beyond_the_memory_wait_and_know_their_position() -> None:
    scheduler, _ = made()
    rounds = [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(5)]
    assert statuses(rounds) == ["running", "running", "waiting", "waiting", "waiting"]
    assert positions(rounds) == [0, 0, 1, 2, 3]


@pytest.mark.usefixtures("room_for_two")
def test_trials_that_are_begun_later_take_no_memory_now() -> None:
    scheduler, _ = made()
    many = replace(PLAN, trials=200)
    rounds = [scheduler.add(str(owner), many, SOURCE, 0) for owner in range(3)]
    assert statuses(rounds) == ["running", "running", "waiting"]


@pytest.mark.usefixtures("room_for_two")
def test_rounds_are_admitted_in_the_order_they_came() -> None:
    scheduler, _ = made()
    rounds = [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(5)]
    for ended in range(3):
        scheduler.set_status(rounds[ended], Status.STOPPED, 0)
        assert statuses(rounds)[ended + 1 : ended + 3] == ["running", "running"]
        assert positions(rounds) == [0] * (ended + 3) + list(range(1, 3 - ended))


@pytest.mark.usefixtures("room_for_two")
def test_without_a_reserve_a_small_round_does_not_overtake_a_large_one_in_the_queue() -> None:
    scheduler, _ = made()
    first = scheduler.add("first", PLAN, SOURCE, 0)
    large = scheduler.add("large", RoundPlan(trials=6, epochs=10, hidden_layers=1, neurons=20), SOURCE, 0)
    small = scheduler.add("small", RoundPlan(trials=1, hidden_layers=1, neurons=10), SOURCE, 0)
    assert statuses([first, large, small]) == ["running", "waiting", "waiting"]
    scheduler.set_status(first, Status.STOPPED, 0)
    assert statuses([large, small]) == ["running", "running"]


def test_one_round_may_always_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MEMORY", 1)
    monkeypatch.setattr(admission, "RESERVE", 0)
    room = Classroom(2)
    rounds = [room.add(owner) for owner in "abc"]
    assert statuses(rounds) == ["running", "waiting", "waiting"]
    room.run()
    assert statuses(rounds) == ["finished"] * 3


LARGEST = RoundPlan(
    trials=32, epochs=200, dataset="mnist", images=10_000, hidden_layers=8, neurons=256, optimizer="adam",
    give_up=(100,),
)  # fmt: skip
LESSON = RoundPlan(dataset="mnist")


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_the_largest_round_there_may_be_takes_nobody_elses_place(workers: int) -> None:
    assert least_memory([LARGEST], workers) > admission.MEMORY
    scheduler, _ = made(workers)
    large = scheduler.add("large", LARGEST, SOURCE, 0)
    lessons = [scheduler.add(str(owner), LESSON, SOURCE, 0) for owner in range(20)]
    second = scheduler.add("also large", LARGEST, SOURCE, 0)
    assert statuses([large, second]) == ["running", "waiting"]
    running = [one for one in lessons if one.status is Status.RUNNING]
    assert len(running) >= 5 and least_memory([LESSON] * len(running), workers) <= admission.reserve(workers)
    assert lessons[: len(running)] == running
    scheduler.set_status(running[0], Status.STOPPED, 0)
    assert lessons[len(running)].status is Status.RUNNING


def test_a_small_round_does_not_reckon_with_the_end_of_a_large_one() -> None:
    scheduler, _ = made(2)
    large = scheduler.add("large", LARGEST, SOURCE, 0)
    lessons = [scheduler.add(str(owner), LESSON, SOURCE, 0) for owner in range(20)]
    scheduler.rate = 1e9
    running = [one for one in lessons if one.status is Status.RUNNING]
    first, second = [one for one in lessons if one.status is Status.WAITING][:2]
    lesson = lessons[0].work_left() / (2 * scheduler.rate)  # seconds
    for place, waiting in enumerate((first, second), start=1):  # the large one trains as long as all of them
        assert scheduler.remaining(waiting) == pytest.approx(2 * lesson * (len(running) + place))
    assert large.work_left() / (2 * scheduler.rate) > 10 * scheduler.remaining(second)  # type: ignore[operator]
    also_large = scheduler.add("also large", LARGEST, SOURCE, 0)
    left = scheduler.remaining(also_large)
    assert left is not None and left > 2 * large.work_left() / (2 * scheduler.rate)


def test_a_large_round_in_the_queue_is_passed_in_the_reserve_alone_and_starts_once_the_rest_is_free() -> None:
    scheduler, _ = made(2)
    crowd = [scheduler.add(str(owner), LESSON, SOURCE, 0) for owner in range(40)]
    assert {one.status for one in crowd} == {Status.RUNNING}  # nobody large: they have all the memory
    large = scheduler.add("large", LARGEST, SOURCE, 0)
    late = [scheduler.add(f"late {owner}", LESSON, SOURCE, 0) for owner in range(40)]
    assert statuses([large, *late]) == ["waiting"] * 41
    while large.status is Status.WAITING:  # those who come late fill the reserve, and nothing else
        held = [LESSON for one in [*crowd, *late] if one.status is Status.RUNNING]
        assert least_memory(held, 2) > admission.reserve(2)
        scheduler.set_status(next(one for one in crowd if one.status is Status.RUNNING), Status.STOPPED, 0)
    assert large.status is Status.RUNNING and "waiting" in statuses(late)


@pytest.mark.usefixtures("room_for_two")
def test_a_paused_round_still_holds_its_memory() -> None:
    scheduler, _ = made()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    scheduler.set_status(rounds[0], Status.PAUSED, 0)
    rounds.append(scheduler.add("c", PLAN, SOURCE, 0))
    assert statuses(rounds) == ["paused", "running", "waiting"]


# ---------------------------------------------------------------------------------------------------- stop and pause


@pytest.mark.usefixtures("room_for_two")
def test_a_waiting_round_can_be_stopped_and_the_others_move_up() -> None:
    scheduler, _ = made()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abcde"]
    scheduler.set_status(rounds[2], Status.STOPPED, 0)
    assert statuses(rounds) == ["running", "running", "stopped", "waiting", "waiting"]
    assert positions(rounds) == [0, 0, 0, 1, 2]


def test_a_paused_round_gets_no_slices_until_it_is_resumed() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    one_slice(scheduler, workers)
    scheduler.set_status(round_, Status.PAUSED, 0)
    assert scheduler.next_slice(0) is None
    scheduler.set_status(round_, Status.RUNNING, 0)
    assert one_slice(scheduler, workers).spec is None


def test_a_paused_round_can_be_stopped() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    one_slice(scheduler, workers)
    scheduler.set_status(round_, Status.PAUSED, 0)
    scheduler.set_status(round_, Status.STOPPED, 0)
    assert (round_.status, scheduler.rounds, scheduler.dropped) == (Status.STOPPED, {}, [{round_.key}])


def test_what_was_learned_before_a_stop_stays() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    one_slice(scheduler, workers)
    scheduler.set_status(round_, Status.STOPPED, 0)
    assert round_.progress.epochs_done.tolist() == [1] * PLAN.trials
    assert np.allclose(round_.progress.validation_accuracy[:, 0], accuracies(PLAN)[:, 0])


@pytest.mark.parametrize("over", [Status.STOPPED, Status.FAILED, Status.FINISHED])
@pytest.mark.parametrize("next_", Status)
def test_a_round_that_is_over_stays_as_it_is(over: Status, next_: Status) -> None:
    scheduler, _ = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.set_status(round_, over, 0)
    last = round_.progress
    scheduler.set_status(round_, next_, 1)
    assert round_.progress is last


@pytest.mark.parametrize("slices_before", [0, 1], ids=["first slice", "later slice"])
def test_a_slice_on_the_way_when_its_round_is_stopped_changes_nothing(slices_before: int) -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for _ in range(slices_before):
        one_slice(scheduler, workers)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.STOPPED, 0)
    last = round_.progress
    scheduler.slice_done(0, order, workers[0].run(order), 1)
    assert round_.progress is last


@pytest.mark.parametrize("slices_before", [0, 1], ids=["first slice", "later slice"])
def test_a_stopped_rounds_shares_are_forgotten_by_the_workers_that_hold_them(slices_before: int) -> None:
    """Worker 0 is in a slice, worker 1 holds its share, worker 2 was never reached."""
    scheduler, workers = made(3)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for _ in range(slices_before):
        one_slice(scheduler, workers, 0)
    one_slice(scheduler, workers, 1)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.STOPPED, 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    other = scheduler.add("b", PLAN, SOURCE, 0)
    told = [one_slice(scheduler, workers, worker).drop for worker in range(3)]
    assert told == [(round_.key,), (round_.key,), ()]
    assert [list(worker.held) for worker in workers] == [[other.key]] * 3


def test_a_share_is_told_to_be_forgotten_once() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    one_slice(scheduler, workers)
    scheduler.set_status(round_, Status.STOPPED, 0)
    scheduler.add("b", PLAN, SOURCE, 0)
    assert [one_slice(scheduler, workers).drop for _ in range(2)] == [(round_.key,), ()]


def test_a_share_that_finished_in_its_last_slice_need_not_be_forgotten() -> None:
    scheduler, workers = made(2)
    round_ = scheduler.add("a", RoundPlan(trials=2, epochs=1), SOURCE, 0)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.STOPPED, 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    assert scheduler.dropped == [set(), set()]


def test_a_round_whose_last_slice_ends_in_a_pause_is_finished() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", RoundPlan(trials=2, epochs=1), SOURCE, 0)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.PAUSED, 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    assert round_.status is Status.FINISHED


# ---------------------------------------------------------------------------------------------------- deaths


def die(scheduler: Scheduler, workers: list[MadeUpWorker], worker: int = 0) -> None:
    """The worker dies in its next slice."""
    order = scheduler.next_slice(worker)
    assert order is not None
    workers[worker] = MadeUpWorker()
    scheduler.worker_died(worker, order, 0)


def test_a_round_fails_with_a_sentence_after_three_deaths_in_the_same_slice() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    one_slice(scheduler, workers)
    for _ in range(DEATHS - 1):
        die(scheduler, workers)
        assert round_.status is Status.RUNNING
    die(scheduler, workers)
    assert round_.status is Status.FAILED
    assert str(round_.fault) == "The training process ended 3 times at the same place; the round was given up."


def test_deaths_with_progress_between_them_do_not_fail_a_round() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for epochs in range(1, PLAN.epochs):
        for _ in range(DEATHS - 1):
            die(scheduler, workers)
        for _ in range(epochs):  # from the start, and one epoch further than ever before
            one_slice(scheduler, workers)
    assert round_.status is Status.RUNNING


def test_training_again_what_was_trained_before_is_no_progress() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for _ in range(5):
        one_slice(scheduler, workers)
    for _ in range(DEATHS):
        die(scheduler, workers)
        for _ in range(3):
            if round_.status is Status.RUNNING:
                one_slice(scheduler, workers)
    assert round_.status is Status.FAILED


def test_deaths_of_different_workers_are_not_the_same_place() -> None:
    scheduler, workers = made(3)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in range(3):
        for _ in range(DEATHS - 1):
            die(scheduler, workers, worker)
    assert round_.status is Status.RUNNING


def test_deaths_in_one_round_do_not_count_for_another_on_the_same_worker() -> None:
    scheduler, workers = made()
    scheduler.add("a", PLAN, SOURCE, 0)
    other = scheduler.add("b", PLAN, SOURCE, 0)
    for _ in range(DEATHS):
        die(scheduler, workers)  # nothing received yet, so the older round is always first
    assert statuses([other]) == ["running"]
    assert other.shares[0].deaths == 0


def test_after_a_death_all_rounds_begin_anew_on_that_worker_and_on_no_other() -> None:
    scheduler, workers = made(2)
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    for worker in (0, 1):
        assert {one_slice(scheduler, workers, worker).key for _ in rounds} == {round_.key for round_ in rounds}
    die(scheduler, workers, 0)
    anew = {order.key: order.spec for order in (one_slice(scheduler, workers, 0) for _ in rounds)}
    assert set(anew) == {round_.key for round_ in rounds} and all(anew.values())
    assert one_slice(scheduler, workers, 1).spec is None


def test_a_new_worker_is_not_told_to_forget_what_the_dead_one_held() -> None:
    scheduler, workers = made()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    for _ in rounds:
        one_slice(scheduler, workers)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(rounds[0], Status.STOPPED, 0)
    scheduler.worker_died(0, order, 0)
    assert scheduler.dropped == [set()]


def test_a_death_in_a_slice_of_a_round_that_is_over_is_nobodys_fault() -> None:
    scheduler, workers = made()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "ab"]
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(rounds[0], Status.STOPPED, 0)
    for _ in range(DEATHS):
        scheduler.worker_died(0, order, 0)
    assert statuses(rounds) == ["stopped", "running"]


@pytest.mark.parametrize("seed", range(5))
def test_deaths_at_random_leave_every_round_complete(seed: int) -> None:
    room = Classroom(3, seed)
    rounds = [room.add(str(owner), RoundPlan(trials=7, epochs=6)) for owner in range(4)]
    dead = 0
    while room.hand_out() or room.busy:
        _, worker, order, _ = room.busy[0]
        round_ = room.scheduler.rounds.get(order.key)
        death = round_ is not None and not round_.shares[worker].deaths and room.rng.random() < 0.15
        dead += death
        room.finish_one(death)
    assert dead > 5
    for round_ in rounds:
        assert round_.status is Status.FINISHED
        assert not np.isnan(round_.progress.validation_accuracy).any()


# ---------------------------------------------------------------------------------------------------- rungs

RACE = RoundPlan(trials=17, epochs=9, give_up=(2, 3, 6), seed=4)


def halved(plan: RoundPlan) -> dict[int, int]:
    """Successive halving one by one: the epochs that each trial is trained."""
    racing, ends = list(range(plan.trials)), dict.fromkeys(range(plan.trials), plan.epochs)
    for rung in plan.give_up:
        order = sorted(racing, key=lambda trial: (-accuracies(plan)[trial, rung - 1], trial))  # noqa: B023
        racing = order[: (len(order) + 1) // 2]
        ends |= dict.fromkeys(order[len(racing) :], rung)
    return ends


def as_halved(room: Classroom, round_: Round) -> bool:
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
def test_who_is_given_up_depends_on_the_plan_alone(workers: int, seed: int) -> None:
    room = Classroom(workers, seed)
    rounds = [room.add(str(owner), replace(RACE, seed=owner)) for owner in range(3)] + [room.add("no rungs")]
    room.run()
    assert all(as_halved(room, round_) for round_ in rounds)
    for round_ in rounds[:3]:
        steps = [(trial, epoch) for trial, end in halved(round_.plan).items() for epoch in range(end)]
        assert sorted(room.seen[round_.key]) == steps


def test_a_share_that_has_come_to_a_rung_waits_for_the_others() -> None:
    scheduler, workers = made(2)
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    for _ in range(2):
        one_slice(scheduler, workers, 0)
    assert scheduler.next_slice(0) is None and not round_.progress.given_up.any()
    for _ in range(2):
        one_slice(scheduler, workers, 1)
    assert round_.progress.given_up.sum() == 8
    assert {one_slice(scheduler, workers, worker).until for worker in (0, 1)} == {3}


def test_a_worker_that_waits_at_a_rung_goes_on_with_other_rounds() -> None:
    scheduler, workers = made(2)
    scheduler.add("a", RACE, SOURCE, 0)
    for _ in range(2):
        one_slice(scheduler, workers, 0)
    other = scheduler.add("b", PLAN, SOURCE, 0)
    assert [one_slice(scheduler, workers, 0).key for _ in range(5)] == [other.key] * 5


def test_a_worker_hears_once_of_each_trial_that_is_given_up() -> None:
    scheduler, workers = made(2)
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    heard: list[int] = []
    while not round_.status.over:
        for worker in (0, 1):
            if scheduler.has_work(worker):
                heard += one_slice(scheduler, workers, worker).gone
    assert sorted(heard) == np.flatnonzero(round_.progress.given_up).tolist()


@pytest.mark.parametrize("seed", range(8))
def test_deaths_at_random_give_up_the_same_trials_and_leave_their_curves_alone(seed: int) -> None:
    room = Classroom(3, seed)
    rounds = [room.add(str(owner), replace(RACE, seed=owner)) for owner in range(4)]
    dead = 0
    while room.hand_out() or room.busy:
        _, worker, order, _ = room.busy[0]
        round_ = room.scheduler.rounds.get(order.key)
        death = round_ is not None and not round_.shares[worker].deaths and room.rng.random() < 0.15
        dead += death
        room.finish_one(death)
    assert dead > 3
    assert all(as_halved(room, round_) for round_ in rounds)


def test_after_a_death_only_the_trials_that_went_on_are_trained_again() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    for _ in range(2):
        one_slice(scheduler, workers)
    die(scheduler, workers)
    anew = one_slice(scheduler, workers)
    assert anew.spec is not None and anew.until == 3 and anew.gone == ()
    assert anew.spec.trials == tuple(np.flatnonzero(~round_.progress.given_up))


def test_a_worker_lost_while_it_waits_at_a_rung_has_done_its_part_of_the_decision() -> None:
    scheduler, workers = made(2)
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    for _ in range(2):
        one_slice(scheduler, workers, 0)
    workers[0] = MadeUpWorker()
    scheduler.worker_lost(0, 0)
    assert not scheduler.has_work(0)
    for _ in range(2):
        one_slice(scheduler, workers, 1)
    assert round_.progress.given_up.sum() == 8
    assert one_slice(scheduler, workers, 0).spec is not None


def test_a_worker_that_dies_again_behind_a_rung_has_come_further() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    for epochs in range(1, RACE.epochs):
        for _ in range(DEATHS - 1):
            die(scheduler, workers)
        for _ in range(epochs):
            one_slice(scheduler, workers)
    assert round_.status is Status.RUNNING


def test_deaths_at_the_same_place_behind_a_rung_fail_a_round() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    for _ in range(4):
        one_slice(scheduler, workers)
    for death in range(DEATHS):
        die(scheduler, workers)
        for _ in range(4 if death < DEATHS - 1 else 0):
            one_slice(scheduler, workers)
    assert round_.status is Status.FAILED


def test_the_time_left_of_a_round_with_rungs_is_that_of_the_work_that_they_leave() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    total = sum(halved(RACE).values())
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.slice_done(0, order, workers[0].run(order, 1.7), 0)  # 17 trials: a tenth of a second each
    assert round_.progress.remaining == pytest.approx(0.1 * (total - 17))


# ---------------------------------------------------------------------------------------------------- given up by hand


def test_a_trial_given_up_by_hand_ends_where_it_is_and_the_others_do_not_notice() -> None:
    scheduler, workers = made(2)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        one_slice(scheduler, workers, worker)
    scheduler.give_up(round_, [2], 0)
    assert round_.progress.given_up.tolist() == [trial == 2 for trial in range(6)]
    while not round_.status.over:
        for worker in (0, 1):
            if scheduler.has_work(worker):
                one_slice(scheduler, workers, worker)
    assert round_.progress.epochs_done.tolist() == [1 if trial == 2 else 10 for trial in range(6)]
    others = [0, 1, 3, 4, 5]
    assert np.allclose(round_.progress.validation_accuracy[others], accuracies(PLAN)[others])


def test_what_a_slice_on_the_way_brings_of_a_trial_given_up_meanwhile_is_not_entered() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.give_up(round_, [2], 0)
    scheduler.slice_done(0, order, workers[0].run(order), 0)
    assert round_.progress.epochs_done.tolist() == [1, 1, 0, 1, 1, 1]
    assert one_slice(scheduler, workers).gone == (2,)


def test_a_trial_given_up_by_hand_leaves_its_place_at_the_next_rung_to_another() -> None:
    best, *_ = sorted(range(17), key=lambda trial: (-accuracies(RACE)[trial, 1], trial))
    scheduler, workers = made()
    round_ = scheduler.add("a", RACE, SOURCE, 0)
    one_slice(scheduler, workers)
    scheduler.give_up(round_, [best], 0)
    one_slice(scheduler, workers)
    assert round_.progress.given_up.sum() == 8 and round_.progress.epochs_done[best] == 1


def test_giving_up_by_hand_what_the_rung_would_give_up_changes_nobody_elses_fate() -> None:
    *_, worst = sorted(range(17), key=lambda trial: (-accuracies(RACE)[trial, 1], trial))
    room = Classroom(2)
    round_ = room.add("a", RACE)
    room.hand_out()
    room.finish_one()
    room.scheduler.give_up(round_, [worst], room.now)
    room.run()
    ends = {trial: end for trial, end in enumerate(round_.progress.epochs_done.tolist()) if trial != worst}
    assert ends == {trial: end for trial, end in halved(RACE).items() if trial != worst}


def test_the_last_one_that_others_wait_for_at_a_rung_may_be_given_up() -> None:
    scheduler, workers = made(2)
    plan = replace(RACE, trials=3, give_up=(1,))
    round_ = scheduler.add("a", plan, SOURCE, 0)
    slow = next(worker for worker in (0, 1) if len(round_.shares[worker].trials) == 1)
    one_slice(scheduler, workers, 1 - slow)
    scheduler.give_up(round_, round_.shares[slow].trials, 0)
    while not round_.status.over:
        one_slice(scheduler, workers, 1 - slow)
    assert round_.status is Status.FINISHED and sorted(round_.progress.epochs_done.tolist()) == [0, 9, 9]


def nothing_is_kept(room: Classroom) -> bool:
    """Whether the workers hold nothing but what they are to forget with their next order."""
    dropped = room.scheduler.dropped
    return all(worker.held.keys() <= forget for worker, forget in zip(room.workers, dropped, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_hands_deaths_and_pauses_at_random_leave_every_round_complete(seed: int) -> None:
    room = Classroom(3, seed)
    rounds = [room.add(str(owner), replace(RACE, seed=owner)) for owner in range(4)] + [room.add("no rungs")]
    while room.hand_out() or room.busy:
        _, worker, order, _ = room.busy[0]
        round_ = room.scheduler.rounds.get(order.key)
        if round_ is not None and room.rng.random() < 0.3:
            room.scheduler.give_up(round_, [int(room.rng.integers(round_.plan.trials))], room.now)
        death = round_ is not None and not round_.shares[worker].deaths and room.rng.random() < 0.1
        room.finish_one(death)
    for round_ in rounds:
        progress, plan = round_.progress, round_.plan
        assert round_.status is Status.FINISHED
        assert ((progress.epochs_done == plan.epochs) ^ progress.given_up).all()
        assert (~np.isnan(progress.validation_accuracy)).sum() == progress.epochs_done.sum()
    assert nothing_is_kept(room)


def test_a_round_of_which_all_is_given_up_is_finished() -> None:
    room = Classroom(2)
    round_ = room.add("a")
    room.hand_out()
    room.finish_one()
    room.scheduler.give_up(round_, range(6), room.now)
    room.run()
    assert round_.status is Status.FINISHED and round_.progress.given_up.all()
    assert nothing_is_kept(room)


def test_a_round_that_waits_may_be_given_up_altogether() -> None:
    scheduler, _ = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.give_up(round_, range(6), 0)
    assert round_.status is Status.FINISHED and not scheduler.rounds


def test_the_worker_of_a_share_that_was_given_up_altogether_may_die() -> None:
    scheduler, workers = made(2)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        one_slice(scheduler, workers, worker)
    scheduler.give_up(round_, range(6), 0)
    for worker in (0, 1):
        assert round_.status is Status.RUNNING
        scheduler.worker_lost(worker, 0)
    assert round_.status is Status.FINISHED


def test_nothing_can_be_given_up_in_a_round_that_is_over() -> None:
    scheduler, _ = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.set_status(round_, Status.STOPPED, 0)
    last = round_.progress
    scheduler.give_up(round_, [0], 0)
    assert round_.progress is last


# ---------------------------------------------------------------------------------------------------- some trials


def test_some_trials_of_a_round_are_trained_and_no_others() -> None:
    room = Classroom(2)
    round_ = room.scheduler.add("a", PLAN, SOURCE, 0, trials=[4, 1, 3])
    room.received[round_.key], room.seen[round_.key] = 0.0, []
    room.run()
    assert round_.status is Status.FINISHED
    assert sorted(room.seen[round_.key]) == [(trial, epoch) for trial in (1, 3, 4) for epoch in range(10)]
    assert round_.progress.ranking().tolist() == sorted([1, 3, 4], key=lambda one: (-accuracies(PLAN)[one, -1], one))


@pytest.mark.parametrize("trials", [[], [6], [-1, 2]])
def test_trials_that_the_round_does_not_have_are_refused(trials: list[int]) -> None:
    scheduler, _ = made()
    with pytest.raises(LessonError, match="trials 0 to 5"):
        scheduler.add("a", PLAN, SOURCE, 0, trials=trials)
    assert not scheduler.rounds


# ---------------------------------------------------------------------------------------------------- times


def test_seconds_count_while_a_round_runs_and_not_while_it_is_paused() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 10)
    one_slice(scheduler, workers, now=12)
    assert round_.progress.seconds == 2
    scheduler.set_status(round_, Status.PAUSED, 13)
    assert round_.progress.seconds == 3
    scheduler.set_status(round_, Status.RUNNING, 100)
    one_slice(scheduler, workers, now=101)
    assert round_.progress.seconds == 4
    scheduler.set_status(round_, Status.STOPPED, 106)
    assert round_.progress.seconds == 9


def test_a_slice_that_ends_in_a_pause_adds_no_seconds() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 10)
    order = scheduler.next_slice(0)
    assert order is not None
    scheduler.set_status(round_, Status.PAUSED, 11)
    scheduler.slice_done(0, order, workers[0].run(order), 15)
    assert round_.progress.seconds == 1


@pytest.mark.usefixtures("room_for_two")
def test_waiting_adds_no_seconds() -> None:
    scheduler, workers = made()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 10) for owner in "abc"]
    scheduler.set_status(rounds[0], Status.STOPPED, 30)
    scheduler.set_status(rounds[1], Status.STOPPED, 30)
    one_slice(scheduler, workers, now=32)
    assert rounds[2].progress.seconds == 2


def test_nothing_is_said_about_the_time_left_before_anything_was_measured() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    assert scheduler.remaining(round_) is None
    one_slice(scheduler, workers)
    assert scheduler.remaining(round_) is not None


def test_a_round_alone_needs_what_its_slices_have_needed() -> None:
    """Each slice here is a tenth of the round and takes 0.1 s on one worker."""
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for done in range(1, PLAN.epochs):
        one_slice(scheduler, workers)
        assert round_.progress.remaining == pytest.approx(0.1 * (PLAN.epochs - done))


def test_two_workers_need_half_the_time() -> None:
    scheduler, workers = made(2)
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    for worker in (0, 1):
        one_slice(scheduler, workers, worker)
    assert round_.progress.remaining == pytest.approx(0.1 * (PLAN.epochs - 1))


def test_others_count_up_to_what_the_round_will_have_received_at_its_end() -> None:
    scheduler, workers = made()
    first = scheduler.add("a", PLAN, SOURCE, 0)
    one_slice(scheduler, workers)
    alone = scheduler.remaining(first)
    assert alone is not None
    scheduler.add("small", RoundPlan(trials=1, epochs=10, hidden_layers=1, neurons=10), SOURCE, 0)  # a sixth of PLAN
    assert scheduler.remaining(first) == pytest.approx(alone + 1 / 6)
    scheduler.add("big", BIG, SOURCE, 0)  # is served until it has received as much as the first at its end
    assert scheduler.remaining(first) == pytest.approx(alone + 1 / 6 + 0.1 + alone)


def test_whoever_has_received_more_of_late_comes_later() -> None:
    """Between two rounds with as much left, the slices that one has had before its neighbour are waited for alone."""
    scheduler, workers = made()
    first, second = scheduler.add("a", PLAN, SOURCE, 0), scheduler.add("b", PLAN, SOURCE, 0)
    for _ in range(3):
        one_slice(scheduler, workers)  # a, b, a
    assert first.progress.epochs_done[0] == 2 and second.progress.epochs_done[0] == 1
    assert scheduler.remaining(first) == pytest.approx(0.8 + 0.9)
    assert scheduler.remaining(second) == pytest.approx(0.9 + 0.8)
    scheduler.add("c", BIG, SOURCE, 0)  # who has received nothing yet
    assert scheduler.remaining(first) == pytest.approx(0.8 + 0.9 + 1.0)


def test_a_turn_is_the_time_in_which_every_round_that_runs_gets_a_slice() -> None:
    scheduler, _ = made(2)
    assert scheduler.turn() == 0
    rounds = [scheduler.add(str(owner), PLAN, SOURCE, 0) for owner in range(6)]
    scheduler.set_status(rounds[0], Status.PAUSED, 0)
    scheduler.set_status(rounds[1], Status.STOPPED, 0)
    assert scheduler.turn() == pytest.approx(4 * SLICE / 2)


def test_a_paused_neighbour_costs_no_time() -> None:
    scheduler, workers = made()
    first = scheduler.add("a", PLAN, SOURCE, 0)
    one_slice(scheduler, workers)
    alone = scheduler.remaining(first)
    neighbour = scheduler.add("b", BIG, SOURCE, 0)
    scheduler.set_status(neighbour, Status.PAUSED, 0)
    assert scheduler.remaining(first) == alone


@pytest.mark.usefixtures("room_for_two")
def test_a_waiting_round_also_waits_for_those_before_it() -> None:
    scheduler, workers = made()
    rounds = [scheduler.add(owner, PLAN, SOURCE, 0) for owner in "abcd"]
    one_slice(scheduler, workers)
    assert scheduler.remaining(rounds[2]) == pytest.approx(0.9 + 1 + 1)
    assert scheduler.remaining(rounds[3]) == pytest.approx(0.9 + 1 + 1 + 1)


def test_a_round_that_is_over_has_no_time_left() -> None:
    room = Classroom(1)
    round_ = room.add("a")
    room.run()
    assert round_.progress.remaining is None


# ---------------------------------------------------------------------------------------------------- versions


def test_every_change_is_a_new_version() -> None:
    scheduler, workers = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    versions = [round_.progress.version]
    one_slice(scheduler, workers)
    versions.append(round_.progress.version)
    for status in (Status.PAUSED, Status.RUNNING, Status.STOPPED):
        scheduler.set_status(round_, status, 0)
        versions.append(round_.progress.version)
    assert all(later > earlier for earlier, later in zip(versions, versions[1:], strict=False))


def test_a_status_set_twice_is_one_version() -> None:
    scheduler, _ = made()
    round_ = scheduler.add("a", PLAN, SOURCE, 0)
    scheduler.set_status(round_, Status.PAUSED, 0)
    paused = round_.progress
    scheduler.set_status(round_, Status.PAUSED, 1)
    assert round_.progress is paused
