"""The page about validation data: the split it shows is the one that is trained on, the figures are computed."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.datasets import load_training
from core.optimism import expected_best
from core.plan import RoundPlan
from core.training import prepare
from pages.components import figures
from pages.components.session import labs
from pages.validation import about_classes, class_counts, plan_of
from tests.test_page import APP, button, ran, text, token
from tests.waiting import LIMIT, until


def page(lang: str = "en") -> AppTest:
    app = AppTest.from_file(APP, default_timeout=LIMIT)
    app.query_params["lang"] = lang
    app.run()
    return ran(app.switch_page("pages/validation.py").run())


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_the_classes_shown_are_those_of_the_images_that_are_trained_on(rate: float, shuffle: bool) -> None:
    plan = plan_of(rate, shuffle)
    source = load_training(plan.dataset, plan.images)
    data = prepare(plan, source)
    counts = class_counts(plan, source.labels)
    assert list(counts[0]) == list(np.bincount(data.labels[: data.train], minlength=10))
    assert list(counts[1]) == list(np.bincount(data.labels[data.train :], minlength=10))
    assert counts.sum() == plan.images


def test_without_shuffling_some_digits_are_never_trained_on() -> None:
    plan = plan_of(0.2, shuffle=False)
    counts = class_counts(plan, load_training(plan.dataset, plan.images).labels)
    assert counts[0][0] == 0 and counts[1][0] > 0
    assert "No training image shows 0" in " ".join(about_classes(counts))


def test_with_shuffling_every_digit_is_trained_on() -> None:
    plan = plan_of(0.2, shuffle=True)
    counts = class_counts(plan, load_training(plan.dataset, plan.images).labels)
    assert (counts > 0).all() and len(about_classes(counts)) == 1


def test_a_plan_tells_whether_its_images_are_shuffled() -> None:
    plan = plan_of(0.2, shuffle=False)
    assert RoundPlan.from_json(plan.to_json()) == plan
    assert plan != plan_of(0.2, shuffle=True)


def test_training_on_both_splits_shows_what_shuffling_is_worth() -> None:
    app = page()
    for _ in range(2):
        ran(button(app, "Train 4 networks").click().run())
        jobs = app.session_state["session"].splits
        until(lambda jobs=jobs: all(job.progress.status.over for job in jobs.values()))
        app.toggle(key="split_shuffle").set_value(False).run()
    jobs = app.session_state["session"].splits
    shuffled, sorted_ = (jobs[0.2, shuffle].progress.last_validation().mean() for shuffle in (True, False))
    assert shuffled > 0.8 and sorted_ < 0.5
    assert f"{shuffled:.3f}" in str(app.dataframe[0].value) and f"{sorted_:.3f}" in str(app.dataframe[0].value)
    assert not labs().open(token(app), "test")[0].rounds  # no round of the lab


def test_the_flattery_told_is_the_exact_one() -> None:
    app = page()
    app.slider(key="candidates").set_value(50).run()
    expected = float(expected_best(np.array(50), 100, 0.8))
    assert f"expected to show {expected:.3f} on 100" in text(app)


def test_the_curves_of_the_chart_are_the_exact_expectation() -> None:
    frame = figures.optimism_frame([50, 1000], 200, 0.8)
    for row in frame.sample(10, random_state=0).itertuples():
        assert row.best == pytest.approx(float(expected_best(np.array(row.candidates), row.images, 0.8)))
    assert set(frame["images"]) == {50, 1000} and frame["candidates"].max() == 200


def test_the_korean_page_has_no_english_sentence_left() -> None:
    app = page("ko")
    said = [element.value for element in [*app.markdown, *app.caption] if element.value.strip()]
    said += [element.label for element in [*app.button, *app.slider, *app.toggle]]
    assert [one for one in said if not any("가" <= letter <= "힣" for letter in one)] == []
