"""The board of a class, computed from what has changed since the one before."""

import threading
from dataclasses import dataclass, field

from core.analysis.selection_bias import effective_images, expected_loss
from core.classroom.classroom import Classroom
from core.classroom.leaderboard import Board, FinalResult, build_board
from core.classroom.student_history import RoundSummary, StudentHistory, build_history, summarize_round
from core.lab.final_evaluation import Outcome
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.selection import selection_accuracy, selection_trials
from core.progress import RoundProgress


@dataclass
class BoardCache:
    """A class's board and what it was computed from."""

    board: Board | None = None
    computed: float = 0.0  # when, on the clock of Classes
    joined: int = 0
    histories: dict[int, tuple[tuple[RoundProgress, ...], StudentHistory]] = field(default_factory=dict)  # by seat
    finals: dict[int, tuple[Outcome, FinalResult]] = field(default_factory=dict)  # by seat
    lock: threading.Lock = field(default_factory=threading.Lock)


def current_board(classroom: Classroom, cache: BoardCache) -> Board:
    """The board as it is now: the one in the cache if nothing has changed, else a new one from what has changed."""
    labs: dict[int, Lab] = classroom.labs
    members, plan = classroom.members, classroom.lesson.plan
    is_same = cache.joined == len(members)
    for gone in cache.histories.keys() - labs.keys():
        cache.finals.pop(gone, None)
        is_same = not cache.histories.pop(gone)[0] and is_same
    for seat in sorted(labs.keys() & members.keys()):
        last = members[seat].last_round if classroom.ended is not None else None
        rounds = tuple(one.progress for one in labs[seat].rounds if _counts(one, last))
        before, history = cache.histories.get(seat, ((), None))
        if history is None or before != rounds:
            summaries: dict[RoundProgress, RoundSummary] = (
                {one.progress: one for one in history.rounds} if history else {}
            )
            new = build_history([summaries.get(one) or summarize_round(one) for one in rounds], plan)
            cache.histories[seat] = rounds, new
            is_same = is_same and not rounds and not before
        is_same = not _update_final_result(seat, labs[seat], classroom.ended, cache) and is_same
    cache.joined = len(members)
    if is_same and cache.board is not None:
        return cache.board
    histories = {seat: cache.histories[seat][1] for seat in sorted(cache.histories)}
    return build_board(histories, [cache.finals[seat][1] for seat in sorted(cache.finals)], len(members), plan)


def _counts(round_: LabRound, last: int | None) -> bool:
    """Whether a round is on the board: none after `last`, and none that waits for its student to resume it."""
    return not round_.needs_resume and (last is None or round_.number <= last)


def _update_final_result(seat: int, lab: Lab, ended: float | None, cache: BoardCache) -> bool:
    """Bring the result of a lab's final test into the cache; whether it was new."""
    final = lab.final
    if final is None or final.outcome is None or (ended is not None and final.opened > ended):
        return False
    outcome, _ = cache.finals.get(seat, (None, None))
    if outcome is final.outcome:
        return False
    repeated, test = float(final.outcome.validation.mean()), float(final.accuracy().mean())
    trials, images = selection_trials(lab), final.plan.validation_images()
    alike = effective_images(images, final.outcome.validation)
    expected = expected_loss(trials, alike).mean if len(trials) else 0.0
    cache.finals[seat] = final.outcome, FinalResult(seat, selection_accuracy(lab), repeated, test, expected, images)
    return True
