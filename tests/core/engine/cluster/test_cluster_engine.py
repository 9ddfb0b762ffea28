"""The cluster's engine with real processes: schedulers, hosts and trainers die, and rounds come to the same bits."""

import gzip
import pickle
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data.datasets import LABELS, find_file
from core.engine.cluster import cluster_state, conversations
from core.engine.cluster.cluster_engine import ClusterEngine
from core.engine.owners import Owner
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import Status
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from tests.support import waiting
from tests.support.cluster import Cluster, cluster
from tests.support.cluster_rounds import LONG, MIDDLE, SHORT, STABLE, expected, partly_done, same, until
from tests.support.waiting import LIMIT

MIXED = SearchSpace(LogRange(-3, 1), LogRange(-8, 0))  # some trials diverge, some do not


@contextmanager
def running(hosts: int = 2, workers: int = 1, **settings: object) -> Iterator[tuple[Cluster, ClusterEngine]]:
    """A cluster and a server's engine on it, once all hosts have answered."""
    with cluster(hosts, workers, **settings) as machines, closing(ClusterEngine(machines.address)) as engine:
        await_hosts(engine, hosts)
        yield machines, engine


def await_hosts(engine: ClusterEngine, count: int) -> None:
    """Wait until so many hosts have answered."""
    with engine._changed:
        assert engine._changed.wait_for(
            lambda: sum(bool(host.kind) for host in engine._state.hosts.values()) == count, LIMIT
        )


def host_of(machines: Cluster, engine: ClusterEngine) -> "subprocess.Popen[bytes]":
    """The host of the only round."""
    [round_] = list(engine._state.rounds.values())
    assert round_.host is not None
    pid = int(round_.host.rsplit("-", 2)[1])
    return next(host for host in machines.hosts if host.pid == pid)


@pytest.mark.long
def test_a_host_that_dies_soon_after_the_first_connection_is_missed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that was away is waited for, but not one that never was: the host's silence is not awaited."""
    monkeypatch.setattr(conversations, "REJOIN_SECONDS", 1e6)
    monkeypatch.setattr(cluster_state, "SILENT_SECONDS", 1e6)
    with running() as (machines, engine):
        machines.kill(machines.hosts[0])
        await_hosts(engine, 1)


def test_a_round_on_the_cluster_has_the_bits_of_one_on_this_machine() -> None:
    plan = RoundPlan(MIXED, trials=20, epochs=20, images=300, give_up=(4, 9), seed=3)
    with running() as (_, engine):
        assert same(engine.start("someone", plan).wait(LIMIT), expected(plan))


@pytest.mark.long
def test_the_rounds_of_a_host_that_dies_go_on_at_another_to_the_same_bits() -> None:
    with running() as (machines, engine):
        handle = engine.start("someone", MIDDLE)
        seen = partly_done(handle)
        machines.kill(host_of(machines, engine))
        found = handle.wait(LIMIT)
    assert same(found, expected(MIDDLE))
    known = ~np.isnan(seen.validation_accuracy)
    assert np.array_equal(found.validation_accuracy[known], seen.validation_accuracy[known])


@pytest.mark.long
def test_rungs_and_what_was_given_up_by_hand_outlive_a_host() -> None:
    plan = replace(MIDDLE, give_up=(10, 100))
    with running() as (machines, engine):
        handle = engine.start("someone", plan)
        seen = until(handle, lambda progress: progress.given_up.sum() == 10)
        by_hand = int(np.flatnonzero(~seen.given_up)[0])
        handle.give_up(by_hand)
        seen = until(handle, lambda progress: progress.given_up[by_hand])
        machines.kill(host_of(machines, engine))
        found = handle.wait(LIMIT)
    assert found.status is Status.FINISHED and (found.given_up >= seen.given_up).all()
    assert (found.epochs_done[seen.given_up] == seen.epochs_done[seen.given_up]).all()
    whole = expected(plan.to_the_end())
    trained = np.arange(plan.epochs) < found.epochs_done[:, None]
    assert np.array_equal(found.validation_accuracy[trained], whole.validation_accuracy[trained])
    assert np.isnan(found.validation_accuracy[~trained]).all()


