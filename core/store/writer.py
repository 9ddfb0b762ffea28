"""Writes labs and classes to the store in a thread of its own, so that no page waits for the database.

    page --mark_dirty--> unsaved --thread--> Store        page <--fault-- why nothing can be saved now

A lab goes on while the database is away: what could not be written is tried again until it can.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from core.classroom.classroom import Classroom
from core.errors import N_, LessonError
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.store.class_store import ClassStore
from core.store.deletions import Deletions
from core.store.homes import AtOtherServer
from core.store.owner_writes import save_lab, write
from core.store.pruning import DAY
from core.store.records import class_record, opening_record
from core.store.schema import ClassRecord, LabRecord
from core.store.store import Store, StoreError

RETRY = 1.0  # seconds between two attempts
UNSAVED_SECONDS = 3.0  # without a write, after which a page says that something is still unsaved
CLOSE_TIMEOUT = 5.0  # seconds for the last writes
PRUNE_CHECK = 3_600.0  # seconds, at most, between two looks at whether a day has passed
UNWRITABLE = N_("Some work cannot be saved: this program has met a fault, which is in the server's log.")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unsaved:
    """What a write will take; a change meanwhile makes a new one of it."""

    owner: Lab | Classroom
    rounds: frozenset[int]  # numbers of a lab's rounds
    since: float  # time.monotonic() of the first change
    failed: bool = False  # the last write of it


class StoreWriter:
    """Writes labs and classes to a store.

    store: makes the store; called again until it succeeds
    days: labs that nobody has used for so long are deleted, see pruning.py; looked for at the start and once a day
    clock: seconds since 1970
    lost: called with a lab that another of several servers has taken, whose changes can no longer be written
    """

    def __init__(self, store: Callable[[], Store], days: float, clock: Callable[[], float] = time.time) -> None:
        self._make, self._days, self._clock = store, days, clock
        self._pruned = -math.inf  # by the clock, when labs were last deleted
        self._store: Store | None = None
        self._unsaved: dict[str, Unsaved] = {}  # by token of a lab or code of a class, the next to be written first
        self._last_write = -math.inf  # time.monotonic() of the last one that succeeded
        self._fault: LessonError | None = None
        self.lost: Callable[[Lab], None] = lambda lab: None
        self._changed = threading.Condition()  # guards all of the above but the store
        self._preparing = threading.Lock()  # guards the store, and when it was pruned
        self._closing = False
        self._deletions = Deletions()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def mark_dirty(self, lab: Lab, number: int | None = None) -> None:
        """Have a lab written, and its round of that number."""
        self._add(lab.token, lab, frozenset() if number is None else frozenset({number}))

    def mark_class_dirty(self, classroom: Classroom) -> None:
        """Have a class written."""
        self._add(classroom.code, classroom, frozenset())

    def _add(self, key: str, owner: Lab | Classroom, rounds: frozenset[int]) -> None:
        with self._changed:
            known = self._unsaved.get(key) or Unsaved(owner, frozenset(), time.monotonic())
            self._unsaved[key] = replace(known, rounds=known.rounds | rounds)
            self._changed.notify_all()

    def fault(self) -> LessonError | None:
        """Why work is not being saved now; None while it is, also while many wait for their turn."""
        with self._changed:
            if self._fault is not None:
                return self._fault
            begun = [one.since if one.failed else max(one.since, self._last_write) for one in self._unsaved.values()]
        if begun and time.monotonic() - min(begun) > UNSAVED_SECONDS:
            return StoreError(N_("The lab's store cannot be reached or written just now."))
        return None

    def saved(self, key: str) -> bool:
        """Whether nothing of a lab (by its token) or a class (by its code) is unsaved."""
        with self._changed:
            return key not in self._unsaved

    def wait(self, key: str, timeout: float) -> bool:
        """Wait until all of a lab or class is saved, at most `timeout` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: key not in self._unsaved, timeout)

    def check(self) -> None:
        """Read from the store over a new connection, since an open one may not notice an error. Raises StoreError."""
        with closing(self._make()) as store:
            store.check()

    def load(self, token: str) -> LabRecord | None:
        """The lab of a token as it was written. Raises StoreError."""
        return self.prepared_store().load(token)

    def record_opening(self, lab: Lab, final: FinalTest) -> bool:
        """Write that a lab's test set is opened; False if it was opened before. Raises StoreError."""
        store = self.prepared_store()
        if lab.token not in self._deletions:
            save_lab(store, lab, [])
            opened = store.open_test(lab.token, opening_record(final))
        if self._deletions.take_back(store, lab.token):
            raise StoreError(N_("This lab has been deleted."))
        return opened

    def delete_lab(self, lab: Lab) -> None:
        """Delete a lab with all that belongs to it, for good. Raises StoreError, and then it is still there."""
        try:
            self._deletions.delete(self.prepared_store(), lab.token)
        except StoreError:
            for round_ in lab.rounds:  # what was not written meanwhile
                self.mark_dirty(lab, round_.number)
            raise

    def load_shown(self, reading_key: str) -> LabRecord | None:
        """The lab of a reading link's key, None if there is none. Raises StoreError."""
        return self.prepared_store().load_shown(reading_key)

    def create_class(self, classroom: Classroom) -> bool:
        """Write a new class; False if there is one of that code. Raises StoreError."""
        return ClassStore(self.prepared_store()).create(class_record(classroom))

    def load_class(self, code: str) -> tuple[ClassRecord, dict[int, LabRecord]] | None:
        """The class of a code with its labs, None if there is none. Raises StoreError."""
        classes = ClassStore(self.prepared_store())
        record = classes.load(code)
        return None if record is None else (record, classes.labs(code))

    def code_taught(self, teacher: str) -> str | None:
        """The code of a teacher's class, by the hash of the secret. Raises StoreError."""
        record = ClassStore(self.prepared_store()).load_taught(teacher)
        return None if record is None else record.code

    def close(self) -> None:
        """Write what is unsaved, as far as the store takes it now, and end. A second call does nothing."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        self._thread.join(CLOSE_TIMEOUT)
        if self._store is not None:
            self._store.close()

    def prepared_store(self) -> Store:
        """The store, its tables in place, without labs that are too old. Raises StoreError."""
        with self._preparing:
            if self._store is None:
                store = self._make()
                try:
                    store.prepare()
                except BaseException:
                    store.close()
                    raise
                self._store = store
            asked_every = (
                DAY if self._store.home is None else PRUNE_CHECK
            )  # several servers: each day another may do it
            if (now := self._clock()) - self._pruned >= asked_every:
                self._store.prune(now, self._days)
                self._pruned = now
            return self._store

    def _drop_store(self) -> None:
        """Close the store, since its file may have been replaced; the next use opens and prepares it again."""
        with self._preparing:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    def _run(self) -> None:
        """Prepare the store, then write what is unsaved as it comes; after a failure wait and begin again."""
        while True:
            with self._changed:
                closing = self._closing
                key, unsaved = next(iter(self._unsaved.items()), (None, None))
            if closing and unsaved is None:
                return
            succeeded = self._attempt(unsaved)
            if not succeeded:
                self._drop_store()
            with self._changed:
                if key is not None and unsaved is not None:
                    self._settle(key, unsaved, succeeded)
                if succeeded:
                    self._changed.wait_for(lambda: self._closing or self._unsaved, PRUNE_CHECK)
                elif closing:
                    return
                else:
                    self._changed.wait_for(lambda: self._closing, RETRY)

    def _settle(self, key: str, written: Unsaved, succeeded: bool) -> None:
        """Take what was written off what is unsaved; what failed or has changed meanwhile goes behind the others."""
        now = self._unsaved.pop(key)
        if succeeded:
            self._last_write = time.monotonic()
        if not succeeded or now is not written:
            self._unsaved[key] = replace(now, failed=not succeeded)
        self._changed.notify_all()

    def _attempt(self, unsaved: Unsaved | None) -> bool:
        """Write, or without anything unsaved prepare the store; whether it succeeded. Sets the fault that pages see."""
        fault: LessonError | None = None
        try:
            store = self.prepared_store()
            if unsaved is not None:
                write(store, unsaved.owner, unsaved.rounds, self._deletions)
        except AtOtherServer:
            if unsaved is not None and isinstance(unsaved.owner, Lab):
                self.lost(unsaved.owner)
        except LessonError as error:
            fault = error
        except Exception:  # of this program; the next attempt would log the same
            if unsaved is None or not unsaved.failed:
                log.exception("work cannot be saved")
            fault = StoreError(UNWRITABLE)
        with self._changed:
            if fault is not None and self._fault is None:
                log.warning("work is not being saved: %s (%s)", fault, fault.__cause__)
            elif fault is None and self._fault is not None:
                log.warning("work is being saved again")
            self._fault = fault
        return fault is None
