"""The engine on a cluster: rounds are trained by hosts, each a Dask worker that runs the embedded engine.

    page                     ClusterEngine                               host (host_service.py)
    start(plan) -----------> RemoteRound, placed at a host
                             conversation with the host -- Question --> begins, pauses, gives up
    RoundHandle.progress <-- RemoteRound.take           <-- Answer ---- news of the rounds
    on_end() <-------------- EndCallbacks

Covered: hosts, their trainers and the Dask scheduler may die and come back, and the network may be away; rounds go on
where they are or begin again at another host, to the same bits. The rounds of a server that dies end with its lease at
the hosts. The token of a lab stays here, and so do addresses and class codes: hosts know their hashes.
"""

import threading
import time
import uuid
from collections.abc import Callable, Sequence

import numpy as np

from core.data.datasets import load_training
from core.engine.cluster.cluster_state import ClusterState
from core.engine.cluster.conversations import Conversations
from core.engine.cluster.dask_settings import configure
from core.engine.cluster.images_digest import images_digest
from core.engine.cluster.remote_round import RemoteHandle, RemoteRound
from core.engine.end_callbacks import EndCallbacks
from core.engine.owners import Owner
from core.engine.presence import Presence
from core.engine.trial_shares import chosen_trials
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status

JOIN_SECONDS = 5.0  # that a thread gets to end when the engine is closed


class ClusterEngine:
    """Trains the rounds of this server's visitors on hosts; see Engine in port.py.

    address: of the Dask scheduler
    find_owner: an owner as they are now; asked when a round begins, and once a second while it has not ended
    """

    def __init__(self, address: str, find_owner: Callable[[str], Owner] = Owner) -> None:
        configure()
        self._presence = Presence(find_owner)
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._end_callbacks = EndCallbacks()
        self._state = ClusterState(uuid.uuid4().hex, self._end_callbacks.put)
        self._conversations = Conversations(address, self._state, self._changed)
        tasks = [self._conversations.run, self._watch]
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
    ) -> RemoteHandle:
        """Begin a round, or queue it; see Engine.start in port.py."""
        source = load_training(plan.dataset, plan.images, order=plan.image_order)
        digest = images_digest(source, plan.images)
        chosen = tuple(chosen_trials(plan, trials))
        progress, known = RoundProgress.of(plan, chosen), self._presence.find(owner)
        with self._changed:
            if self._closing.is_set():
                raise LessonError(N_("The server is being shut down."))
            self._state.check_new(owner, lane, known)
            now = time.monotonic()
            self._presence.round_started(owner, now)
            round_ = RemoteRound(
                self._state.next_number(), owner, known, lane, progress, digest, images_to_predict, chosen, on_end,
                unplaced_since=now,
            )  # fmt: skip
            self._state.add(round_, now)
            self._command(round_)
        return RemoteHandle(round_, self._changed, self._closing, self._command, self._end)

    def open_rounds(self) -> int:
        """How many rounds have not ended."""
        return len(self._state.rounds)

    def cycle_seconds(self) -> float:
        """Seconds in which every round that runs gets a slice, on the busiest host."""
        with self._changed:
            return max((host.cycle_seconds for host in self._state.hosts.values()), default=0.0)

    def workers_live(self) -> bool:
        """Whether a host trains."""
        return self.notice() is None

    def notice(self) -> LessonError | None:
        """That there is no host, once that has lasted a while."""
        with self._changed:
            if self._state.is_without_hosts(time.monotonic()):
                return LessonError(
                    N_("No computer is training just now. All rounds go on by themselves when one is back.")
                )
            return None

    def close(self) -> None:
        """Have the hosts forget the rounds, which keep their status here. Nothing happens the second time."""
        with self._changed:
            if self._closing.is_set():
                return
            self._closing.set()
            self._changed.notify_all()
        self._conversations.close()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        self._end_callbacks.close(JOIN_SECONDS)

    def _command(self, round_: RemoteRound) -> None:
        self._conversations.command(round_.host)

    def _end(self, round_: RemoteRound, status: Status) -> None:
        """End a round and have its host told; to be called under the lock."""
        host = round_.host
        self._state.end(round_, status)
        self._conversations.command(host)
        self._changed.notify_all()

    def _watch(self) -> None:
        """Once a second: see whether owners are there, for the hosts too, and stop rounds that nobody is there for."""
        while not self._closing.wait(1.0):
            with self._changed:
                rounds = list(self._state.rounds.values())
            seen = self._presence.look(rounds, time.monotonic())
            with self._changed:
                for round_ in rounds:
                    round_.known = seen.owners[round_.owner]
                for round_ in seen.abandoned:
                    self._end(round_, Status.STOPPED)
