"""The engine with real processes: the same bits whoever dies, everybody's turn, and nobody left behind at the end."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from core.datasets import load_training
from core.engine import local
from core.engine.local import Engine, RoundHandle
from core.engine.scheduler import EngineBusy
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, RoundResult, Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from tests.direct import alone
from tests.waiting import LIMIT

ROOT = Path(__file__).parents[1]
MIXED = SearchSpace(LogRange(-3, 1), LogRange(-8, 0))  # some trials diverge, some do not
SHORT = RoundPlan(MIXED, trials=7, epochs=4, hidden_layers=2, neurons=30)
MIDDLE = RoundPlan(SearchSpace(LogRange(-3, -2)), trials=20, epochs=20, images=300)  # about half a second
LONG = RoundPlan(trials=200, epochs=200)  # no test waits for its end


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Two workers that the tests share; a test may kill them, new ones come."""
    made = Engine(workers=2)
    yield made
    made.close()


@pytest.fixture
def long_round(engine: Engine, request: pytest.FixtureRequest) -> Iterator[RoundHandle]:
    """A round that is on its way on both workers."""
    handle = engine.start(request.node.name, LONG)
    until(handle, lambda progress: np.count_nonzero(progress.epochs_done) > 10)
    yield handle
    handle.stop()


def until(handle: RoundHandle, condition: Callable[[RoundProgress], object]) -> RoundProgress:
    """The first version of a round that meets a condition."""
    progress = handle.wait_for(condition, LIMIT)
    assert condition(progress), f"the round is {progress.status} and it never came to this"
    return progress


