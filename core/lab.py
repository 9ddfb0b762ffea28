"""A student's lab: the next round's settings, the rounds so far, the value chosen, and the way back to earlier ranges.

Whatever changes in a lab is told to `changed`, which writes it down (see saving.py). Several browser tabs may work on
one lab at once, each in a thread of its own.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from core import pseudonyms
from core.again import Again
from core.choice import Choice
from core.classroom import Classroom, Member
from core.engine.local import Engine
from core.engine.scheduler import EngineBusy
from core.errors import N_, LessonError
from core.final_test import FinalTest
from core.lab_round import Kept, LabRound, epochs_of
from core.plan import LIMITS, RoundPlan
from core.preset import AS_IT_COMES, Preset
from core.progress import Status
from core.replay import Replay
from core.space import SearchSpace

NOTE_LENGTH = 300
ROUNDS = 100  # a lab
UNDO = 100  # ranges to go back to


def _nobody(lab: "Lab", number: int | None) -> None:
    """Takes no note of changes."""


@dataclass(eq=False)
class Lab:
    """Everything a student has done. `plan` is what the next round will be."""

    token: str
    plan: RoundPlan = RoundPlan()
    rounds: list[LabRound] = field(default_factory=list)
    earlier: list[SearchSpace] = field(default_factory=list)  # ranges before the present ones, for undo
    chosen: Choice | None = None
    repeats: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)  # (number, trial): accuracies (seeds,)
    again: Again | None = None  # the repeats under way
    replays: dict[int, Replay] = field(default_factory=dict)  # by number of the round; not written down
    final: FinalTest | None = None  # from the opening of the test set on
    pseudonym: str = field(default_factory=pseudonyms.draw)
    sits: tuple[str, int] | None = None  # code of the class that the lab belongs to, and its seat there
    classroom: Classroom | None = None  # that class
    created: float = field(default_factory=time.time)
    used: float = field(default_factory=time.time)
    preset: Preset = AS_IT_COMES  # the lesson that the lab was made for, to its end
    changed: Callable[["Lab", int | None], None] = _nobody  # told of every change, and of which round's
    lock: threading.RLock = field(default_factory=threading.RLock)

    def change(self, **settings: object) -> None:
        """Change the next round's settings. Raises LessonError and changes nothing if a round cannot be so."""
        with self.lock:
            new = replace(self.plan, **settings)  # type: ignore[arg-type]
            if any(getattr(new, name) != getattr(self.plan, name) for name in self.preset.sets()):
                raise LessonError(N_("This is set by the lesson and stays as it is."))
            self.plan = new
        self.changed(self, None)

    def look_in(self, space: SearchSpace) -> None:
        """Take over ranges for the next round; `undo` goes back."""
        with self.lock:
            if space == self.plan.space:
                return
            before = self.plan.space
            self.change(space=space)
            self.earlier = [*self.earlier, before][-UNDO:]

    def undo(self) -> None:
        """Back to the ranges before the last `look_in`; nothing happens when there are none."""
        with self.lock:
            if self.earlier:
                *self.earlier, before = self.earlier
                self.change(space=before)

    @property
    def latest(self) -> LabRound | None:
        """The last round."""
        return self.rounds[-1] if self.rounds else None

    @property
    def busy(self) -> bool:
        """Whether a round is not over yet."""
        return self.latest is not None and not self.latest.progress.status.over

    @property
    def member(self) -> Member | None:
        """The lab's seat in its class."""
        return self.classroom.members[self.sits[1]] if self.classroom and self.sits else None

    @property
    def spent(self) -> int:
        """Epochs of all trials of all rounds; a round that is not over counts as a whole."""
        return epochs_of(self.rounds)

    @property
    def left(self) -> int | None:
        """Epochs that the lesson's budget leaves; None without a budget."""
        return None if self.preset.budget is None else max(self.preset.budget - self.spent, 0)

    @property
    def repeating(self) -> bool:
        """Whether trials are being trained again, or to their end after all, or for the final test."""
        return (
            (self.again is not None and not self.again.over)
            or any(not replay.over for replay in self.replays.values())
            or (self.final is not None and self.final.share is not None)
        )

    def round(self, number: int) -> LabRound | None:
        """The round of a number."""
        return next((one for one in self.rounds if one.number == number), None)

    def check_start(self) -> None:
        """Raise LessonError while the lab's teacher lets nothing be trained."""
        if self.classroom is not None:
            self.classroom.check_start()

    def start(self, engine: Engine, **settings: object) -> LabRound:
        """Begin the next round. The one after it gets the next seed, so that it draws other values.

        settings: what is different in this round alone, such as its trials' values
        Raises DatasetError, EngineBusy, and LessonError once the test set has been opened or the budget is spent, or
        while the teacher has closed the rounds.
        """
        with self.lock:
            self.check_start()
            if self.final is not None:
                raise LessonError(N_("The test set is open, so this lab is closed for tuning. Go on in a new one."))
            if self.busy:
                raise EngineBusy(N_("A round is running already; stop it or wait for its end."))
            if len(self.rounds) >= ROUNDS:
                raise LessonError(N_("A lab holds {rounds} rounds; go on in a new one."), rounds=ROUNDS)
            number = self.latest.number + 1 if self.latest else 1
            plan = replace(self.plan, **settings)  # type: ignore[arg-type]
            self._afford(plan)
            round_ = LabRound(number, engine.start(self.token, plan, over=self._told(number)))
            self.rounds = [*self.rounds, round_]
            self.plan = replace(self.plan, seed=(self.plan.seed + 1) % (LIMITS["seed"][1] + 1))
        self.changed(self, number)
        return round_

    def _afford(self, plan: RoundPlan) -> None:
        """Raise LessonError when a round needs more epochs than the budget leaves."""
        left, needed = self.left, plan.trials * plan.epochs
        if left is None or needed <= left:
            return
        if not left:
            raise LessonError(
                N_("All {budget} epochs of this lesson are spent. Choose a value from what you have seen."),
                budget=self.preset.budget,
            )
        epochs = min(plan.epochs, left)
        raise LessonError(
            N_(
                "This round needs {trials} trials × {epochs} = {needed} epochs, and {left} of the lesson's {budget} "
                "are left. {fewer} × {shorter} would fit."
            ),
            trials=plan.trials,
            epochs=plan.epochs,
            needed=needed,
            left=left,
            budget=self.preset.budget,
            fewer=left // epochs,
            shorter=epochs,
        )

    def _told(self, number: int) -> Callable[[], None]:
        """What is to be done when a round is over: it is written down, and of the engine's nothing is kept."""

        def over() -> None:
            round_ = self.round(number)
            progress = round_.progress if round_ is not None else None
            if round_ is not None and progress is not None and progress.status.over and round_.handle.fault is None:
                round_.handle = Kept(progress)
            self.changed(self, number)

        return over

    @property
    def left_behind(self) -> bool:
        """Whether a server ended in the middle of something."""
        rounds = any(isinstance(one.handle, Kept) and not one.progress.status.over for one in self.rounds)
        return rounds or (self.final is not None and self.final.outcome is None and self.final.share is None)

    def revive(self, engine: Engine) -> None:
        """Run a round again that a server has left behind, to the same results; nothing happens when there is none."""
        with self.lock:
            for round_ in self.rounds:
                if isinstance(round_.handle, Kept) and not round_.progress.status.over:
                    number = round_.number
                    round_.handle = engine.start(self.token, round_.progress.plan, over=self._told(number))
            if self.final is not None:
                self.final.revive(engine, self.token)

    def note(self, number: int, text: str) -> None:
        """Write down the student's reason for a round, cut to NOTE_LENGTH characters, without those no store takes."""
        with self.lock:
            round_ = self.round(number)
            if round_ is None:
                return
            round_.note = text.encode(errors="ignore").decode().replace("\0", "")[:NOTE_LENGTH]
        self.changed(self, number)

    def choose(self, choice: Choice | None) -> None:
        """Settle on one value, or on none again. Raises PlanError when no round could train it."""
        if choice is not None:
            self.check(choice)
        with self.lock:
            if self.final is not None:
                raise LessonError(N_("The test set has been opened; the choice stands."))
            self.chosen = choice
        self.changed(self, None)

    def check(self, choice: Choice) -> None:
        """Raise PlanError when no round could train a value."""
        replace(self.plan, trials=1, values=((choice.learning_rate, choice.weight_decay),))

    def looked_at(self, learning_rate: float, weight_decay: float) -> bool:
        """Whether some round's ranges hold a value."""
        boxes = [round_.progress.plan.space for round_ in self.rounds]
        return any(box.holds(learning_rate, weight_decay) for box in boxes)

    def repeat(self, engine: Engine, number: int, trials: list[int]) -> None:
        """Train some trials of a round again on other seeds.

        Raises EngineBusy while others are repeated, and LessonError while the teacher has closed the rounds.
        """
        with self.lock:
            self.check_start()
            round_ = self.round(number)
            if round_ is None or not round_.progress.status.over:
                raise LessonError(N_("Only the trials of a round that is over can be repeated."))
            if self.again is not None and not self.again.over:
                raise EngineBusy(N_("Trials are being repeated already; wait for their end."))
            self.again = Again(engine, self.token, number, round_.progress, trials, self._repeated)

    def _repeated(self, again: Again) -> None:
        """Take in what a repeat found."""
        with self.lock:
            found = again.accuracy()
            if found is None:
                return
            self.repeats = self.repeats | {
                (again.number, trial): found[place] for place, trial in enumerate(again.trials)
            }
        self.changed(self, again.number)

    def replay(self, engine: Engine, number: int) -> None:
        """Train a round's given-up trials to their end after all.

        Raises EngineBusy while another one is replayed, and LessonError while the teacher has closed the rounds.
        """
        with self.lock:
            self.check_start()
            round_ = self.round(number)
            if round_ is None or round_.progress.status is not Status.FINISHED or not round_.progress.given_up.any():
                raise LessonError(N_("Only a round that came to its end with trials given up can be replayed."))
            if any(not replay.over for replay in self.replays.values()):
                raise EngineBusy(N_("A round is being replayed already; wait for its end."))
            self.replays = self.replays | {number: Replay(engine, self.token, round_.progress)}

    def plan_of_choice(self) -> RoundPlan:
        """The settings that the final test trains the chosen value with: those of its round, else of the latest."""
        if self.chosen is None:
            raise LessonError(N_("Choose a learning rate and a weight decay first."))
        round_ = self.round(self.chosen.number) if self.chosen.number is not None else self.latest
        plan = round_.progress.plan if round_ else self.plan
        return replace(plan.to_the_end(), trials=1, values=((self.chosen.learning_rate, self.chosen.weight_decay),))

    def open_test(
        self,
        engine: Engine,
        enter: Callable[["Lab", FinalTest], bool],
        epochs: int,
        choice: Choice | None = None,
    ) -> None:
        """Open the test set, once and for all, and train the chosen value for it.

        choice: what the student saw as chosen; None asks no question
        enter:  writes the opening down; says whether it was the first
        Raises LessonError, and then nothing has been opened, unless it says so.
        """
        with self.lock:
            if self.classroom is not None:
                self.classroom.check_test()
            if self.busy:
                raise EngineBusy(N_("A round is running already; stop it or wait for its end."))
            if choice is not None and choice != self.chosen:
                raise LessonError(N_("The choice was changed in another tab; look at it again."))
            plan = replace(self.plan_of_choice(), epochs=epochs)
            final = FinalTest(time.time(), plan)
            final.check()
            if self.final is not None or not enter(self, final):
                raise LessonError(N_("The test set of this lab has been opened before."))
            self.take(final)
            final.revive(engine, self.token)

    def led_there(self) -> float | None:
        """The validation accuracy by which the tested value was chosen, if it comes from a round of as many epochs."""
        round_ = self.round(self.chosen.number) if self.chosen and self.chosen.number is not None else None
        if round_ is None or self.chosen is None or self.chosen.trial is None or self.final is None:
            return None
        if int(round_.progress.epochs_done[self.chosen.trial]) != self.final.plan.epochs:
            return None
        return float(round_.progress.last_validation()[self.chosen.trial])

    def take(self, final: FinalTest) -> None:
        """From now on the test set is open."""
        final.changed = lambda: self.changed(self, None)
        self.final = final

    def tempt(self, engine: Engine) -> None:
        """After the final test: let the test set see all trials of the lab. Raises LessonError."""
        with self.lock:
            if self.classroom is not None:
                self.classroom.check_test()
            if self.final is not None:
                over = [one for one in self.rounds if one.progress.status is Status.FINISHED]
                self.final.tempt(engine, self.token, [(one.number, one.progress.plan.to_the_end()) for one in over])
