"""A lab's journal as files to take along: a table for a spreadsheet, and JSON that opens as a new lab anywhere.

    {"format", "version", "opened", "chosen",
     "plan", "earlier",                                              # of the next round; ranges to go back to
     "rounds": [{"number", "status", "note", "seconds", "plan",
                 "epochs_done", "diverged", "given_up",              # [trials]
                 "train_accuracy", "validation_accuracy"}],          # [trials][epochs], null where no epoch was trained
     "repeats": [{"number", "trial", "accuracy"}]}                   # [seeds]

Hyperparameters are not in it: the plan decides them. Accuracies have the digits that float32 holds and come back to
the bit. Neither the lab's token nor its pseudonym nor anything of the test set leaves the lab. Whether the test set has
been opened does: such a file is for reading, and no lab is made of it. A lab made of it would have its test set closed
again, and a value picked by what that set has shown could then pass a second "first" test.
"""

import csv
import io
import json
from typing import Any

import numpy as np

from core.again import spread
from core.journal import FORMAT, LARGEST, VERSION, JournalError, import_journal
from core.lab import Lab
from core.lab_round import LabRound
from core.script import script, script_data, script_zip
from core.space import spaces_to_json

__all__ = [
    "LARGEST",
    "JournalError",
    "import_journal",
    "journal_csv",
    "journal_json",
    "script",
    "script_data",
    "script_zip",
]

SETTINGS = [  # of a round's plan, what its networks are made of
    "dataset", "images", "validation_rate", "seed", "epochs", "hidden_layers", "neurons", "batch_size", "optimizer",
    "momentum", "beta1", "beta2", "initial_weights", "deviation", "activation", "batch_normalisation", "dropout",
]  # fmt: skip
COLUMNS = [
    "round", "trial", "rank", "status", *SETTINGS, "learning_rate", "weight_decay", "validation_accuracy",
    "train_accuracy", "epochs_done", "diverged", "given_up", "repeats_mean", "repeats_sd", "chosen", "note",
]  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet computes what begins so


def journal_csv(lab: Lab) -> str:
    """One row a trial of every round that is over, under COLUMNS; empty where there is nothing to say.

    Accuracies are the latest, 0 to 1; `trial` counts from 0, as in the program of a trial; `rank` from 1, the best.
    """
    file = io.StringIO()
    table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(COLUMNS)
    with lab.lock:
        for round_ in lab.rounds:
            if round_.progress.status.over:
                table.writerows(trial_rows(lab, round_))
    return file.getvalue()


def trial_rows(lab: Lab, round_: LabRound) -> list[list[object]]:
    """A round's rows of the table, by trial."""
    progress, plan = round_.progress, round_.progress.plan
    settings = [getattr(plan, name) for name in SETTINGS]
    ranks = {int(trial): rank for rank, trial in enumerate(progress.ranking(), 1)}
    validation, train = decimals(progress.last_validation()), decimals(progress.last_train())
    chosen = lab.chosen.trial if lab.chosen and lab.chosen.number == round_.number else None
    return [
        [
            round_.number, trial, ranks.get(trial, ""), str(progress.status), *settings,
            float(progress.learning_rate[trial]), float(progress.weight_decay[trial]),
            _cell(validation[trial]), _cell(train[trial]), int(progress.epochs_done[trial]),
            bool(progress.diverged[trial]), bool(progress.given_up[trial]), *_repeated(lab, round_.number, trial),
            trial == chosen, harmless(round_.note),
        ]
        for trial in range(plan.trials)
    ]  # fmt: skip


def _repeated(lab: Lab, number: int, trial: int) -> list[object]:
    """Mean and standard deviation of a trial over other seeds, as far as it was repeated."""
    accuracy = lab.repeats.get((number, trial))
    if accuracy is None:
        return ["", ""]
    return decimals(np.array(spread(np.asarray(accuracy, float))))


def _cell(accuracy: float | None) -> object:
    return "" if accuracy is None else accuracy


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: it gets an apostrophe in front if it begins like one."""
    return f"'{text}" if text.startswith(FORMULA) else text


def decimals(numbers: np.ndarray) -> list[Any]:
    """Numbers with the digits that float32 needs to hold them apart, nested like the array; None for nan."""
    short = np.asarray(numbers, np.float32).astype(str).astype(float).astype(object)
    short[np.isnan(numbers)] = None
    return list(short.tolist())


def journal_json(lab: Lab) -> str:
    """The whole lab, one line a round; rounds that are not over with what they have so far.

    `import_journal` takes the rounds that are over back, from files of up to LARGEST bytes: a hundred rounds of the
    size that the lesson begins with, or a single one of the largest size.
    """
    with lab.lock:
        record = {
            "format": FORMAT,
            "version": VERSION,
            "opened": lab.final is not None,
            "plan": json.loads(lab.plan.to_json()),
            "earlier": json.loads(spaces_to_json(lab.earlier)),
            "chosen": json.loads(lab.chosen.to_json()) if lab.chosen else None,
            "rounds": [_round(round_) for round_ in lab.rounds],
            "repeats": [
                {"number": number, "trial": trial, "accuracy": decimals(accuracy)}
                for (number, trial), accuracy in sorted(lab.repeats.items())
            ],
        }
    lines = [f"{_dense(name)}:{_lines(part)}" for name, part in record.items()]
    return "{" + ",\n".join(lines) + "}\n"


def _round(round_: LabRound) -> dict[str, object]:
    """One round with its curves."""
    progress = round_.progress
    return {
        "number": round_.number,
        "status": str(progress.status),
        "note": round_.note,
        "seconds": float(progress.seconds),
        "plan": json.loads(progress.plan.to_json()),
        "epochs_done": progress.epochs_done.tolist(),
        "diverged": progress.diverged.astype(bool).tolist(),
        "given_up": progress.given_up.astype(bool).tolist(),
        "train_accuracy": decimals(progress.train_accuracy),
        "validation_accuracy": decimals(progress.validation_accuracy),
    }


def _lines(part: object) -> str:
    """JSON with every entry of a list in a line of its own."""
    if isinstance(part, list) and part:
        return "[\n" + ",\n".join(map(_dense, part)) + "]"
    return _dense(part)


def _dense(part: object) -> str:
    return json.dumps(part, separators=(",", ":"), allow_nan=False)
