"""The engine: one worker process for each core, a thread that drives each, and a handle on every round.

    page                      Engine                                                       worker process
    start(plan) ----------->  Scheduler.add
                              driver thread: Scheduler.next_slice --Slice--> stdin ------> train
    RoundHandle.progress <--  driver thread: Scheduler.slice_done <--SliceReport-- stdout
    on_end() <--------------  EndCallbacks
    find_owner(owner) <-----  presence thread, once a second

A worker's driver alone reads and writes its pipes. The scheduler is used under the lock of the condition `_changed`, on
which drivers and waiting handles sleep. Covered: workers that die (another one trains what they had in memory again, to
the same bits), a server that is killed (the pipe ends), owners who leave. Not covered: a worker that hangs without
dying.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from core.data.datasets import load_training
from core.engine.end_callbacks import EndCallbacks
from core.engine.estimates import work_left
from core.engine.owners import Owner
from core.engine.presence import Presence
from core.engine.processes import WorkerDied, WorkerProcess, cores
from core.engine.protocol import Slice, SliceReport
from core.engine.round_handle import EmbeddedHandle
from core.engine.scheduler import Scheduler
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress

JOIN_SECONDS = 5.0  # that a thread gets to end when the engine is closed
log = logging.getLogger(__name__)


class EmbeddedEngine:
    """Trains the rounds of everybody who shares this machine.

    workers: processes; None: one for each core
    find_owner: an owner as they are now; asked when a round begins, and once a second while it has not ended
    """

    def __init__(self, workers: int | None = None, find_owner: Callable[[str], Owner] = Owner) -> None:
        self._cores = cores()
        count = workers or len(self._cores)
        self._presence = Presence(find_owner)
        self._scheduler = Scheduler(count)
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._end_callbacks = EndCallbacks()
        self._workers = [WorkerProcess(self._cores) for _ in range(count)]
        tasks: list[Callable[[], None]] = [self._watch, *(partial(self._drive, index) for index in range(count))]
        self._threads = [threading.Thread(target=task, daemon=True) for task in tasks]
        for thread in self._threads:
            thread.start()

    def start(
        self,
        owner: str,
        plan: RoundPlan,
        lane: str = "round",
        images_to_predict: np.ndarray | None = None,
        on_end: Callable[[], None] | None = None,
        trials: Sequence[int] | None = None,
        before: RoundProgress | None = None,
        decided_rungs: int = 0,
    ) -> EmbeddedHandle:
        """Begin a round, or queue it; see Engine.start in port.py.

        before: what another engine on a machine of the same kind had trained of it; what was given up stays so
        decided_rungs: how many rungs had been decided there
        """
        source = load_training(plan.dataset, plan.images, order=plan.image_order)
        known = self._presence.find(owner)
        queue_callback = None if on_end is None else lambda: self._end_callbacks.put(on_end)
        with self._changed:
            if self._closing.is_set():
                raise LessonError(N_("The server is being shut down."))
            now = time.monotonic()
            self._presence.round_started(owner, now)
            round_ = self._scheduler.add(
                owner, plan, source, now, lane, images_to_predict, queue_callback, trials, known, before, decided_rungs
            )
            self._changed.notify_all()
        return EmbeddedHandle(round_, self._scheduler, self._changed, self._closing)

    def pids(self) -> list[int]:
        """The worker processes."""
        return [worker.process.pid for worker in self._workers]

    @property
    def workers(self) -> int:
        """How many processes train."""
        return len(self._workers)

    def work_left(self) -> float:
        """Floating-point operations of all rounds that a new one would share the workers with."""
        with self._changed:
            return work_left(self._scheduler.rounds.values())

    def workers_live(self) -> bool:
        """Whether no worker process has ended; one that has is replaced within a second or two."""
        return all(worker.is_alive() for worker in self._workers)

    def open_rounds(self) -> int:
        """How many rounds have not ended."""
        return len(self._scheduler.rounds)

    def cycle_seconds(self) -> float:
        """Seconds in which every round that runs gets a slice."""
        with self._changed:
            return self._scheduler.cycle_seconds()

    def notice(self) -> LessonError | None:
        """None: the workers are this machine's own."""
        return None

    def close(self) -> None:
        """End all processes; rounds keep their status, to be run again another day. Nothing happens the second time."""
        with self._changed:
            if self._closing.is_set():
                return
            self._closing.set()
            self._changed.notify_all()
        for worker in self._workers:
            worker.kill()  # so that no driver waits for the end of a slice
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        self._end_callbacks.close(JOIN_SECONDS)
        for worker in self._workers:
            worker.end()

    def _drive(self, index: int) -> None:
        """Keep one worker busy."""
        scheduler = self._scheduler
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._closing.is_set() or scheduler.has_work(index) or not self._workers[index].is_alive()
                )
                if self._closing.is_set():
                    return
                if not self._workers[index].is_alive():
                    log.warning("worker %d had ended and is replaced", index)  # while idle: no round's fault
                    scheduler.worker_lost(index, time.monotonic())
                    self._replace(index)
                    continue
                order = scheduler.next_slice(index)
                assert order is not None  # there is work
            try:
                report: SliceReport | str | None = self._workers[index].run(order)
            except WorkerDied:
                report = None
            with self._changed:
                if self._closing.is_set():
                    return
                self._take_in(index, order, report)
                self._changed.notify_all()

    def _take_in(self, index: int, order: Slice, report: SliceReport | str | None) -> None:
        """Enter the outcome of a slice: a report, the traceback of an exception, or None from a worker that died."""
        now = time.monotonic()
        if isinstance(report, SliceReport):
            self._scheduler.slice_done(index, order, report, now)
        elif report is None:
            log.warning("worker %d died in round %d and is replaced", index, order.key)
            self._scheduler.worker_died(index, order, now)
            self._replace(index)
        else:
            log.error("a worker failed in round %d:\n%s", order.key, report)
            if round_ := self._scheduler.rounds.get(order.key):
                fault = LessonError(N_("The training met an unexpected fault; the round was given up."))
                self._scheduler.fail(round_, fault, now)

    def _replace(self, index: int) -> None:
        """Put a new process in a worker's place, again after a second if the machine has no memory for one."""
        self._workers[index].end()
        while not self._closing.is_set():
            try:
                self._workers[index] = WorkerProcess(self._cores)
                return
            except OSError:
                log.exception("worker %d cannot be started", index)
                self._changed.wait(1.0)  # releases the lock meanwhile

    def _watch(self) -> None:
        """Once a second: see whether owners are there, stop the rounds that nobody is there for, share the memory."""
        while not self._closing.wait(1.0):
            with self._changed:
                rounds = list(self._scheduler.rounds.values())
            seen = self._presence.look(rounds, time.monotonic())
            for round_ in seen.abandoned:
                EmbeddedHandle(round_, self._scheduler, self._changed, self._closing).stop()
            with self._changed:
                self._scheduler.look(seen.absent, time.monotonic())
                self._changed.notify_all()  # the drivers: also replaces workers that have ended
