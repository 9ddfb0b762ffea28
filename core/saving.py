"""Labs and classes are written down behind the page's back: a page says what has changed, a thread writes it, again and
again if need be, so that a lesson goes on while the store is away.

    page --mark(lab, round)--> what is unsaved --thread--> Store         page <--fault-- why nothing can be saved now
"""

import atexit
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial

from core.archive import class_record, lab_record, opening_record
from core.class_store import ClassRecord, ClassStore
from core.classroom import Classroom
from core.errors import N_, LessonError
from core.final_test import FinalTest
from core.lab import Lab
from core.store import LabRecord, Store, StoreError

RETRY = 1.0  # seconds between two attempts
LATE = 3.0  # seconds without a write after which a page is told that something is still unsaved
DAY = 86_400.0
PATIENCE = 5.0  # seconds for the last writing at the end

log = logging.getLogger(__name__)


class Saver:
    """Writes labs to a store.

    store: makes the store; called again until it can be made    days: labs not used for so long are forgotten at start
    """

    def __init__(self, store: Callable[[], Store], days: float) -> None:
        self._make, self._days = store, days
        self._store: Store | None = None
        # by token or code: what is unsaved, numbers of its rounds, since when
        self._unsaved: dict[str, tuple[Lab | Classroom, set[int], float]] = {}
        self._writing: tuple[str, float] | None = None  # token or code of what is being written, since when
        self._failed: set[str] = set()  # of the unsaved: tokens and codes of what could not be written when last tried
        self._written = -math.inf  # when something was last written
        self._created: set[str] = set()  # codes of classes that the store is known to have
        self._fault: LessonError | None = None
        self._changed = threading.Condition()
        self._preparing = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def mark(self, lab: Lab, number: int | None = None) -> None:
        """Have a lab written down, and the round of that number."""
        self._mark(lab.token, lab, set() if number is None else {number})

    def mark_class(self, classroom: Classroom) -> None:
        """Have a class written down."""
        self._mark(classroom.code, classroom, set())

    def _mark(self, key: str, what: Lab | Classroom, more: set[int]) -> None:
        with self._changed:
            _, numbers, since = self._unsaved.get(key, (what, set(), time.monotonic()))
            self._unsaved[key] = (what, numbers | more, since)
            self._changed.notify_all()

    def fault(self) -> LessonError | None:
        """Why work is not being saved just now; None while it is, also if many wait for it at once."""
        with self._changed:
            if self._fault is not None:
                return self._fault
            waiting = [(key, since) for key, (_, _, since) in self._unsaved.items()]
            waiting += [self._writing] if self._writing else []
            begun = [since if key in self._failed else max(since, self._written) for key, since in waiting]
        if begun and time.monotonic() - min(begun) > LATE:
            return StoreError(N_("The lab's store cannot be reached or written just now."))
        return None

    def saved(self, token: str) -> bool:
        """Whether nothing of a lab is unsaved."""
        with self._changed:
            return self._is_saved(token)

    def wait(self, token: str, timeout: float) -> bool:
        """Wait until all of a lab is saved, at most `timeout` seconds; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._is_saved(token), timeout)

    def _is_saved(self, token: str) -> bool:
        return token not in self._unsaved and (self._writing is None or self._writing[0] != token)

    def load(self, token: str) -> LabRecord | None:
        """The lab of a token as it was written down. Raises StoreError."""
        return self._ready().load(token)

    def enter(self, lab: Lab, final: FinalTest) -> bool:
        """Write the opening of a lab's test set down; False if it was opened before. Raises StoreError."""
        store = self._ready()
        self._save(store, lab, [])
        return store.open_test(lab.token, opening_record(final))

    def create_class(self, classroom: Classroom) -> bool:
        """Write a new class down; False if there is one of that code. Raises StoreError."""
        return ClassStore(self._ready()).create(class_record(classroom))

    def load_class(self, code: str) -> tuple[ClassRecord, dict[int, LabRecord]] | None:
        """The class of a code with its labs, None if there is none. Raises StoreError."""
        classes = ClassStore(self._ready())
        record = classes.load(code)
        return None if record is None else (record, classes.labs(code))

    def code_taught(self, teacher: str) -> str | None:
        """The code of a teacher's class, by the hash of the secret. Raises StoreError."""
        record = ClassStore(self._ready()).load_taught(teacher)
        return None if record is None else record.code

    def close(self) -> None:
        """Write what is left, as far as the store takes it now, and end. Nothing happens the second time."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            self._changed.notify_all()
        atexit.unregister(self.close)
        self._thread.join(PATIENCE)
        if self._store is not None:
            self._store.close()

    def _ready(self) -> Store:
        """The store, its tables in place. Raises StoreError."""
        with self._preparing:
            if self._store is None:
                store = self._make()
                try:
                    store.prepare()
                    store.prune(time.time() - self._days * DAY)
                except BaseException:
                    store.close()
                    raise
                self._store = store
            return self._store

    def _begin_anew(self) -> None:
        """Let go of the store: its file may have been replaced, its server restarted; the next write prepares it."""
        with self._preparing:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    def _run(self) -> None:
        while not self._attempt(self._ready):
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, RETRY):
                    break
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._unsaved)
                if not self._unsaved:
                    return
                token, (what, numbers, since) = next(iter(self._unsaved.items()))
                del self._unsaved[token]
                self._writing = token, since
            written = self._attempt(partial(self._write, what, numbers))
            with self._changed:
                self._writing = None
                if written:
                    self._written = time.monotonic()
                    self._failed.discard(token)
                else:
                    self._failed.add(token)
                    _, more, _ = self._unsaved.pop(token, (what, set(), since))
                    self._unsaved[token] = (what, numbers | more, since)  # behind the others: they may fare better
                self._changed.notify_all()
                if not written and self._closing:
                    return
            if not written:
                self._begin_anew()
            with self._changed:
                if not written:
                    self._changed.wait_for(lambda: self._closing, RETRY)

    def _write(self, what: Lab | Classroom, numbers: set[int]) -> None:
        store = self._ready()
        if isinstance(what, Classroom):
            ClassStore(store).save(class_record(what))
            return
        record, known = self._save(store, what, numbers)
        if not known and what.rounds:  # a store that has lost it, or never had it
            record, _ = self._save(store, what, [round_.number for round_ in what.rounds])
            if record.opening is not None:
                store.open_test(what.token, record.opening)
        if record.opening is not None:
            store.save_opening(what.token, record.opening)

    def _save(self, store: Store, lab: Lab, numbers: Iterable[int]) -> tuple[LabRecord, bool]:
        """A lab's record as it was written, and whether the store had it; before it its class, if that is lost."""
        record, classroom = lab_record(lab, numbers), lab.classroom
        if classroom is not None and classroom.code in self._created:
            with suppress(StoreError):  # it may have lost the class
                return record, store.save(lab.token, record)
        if classroom is not None:
            ClassStore(store).create(class_record(classroom))
            self._created.add(classroom.code)
        return record, store.save(lab.token, record)

    def _attempt(self, action: Callable[[], object]) -> bool:
        """Whether something could be done; why not is told to the pages."""
        fault: LessonError | None = None
        try:
            action()
        except LessonError as error:
            fault = error
        except Exception:
            log.exception("a lab could not be written down")
            fault = StoreError(N_("The lab's store cannot be reached or written just now."))
        with self._changed:
            if fault is not None and self._fault is None:
                log.warning("work is not being saved: %s (%s)", fault, fault.__cause__)
            elif fault is None and self._fault is not None:
                log.warning("work is being saved again")
            self._fault = fault
        return fault is None
