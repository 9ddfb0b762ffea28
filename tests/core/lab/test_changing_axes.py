"""A lab whose rounds search now these hyperparameters and now others loses nothing of either."""

import csv
import io
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from core.analysis.edges import Edge
from core.analysis.search_insights import _edge_insight
from core.classroom.classroom import Classroom
from core.export.class_tables import CLASS_COLUMNS, class_csv
from core.export.hand_in import hand_in
from core.export.journal import journal_json
from core.export.journal_reader import import_journal
from core.lab.choice import Choice
from core.lab.contestants import BATCH, BAYES, Contestant, RaceSetup
from core.lab.lab import Lab
from core.lab.lab_round import LabRound
from core.lab.lab_view import LabView
from core.lesson import Lesson
from core.plan import RoundPlan
from core.rounds import run_round
from core.space import DEFAULT_AXES, LogRange, SearchSpace

SMALL = RoundPlan(trials=6, epochs=2, images=200, hidden_layers=1, neurons=20)
OTHERS = SMALL.searching(("dropout", "neurons"))
WITH_MOMENTUM = SMALL.searching(("learning_rate", "momentum"))


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Its first round searched learning rate and weight decay, its second dropout and neurons."""
    made = Lab("x" * 24, OTHERS)
    made.rounds = [LabRound(number, run_round(plan)) for number, plan in enumerate((SMALL, OTHERS), start=1)]
    return made


def test_the_order_of_axes_is_always_the_same() -> None:
    ranges = {"momentum": LogRange(-2, -1), "weight_decay": LogRange(-8, -4), "learning_rate": LogRange(-3, -1)}
    assert SearchSpace.of(ranges).axes == (*DEFAULT_AXES, "momentum")
    assert SearchSpace.of(ranges) == SearchSpace.of(dict(reversed(ranges.items())))


def test_given_values_stay_with_their_axes_when_a_plan_is_read() -> None:
    plan = replace(WITH_MOMENTUM, trials=1, values=((0.01, 0.9),))
    text = plan.to_json()
    record = json.loads(text)
    record["space"] = dict(reversed(record["space"].items()))
    record["values"] = [[0.9, 0.01]]
    assert RoundPlan.from_json(json.dumps(record)) == RoundPlan.from_json(text) == plan


def test_undo_that_needs_another_optimizer_brings_it_and_loses_no_step() -> None:
    lab = Lab("x", WITH_MOMENTUM)
    lab.set_ranges(SearchSpace())
    lab.change(optimizer="adam")
    lab.undo()
    assert lab.plan.space == WITH_MOMENTUM.space and lab.plan.optimizer == "momentum" and not lab.undo_stack


def test_undo_that_is_refused_loses_no_step() -> None:
    lab = Lab("x", WITH_MOMENTUM)
    lab.set_ranges(SearchSpace())
    lab.change(optimizer="sgd")
    lab.lesson = Lesson(plan=lab.plan, hidden=("network",))
    before = list(lab.undo_stack)
    with pytest.raises(Exception, match="lesson"):
        lab.undo()
    assert lab.undo_stack == before and lab.plan.optimizer == "sgd"


def test_a_value_typed_beside_one_round_can_be_tested_after_another_with_another_optimizer() -> None:
    lab = Lab("x", replace(SMALL, optimizer="adam"))
    lab.rounds = [LabRound(1, run_round(WITH_MOMENTUM))]
    choice = Choice.of_values({"learning_rate": 0.01, "momentum": 0.9}, WITH_MOMENTUM)
    lab.choose(choice)
    lab.rounds = [*lab.rounds, LabRound(2, run_round(replace(SMALL, optimizer="adam")))]
    plan = lab.plan_of_choice()
    assert plan.optimizer == "momentum" and plan.values is not None
    tested = dict(zip(plan.space.axes, plan.values[0], strict=True))
    assert (tested["learning_rate"], tested["momentum"]) == (0.01, 0.9)


def test_a_page_to_hand_in_shows_the_ranges_of_all_rounds(lab: Lab) -> None:
    page = hand_in(LabView.of(lab), date(2026, 11, 29))
    for words in ("learning rate", "weight decay", "dropout ratio", "neurons"):
        assert f'<th class="ranges">{words}' in page
    assert "0 … 0.5" in page


def test_a_class_table_has_every_value_of_a_choice(lab: Lab) -> None:
    classroom = Classroom("ABCDEFGH", "", "Chapter 6", "en")
    member = classroom.take_seat("hash")
    lab.chosen = Choice.of_values({"dropout": 0.2, "neurons": 64}, OTHERS)
    classroom.labs = {member.seat: lab}
    rows = list(csv.DictReader(io.StringIO(class_csv(classroom))))
    assert list(rows[0]) == CLASS_COLUMNS
    assert {(row["choice_dropout"], row["choice_neurons"], row["choice_momentum"]) for row in rows} == {
        ("0.2", "64", "")
    }


def test_a_journal_is_read_into_a_lesson_whose_optimizer_cannot_search_its_axes() -> None:
    lab = Lab("x", WITH_MOMENTUM)
    lesson = Lesson(plan=SMALL, hidden=("network",))
    again = import_journal(journal_json(lab), "y" * 24, lesson)
    assert again.plan.optimizer == SMALL.optimizer and again.plan.space == SMALL.space


def test_a_race_over_few_values_goes_on_when_all_of_them_were_tried() -> None:
    space = SearchSpace.of({"batch_size": LogRange(4, 5), "neurons": LogRange(4, 5)})
    plan = replace(SMALL, space=space, trials=40)
    setup = RaceSetup.of([run_round(plan)])
    contestant = Contestant(BAYES, setup, 0)
    while (batch := contestant.propose_batch(nullcontext)) is not None:
        assert 1 <= batch.trials <= BATCH
        trained: Any = SimpleNamespace(progress=run_round(batch))
        contestant.batches = (*contestant.batches, trained)
    assert sum(one.plan.trials for one in contestant.rounds) == 40


@pytest.mark.parametrize(("axis", "says"), [("learning_rate", "upper"), ("momentum", "lower"), ("dropout", "upper")])
def test_an_edge_is_told_as_values_go(axis: str, says: str) -> None:
    edge = Edge(upper=True, end=-0.3, width=1.0, reached=False, chance=0.0)
    assert f"at the {says} edge" in _edge_insight(axis, edge).sentence
