"""The page Validation: the split it shows is the one that is trained on, and its figures are exact."""

import numpy as np
import pytest

from core.analysis.selection_bias import expected_best
from core.data.datasets import load_training
from core.plan import RoundPlan
from core.training.round_data import prepare
from pages.validation import class_counts, class_sentences, plan_of
from tests.support.app_tests import (
    button,
    lab_of,
    opened,
    ran,
    text,
)
from tests.support.languages import TRANSLATIONS, untranslated
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("page_server")


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
    assert "No training image shows 0" in " ".join(class_sentences(counts))


def test_with_shuffling_every_digit_is_trained_on() -> None:
    plan = plan_of(0.2, shuffle=True)
    counts = class_counts(plan, load_training(plan.dataset, plan.images).labels)
    assert (counts > 0).all() and len(class_sentences(counts)) == 1


def test_the_plan_says_whether_its_images_are_shuffled() -> None:
    plan = plan_of(0.2, shuffle=False)
    assert RoundPlan.from_json(plan.to_json()) == plan
    assert plan != plan_of(0.2, shuffle=True)


def test_training_on_both_splits_shows_what_shuffling_is_worth() -> None:
    app = opened("validation", lang="en")
    for _ in range(2):
        ran(button(app, "Train 4 networks").click().run())
        jobs = app.session_state["session"].splits
        until(lambda jobs=jobs: all(job.progress.status.is_final for job in jobs.values()))
        app.toggle(key="split_shuffle").set_value(False).run()
    jobs = app.session_state["session"].splits
    shuffled, sorted_ = (jobs[0.2, shuffle].progress.last_validation().mean() for shuffle in (True, False))
    assert shuffled > 0.8 and sorted_ < 0.5
    assert f"{shuffled:.3f}" in str(app.dataframe[0].value) and f"{sorted_:.3f}" in str(app.dataframe[0].value)
    assert not lab_of(app).rounds  # no round of the lab


def test_the_optimism_shown_is_the_exact_one() -> None:
    app = opened("validation", lang="en")
    app.slider(key="candidates").set_value(50).run()
    expected = float(expected_best(np.array(50), 100, 0.8))
    assert f"gets {expected:.3f} on average on 100" in text(app)


@pytest.mark.parametrize("lang", TRANSLATIONS)
def test_a_translated_page_has_no_english_sentence_left(lang: str) -> None:
    app = opened("validation", lang=lang)
    sentences = [element.value for element in [*app.markdown, *app.caption]]
    sentences += [element.label for element in [*app.button, *app.slider, *app.toggle]]
    assert untranslated(sentences, lang) == []