def kill(pid: int) -> None:
    """SIGKILL, and no mercy with who is gone already."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).kill()


def expected(plan: RoundPlan) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """(training, validation, diverged) of a round trained without an engine, each trial alone."""
    curves = np.empty((2, plan.trials, plan.epochs), np.float32)
    trained = alone(plan)
    for trial in range(plan.trials):
        for curve, found in zip(
            curves[:, trial], (trained[trial].train_accuracy, trained[trial].validation_accuracy), strict=True
        ):
            curve[: len(found)], curve[len(found) :] = found, found[-1]
    return curves[0], curves[1], [trained[trial].diverged for trial in range(plan.trials)]


def equals_direct_training(found: RoundResult | RoundProgress) -> bool:
    """To the bit."""
    train, validation, diverged = expected(found.plan)
    return (
        np.array_equal(found.train_accuracy, train)
        and np.array_equal(found.validation_accuracy, validation)
        and found.diverged.tolist() == diverged
    )


# ---------------------------------------------------------------------------------------------------- results


def test_the_short_round_has_trials_that_diverge_and_others() -> None:
    assert set(expected(SHORT)[2]) == {True, False}


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_gives_what_training_without_an_engine_gives(workers: int) -> None:
    engine = Engine(workers)
    try:
        assert equals_direct_training(run_round(SHORT, engine))
        assert equals_direct_training(run_round(MIDDLE, engine))
    finally:
        engine.close()


def test_a_round_on_mnist_gives_what_training_without_an_engine_gives(engine: Engine, mnist_dir: Path) -> None:
    assert mnist_dir.is_dir()
    plan = RoundPlan(SearchSpace(LogRange(-3, -2)), trials=3, epochs=2, dataset="mnist")
    assert equals_direct_training(run_round(plan, engine))


def test_rounds_at_the_same_time_do_not_disturb_each_other(engine: Engine) -> None:
    plans = [replace(SHORT, seed=seed, trials=4) for seed in range(6)]
    handles = [engine.start(f"student {plan.seed}", plan) for plan in plans]
    assert all(equals_direct_training(handle.wait(timeout=LIMIT)) for handle in handles)


def test_a_version_once_seen_is_never_changed(engine: Engine) -> None:
    handle = engine.start("reader", MIDDLE)
    seen = []
    progress = handle.progress
    while not progress.status.over:
        seen.append((progress, progress.train_accuracy.tobytes(), progress.epochs_done.tobytes()))
        progress = until(handle, lambda later, last=progress: later.version > last.version)
    versions = [version.version for version, *_ in seen]
    assert len(seen) > 3 and versions == sorted(set(versions))
    for version, train, done in seen:
        assert (version.train_accuracy.tobytes(), version.epochs_done.tobytes()) == (train, done)


# ---------------------------------------------------------------------------------------------------- deaths


def test_a_worker_killed_in_the_middle_is_replaced_and_changes_nothing(engine: Engine) -> None:
    before = engine.pids()
    handle = engine.start("unlucky", MIDDLE)
    until(handle, lambda progress: progress.epochs_done.sum() >= 40)
    kill(before[0])
    assert equals_direct_training(handle.wait(timeout=LIMIT))
    after = engine.pids()
    assert after[0] != before[0] and after[1] == before[1]
    assert not psutil.pid_exists(before[0])


@pytest.mark.parametrize("seed", range(3))
def test_workers_killed_at_random_change_nothing(engine: Engine, seed: int) -> None:
    rng = np.random.default_rng(seed)
    run_round(SHORT, engine)  # who was killed while idle is replaced now, and not counted below
    handle = engine.start("unlucky", replace(MIDDLE, seed=seed))
    for worker in rng.permutation([0, 0, 1, 1]):  # a third death at the same place would be one too many
        version = handle.progress.version + int(rng.integers(1, 4))
        handle.wait_for(lambda progress, version=version: progress.version >= version, LIMIT)
        kill(engine.pids()[worker])
    progress = handle.wait(timeout=LIMIT)
    assert progress.status is Status.FINISHED
    assert equals_direct_training(progress)


def test_a_worker_killed_while_idle_is_replaced_for_the_next_round(engine: Engine) -> None:
    run_round(SHORT, engine)
    for pid in engine.pids():
        kill(pid)
    assert equals_direct_training(run_round(SHORT, engine))


def test_all_workers_killed_at_once_change_nothing(engine: Engine) -> None:
    handle = engine.start("unlucky", MIDDLE)
    until(handle, lambda progress: progress.epochs_done.sum() >= 40)
    for pid in engine.pids():
        kill(pid)
    assert equals_direct_training(handle.wait(timeout=LIMIT))


def test_a_round_whose_workers_always_die_fails_with_a_sentence(engine: Engine) -> None:
    handle = engine.start("doomed", LONG)
    while not handle.progress.status.over:
        for pid in engine.pids():
            kill(pid)
        handle.wait(timeout=0.01)  # only so that the other threads get the processor
    assert handle.progress.status is Status.FAILED
    assert "3 times at the same place" in str(handle.fault)


def test_a_worker_that_cannot_even_start_fails_the_round_and_the_engine_goes_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(local.sys, "executable", shutil.which("false"))
        handle = engine.start("doomed", LONG)
        kill(engine.pids()[0])
        assert handle.wait(timeout=LIMIT).status is Status.FAILED
    assert "3 times at the same place" in str(handle.fault)
    assert equals_direct_training(run_round(SHORT, engine))


def test_what_was_learned_before_a_failure_stays(long_round: RoundHandle, engine: Engine) -> None:
    done = long_round.progress.epochs_done
    while not long_round.progress.status.over:
        kill(engine.pids()[0])
        long_round.wait(timeout=0.01)
    assert long_round.progress.status is Status.FAILED
    assert (long_round.progress.epochs_done >= done).all()


def test_a_worker_that_raises_fails_the_round_and_goes_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_round(SHORT, engine)
    before = engine.pids()
    with monkeypatch.context() as patch:
        patch.setattr(local, "load_training", lambda name, count: load_training(name, count - 1))  # an image too few
        with pytest.raises(LessonError, match="unexpected fault"):
            run_round(replace(SHORT, seed=99), engine)
    assert "ValueError" in caplog.text  # for who runs the server
    assert equals_direct_training(run_round(SHORT, engine))
    assert engine.pids() == before


# ---------------------------------------------------------------------------------------------------- given up early

HALVING = replace(MIDDLE, space=MIXED, give_up=(2, 5, 11))


def halved(plan: RoundPlan) -> list[int]:
    """How many epochs each trial is trained when every rung lets the better half go on, by the curves of all trials."""
    _, validation, diverged = expected(plan.to_the_end())
    ended = np.array([len(alone(plan.to_the_end())[trial].validation_accuracy) for trial in range(plan.trials)])
    racing, ends = list(range(plan.trials)), [plan.epochs] * plan.trials
    for rung in plan.give_up:
        fallen = np.array(diverged) & (ended <= rung)
        order = sorted(racing, key=lambda trial: (fallen[trial], -validation[trial, rung - 1], trial))  # noqa: B023
        racing = order[: (len(order) + 1) // 2]
        for trial in order[len(racing) :]:
            ends[trial] = plan.epochs if fallen[trial] else rung
    return ends


def equals_halving(found: RoundResult | RoundProgress, left_out: tuple[int, ...] = ()) -> bool:
    """To the bit, as far as each trial is to be trained."""
    train, validation, diverged = expected(found.plan.to_the_end())
    ends = halved(found.plan)
    for trial in set(range(found.plan.trials)) - set(left_out):
        for curve, true in ((found.train_accuracy, train), (found.validation_accuracy, validation)):
            if not np.array_equal(curve[trial, : ends[trial]], true[trial, : ends[trial]]):
                return False
            if not np.isnan(curve[trial, ends[trial] :]).all():
                return False
        if (found.given_up[trial], found.diverged[trial]) != (
            ends[trial] < found.plan.epochs,
            diverged[trial] and ends[trial] == found.plan.epochs,
        ):
            return False
    return True


def test_the_round_with_rungs_has_trials_that_diverge_and_some_that_are_given_up_at_each_rung() -> None:
    assert set(halved(HALVING)) == {*HALVING.give_up, HALVING.epochs}
    assert set(expected(HALVING.to_the_end())[2]) == {True, False}


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_gives_up_the_same_trials_and_trains_the_others_to_the_same_bits(workers: int) -> None:
    engine = Engine(workers)
    try:
        assert equals_halving(run_round(HALVING, engine))
        assert equals_halving(run_round(HALVING, engine))
    finally:
        engine.close()


@pytest.mark.parametrize("seed", range(3))
def test_workers_killed_between_the_rungs_change_nothing(engine: Engine, seed: int) -> None:
    rng = np.random.default_rng(seed)
    handle = engine.start("unlucky", replace(HALVING, seed=seed))
    for gone in (0, 1, 8):
        until(handle, lambda progress, gone=gone: progress.given_up.sum() >= gone and progress.started)
        kill(engine.pids()[rng.integers(2)])
    assert equals_halving(handle.wait(timeout=LIMIT))


def test_rounds_with_rungs_beside_others_change_nothing(engine: Engine) -> None:
    plans = [replace(HALVING if seed % 2 else MIDDLE, seed=seed) for seed in range(4)]
    handles = [engine.start(f"student {plan.seed}", plan) for plan in plans]
    for plan, handle in zip(plans, handles, strict=True):
        found = handle.wait(timeout=LIMIT)
        assert equals_halving(found) if plan.give_up else equals_direct_training(found)


def test_a_curve_that_has_ended_is_not_touched_when_a_worker_dies(engine: Engine) -> None:
    handle = engine.start("unlucky", HALVING)
    before = until(handle, lambda progress: progress.given_up.any())
    gone = before.given_up
    for pid in engine.pids():
        kill(pid)
    after = handle.wait(timeout=LIMIT)
    assert before.validation_accuracy[gone].tobytes() == after.validation_accuracy[gone].tobytes()
    assert before.epochs_done[gone].tolist() == after.epochs_done[gone].tolist()


def test_a_trial_given_up_by_hand_ends_and_the_others_come_to_the_same_bits(engine: Engine) -> None:
    handle = engine.start("decided", MIDDLE)
    until(handle, lambda progress: progress.epochs_done.min() >= 1)
    for trial in (3, 4, 11):
        handle.give_up(trial)
    seen = handle.progress
    assert np.flatnonzero(seen.given_up).tolist() == [3, 4, 11]
    found = handle.wait(timeout=LIMIT)
    train, validation, _ = expected(MIDDLE)
    others = [trial for trial in range(MIDDLE.trials) if trial not in (3, 4, 11)]
    assert found.status is Status.FINISHED
    assert np.array_equal(found.validation_accuracy[others], validation[others])
    assert np.array_equal(found.train_accuracy[others], train[others])
    for trial in (3, 4, 11):
        end = seen.epochs_done[trial]
        assert found.epochs_done[trial] == end < MIDDLE.epochs
        assert np.array_equal(found.validation_accuracy[trial, :end], validation[trial, :end])


def test_a_trial_given_up_by_hand_stays_so_when_its_worker_dies(engine: Engine) -> None:
    handle = engine.start("decided", MIDDLE)
    until(handle, lambda progress: progress.epochs_done.min() >= 1)
    handle.give_up(6)
    end = handle.progress.epochs_done[6]
    for pid in engine.pids():
        kill(pid)
    found = handle.wait(timeout=LIMIT)
    assert (found.epochs_done[6], found.given_up.sum()) == (end, 1)


def test_some_trials_alone_come_to_the_bits_they_have_among_all(engine: Engine) -> None:
    chosen = [0, 7, 8, 19]
    found = engine.start("chooser", MIDDLE, trials=chosen).wait(timeout=LIMIT)
    _, validation, _ = expected(MIDDLE)
    assert found.status is Status.FINISHED
    assert np.array_equal(found.validation_accuracy[chosen], validation[chosen])
    assert found.epochs_done.sum() == len(chosen) * MIDDLE.epochs


# ---------------------------------------------------------------------------------------------------- stop and pause


def test_a_stopped_round_ends_and_keeps_what_it_learned(long_round: RoundHandle, engine: Engine) -> None:
    done = long_round.progress.epochs_done.sum()
    long_round.stop()
    last = long_round.wait(timeout=LIMIT)
    assert last.status is Status.STOPPED
    assert last.epochs_done.sum() >= done > 0
    assert equals_direct_training(run_round(SHORT, engine))  # both workers have ended their last slice of it
    assert long_round.progress is last


def test_a_paused_round_holds_still_and_goes_on_when_resumed(engine: Engine) -> None:
    plan = replace(MIDDLE, epochs=60)  # so long that it is not over before the pause
    handle = engine.start("thoughtful", plan)
    until(handle, lambda progress: progress.epochs_done.sum() >= 40)
    handle.pause()
    run_round(SHORT, engine)  # needs both workers, so the slices on the way have come in
    paused = handle.progress
    run_round(replace(SHORT, seed=1), engine)
    assert handle.progress is paused and paused.status is Status.PAUSED
    assert paused.epochs_done.sum() < plan.trials * plan.epochs
    handle.resume()
    finished = handle.wait(timeout=LIMIT)
    assert finished.version > paused.version
    assert equals_direct_training(finished)


def test_a_round_that_is_over_cannot_be_paused_resumed_or_stopped(engine: Engine) -> None:
    handle = engine.start("done", SHORT)
    last = handle.wait(timeout=LIMIT)
    for move in (handle.pause, handle.resume, handle.stop):
        move()
        assert handle.progress is last


def test_a_wait_with_a_time_limit_returns_what_there_is(long_round: RoundHandle) -> None:
    assert not long_round.wait(timeout=0).status.over


def test_run_round_of_a_stopped_round_raises_a_sentence(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    wait = RoundHandle.wait

    def stop_and_wait(handle: RoundHandle) -> RoundProgress:
        handle.stop()
        return wait(handle)

    monkeypatch.setattr(RoundHandle, "wait", stop_and_wait)
    with pytest.raises(LessonError, match="The round was stopped."):
        run_round(LONG, engine)


def test_an_interrupted_run_round_leaves_no_round_behind(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(handle: RoundHandle) -> RoundProgress:
        raise KeyboardInterrupt

    monkeypatch.setattr(RoundHandle, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_round(LONG, engine)
    assert engine.open_rounds() == 0


# ---------------------------------------------------------------------------------------------------- owners


def test_two_owners_rounds_advance_side_by_side(long_round: RoundHandle, engine: Engine) -> None:
    other = engine.start("the other", LONG)
    for _ in range(3):
        for handle in (other, long_round):
            done = handle.progress.epochs_done.sum()
            until(handle, lambda progress, done=done: progress.epochs_done.sum() > done)
    assert not other.progress.status.over and not long_round.progress.status.over
    other.stop()


def test_an_owner_with_a_round_gets_no_second_one(long_round: RoundHandle, engine: Engine) -> None:
    with pytest.raises(EngineBusy):
        engine.start(long_round._round.owner, SHORT)
    assert engine.open_rounds() == 1


class Roll:
    """Who is there: asked once a tick for each owner, the answers are given in advance. A tick is 40 s of its clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[bool]) -> None:
        self.answers, self.calls, self.ticked = answers, dict.fromkeys(answers, 0), threading.Condition()
        monkeypatch.setattr(local, "time", SimpleNamespace(monotonic=lambda: 40.0 * max(self.calls.values())))

    def present(self, owner: str) -> bool:
        answers = self.answers[owner]
        with self.ticked:
            call = self.calls[owner]
            self.calls[owner] += 1
            self.ticked.notify_all()
        return answers[min(call, len(answers) - 1)]

    def wait(self, calls: int) -> None:
        with self.ticked:
            assert self.ticked.wait_for(lambda: min(self.calls.values()) >= calls, LIMIT)


