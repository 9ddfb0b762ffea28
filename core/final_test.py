"""The final test: the chosen value, trained on several seeds, meets the test images once.

    opening entered in the store -> SEEDS rounds that also classify the opened half of the test images -> Outcome
    asked for afterwards: all rounds of the lab trained again, with all test images            -> Temptation

Only here, and only after the opening, are test labels read. Results are kept as the classes that the networks saw;
whether they are right is looked up in the labels each time.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from core import test_part
from core.again import FINAL, Together, on_seeds
from core.answers import NONE
from core.engine.local import Engine
from core.errors import N_, LessonError
from core.plan import CLASSES, RoundPlan
from core.progress import RoundProgress
from core.remarks import standard_error

TEMPTED = 10  # of a lab's finished rounds at most are trained again, the latest


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of the opening."""

    validation: np.ndarray  # (seeds,) accuracy on each seed's validation images
    classes: np.ndarray  # (seeds, opened test images) uint8

    def to_json(self) -> str:
        classes = base64.b64encode(self.classes.tobytes()).decode()
        return json.dumps({"validation": [float(one) for one in self.validation], "classes": classes})

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        """What `to_json` wrote."""
        record = json.loads(text)
        validation = np.array(record["validation"])
        classes = np.frombuffer(base64.b64decode(record["classes"]), np.uint8)
        return cls(validation, classes.reshape(len(validation), -1))


@dataclass(frozen=True, eq=False)
class Temptation:
    """All trials of a lab's rounds with their accuracies; arrays (all trials,)."""

    number: np.ndarray  # of the round
    trial: np.ndarray
    validation: np.ndarray
    opened: np.ndarray  # accuracy on the test images of the opening
    fresh: np.ndarray  # accuracy on the other test images

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name).tolist() for name in self.__dataclass_fields__})

    @classmethod
    def from_json(cls, text: str) -> "Temptation":
        """What `to_json` wrote."""
        return cls(**{name: np.array(given) for name, given in json.loads(text).items()})

    def best_by(self, accuracy: np.ndarray) -> int:
        """The place of the trial that some accuracy would choose."""
        return int(np.argmax(accuracy))


@dataclass(eq=False)
class FinalTest:
    """An opened test set. Whoever holds one may see what it says of the labels."""

    opened: float  # seconds since 1970
    plan: RoundPlan  # of the chosen value alone; its seed leads to the seeds it is trained on
    outcome: Outcome | None = None
    temptation: Temptation | None = None
    changed: Callable[[], None] = lambda: None
    _rounds: Together | None = field(default=None, repr=False)
    _tempted: Together | None = field(default=None, repr=False)
    _numbers: list[int] = field(default_factory=list, repr=False)

    def check(self) -> None:
        """Raise DatasetError if the test images are not there; no label is read."""
        test_part.images(self.plan.dataset)

    def revive(self, engine: Engine, owner: str) -> None:
        """Train the chosen value, unless that is done or under way. Raises LessonError when it cannot be begun."""
        if self.outcome is not None or (self._rounds is not None and not self._rounds.over):
            return
        assert self.plan.values is not None
        unseen = test_part.images(self.plan.dataset)[test_part.opened_part(self.plan.dataset)]
        plans = on_seeds(self.plan, self.plan.values, FINAL)
        self._rounds = Together(engine, owner, "final", [(plan, unseen) for plan in plans], self._trained)

    def tempt(self, engine: Engine, owner: str, rounds: list[tuple[int, RoundPlan]]) -> None:
        """Train rounds again and test every trial. rounds: (number, plan)  Raises LessonError."""
        if self.outcome is None or self.temptation is not None or not rounds:
            return
        if self._tempted is not None and not self._tempted.over:
            return
        unseen = test_part.images(self.plan.dataset)
        same = [(number, plan) for number, plan in rounds if plan.dataset == self.plan.dataset][-TEMPTED:]
        if not same:
            raise LessonError(N_("No finished round of this lab has the data set that was tested."))
        self._numbers = [number for number, _ in same]
        self._tempted = Together(engine, owner, "tempt", [(plan, unseen) for _, plan in same], self._all_tested)

    @property
    def share(self) -> float | None:
        """How much of the training under way is done, 0 to 1; None when there is none."""
        for rounds in (self._rounds, self._tempted):
            if rounds is not None and not rounds.over:
                return rounds.share
        return None

    def right(self) -> np.ndarray:
        """Whether each seed's network was right on each opened image, (seeds, images) bool."""
        assert self.outcome is not None
        return np.asarray(self.outcome.classes == self.labels())

    def labels(self) -> np.ndarray:
        """The labels of the opened images."""
        return _labels(self.plan.dataset)[test_part.opened_part(self.plan.dataset)]

    def images(self) -> np.ndarray:
        """The opened images, (images, pixels) uint8."""
        return _images(self.plan.dataset)[test_part.opened_part(self.plan.dataset)]

    def accuracy(self) -> np.ndarray:
        """Test accuracy of each seed, (seeds,)."""
        return np.asarray(self.right().mean(axis=1))

    def confusion(self) -> np.ndarray:
        """How often a digit (row) was taken for a digit (column), over all seeds: (10, 10) int.

        A network that diverged took none for any.
        """
        assert self.outcome is not None
        pairs = self.labels().astype(int) * CLASSES + self.outcome.classes
        seen = pairs[self.outcome.classes != NONE]
        return np.bincount(seen, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)

    def diverged(self) -> int:
        """How many of the networks diverged."""
        assert self.outcome is not None
        return int((self.outcome.classes == NONE).all(axis=1).sum())

    def standard_error(self) -> float:
        """Standard error of one seed's test accuracy, from the number of images alone."""
        return standard_error(float(self.accuracy().mean()), len(self.labels()))

    def _trained(self, rounds: Together) -> None:
        """Take in what the chosen value came to."""
        if rounds.finished:
            progress = [handle.progress for handle in rounds.handles]
            validation = np.array([float(one.last_validation()[0]) for one in progress])
            part = test_part.opened_part(self.plan.dataset)
            self.outcome = Outcome(validation, np.stack([_answers(one, part.stop - part.start)[0] for one in progress]))
            self.changed()

    def _all_tested(self, rounds: Together) -> None:
        """Take in what all trials came to."""
        if not rounds.finished:
            return
        truth = _labels(self.plan.dataset)
        parts = test_part.opened_part(self.plan.dataset), test_part.fresh_part(self.plan.dataset)
        columns: list[tuple[np.ndarray, ...]] = []
        for number, handle in zip(self._numbers, rounds.handles, strict=True):
            progress = handle.progress
            trials = progress.plan.trials
            right = _answers(progress, len(truth)) == truth
            tested = [right[:, part].mean(axis=1) for part in parts]
            columns.append((np.full(trials, number), np.arange(trials), progress.last_validation(), *tested))
        self.temptation = Temptation(*(np.concatenate(column) for column in zip(*columns, strict=True)))
        self.changed()


def _answers(progress: RoundProgress, images: int) -> np.ndarray:
    """The classes that a round's trials saw, (trials, images); NONE for those that diverged, be it all of them."""
    if progress.answers is None:
        return np.full((progress.plan.trials, images), NONE, np.uint8)
    return progress.answers


@lru_cache(maxsize=2)
def _labels(name: str) -> np.ndarray:
    return test_part.labels(name)


@lru_cache(maxsize=2)
def _images(name: str) -> np.ndarray:
    return test_part.images(name)
