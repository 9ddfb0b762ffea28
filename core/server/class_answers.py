"""The answers of classes to the questions about the lesson: in the store, or in memory where there is none."""

import threading
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

from core.classroom.class_questions import (
    QUESTIONS_CLOSED,
    Answers,
    ClassAnswers,
    QuestionsOpen,
    check_answers,
    respondent,
)
from core.classroom.classroom import Classroom
from core.errors import LessonError
from core.store.answer_store import AnswerStore

MAX_AGE = 1.7  # seconds after which answers that were written at another server are looked for


class ClassesAnswers:
    """The answers of a server's classes.

    store: None for those that live in memory alone
    """

    def __init__(self, store: AnswerStore | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._known: WeakKeyDictionary[Classroom, tuple[float, ClassAnswers]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def of(self, classroom: Classroom) -> ClassAnswers:
        """A class's answers, the same object as long as nothing is known to have changed; none while the store is away.

        At most MAX_AGE old.
        """
        with self._lock:
            at, known = self._known.get(classroom, (None, ClassAnswers({}, {})))
            if self._store is None or (at is not None and self._clock() - at < MAX_AGE):
                return known
            self._known[classroom] = self._clock(), known  # others get this one meanwhile
        try:
            found = self._store.load(classroom.code)
        except LessonError:
            return known
        if (found.before, found.after) == (known.before, known.after):
            return known
        with self._lock:
            self._known[classroom] = self._clock(), found
        return found

    def hand_in(self, classroom: Classroom, token: str, phase: QuestionsOpen, given: list[int | None]) -> Answers:
        """Keep a student's answers, once and for all. token: of the lab    phase: that they were asked in

        Raises LessonError if some are missing, or the questions are not open any more, and StoreError.
        """
        answers = check_answers(given)
        if not phase.asks or classroom.questions is not phase or classroom.ended is not None:
            raise LessonError(QUESTIONS_CLOSED)
        who = respondent(classroom.code, token)
        if self._store is not None:
            self._store.add(classroom.code, who, phase, answers)
        with self._lock:
            known = self._known.get(classroom, (0.0, ClassAnswers({}, {})))[1]
            new = {QuestionsOpen.BEFORE: dict(known.before), QuestionsOpen.AFTER: dict(known.after)}
            new[phase].setdefault(who, answers)
            # as old as before: the store may have others
            at = self._known.get(classroom, (-MAX_AGE, known))[0]
            self._known[classroom] = at, ClassAnswers(new[QuestionsOpen.BEFORE], new[QuestionsOpen.AFTER])
        return answers