def test_the_round_of_an_owner_who_has_left_is_stopped_and_of_one_who_blinks_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An absence of 60 s ends a round; 40 s, again and again, do not."""
    roll = Roll(monkeypatch, gone=[True, False], blinking=[True, False] * 50, there=[True])
    engine = Engine(1, roll.present)
    try:
        gone, blinking, there = (engine.start(owner, LONG) for owner in ("gone", "blinking", "there"))
        assert gone.wait(timeout=LIMIT).status is Status.STOPPED
        roll.calls.pop("gone")
        roll.wait(roll.calls["there"] + 2)
        assert not blinking.progress.status.over and not there.progress.status.over
    finally:
        engine.close()


def test_a_round_begun_while_the_roll_is_called_is_looked_after_too(monkeypatch: pytest.MonkeyPatch) -> None:
    roll = Roll(monkeypatch, early=[True], late=[False])
    late: list[RoundHandle] = []

    def present(owner: str) -> bool:
        if not late:
            late.append(engine.start("late", LONG))
        return roll.present(owner)

    engine = Engine(1, present)
    try:
        early = engine.start("early", LONG)
        roll.wait(1)
        assert late[0].wait(timeout=LIMIT).status is Status.STOPPED
        assert not early.progress.status.over
    finally:
        engine.close()


def test_rounds_that_begin_by_themselves_do_not_keep_their_owner_present(monkeypatch: pytest.MonkeyPatch) -> None:
    roll = Roll(monkeypatch, gone=[True, False])
    rounds: list[RoundHandle] = []

    def present(owner: str) -> bool:
        if len(rounds) < 20:  # more than it takes
            rounds.append(engine.start("gone", LONG, f"lane {len(rounds)}"))
        return roll.present(owner)

    engine = Engine(1, present)
    try:
        first = engine.start("gone", LONG)
        assert first.wait(timeout=LIMIT).status is Status.STOPPED
        assert len(rounds) < 20
    finally:
        engine.close()


# ---------------------------------------------------------------------------------------------------- processes


def test_workers_give_way_and_run_one_thread(long_round: RoundHandle, engine: Engine) -> None:
    assert not long_round.progress.status.over
    for pid in engine.pids():
        process = psutil.Process(pid)
        assert process.nice() == min(psutil.Process().nice() + 10, 19)
        assert process.num_threads() == 1


def test_ctrl_c_in_the_servers_terminal_does_not_end_the_workers(engine: Engine) -> None:
    handle = engine.start("someone", MIDDLE)
    until(handle, lambda progress: np.count_nonzero(progress.epochs_done) == MIDDLE.trials)  # both are at work
    before = engine.pids()
    for pid in before:
        psutil.Process(pid).send_signal(signal.SIGINT)
    assert equals_direct_training(handle.wait(timeout=LIMIT))
    assert engine.pids() == before


def test_a_closed_engine_leaves_no_process_and_nobody_waiting() -> None:
    engine = Engine(2)
    workers = [psutil.Process(pid) for pid in engine.pids()]
    handle = engine.start("someone", LONG)
    until(handle, lambda progress: progress.started)
    engine.close()
    assert not any(worker.is_running() for worker in workers)
    assert handle.wait().started


def test_a_closed_engine_does_not_say_that_its_rounds_are_over() -> None:
    engine, told = Engine(1), []
    handle = engine.start("someone", LONG, over=lambda: told.append("over"))
    until(handle, lambda progress: progress.started)
    engine.close()
    assert not handle.progress.status.over and told == []  # so the store does not keep it as stopped


def test_a_closed_engine_can_be_closed_again_and_takes_no_rounds() -> None:
    engine = Engine(1)
    engine.close()
    engine.close()
    with pytest.raises(LessonError, match="shut down"):
        engine.start("someone", SHORT)


def test_an_engine_closed_while_its_workers_die_leaves_no_process() -> None:
    engine = Engine(2)
    handle = engine.start("someone", LONG)
    until(handle, lambda progress: progress.started)
    for pid in engine.pids():
        kill(pid)
    engine.close()
    assert not [child for child in psutil.Process().children() if child.pid in engine.pids()]


def script(path: Path, source: str) -> subprocess.Popen[str]:
    """A Python program of its own, started."""
    path.write_text(source)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, path], stdout=pipe, stderr=pipe, text=True, env=environment)


KEPT = """
from core.engine.local import keep_to_one_core

