"""The final test: once, late, and right. Nobody looks at a test label before; nothing is tuned after."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import final_test, test_part
from core.again import FINAL, SEEDS, seeds
from core.answers import NONE
from core.choice import Choice
from core.datasets import load_training
from core.engine.local import Engine
from core.engine.scheduler import EngineBusy
from core.errors import LessonError
from core.final_test import FinalTest, Outcome
from core.idx import DatasetError
from core.plan import RoundPlan
from tests import reference
from tests.finals import CHOICE, EPOCHS, FIXED, PLAN, WILD, final_of, tuned
from tests.knobs import KNOBS
from tests.servers import Serve, Server
from tests.waiting import LIMIT, until


@pytest.fixture
def server(serve: Serve, tmp_path: Path) -> Server:
    return serve(f"sqlite:///{tmp_path / 'labs'}")


# ---------------------------------------------------------------------------------------------------- results


def agrees_with_the_reference(final: FinalTest, plan: RoundPlan) -> bool:
    """With networks trained and asked in plain float64, except where rounding may turn the scale."""
    source = load_training(plan.dataset, plan.images)
    unseen = test_part.images(plan.dataset)[test_part.opened_part(plan.dataset)] / source.full_scale
    dead = ~source.images.any(axis=0)
    assert unseen[:, dead].any()  # some images have ink where no training image has any
    assert final.outcome is not None
    ignored = 0
    for seed, found, validation in zip(
        seeds(plan.seed, FINAL), final.outcome.classes, final.outcome.validation, strict=True
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


def test_digits_are_seen_as_a_plain_program_sees_them(server: Server) -> None:
    assert agrees_with_the_reference(final_of(server, tuned(server)), PLAN)


def test_digits_are_so_with_every_knob_turned(server: Server) -> None:
    plan = replace(PLAN, **KNOBS["nearly all"])
    assert agrees_with_the_reference(final_of(server, tuned(server, plan)), plan)


def test_mnist_is_seen_as_a_plain_program_sees_it(server: Server, mnist_dir: Path) -> None:
    plan = replace(PLAN, dataset="mnist")
    assert mnist_dir.is_dir()
    assert agrees_with_the_reference(final_of(server, tuned(server, plan)), plan)


def test_accuracy_is_the_share_of_answers_that_are_the_labels(server: Server) -> None:
    final = final_of(server, tuned(server))
    assert final.outcome is not None
    truth = test_part.labels("digits")[:150].tolist()
    counted = [sum(map(int.__eq__, row, truth)) / 150 for row in final.outcome.classes.tolist()]
    assert final.accuracy().tolist() == pytest.approx(counted) and len(counted) == SEEDS


def test_the_confusion_counts_every_answer(server: Server) -> None:
    final = final_of(server, tuned(server))
    assert final.outcome is not None
    counted = np.zeros((10, 10), int)
    for row in final.outcome.classes:
        for label, seen in zip(test_part.labels("digits")[:150], row, strict=True):
            counted[label, seen] += 1
    assert final.confusion().tolist() == counted.tolist()


def test_a_choice_that_diverges_is_right_about_nothing(server: Server) -> None:
    final = final_of(server, tuned(server, choice=Choice(10.0, 1.0)), WILD)
    assert final.outcome is not None
    assert final.outcome.classes.shape == (SEEDS, 150) and (final.outcome.classes == NONE).all()
    assert final.accuracy().tolist() == [0.0] * SEEDS
    assert final.confusion().sum() == 0


def test_an_outcome_some_of_whose_networks_diverged_keeps_its_form() -> None:
    classes = np.array([[1, 2, 3], [NONE] * 3], np.uint8)
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
def sealed(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Test labels cannot be read, until the seal is broken."""

    def refuse(*_: object) -> None:
        raise AssertionError("a test label was asked for")

    final_test._labels.cache_clear()
    monkeypatch.setattr(test_part, "labels", refuse)
    return monkeypatch.undo


def test_no_test_label_is_read_before_the_test_set_is_opened(sealed: Callable[[], None], server: Server) -> None:
    lab = tuned(server)
    lab.repeat(server.engine, 1, [0, 1])
    until(lambda: lab.repeats)
    final = final_of(server, lab)
    with pytest.raises(AssertionError, match="was asked for"):
        final.accuracy()
    sealed()
    assert final.accuracy().mean() >= 0.0


def test_no_test_label_is_read_when_a_lab_is_opened_again(
    sealed: Callable[[], None], server: Server, serve: Serve, tmp_path: Path
) -> None:
    lab = tuned(server)
    final_of(server, lab)
    assert serve(f"sqlite:///{tmp_path / 'labs'}").open(lab.token).final is not None


def test_nothing_is_opened_without_a_choice(server: Server) -> None:
    lab = server.open()
    with pytest.raises(LessonError, match="Choose a learning rate"):
        lab.open_test(server.engine, server.saver.enter, EPOCHS)
    assert lab.final is None


def test_nothing_is_opened_while_a_round_runs(server: Server) -> None:
    lab = tuned(server)
    lab.change(trials=200, epochs=200)
    handle = lab.start(server.engine).handle
    with pytest.raises(EngineBusy):
        lab.open_test(server.engine, server.saver.enter, EPOCHS)
    assert lab.final is None
    handle.stop()


def test_nothing_is_opened_when_the_test_images_are_not_there(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = server.open()
    lab.change(dataset="mnist")
    lab.choose(CHOICE)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nothing"))
    with pytest.raises(DatasetError):
        lab.open_test(server.engine, server.saver.enter, EPOCHS)
    assert lab.final is None and server.saver.wait(lab.token, LIMIT)
    record = server.saver.load(lab.token)
    assert record is not None and record.opening is None


# ---------------------------------------------------------------------------------------------------- once


def test_a_test_set_cannot_be_opened_twice(server: Server) -> None:
    lab = tuned(server)
    first = final_of(server, lab)
    with pytest.raises(LessonError, match="opened before"):
        lab.open_test(server.engine, server.saver.enter, EPOCHS)
    assert lab.final is first


def test_what_another_server_has_opened_cannot_be_opened_here(server: Server, serve: Serve, tmp_path: Path) -> None:
    lab = tuned(server)
    server.settled(lab)
    there = serve(f"sqlite:///{tmp_path / 'labs'}")
    same = there.open(lab.token)
    final_of(there, same)
    with pytest.raises(LessonError, match="opened before"):
        lab.open_test(server.engine, server.saver.enter, EPOCHS)
    assert lab.final is None


def test_after_the_opening_nothing_can_be_tuned(server: Server) -> None:
    lab = tuned(server)
    final_of(server, lab)
    with pytest.raises(LessonError, match="closed for tuning"):
        lab.start(server.engine)
    with pytest.raises(LessonError, match="the choice stands"):
        lab.choose(None)
    assert lab.chosen == CHOICE and len(lab.rounds) == 1


def test_a_final_test_that_a_dead_server_left_ends_as_if_nothing_had_been(
    server: Server, serve: Serve, tmp_path: Path
) -> None:
    true = final_of(server, tuned(server), 150).outcome
    doomed, url = Engine(1), f"sqlite:///{tmp_path / 'others'}"
    before = serve(url, doomed)
    lab = tuned(before)
    lab.open_test(doomed, before.saver.enter, 150)
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
