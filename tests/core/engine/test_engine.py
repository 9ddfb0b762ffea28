"""The engine with real processes: the same bits whichever workers die, and no process left at the end."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from core.data.datasets import load_training
from core.engine import engine as engine_module
from core.engine import memory, processes, set_aside
from core.engine.engine import EmbeddedEngine
from core.engine.owners import Owner
from core.engine.port import EngineBusy, RoundHandle
from core.engine.round_handle import EmbeddedHandle
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from tests.support.cluster_engine import EngineWithHosts
from tests.support.direct_training import train_alone
from tests.support.waiting import LIMIT

ROOT = Path(__file__).parents[3]
MIXED = SearchSpace(LogRange(-3, 1), LogRange(-8, 0))  # some trials diverge, some do not
SHORT = RoundPlan(MIXED, trials=7, epochs=4, hidden_layers=2, neurons=30)
MIDDLE = RoundPlan(SearchSpace(LogRange(-3, -2)), trials=20, epochs=20, images=300)  # about half a second
SECONDS = replace(MIDDLE, trials=10, epochs=60)
SEEN = replace(MIDDLE, epochs=200)  # long enough to be seen many times on its way
LONG = RoundPlan(trials=200, epochs=200)  # no test waits for its end
AnyEngine = EmbeddedEngine | EngineWithHosts
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2))]


ENGINES: dict[str, Callable[[], AnyEngine]] = {
    "embedded": lambda: EmbeddedEngine(workers=2),
    "2 hosts x 1": lambda: EngineWithHosts(hosts=2, workers=1),
    "1 host x 2": lambda: EngineWithHosts(hosts=1, workers=2),
}
# for tests about processes that are this one's own children
embedded_only = pytest.mark.parametrize("engine", ["embedded"], indirect=True)


@pytest.fixture(
    scope="module", params=["embedded", *(pytest.param(name, marks=pytest.mark.long) for name in list(ENGINES)[1:])]
)
def engine(request: pytest.FixtureRequest) -> Iterator[AnyEngine]:
    """Two workers that the tests share; a test may kill them, they are replaced."""
    made = ENGINES[request.param]()
    yield made
    made.close()


@pytest.fixture
def long_round(engine: AnyEngine, request: pytest.FixtureRequest) -> Iterator[RoundHandle]:
    """A round that both workers train."""
    handle = engine.start(request.node.name, LONG)
    until(handle, lambda progress: np.count_nonzero(progress.epochs_done) > 10)
    yield handle
    handle.stop()


def until(handle: RoundHandle, condition: Callable[[RoundProgress], object]) -> RoundProgress:
    """The first version of a round that meets a condition."""
    progress = handle.wait_for(condition, LIMIT)
    assert condition(progress), f"the round is {progress.status} and the condition was never met"
    return progress


def kill(pid: int) -> None:
    """SIGKILL; nothing happens to a process that has ended."""
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).kill()


def expected(plan: RoundPlan) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """(training, validation, diverged) of a round trained without an engine, each trial alone."""
    curves = np.empty((2, plan.trials, plan.epochs), np.float32)
    trained = train_alone(plan)
    for trial in range(plan.trials):
        for curve, found in zip(
            curves[:, trial], (trained[trial].train_accuracy, trained[trial].validation_accuracy), strict=True
        ):
            curve[: len(found)], curve[len(found) :] = found, found[-1]
    return curves[0], curves[1], [trained[trial].diverged for trial in range(plan.trials)]


def equals_direct_training(found: RoundProgress) -> bool:
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
    engine = EmbeddedEngine(workers)
    try:
        assert equals_direct_training(run_round(SHORT, engine))
        assert equals_direct_training(run_round(MIDDLE, engine))
    finally:
        engine.close()


def test_a_round_on_mnist_gives_what_training_without_an_engine_gives(engine: AnyEngine, mnist_dir: Path) -> None:
    assert mnist_dir.is_dir()
    plan = RoundPlan(SearchSpace(LogRange(-3, -2)), trials=3, epochs=2, dataset="mnist")
    assert equals_direct_training(run_round(plan, engine))


def test_rounds_at_the_same_time_do_not_disturb_each_other(engine: AnyEngine) -> None:
    plans = [replace(SHORT, seed=seed, trials=4) for seed in range(6)]
    handles = [engine.start(f"student {plan.seed}", plan) for plan in plans]
    assert all(equals_direct_training(handle.wait(timeout=LIMIT)) for handle in handles)


def test_a_version_once_seen_is_never_changed(engine: AnyEngine) -> None:
    handle = engine.start("reader", SEEN)
    seen = []
    progress = handle.progress
    while not progress.status.is_final:
        seen.append((progress, progress.train_accuracy.tobytes(), progress.epochs_done.tobytes()))
        progress = until(handle, lambda later, last=progress: later.version > last.version)
    versions = [version.version for version, *_ in seen]
    assert len(seen) > 3 and versions == sorted(set(versions))
    for version, train, done in seen:
        assert (version.train_accuracy.tobytes(), version.epochs_done.tobytes()) == (train, done)


# ---------------------------------------------------------------------------------------------------- deaths


@embedded_only
def test_a_worker_killed_in_the_middle_is_replaced_and_changes_nothing(engine: EmbeddedEngine) -> None:
    before = engine.pids()
    handle = engine.start("unlucky", MIDDLE)
    until(handle, lambda progress: progress.epochs_done.sum() >= 40)
    kill(before[0])
    assert equals_direct_training(handle.wait(timeout=LIMIT))
    after = engine.pids()
    assert after[0] != before[0] and after[1] == before[1]
    assert not psutil.pid_exists(before[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_killed_at_random_change_nothing(engine: AnyEngine, seed: int) -> None:
    rng = np.random.default_rng(seed)
    run_round(SHORT, engine)  # a worker killed while idle is replaced now, and not counted below
    handle = engine.start("unlucky", replace(MIDDLE, seed=seed))
    # a third death at the same place would be one too many; what a host says of its workers' numbers comes late
    for worker in rng.permutation([0, 0, 1, 1] if isinstance(engine, EmbeddedEngine) else [0, 1]):
        version = handle.progress.version + int(rng.integers(1, 4))
        handle.wait_for(lambda progress, version=version: progress.version >= version, LIMIT)
        kill(engine.pids()[worker])
    progress = handle.wait(timeout=LIMIT)
    assert progress.status is Status.FINISHED
    assert equals_direct_training(progress)


def test_a_worker_killed_while_idle_is_replaced_for_the_next_round(engine: AnyEngine) -> None:
    run_round(SHORT, engine)
    for pid in engine.pids():
        kill(pid)
    assert equals_direct_training(run_round(SHORT, engine))


def test_all_workers_killed_at_once_change_nothing(engine: AnyEngine) -> None:
    handle = engine.start("unlucky", MIDDLE)
    until(handle, lambda progress: progress.epochs_done.sum() >= 40)
    for pid in engine.pids():
        kill(pid)
    assert equals_direct_training(handle.wait(timeout=LIMIT))


def test_a_round_whose_workers_always_die_fails_with_a_sentence(engine: AnyEngine) -> None:
    handle = engine.start("doomed", LONG)
    while not handle.progress.status.is_final:
        for pid in engine.pids():
            kill(pid)
        handle.wait(timeout=0.01)  # so that the other threads get the processor
    assert handle.progress.status is Status.FAILED
    assert "3 times at the same place" in str(handle.fault)


@embedded_only
def test_a_worker_that_cannot_even_start_fails_the_round_and_the_engine_goes_on(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(processes.sys, "executable", shutil.which("false"))
        handle = engine.start("doomed", LONG)
        kill(engine.pids()[0])
        assert handle.wait(timeout=LIMIT).status is Status.FAILED
    assert "3 times at the same place" in str(handle.fault)
    assert equals_direct_training(run_round(SHORT, engine))


def test_what_was_learned_before_a_failure_stays(long_round: RoundHandle, engine: AnyEngine) -> None:
    done = long_round.progress.epochs_done
    while not long_round.progress.status.is_final:
        for pid in engine.pids():
            kill(pid)
        long_round.wait(timeout=0.01)
    assert long_round.progress.status is Status.FAILED
    assert (long_round.progress.epochs_done >= done).all()


@embedded_only
def test_a_worker_that_raises_fails_the_round_and_goes_on(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run_round(SHORT, engine)
    before = engine.pids()
    with monkeypatch.context() as patch:
        patch.setattr(
            engine_module, "load_training", lambda name, count, order: load_training(name, count - 1)
        )  # an image too few
        with pytest.raises(LessonError, match="unexpected fault"):
            run_round(replace(SHORT, seed=99), engine)
    assert "ValueError" in caplog.text  # in the server's log
    assert equals_direct_training(run_round(SHORT, engine))
    assert engine.pids() == before


# ---------------------------------------------------------------------------------------------------- given up early

HALVING = replace(MIDDLE, space=MIXED, give_up=(2, 5, 11))


def halved(plan: RoundPlan) -> list[int]:
    """How many epochs each trial is trained when every rung lets the better half go on, by the curves of all trials."""
    _, validation, diverged = expected(plan.to_the_end())
    ended = np.array([len(train_alone(plan.to_the_end())[trial].validation_accuracy) for trial in range(plan.trials)])
    left, ends = list(range(plan.trials)), [plan.epochs] * plan.trials
    for rung in plan.give_up:
        has_diverged = np.array(diverged) & (ended <= rung)
        order = sorted(left, key=lambda trial: (has_diverged[trial], -validation[trial, rung - 1], trial))  # noqa: B023
        left = order[: (len(order) + 1) // 2]
        for trial in order[len(left) :]:
            ends[trial] = plan.epochs if has_diverged[trial] else rung
    return ends


def equals_halving(found: RoundProgress, left_out: tuple[int, ...] = ()) -> bool:
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
    engine = EmbeddedEngine(workers)
    try:
        assert equals_halving(run_round(HALVING, engine))
        assert equals_halving(run_round(HALVING, engine))
    finally:
        engine.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_killed_between_the_rungs_change_nothing(engine: AnyEngine, seed: int) -> None:
    rng = np.random.default_rng(seed)
    handle = engine.start("unlucky", replace(HALVING, seed=seed))
    for given_up in (0, 1, 8):
        until(handle, lambda progress, least=given_up: progress.given_up.sum() >= least and progress.started)
        kill(engine.pids()[rng.integers(2)])
    assert equals_halving(handle.wait(timeout=LIMIT))


def test_rounds_with_rungs_beside_others_change_nothing(engine: AnyEngine) -> None:
    plans = [replace(HALVING if seed % 2 else MIDDLE, seed=seed) for seed in range(4)]
    handles = [engine.start(f"student {plan.seed}", plan) for plan in plans]
    for plan, handle in zip(plans, handles, strict=True):
        found = handle.wait(timeout=LIMIT)
        assert equals_halving(found) if plan.give_up else equals_direct_training(found)


def test_a_curve_that_has_ended_is_not_touched_when_a_worker_dies(engine: AnyEngine) -> None:
    handle = engine.start("unlucky", HALVING)
    before = until(handle, lambda progress: progress.given_up.any())
    given_up = before.given_up
    for pid in engine.pids():
        kill(pid)
    after = handle.wait(timeout=LIMIT)
    assert before.validation_accuracy[given_up].tobytes() == after.validation_accuracy[given_up].tobytes()
    assert before.epochs_done[given_up].tolist() == after.epochs_done[given_up].tolist()


def test_a_trial_given_up_by_hand_ends_and_the_others_come_to_the_same_bits(engine: AnyEngine) -> None:
    handle = engine.start("student", SECONDS)
    until(handle, lambda progress: progress.epochs_done.min() >= 1)
    for trial in (3, 4, 7):
        handle.give_up(trial)
    seen = handle.progress
    assert np.flatnonzero(seen.given_up).tolist() == [3, 4, 7]
    found = handle.wait(timeout=LIMIT)
    train, validation, _ = expected(SECONDS)
    others = [trial for trial in range(SECONDS.trials) if trial not in (3, 4, 7)]
    assert found.status is Status.FINISHED
    assert np.array_equal(found.validation_accuracy[others], validation[others])
    assert np.array_equal(found.train_accuracy[others], train[others])
    for trial in (3, 4, 7):
        end = seen.epochs_done[trial]
        assert found.epochs_done[trial] == end < SECONDS.epochs
        assert np.array_equal(found.validation_accuracy[trial, :end], validation[trial, :end])


def test_a_trial_given_up_by_hand_stays_so_when_its_worker_dies(engine: AnyEngine) -> None:
    handle = engine.start("student", SECONDS)
    until(handle, lambda progress: progress.epochs_done.min() >= 1)
    handle.give_up(6)
    end = handle.progress.epochs_done[6]
    for pid in engine.pids():
        kill(pid)
    found = handle.wait(timeout=LIMIT)
    assert (found.epochs_done[6], found.given_up.sum()) == (end, 1)


def test_some_trials_without_the_others_come_to_the_same_bits(engine: AnyEngine) -> None:
    chosen = [0, 7, 8, 19]
    found = engine.start("student", MIDDLE, trials=chosen).wait(timeout=LIMIT)
    _, validation, _ = expected(MIDDLE)
    assert found.status is Status.FINISHED
    assert np.array_equal(found.validation_accuracy[chosen], validation[chosen])
    assert found.epochs_done.sum() == len(chosen) * MIDDLE.epochs


@embedded_only
def test_a_round_goes_on_in_another_engine_from_the_rungs_that_were_decided(engine: EmbeddedEngine) -> None:
    first = engine.start("moved", HALVING)
    until(first, lambda progress: progress.given_up.sum() >= 10)
    before, decided = first.progress_and_rungs()
    first.stop()
    assert decided >= 1
    other = EmbeddedEngine(1)
    try:
        second = other.start("moved", HALVING, before=before, decided_rungs=decided)
        assert (second.progress.epochs_done >= before.epochs_done).all()
        found = second.wait(LIMIT)
    finally:
        other.close()
    assert equals_halving(found) and (found.given_up >= before.given_up).all()


@embedded_only
def test_a_round_of_which_all_was_given_up_elsewhere_is_over_at_once(engine: EmbeddedEngine) -> None:
    before = replace(RoundProgress.of(SHORT), given_up=np.ones(SHORT.trials, bool))
    assert engine.start("moved", SHORT, before=before).progress.status is Status.FINISHED


# ---------------------------------------------------------------------------------------------------- stop and pause


def test_a_stopped_round_ends_and_keeps_what_it_learned(long_round: RoundHandle, engine: AnyEngine) -> None:
    done = long_round.progress.epochs_done.sum()
    long_round.stop()
    last = long_round.wait(timeout=LIMIT)
    assert last.status is Status.STOPPED
    assert last.epochs_done.sum() >= done > 0
    assert equals_direct_training(run_round(SHORT, engine))  # both workers have ended their last slice of it
    assert long_round.progress is last


def test_a_paused_round_does_not_advance_and_goes_on_when_resumed(engine: AnyEngine) -> None:
    handle = engine.start("student", SEEN)
    until(handle, lambda progress: progress.epochs_done.sum() >= 40)
    handle.pause()
    run_round(SHORT, engine)  # needs both workers, so the slices on the way have come in
    for seed in range(1, 9):  # and at a host they have been reported
        paused = handle.progress
        run_round(replace(SHORT, seed=seed), engine)
        if handle.progress is paused:
            break
    assert handle.progress is paused and paused.status is Status.PAUSED
    assert paused.epochs_done.sum() < SEEN.trials * SEEN.epochs
    handle.resume()
    finished = handle.wait(timeout=LIMIT)
    assert finished.version > paused.version
    assert equals_direct_training(finished)


def test_a_round_that_has_ended_cannot_be_paused_resumed_or_stopped(engine: AnyEngine) -> None:
    handle = engine.start("done", SHORT)
    last = handle.wait(timeout=LIMIT)
    for change in (handle.pause, handle.resume, handle.stop):
        change()
        assert handle.progress is last


def test_a_wait_with_a_time_limit_returns_what_there_is(long_round: RoundHandle) -> None:
    assert not long_round.wait(timeout=0).status.is_final


@embedded_only
def test_run_round_of_a_stopped_round_raises_a_sentence(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = EmbeddedHandle.wait

    def stop_and_wait(handle: EmbeddedHandle) -> RoundProgress:
        handle.stop()
        return wait(handle)

    monkeypatch.setattr(EmbeddedHandle, "wait", stop_and_wait)
    with pytest.raises(LessonError, match="The round was stopped."):
        run_round(LONG, engine)


@embedded_only
def test_an_interrupted_run_round_leaves_no_round_behind(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(handle: EmbeddedHandle) -> RoundProgress:
        raise KeyboardInterrupt

    monkeypatch.setattr(EmbeddedHandle, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_round(LONG, engine)
    assert engine.open_rounds() == 0


# ---------------------------------------------------------------------------------------------------- owners


def test_two_owners_rounds_advance_side_by_side(long_round: RoundHandle, engine: AnyEngine) -> None:
    other = engine.start("the other", LONG)
    for _ in range(3):
        for handle in (other, long_round):
            done = handle.progress.epochs_done.sum()
            until(handle, lambda progress, done=done: progress.epochs_done.sum() > done)
    assert not other.progress.status.is_final and not long_round.progress.status.is_final
    other.stop()


def test_an_owner_with_a_round_gets_no_second_one(long_round: RoundHandle, engine: AnyEngine) -> None:
    with pytest.raises(EngineBusy):
        engine.start(long_round._round.owner, SHORT)
    assert engine.open_rounds() == 1


def test_the_round_of_an_owner_who_has_left_is_stopped() -> None:
    engine = EmbeddedEngine(1, lambda owner: Owner(owner, is_present=owner == "there", absence_limit=0.5))
    try:
        left, there = engine.start("left", LONG), engine.start("there", LONG)
        assert left.wait(timeout=LIMIT).status is Status.STOPPED
        assert not there.progress.status.is_final
    finally:
        engine.close()


def test_a_round_that_was_paused_while_others_needed_its_memory_is_begun_again_to_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With rungs: what is shown never becomes less."""
    monkeypatch.setattr(memory, "MEMORY_BYTES", 1)  # for one round
    monkeypatch.setattr(memory, "RESERVE_BYTES", 0)
    for name in ("IDLE_SECONDS", "WAIT_SECONDS"):
        monkeypatch.setattr(set_aside, name, 0.2)
    engine = EmbeddedEngine(2)
    try:
        paused = engine.start("paused", HALVING)
        shown = until(paused, lambda progress: progress.given_up.any() or progress.status.is_final)
        paused.pause()
        assert engine.start("other", SHORT).wait(LIMIT).status is Status.FINISHED
        assert paused.progress.status is Status.PAUSED
        assert (paused.progress.epochs_done >= shown.epochs_done).all() and paused.progress.given_up.any()
        paused.resume()
        found = paused.wait(LIMIT)
        assert equals_halving(found)
    finally:
        engine.close()


