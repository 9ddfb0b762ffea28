"""A host in this process: what it makes of a server's questions, and what it shares like one machine."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from core.data.datasets import load_training
from core.engine import memory, set_aside
from core.engine.cluster import host_service
from core.engine.cluster.cluster_state import ClusterState
from core.engine.cluster.images_digest import images_digest
from core.engine.cluster.questions import Question
from core.engine.cluster.remote_round import RemoteRound
from core.engine.owners import ABSENCE_LIMIT, Owner
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from tests.support.cluster_rounds import LONG, MIDDLE, SHORT, expected, same
from tests.support.waiting import until


class QuestionedHost:
    """A host in this process, and a server whose questions reach it when a test wants it."""

    def __init__(self) -> None:
        self.service = host_service.HostService(1)
        self.state = ClusterState("server")
        self.state.set_hosts({"host": "nowhere"}, 0.0)
        self.state.hosts["host"].kind = self.service.kind

    def add(self, plan: RoundPlan, known: Owner) -> RemoteRound:
        """A round of the server's, whose owner is called as their group."""
        digest = images_digest(load_training(plan.dataset, plan.images, order=plan.image_order), plan.images)
        number, owner = self.state.next_number(), known.group
        round_ = RemoteRound(number, owner, known, "round", RoundProgress.of(plan), digest, unplaced_since=0.0)
        self.state.add(round_, 0.0)
        return round_

    def ask(self) -> None:
        """One question, and its answer."""
        question = self.state.question(self.state.hosts["host"], 0.0)
        self.service.obey(question)
        self.state.take_answer(self.state.hosts["host"], question, self.service.news(question), time.monotonic())

    def ask_until_over(self, round_: RemoteRound) -> RoundProgress:
        """Ask again and again until a round has ended; its last progress."""
        until(lambda: (self.ask(), round_.status.is_final)[1])
        return round_.progress


@contextmanager
def questioned() -> Iterator[QuestionedHost]:
    """A host and a server, ended in the end."""
    host = QuestionedHost()
    with closing(host.service):
        yield host


@pytest.mark.long
def test_rounds_of_a_server_that_is_away_end_after_its_lease_and_begin_again_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(host_service, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(host_service, "ABSENCE_LIMIT", 0.5)
    with questioned() as host:
        round_ = host.add(MIDDLE, Owner("group"))
        host.ask()
        assert host.service.engine.open_rounds() == 1
        until(lambda: not host.service.engine.open_rounds())
        shown = round_.progress.epochs_done.copy()
        monkeypatch.undo()
        found = host.ask_until_over(round_)
        assert same(found, expected(MIDDLE)) and (found.epochs_done >= shown).all()


def test_a_host_asks_the_latest_orders_about_an_owner() -> None:
    with questioned() as host:
        round_ = host.add(LONG, Owner("seat", in_class=True))
        host.ask()
        [order] = host.state.question(host.state.hosts["host"], 0.0).orders.values()
        found = host.service._find_owner(order.owner)
        assert (found.in_class, found.is_present, found.group) == (True, True, order.known.group)
        round_.known = replace(round_.known, is_present=False)
        host.ask()
        away = host.service._find_owner(order.owner)
        assert not away.is_present and away.absence_limit == float("inf")  # the server decides
        host.service._servers["server"].asked -= 2 * host_service.LEASE_SECONDS
        assert host.service._find_owner(order.owner).absence_limit == ABSENCE_LIMIT


def test_a_server_that_asks_no_more_is_forgotten_once_its_rounds_have_ended() -> None:
    with questioned() as host:
        host.add(LONG, Owner("someone"))
        host.ask()
        [handle] = host.service._servers["server"].handles.values()
        for sequence, is_known in enumerate((True, False)):
            host.service._servers["server"].asked -= 2 * host_service.KEPT_SECONDS
            host.service.obey(Question("another", sequence, {}))
            assert ("server" in host.service._servers) == is_known
            handle.stop()


@pytest.mark.long
def test_a_paused_round_gives_its_memory_at_a_host_back_and_comes_to_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "MEMORY_BYTES", 1)  # for one round
    monkeypatch.setattr(memory, "RESERVE_BYTES", 0)
    for name in ("IDLE_SECONDS", "WAIT_SECONDS"):
        monkeypatch.setattr(set_aside, name, 0.2)
    with questioned() as host:
        paused = host.add(MIDDLE, Owner("someone"))
        until(lambda: (host.ask(), paused.progress.started)[1])
        paused.wanted = Status.PAUSED
        other = host.add(SHORT, Owner("someone else"))
        assert host.ask_until_over(other).status is Status.FINISHED
        shown = paused.progress
        assert shown.status is Status.PAUSED and shown.started
        paused.wanted = Status.RUNNING
        found = host.ask_until_over(paused)
        assert same(found, expected(MIDDLE)) and (found.epochs_done >= shown.epochs_done).all()


def test_a_new_round_is_not_delayed_by_paused_ones_and_those_of_absent_owners() -> None:
    with questioned() as host:
        rounds = [host.add(replace(LONG, seed=seed), Owner(f"student {seed}")) for seed in range(2)]
        host.ask()
        before = host.service.engine.work_left()
        rounds[0].wanted = Status.PAUSED
        host.ask()
        after = host.service.engine.work_left()
        rounds[1].known = replace(rounds[1].known, is_present=False)
        until(lambda: (host.ask(), host.service.engine.work_left() == 0)[1])
        assert 0 < after < before * 0.6
