"""Opens the JSON of a journal (journal.py) as a new lab.

The file may come from anywhere: it is taken only if a lab could have written it, and else refused with a sentence.
Version 1 knew no trials that were given up; its files are brought to the present form first.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.data.image_order import FILE_ORDER
from core.errors import N_, LessonError
from core.export.journal import FORMAT, VERSION
from core.export.journal_file import load_document
from core.export.journal_rounds import JournalError, is_number, not_a_journal, read_plan, read_round
from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest
from core.lab.lab import ROUNDS, UNDO, Lab
from core.lab.lab_round import LabRound
from core.lab.seed_repeats import SEEDS
from core.lesson import DEFAULT_LESSON, Lesson
from core.plan import RoundPlan, needed_settings
from core.progress import RoundProgress
from core.space import SearchSpace, spaces_from_json, spaces_to_json

LATEST_OPENING = 1e11  # seconds since 1970
FIELDS = {"format", "version", "opened", "plan", "earlier", "chosen", "rounds", "repeats"}
PLAN_FIELDS_1 = {  # of a plan in version 1
    "space", "trials", "epochs", "dataset", "images", "validation_rate", "hidden_layers", "neurons", "batch_size",
    "seed", "values", "shuffle",
}  # fmt: skip


def import_journal(text: str | bytes, token: str, lesson: Lesson = DEFAULT_LESSON) -> Lab:
    """A new lab with the rounds of a journal that were over, under the token given; rounds under way are left out.

    If the test set had been opened, it is open in the new lab too, whose final test waits to be trained again.

    text: what `journal_json` or `journal_file` wrote
    lesson: the lesson of the new lab, whose budget those rounds have spent from
    Raises LessonError for anything else.
    """
    try:
        rounds: list[LabRound] = []
        document = _read_document(text, lambda given: _take_round(given, rounds))
        for given in _as_list(document["rounds"]):
            _take_round(given, rounds)
        lab = _read_lab(document, rounds, token)
        fixed = {name: getattr(lesson.plan, name) for name in lesson.sets() - {"seed"}}  # a seed is used once
        needed = needed_settings(lab.plan.space.axes)
        cannot = any(fixed.get(name, value) != value for name, value in needed.items())
        if cannot or (lesson.hides("axes") and lab.plan.space.axes != lesson.plan.space.axes):
            fixed["space"] = lesson.plan.space
        lab.plan, lab.lesson = replace(lab.plan, **fixed), lesson
        return lab
    except LessonError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
        raise not_a_journal() from error


def _read_document(text: str | bytes, take_round: Callable[[Any], None]) -> dict[str, Any]:
    """The file as JSON in the form of the present version; `take_round` as in `load_document`. Raises JournalError."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    document = load_document(raw, take_round)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise not_a_journal()
    if type(document.get("version")) is int and document["version"] == 1:
        document = _from_version_1(document)
    if type(document.get("version")) is not int or document["version"] != VERSION:
        raise JournalError(
            N_("This journal was written by another version of this program; version {known} is expected."),
            known=VERSION,
        )
    if set(document) != FIELDS:
        raise not_a_journal()
    return document


def _from_version_1(document: dict[str, Any]) -> dict[str, Any]:
    """A document of version 1 in the present form: settings that it did not know have their defaults."""
    defaults = json.loads(RoundPlan(image_order=FILE_ORDER).to_json())
    added = {name: given for name, given in defaults.items() if name not in PLAN_FIELDS_1}

    def with_defaults(plan: Any) -> Any:
        return plan | added if isinstance(plan, dict) and set(plan) == PLAN_FIELDS_1 else None

    rounds = [
        one | {"plan": with_defaults(one["plan"]), "given_up": [False] * len(_as_list(one["diverged"]))}
        for one in _as_list(document["rounds"])
        if "given_up" not in one
    ]
    if len(rounds) < len(document["rounds"]):
        raise not_a_journal()
    return document | {"version": VERSION, "plan": with_defaults(document["plan"]), "rounds": rounds}