# ---------------------------------------------------------------------------------------------------- processes


@embedded_only
def test_workers_run_one_thread_at_low_priority(long_round: RoundHandle, engine: EmbeddedEngine) -> None:
    assert not long_round.progress.status.is_final
    for pid in engine.pids():
        process = psutil.Process(pid)
        assert process.nice() == min(psutil.Process().nice() + 10, 19)
        assert process.num_threads() == 1


@embedded_only
def test_ctrl_c_in_the_servers_terminal_does_not_end_the_workers(engine: EmbeddedEngine) -> None:
    handle = engine.start("someone", MIDDLE)
    until(handle, lambda progress: np.count_nonzero(progress.epochs_done) == MIDDLE.trials)  # both are at work
    before = engine.pids()
    for pid in before:
        psutil.Process(pid).send_signal(signal.SIGINT)
    assert equals_direct_training(handle.wait(timeout=LIMIT))
    assert engine.pids() == before


def test_a_closed_engine_leaves_no_process_and_no_handle_waiting() -> None:
    engine = EmbeddedEngine(2)
    workers = [psutil.Process(pid) for pid in engine.pids()]
    handle = engine.start("someone", LONG)
    until(handle, lambda progress: progress.started)
    engine.close()
    assert not any(worker.is_running() for worker in workers)
    assert handle.wait().started


