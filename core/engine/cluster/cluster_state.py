"""What a server knows of hosts and of its rounds, and every decision about them. No threads and no network in here.

All of it is used under the engine's lock. Times are seconds of any one clock, handed in as `now`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from core.engine.admission import check_room
from core.engine.cluster.placement import Host, place_for
from core.engine.cluster.questions import Answer, Question
from core.engine.cluster.remote_round import RemoteRound
from core.engine.owners import Owner
from core.engine.port import EngineBusy
from core.errors import LessonError
from core.progress import Status

BUSY_SECONDS = 1.0  # that a host whose queue is full is left alone
SILENT_SECONDS = 4.0  # without an answer, after which a host's rounds are placed elsewhere
NOTICE_SECONDS = 2.0  # without a host, after which the page says so


@dataclass
class ClusterState:
    """The rounds of one server that have not ended, and the hosts.

    ended: called with the `on_end` of every round that has ended
    """

    server: str
    ended: Callable[[Callable[[], None]], None] = lambda on_end: None
    rounds: dict[int, RemoteRound] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    hostless_since: float | None = None  # since when no host has answered; None while one does
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def check_new(self, owner: str, lane: str, known: Owner) -> None:
        """Raise EngineBusy when an owner has a round in a lane already or too many wait."""
        check_room(self.rounds.values(), owner, lane, known)

    def next_number(self) -> int:
        """The number of a new round."""
        return next(self._numbers)

    def add(self, round_: RemoteRound, now: float) -> None:
        """Take on a round and place it if there is a host."""
        self.rounds[round_.number] = round_
        self.place_rounds(now)

    def set_hosts(self, addresses: dict[str, str], now: float, may_be_away: bool = False) -> None:
        """Take in which hosts there are, by name; rounds of those that have gone are placed anew.

        may_be_away: whether one that is missing may come back, since the scheduler was away itself
        """
        for name, address in addresses.items():
            self.hosts.setdefault(name, Host(name, address, answered=now)).address = address
        for name in [name for name in self.hosts if name not in addresses and not may_be_away]:
            del self.hosts[name]
            self._unplace_all(name, now)
        self.place_rounds(now)

    def question(self, host: Host, wait_seconds: float) -> Question:
        """All that a host is to be asked."""
        host.sequence += 1
        orders = {one.key: one.order() for one in self.rounds.values() if one.host == host.name}
        return Question(self.server, host.sequence, orders, wait_seconds)

    def take_answer(self, host: Host, question: Question, answer: Answer, now: float) -> bool:
        """Take in what a host says; whether there was anything new."""
        if self.hosts.get(host.name) is not host:
            return False
        host.kind, host.workers, host.answered = answer.kind, answer.workers, now
        host.work_left, host.cycle_seconds = answer.work_left, answer.cycle_seconds
        unheard = [one for one in self.rounds.values() if one.host == host.name and one.key not in question.orders]
        host.placed = sum(one.operations_left() for one in unheard)
        self.hostless_since = None
        for key, news in answer.news.items():
            round_ = self.rounds.get(key[0])
            if round_ is not None and round_.key == key and round_.host == host.name:
                round_.take(news)
                if round_.status.is_final:
                    self._remove(round_)
        for key in answer.unknown:  # a host that has forgotten a round has stopped it: its lease was over
            round_ = self.rounds.get(key[0])
            if round_ is not None and round_.key == key and question.orders[key].spec is None:
                round_.unplace(now)
        for key, fault in answer.refused.items():
            self._take_refusal(host, self.rounds.get(key[0]), key, fault, now)
        self.place_rounds(now)
        return bool(answer.news or answer.unknown or answer.refused)

    def take_silence(self, host: Host, now: float) -> None:
        """A host has not answered: after a while its rounds are placed elsewhere, if there is another."""
        others = any(one is not host and now - one.answered < SILENT_SECONDS for one in self.hosts.values())
        if now - host.answered >= SILENT_SECONDS:
            host.kind = ""  # no round is placed there until it answers
            if others:
                self._unplace_all(host.name, now)
                self.place_rounds(now)

    def look_for_hosts(self, now: float) -> None:
        """Note since when no host has answered."""
        if any(host.kind and now - host.answered < SILENT_SECONDS for host in self.hosts.values()):
            self.hostless_since = None
        elif self.hostless_since is None:
            self.hostless_since = now

    def place_rounds(self, now: float) -> None:
        """Place every round that has no host, in the order they came, as far as there are hosts."""
        unplaced = [round_ for round_ in self.rounds.values() if round_.host is None]
        for round_ in unplaced:
            host = place_for(round_, self.hosts.values(), self.rounds.values(), now)
            if host is not None:
                round_.place(host.name, host.kind)
                host.placed += round_.operations_left()
        waiting = [one for one in unplaced if one.host is None and one.status is Status.WAITING]
        for position, round_ in enumerate(waiting, start=1):
            if round_.progress.position != position:
                round_.publish(position=position)

    def end(self, round_: RemoteRound, status: Status, fault: LessonError | None = None) -> None:
        """End a round; one that has ended stays as it is. Its host hears of it by no longer being asked."""
        if not round_.status.is_final:
            round_.fault = fault
            round_.publish(status=status, remaining=None, position=0)
            self._remove(round_)

    def is_without_hosts(self, now: float) -> bool:
        """Whether nothing has been trained for a while since there is no host."""
        return self.hostless_since is not None and now - self.hostless_since >= NOTICE_SECONDS

    def _take_refusal(
        self, host: Host, round_: RemoteRound | None, key: tuple[int, int], fault: LessonError, now: float
    ) -> None:
        if round_ is None or round_.key != key or round_.host != host.name:
            return
        round_.unplace(now)
        if isinstance(fault, EngineBusy):
            host.busy_until = now + BUSY_SECONDS
            return
        round_.refused_by[host.name] = fault
        if all(name in round_.refused_by for name in self.hosts):
            self.end(round_, Status.FAILED, fault)

    def _unplace_all(self, name: str, now: float) -> None:
        for round_ in self.rounds.values():
            if round_.host == name:
                round_.unplace(now)

    def _remove(self, round_: RemoteRound) -> None:
        self.rounds.pop(round_.number, None)  # none is there once the engine has been closed
        round_.images_to_predict = None
        if round_.on_end is not None:
            self.ended(round_.on_end)