keep_to_one_core()
import scipy.linalg  # has a BLAS of its own

from threadpoolctl import threadpool_info

print(*{pool["num_threads"] for pool in threadpool_info()})
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no way to hold a process to a core")
def test_a_process_that_keeps_to_one_core_has_one_thread_of_blas(tmp_path: Path) -> None:
    """Two would spin for each other there."""
    with script(tmp_path / "kept.py", KEPT) as program:
        out, err = program.communicate(timeout=LIMIT)
    assert (out.strip(), err) == ("1", "")


SERVER = """
import signal

from core.engine.local import Engine
from core.plan import RoundPlan

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that began the tests in the background ignores it
engine = Engine(workers=2)
handle = engine.start("someone", RoundPlan(trials=200, epochs=200))
handle.wait_for(lambda progress: progress.epochs_done.astype(bool).sum() >= 20)
print(*engine.pids(), flush=True)
handle.wait()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
def test_a_server_that_is_ended_leaves_no_worker(tmp_path: Path, end: signal.Signals) -> None:
    with script(tmp_path / "server.py", SERVER) as server:
        assert server.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in server.stdout.readline().split()]
        assert len(workers) == 2 and all(worker.is_running() for worker in workers)
        server.send_signal(end)
        _, alive = psutil.wait_procs(workers, timeout=LIMIT)
        assert not alive
        server.communicate(timeout=LIMIT)
        assert server.returncode == -end


SCRIPT = f"""
from core.rounds import RoundPlan, run_round
from core.space import LogRange, SearchSpace

result = run_round({SHORT!r})
print(result.validation_accuracy.tobytes().hex())
"""


def test_run_round_works_in_a_plain_script_without_a_main_guard(tmp_path: Path) -> None:
    with script(tmp_path / "plain.py", SCRIPT) as program:
        out, err = program.communicate(timeout=LIMIT)
    assert (program.returncode, err) == (0, "")
    assert bytes.fromhex(out) == expected(SHORT)[1].tobytes()


def test_run_round_without_an_engine_leaves_no_process() -> None:
    before = psutil.Process().children()
    found = run_round(SHORT)
    assert equals_direct_training(found)
    assert psutil.Process().children() == before


def test_a_result_has_the_shapes_that_it_promises(engine: Engine) -> None:
    result = run_round(SHORT, engine)
    shapes = {field.name: getattr(result, field.name).shape for field in fields(result) if field.name != "plan"}
    one, two = (SHORT.trials,), (SHORT.trials, SHORT.epochs)
    assert shapes == {
        "learning_rate": one,
        "weight_decay": one,
        "diverged": one,
        "given_up": one,
        "train_accuracy": two,
        "validation_accuracy": two,
    }
