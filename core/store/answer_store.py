"""The answers to the questions about a lesson in the database, by class, respondent and phase."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from core.classroom.class_questions import Answers, ClassAnswers, QuestionsOpen, answers_from_text, answers_text
from core.store.schema import answer_table
from core.store.store import Store


class AnswerStore:
    """The answers in a store.

    store: the store, its tables in place; raises StoreError
    """

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store

    def add(self, code: str, respondent: str, phase: QuestionsOpen, answers: Answers) -> None:
        """Write somebody's answers; those that are there already stay. Raises StoreError."""
        row = {"classroom": code, "respondent": respondent, "phase": str(phase), "answers": answers_text(answers)}
        with self._store().transaction() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(dialect.insert(answer_table).values(**row).on_conflict_do_nothing())

    def load(self, code: str) -> ClassAnswers:
        """All answers of a class that can be read. Raises StoreError."""
        found: dict[str, dict[str, Answers]] = {QuestionsOpen.BEFORE: {}, QuestionsOpen.AFTER: {}}
        columns = answer_table.c.respondent, answer_table.c.phase, answer_table.c.answers
        chosen = sa.select(*columns).where(answer_table.c.classroom == code).order_by(answer_table.c.respondent)
        with self._store().transaction() as connection:
            rows = connection.execute(chosen).all()
        for respondent, phase, text in rows:
            try:
                found[phase][respondent] = answers_from_text(text)
            except (KeyError, ValueError):  # of another version of this program
                continue
        return ClassAnswers(found[QuestionsOpen.BEFORE], found[QuestionsOpen.AFTER])
