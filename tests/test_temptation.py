"""After the final test: what choosing by the test set itself would have promised, and what it would have kept."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import test_part
from core.errors import LessonError
from core.final_test import FinalTest, Outcome, Temptation
from core.lab import Lab
from core.rounds import run_round
from core.space import LogRange, SearchSpace
from core.store import Store
from tests.finals import CHOICE, PLAN, WILD, final_of, tuned
from tests.servers import MIXED, SHORT, Serve, Server
from tests.waiting import LIMIT, until


@pytest.fixture
def server(serve: Serve, tmp_path: Path) -> Server:
    return serve(f"sqlite:///{tmp_path / 'labs'}")


def tempted(server: Server, lab: Lab) -> Temptation:
    lab.tempt(server.engine)
    until(lambda: lab.final is not None and lab.final.temptation is not None)
    server.settled(lab)
    assert lab.final is not None and lab.final.temptation is not None
    return lab.final.temptation


def test_temptation_shows_every_trial_on_both_halves(server: Server) -> None:
    plans = [replace(SHORT, space=MIXED), replace(PLAN, seed=5)]
    lab = tuned(server, plans[0])
    server.ran(lab, plans[1])
    final_of(server, lab)
    found = tempted(server, lab)
    truth, place = test_part.labels("digits"), 0
    for number, plan in enumerate(plans, start=1):
        progress = server.engine.start("direct", plan, unseen=test_part.images("digits")).wait(LIMIT)
        assert progress.answers is not None
        for trial, answers in enumerate(progress.answers):
            right = [int(seen) == int(label) for seen, label in zip(answers, truth, strict=True)]
            assert (found.number[place], found.trial[place]) == (number, trial)
            assert found.validation[place] == progress.validation_accuracy[trial, -1]
            assert found.opened[place] == pytest.approx(sum(right[:150]) / 150)
            assert found.fresh[place] == pytest.approx(sum(right[150:]) / 150)
            place += 1
    assert place == len(found.number) == len(found.fresh)


def test_temptation_trains_to_the_end_what_a_round_gave_up(server: Server) -> None:
    lab = tuned(server, replace(SHORT, space=MIXED, give_up=(1, 2), keep=0.3))
    assert lab.rounds[0].progress.given_up.any()
    final_of(server, lab)
    whole = run_round(replace(SHORT, space=MIXED), server.engine)
    assert tempted(server, lab).validation.tolist() == whole.validation_accuracy[:, -1].tolist()


def test_temptation_shows_trials_that_all_diverged(server: Server) -> None:
    lab = tuned(server, replace(PLAN, space=SearchSpace(LogRange(1, 1), LogRange(0, 0)), epochs=WILD))
    assert lab.rounds[0].progress.diverged.all()
    final_of(server, lab)
    assert tempted(server, lab).opened.tolist() == [0.0] * PLAN.trials


def test_temptation_of_a_lab_without_rounds_is_nothing(server: Server) -> None:
    lab = server.open()
    lab.change(images=200, hidden_layers=2, neurons=30)
    lab.choose(CHOICE)
    final_of(server, lab)
    lab.tempt(server.engine)
    assert lab.final is not None and lab.final.temptation is None and lab.final.share is None


def test_temptation_leaves_rounds_on_other_images_out(server: Server, mnist_dir: Path) -> None:
    assert mnist_dir.is_dir()
    lab = tuned(server, replace(PLAN, dataset="mnist"))
    lab.change(dataset="digits")
    assert lab.final is None
    final = FinalTest(0.0, replace(PLAN, trials=1, values=((0.01, 1e-6),)), Outcome(np.zeros(1), np.zeros((1, 150))))
    lab.take(final)
    with pytest.raises(LessonError, match="No finished round"):
        lab.tempt(server.engine)
    assert final.share is None and final.temptation is None


def test_temptation_waits_for_the_outcome(server: Server) -> None:
    lab = tuned(server)
    lab.open_test(server.engine, server.saver.enter, 100)
    lab.tempt(server.engine)
    assert lab.final is not None and lab.final._tempted is None
    until(lambda: lab.final is not None and lab.final.outcome is not None)


def test_temptation_is_the_same_after_the_server_was_started_anew(server: Server, serve: Serve, tmp_path: Path) -> None:
    lab = tuned(server)
    final_of(server, lab)
    found = tempted(server, lab)
    with closing(Store(f"sqlite:///{tmp_path / 'labs'}")) as store:
        record = store.load(lab.token)
    assert record is not None and record.opening is not None and record.opening.temptation == found.to_json()
    again = serve(f"sqlite:///{tmp_path / 'labs'}").open(lab.token)
    assert again.final is not None and again.final.temptation is not None
    assert again.final.temptation.to_json() == found.to_json()
