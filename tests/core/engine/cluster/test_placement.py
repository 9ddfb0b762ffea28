"""Which host a round goes to."""

from dataclasses import replace

from core.engine.cluster.cluster_state import ClusterState
from core.engine.cluster.placement import KIND_PATIENCE_SECONDS, Host
from core.engine.cluster.questions import Answer, Question
from core.engine.cluster.remote_round import RemoteRound
from core.engine.owners import Owner
from core.errors import LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status

PLAN = RoundPlan(trials=4, epochs=5)


class Servers:
    """A server that knows so many hosts of one kind, none of which has anything to do."""

    def __init__(self, hosts: int) -> None:
        self.state = ClusterState("server")
        for name in map(str, range(hosts)):
            self.state.hosts[name] = Host(name, "nowhere", "kind")

    def place(self, owner: str, known: Owner, plan: RoundPlan = PLAN) -> RemoteRound:
        """A new round, at its host."""
        number = self.state.next_number()
        round_ = RemoteRound(number, owner, known, "round", RoundProgress.of(plan), "digest", unplaced_since=0.0)
        self.state.add(round_, 0.0)
        assert round_.host is not None
        return round_

    def answer(self, question: Question, host: str, work_left: float) -> None:
        """A host has answered that so much is to be done there."""
        self.state.take_answer(self.state.hosts[host], question, Answer("kind", 1, work_left, 0.0), 0.0)


def test_a_round_goes_to_the_host_with_the_least_to_do_for_each_worker() -> None:
    servers = Servers(3)
    for name, work_left, workers in (("0", 8e9, 4), ("1", 9e9, 8), ("2", 3e9, 1)):
        servers.state.hosts[name].work_left, servers.state.hosts[name].workers = work_left, workers
    assert servers.place("someone", Owner("someone")).host == "1"


def test_rounds_that_start_at_the_same_time_are_spread() -> None:
    servers = Servers(4)
    hosts = [servers.place(f"lab {number}", Owner(f"seat {number}", in_class=True)).host for number in range(12)]
    assert sorted(map(str, hosts)) == sorted("0123" * 3)


def test_an_answer_to_an_older_question_does_not_hide_what_was_placed_since() -> None:
    servers = Servers(2)
    questions = {name: servers.state.question(host, 0.0) for name, host in servers.state.hosts.items()}
    first = servers.place("lab 1", Owner("seat 1", in_class=True))
    assert first.host == "0"
    servers.answer(questions["0"], "0", 0.0)
    assert servers.place("lab 2", Owner("seat 2", in_class=True)).host == "1"
    servers.answer(servers.state.question(servers.state.hosts["0"], 0.0), "0", 7.0)
    assert servers.state.hosts["0"].load == 7.0  # it has heard of the round, and counts it


def test_all_rounds_of_a_seat_are_at_one_host_whichever_lab_they_are_of() -> None:
    servers = Servers(4)
    hosts = {servers.place(f"lab {number}", Owner("seat 3 of QXWZ", in_class=True)).host for number in range(4)}
    assert len(hosts) == 1


def test_labs_of_one_address_outside_of_classes_use_all_hosts_and_each_lab_one() -> None:
    servers, address = Servers(4), Owner("192.0.2.7")
    rounds = [servers.place(f"lab {number % 4}", address) for number in range(8)]
    assert len({round_.host for round_ in rounds}) == 4
    assert all(rounds[lab].host == rounds[lab + 4].host for lab in range(4))


def test_a_round_waits_for_a_host_of_its_kind_and_then_begins_anew() -> None:
    servers = Servers(2)
    servers.state.hosts["1"].kind = "another kind"
    round_ = servers.place("someone", Owner("someone"))
    begun = round_.progress.epochs_done + 1
    round_.progress = replace(round_.progress, epochs_done=begun, status=Status.RUNNING)
    servers.state.set_hosts({"1": "nowhere"}, 10.0)
    assert round_.host is None and round_.progress.started
    servers.state.place_rounds(10.0 + KIND_PATIENCE_SECONDS)
    assert (round_.host, round_.kind) == ("1", "another kind") and not round_.progress.started


def test_a_round_goes_to_no_host_that_has_refused_it() -> None:
    servers = Servers(2)
    round_ = servers.place("someone", Owner("someone"))
    refusals = Answer("kind", 1, 0.0, 0.0, refused={round_.key: LessonError("other images")})
    servers.state.take_answer(
        servers.state.hosts["0"], servers.state.question(servers.state.hosts["0"], 0.0), refusals, 0.0
    )
    assert round_.host == "1"
