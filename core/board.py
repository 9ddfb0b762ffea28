"""What a class sees of itself: all trials on one map, who looks where, who has come how far for how many epochs.

    Track     # what one student's rounds come to, computed again only when they have changed
    Board     # all tracks together, arrays over all trials (n,) or over the students

Pure: rounds in, arrays out. Only rounds on the class's own images count, since accuracies on others cannot be compared.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.classroom import Rank, Standing
from core.plan import RoundPlan
from core.progress import RoundProgress
from core.remarks import standard_error
from core.space import SearchSpace, exponent

BEST = 20
DRAWN = 1200  # trials on the map at most, drawn at random from all, beside the best
ROUNDING = 1e-6  # of a float32 accuracy
NEVER = -math.inf  # the best accuracy of who has none


@dataclass(frozen=True, eq=False)
class Seen:
    """A round: its trials, and as if they were trained side by side, epoch by epoch."""

    progress: RoundProgress
    trial: np.ndarray  # (n,) those that have begun
    values: np.ndarray  # (n, 4) exponents of learning rate and weight decay, latest accuracy, whether it diverged
    spent: np.ndarray  # (epochs,) epochs of all trials together
    best: np.ndarray  # (epochs,) the best trial's accuracy then; NEVER when all diverged


@dataclass(frozen=True, eq=False)
class Track:
    """What one student's rounds come to."""

    rounds: tuple[Seen, ...]  # that count and have begun
    spent: np.ndarray  # (rounds,) epochs when each was over, or so far
    best: np.ndarray  # (rounds,) best accuracy of the student then; NEVER without any
    trials: np.ndarray  # (n, 2) place in `rounds` and trial, of every trial that has begun
    values: np.ndarray  # (n, 4) as in Seen
    space: SearchSpace | None  # where the student looks
    running: bool
    left_out: int  # rounds on other images

    @property
    def total(self) -> int:
        """Epochs spent so far."""
        return int(self.spent[-1]) if len(self.spent) else 0


@dataclass(frozen=True)
class Final:
    """What came of a student's final test."""

    seat: int
    led: float | None  # the validation accuracy that the value was chosen by, None if it was not chosen by one
    again: float  # mean validation accuracy of the same value on other seeds
    test: float  # mean test accuracy


@dataclass(frozen=True)
class Optimism:
    """How far the accuracies that led to choices flatter themselves: means over the students who chose by one."""

    count: int
    led: float  # the validation accuracy that led to the choice
    again: float  # validation accuracy of the same value on other seeds
    test: float
    error: float  # standard error of the mean difference between `led` and `again`; nan for a single student
    below: int  # how many have a test accuracy below the one that led them


@dataclass(frozen=True, eq=False)
class Board:
    """A class at a moment."""

    seats: np.ndarray  # (students,) who have begun
    tracks: tuple[Track, ...]  # of each
    seat: np.ndarray  # (n,) of each trial
    place: np.ndarray  # (n,) of the trial's round in its track's rounds
    trial: np.ndarray  # (n,)
    lr: np.ndarray  # (n,) exponent
    wd: np.ndarray  # (n,) exponent
    validation: np.ndarray  # (n,) latest accuracy
    diverged: np.ndarray  # (n,) bool
    drawn: np.ndarray  # places in (n,) of the trials on the map, the best last
    best: np.ndarray  # places in (n,) of the class's Best-20, the best first
    standing: Standing
    finals: tuple[Final, ...]
    joined: int  # students in the class

    @property
    def rounds(self) -> int:
        """Rounds that the class has begun."""
        return sum(len(track.rounds) for track in self.tracks)

    @property
    def epochs(self) -> int:
        """Epochs that the class has spent."""
        return sum(track.total for track in self.tracks)

    @property
    def running(self) -> int:
        """Students whose networks are learning."""
        return sum(track.running for track in self.tracks)

    @property
    def left_out(self) -> int:
        """Rounds on other images."""
        return sum(track.left_out for track in self.tracks)

    def curve(self, place: int) -> tuple[RoundProgress, int]:
        """The round of a trial and its number in it. place: in (n,)"""
        track = self.tracks[int(np.searchsorted(self.seats, self.seat[place]))]
        return track.rounds[int(self.place[place])].progress, int(self.trial[place])


# ---------------------------------------------------------------------------------------------------- one student


def comparable(plan: RoundPlan, like: RoundPlan) -> bool:
    """Whether accuracies of two plans are measured on images of the same kind and number."""
    return (plan.dataset, plan.images, plan.validation_rate) == (like.dataset, like.images, like.validation_rate)


def seen(progress: RoundProgress) -> Seen:
    """A round's trials, and its epochs and best accuracy depth by depth."""
    done, reached = progress.epochs_done, int(progress.epochs_done.max(initial=0))
    begun = np.flatnonzero(done > 0)
    logs = exponent(progress.learning_rate), exponent(progress.weight_decay)
    values = np.column_stack([*logs, progress.last_validation(), progress.diverged])[begun]
    at = np.arange(reached)
    spent = np.minimum(done[:, None], at + 1).sum(axis=0)
    healthy = begun[~progress.diverged[begun]]
    if not len(healthy):
        return Seen(progress, begun, values, spent, np.full(reached, NEVER))
    latest = np.minimum(at, done[healthy, None] - 1)  # a trial that has stopped keeps its last accuracy
    best = progress.validation_accuracy[healthy[:, None], latest].max(axis=0).astype(float)
    return Seen(progress, begun, values, spent, best)


