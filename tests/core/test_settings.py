"""A setting is declared once: one that is added to a copy of the table is found everywhere without another line."""

import csv
import io
import json
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data.datasets import DATASETS
from core.errors import LessonError
from core.export.journal import journal_json
from core.export.trial_tables import COLUMNS, journal_csv
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lesson import Lesson
from core.lesson_text import AFTER_RANGES, BEFORE_RANGES, RANGES, parts, read_lesson, write_lesson
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.rungs import Rungs
from core.settings import (
    GROUPS,
    Choice,
    Kind,
    Number,
    PlanError,
    Switch,
    WholeNumber,
    kinds_of,
    setting,
    settings_in,
    settings_of,
)
from tests.support.waiting import LIMIT

TABLE = settings_of(RoundPlan)
HELP = "How much the right answers are softened; more of it makes a network less sure of itself."
KINDS = [WholeNumber(1, 5), Number(0.0, 0.5, 0.05), Choice({"a": "A", "b": "B"}), Switch("On or off."), Rungs(20)]


@dataclass(frozen=True)
class PlanWithSmoothing(RoundPlan):
    """A copy of the table with one setting more."""

    smoothing: float = setting(
        0.0, Number(0.0, 0.5, 0.05), "smoothing", group="network", label="label smoothing", help=HELP
    )


SMOOTHED = PlanWithSmoothing(smoothing=0.25)


def lab_with_a_round() -> Lab:
    plan = replace(SMOOTHED, trials=2, epochs=1)
    progress = replace(RoundProgress.of(plan), status=Status.FINISHED, epochs_done=np.ones(2, int))
    return Lab("t" * 24, plan, [LabRound(1, progress)])


def drawn_form() -> None:
    """A page with the form of a lesson; its link is written below."""
    from contextlib import suppress

    import streamlit as st

    from core.errors import LessonError
    from core.lesson import Lesson
    from core.lesson_text import write_lesson
    from pages.components.classroom.lesson_form import lesson_form
    from tests.core.test_settings import SMOOTHED

    with suppress(LessonError):
        st.code(write_lesson(lesson_form(Lesson(SMOOTHED), "lesson")))


def drawn_settings(hidden: tuple[str, ...] = ()) -> None:
    """A page with what is folded away of the controls of a round."""
    import streamlit as st

    from core.lab.lab import Lab
    from core.lesson import Lesson
    from pages.components.round.controls import more_settings
    from tests.core.test_settings import SMOOTHED

    lab = st.session_state.setdefault("lab", Lab("t" * 24, SMOOTHED, lesson=Lesson(SMOOTHED, hidden=hidden)))
    more_settings(lab)


def ran(page: Any, **given: object) -> AppTest:
    app = AppTest.from_function(page, default_timeout=LIMIT, kwargs=given).run()
    assert not app.exception, app.exception
    return app


def smoothing_fields(app: AppTest) -> list[Any]:
    return [field for field in app.text_input if field.label == "label smoothing"]


# ---------------------------------------------------------------------------------------------------- one setting more


def test_the_plan_checks_it_and_writes_it_as_json() -> None:
    assert PlanWithSmoothing.from_json(SMOOTHED.to_json()) == SMOOTHED
    assert PlanWithSmoothing.from_json(RoundPlan().to_json()) == PlanWithSmoothing()
    with pytest.raises(PlanError) as caught:
        PlanWithSmoothing(smoothing=0.6)
    assert str(caught.value) == "The label smoothing is a number from 0.0 to 0.5."


def test_a_lessons_link_holds_it() -> None:
    lesson = Lesson(replace(SMOOTHED, trials=30))
    assert write_lesson(lesson) == "smoothing.0.25~trials.30"
    assert read_lesson(write_lesson(lesson), PlanWithSmoothing) == (lesson, [])
    left_out, faults = read_lesson("smoothing.0.6~trials.30", PlanWithSmoothing)
    assert left_out == Lesson(PlanWithSmoothing(trials=30)) and len(faults) == 1


def test_the_form_of_a_lesson_has_a_field_for_it() -> None:
    app = ran(drawn_form)
    (field,) = smoothing_fields(app)
    assert field.value == "0.25"
    field.set_value("0,4").run()
    assert app.code[0].value == "smoothing.0.4"
    field.set_value("0.6").run()
    assert app.warning[0].value == "The label smoothing is a number from 0.0 to 0.5." and not app.code


def test_the_settings_of_a_round_have_a_field_for_it_that_changes_the_plan() -> None:
    app = ran(drawn_settings)
    (field,) = smoothing_fields(app)
    field.set_value("40 %").run()
    assert app.session_state["lab"].plan == replace(SMOOTHED, smoothing=0.4)


@pytest.mark.parametrize("page", [drawn_form, drawn_settings])
def test_its_field_explains_it(page: Any) -> None:
    (field,) = smoothing_fields(ran(page))
    assert field.help == HELP


