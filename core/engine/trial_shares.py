"""Which trials of a round each worker trains, and how far its share has come there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core.engine.protocol import SliceReport
from core.engine.share import STACK_TRIALS
from core.engine.trial_costs import trial_costs
from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.training.trial_values import by_shape


@dataclass
class ScheduledShare:
    """The trials of a round that one worker trains."""

    trials: tuple[int, ...]  # without those given up
    in_memory: bool = False  # of the worker
    finished: bool = False
    at_rung: bool = False  # whether all of it has come to the rung, where it waits for the other shares
    dropped_trials: set[int] = field(default_factory=set)  # given up, and the worker has not been told yet
    deaths: int = 0  # of workers, since the share last came further than at the last death
    epochs_trained: dict[int, int] = field(default_factory=dict)  # by trial, since it was last begun
    epochs_at_death: dict[int, int] = field(default_factory=dict)  # the same when a worker last died in the share

    @property
    def has_begun(self) -> bool:
        """Whether it has had a slice from its current worker."""
        return self.in_memory or bool(self.epochs_trained)

    def take_in(self, report: SliceReport, is_held: bool, is_same_rung: bool) -> None:
        """Enter what a slice has come to. is_held: whether the worker keeps the share

        is_same_rung: whether the slice was to end where the next one does
        """
        if not is_held:
            self.finished = self.finished or report.finished
            return
        self.in_memory, self.finished = not report.finished, report.finished
        self.at_rung = report.at_rung and is_same_rung
        for scores in report.scores:
            self.epochs_trained.update(dict.fromkeys(scores.trials.tolist(), scores.epoch + 1))
        if self.is_past_death:
            self.deaths = 0

    @property
    def is_past_death(self) -> bool:
        """Whether a trial has come further than it was when a worker last died in the share."""
        return any(epochs > self.epochs_at_death.get(trial, 0) for trial, epochs in self.epochs_trained.items())


def trials_to_train(
    plan: RoundPlan, trials: Sequence[int] | None, before: RoundProgress | None
) -> tuple[RoundProgress, Sequence[int]]:
    """The progress that a new round begins with, and the trials that are to be trained.

    before: what had become of the round elsewhere: it is shown, and what was given up stays so; None: nothing
    """
    chosen = chosen_trials(plan, trials)
    if before is None:
        return RoundProgress.of(plan, chosen), chosen
    begin: dict[str, Any] = {"status": Status.WAITING, "version": 0, "remaining": None, "position": 0}
    shown = replace(before, **begin, predictions=None, network=None)
    return shown, [trial for trial in chosen if not before.given_up[trial]]


def shares_of(plan: RoundPlan, trials: Sequence[int], workers: int, first: int) -> list[ScheduledShare]:
    """Trials shared out evenly, one share for each worker. first: the worker whose share comes last, modulo `workers`

    Rounds with fewer trials than workers go to different workers when `first` differs.
    """
    if trial_costs(plan).are_equal:
        shared = [tuple(trials[worker::workers]) for worker in range(workers)]
    else:
        shared = _by_work(plan, trials, workers)
    shares = [ScheduledShare(one) for one in shared]
    for share in shares:
        share.finished = not share.trials
    return shares[first % workers :] + shares[: first % workers]


def _by_work(plan: RoundPlan, trials: Sequence[int], workers: int) -> list[tuple[int, ...]]:
    """Trials of several shapes for each worker: whole stacks, the most work first, each to whoever has the least yet.

    R. L. Graham, Bounds on multiprocessing timing anomalies, SIAM Journal on Applied Mathematics 17, 1969.
    """
    most = max(1, min(STACK_TRIALS, -(-len(trials) // workers)))
    stacks = []
    for group in by_shape(plan, trials):
        size = -(-len(group) // -(-len(group) // most))
        stacks += [group[start : start + size] for start in range(0, len(group), size)]
    work = trial_costs(plan).operations
    given: list[list[int]] = [[] for _ in range(workers)]
    for stack in sorted(stacks, key=lambda stack: -work[list(stack)].sum()):
        least = min(given, key=lambda one: work[one].sum())
        least.extend(stack)
    return [tuple(sorted(one)) for one in given]


def chosen_trials(plan: RoundPlan, trials: Sequence[int] | None) -> Sequence[int]:
    """The trials to train, in order; all of the plan's for None. Raises LessonError if the plan does not have them."""
    chosen = range(plan.trials) if trials is None else sorted(set(trials))
    if not chosen or not 0 <= chosen[0] <= chosen[-1] < plan.trials:
        raise LessonError(N_("This round has the trials 0 to {last}."), last=plan.trials - 1)
    return chosen