def test_a_closed_engine_does_not_call_what_waits_for_the_end_of_its_rounds() -> None:
    engine, calls = EmbeddedEngine(1), []
    handle = engine.start("someone", LONG, on_end=lambda: calls.append("ended"))
    until(handle, lambda progress: progress.started)
    engine.close()
    assert not handle.progress.status.is_final and calls == []  # so the store does not keep it as stopped


def test_a_closed_engine_can_be_closed_again_and_takes_no_rounds() -> None:
    engine = EmbeddedEngine(1)
    engine.close()
    engine.close()
    with pytest.raises(LessonError, match="shut down"):
        engine.start("someone", SHORT)


def test_an_engine_closed_while_its_workers_die_leaves_no_process() -> None:
    engine = EmbeddedEngine(2)
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


ONE_CORE_SCRIPT = """
from core.engine.processes import keep_to_one_core

keep_to_one_core()
import scipy.linalg  # has a BLAS of its own

from threadpoolctl import threadpool_info

print(*{pool["num_threads"] for pool in threadpool_info()})
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no way to hold a process to a core")
def test_a_process_that_keeps_to_one_core_has_one_thread_of_blas(tmp_path: Path) -> None:
    """Two would wait for each other there."""
    with script(tmp_path / "one_core.py", ONE_CORE_SCRIPT) as program:
        out, err = program.communicate(timeout=LIMIT)
    assert (out.strip(), err) == ("1", "")


SERVER_SCRIPT = """
import signal

