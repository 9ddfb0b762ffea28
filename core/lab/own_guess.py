"""A student's own guess: one value trained as a trial of a round of its own, with the settings of another round."""

from dataclasses import fields

from core.engine.port import Engine
from core.errors import N_, LessonError
from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound


def train_value(lab: Lab, engine: Engine, choice: Choice, number: int) -> LabRound:
    """Train a value by the settings and the seed of a round: on its split, its accuracy compares with those there.

    It is a round of one trial, spends from the lesson's budget, and is part of the search.

    number: of the round
    Raises LessonError when no round could train the value, and as `Lab.start` does.
    """
    with lab.lock:
        like = lab.round(number)
        if like is None:
            raise LessonError(N_("This lab has no such round."))
        plan = choice.plan(like.progress.plan.to_the_end())
        return lab.start(engine, **{field.name: getattr(plan, field.name) for field in fields(plan)})


def is_guess(round_: LabRound) -> bool:
    """Whether a round is a student's own guess."""
    return round_.progress.plan.is_one_value


def latest_search(lab: Lab) -> LabRound | None:
    """The latest round that is no guess."""
    return next((one for one in reversed(lab.rounds) if not is_guess(one)), None)
