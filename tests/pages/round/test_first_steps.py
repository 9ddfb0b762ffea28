"""What is said before the first round, and the hints after the first rounds."""

from dataclasses import replace

from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.plan import RoundPlan
from core.progress import Status
from pages.components.round.first_steps import HINTS, hint_html, how_it_works_html
from tests.support.app_tests import button, finished, html, number, opened, ran
from tests.support.sample_rounds import made

ROUND = made([-2, -3], [0.5, 0.9])


def test_three_lines_stand_in_place_of_the_curves_until_there_are_any(page_server: object) -> None:
    app = opened()
    assert html(app).count("<li>") == len(HINTS) and "20 small networks" in html(app)
    assert len(app.get("vega_lite_chart")) == 1
    ran(number(app, "plan_epochs").set_value(2).run())
    ran(button(app, "Start round 1").click().run())
    app = finished(app)
    assert "small networks" not in html(app) and len(app.get("vega_lite_chart")) == 2


def test_each_hint_comes_once_after_one_of_the_first_rounds() -> None:
    rounds = [LabRound(number, ROUND) for number in range(1, 5)]
    shown = [hint_html(Lab("x", rounds=rounds[:count]), rounds[count - 1]) for count in range(1, 5)]
    assert len(set(shown)) == 4 and shown[3] == ""
    assert all(f"hint-{place}" in one for (place, _sentence), one in zip(HINTS, shown, strict=False))


def test_no_hint_disturbs_a_running_round_or_one_that_is_looked_at_again() -> None:
    first, second = LabRound(1, ROUND), LabRound(2, replace(ROUND, status=Status.RUNNING))
    lab = Lab("x", rounds=[first, second])
    assert hint_html(lab, first) == "" and hint_html(lab, second) == ""


def test_how_it_works_says_how_many_networks_are_trained() -> None:
    assert "7 small networks" in how_it_works_html(RoundPlan(trials=7))
