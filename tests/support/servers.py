"""Servers without a page: an engine, a saver and labs over one store, ended as if by a power cut."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from core.engine.engine import EmbeddedEngine
from core.lab.lab import Lab
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.server.labs import Labs
from core.space import LogRange, SearchSpace
from core.store.store import Store
from core.store.writer import StoreWriter
from tests.support.waiting import LIMIT, until

MIXED = SearchSpace(LogRange(-3, 1), LogRange(-8, 0))  # some trials diverge, some do not
SHORT = RoundPlan(MIXED, trials=7, epochs=4, hidden_layers=2, neurons=30)
MIDDLE = replace(SHORT, trials=40, epochs=40)  # long enough to end a server in it

Serve = Callable[..., "Server"]


@dataclass
class Server:
    """What a page has at hand."""

    engine: EmbeddedEngine
    saver: StoreWriter
    labs: Labs

    @classmethod
    def on_store(cls, url: str, engine: EmbeddedEngine) -> "Server":
        """A server over a store, with an engine that is there already."""
        saver = StoreWriter(lambda: Store(url), 180.0)
        return cls(engine, saver, Labs(lambda session: True, saver))

    def open(self, token: str | None = None) -> Lab:
        """The lab as a page gets it."""
        lab, _ = self.labs.open(token, "browser")
        if lab.needs_resume:
            lab.resume(self.engine)
        return lab

    def ran(self, lab: Lab, plan: RoundPlan) -> RoundProgress:
        """A round from start to end, written down."""
        lab.change(**{name: getattr(plan, name) for name in plan.__dataclass_fields__})
        progress = lab.start(self.engine).wait(LIMIT)
        self.settled(lab)
        return progress

    def settled(self, lab: Lab) -> None:
        """Wait until nothing goes on in a lab and all of it is written down."""
        until(lambda: not lab.busy and not lab.has_extra_training and not lab.needs_resume)
        until(lambda: self.saver.saved(lab.token) and self._all_over(lab.token))

    def _all_over(self, token: str) -> bool:
        record = self.saver.load(token)
        return record is not None and all(Status(round_.status).is_final for round_ in record.rounds)


def at_once(count: int, action: Callable[[], object]) -> None:
    """Call it in many threads that begin together."""
    barrier = threading.Barrier(count)

    def begin() -> None:
        barrier.wait()
        action()

    threads = [threading.Thread(target=begin) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def same(found: RoundProgress, true: RoundProgress) -> bool:
    """Whether two rounds found the same, to the bit."""
    arrays = ("learning_rate", "weight_decay", "train_accuracy", "validation_accuracy", "diverged", "given_up")
    return found.plan == true.plan and all(
        np.array_equal(getattr(found, name), getattr(true, name), equal_nan=True) for name in arrays
    )
