"""Five questions that a class may answer before and after a lesson, and who has answered how.

Answers are anonymous: they are kept under a hash of the lab's token, which the database does not have, so that one
student's answers before and after belong together and lead to nobody.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import N_, LessonError

RESPONDENT_LENGTH = 32  # hexadecimal digits
UNKNOWN = N_("I do not know.")  # the last option of each question
QUESTIONS_CLOSED = N_("These questions are not asked any more.")


class QuestionsOpen(StrEnum):
    """Which questions a class is asked now."""

    OFF = "off"
    BEFORE = "before"
    AFTER = "after"
    RESULTS = "results"  # none; the board shows what the class has answered

    @property
    def asks(self) -> bool:
        """Whether students are asked now."""
        return self in (QuestionsOpen.BEFORE, QuestionsOpen.AFTER)


@dataclass(frozen=True)
class Question:
    """A question, its options without UNKNOWN, and which of them is right, from 0."""

    text: str
    options: tuple[str, ...]
    right: int
    subject: str  # in a few words


QUESTIONS = (
    Question(
        N_(
            "A network has 0.97 on its training images, 0.88 on its validation images. What will it have on new ones?"
        ),
        (
            N_("About 0.97: it has learned these images well."),
            N_("About 0.88: it has not been trained on the validation images."),
            N_("About 0.92: the mean of both."),
        ),
        1,
        N_("validation data"),
    ),
    Question(
        N_("You know nothing of the learning rate but that it lies between 0.0001 and 1. Where do you try ten values?"),
        (
            N_("Evenly: 0.1, 0.2, 0.3 and so on to 1."),
            N_("All near the middle, 0.5."),
            N_("Evenly in powers of ten: about as many between 0.0001 and 0.001 as between 0.1 and 1."),
        ),
        2,
        N_("logarithmic scale"),
    ),
    Question(
        N_("The best trials all lie at the right edge of the range that was searched. What next?"),
        (
            N_("Move the range to the right, since better values may lie beyond the edge."),
            N_("Narrow the range to just these trials, since the best value is among them."),
            N_("Take the best of them: the search has ended."),
        ),
        0,
        N_("edge of a range"),
    ),
    Question(
        N_("Of 20 trials the best has 0.93 on 100 validation images. What do the same values reach with another seed?"),
        (
            N_("Most likely 0.93 again."),
            N_("Most likely more, since the best values have been found."),
            N_("Most likely less, since the best of 20 was also lucky."),
        ),
        2,
        N_("luck of the best"),
    ),
    Question(
        N_("You look at the test accuracy and change the learning rate again and again until it is high. Is it true?"),
        (
            N_("Yes: it is what the network reaches on new images."),
            N_("No, it is too high: values were chosen by it, so it no longer stands for new images."),
            N_("No, it is too low, since every look uses test images up."),
        ),
        1,
        N_("one opening"),
    ),
)  # fmt: skip

Answers = tuple[int, ...]  # (questions,) the option chosen of each; the one behind the last stands for UNKNOWN


def respondent(code: str, token: str) -> str:
    """Under what the answers of a lab in the class of a code are kept. token: of the lab"""
    return hashlib.sha256(f"questions {code} {token}".encode()).hexdigest()[:RESPONDENT_LENGTH]


def check_answers(answers: Sequence[int | None]) -> Answers:
    """The answers of somebody who has answered all. Raises LessonError."""
    found = tuple(one for one in answers if one is not None)
    if len(found) != len(QUESTIONS):
        raise LessonError(N_("Answer all five; “I do not know” is an answer too."))
    if any(not 0 <= one <= len(question.options) for one, question in zip(found, QUESTIONS, strict=True)):
        raise LessonError(N_("That is none of the answers."))
    return found


def answers_text(answers: Answers) -> str:
    """Answers as they are stored."""
    return ",".join(map(str, answers))


def answers_from_text(text: str) -> Answers:
    """What `answers_text` wrote. Raises ValueError for anything else."""
    return check_answers([int(one) for one in text.split(",")])


def right(answers: Answers) -> tuple[bool, ...]:
    """Which questions were answered correctly, (questions,)."""
    return tuple(one == question.right for one, question in zip(answers, QUESTIONS, strict=True))


@dataclass(frozen=True, eq=False)
class ClassAnswers:
    """The answers of a class before and after the lesson, by respondent."""

    before: Mapping[str, Answers]
    after: Mapping[str, Answers]

    def of(self, phase: QuestionsOpen) -> Mapping[str, Answers]:
        """Those of a phase; none of one that asks nothing."""
        return {QuestionsOpen.BEFORE: self.before, QuestionsOpen.AFTER: self.after}.get(phase, {})

    @property
    def count(self) -> int:
        """How many have been handed in."""
        return len(self.before) + len(self.after)
