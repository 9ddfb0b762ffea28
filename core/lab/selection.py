"""The accuracy by which a lab's tested value was chosen, and those of the trials that it was chosen from."""

import numpy as np

from core.analysis.comparable_rounds import settings
from core.lab.lab import Lab
from core.lab.lab_round import LabRound


def selection_accuracy(lab: Lab) -> float | None:
    """The validation accuracy by which the tested value was chosen, if it comes from a round of as many epochs."""
    round_ = _round_of_choice(lab)
    if round_ is None or lab.chosen is None or lab.chosen.trial is None or lab.final is None:
        return None
    if int(round_.progress.epochs_done[lab.chosen.trial]) != lab.final.plan.epochs:
        return None
    return float(round_.progress.last_validation()[lab.chosen.trial])


def selection_trials(lab: Lab) -> np.ndarray:
    """Validation accuracies of the trials that the tested value was chosen from, (trials,); none without its own.

    They were trained to their end in rounds with the settings of the value's round.
    """
    round_ = _round_of_choice(lab)
    if round_ is None or selection_accuracy(lab) is None:
        return np.zeros(0)
    rounds = [one.progress for one in lab.rounds if one.progress.started]
    alike = [one for one in rounds if settings(one.plan) == settings(round_.progress.plan)]
    return np.concatenate([one.last_validation()[one.epochs_done == one.plan.epochs] for one in alike])


def _round_of_choice(lab: Lab) -> LabRound | None:
    return lab.round(lab.chosen.number) if lab.chosen and lab.chosen.number is not None else None
