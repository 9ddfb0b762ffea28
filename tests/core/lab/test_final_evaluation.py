"""The final test: right, once, and only when nothing is under way; no test label is read before it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data import test_set as test_part
from core.data.datasets import load_training
from core.data.idx import DatasetError
from core.engine.engine import EmbeddedEngine
from core.engine.port import EngineBusy
from core.errors import LessonError
from core.lab import final_evaluation as final_test
from core.lab.choice import Choice
from core.lab.extra_training import open_test_set, repeat_trials
from core.lab.final_evaluation import FinalTest, Outcome
from core.lab.seed_repeats import SEEDS, seeds
from core.plan import RoundPlan
from core.training.prediction import NO_PREDICTION
from core.training.random_streams import SeedPurpose
from tests.support import reference
from tests.support.final_tests import CHOICE, EPOCHS, FIXED, PLAN, WILD, final_of, tuned
from tests.support.network_plans import NETWORK_SETTINGS
from tests.support.servers import Serve, Server
from tests.support.waiting import LIMIT, until


@pytest.fixture
def server(serve: Serve, tmp_path: Path) -> Server:
    return serve(f"sqlite:///{tmp_path / 'labs'}")


# ---------------------------------------------------------------------------------------------------- results


def agrees_with_the_reference(final: FinalTest, plan: RoundPlan) -> bool:
    """With networks trained in float64 by a loop, except where rounding may decide between two classes."""
    source = load_training(plan.dataset, plan.images)
    unseen = test_part.images(plan.dataset)[test_part.opened_part(plan.dataset)] / source.full_scale
    dead = ~source.images.any(axis=0)
    assert unseen[:, dead].any()  # some images have ink where no training image has any
    assert final.outcome is not None
    ignored = 0
    for seed, found, validation in zip(
        seeds(plan.seed, SeedPurpose.FINAL_TEST), final.outcome.classes, final.outcome.validation, strict=True
    ):
        run = reference.train(replace(plan, seed=seed, epochs=EPOCHS, space=FIXED), 0, source)
        scores = reference.forward(run.model, unseen)[-1]
        second, first = np.sort(scores, axis=1)[:, -2:].T
        clear = first - second > 1e-4 * np.abs(scores).max()
        assert clear.mean() > 0.99
        if not np.array_equal(found[clear], scores.argmax(axis=1)[clear]):
            return False
        if validation != pytest.approx(run.validation_accuracy[-1], abs=1.5 / plan.validation_images()):
            return False
        run.model.weights[0][dead] = 0
        without = reference.forward(run.model, unseen)[-1]
        ignored += int(np.abs(without - scores).max() > 1e-3)
    return ignored == SEEDS  # else the test could not tell if the pixels' weights were left out


def test_predictions_on_digits_agree_with_the_reference(server: Server) -> None:
    assert agrees_with_the_reference(final_of(server, tuned(server)), PLAN)


def test_predictions_agree_with_the_reference_with_nearly_all_settings_changed(server: Server) -> None:
    plan = replace(PLAN, **NETWORK_SETTINGS["nearly all"])
    assert agrees_with_the_reference(final_of(server, tuned(server, plan)), plan)


def test_predictions_on_mnist_agree_with_the_reference(server: Server, mnist_dir: Path) -> None:
    plan = replace(PLAN, dataset="mnist")
    assert mnist_dir.is_dir()
    assert agrees_with_the_reference(final_of(server, tuned(server, plan)), plan)


def test_accuracy_is_the_share_of_predictions_that_equal_the_label(server: Server) -> None:
    final = final_of(server, tuned(server))
    assert final.outcome is not None
    truth = test_part.labels("digits")[:150].tolist()
    counted = [sum(map(int.__eq__, row, truth)) / 150 for row in final.outcome.classes.tolist()]
    assert final.accuracy().tolist() == pytest.approx(counted) and len(counted) == SEEDS


def test_the_confusion_matrix_counts_every_prediction(server: Server) -> None:
    final = final_of(server, tuned(server))
    assert final.outcome is not None
    counted = np.zeros((10, 10), int)
    for row in final.outcome.classes:
        for label, seen in zip(test_part.labels("digits")[:150], row, strict=True):
            counted[label, seen] += 1
    assert final.confusion().tolist() == counted.tolist()


def test_a_choice_that_diverges_has_accuracy_0(server: Server) -> None:
    final = final_of(server, tuned(server, choice=Choice(10.0, 1.0)), WILD)
    assert final.outcome is not None
    assert final.outcome.classes.shape == (SEEDS, 150) and (final.outcome.classes == NO_PREDICTION).all()
    assert final.accuracy().tolist() == [0.0] * SEEDS
    assert final.confusion().sum() == 0


def test_an_outcome_some_of_whose_networks_diverged_keeps_its_form() -> None:
    classes = np.array([[1, 2, 3], [NO_PREDICTION] * 3], np.uint8)
    again = Outcome.from_json(Outcome(np.array([0.5, 0.1]), classes).to_json())
    assert again.classes.tolist() == classes.tolist() and again.validation.tolist() == [0.5, 0.1]


def test_the_settings_are_those_of_the_rounds_that_the_choice_is_from(server: Server) -> None:
    lab = tuned(server)
    server.ran(lab, replace(PLAN, neurons=40))
    lab.change(neurons=50)
    lab.choose(replace(CHOICE, number=1, trial=0))
    assert lab.plan_of_choice().neurons == 30
    lab.choose(CHOICE)
    assert lab.plan_of_choice().neurons == 40


# ---------------------------------------------------------------------------------------------------- before


@pytest.fixture
def unreadable_labels(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Test labels cannot be read until the returned function is called."""

    def refuse(*_: object) -> None:
        raise AssertionError("a test label was asked for")

    final_test._labels.cache_clear()
    monkeypatch.setattr(test_part, "labels", refuse)
    return monkeypatch.undo


