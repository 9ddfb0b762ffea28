"""Reads one round out of a journal's JSON and checks every part of it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import N_, LessonError
from core.lab.lab import NOTE_LENGTH
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import RoundProgress, Status

MAX_SECONDS = 1e9  # that a round may have taken
ROUND_FIELDS = {
    "number", "status", "note", "seconds", "plan", "epochs_done", "diverged", "given_up", "train_accuracy",
    "validation_accuracy",
}  # fmt: skip
PLAN_FIELDS_2 = {  # of a plan when version 2 began; a setting that has come later has its default in older files
    "space", "trials", "epochs", "dataset", "images", "validation_rate", "hidden_layers", "neurons", "batch_size",
    "seed", "values", "shuffle", "give_up", "keep", "optimizer", "momentum", "beta1", "beta2", "initial_weights",
    "deviation", "activation", "batch_normalisation", "dropout",
}  # fmt: skip


class JournalError(LessonError):
    """A file that is no journal of a lab."""


def not_a_journal() -> JournalError:
    """The error of a file that has not the form of a journal."""
    return JournalError(N_("This is no journal: a JSON file that a lab has written is expected."))


def read_plan(given: Any) -> RoundPlan:
    """A plan exactly as a lab writes it. Raises PlanError with what one may be, or JournalError."""
    plan = RoundPlan.from_json(json.dumps(given))
    written = json.loads(plan.to_json())
    added = {name: default for name, default in written.items() if name not in PLAN_FIELDS_2}
    if written != added | given:
        raise not_a_journal()
    return plan


def read_round(given: dict[str, Any]) -> LabRound:
    """A round, whose number has been checked. Raises JournalError that names the round, or PlanError."""
    number = given["number"]
    if set(given) != ROUND_FIELDS or given["status"] not in list(Status):
        raise JournalError(N_("Round {number} has not the parts that a lab writes."), number=number)
    if not _is_note(given["note"]):
        raise JournalError(
            N_("Round {number}: a note of at most {length} characters is expected."), number=number, length=NOTE_LENGTH
        )
    if not is_number(given["seconds"], MAX_SECONDS):
        raise JournalError(N_("Round {number}: the seconds it took are expected as a number."), number=number)
    plan = read_plan(given["plan"])
    _check_trials(given, plan, number)
    progress = replace(
        RoundProgress.of(plan),
        status=Status(given["status"]),
        version=1,
        seconds=float(given["seconds"]),
        epochs_done=np.array(given["epochs_done"], int),
        diverged=np.array(given["diverged"], bool),
        given_up=np.array(given["given_up"], bool),
        train_accuracy=_read_curves(given["train_accuracy"], given["epochs_done"], plan, number),
        validation_accuracy=_read_curves(given["validation_accuracy"], given["epochs_done"], plan, number),
    )
    return LabRound(number, progress, given["note"])


def _check_trials(given: dict[str, Any], plan: RoundPlan, number: int) -> None:
    """Check what a round has for every trial besides its curves. Raises JournalError."""
    done, diverged, given_up = given["epochs_done"], given["diverged"], given["given_up"]
    if not _is_per_trial(plan, done) or not all(type(one) is int and 0 <= one <= plan.epochs for one in done):
        raise JournalError(
            N_("Round {number}: the epochs done are expected as a whole number from 0 to {epochs} for every trial."),
            number=number,
            epochs=plan.epochs,
        )
    if not _is_per_trial(plan, diverged) or not all(type(one) is bool for one in diverged):
        raise JournalError(
            N_("Round {number}: whether it diverged is expected as true or false for every trial."), number=number
        )
    if not _is_per_trial(plan, given_up) or not all(
        type(gone) is bool and not (gone and (over or epochs == plan.epochs))
        for gone, over, epochs in zip(given_up, diverged, done, strict=True)
    ):
        raise JournalError(
            N_(
                "Round {number}: whether it was given up is expected as true or false for every trial, and true only "
                "before its last epoch."
            ),
            number=number,
        )


def _read_curves(given: Any, done: list[int], plan: RoundPlan, number: int) -> np.ndarray:
    """Accuracies (trials, epochs) float32: a number for every epoch done, nan where there is null."""
    is_valid = _is_per_trial(plan, given) and all(
        isinstance(curve, list)
        and len(curve) == plan.epochs
        and all(is_number(one, 1) for one in curve[:epochs])
        and all(one is None or is_number(one, 1) for one in curve[epochs:])
        for curve, epochs in zip(given, done, strict=True)
    )
    if not is_valid:
        raise JournalError(
            N_("Round {number}: an accuracy from 0 to 1 is expected for every epoch of every trial."), number=number
        )
    return np.array(given, float).astype(np.float32)  # None becomes nan


def is_number(given: Any, most: float) -> bool:
    """Whether it is a number from 0 to `most`."""
    return type(given) in (int, float) and 0 <= given <= most


def _is_per_trial(plan: RoundPlan, given: Any) -> bool:
    return isinstance(given, list) and len(given) == plan.trials


def _is_note(given: Any) -> bool:
    """Whether it is a note of characters that every database takes."""
    if not isinstance(given, str) or len(given) > NOTE_LENGTH or "\0" in given:
        return False
    return not any(0xD800 <= ord(one) <= 0xDFFF for one in given)  # surrogates
