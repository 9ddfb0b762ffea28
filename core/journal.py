"""A journal's file opened as a new lab: everything in it is checked, and what is wrong is said in one sentence.

The file may come from anywhere. What the form is, stands in export.py; a file is taken only if the lab could have
written it, so that nothing in it can stop a page later. Version 1 knew no trials that were given up; its files are
brought to the present form first.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.again import SEEDS
from core.choice import Choice
from core.errors import N_, LessonError
from core.lab import NOTE_LENGTH, ROUNDS, UNDO, Lab
from core.lab_round import Kept, LabRound
from core.plan import RoundPlan
from core.preset import AS_IT_COMES, Preset
from core.progress import RoundProgress, Status
from core.space import spaces_from_json, spaces_to_json

FORMAT, VERSION = "narrowing-lab journal", 2
LARGEST = 2**20  # bytes
LONGEST = 1e9  # seconds that a round may have taken
PARTS = {"format", "version", "opened", "plan", "earlier", "chosen", "rounds", "repeats"}
ROUND_PARTS = {
    "number", "status", "note", "seconds", "plan", "epochs_done", "diverged", "given_up", "train_accuracy",
    "validation_accuracy",
}  # fmt: skip
PLAN_PARTS_1 = {  # of a plan in version 1
    "space", "trials", "epochs", "dataset", "images", "validation_rate", "hidden_layers", "neurons", "batch_size",
    "seed", "values", "shuffle",
}  # fmt: skip


class JournalError(LessonError):
    """A file that is no journal of a lab."""


@dataclass(frozen=True)
class _Round:
    """A round of the file, found to be in order."""

    number: int
    note: str
    progress: RoundProgress


def import_journal(text: str | bytes, token: str, preset: Preset = AS_IT_COMES) -> Lab:
    """A new lab with the rounds of a journal that were over, under the token given; rounds under way are left out.

    text: what `journal_json` wrote    preset: the lesson of the new lab, whose budget those rounds have spent from
    Raises LessonError for anything else, and for the journal of a lab whose test set has been opened.
    """
    try:
        lab = _lab(_document(text), token)
        kept = {name: getattr(preset.plan, name) for name in preset.sets() - {"seed"}}  # a seed is used once
        lab.plan, lab.preset = replace(lab.plan, **kept), preset
        return lab
    except LessonError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise _no_journal() from error


def _no_journal() -> JournalError:
    return JournalError(N_("This is no journal: a JSON file that a lab has written is expected."))


def _document(text: str | bytes) -> dict[str, Any]:
    """The file as JSON, its outermost form checked."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > LARGEST:
        raise JournalError(N_("A journal has at most {limit} MB."), limit=LARGEST // 2**20)
    found = json.loads(raw.decode("utf-8-sig"), parse_constant=_refuse)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _no_journal()
    if type(found.get("version")) is int and found["version"] == 1:
        found = _from_version_1(found)
    if type(found.get("version")) is not int or found["version"] != VERSION:
        raise JournalError(
            N_("This journal was written by another version of this program; version {known} is expected."),
            known=VERSION,
        )
    if set(found) != PARTS or type(found["opened"]) is not bool:
        raise _no_journal()
    return found


def _from_version_1(found: dict[str, Any]) -> dict[str, Any]:
    """What version 1 wrote, in the present form: what it did not know had its default, and no trial was given up."""
    usual = json.loads(RoundPlan().to_json())
    new = {name: given for name, given in usual.items() if name not in PLAN_PARTS_1}

    def plan(given: Any) -> Any:
        return given | new if isinstance(given, dict) and set(given) == PLAN_PARTS_1 else None

    rounds = [
        one | {"plan": plan(one["plan"]), "given_up": [False] * len(_list(one["diverged"]))}
        for one in _list(found["rounds"])
        if "given_up" not in one
    ]
    if len(rounds) < len(found["rounds"]):
        raise _no_journal()
    return found | {"version": VERSION, "plan": plan(found["plan"]), "rounds": rounds}


def _refuse(constant: str) -> None:
    raise _no_journal()  # NaN and Infinity are not JSON


def _lab(found: dict[str, Any], token: str) -> Lab:
    if found["opened"]:
        raise JournalError(
            N_(
                "The test set of this lab has been opened, so its rounds can be read in the file but not gone on with; "
                "a new lab is expected to begin without them."
            )
        )
    plan = _plan(found["plan"])
    rounds = [_round(one) for one in _numbered(found["rounds"])]
    over = {one.number: one for one in rounds if one.progress.status.over}
    return Lab(
        token,
        plan=plan,
        rounds=[LabRound(one.number, Kept(one.progress), one.note) for one in over.values()],
        earlier=_earlier(found["earlier"]),
        chosen=_chosen(found["chosen"], plan, rounds),
        repeats=_repeats(found["repeats"], over),
    )


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise _no_journal()
    return given


def _numbered(given: Any) -> list[dict[str, Any]]:
    """The rounds, few enough and their numbers rising."""
    rounds = _list(given)
    numbers: list[Any] = [one.get("number") if isinstance(one, dict) else None for one in rounds]
    whole = all(type(one) is int and 1 <= one <= ROUNDS for one in numbers)
    if not whole or any(low >= high for low, high in zip(numbers, numbers[1:], strict=False)):
        raise JournalError(
            N_("A journal has at most {rounds} rounds, each with a number of its own, in order."), rounds=ROUNDS
        )
    return rounds


def _plan(given: Any) -> RoundPlan:
    """A plan exactly as a lab writes it. Raises PlanError with what one may be."""
    plan = RoundPlan.from_json(json.dumps(given))
    if json.loads(plan.to_json()) != given:
        raise _no_journal()
    return plan


def _round(given: dict[str, Any]) -> _Round:
    number = given["number"]
    if set(given) != ROUND_PARTS or given["status"] not in list(Status):
        raise JournalError(N_("Round {number} has not the parts that a lab writes."), number=number)
    if not _is_text(given["note"]):
        raise JournalError(
            N_("Round {number}: a note of at most {length} characters is expected."), number=number, length=NOTE_LENGTH
        )
    if not _is_number(given["seconds"], LONGEST):
        raise JournalError(N_("Round {number}: the seconds it took are expected as a number."), number=number)
    plan = _plan(given["plan"])
    done, diverged = given["epochs_done"], given["diverged"]
    if not _per_trial(plan, done) or not all(type(one) is int and 0 <= one <= plan.epochs for one in done):
        raise JournalError(
            N_("Round {number}: the epochs done are expected as a whole number from 0 to {epochs} for every trial."),
            number=number,
            epochs=plan.epochs,
        )
    if not _per_trial(plan, diverged) or not all(type(one) is bool for one in diverged):
        raise JournalError(
            N_("Round {number}: whether it diverged is expected as true or false for every trial."), number=number
        )
    given_up = given["given_up"]
    if not _per_trial(plan, given_up) or not all(
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
    progress = replace(
        RoundProgress.of(plan),
        status=Status(given["status"]),
        version=1,
        seconds=float(given["seconds"]),
        epochs_done=np.array(done, int),
        diverged=np.array(diverged, bool),
        given_up=np.array(given_up, bool),
        train_accuracy=_curves(given["train_accuracy"], done, plan, number),
        validation_accuracy=_curves(given["validation_accuracy"], done, plan, number),
    )
    return _Round(number, given["note"], progress)


def _curves(given: Any, done: list[int], plan: RoundPlan, number: int) -> np.ndarray:
    """Accuracies (trials, epochs) float32: a number for every epoch done, nan where there is null."""
    right = _per_trial(plan, given) and all(
        isinstance(curve, list)
        and len(curve) == plan.epochs
        and all(_is_number(one, 1) for one in curve[:epochs])
        and all(one is None or _is_number(one, 1) for one in curve[epochs:])
        for curve, epochs in zip(given, done, strict=True)
    )
    if not right:
        raise JournalError(
            N_("Round {number}: an accuracy from 0 to 1 is expected for every epoch of every trial."), number=number
        )
    return np.array(given, float).astype(np.float32)  # None becomes nan


def _per_trial(plan: RoundPlan, given: Any) -> bool:
    return isinstance(given, list) and len(given) == plan.trials


def _is_number(given: Any, most: float) -> bool:
    """Whether it is a number from 0 to `most`."""
    return type(given) in (int, float) and 0 <= given <= most


def _is_text(given: Any) -> bool:
    """Whether it is a note, of characters that every database takes."""
    if not isinstance(given, str) or len(given) > NOTE_LENGTH or "\0" in given:
        return False
    return not any(0xD800 <= ord(one) <= 0xDFFF for one in given)  # halves of characters


def _earlier(given: Any) -> list[Any]:
    if len(_list(given)) > UNDO:
        raise JournalError(N_("A journal has at most {count} earlier ranges."), count=UNDO)
    spaces = spaces_from_json(json.dumps(given))
    if json.loads(spaces_to_json(spaces)) != given:
        raise _no_journal()
    return spaces


def _chosen(given: Any, plan: RoundPlan, rounds: list[_Round]) -> Choice | None:
    """The chosen value; of a round that is left out it keeps the value alone."""
    if given is None:
        return None
    choice = Choice(**given)
    replace(plan, trials=1, values=((choice.learning_rate, choice.weight_decay),))  # checks the value
    if choice.number is None and choice.trial is None:
        return choice
    progress = _progress_of(choice.number, choice.trial, {one.number: one for one in rounds})
    return choice if progress.status.over else replace(choice, number=None, trial=None)


def _repeats(given: Any, over: dict[int, _Round]) -> dict[tuple[int, int], np.ndarray]:
    """Accuracies on other seeds, float32 (seeds,), by round and trial."""
    repeats: dict[tuple[int, int], np.ndarray] = {}
    for one in _list(given):
        if not isinstance(one, dict) or set(one) != {"number", "trial", "accuracy"}:
            raise _no_journal()
        number, trial, accuracy = one["number"], one["trial"], one["accuracy"]
        _progress_of(number, trial, over)
        count = len(accuracy) if isinstance(accuracy, list) else 0
        if count != SEEDS or (number, trial) in repeats or not all(_is_number(found, 1) for found in accuracy):
            raise JournalError(
                N_("Round {number}: a repeated trial is expected once, with an accuracy from 0 to 1 on each seed."),
                number=number,
            )
        repeats[number, trial] = np.array(accuracy, float).astype(np.float32)
    return repeats


def _progress_of(number: Any, trial: Any, rounds: dict[int, _Round]) -> RoundProgress:
    """The round of a number, if it has the trial. Raises JournalError."""
    round_ = rounds.get(number) if type(number) is int else None
    if round_ is None or type(trial) is not int or not 0 <= trial < round_.progress.plan.trials:
        raise JournalError(N_("What is chosen or repeated is expected to be a trial of a round in the journal."))
    return round_.progress
