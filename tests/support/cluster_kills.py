"""Students who train round after round on a cluster whose processes are killed at random."""

import random
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field

import psutil

from core.engine.cluster.cluster_engine import ClusterEngine
from core.errors import LessonError
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from tests.support.cluster import Cluster, cluster
from tests.support.cluster_rounds import STABLE, expected, same
from tests.support.waiting import LIMIT

PLANS = [
    RoundPlan(SearchSpace(LogRange(-3, 1), LogRange(-8, 0)), trials=20, epochs=30, images=300, seed=1),
    RoundPlan(STABLE, trials=20, epochs=40, images=300, give_up=(2, 5, 11), seed=3),
    RoundPlan(STABLE, trials=30, epochs=40, seed=9),
]
STUDENTS = 5
KINDS = ("host", "host", "trainer", "trainer", "scheduler")  # what is killed, in random order, before it begins anew
PAUSES = 2.0, 5.0  # seconds between two kills
TRAINER_KILLS = 2  # while a round is open: at a third death of a trainer at the same place it fails, as it should


@dataclass
class Kills:
    """What came of it."""

    kills: "Counter[str]" = field(default_factory=Counter)
    rounds: int = 0
    failures: list[str] = field(default_factory=list)  # rounds that did not finish, or with other bits
    longest: float = 0.0  # seconds of a round
    orphans: list[int] = field(default_factory=list)  # processes that are left at the end


def kill_at_random(seconds: float, seed: int, kills: int = 1) -> Kills:
    """Train and kill for so long and so often at least, then wait until every round has ended."""
    found, lock, rng = Kills(), threading.Lock(), random.Random(seed)
    for plan in PLANS:
        expected(plan)
    end, over = time.monotonic() + seconds, threading.Event()

    def student(number: int, engine: ClusterEngine) -> None:
        mine = random.Random(f"{seed} {number}")
        while not over.is_set():
            plan, started = mine.choice(PLANS), time.monotonic()
            try:
                progress = engine.start(f"student {number}", plan).wait(LIMIT)
            except LessonError as fault:
                progress = None
                report = repr(fault)
            with lock:
                found.rounds += 1
                found.longest = max(found.longest, time.monotonic() - started)
                if progress is None:
                    found.failures.append(report)
                elif not same(progress, expected(plan)):
                    found.failures.append(f"{progress.status}, plan {PLANS.index(plan)}")

    started: set[psutil.Process] = set()
    struck: Counter[int] = Counter()  # by round: trainers that were killed meanwhile
    coming: list[str] = []  # kinds
    with cluster(2, 1) as machines, closing(ClusterEngine(machines.address)) as engine, machines.supervised():
        threads = [threading.Thread(target=student, args=(number, engine)) for number in range(STUDENTS)]
        for thread in threads:
            thread.start()
        while time.monotonic() < end or found.kills.total() < kills:
            time.sleep(rng.uniform(*PAUSES))
            started.update(processes(machines))
            coming = coming or rng.sample(KINDS, len(KINDS))
            open_rounds = list(engine._state.rounds)
            spare_trainers = any(struck[number] >= TRAINER_KILLS for number in open_rounds)
            kind = next((kind for kind in coming if kind != "trainer" or not spare_trainers), None)
            with suppress(psutil.Error, IndexError, ProcessLookupError):
                if kind is not None:
                    kill_one(machines, kind, rng)
                    found.kills[kind] += 1
                    coming.remove(kind)
                    struck.update(open_rounds if kind == "trainer" else [])
        over.set()
        for thread in threads:
            thread.join()
        started.update(processes(machines))
    gone, alive = psutil.wait_procs(list(started), timeout=LIMIT)
    found.orphans = [one.pid for one in alive]
    return found


def processes(machines: Cluster) -> list[psutil.Process]:
    """All processes of a cluster that live."""
    found = []
    for process in [*machines.hosts, machines.scheduler]:
        with suppress(psutil.Error):
            if process is not None:
                one = psutil.Process(process.pid)
                found += [one, *one.children()]
    return found


def kill_one(machines: Cluster, kind: str, rng: random.Random) -> None:
    """Kill one process of a kind."""
    if kind == "scheduler":
        assert machines.scheduler is not None
        machines.scheduler.kill()
        return
    host = rng.choice([host for host in machines.hosts if host.poll() is None])
    if kind == "host":
        host.kill()
    else:
        rng.choice(machines.trainers(host)).kill()