def _read_lab(document: dict[str, Any], rounds: list[LabRound], token: str) -> Lab:
    plan = read_plan(document["plan"])
    finished = [one for one in rounds if one.progress.status.is_final]
    lab = Lab(
        token,
        plan=plan,
        rounds=finished,
        undo_stack=_read_undo_stack(document["earlier"]),
        chosen=_read_choice(document["chosen"], plan, rounds),
        repeats=_read_repeats(document["repeats"], finished),
    )
    if document["opened"] is not False:
        lab.attach_final_test(_read_opening(document["opened"], lab))
    return lab


def _read_opening(given: Any, lab: Lab) -> FinalTest:
    """The opening of a lab's test set, its results left out. Raises JournalError, and DatasetError without test images.

    Older journals tell only that it was opened: the value is trained as in its round then.
    """
    plan = lab.plan_of_choice()
    opening = {"at": 0.0, "epochs": plan.epochs} if given is True else given
    if (
        not isinstance(opening, dict)
        or set(opening) != {"at", "epochs"}
        or not is_number(opening["at"], LATEST_OPENING)
    ):
        raise not_a_journal()
    final = FinalTest(float(opening["at"]), replace(plan, epochs=opening["epochs"]))
    final.check()
    return final


def _as_list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise not_a_journal()
    return given


def _take_round(given: Any, rounds: list[LabRound]) -> None:
    """Read a round and add it, after a check that there are few enough and that their numbers rise."""
    number = given.get("number") if isinstance(given, dict) else None
    if type(number) is not int or not (rounds[-1].number if rounds else 0) < number <= ROUNDS:
        raise JournalError(
            N_("A journal has at most {rounds} rounds, each with a number of its own, in order."), rounds=ROUNDS
        )
    rounds.append(read_round(given))


def _read_undo_stack(given: Any) -> list[SearchSpace]:
    if len(_as_list(given)) > UNDO:
        raise JournalError(N_("A journal has at most {count} earlier ranges."), count=UNDO)
    spaces = spaces_from_json(json.dumps(given))
    if json.loads(spaces_to_json(spaces)) != given:
        raise not_a_journal()
    return spaces


def _read_choice(given: Any, plan: RoundPlan, rounds: Sequence[LabRound]) -> Choice | None:
    """The chosen value; if its round is left out, the value alone."""
    if given is None:
        return None
    choice = Choice.from_record(given)
    if choice.number is None and choice.trial is None:
        choice.plan(plan)  # checks the value
        return choice
    progress = _find_trial(choice.number, choice.trial, rounds)
    choice.plan(progress.plan)
    return choice if progress.status.is_final else replace(choice, number=None, trial=None)


def _read_repeats(given: Any, rounds: Sequence[LabRound]) -> dict[tuple[int, int], np.ndarray]:
    """Accuracies on other seeds, float32 (seeds,), by round and trial."""
    repeats: dict[tuple[int, int], np.ndarray] = {}
    for one in _as_list(given):
        if not isinstance(one, dict) or set(one) != {"number", "trial", "accuracy"}:
            raise not_a_journal()
        number, trial, accuracy = one["number"], one["trial"], one["accuracy"]
        _find_trial(number, trial, rounds)
        count = len(accuracy) if isinstance(accuracy, list) else 0
        if count != SEEDS or (number, trial) in repeats or not all(is_number(value, 1) for value in accuracy):
            raise JournalError(
                N_("Round {number}: a repeated trial is expected once, with an accuracy from 0 to 1 on each seed."),
                number=number,
            )
        repeats[number, trial] = np.array(accuracy, float).astype(np.float32)
    return repeats


def _find_trial(number: Any, trial: Any, rounds: Sequence[LabRound]) -> RoundProgress:
    """The round of a number, if it has the trial. Raises JournalError."""
    found = [one.progress for one in rounds if type(number) is int and one.number == number]
    if not found or type(trial) is not int or not 0 <= trial < found[0].plan.trials:
        raise JournalError(N_("What is chosen or repeated is expected to be a trial of a round in the journal."))
    return found[0]
