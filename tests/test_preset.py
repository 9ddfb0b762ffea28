"""A lesson survives its link and the store unchanged, and whatever stands in a link, there is a lesson."""

import json
import re
import string
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given

from core.errors import LessonError
from core.plan import RoundPlan
from core.preset import ALWAYS_OPEN, BUDGET, CONTROLS, FAULTS, LONGEST, PAGES, PARTS, Preset, PresetError
from core.space import LogRange, SearchSpace
from tests.anything import cases, changed, documents, lesson_texts, presets, texts

ROOT = Path(__file__).parents[1]
LESSON = Preset(
    RoundPlan(SearchSpace(LogRange(-5, -1.5), LogRange(-8, -4)), trials=40, dataset="mnist"),
    budget=2000,
    pages=("validation", "final_test"),
    hidden=("dataset", "seed"),
)
TEXT = "data.mnist~lr.-5..-1.5~trials.40~budget.2000~pages.validation.final_test~hide.dataset.seed"


# ---------------------------------------------------------------------------------------------------- there and back


def test_the_lesson_as_it_comes_has_no_text() -> None:
    assert Preset().to_text() == ""


def test_a_lesson_reads_as_it_is_written_by_hand() -> None:
    assert LESSON.to_text() == TEXT
    assert Preset.from_text(TEXT) == (LESSON, [])


@cases(1500)
@given(presets)
def test_any_lesson_survives_its_text(preset: Preset) -> None:
    assert Preset.from_text(preset.to_text()) == (preset, [])


@cases(500)
@given(presets)
def test_any_lesson_survives_json(preset: Preset) -> None:
    assert Preset.from_json(preset.to_json()) == preset


@cases(500)
@given(presets)
def test_the_text_of_any_lesson_needs_no_escaping_and_is_short_enough(preset: Preset) -> None:
    text = preset.to_text()
    assert quote(text, safe="") == text and len(text) <= LONGEST


@cases(300)
@given(presets)
def test_the_order_in_which_a_text_names_its_parts_does_not_matter(preset: Preset) -> None:
    backwards = "~".join(reversed(preset.to_text().split("~")))
    assert Preset.from_text(backwards) == (preset, [])


@cases(300)
@given(presets)
def test_no_part_of_a_text_could_be_left_out(preset: Preset) -> None:
    pieces = preset.to_text().split("~")
    for place in range(len(pieces) if pieces != [""] else 0):
        assert Preset.from_text("~".join(pieces[:place] + pieces[place + 1 :]))[0] != preset


# ---------------------------------------------------------------------------------------------------- what cannot be


@cases(3000)
@given(lesson_texts)
def test_whatever_stands_in_a_link_there_is_a_lesson(text: str) -> None:
    preset, faults = Preset.from_text(text)
    assert Preset.from_text(preset.to_text()) == (preset, [])
    assert len(faults) <= FAULTS and all(isinstance(fault, LessonError) for fault in faults)


@cases(1000)
@given(lesson_texts)
def test_what_is_told_of_a_link_repeats_nothing_that_a_page_could_take_for_more_than_words(text: str) -> None:
    for fault in Preset.from_text(text)[1]:
        for said in fault.values.values():
            known = str(said).replace(", ", "")
            assert set(known) <= set(string.ascii_letters + string.digits + "_-+.? ") and "www." not in known


@pytest.mark.parametrize(
    "piece",
    [
        "trials.0", "trials.201", "trials.1.5", "trials", "trials.-3", "trials.٣", "trials.1_0", "trials. 4",
        "data.cifar", "data.", "lr.-2..-6", "lr.-2", "lr.-9..-2", "lr.nan..0", "lr.-inf..0", "lr.-6..-2..0",
        "wd.-11..0", "share.0.7", "share.x", "budget.0", "budget.-1", "budget.1e3", "budget.9999999",
        "pages.cellar", "hide.start", "images.1498", "seed.4294967296", "nothing.5", "data", ".", "..",
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_left_out_with_a_sentence_and_the_others_stay(piece: str) -> None:
    expected, _ = Preset.from_text("epochs.30~neurons.50")
    preset, faults = Preset.from_text(f"epochs.30~{piece}~neurons.50")
    assert preset == expected
    assert len(faults) == 1 and str(faults[0]).endswith(".")


def test_a_number_of_images_is_judged_by_the_data_set_wherever_it_stands() -> None:
    assert Preset.from_text("images.10000~data.mnist")[0].plan.images == 10_000


def test_networks_that_need_too_much_memory_keep_as_many_trials_as_the_lesson_comes_with() -> None:
    preset, faults = Preset.from_text("trials.200~neurons.256~layers.8")
    assert (preset.plan.trials, preset.plan.neurons, preset.plan.hidden_layers) == (RoundPlan().trials, 256, 8)
    assert "MB" in str(faults[0])


def test_a_page_that_is_not_known_does_not_open_those_that_the_link_leaves_out() -> None:
    preset, faults = Preset.from_text("pages.validation.cellar")
    assert preset.pages == ("validation",) and len(faults) == 1


def test_a_part_that_stands_there_twice_counts_once() -> None:
    preset, faults = Preset.from_text("trials.30~trials.40")
    assert preset.plan.trials == 30 and "twice" in str(faults[0])


def test_a_long_text_is_not_read() -> None:
    preset, faults = Preset.from_text("trials.30~" + "x" * LONGEST)
    assert preset == Preset() and len(faults) == 1


def test_many_faults_are_told_few() -> None:
    assert len(Preset.from_text("~".join(f"x{number}.1" for number in range(40)))[1]) == FAULTS


# ---------------------------------------------------------------------------------------------------- strictness


@cases(1000)
@given(texts | documents.map(json.dumps) | changed(json.loads(LESSON.to_json())).map(json.dumps))
def test_json_is_a_lesson_or_is_refused_with_a_sentence(text: str) -> None:
    try:
        preset = Preset.from_json(text)
    except LessonError:
        return
    assert Preset.from_json(preset.to_json()) == preset


@pytest.mark.parametrize("budget", [0, BUDGET[1] + 1, True, 400.0, "400"])
def test_a_budget_outside_its_limits_is_refused(budget: object) -> None:
    with pytest.raises(PresetError, match="whole number of epochs"):
        Preset(budget=budget)


@pytest.mark.parametrize("plan", [None, replace(RoundPlan(), shuffle=False),
                                  RoundPlan(trials=1, values=((0.01, 1e-6),))])  # fmt: skip
def test_a_plan_that_is_no_beginning_of_a_lesson_is_refused(plan: object) -> None:
    with pytest.raises(PresetError):
        Preset(plan=plan)


@pytest.mark.parametrize("names", [("cellar",), ("seed", 5), ["final_test"], "final_test", None, (10**5000,)])
def test_unknown_names_are_refused(names: object) -> None:
    with pytest.raises(PresetError):
        Preset(pages=names)
    with pytest.raises(PresetError):
        Preset(hidden=names)


def test_pages_that_cannot_be_closed_may_be_named_and_make_no_difference() -> None:
    assert Preset(pages=("final_test", *ALWAYS_OPEN, "final_test")) == Preset(pages=("final_test",))
    assert all(Preset(pages=()).opens(page) for page in ALWAYS_OPEN)


# ---------------------------------------------------------------------------------------------------- the lists


def test_every_page_that_can_be_closed_is_there() -> None:
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} > {*PAGES, *ALWAYS_OPEN}


def test_no_part_of_a_text_and_no_name_in_it_could_be_taken_for_a_separator() -> None:
    assert all(re.fullmatch("[a-z_]+", name) for name in [*PARTS, *PAGES, *CONTROLS])
