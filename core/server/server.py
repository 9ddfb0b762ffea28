"""What one server process holds, whoever its visitors are: the engine, all labs and classes, and what limits them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.engine.port import Engine
from core.engine.start import start_engine
from core.errors import LessonError
from core.server.environment import log_unusable_variables
from core.server.labs import Labs
from core.server.rate_limits import Limits
from core.server.replica import Replica
from core.server.replica_settings import ReplicaSettings
from core.store.homes import new_id
from core.store.shared_allowances import SharedAllowances
from core.store.store import Store
from core.store.store_settings import default_url, lab_days
from core.store.writer import StoreWriter


@dataclass
class Server:
    """Started before the first visitor, closed after the last."""

    engine: Engine
    saver: StoreWriter
    labs: Labs
    limits: Limits = field(default_factory=Limits)
    replica: Replica | None = None  # if this is one of several servers
    replica_settings: ReplicaSettings | None = None
    number: int = 0  # among the servers that live, from 0

    @classmethod
    def start(cls, session_lives: Callable[[str], bool]) -> "Server":
        """Start one over the database that the environment names; session_lives: whether a browser session is there.

        Raises LessonError if it is to be one of several and cannot be.
        """
        log_unusable_variables()
        settings = ReplicaSettings.from_environment(default_url())
        home = new_id(settings.address) if settings is not None else None
        saver = StoreWriter(lambda: Store(default_url(), home), lab_days())
        labs = Labs(session_lives, saver)
        started = cls(start_engine(labs.owner), saver, labs, replica_settings=settings)
        if home is not None and settings is not None:
            started.limits.share(SharedAllowances(saver.prepared_store, settings.secret))
            started.replica = Replica(home, saver, labs)
            started.number = started.replica.enter() or 0
            started.replica.start()
        return started

    def database_works(self) -> bool:
        """Whether labs can be read and are being written just now; asks the database, which may take seconds."""
        try:
            self.saver.check()
        except LessonError:
            return False
        return self.saver.fault() is None

    def leave(self) -> None:
        """If this is one of several servers, end all training and let the others have the labs."""
        if self.replica is not None:
            self.replica.leave(self.engine.close)

    def close(self) -> None:
        """End all training, write what is left, end."""
        self.leave()
        self.engine.close()
        self.saver.close()
