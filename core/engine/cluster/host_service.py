"""What runs in a host: the engine of this machine, and the answers to the questions of the app's servers.

    server -- Question --> Dask --> answer() --> HostService.obey --> EmbeddedEngine
           <-- Answer ----      <--          <-- HostService.news

Rounds of one group share the host fairly whichever server they come from. Servers say of every owner whether they are
there, and stop the rounds of those who have left. When a server has asked nothing for LEASE_SECONDS, the owners of its
rounds count as away; the rounds are stopped after a while (presence.py), and begun again if the server comes back.

Each host shares its own time and memory by the rules of one machine: classes first, then groups, then owners.
"""

import asyncio
import math
import threading
import time
from dataclasses import dataclass, field, replace

from core.data.datasets import load_training
from core.engine.cluster.images_digest import images_digest
from core.engine.cluster.machine_kind import machine_kind
from core.engine.cluster.merging import news_of
from core.engine.cluster.questions import Answer, News, Order, Question, RoundKey, RoundSpec
from core.engine.engine import EmbeddedEngine
from core.engine.owners import ABSENCE_LIMIT, Owner
from core.engine.port import RoundHandle
from core.engine.round_handle import EmbeddedHandle
from core.errors import N_, LessonError
from core.progress import Status

LEASE_SECONDS = 5.0  # a server asks about once a second
KEPT_SECONDS = 600.0  # that a server which asks no more is remembered, with what has become of its rounds
LOOK_SECONDS = 0.05  # between two looks for news while a question waits for some


@dataclass
class ServerRounds:
    """The rounds of one server of the app at this host."""

    asked: float  # seconds of the monotonic clock: when it last asked
    sequence: int = -1  # of the latest question that was obeyed
    handles: dict[RoundKey, EmbeddedHandle] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)  # by hash, as they were at the latest question
    refused: dict[RoundKey, LessonError] = field(default_factory=dict)

    def is_past(self, now: float) -> bool:
        """Whether the server has been away for so long that nothing is left of its rounds to be asked for."""
        return now - self.asked > KEPT_SECONDS and all(one.progress.status.is_final for one in self.handles.values())


class HostService:
    """One embedded engine for the rounds of all servers. workers: processes; None: one for each core"""

    def __init__(self, workers: int | None = None) -> None:
        self.engine = EmbeddedEngine(workers, find_owner=self._find_owner)
        self.kind = machine_kind()
        self._servers: dict[str, ServerRounds] = {}
        self._lock = threading.Lock()

    def obey(self, question: Question) -> None:
        """Begin, pause, resume, stop and give up as a server wants it, unless a later question came first."""
        now = time.monotonic()
        with self._lock:
            self._servers = {name: one for name, one in self._servers.items() if not one.is_past(now)}
            mine = self._servers.setdefault(question.server, ServerRounds(now))
            mine.asked = now
            if question.sequence <= mine.sequence:
                return
            mine.sequence = question.sequence
            mine.owners = {order.owner: order.known for order in question.orders.values()}
            for key in [key for key, handle in mine.handles.items() if _is_over(handle, question.orders.get(key))]:
                mine.handles.pop(key).stop()
            mine.refused = {key: fault for key, fault in mine.refused.items() if key in question.orders}
            for key, order in question.orders.items():
                if key not in mine.handles and key not in mine.refused and order.spec is not None:
                    self._begin(mine, question.server, key, order.owner, order.spec)
                if (handle := mine.handles.get(key)) is not None:
                    _carry_out(handle, order)

    def news(self, question: Question) -> Answer:
        """What is new for a server."""
        with self._lock:
            mine = self._servers[question.server]
            handles, refused = dict(mine.handles), dict(mine.refused)
        found: dict[RoundKey, News] = {}
        for key, order in question.orders.items():
            if (handle := handles.get(key)) is not None:
                one = _news(handle, order)
                if one is not None:
                    found[key] = one
        return Answer(
            kind=self.kind,
            workers=self.engine.workers,
            work_left=self.engine.work_left(),
            cycle_seconds=self.engine.cycle_seconds(),
            news=found,
            unknown=tuple(key for key in question.orders if key not in handles and key not in refused),
            refused={key: fault for key, fault in refused.items() if key in question.orders},
        )

    def has_news(self, question: Question) -> bool:
        """Whether an answer would say anything."""
        with self._lock:
            mine = self._servers[question.server]
            return any(
                key not in mine.handles or mine.handles[key].progress.version != order.version
                for key, order in question.orders.items()
            )

    def close(self) -> None:
        """End all training."""
        self.engine.close()

    def _begin(self, mine: ServerRounds, server: str, key: RoundKey, owner: str, spec: RoundSpec) -> None:
        """Begin a round, or note why it cannot be."""
        try:
            images = load_training(spec.plan.dataset, spec.plan.images, order=spec.plan.image_order)
            if images_digest(images, spec.plan.images) != spec.images_digest:
                raise LessonError(N_("This host has other images of {dataset}."), dataset=spec.plan.dataset)
            mine.handles[key] = self.engine.start(
                owner,
                spec.plan,
                f"{spec.lane} of {server}, attempt {key[1]}",
                spec.images_to_predict,
                None,
                spec.trials,
                before=spec.before,
                decided_rungs=spec.decided_rungs,
            )
        except LessonError as fault:
            mine.refused[key] = fault

    def _find_owner(self, owner: str) -> Owner:
        """An owner as their servers said last; away while none of these asks."""
        now = time.monotonic()
        found = [(mine.asked, mine.owners.get(owner)) for mine in list(self._servers.values())]
        known = [one for asked, one in found if one is not None and now - asked <= LEASE_SECONDS]
        if known:  # a server that asks decides itself when a round is stopped
            one = next((one for one in known if one.is_present), known[0])
            return replace(one, absence_limit=math.inf)
        last = next((one for _, one in found if one is not None), Owner(owner))
        return replace(last, is_present=False, absence_limit=ABSENCE_LIMIT)


def _is_over(handle: RoundHandle, order: Order | None) -> bool:
    """Whether a server wants a round no longer, or wants it to go on when it was stopped here since nobody asked."""
    return order is None or (handle.progress.status is Status.STOPPED and order.wanted is not Status.STOPPED)


def _carry_out(handle: RoundHandle, order: Order) -> None:
    """Bring a round to what its server wants of it."""
    progress = handle.progress
    for trial in order.given_up:
        if not progress.given_up[trial]:
            handle.give_up(trial)
    if order.wanted is Status.PAUSED:
        handle.pause()
    elif order.wanted is Status.STOPPED:
        handle.stop()
    else:
        handle.resume()


def _news(handle: EmbeddedHandle, order: Order) -> News | None:
    progress, decided_rungs = handle.progress_and_rungs()
    return news_of(progress, order.version, order.epochs_done, decided_rungs, handle.remaining(), handle.fault)


_service: HostService | None = None  # of this process, once it is a host


def serve(service: HostService) -> None:
    """Make a service the one that answers in this process."""
    global _service
    _service = service


async def answer(question: Question) -> Answer:
    """What Dask runs in a host for a server. Nothing here blocks the event loop of Dask's worker."""
    service = _service
    if service is None:
        raise RuntimeError("this process is no host: python -m core.engine.host starts one")
    await asyncio.to_thread(service.obey, question)
    end = time.monotonic() + question.wait_seconds
    while time.monotonic() < end and not service.has_news(question):
        await asyncio.sleep(LOOK_SECONDS)
    return await asyncio.to_thread(service.news, question)
