"""A lab's rounds as one search: its best so far, the trial to choose, and the ranges that follow.

All rounds with the settings of the latest that is over belong to it. It is computed once for the same rounds.
"""

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

from core.analysis.comparable_rounds import settings
from core.analysis.edges import Edge, edges, is_flat, unlearned
from core.analysis.guessing import NothingLearned
from core.analysis.insight import Insight
from core.analysis.next_ranges import best_box, ranges_beyond, unlearned_ranges
from core.analysis.search_insights import search_insights
from core.analysis.trials import Trials
from core.lab.lab import Lab
from core.progress import RoundProgress
from core.space import SearchSpace


@dataclass(frozen=True, eq=False)
class Search:
    """What the trials of a lab's comparable rounds show."""

    trials: Trials

    @cached_property
    def unlearned(self) -> NothingLearned | None:
        """Where to look while no trial clearly beats guessing; None once one does."""
        return unlearned(self.trials)

    @cached_property
    def flat(self) -> bool:
        """Whether the trials of the last round differ by no more than luck."""
        return is_flat(self.trials)

    @cached_property
    def edges(self) -> dict[str, Edge]:
        """The edges that the accuracy rises up to, by axis."""
        return edges(self.trials)

    @cached_property
    def suggestion(self) -> SearchSpace | None:
        """Ranges elsewhere to look in; None without a reason to leave these."""
        if self.unlearned is not None:
            return unlearned_ranges(self.trials, self.unlearned)
        return ranges_beyond(self.trials, self.edges)

    @cached_property
    def box(self) -> SearchSpace | None:
        """The box around the best trials; None where nothing has been learned."""
        return best_box(self.trials) if self.unlearned is None else None

    @cached_property
    def insights(self) -> list[Insight]:
        """Which way the ranges should move, and what has shown no effect."""
        return search_insights(self.trials)


_searches: WeakKeyDictionary[Lab, tuple[tuple[RoundProgress, ...], Search | None]] = WeakKeyDictionary()


def search_of(lab: Lab) -> Search | None:
    """The search of a lab; None before the first round is over. Any thread may call."""
    over = [(one.number, one.progress) for one in lab.rounds]
    over = [(number, progress) for number, progress in over if progress.status.is_final]
    key = tuple(progress for _number, progress in over)
    known = _searches.get(lab)
    if known is None or known[0] != key:
        trials = Trials.of(over)
        known = key, None if trials is None else Search(trials)
        _searches[lab] = known
    return known[1]


@dataclass(frozen=True)
class BestTrial:
    """The trial with the best accuracy so far, and the rounds that it is the best of."""

    numbers: tuple[int, ...]  # of these rounds
    number: int  # of its own
    progress: RoundProgress
    trial: int

    @property
    def accuracy(self) -> float:
        """Its latest validation accuracy."""
        return float(self.progress.last_validation()[self.trial])


def best_so_far(lab: Lab) -> BestTrial | None:
    """The best trial of the lab's search, a round that is not over counted in; None before any trial has a score."""
    search, latest = search_of(lab), lab.latest
    before = None
    if search is not None and search.trials.best is not None:
        number, trial = search.trials.of_round(search.trials.best)
        progress = search.trials.rounds[search.trials.numbers.index(number)]
        before = BestTrial(search.trials.numbers, number, progress, trial)
    progress_now = latest.progress if latest else None
    if latest is None or progress_now is None or progress_now.status.is_final or not progress_now.started:
        return before
    first = int(progress_now.ranking()[0])
    if before is None or settings(progress_now.plan) != settings(before.progress.plan):
        return None if progress_now.diverged[first] else BestTrial((latest.number,), latest.number, progress_now, first)
    numbers = (*before.numbers, latest.number)
    now = BestTrial(numbers, latest.number, progress_now, first)
    better = not progress_now.diverged[first] and now.accuracy > before.accuracy
    return now if better else BestTrial(numbers, before.number, before.progress, before.trial)


def proposed_trial(lab: Lab) -> tuple[int, int] | None:
    """The number of the round and the trial whose values to choose; None before any trial has learned anything."""
    search = search_of(lab)
    if search is None or search.unlearned is not None or search.trials.proposed is None:
        return None
    return search.trials.of_round(search.trials.proposed)