from core.engine.engine import EmbeddedEngine
from core.plan import RoundPlan

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that began the tests in the background ignores it
engine = EmbeddedEngine(workers=2)
handle = engine.start("someone", RoundPlan(trials=200, epochs=200))
handle.wait_for(lambda progress: progress.epochs_done.astype(bool).sum() >= 20)
print(*engine.pids(), flush=True)
handle.wait()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
def test_a_server_that_is_ended_leaves_no_worker(tmp_path: Path, end: signal.Signals) -> None:
    with script(tmp_path / "server.py", SERVER_SCRIPT) as server:
        assert server.stdout is not None
        workers = [psutil.Process(int(pid)) for pid in server.stdout.readline().split()]
        assert len(workers) == 2 and all(worker.is_running() for worker in workers)
        server.send_signal(end)
        _, alive = psutil.wait_procs(workers, timeout=LIMIT)
        assert not alive
        server.communicate(timeout=LIMIT)
        assert server.returncode == -end


ROUND_SCRIPT = f"""
from core.rounds import RoundPlan, run_round
from core.space import LogRange, SearchSpace

result = run_round({SHORT!r})
print(result.validation_accuracy.tobytes().hex())
"""


def test_run_round_works_in_a_plain_script_without_a_main_guard(tmp_path: Path) -> None:
    with script(tmp_path / "plain.py", ROUND_SCRIPT) as program:
        out, err = program.communicate(timeout=LIMIT)
    assert (program.returncode, err) == (0, "")
    assert bytes.fromhex(out) == expected(SHORT)[1].tobytes()