@pytest.mark.long
def test_rounds_go_on_while_the_scheduler_is_away_and_when_it_is_back() -> None:
    with running() as (machines, engine):
        handle = engine.start("someone", MIDDLE)
        partly_done(handle)
        assert machines.scheduler is not None
        machines.scheduler.kill()
        machines.scheduler.wait()
        machines.start_scheduler()
        found = handle.wait(LIMIT)
        assert len(machines.hosts) == 2 and all(host.poll() is None for host in machines.hosts)
    assert same(found, expected(MIDDLE))


@pytest.mark.long
def test_without_a_host_rounds_wait_and_the_page_is_told() -> None:
    with running(hosts=1) as (machines, engine):
        handle = engine.start("someone", MIDDLE)
        partly_done(handle)
        machines.kill(machines.hosts[0])
        waiting.until(lambda: engine.notice() is not None)
        other = engine.start("someone else", SHORT)
        assert not engine.workers_live() and other.progress.status is Status.WAITING and other.progress.position == 1
        for change in (other.pause, handle.pause, handle.resume):  # nothing waits for a host that may never come
            change()
        machines.add_host()
        assert same(handle.wait(LIMIT), expected(MIDDLE))
        assert same(other.wait(LIMIT), expected(SHORT))
        assert engine.notice() is None


@pytest.mark.long
def test_a_host_that_joins_gets_rounds_and_one_that_is_told_to_end_gives_its_rounds_away() -> None:
    with running(hosts=1) as (machines, engine):
        first = engine.start("someone", LONG)
        partly_done(first)
        machines.add_host()
        await_hosts(engine, 2)
        second = engine.start("someone else", MIDDLE)
        rounds = list(engine._state.rounds.values())
        assert len({round_.host for round_ in rounds}) == 2
        before = first.progress.epochs_done
        machines.hosts[0].terminate()
        assert machines.hosts[0].wait(LIMIT) == 0
        after = until(first, lambda progress: rounds[0].host == rounds[1].host and rounds[0].version > 0)
        assert (after.epochs_done >= before).all()
        first.stop()
        assert same(second.wait(LIMIT), expected(MIDDLE))


@pytest.mark.long
def test_a_host_that_does_not_answer_holds_nobody_up() -> None:
    with running() as (machines, engine):
        handle = engine.start("someone", MIDDLE)
        partly_done(handle)
        silent = host_of(machines, engine)
        silent.send_signal(signal.SIGSTOP)
        try:
            handle.give_up(0)
            handle.pause()
            handle.resume()
            found = handle.wait(LIMIT)  # at the other host: this one is silent to the end
        finally:
            silent.send_signal(signal.SIGCONT)
        await_hosts(engine, 2)  # it answers again
        assert found.status is Status.FINISHED
        again = engine.start("someone else", SHORT)
        assert same(again.wait(LIMIT), expected(SHORT))


@pytest.mark.long
def test_a_round_never_mixes_two_kinds_of_arithmetic() -> None:
    """The round is paused until the host of the other kind is there: it shall not come to its end before that."""
    plan = replace(MIDDLE, epochs=80)
    with cluster(0, 1) as machines, closing(ClusterEngine(machines.address)) as engine:
        machines.add_host(OPENBLAS_CORETYPE="Haswell")
        await_hosts(engine, 1)
        handle = engine.start("someone", plan)
        partly_done(handle)
        handle.pause()
        machines.add_host(OPENBLAS_CORETYPE="Nehalem")
        await_hosts(engine, 2)
        assert len({host.kind for host in engine._state.hosts.values()}) == 2
        machines.kill(machines.hosts[0])
        handle.resume()
        found = handle.wait(LIMIT)
        alone = engine.start("someone", plan).wait(LIMIT)
    assert same(found, alone)


