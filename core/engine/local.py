"""The engine: one worker process per core, a thread that drives each, and a handle on every round.

    page --start(plan)--> Engine --Slice--> worker process        (one driver thread and one pipe a worker)
    page <--RoundHandle.progress-- Scheduler <--SliceReport-- worker process

Workers are fresh interpreters at low priority with one BLAS thread each. A worker that dies is replaced and trains
what it held again, to the same bits. Covered: crashed and killed workers, a killed server (the pipe ends), rounds whose
owner has left. Not covered: a worker that hangs without dying.
"""

import atexit
import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import numpy as np
from threadpoolctl import threadpool_limits

from core.datasets import load_training
from core.engine.scheduler import Round, Scheduler
from core.engine.worker import Slice, SliceReport
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status

ROOT = Path(__file__).parents[2]
ABSENCE = 60.0  # seconds after which the round of an owner who has left is stopped
PAUSE = 600.0  # seconds after which a paused round is stopped: others wait for its memory
PATIENCE = 5.0  # seconds a worker gets to end by itself
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL", "VECLIB_MAXIMUM", "BLIS")}
# glibc: a layer of weights is memory of its own that goes back when it is let go. Measured after 60 rounds of MNIST at
# once: 30 MB a worker instead of 100 to 200, at the same speed.
GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024)}

log = logging.getLogger(__name__)


class WorkerDied(Exception):
    """A worker process ended without an answer."""


class RoundHandle:
    """A round as the one who started it sees it."""

    def __init__(self, engine: "Engine", round_: Round) -> None:
        self._engine = engine
        self._round = round_

    @property
    def progress(self) -> RoundProgress:
        """The newest version."""
        return self._round.progress

    @property
    def fault(self) -> LessonError | None:
        """Why the round failed, if it did."""
        return self._round.fault

    def remaining(self) -> float | None:
        """Seconds to the round's end as it looks now, others' rounds considered; None if that cannot be said."""
        return self._engine.remaining(self._round)

    def pause(self) -> None:
        """Hold the round after the slice it is in. Nothing happens to one that is not running."""
        self._engine.move(self._round, Status.RUNNING, Status.PAUSED)

    def resume(self) -> None:
        """Let a paused round go on."""
        self._engine.move(self._round, Status.PAUSED, Status.RUNNING)

    def stop(self) -> None:
        """End the round after the slice it is in; what was learned stays."""
        self._engine.move(self._round, None, Status.STOPPED)

    def give_up(self, trial: int) -> None:
        """Train a trial no further than it is now; nothing happens to one that has come to its end.

        The others go on as if nothing had been. Only this run of the round knows of it: a server that runs the round
        again, since the one before it died, trains the trial to where the plan lets it.
        """
        self._engine.give_up(self._round, trial)

    def wait(self, timeout: float | None = None) -> RoundProgress:
        """Wait until the round is over, at most `timeout` seconds."""
        return self._engine.wait(self._round, lambda progress: False, timeout)

    def wait_for(self, seen: Callable[[RoundProgress], bool], timeout: float | None = None) -> RoundProgress:
        """Wait until `seen` holds or the round is over, at most `timeout` seconds."""
        return self._engine.wait(self._round, seen, timeout)