def test_run_round_without_an_engine_leaves_no_process() -> None:
    before = psutil.Process().children()
    found = run_round(SHORT)
    assert equals_direct_training(found)
    assert psutil.Process().children() == before


def test_a_result_has_the_shapes_that_it_promises(engine: AnyEngine) -> None:
    result = run_round(SHORT, engine)
    arrays = {field.name: getattr(result, field.name) for field in fields(result)}
    one, two = (SHORT.trials,), (SHORT.trials, SHORT.epochs)
    assert {name: array.shape for name, array in arrays.items() if isinstance(array, np.ndarray)} == {
        "epochs_done": one,
        "diverged": one,
        "given_up": one,
        "train_accuracy": two,
        "validation_accuracy": two,
    }
    assert {array.shape for array in (result.learning_rate, *result.hyperparameters.values())} == {one}


def test_a_round_of_several_shapes_has_the_same_bits_whoever_trains_it(engine: AnyEngine) -> None:
    space = SearchSpace(LogRange(-3, 1), LogRange(-8, 0), momentum=LogRange(-2, -0.5), batch_size=LogRange(4, 6),
                        neurons=LogRange(3, 5))  # fmt: skip
    plan = RoundPlan(space, trials=17, epochs=4, hidden_layers=2, optimizer="momentum")
    assert equals_direct_training(run_round(plan, engine))
