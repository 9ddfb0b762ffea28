"""Every page works for a lab whose rounds search hyperparameters that the lesson does not."""

import pytest

from core.lab.choice import Choice
from core.lab.lab import Lab
from core.lesson import ALWAYS_OPEN, PAGES
from core.plan import RoundPlan
from core.server.server import Server
from core.space import AXES, DEFAULT_AXES
from pages.components.round.read_only_trail import trail_html
from tests.support.app_tests import lab_after_round, opened, ran

pytestmark = pytest.mark.usefixtures("page_server")

SEARCHES = {
    "others alone": ("momentum", "dropout", "neurons"),
    "two others": ("neurons", "batch_size"),
    "five": ("learning_rate", "weight_decay", "momentum", "deviation", "batch_size"),
}


@pytest.fixture(scope="module", params=list(SEARCHES))
def lab(request: pytest.FixtureRequest, page_server: Server) -> Lab:
    """A lab after a small round, with a value chosen."""
    plan = RoundPlan().searching(SEARCHES[request.param])
    settings = {"optimizer": plan.optimizer, "initial_weights": plan.initial_weights, "learning_rate": 0.1}
    made = lab_after_round(trials=12, epochs=4, hidden_layers=1, space=plan.space, **settings)
    progress = made.rounds[0].progress
    made.choose(Choice.of_trial(1, progress, int(progress.ranking()[0])))
    return made


@pytest.mark.parametrize("page", sorted({*ALWAYS_OPEN, *PAGES, "lesson_link"}))
def test_a_page_opens(lab: Lab, page: str) -> None:
    app = ran(opened(None if page == "narrow" else page, lab=lab.token))
    assert not app.exception and not app.error


@pytest.mark.parametrize("axes", [DEFAULT_AXES, ("learning_rate", "momentum", "neurons"), ("neurons", "weight_decay")])
@pytest.mark.parametrize("page", ["narrow", "bayesian", "importance", "race", "strategies", "knobs"])
def test_a_page_opens_when_the_next_round_searches_others(page: str, axes: tuple[str, ...]) -> None:
    plan = RoundPlan().searching(("learning_rate", "dropout", "neurons"))
    lab = lab_after_round(trials=12, epochs=4, hidden_layers=1, space=plan.space, learning_rate=0.1)
    lab.set_ranges(lab.plan.searching(axes).space)
    app = ran(opened(None if page == "narrow" else page, lab=lab.token))
    assert not app.exception and not app.error


def test_a_teacher_reads_the_trail_of_any_axes(lab: Lab) -> None:
    said = trail_html(lab, True)
    assert all(AXES[axis].label in said for axis in lab.rounds[0].progress.plan.space.axes)