class Engine:
    """Trains the rounds of everybody who shares this machine.

    workers: processes, one a core unless told otherwise
    present: whether a round's owner is still there; asked about once a second while a round is not over
    """

    def __init__(self, workers: int | None = None, present: Callable[[str], bool] = lambda owner: True) -> None:
        self._cores = cores()
        count = workers or len(self._cores)
        self._present = present
        self._seen: dict[str, float] = {}
        self._scheduler = Scheduler(count)
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._workers = [_Worker(self._cores) for _ in range(count)]
        self._threads = [threading.Thread(target=self._drive, args=(index,), daemon=True) for index in range(count)]
        self._news: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        for task in (self._watch, self._tell):
            self._threads.append(threading.Thread(target=task, daemon=True))
        for thread in self._threads:
            thread.start()
        atexit.register(self.close)

    def start(
        self,
        owner: str,
        plan: RoundPlan,
        lane: str = "round",
        unseen: np.ndarray | None = None,
        over: Callable[[], None] | None = None,
        trials: Sequence[int] | None = None,
    ) -> RoundHandle:
        """Begin a round, or queue it.

        lane:   an owner has one round in each
        unseen: (images, pixels) uint8, to be classified by what was trained
        over:   called once when the round is over, in a thread of the engine's; not when the engine is closed
        trials: those of the plan that are trained, to the same bits as among all; None: all of them
        Raises DatasetError when its images cannot be had, EngineBusy when its owner has a round or the queue is full.
        """
        source = load_training(plan.dataset, plan.images)
        told = None if over is None else lambda: self._news.put(over)
        with self._changed:
            if self._closing.is_set():
                raise LessonError(N_("The server is being shut down."))
            self._seen.setdefault(owner, time.monotonic())  # rounds that begin by themselves keep nobody present
            round_ = self._scheduler.add(owner, plan, source, time.monotonic(), lane, unseen, told, trials)
            self._changed.notify_all()
        return RoundHandle(self, round_)

    def move(self, round_: Round, from_: Status | None, to: Status) -> None:
        """Change a round's status if it is `from_` (None: whatever it is)."""
        with self._changed:
            if from_ is None or round_.status is from_:
                self._scheduler.set_status(round_, to, time.monotonic())
                self._changed.notify_all()

    def give_up(self, round_: Round, trial: int) -> None:
        """See RoundHandle.give_up."""
        with self._changed:
            self._scheduler.give_up(round_, [trial], time.monotonic())
            self._changed.notify_all()

    def wait(self, round_: Round, seen: Callable[[RoundProgress], bool], timeout: float | None) -> RoundProgress:
        """See RoundHandle.wait_for."""
        with self._changed:
            self._changed.wait_for(
                lambda: round_.status.over or self._closing.is_set() or seen(round_.progress), timeout
            )
            return round_.progress

    def remaining(self, round_: Round) -> float | None:
        """See RoundHandle.remaining."""
        with self._changed:
            return 0.0 if round_.status.over else self._scheduler.remaining(round_)

    def pids(self) -> list[int]:
        """The worker processes."""
        return [worker.process.pid for worker in self._workers]

    def open_rounds(self) -> int:
        """How many rounds are not over."""
        return len(self._scheduler.rounds)

    def turn(self) -> float:
        """Seconds in which every round that runs gets a slice."""
        with self._changed:
            return self._scheduler.turn()

    def close(self) -> None:
        """End all processes; rounds stay as they are, to be run again another day. Nothing happens the second time."""
        with self._changed:
            if self._closing.is_set():
                return
            self._closing.set()
            self._changed.notify_all()
        self._news.put(None)
        atexit.unregister(self.close)
        for thread in self._threads:
            thread.join(PATIENCE)
        for worker in self._workers:
            worker.end()

    def _drive(self, index: int) -> None:
        """Keep one worker busy."""
        scheduler = self._scheduler
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing.is_set() or scheduler.has_work(index))
                if not self._closing.is_set() and not self._workers[index].lives():
                    log.warning("worker %d had ended and is replaced", index)  # while idle: no round's fault
                    scheduler.worker_lost(index, time.monotonic())
                    self._replace(index)
                order = scheduler.next_slice(index)
                if self._closing.is_set():
                    return
            if order is None:  # stopped meanwhile
                continue
            try:
                report: SliceReport | str | None = self._workers[index].run(order)
            except WorkerDied:
                report = None
            with self._changed:
                now = time.monotonic()
                if self._closing.is_set():
                    return
                if isinstance(report, SliceReport):
                    scheduler.slice_done(index, order, report, now)
                elif report is None:
                    log.warning("worker %d died in round %d and is replaced", index, order.key)
                    scheduler.worker_died(index, order, now)
                    self._replace(index)
                else:
                    log.error("a worker failed in round %d:\n%s", order.key, report)
                    fault = LessonError(N_("The training met an unexpected fault; the round was given up."))
                    if round_ := scheduler.rounds.get(order.key):
                        scheduler.fail(round_, fault, now)
                self._changed.notify_all()

    def _replace(self, index: int) -> None:
        """Put a new process in a worker's place, again after a while if the machine has no room for one."""
        self._workers[index].end()
        while not self._closing.is_set():
            try:
                self._workers[index] = _Worker(self._cores)
                return
            except OSError:
                log.exception("worker %d cannot be started", index)
                self._changed.wait(1.0)  # lets go of the lock meanwhile

    def _tell(self) -> None:
        """Call those who wait for a round's end, outside the lock: they may start another."""
        while (over := self._news.get()) is not None:
            try:
                over()
            except Exception:
                log.exception("the end of a round could not be told")

    def _watch(self) -> None:
        """Stop the rounds whose owners have been away for ABSENCE, or that have held memory in a pause for PAUSE."""
        while not self._closing.wait(1.0):
            now = time.monotonic()
            with self._changed:
                rounds = list(self._scheduler.rounds.values())
                seen = {owner: last for owner, last in self._seen.items() if now - last <= ABSENCE}
            for round_ in rounds:
                seen[round_.owner] = now if self._is_present(round_.owner) else self._seen.get(round_.owner, now)
                forgotten = round_.paused_at is not None and now - round_.paused_at > PAUSE
                if forgotten or now - seen[round_.owner] > ABSENCE:
                    self.move(round_, None, Status.STOPPED)
            self._seen = seen  # who started a round meanwhile has been seen when next looked for

    def _is_present(self, owner: str) -> bool:
        """Whether an owner is there; one about whom nothing can be learned is."""
        try:
            return self._present(owner)
        except Exception:
            log.exception("whether an owner is there could not be learned")
            return True


class _Worker:
    """One worker process and the pipes to it, on any of `cores` whatever its parent is held to."""

    def __init__(self, cores: list[int]) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.engine", *map(str, cores)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | ONE_THREAD | GIVE_BACK | {"PYTHONPATH": path},
        )

    def lives(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def run(self, order: Slice) -> SliceReport | str:
        """One slice: its report, or the traceback of a fault. Raises WorkerDied."""
        assert self.process.stdin and self.process.stdout
        try:
            pickle.dump(order, self.process.stdin)
            self.process.stdin.flush()
            return cast(SliceReport | str, pickle.load(self.process.stdout))
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkerDied from error

    def end(self) -> None:
        """Let the process end by closing its pipes; kill it if it does not."""
        assert self.process.stdin and self.process.stdout
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # a worker that died with an order half read
                pipe.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def cores() -> list[int]:
    """The numbers of the processors that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def keep_to_one_core() -> None:
    """Hold this process, all its threads and those to come, to one processor, where the system has a way to.

    For a server beside an Engine: its threads take turns anyway, and on two cores they wait for each other's turn
    across caches. Measured while two workers train: 5.3 instead of 8.0 ms for a tick of the page. Nor does BLAS get a
    second thread, in what is loaded and in what will be: two that spin for each other on one core take eighty times
    as long for the eigenvalues of a model.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    os.environ.update(ONE_THREAD)
    threadpool_limits(1)
    core = cores()[-1]
    for thread in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has ended meanwhile, or a host that forbids it
            os.sched_setaffinity(int(thread.name), {core})