def track(rounds: Sequence[Seen], like: RoundPlan) -> Track:
    """A student's rounds, in their order. like: a plan on the class's images"""
    alike = [one for one in rounds if comparable(one.progress.plan, like)]
    begun = [one for one in alike if len(one.trial)]
    places = np.repeat(np.arange(len(begun)), [len(one.trial) for one in begun])
    return Track(
        tuple(begun),
        np.cumsum([int(one.spent[-1]) for one in begun], dtype=int),
        np.maximum.accumulate(np.array([float(one.best[-1]) for one in begun])),
        np.column_stack([places, np.concatenate([np.zeros(0, int), *(one.trial for one in begun)])]),
        np.concatenate([np.zeros((0, 4)), *(one.values for one in begun)]),
        alike[-1].progress.plan.space if alike else None,
        bool(rounds) and not rounds[-1].progress.status.over,
        sum(len(one.trial) > 0 for one in rounds) - len(begun),
    )


def best_at(one: Track, budget: int) -> float:
    """The best accuracy that a student had when at most `budget` epochs were spent."""
    over = int(np.searchsorted(one.spent, budget, side="right"))  # rounds that fit in whole
    best, spent = (float(one.best[over - 1]), int(one.spent[over - 1])) if over else (NEVER, 0)
    if over < len(one.rounds):
        deep = one.rounds[over]
        reached = int(np.searchsorted(deep.spent, budget - spent, side="right"))
        if reached:
            best = max(best, float(deep.best[reached - 1]))
    return best


# ---------------------------------------------------------------------------------------------------- the class


def board(tracks: dict[int, Track], finals: Sequence[Final], joined: int, like: RoundPlan) -> Board:
    """A class's tracks together. tracks: by seat, in rising order    joined: students in the class"""
    begun = {seat: one for seat, one in tracks.items() if one.rounds}
    trials = np.concatenate([np.zeros((0, 2), int), *(one.trials for one in begun.values())])
    values = np.concatenate([np.zeros((0, 4)), *(one.values for one in begun.values())])
    seat = np.repeat(np.array(list(begun), int), [len(one.trials) for one in begun.values()])
    lr, wd, validation, diverged = values[:, 0], values[:, 1], values[:, 2], values[:, 3].astype(bool)
    best = highest(np.where(diverged, NEVER, validation), BEST)
    return Board(
        np.array(list(begun), int), tuple(begun.values()), seat, trials[:, 0], trials[:, 1], lr, wd, validation,
        diverged, drawn(np.column_stack([seat, trials]), best), best, standing(begun, like.validation_images()),
        tuple(finals), joined,
    )  # fmt: skip


def highest(accuracy: np.ndarray, count: int) -> np.ndarray:
    """The places of the highest accuracies, at most so many, the highest first; NEVER is none of them."""
    last = np.partition(accuracy, -count)[-count] if len(accuracy) > count else NEVER
    among = np.flatnonzero((accuracy >= last) & (accuracy > NEVER))  # a few, so that only they are sorted
    return among[np.argsort(-accuracy[among], kind="stable")][:count]


def drawn(which: np.ndarray, best: np.ndarray) -> np.ndarray:
    """The trials on the map: at most DRAWN, the same ones from look to look, and the best above the others.

    which: (n, 3) seat, round and trial    best: places of those that are there in any case, the best first
    """
    few = len(which) <= DRAWN
    chosen = np.arange(len(which)) if few else np.argpartition(lots(which), DRAWN)[:DRAWN]
    return np.concatenate([np.setdiff1d(chosen, best), best[::-1]]).astype(int)


def lots(which: np.ndarray) -> np.ndarray:
    """A number for each trial that looks drawn at random and stays the same. which: (n, 3) seat, round, trial"""
    mixed = which[:, 0].astype(np.uint64)
    for column in (which[:, 1], which[:, 2], np.zeros(len(which))):
        mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15) + column.astype(np.uint64)
    return np.asarray(mixed ^ (mixed >> np.uint64(29)))


def optimism(finals: Sequence[Final]) -> Optimism | None:
    """What the final tests of a class show together; None when nobody's choice was led by an accuracy."""
    rows = np.array([(one.led, one.again, one.test) for one in finals if one.led is not None])
    if not len(rows):
        return None
    led, again, test = rows.T
    error = float(np.std(led - again, ddof=1) / np.sqrt(len(rows))) if len(rows) > 1 else math.nan
    return Optimism(
        len(rows), float(led.mean()), float(again.mean()), float(test.mean()), error, int((test < led).sum())
    )


def standing(tracks: dict[int, Track], images: int) -> Standing:
    """The ranking by the best accuracy at equal budget: the epochs that half of the students have spent.

    Who lies no more than one standard error behind the first of a place has the same place. images: that validate
    """
    if not tracks:
        return Standing(0, ())
    budget = int(np.sort([one.total for one in tracks.values()])[len(tracks) // 2])
    found = [(seat, best_at(one, budget), min(one.total, budget)) for seat, one in tracks.items()]
    ranked = sorted((one for one in found if one[1] > NEVER), key=lambda one: (-one[1], one[0]))
    places: list[int] = []
    for above, (_, accuracy, _) in enumerate(ranked):
        first = ranked[places[-1] - 1][1] if places else NEVER
        close = first - accuracy <= standard_error(first, images) + ROUNDING if places else False
        places.append(places[-1] if close else above + 1)
    ranks = tuple(
        Rank(seat, place, places.count(place) > 1, accuracy, spent)
        for place, (seat, accuracy, spent) in zip(places, ranked, strict=True)
    )
    return Standing(budget, ranks, standard_error(ranked[0][1], images) if ranked else 0.0)
