"""What a lab trains besides its rounds: repeats on other seeds, replays of trials given up, and the final test."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from core.engine.port import Engine, EngineBusy
from core.errors import N_, LessonError
from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest
from core.lab.lab import Lab
from core.lab.lab_round import CHANGED_ELSEWHERE
from core.lab.replay import Replay
from core.lab.seed_repeats import SeedRepeat, plans_on_seeds
from core.lab.tested_network import TestedNetwork, shown_network
from core.plan import RoundPlan
from core.progress import Status
from core.training.random_streams import SeedPurpose


def repeat_trials(lab: Lab, engine: Engine, number: int, trials: list[int]) -> None:
    """Train some trials of a round again on other seeds. number: of the round    trials: their indices

    Raises EngineBusy while others are repeated, and LessonError while the teacher has closed the rounds.
    """
    with lab.lock:
        lab.check_start()
        round_ = lab.round(number)
        if round_ is None or not round_.progress.status.is_final:
            raise LessonError(N_("Only the trials of a round that is over can be repeated."))
        if lab.seed_repeat is not None and not lab.seed_repeat.is_done:
            raise EngineBusy(N_("Trials are being repeated already; wait for their end."))
        lab.seed_repeat = SeedRepeat(engine, lab.token, number, round_.progress, trials, partial(_record_repeats, lab))


def _record_repeats(lab: Lab, repeat: SeedRepeat) -> None:
    """Enter in a lab what a repeat found, unless it was stopped."""
    accuracy = repeat.accuracy()
    if accuracy is None:
        return
    with lab.lock:
        lab.repeats = lab.repeats | {
            (repeat.number, trial): accuracy[place] for place, trial in enumerate(repeat.trials)
        }
    lab.changed(lab, repeat.number)


def replay_round(lab: Lab, engine: Engine, number: int) -> None:
    """Train a round's given-up trials to their end after all. number: of the round

    Raises EngineBusy while another one is replayed, and LessonError while the teacher has closed the rounds.
    """
    with lab.lock:
        lab.check_start()
        round_ = lab.round(number)
        if round_ is None or round_.progress.status is not Status.FINISHED or not round_.progress.given_up.any():
            raise LessonError(N_("Only a round that came to its end with trials given up can be replayed."))
        if any(not replay.is_done for replay in lab.replays.values()):
            raise EngineBusy(N_("A round is being replayed already; wait for its end."))
        lab.replays = lab.replays | {number: Replay(engine, lab.token, round_.progress)}


def open_test_set(
    lab: Lab,
    engine: Engine,
    record_opening: Callable[[Lab, FinalTest], bool],
    epochs: int,
    choice: Choice | None = None,
    shown: RoundPlan | None = None,
) -> None:
    """Open the test set, once and for all, and train the chosen value for it.

    record_opening: writes the opening down; says whether it was the first
    choice:         what the student saw as chosen; None leaves it unchecked
    shown:          the plan of the choice that the student saw, but for its epochs; None leaves it unchecked
    Raises LessonError, and then nothing has been opened, unless it says so.
    """
    with lab.lock:
        if lab.classroom is not None:
            lab.classroom.check_test()
        if lab.busy:
            raise EngineBusy(N_("A round is running already; stop it or wait for its end."))
        if choice is not None and choice != lab.chosen:
            raise LessonError(N_("The choice was changed in another tab; look at it again."))
        plan = lab.plan_of_choice()
        if shown is not None and shown != plan:
            raise LessonError(CHANGED_ELSEWHERE)
        final = FinalTest(time.time(), replace(plan, epochs=epochs))
        final.check()
        if lab.final is not None or not record_opening(lab, final):
            raise LessonError(N_("The test set of this lab has been opened before."))
        lab.attach_final_test(final)
        final.resume(engine, lab.token)


def select_by_test_set(lab: Lab, engine: Engine) -> None:
    """After the final test, measure all trials of the lab's finished rounds on the test set. Raises LessonError."""
    with lab.lock:
        if lab.classroom is not None:
            lab.classroom.check_test()
        if lab.final is not None:
            finished = [one for one in lab.rounds if one.progress.status is Status.FINISHED]
            rounds = [(one.number, one.progress.plan.to_the_end()) for one in finished]
            lab.final.select_by_test_set(engine, lab.token, rounds)


def stop_training(lab: Lab) -> None:
    """End the rounds of a lab, its repeats, its replays and what its final test trains."""
    for round_ in lab.rounds:
        round_.stop()
    for extra in (lab.seed_repeat, *lab.replays.values(), lab.final):
        if extra is not None:
            extra.stop()


def train_tested_network(lab: Lab, engine: Engine) -> None:
    """After the final test, train the first of its networks again that did not diverge. Raises LessonError.

    Nothing happens if there is none, or if it is under way or there.
    """
    with lab.lock:
        final = lab.final
        if final is None or final.outcome is None or final.plan.values is None:
            return
        network = shown_network(final.outcome.classes)
        if network is None or (final.tested is not None and (final.tested.parameters or not final.tested.is_done)):
            return
        plan = plans_on_seeds(final.plan, final.plan.values, SeedPurpose.FINAL_TEST)[network]
        final.tested = TestedNetwork(engine, lab.token, plan, final.images())
