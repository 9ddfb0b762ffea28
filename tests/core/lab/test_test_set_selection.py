"""Selection by the test set after the final test: accuracies of all trials on its opened and its fresh half."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.data import test_set as test_part
from core.errors import LessonError
from core.lab.extra_training import open_test_set, select_by_test_set
from core.lab.final_evaluation import FinalTest, Outcome, SelectionByTestSet
from core.lab.lab import Lab
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from core.store.store import Store
from tests.support.final_tests import CHOICE, PLAN, WILD, final_of, tuned
from tests.support.servers import MIXED, SHORT, Serve, Server
from tests.support.waiting import LIMIT, until


@pytest.fixture
def server(serve: Serve, tmp_path: Path) -> Server:
    return serve(f"sqlite:///{tmp_path / 'labs'}")


def selected(server: Server, lab: Lab) -> SelectionByTestSet:
    select_by_test_set(lab, server.engine)
    until(lambda: lab.final is not None and lab.final.selection is not None)
    server.settled(lab)
    assert lab.final is not None and lab.final.selection is not None
    return lab.final.selection


def test_every_trial_is_measured_on_both_halves_of_the_test_set(server: Server) -> None:
    plans = [replace(SHORT, space=MIXED), replace(PLAN, seed=5)]
    lab = tuned(server, plans[0])
    server.ran(lab, plans[1])
    final_of(server, lab)
    found = selected(server, lab)
    truth, place = test_part.labels("digits"), 0
    for number, plan in enumerate(plans, start=1):
        progress = server.engine.start("direct", plan, images_to_predict=test_part.images("digits")).wait(LIMIT)
        assert progress.predictions is not None
        for trial, answers in enumerate(progress.predictions):
            right = [int(seen) == int(label) for seen, label in zip(answers, truth, strict=True)]
            assert (found.number[place], found.trial[place]) == (number, trial)
            assert found.validation[place] == progress.validation_accuracy[trial, -1]
            assert found.opened[place] == pytest.approx(sum(right[:150]) / 150)
            assert found.fresh[place] == pytest.approx(sum(right[150:]) / 150)
            place += 1
    assert place == len(found.number) == len(found.fresh)
    assert found.looked.tolist() == [25, 50, 100, 150] and len(found.losses) == 4


def test_trials_that_a_round_gave_up_are_trained_to_the_end(server: Server) -> None:
    lab = tuned(server, replace(SHORT, space=MIXED, give_up=(1, 2), keep=0.3))
    assert lab.rounds[0].progress.given_up.any()
    final_of(server, lab)
    whole = run_round(replace(SHORT, space=MIXED), server.engine)
    assert selected(server, lab).validation.tolist() == whole.validation_accuracy[:, -1].tolist()


def test_a_round_in_which_all_diverged_is_measured(server: Server) -> None:
    lab = tuned(server, replace(PLAN, space=SearchSpace(LogRange(1, 1), LogRange(0, 0)), epochs=WILD))
    assert lab.rounds[0].progress.diverged.all()
    final_of(server, lab)
    assert selected(server, lab).opened.tolist() == [0.0] * PLAN.trials


def test_a_lab_without_rounds_has_no_selection(server: Server) -> None:
    lab = server.open()
    lab.change(images=200, hidden_layers=2, neurons=30)
    lab.choose(CHOICE)
    final_of(server, lab)
    select_by_test_set(lab, server.engine)
    assert lab.final is not None and lab.final.selection is None and lab.final.share is None


def test_rounds_on_another_data_set_are_left_out(server: Server, mnist_dir: Path) -> None:
    assert mnist_dir.is_dir()
    lab = tuned(server, replace(PLAN, dataset="mnist"))
    lab.change(dataset="digits")
    assert lab.final is None
    final = FinalTest(0.0, replace(PLAN, trials=1, values=((0.01, 1e-6),)), Outcome(np.zeros(1), np.zeros((1, 150))))
    lab.attach_final_test(final)
    with pytest.raises(LessonError, match="No finished round"):
        select_by_test_set(lab, server.engine)
    assert final.share is None and final.selection is None


def test_the_selection_waits_for_the_outcome(server: Server) -> None:
    lab = tuned(server)
    open_test_set(lab, server.engine, server.saver.record_opening, 100)
    select_by_test_set(lab, server.engine)
    assert lab.final is not None and lab.final._selection_rounds is None
    until(lambda: lab.final is not None and lab.final.outcome is not None)


def test_the_selection_is_the_same_after_a_restart(server: Server, serve: Serve, tmp_path: Path) -> None:
    lab = tuned(server)
    final_of(server, lab)
    found = selected(server, lab)
    with closing(Store(f"sqlite:///{tmp_path / 'labs'}")) as store:
        record = store.load(lab.token)
    assert record is not None and record.opening is not None and record.opening.temptation == found.to_json()
    again = serve(f"sqlite:///{tmp_path / 'labs'}").open(lab.token)
    assert again.final is not None and again.final.selection is not None
    assert again.final.selection.to_json() == found.to_json()
