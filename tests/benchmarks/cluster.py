"""Training on a cluster of one machine's own processes, against the embedded engine on the same cores, in turns."""

import statistics
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import psutil

from core.engine.cluster.cluster_engine import ClusterEngine
from core.engine.engine import EmbeddedEngine
from core.engine.port import Engine
from core.engine.processes import cores
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from tests.benchmarks.figure import Figure, at_least
from tests.benchmarks.training import sized, warm_engine
from tests.support.cluster import Cluster, cluster
from tests.support.cluster_kills import kill_at_random
from tests.support.waiting import LIMIT, until

LESSON = RoundPlan(dataset="mnist", images=500, trials=100, epochs=50, seed=0)
SMALL = RoundPlan(SearchSpace(LogRange(-3, -2)), trials=20, epochs=20)


def rounds(quick: bool) -> Iterator[Figure]:
    """A round on one host with a worker a core, against the same round on the embedded engine."""
    plan = sized(LESSON, quick)
    with warm_engine(plan) as embedded, cluster_of(1, len(cores())) as (machines, engine):
        measure(plan, engine, machines)
        local, remote = [], []
        for _ in range(1 if quick else 3):
            local.append(measure(plan, embedded))
            remote.append(measure(plan, engine, machines))
        local.append(measure(plan, embedded))
    wall, cpu, beside = (statistics.median(one) for one in zip(*remote, strict=True))
    local_wall, local_cpu, _ = (statistics.median(one) for one in zip(*local, strict=True))
    against = f"the embedded engine, {local_wall:.2f} s and {local_cpu:.2f} s of CPU"
    yield Figure("cluster.rounds.wall", wall, "s", local_wall / wall, against, at_least(0.90))
    yield Figure("cluster.rounds.cpu", cpu, "s", local_cpu / cpu, against, at_least(0.95))
    yield Figure("cluster.rounds.beside", beside, "s", beside / cpu, "all CPU of the cluster", (0.0, 0.05))


def answers(quick: bool) -> Iterator[Figure]:
    """How much later than on the embedded engine the first point comes, and how soon a round is over when stopped."""
    repeats = 2 if quick else 10
    with closing(EmbeddedEngine()) as embedded, cluster_of(1, len(cores())) as (machines, engine):
        local = statistics.median(first_point(embedded, seed) for seed in range(repeats))
        remote = statistics.median(first_point(engine, seed) for seed in range(repeats))
        stops = [stop(machines, engine, seed) for seed in range(repeats)]
    later = remote - local
    yield Figure("cluster.first_point", remote, "s", later / 0.3, f"0.3 s more than {local:.2f} s", (0.0, 1.0))
    yield Figure("cluster.stop", statistics.median(stops), "s", statistics.median(stops) / 0.5, "0.5 s", (0.0, 1.0))


def host_death(quick: bool) -> Iterator[Figure]:
    """How long after its host has died a round goes on at another."""
    found = []
    for seed in range(1 if quick else 4):
        with cluster_of(2, 1) as (machines, engine):
            handle = engine.start("someone", replace(SMALL, trials=100, epochs=200, seed=seed))
            handle.wait_for(lambda progress: progress.started, LIMIT)
            [round_] = list(engine._state.rounds.values())
            before, attempt, version = time.perf_counter(), round_.attempt, round_.version
            assert round_.host is not None and version >= 0
            pid = int(round_.host.rsplit("-", 2)[1])
            machines.kill(next(host for host in machines.hosts if host.pid == pid))
            handle.wait_for(lambda progress, one=round_, old=attempt: one.attempt > old and one.version > 0, LIMIT)
            found.append(time.perf_counter() - before)
    yield Figure("cluster.host_death", max(found), "s", max(found) / 3, "3 s", (0.0, 1.0))


def kills(quick: bool) -> Iterator[Figure]:
    """Rounds that came to the same bits while hosts, trainers and the scheduler were killed at random."""
    found = kill_at_random(seconds=10 if quick else 100, seed=1)
    right = found.rounds - len(found.failures)
    killed = ", ".join(f"{count} {kind}s" for kind, count in sorted(found.kills.items()))
    against = f"{found.rounds} rounds, {killed} killed, {len(found.orphans)} processes left"
    yield Figure("cluster.kills.right", right, "rounds", right / found.rounds, against, (1.0, 1.0))
    yield Figure("cluster.kills.longest", found.longest, "s", found.longest / 60, "60 s")


@contextmanager
def cluster_of(hosts: int, workers: int) -> Iterator[tuple[Cluster, ClusterEngine]]:
    """A cluster and an engine on it, once all hosts have answered."""
    with cluster(hosts, workers) as machines, closing(ClusterEngine(machines.address)) as engine:
        until(lambda: sum(bool(host.kind) for host in engine._state.hosts.values()) == hosts)
        yield machines, engine


def measure(plan: RoundPlan, engine: Engine, machines: Cluster | None = None) -> tuple[float, float, float]:
    """Wall seconds of a round, CPU seconds of all processes, and of those that do not train."""
    trainers, others = processes(machines)
    before, start = (cpu(trainers), cpu(others)), time.perf_counter()
    engine.start("benchmark", plan).wait(LIMIT)
    wall = time.perf_counter() - start
    trained, beside = cpu(trainers) - before[0], cpu(others) - before[1]
    return wall, trained + beside, beside


def processes(machines: Cluster | None) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """The processes that train, and all others: this one too."""
    me = psutil.Process()
    if machines is None:
        return [one for one in me.children() if "core.engine" in one.cmdline()], [me]
    hosts = [psutil.Process(host.pid) for host in machines.hosts]
    assert machines.scheduler is not None
    return [child for host in hosts for child in host.children()], [me, *hosts, psutil.Process(machines.scheduler.pid)]


def cpu(of: list[psutil.Process]) -> float:
    """Seconds of CPU that processes have used."""
    return sum(times.user + times.system for times in (one.cpu_times() for one in of))


def first_point(engine: Engine, seed: int) -> float:
    """Seconds from the start of a round to its first accuracy."""
    start = time.perf_counter()
    handle = engine.start("benchmark", replace(SMALL, seed=seed))
    handle.wait_for(lambda progress: progress.started, LIMIT)
    seconds = time.perf_counter() - start
    handle.wait(LIMIT)
    return seconds


def stop(machines: Cluster, engine: ClusterEngine, seed: int) -> float:
    """Seconds from the moment that a round is stopped until its host trains no more."""
    handle = engine.start("benchmark", replace(SMALL, trials=100, epochs=200, seed=seed))
    handle.wait_for(lambda progress: progress.started, LIMIT)
    trainers = machines.trainers(machines.hosts[0])
    start = time.perf_counter()
    handle.stop()
    idle_since, used = start, -1.0
    while time.perf_counter() - idle_since < 0.5:
        now = sum(one.cpu_times().user for one in trainers)
        if now > used:
            idle_since, used = time.perf_counter(), now
        time.sleep(0.01)
    return idle_since - start