def test_it_is_hidden_with_its_group() -> None:
    lesson = Lesson(SMOOTHED, hidden=("network",))
    assert "smoothing" in lesson.sets() and "smoothing" not in replace(lesson, hidden=("sizes",)).sets()
    assert smoothing_fields(ran(drawn_settings, hidden=("network",))) == []
    assert smoothing_fields(ran(drawn_settings, hidden=("sizes",))) != []
    with pytest.raises(LessonError, match="set by the lesson"):
        Lab("t" * 24, SMOOTHED, lesson=lesson).change(smoothing=0.1)


def test_a_labs_table_and_journal_hold_it() -> None:
    rows = list(csv.DictReader(io.StringIO(journal_csv(lab_with_a_round()))))
    assert [row["smoothing"] for row in rows] == ["0.25", "0.25"]
    assert json.loads(journal_json(lab_with_a_round()))["rounds"][0]["plan"]["smoothing"] == 0.25


def test_the_table_itself_is_as_it_was() -> None:
    assert set(settings_of(PlanWithSmoothing)) - set(settings_of(RoundPlan)) == {"smoothing"}


# ---------------------------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("name", TABLE)
def test_a_setting_is_explained_in_one_sentence(name: str) -> None:
    text = TABLE[name].help
    assert text[0].isupper() and text.endswith(".") and ". " not in text


@pytest.mark.parametrize("name", TABLE)
def test_a_default_is_allowed_and_survives_a_link(name: str) -> None:
    kind, default = TABLE[name].kind, getattr(RoundPlan(), name)
    assert kind.allows(default) and kind.read(kind.write(default)) == default


@pytest.mark.parametrize("name", TABLE)
def test_a_setting_that_needs_another_names_one_of_its_values(name: str) -> None:
    if (needed := TABLE[name].only_with) is not None:
        assert needed[1] in kinds_of(RoundPlan, Choice)[needed[0]].options
        assert TABLE[name].applies(replace(RoundPlan(), **dict([needed])))


def test_every_setting_belongs_to_a_group_and_every_group_has_some() -> None:
    assert {one.group for one in TABLE.values()} == set(GROUPS)
    assert sorted([*BEFORE_RANGES, *AFTER_RANGES]) == sorted(GROUPS)
    assert [name for group in GROUPS for name in settings_in(RoundPlan, [group])] != []


def test_every_part_of_a_link_has_a_key_of_its_own() -> None:
    keys = [*(one.key for one in TABLE.values()), *RANGES, "axes", "budget", "pages", "hide"]
    assert sorted(keys) == sorted(parts(RoundPlan))


def test_the_data_sets_are_those_there_are() -> None:
    assert tuple(kinds_of(RoundPlan, Choice)["dataset"].options) == DATASETS


def test_the_columns_of_the_table_of_trials_stand_in_their_old_order() -> None:
    assert COLUMNS == [
        "round", "trial", "rank", "status", "dataset", "images", "validation_rate", "seed", "epochs", "hidden_layers",
        "neurons", "batch_size", "optimizer", "momentum", "beta1", "beta2", "initial_weights", "deviation",
        "activation", "batch_normalisation", "dropout", "learning_rate", "weight_decay", "validation_accuracy",
        "train_accuracy", "epochs_done", "diverged", "given_up", "repeats_mean", "repeats_sd", "chosen", "note",
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------- kinds


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize("bad", [None, "", "x", -1, 10**30, math.nan, np.float64(0.1), [], {}, (0,), b"1"], ids=repr)
def test_a_kind_refuses_what_it_does_not_hold_with_a_sentence(kind: Kind, bad: object) -> None:
    assert not kind.allows(bad)
    assert "{" not in kind.refusal.format(quantity="setting", **kind.gaps(bad))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize("text", ["", "x", "-3", "1e9", "0x1", "1_0", "٣", "3.", "on.off", "none."])
def test_text_that_stands_for_no_value_is_read_as_something_that_is_refused(kind: Kind, text: str) -> None:
    assert not kind.allows(kind.read(text))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (WholeNumber(0, 2**32), [0, 7, 2**32]),
        (Number(-1.0, 1.0, 0.1), [0.0, 0.1, -0.5, 1 / 3, 1e-06, 0.9999, 5e-324]),
        (Choice({"a": "A", "b-c_1": "B"}), ["a", "b-c_1"]),
        (Switch("On or off."), [True, False]),
        (Rungs(), [(), (1,), (2, 4, 8)]),
    ],
    ids=lambda given: type(given).__name__,
)
def test_a_value_survives_its_text_in_a_link(kind: Kind, values: list[Any]) -> None:
    assert [kind.read(kind.write(value)) for value in values] == values
    assert all(kind.allows(value) for value in values)
