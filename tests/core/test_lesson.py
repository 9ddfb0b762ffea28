"""A lesson is the same after its link or the store, and any text of a link gives a lesson."""

import json
import re
import string
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from core.errors import LessonError
from core.lesson import ALWAYS_OPEN, BUDGET, PAGES, Lesson, LessonPlanError
from core.lesson_text import FAULTS, LONGEST, parts, read_lesson, write_lesson
from core.plan import RoundPlan
from core.settings import GROUPS
from core.space import LogRange, SearchSpace
from tests.support.generated_input import changed, documents, holds_for, lesson_texts, lessons, texts

ROOT = Path(__file__).parents[2]
LESSON = Lesson(
    RoundPlan(SearchSpace(LogRange(-5, -1.5), LogRange(-8, -4)), trials=40, dataset="mnist"),
    budget=2000,
    pages=("validation", "final_test"),
    hidden=("dataset", "seed"),
)
TEXT = "data.mnist~lr.-5..-1.5~trials.40~budget.2000~pages.validation.final_test~hide.dataset.seed"


# ---------------------------------------------------------------------------------------------------- there and back


def test_the_default_lesson_has_an_empty_text() -> None:
    assert write_lesson(Lesson()) == ""


def test_a_lesson_reads_as_it_is_written_by_hand() -> None:
    assert write_lesson(LESSON) == TEXT
    assert read_lesson(TEXT) == (LESSON, [])


@holds_for(lessons, 100, 1500)
def test_any_lesson_survives_its_text(lesson: Lesson) -> None:
    assert read_lesson(write_lesson(lesson)) == (lesson, [])


@holds_for(lessons, 60, 500)
def test_any_lesson_survives_json(lesson: Lesson) -> None:
    assert Lesson.from_json(lesson.to_json()) == lesson


@holds_for(lessons, 60, 500)
def test_the_text_of_any_lesson_needs_no_escaping_and_is_short_enough(lesson: Lesson) -> None:
    text = write_lesson(lesson)
    assert quote(text, safe="") == text and len(text) <= LONGEST


@holds_for(lessons, 30, 300)
def test_the_order_in_which_a_text_names_its_parts_does_not_matter(lesson: Lesson) -> None:
    backwards = "~".join(reversed(write_lesson(lesson).split("~")))
    assert read_lesson(backwards) == (lesson, [])


@holds_for(lessons, 30, 300)
def test_no_part_of_a_text_could_be_left_out(lesson: Lesson) -> None:
    pieces = write_lesson(lesson).split("~")
    for place in range(len(pieces) if pieces != [""] else 0):
        assert read_lesson("~".join(pieces[:place] + pieces[place + 1 :]))[0] != lesson


# ---------------------------------------------------------------------------------------------------- what cannot be


@holds_for(lesson_texts, 300, 3000)
def test_any_text_in_a_link_gives_a_lesson(text: str) -> None:
    lesson, faults = read_lesson(text)
    assert read_lesson(write_lesson(lesson)) == (lesson, [])
    assert len(faults) <= FAULTS and all(isinstance(fault, LessonError) for fault in faults)


@holds_for(lesson_texts, 150, 1000)
def test_sentences_about_a_link_repeat_nothing_but_plain_words(text: str) -> None:
    for fault in read_lesson(text)[1]:
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
    expected, _ = read_lesson("epochs.30~neurons.50")
    lesson, faults = read_lesson(f"epochs.30~{piece}~neurons.50")
    assert lesson == expected
    assert len(faults) == 1 and str(faults[0]).endswith(".")


def test_a_number_of_images_is_judged_by_the_data_set_in_any_order() -> None:
    assert read_lesson("images.10000~data.mnist")[0].plan.images == 10_000


def test_networks_that_need_too_much_memory_keep_as_many_trials_as_the_lesson_comes_with() -> None:
    lesson, faults = read_lesson("trials.200~neurons.256~layers.8")
    assert (lesson.plan.trials, lesson.plan.neurons, lesson.plan.hidden_layers) == (RoundPlan().trials, 256, 8)
    assert "MB" in str(faults[0])


def test_a_page_that_is_not_known_does_not_open_those_that_the_link_leaves_out() -> None:
    lesson, faults = read_lesson("pages.validation.cellar")
    assert lesson.pages == ("validation",) and len(faults) == 1


def test_of_a_part_given_twice_the_first_counts() -> None:
    lesson, faults = read_lesson("trials.30~trials.40")
    assert lesson.plan.trials == 30 and "twice" in str(faults[0])


def test_a_long_text_is_not_read() -> None:
    lesson, faults = read_lesson("trials.30~" + "x" * LONGEST)
    assert lesson == Lesson() and len(faults) == 1


def test_of_many_faults_a_few_are_reported() -> None:
    assert len(read_lesson("~".join(f"x{number}.1" for number in range(40)))[1]) == FAULTS


# ---------------------------------------------------------------------------------------------------- strictness


@holds_for(texts | documents.map(json.dumps) | changed(json.loads(LESSON.to_json())).map(json.dumps), 150, 1000)
def test_json_is_a_lesson_or_is_refused_with_a_sentence(text: str) -> None:
    try:
        lesson = Lesson.from_json(text)
    except LessonError:
        return
    assert Lesson.from_json(lesson.to_json()) == lesson


@pytest.mark.parametrize("budget", [0, BUDGET[1] + 1, True, 400.0, "400"])
def test_a_budget_outside_its_limits_is_refused(budget: object) -> None:
    with pytest.raises(LessonPlanError, match="whole number of epochs"):
        Lesson(budget=budget)


@pytest.mark.parametrize("plan", [None, replace(RoundPlan(), shuffle=False),
                                  RoundPlan(trials=1, values=((0.01, 1e-6),))])  # fmt: skip
def test_a_plan_that_is_no_beginning_of_a_lesson_is_refused(plan: object) -> None:
    with pytest.raises(LessonPlanError):
        Lesson(plan=plan)


@pytest.mark.parametrize("names", [("cellar",), ("seed", 5), ["final_test"], "final_test", None, (10**5000,)])
def test_unknown_names_are_refused(names: object) -> None:
    with pytest.raises(LessonPlanError):
        Lesson(pages=names)
    with pytest.raises(LessonPlanError):
        Lesson(hidden=names)


def test_pages_that_cannot_be_closed_may_be_named_and_make_no_difference() -> None:
    assert Lesson(pages=("final_test", *ALWAYS_OPEN, "final_test")) == Lesson(pages=("final_test",))
    assert all(Lesson(pages=()).opens(page) for page in ALWAYS_OPEN)


# ---------------------------------------------------------------------------------------------------- the lists


def test_every_page_that_can_be_closed_is_there() -> None:
    assert {path.stem for path in (ROOT / "pages").glob("*.py")} > {*PAGES, *ALWAYS_OPEN}


@pytest.mark.parametrize("guide", sorted(path.name for path in (ROOT / "docs").glob("teachers*.md")))
def test_the_guides_name_every_part_of_a_text_with_a_valid_value(guide: str) -> None:
    rows = re.findall(r"^\| (`[a-z_]+\..*?) \|", (ROOT / "docs" / guide).read_text(encoding="utf-8"), re.M)
    shown = re.findall(r"`([^`]+)`", ", ".join(rows))
    assert {text.split(".")[0] for text in shown} == set(parts(RoundPlan))
    assert [text for text in shown if read_lesson(text)[1]] == []


def test_no_part_of_a_text_and_no_name_in_it_could_be_taken_for_a_separator() -> None:
    assert all(re.fullmatch("[a-z_]+", name) for name in [*parts(RoundPlan), *PAGES, *GROUPS])