@pytest.mark.long
def test_a_host_with_other_images_refuses(tmp_path: Path, mnist_dir: Path) -> None:
    for file in mnist_dir.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    changed = bytearray(find_file(tmp_path, LABELS).read_bytes())
    if find_file(tmp_path, LABELS).suffix == ".gz":
        changed = bytearray(gzip.decompress(bytes(changed)))
    changed[8] = (changed[8] + 1) % 10
    find_file(tmp_path, LABELS).unlink()
    (tmp_path / LABELS).write_bytes(bytes(changed))
    plan = replace(SHORT, dataset="mnist")
    with cluster(0, 1) as machines, closing(ClusterEngine(machines.address)) as engine:
        machines.add_host(MNIST_DIR=str(tmp_path))
        await_hosts(engine, 1)
        refused = engine.start("someone", plan)
        assert refused.wait(LIMIT).status is Status.FAILED and "other images" in str(refused.fault)
        machines.add_host(MNIST_DIR=str(mnist_dir))
        await_hosts(engine, 2)
        assert same(engine.start("someone", plan).wait(LIMIT), expected(plan))


@pytest.mark.long
def test_hosts_learn_no_token_and_share_their_time_among_groups_of_all_servers() -> None:
    """Two labs of one group, at two servers, have together what the group of another lab has alone."""
    token, group = "secret-token-of-a-lab", "address 192.0.2.7"
    owners = {token: Owner(group), "second-token": Owner(group), "alone": Owner("seat 3 of the class QXWZ")}
    with (
        cluster(1, 1) as machines,
        closing(ClusterEngine(machines.address, owners.__getitem__)) as engine,
        closing(ClusterEngine(machines.address, owners.__getitem__)) as other,
    ):
        await_hosts(engine, 1), await_hosts(other, 1)
        plan = RoundPlan(STABLE, trials=20, epochs=200, images=1000)
        rounds = [engine.start(token, plan), other.start("second-token", plan), other.start("alone", plan)]
        for one in rounds:
            partly_done(one)
        for server in (engine, other):
            asked = pickle.dumps([server._state.question(host, 0.0) for host in server._state.hosts.values()])
            assert [text for text in (*owners, group, "QXWZ") if text.encode() in asked] == []
        before = [int(one.progress.epochs_done.sum()) for one in rounds]
        until(rounds[-1], lambda progress: progress.epochs_done.sum() > before[-1] + 600)
        gained = np.subtract([int(one.progress.epochs_done.sum()) for one in rounds], before)
        assert 0.7 < gained[-1] / gained[:-1].sum() < 1.4


@pytest.mark.long
def test_the_round_of_an_owner_who_has_left_is_stopped_and_one_who_is_away_may_come_back() -> None:
    known = {
        "left": Owner("left", is_present=False, absence_limit=1),
        "away": Owner("away", is_present=False, absence_limit=1000),
    }
    with cluster(1, 1) as machines, closing(ClusterEngine(machines.address, lambda owner: known[owner])) as engine:
        await_hosts(engine, 1)
        left, away = engine.start("left", LONG), engine.start("away", SHORT)
        assert left.wait(LIMIT).status is Status.STOPPED
        assert same(away.wait(LIMIT), expected(SHORT))


@pytest.mark.long
def test_a_closed_engine_leaves_no_round_at_a_host() -> None:
    with running(hosts=1) as (machines, engine):
        handle = engine.start("someone", LONG)
        partly_done(handle)
        engine.close()
        assert not handle.progress.status.is_final and handle.wait(1) is handle.progress
        for change in (lambda: handle.give_up(0), handle.pause, handle.resume, handle.stop):
            change()
        with closing(ClusterEngine(machines.address)) as another:
            waiting.until(lambda: [host.work_left for host in another._state.hosts.values() if host.kind] == [0])


@pytest.mark.long
def test_run_round_obeys_the_engine_that_is_set_when_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    on_this_machine = expected(SHORT)
    with cluster(1, 1) as machines:
        monkeypatch.setenv("ENGINE", machines.address)
        assert same(run_round(SHORT), on_this_machine)
    monkeypatch.setenv("ENGINE", "scheduler:8786")
    with pytest.raises(LessonError, match="tcp:// or tls://"):
        run_round(SHORT)
