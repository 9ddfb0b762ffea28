"""A student's lab: the next round's settings, the rounds so far, the value chosen, and earlier ranges for undo.

Every change calls `changed`, which writes the lab down (see core/store/writer.py). Several browser tabs may work on one
lab at once, each in a thread of its own. What is trained besides rounds is in extra_training.py.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from core.classroom.classroom import Classroom
from core.classroom.display_names import draw_pseudonym
from core.classroom.member import Member
from core.engine.port import Engine, EngineBusy
from core.errors import N_, LessonError
from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest
from core.lab.lab_round import CHANGED_ELSEWHERE, ComingRound, LabRound, check_budget, epochs_spent
from core.lab.replay import Replay
from core.lab.seed_repeats import SeedRepeat
from core.lesson import DEFAULT_LESSON, Lesson
from core.plan import SEED_COUNT, RoundPlan, needed_settings
from core.space import SearchSpace

NOTE_LENGTH = 300  # characters
ROUNDS = 100  # that a lab holds
UNDO = 100  # ranges to go back to


def ignore_change(lab: "Lab", number: int | None) -> None:
    """For a lab that nobody writes down."""


@dataclass(eq=False)
class Lab:
    """Everything a student has done. `plan` is what the next round will be."""

    token: str
    plan: RoundPlan = RoundPlan()
    rounds: list[LabRound] = field(default_factory=list)
    unreadable: tuple[int, ...] = ()  # numbers of rounds that the store has and cannot give back
    undo_stack: list[SearchSpace] = field(default_factory=list)  # ranges before the present ones, for undo
    chosen: Choice | None = None
    repeats: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)  # (number, trial): accuracies (seeds,)
    seed_repeat: SeedRepeat | None = None  # the latest one, under way or over
    replays: dict[int, Replay] = field(default_factory=dict)  # by number of the round; not written down
    final: FinalTest | None = None  # from the opening of the test set on
    pseudonym: str = field(default_factory=draw_pseudonym)
    class_seat: tuple[str, int] | None = None  # code of the class that the lab belongs to, and its seat there
    classroom: Classroom | None = None  # that class
    created: float = field(default_factory=time.time)
    used: float = field(default_factory=time.time)
    reading_salt: str | None = None  # see reading_link.py
    lesson: Lesson = DEFAULT_LESSON  # the lesson that the lab was made for, to its end
    changed: Callable[["Lab", int | None], None] = ignore_change  # called after a change, with the number of its round
    lock: threading.RLock = field(default_factory=threading.RLock)

    def change(self, **settings: object) -> None:
        """Change the next round's settings. Raises LessonError and changes nothing where a round cannot have them."""
        with self.lock:
            new = replace(self.plan, **settings)  # type: ignore[arg-type]
            same_axes = new.space.axes == self.plan.space.axes or not self.lesson.hides("axes")
            if not same_axes or any(getattr(new, name) != getattr(self.plan, name) for name in self.lesson.sets()):
                raise LessonError(N_("This is set by the lesson and stays as it is."))
            self.plan = new
        self.changed(self, None)

    def set_ranges(self, space: SearchSpace) -> None:
        """Set the ranges of the next round; `undo` goes back."""
        with self.lock:
            if space == self.plan.space:
                return
            before = self.plan.space
            self.change(space=space, **needed_settings(space.axes))
            self.undo_stack = [*self.undo_stack, before][-UNDO:]

    def undo(self, shown: ComingRound | None = None) -> None:
        """Back to the ranges before the last `set_ranges`; nothing happens when there are none.

        shown: as in `start`
        """
        with self.lock:
            self.check_shown(shown)
            if self.undo_stack:
                *left, before = self.undo_stack
                self.change(space=before, **needed_settings(before.axes))
                self.undo_stack = left

    @property
    def latest(self) -> LabRound | None:
        """The last round."""
        return self.rounds[-1] if self.rounds else None

    @property
    def next_number(self) -> int:
        """The number of the next round: one that cannot be read keeps its own."""
        return 1 + max([*self.unreadable, self.latest.number if self.latest else 0])

    @property
    def busy(self) -> bool:
        """Whether a round is not over yet."""
        return self.latest is not None and not self.latest.progress.status.is_final

    @property
    def member(self) -> Member | None:
        """The lab's seat in its class."""
        classroom, place = self.classroom, self.class_seat  # a teacher may take the seat away meanwhile
        return classroom.members.get(place[1]) if classroom and place else None

    @property
    def spent(self) -> int:
        """Epochs of all trials of all rounds; a round that is not over counts as a whole."""
        return epochs_spent(self.rounds)

    @property
    def left(self) -> int | None:
        """Epochs that the lesson's budget leaves; None without a budget."""
        return None if self.lesson.budget is None else max(self.lesson.budget - self.spent, 0)

    @property
    def has_extra_training(self) -> bool:
        """Whether anything but a round is in training: repeats, a replay, or what the final test needs."""
        return (
            (self.seed_repeat is not None and not self.seed_repeat.is_done)
            or any(not replay.is_done for replay in self.replays.values())
            or (self.final is not None and self.final.share is not None)
        )

    def round(self, number: int) -> LabRound | None:
        """The round of a number."""
        return next((one for one in self.rounds if one.number == number), None)

    def check_start(self) -> None:
        """Raise LessonError while the teacher of the lab's class has closed the rounds."""
        if self.classroom is not None:
            self.classroom.check_start()

    @property
    def coming(self) -> ComingRound:
        """Number and plan of the next round, as a page shows them beside its Start."""
        with self.lock:
            return self.next_number, self.plan

    def check_shown(self, shown: ComingRound | None) -> None:
        """Raise LessonError if somebody has been shown another next round than the present one, unless None."""
        if shown is not None and shown != self.coming:
            raise LessonError(CHANGED_ELSEWHERE)

    def start(self, engine: Engine, shown: ComingRound | None = None, **settings: object) -> LabRound:
        """Begin the next round. The one after it gets the next seed, so that it draws other values.

        shown:    what whoever starts it has been shown as the next round; None leaves it unchecked
        settings: what is different in this round alone, such as its trials' values
        Raises DatasetError, EngineBusy, and LessonError once the test set has been opened or the budget is spent, while
        the teacher has closed the rounds, or if the next round is not the one shown.
        """
        with self.lock:
            self.check_start()
            if self.final is not None:
                raise LessonError(N_("The test set is open, so this lab is closed for tuning. Go on in a new one."))
            if self.busy:
                raise EngineBusy(N_("A round is running already; stop it or wait for its end."))
            self.check_shown(shown)
            if len(self.rounds) >= ROUNDS:
                raise LessonError(N_("A lab holds {rounds} rounds; go on in a new one."), rounds=ROUNDS)
            number, plan = self.coming
            plan = replace(plan, **settings)  # type: ignore[arg-type]
            if self.lesson.budget is not None:
                check_budget(plan, self.lesson.budget, self.spent)
            handle = engine.start(self.token, plan, on_end=self._on_round_end(number))
            round_ = LabRound(number, handle.progress, handle=handle)
            self.rounds = [*self.rounds, round_]
            self.plan = replace(self.plan, seed=(self.plan.seed + 1) % SEED_COUNT)
        self.changed(self, number)
        return round_

    def _on_round_end(self, number: int) -> Callable[[], None]:
        """What the engine calls when a round is over: it is written down, and the engine's handle is released."""

        def end() -> None:
            round_ = self.round(number)
            if round_ is not None:
                round_.release_handle()
            self.changed(self, number)

        return end

    @property
    def needs_resume(self) -> bool:
        """Whether a server ended in the middle of something."""
        rounds = any(one.needs_resume for one in self.rounds)
        return rounds or (self.final is not None and self.final.outcome is None and self.final.share is None)

    def resume(self, engine: Engine) -> None:
        """Run again, to the same results, what a server did not end; nothing happens when there is none."""
        with self.lock:
            for round_ in self.rounds:
                if round_.needs_resume:
                    end = self._on_round_end(round_.number)
                    round_.handle = engine.start(self.token, round_.progress.plan, on_end=end)
            if self.final is not None:
                self.final.resume(engine, self.token)

    def note(self, number: int, text: str) -> None:
        """Set a round's note, cut to NOTE_LENGTH characters, without those that no database takes."""
        with self.lock:
            round_ = self.round(number)
            if round_ is None:
                return
            round_.note = text.encode(errors="ignore").decode().replace("\0", "")[:NOTE_LENGTH]
        self.changed(self, number)

    def choose(self, choice: Choice | None) -> None:
        """Choose a value, or none. Raises PlanError when no round could train it, LessonError after the opening."""
        if choice is not None:
            self.check(choice)
        with self.lock:
            if self.final is not None:
                raise LessonError(N_("The test set has been opened; the choice stands."))
            self.chosen = choice
        self.changed(self, None)

    def check(self, choice: Choice) -> None:
        """Raise LessonError when no round could train a value: with the settings of its own, else of the latest."""
        choice.plan(self._settings_for(choice))

    def _settings_for(self, choice: Choice) -> RoundPlan:
        round_ = self.round(choice.number) if choice.number is not None else self.latest
        return round_.progress.plan if round_ else self.plan

    def was_searched(self, choice: Choice) -> bool:
        """Whether some round's ranges hold a value."""
        return any(choice.is_in(round_.progress.plan.space) for round_ in self.rounds)

    def plan_of_choice(self) -> RoundPlan:
        """What the final test trains: the chosen value with the settings of its round, else of the latest.

        Raises LessonError when nothing is chosen.
        """
        if self.chosen is None:
            raise LessonError(N_("Choose a learning rate and a weight decay first."))
        return self.chosen.plan(self._settings_for(self.chosen).to_the_end())

    def attach_final_test(self, final: FinalTest) -> None:
        """Take on an opened test set; from now on the lab is closed for tuning."""
        final.changed = lambda: self.changed(self, None)
        self.final = final
