"""A lab's rounds as a table for a spreadsheet: one row a trial."""

import csv
import io

import numpy as np

from core.analysis.statistics import mean_and_deviation
from core.export.journal import decimals
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.settings import settings_of

FIRST_SETTINGS = ["dataset", "images", "validation_rate", "seed", "epochs"]  # in front of the plan's other settings


def setting_columns(plan_class: type) -> list[str]:
    """The settings of a round that its trials' rows repeat: what its networks are made of and trained on."""
    declared = [name for name, setting in settings_of(plan_class).items() if setting.in_table]
    return [*FIRST_SETTINGS, *(name for name in declared if name not in FIRST_SETTINGS)]


def table_columns(plan_class: type) -> list[str]:
    """The columns of a table of trials, in order."""
    return [
        "round", "trial", "rank", "status", *setting_columns(plan_class), "learning_rate", "weight_decay",
        "validation_accuracy", "train_accuracy", "epochs_done", "diverged", "given_up", "repeats_mean", "repeats_sd",
        "chosen", "note",
    ]  # fmt: skip


COLUMNS = table_columns(RoundPlan)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet computes what begins so


def journal_csv(lab: Lab) -> str:
    """One row a trial of every round that is over, under `table_columns`; empty where there is nothing to say.

    Accuracies are the latest, 0 to 1; `trial` counts from 0, as in the program of a trial; `rank` from 1, the best.
    """
    file = io.StringIO()
    table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(table_columns(type(lab.plan)))
    with lab.lock:
        for round_ in lab.rounds:
            if round_.progress.status.is_final:
                table.writerows(trial_rows(lab, round_))
    return file.getvalue()


def trial_rows(lab: Lab, round_: LabRound) -> list[list[object]]:
    """A round's rows of the table, by trial."""
    progress = round_.progress
    ranks = {int(trial): rank for rank, trial in enumerate(progress.ranking(), 1)}
    validation, train = decimals(progress.last_validation()), decimals(progress.last_train())
    chosen = lab.chosen.trial if lab.chosen and lab.chosen.number == round_.number else None
    return [
        [
            round_.number, trial, ranks.get(trial, ""), str(progress.status), *_settings(progress, trial),
            float(progress.learning_rate[trial]), float(progress.weight_decay[trial]),
            _cell(validation[trial]), _cell(train[trial]), int(progress.epochs_done[trial]),
            bool(progress.diverged[trial]), bool(progress.given_up[trial]), *_repeated(lab, round_.number, trial),
            trial == chosen, harmless(round_.note),
        ]
        for trial in range(progress.plan.trials)
    ]  # fmt: skip


def _settings(progress: RoundProgress, trial: int) -> list[object]:
    """What a trial was trained with, under `setting_columns`: what the round searched is the trial's own."""
    plan, own = progress.plan, progress.hyperparameters
    names = setting_columns(type(plan))
    return [own[name][trial].item() if name in plan.space else getattr(plan, name) for name in names]


def _repeated(lab: Lab, number: int, trial: int) -> list[object]:
    """Mean and standard deviation of a trial over other seeds, as far as it was repeated."""
    accuracy = lab.repeats.get((number, trial))
    if accuracy is None:
        return ["", ""]
    return decimals(np.array(mean_and_deviation(np.asarray(accuracy, float))))


def _cell(accuracy: float | None) -> object:
    return "" if accuracy is None else accuracy


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: it gets an apostrophe in front if it begins like one."""
    return f"'{text}" if text.startswith(FORMULA) else text
