"""A lab's journal as JSON, which journal_reader.py opens as a new lab anywhere.

    {"format", "version", "opened", "chosen",
     "plan", "earlier",                                              # of the next round; ranges to go back to
     "rounds": [{"number", "status", "note", "seconds", "plan",
                 "epochs_done", "diverged", "given_up",              # [trials]
                 "train_accuracy", "validation_accuracy"}],          # [trials][epochs], null where no epoch was trained
     "repeats": [{"number", "trial", "accuracy"}]}                   # [seeds]

Hyperparameters are not in it: the plan decides them. Accuracies have the digits that float32 holds and come back to
the bit. Neither the lab's token nor its pseudonym nor any result on the test set leaves the lab. Whether the test set
has been opened does, false or {"at", "epochs"}: the new lab is closed for tuning from the start and trains the same
final test again. With a closed test set a value picked by what that set has shown could pass a second "first" test.

A journal is saved compressed, its rounds one by one, see journal_file.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.lab.lab import Lab
from core.progress import RoundProgress
from core.space import spaces_to_json

FORMAT, VERSION = "narrowing-lab journal", 2


def journal_json(lab: Lab) -> str:
    """The whole lab, one line a round; rounds that are not over with what they have so far."""
    return "".join(journal_parts(lab))


def journal_parts(lab: Lab) -> Iterator[str]:
    """The same in parts, one a round: the curves of the largest lab are half a gigabyte as Python's numbers."""
    with lab.lock:
        rounds = [(one.number, one.note, one.progress) for one in lab.rounds]
        final = lab.final
        before = {
            "format": FORMAT,
            "version": VERSION,
            "opened": {"at": final.opened, "epochs": final.plan.epochs} if final else False,
            "plan": json.loads(lab.plan.to_json()),
            "earlier": json.loads(spaces_to_json(lab.undo_stack)),
            "chosen": json.loads(lab.chosen.to_json()) if lab.chosen else None,
        }
        repeats = [
            {"number": number, "trial": trial, "accuracy": decimals(accuracy)}
            for (number, trial), accuracy in sorted(lab.repeats.items())
        ]
    yield "{" + "".join(f"{_compact_json(name)}:{_lines_json(part)},\n" for name, part in before.items())
    yield '"rounds":['
    for place, (number, note, progress) in enumerate(rounds):
        yield (",\n" if place else "\n") + _compact_json(_round_json(number, note, progress))
    yield f'],\n"repeats":{_lines_json(repeats)}}}\n'


def _round_json(number: int, note: str, progress: RoundProgress) -> dict[str, object]:
    """One round with its curves."""
    return {
        "number": number,
        "status": str(progress.status),
        "note": note,
        "seconds": float(progress.seconds),
        "plan": json.loads(progress.plan.to_json()),
        "epochs_done": progress.epochs_done.tolist(),
        "diverged": progress.diverged.astype(bool).tolist(),
        "given_up": progress.given_up.astype(bool).tolist(),
        "train_accuracy": decimals(progress.train_accuracy),
        "validation_accuracy": decimals(progress.validation_accuracy),
    }


def _lines_json(part: object) -> str:
    """JSON with every entry of a list in a line of its own."""
    if isinstance(part, list) and part:
        return "[\n" + ",\n".join(map(_compact_json, part)) + "]"
    return _compact_json(part)


def _compact_json(part: object) -> str:
    return json.dumps(part, separators=(",", ":"), allow_nan=False)


def decimals(numbers: np.ndarray) -> list[Any]:
    """Numbers with the digits that float32 needs to hold them apart, nested like the array; None for nan."""
    short = np.asarray(numbers, np.float32).astype(str).astype(float).astype(object)
    short[np.isnan(numbers)] = None
    return list(short.tolist())
