"""The values that the fields of a choice show."""

from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.typed_numbers import value_from
from pages.components.frame.session import session
from pages.components.round.guess_training import guess_of
from pages.components.round.trial_words import values_of_trial


def typed_choice(lab: Lab, round_: LabRound, trial: int) -> Choice:
    """What the fields show: the values of a trial, of a guess, or others. Raises LessonError for what is no value."""
    draft, progress = session().draft, round_.progress
    if draft is None or set(draft) != set(values_of_trial(progress, trial)):
        return Choice.of_trial(round_.number, progress, trial)
    typed = Choice.of_values({axis: value_from(text, axis) for axis, text in draft.items()}, progress.plan)
    guess = guess_of(lab, round_, typed)
    return typed if guess is None else Choice.of_trial(guess.number, guess.progress, 0)
