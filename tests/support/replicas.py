"""Several servers of one PostgreSQL, all in this process: each has labs, classes and threads of its own."""

from dataclasses import dataclass

from core.engine.port import Engine
from core.server.labs import Labs
from core.server.replica import Replica
from core.store.homes import new_id
from core.store.store import Store
from core.store.writer import StoreWriter
from tests.support.servers import Server


@dataclass
class ReplicaServer(Server):
    """One of several servers."""

    replica: Replica

    @classmethod
    def at(cls, address: str, url: str, engine: Engine) -> "ReplicaServer":
        """One that has just started."""
        home = new_id(address)
        saver = StoreWriter(lambda: Store(url, home), 180.0)
        labs = Labs(lambda session: True, saver)
        started = cls(engine, saver, labs, Replica(home, saver, labs))
        assert started.replica.enter() is not None
        started.replica.start()
        return started

    def die(self) -> None:
        """End as a process does that is killed: nothing is given away and nothing more is said."""
        self.replica._ending.set()
        for thread in self.replica._threads:
            thread.join()
