"""The board of a class, computed from what has changed since the one before."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.analysis.selection_bias import effective_images, expected_loss
from core.classroom.classroom import Classroom
from core.classroom.leaderboard import Board, FinalResult, build_board
from core.classroom.seats import merged_seats
from core.classroom.student_history import RoundSummary, StudentHistory, build_history, summarize_round
from core.lab.final_evaluation import FinalTest, Outcome
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.selection import selection_accuracy, selection_trials
from core.progress import RoundProgress


@dataclass
class BoardCache:
    """A class's board and what it was computed from."""

    board: Board | None = None
    computed: float = 0.0  # when, on the clock of Classes
    joined: int = 0  # students, each once
    histories: dict[int, tuple[tuple[RoundProgress, ...], StudentHistory]] = field(default_factory=dict)  # the same
    finals: dict[int, tuple[Outcome, FinalResult]] = field(default_factory=dict)  # by seat that counts
    lock: threading.Lock = field(default_factory=threading.Lock)


def current_board(classroom: Classroom, cache: BoardCache) -> Board:
    """The board as it is now: the one in the cache if nothing has changed, else a new one from what has changed."""
    labs: dict[int, Lab] = classroom.labs
    plan, groups = classroom.lesson.plan, merged_seats(classroom)
    there = {first: [seat for seat in group if seat in labs] for first, group in groups.items()}
    is_same = cache.joined == len(groups)
    for gone in cache.histories.keys() - {first for first, group in there.items() if group}:
        cache.finals.pop(gone, None)
        is_same = not cache.histories.pop(gone)[0] and is_same
    for first, group in there.items():
        if not group:
            continue
        rounds = tuple(one.progress for one in counted_rounds(classroom, group))
        before, history = cache.histories.get(first, ((), None))
        if history is None or before != rounds:
            summaries: dict[RoundProgress, RoundSummary] = (
                {one.progress: one for one in history.rounds} if history else {}
            )
            new = build_history([summaries.get(one) or summarize_round(one) for one in rounds], plan)
            cache.histories[first] = rounds, new
            is_same = is_same and not rounds and not before
        is_same = not _update_final_result(first, [labs[seat] for seat in group], classroom.ended, cache) and is_same
    cache.joined = len(groups)
    if is_same and cache.board is not None:
        return cache.board
    histories = {seat: cache.histories[seat][1] for seat in sorted(cache.histories)}
    return build_board(histories, [cache.finals[seat][1] for seat in sorted(cache.finals)], len(groups), plan)


def counted_rounds(classroom: Classroom, seats: Sequence[int]) -> list[LabRound]:
    """The rounds of some seats that count as one, as they are on the board: by number, and seat for seat."""
    found: list[tuple[int, int, LabRound]] = []
    for seat in seats:
        member, lab = classroom.members.get(seat), classroom.labs.get(seat)
        if member is not None and lab is not None:
            last = member.last_round if classroom.ended is not None else None
            found += [(one.number, seat, one) for one in lab.rounds if _counts(one, last)]
    return [one for _, _, one in sorted(found, key=lambda place: place[:2])]


def _counts(round_: LabRound, last: int | None) -> bool:
    """Whether a round is on the board: none after `last`, and none that waits for its student to resume it."""
    return not round_.needs_resume and (last is None or round_.number <= last)


def counted_test(labs: Sequence[Lab], ended: float | None) -> tuple[Lab, FinalTest, Outcome] | None:
    """Of labs that count as one, the final test that was opened first and has its result. ended: when the class did"""
    finals = [(lab, lab.final, lab.final.outcome) for lab in labs if lab.final is not None]
    over = [(lab, one, outcome) for lab, one, outcome in finals if outcome is not None]
    return min(
        (one for one in over if ended is None or one[1].opened <= ended), key=lambda one: one[1].opened, default=None
    )


def _update_final_result(seat: int, labs: Sequence[Lab], ended: float | None, cache: BoardCache) -> bool:
    """Bring the result of the final test of labs that count as one into the cache; whether it was new."""
    counted = counted_test(labs, ended)
    before, _ = cache.finals.get(seat, (None, None))
    if counted is None:
        return cache.finals.pop(seat, None) is not None
    lab, final, tested = counted
    if before is tested:
        return False
    repeated, test = float(tested.validation.mean()), float(final.accuracy().mean())
    trials, images = selection_trials(lab), final.plan.validation_images()
    alike = effective_images(images, tested.validation)
    expected = expected_loss(trials, alike).mean if len(trials) else 0.0
    cache.finals[seat] = tested, FinalResult(seat, selection_accuracy(lab), repeated, test, expected, images)
    return True