def test_no_test_label_is_read_before_the_test_set_is_opened(
    unreadable_labels: Callable[[], None], server: Server
) -> None:
    lab = tuned(server)
    repeat_trials(lab, server.engine, 1, [0, 1])
    until(lambda: lab.repeats)
    final = final_of(server, lab)
    with pytest.raises(AssertionError, match="was asked for"):
        final.accuracy()
    unreadable_labels()
    assert final.accuracy().mean() >= 0.0


def test_no_test_label_is_read_when_a_lab_is_opened_again(
    unreadable_labels: Callable[[], None], server: Server, serve: Serve, tmp_path: Path
) -> None:
    lab = tuned(server)
    final_of(server, lab)
    assert serve(f"sqlite:///{tmp_path / 'labs'}").open(lab.token).final is not None


def test_nothing_is_opened_without_a_choice(server: Server) -> None:
    lab = server.open()
    with pytest.raises(LessonError, match="Choose a learning rate"):
        open_test_set(lab, server.engine, server.saver.record_opening, EPOCHS)
    assert lab.final is None


def test_nothing_is_opened_while_a_round_runs(server: Server) -> None:
    lab = tuned(server)
    lab.change(trials=200, epochs=200)
    round_ = lab.start(server.engine)
    with pytest.raises(EngineBusy):
        open_test_set(lab, server.engine, server.saver.record_opening, EPOCHS)
    assert lab.final is None
    round_.stop()


def test_nothing_is_opened_when_the_test_images_are_not_there(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = server.open()
    lab.change(dataset="mnist")
    lab.choose(CHOICE)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nothing"))
    with pytest.raises(DatasetError):
        open_test_set(lab, server.engine, server.saver.record_opening, EPOCHS)
    assert lab.final is None and server.saver.wait(lab.token, LIMIT)
    record = server.saver.load(lab.token)
    assert record is not None and record.opening is None


def test_nothing_is_opened_when_other_settings_were_shown(server: Server) -> None:
    """A typed value has the settings of the latest round, which another tab may train meanwhile."""
    lab = tuned(server)
    shown = lab.plan_of_choice()
    server.ran(lab, replace(PLAN, optimizer="adam"))
    with pytest.raises(LessonError, match="in another tab or on another device"):
        open_test_set(lab, server.engine, server.saver.record_opening, EPOCHS, CHOICE, shown)
    assert lab.final is None
    open_test_set(lab, server.engine, server.saver.record_opening, EPOCHS, CHOICE, lab.plan_of_choice())
    assert lab.final.plan.optimizer == "adam"


# ---------------------------------------------------------------------------------------------------- once


def test_a_test_set_cannot_be_opened_twice(server: Server) -> None:
    lab = tuned(server)
    first = final_of(server, lab)
    with pytest.raises(LessonError, match="opened before"):
        open_test_set(lab, server.engine, server.saver.record_opening, EPOCHS)
    assert lab.final is first


def test_what_another_server_has_opened_cannot_be_opened_here(server: Server, serve: Serve, tmp_path: Path) -> None:
    lab = tuned(server)
    server.settled(lab)
    there = serve(f"sqlite:///{tmp_path / 'labs'}")
    same = there.open(lab.token)
    final_of(there, same)
    with pytest.raises(LessonError, match="opened before"):
        open_test_set(lab, server.engine, server.saver.record_opening, EPOCHS)
    assert lab.final is None


def test_after_the_opening_nothing_can_be_tuned(server: Server) -> None:
    lab = tuned(server)
    final_of(server, lab)
    with pytest.raises(LessonError, match="closed for tuning"):
        lab.start(server.engine)
    with pytest.raises(LessonError, match="the choice stands"):
        lab.choose(None)
    assert lab.chosen == CHOICE and len(lab.rounds) == 1


def test_a_final_test_of_a_server_that_died_ends_with_the_same_results(
    server: Server, serve: Serve, tmp_path: Path
) -> None:
    true = final_of(server, tuned(server), 150).outcome
    doomed, url = EmbeddedEngine(1), f"sqlite:///{tmp_path / 'others'}"
    before = serve(url, doomed)
    lab = tuned(before)
    open_test_set(lab, doomed, before.saver.record_opening, 150)
    until(lambda: lab.final is not None and (lab.final.share or 0.0) > 0)
    doomed.close()
    assert lab.final is not None and lab.final.outcome is None

    after = serve(url)
    again = after.open(lab.token)
    with pytest.raises(LessonError, match="closed for tuning"):
        again.start(after.engine)
    after.settled(again)
    assert again.final is not None and again.final.outcome is not None and true is not None
    assert again.final.outcome.classes.tobytes() == true.classes.tobytes()
    assert again.final.outcome.validation.tolist() == true.validation.tolist()


def test_an_outcome_is_the_same_after_the_server_was_started_anew(server: Server, serve: Serve, tmp_path: Path) -> None:
    lab = tuned(server)
    final = final_of(server, lab)
    again = serve(f"sqlite:///{tmp_path / 'labs'}").open(lab.token).final
    assert again is not None and again.outcome is not None and final.outcome is not None
    assert again.outcome.classes.tobytes() == final.outcome.classes.tobytes()
    assert (again.opened, again.plan, again.confusion().tolist()) == (
        final.opened, final.plan, final.confusion().tolist()
    )  # fmt: skip
