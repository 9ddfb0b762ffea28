"""This server as one of several: it says that it lives, follows its classes, and gives its labs away when it ends.

    heartbeat thread, once a second   row in the database renewed; after a pause, labs that others have taken dropped
    class thread, once a second       what other servers have changed in classes, rounds of classes with a board

See core/store/homes.py for where a lab is, shared_classes.py for how classes are changed.
"""

import logging
import threading
import time
from collections.abc import Callable

from core.errors import LessonError
from core.server.labs import Labs
from core.server.readmission import seat_readmitted
from core.server.remote_labs import RemoteLabs
from core.store.homes import STALE, Home, give_away, home_of, lost, register, renew
from core.store.shared_classes import SharedClasses
from core.store.store import lab_id
from core.store.writer import StoreWriter

BEAT = 1.0  # seconds between two renewals, and between two looks at the classes
BOARD_ASKED = 5.0  # seconds after which a board that nobody has asked for is not followed any more
FLUSH_TIMEOUT = 5.0  # seconds for the last writes before labs are given away
JOIN_SECONDS = 5.0  # that a thread gets to end

log = logging.getLogger(__name__)


class Replica:
    """One of several servers.

    home: the id of this server (see homes.new_id), which `saver` has too
    """

    def __init__(self, home: str, saver: StoreWriter, labs: Labs) -> None:
        self.address = home.rpartition("#")[0]
        self._home, self._saver, self._labs = home, saver, labs
        self._shared = SharedClasses(saver.prepared_store, home)
        self._remote = RemoteLabs(saver.prepared_store, home)
        self._renewed: float | None = None  # time.monotonic() of the last renewal
        self._renewing = threading.Lock()
        self._ending = threading.Event()
        self._leaving = threading.Lock()
        self._faults: set[str] = set()  # threads whose last turn failed
        labs.classes.shared = self._shared
        labs.renew_lease = self._renew_old_lease
        self._threads = [
            threading.Thread(target=self._repeat, args=(turn,), daemon=True) for turn in (self.renew, self.follow)
        ]

    def enter(self) -> int | None:
        """Enter this new server in the database; its number among those that live, None while the database is away."""
        try:
            with self._saver.prepared_store().transaction() as connection:
                number = register(connection, self._home)
        except LessonError as error:
            log.warning("this server cannot be entered in the database yet: %s", error)
            return None
        self._renewed = time.monotonic()
        return number

    def start(self) -> None:
        """Begin to renew and to follow."""
        for thread in self._threads:
            thread.start()

    def renew(self) -> None:
        """Say that this server lives; if it has not for long, drop labs that others have. Raises StoreError."""
        with self._renewing:
            with self._saver.prepared_store().transaction() as connection:
                since = renew(connection, self._home)
                if since is None and not self._ending.is_set():
                    register(connection, self._home, is_new=False)
            if since is None or since >= STALE:
                log.warning("this server was not seen by the others for a while: labs that they have taken are dropped")
                self._drop_lost()
            self._renewed = time.monotonic()

    def _renew_old_lease(self) -> None:
        """Before a lab is opened: renew if others may have taken labs by now. Nothing happens without the database."""
        if self._renewed is None or time.monotonic() - self._renewed < STALE or self._ending.is_set():
            return
        try:
            self.renew()
        except LessonError:
            log.debug("the database is away: nobody can take a lab")

    def _drop_lost(self) -> None:
        labs = {lab_id(lab.token): lab for lab in self._labs.all_in_memory()}
        with self._saver.prepared_store().transaction() as connection:
            gone = lost(connection, list(labs), self._home)
        for key in gone:
            self._labs.drop(labs[key])

    def follow(self) -> None:
        """Take in what other servers have changed, and tell them of rounds here. Raises StoreError."""
        classes = self._labs.classes
        known, asked = classes.in_memory(), classes.watched(BOARD_ASKED)
        if asked:
            self._shared.watch(asked)
        if known:
            for classroom in self._shared.follow(known):
                self._remote.push(classroom)
            for classroom in known:
                seat_readmitted(self._labs, classroom)
        for classroom in asked:
            self._remote.pull(classroom)

    def home_of(self, token: str) -> Home | None:
        """Where the lab of a token is; None if nowhere, or here in memory. Raises StoreError."""
        if self._labs.in_memory(token) is not None:
            return None
        with self._saver.prepared_store().transaction() as connection:
            return home_of(connection, lab_id(token))

    @property
    def is_seen(self) -> bool:
        """Whether the other servers know that this one lives."""
        recent = self._renewed is not None and time.monotonic() - self._renewed < STALE
        return recent and not self._labs.is_leaving

    def leave(self, end_training: Callable[[], None]) -> None:
        """Give all labs away with all that is in them; nothing happens the second time.

        end_training: ends what is being trained here; the next homes train it again
        """
        with self._leaving:
            if self._labs.is_leaving:
                return
            self._labs.is_leaving = True
            end_training()
            self._ending.set()
            deadline = time.monotonic() + FLUSH_TIMEOUT
            for lab in self._labs.all_in_memory():
                self._saver.wait(lab.token, max(deadline - time.monotonic(), 0.0))
            try:
                with self._saver.prepared_store().transaction() as connection:
                    give_away(connection, self._home)
            except LessonError as error:  # then they are taken once this server counts as dead
                log.warning("labs are not given away: %s", error)
            for thread in self._threads:
                if thread.is_alive() and thread is not threading.current_thread():
                    thread.join(JOIN_SECONDS)

    def _repeat(self, turn: Callable[[], None]) -> None:
        """Take turns once a second."""
        while not self._ending.wait(BEAT):
            try:
                turn()
                self._faults.discard(turn.__name__)
            except Exception as error:
                if turn.__name__ not in self._faults and not self._ending.is_set():
                    fault = None if isinstance(error, LessonError) else error  # the saver logs those of the database
                    log.warning("%s failed and is tried again: %s", turn.__name__, error, exc_info=fault)
                self._faults.add(turn.__name__)
