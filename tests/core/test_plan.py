"""A round's plan: what lies outside its limits is refused with a sentence, what lies inside survives JSON."""

import json
import math
import string
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.data.datasets import training_count
from core.data.image_order import FILE_ORDER, IMAGE_ORDERS
from core.errors import LessonError
from core.plan import CLASSES, MEMORY_LIMIT, PIXELS, RoundPlan
from core.rungs import MOST_RUNGS, fitting_rungs, rungs_from, usual_rungs
from core.settings import Choice, Number, PlanError, WholeNumber, kinds_of, settings_of
from core.space import LEARNING_RATE_REACH, REACHES, WEIGHT_DECAY_REACH, LogRange, SearchSpace

SETTINGS = settings_of(RoundPlan)
WHOLE_NUMBERS, CHOICES = kinds_of(RoundPlan, WholeNumber), kinds_of(RoundPlan, Choice)
NUMBERS = kinds_of(RoundPlan, Number)
SHARE, KEEP = NUMBERS["validation_rate"], NUMBERS["keep"]
OF_THE_NETWORK = {
    name: kind for name, kind in NUMBERS.items() if SETTINGS[name].group == "network" and name not in REACHES
}
WORDS = {name: kind for name, kind in CHOICES.items() if name != "dataset"}
SMALL = {"neurons": 10, "trials": 1, "hidden_layers": 1}  # leaves room in memory for one number at its limit
NO_WHOLE_NUMBERS = [
    True, False, 100.0, np.int64(100), np.uint8(100), np.float64(100), math.nan, math.inf, "100", "", None, [100],
    {}, 1j, b"100", -1, 10**30,
]  # fmt: skip
NO_RATES = [0.0, 1.0, -0.2, math.nan, math.inf, 1, True, np.float32(0.2), "0.2", None, [0.2]]
NO_FRACTIONS = [-0.1, 1.1, math.nan, math.inf, 0, 1, True, np.float32(0.2), "0.2", None, [0.2]]
NO_CHOICES = ["", "SGD", "rmsprop", "sgd ", None, 3, True, ["sgd"], {}, ("relu",), "{quantity}", "x" * 1000]
BEFORE_THE_KNOBS = (  # a plan as labs of before the network had knobs hold it
    '{"space": {"learning_rate": [-6.0, -2.0], "weight_decay": [-8.0, -4.0]}, "trials": 20, "epochs": 20, '
    '"dataset": "digits", "images": 500, "validation_rate": 0.2, "hidden_layers": 6, "neurons": 100, '
    '"batch_size": 100, "seed": 0, "values": null, "shuffle": true}'
)
MUTATIONS = 600
LETTERS = string.printable + "äß中\x00\ud800"


def random_plan(rng: np.random.Generator) -> RoundPlan:
    """Any plan at all, as long as it fits in memory."""

    def range_(reach: LogRange) -> LogRange:
        return LogRange(*sorted(rng.uniform(reach.low, reach.high, 2)))

    dataset = str(rng.choice(list(PIXELS)))
    settings: dict[str, Any] = {
        name: int(rng.integers(kind.low, kind.high + 1)) for name, kind in WHOLE_NUMBERS.items()
    }
    settings["images"] = min(settings["images"], training_count(dataset))
    settings |= {name: str(rng.choice(list(kind.options))) for name, kind in WORDS.items()}
    settings |= {name: float(rng.uniform(kind.low, kind.high)) for name, kind in NUMBERS.items()}
    settings["batch_normalisation"] = bool(rng.integers(2))
    below = rng.permutation(np.arange(1, settings["epochs"]))[: rng.integers(MOST_RUNGS + 1)]
    settings["give_up"] = tuple(sorted(below.tolist()))
    space = SearchSpace(range_(LEARNING_RATE_REACH), range_(WEIGHT_DECAY_REACH))
    try:
        return RoundPlan(space=space, dataset=dataset, **settings)
    except PlanError:
        return random_plan(rng)


# ---------------------------------------------------------------------------------------------------- limits


def test_the_defaults_are_those_the_lesson_starts_with() -> None:
    plan = RoundPlan()
    assert (plan.images, plan.validation_rate, plan.batch_size, plan.sizes()) == (500, 0.2, 100, [64, *[100] * 6, 10])
    assert plan.space == SearchSpace(LogRange(-6, -2), LogRange(-8, -4))
    assert (plan.optimizer, plan.initial_weights, plan.activation) == ("sgd", "he", "relu")
    assert (plan.batch_normalisation, plan.dropout) == (False, 0.0)


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
@pytest.mark.parametrize("side", ["low", "high"])
def test_a_number_at_its_limit_is_taken(name: str, side: str) -> None:
    limit = getattr(WHOLE_NUMBERS[name], side)
    assert getattr(RoundPlan(dataset="mnist", **{**SMALL, name: limit}), name) == limit


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
@pytest.mark.parametrize("side", ["low", "high"])
def test_a_number_past_its_limit_is_refused_with_its_name_and_limits(name: str, side: str) -> None:
    low, high = WHOLE_NUMBERS[name].low, WHOLE_NUMBERS[name].high
    with pytest.raises(PlanError) as caught:
        RoundPlan(dataset="mnist", **{**SMALL, name: {"low": low - 1, "high": high + 1}[side]})
    assert str(caught.value) == f"The {SETTINGS[name].name} is a whole number from {low} to {high}."


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
@pytest.mark.parametrize("bad", NO_WHOLE_NUMBERS, ids=repr)
def test_what_is_no_whole_number_is_refused(name: str, bad: object) -> None:
    with pytest.raises(LessonError, match="whole number"):
        RoundPlan(dataset="mnist", **{**SMALL, name: bad})


def test_a_round_has_no_more_images_than_its_data_set() -> None:
    most = training_count("digits")
    assert RoundPlan(images=most).images == most
    with pytest.raises(PlanError, match=str(most)):
        RoundPlan(images=most + 1)


@pytest.mark.parametrize("rate", [SHARE.low, SHARE.high])
def test_a_validation_rate_at_its_limit_is_taken(rate: float) -> None:
    assert RoundPlan(validation_rate=rate).validation_rate == rate


@pytest.mark.parametrize("rate", [math.nextafter(SHARE.low, 0), math.nextafter(SHARE.high, 1)])
def test_a_validation_rate_just_past_its_limit_is_refused(rate: float) -> None:
    with pytest.raises(PlanError, match="share of validation images"):
        RoundPlan(validation_rate=rate)


@pytest.mark.parametrize("bad", NO_RATES, ids=repr)
def test_a_validation_rate_that_will_not_do_is_refused(bad: Any) -> None:
    with pytest.raises(LessonError, match="share of validation images"):
        RoundPlan(validation_rate=bad)


@pytest.mark.parametrize("name", OF_THE_NETWORK)
@pytest.mark.parametrize("side", ["low", "high"])
def test_a_fraction_is_taken_at_its_limit_and_refused_past_it_with_its_name_and_limits(name: str, side: str) -> None:
    low, high = OF_THE_NETWORK[name].low, OF_THE_NETWORK[name].high
    limit = getattr(OF_THE_NETWORK[name], side)
    assert getattr(RoundPlan(**{name: limit}), name) == limit
    with pytest.raises(PlanError) as caught:
        RoundPlan(**{name: {"low": math.nextafter(low, -1), "high": math.nextafter(high, 2)}[side]})
    assert str(caught.value) == f"The {SETTINGS[name].name} is a number from {low} to {high}."


@pytest.mark.parametrize("name", OF_THE_NETWORK)
@pytest.mark.parametrize("bad", NO_FRACTIONS, ids=repr)
def test_what_is_no_fraction_is_refused(name: str, bad: Any) -> None:
    with pytest.raises(PlanError, match="is a number from"):
        RoundPlan(**{name: bad})


@pytest.mark.parametrize("name, choice", [(name, one) for name, kind in CHOICES.items() for one in kind.options])
def test_every_choice_is_taken(name: str, choice: str) -> None:
    assert getattr(RoundPlan(**{name: choice}), name) == choice


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("bad", NO_CHOICES, ids=lambda b: str(b)[:20])
def test_what_is_no_choice_is_refused_with_the_choices(name: str, bad: Any) -> None:
    with pytest.raises(PlanError) as caught:
        RoundPlan(**{name: bad})
    assert (
        str(caught.value) == f"There is no such {SETTINGS[name].name}; choose one of {', '.join(WORDS[name].options)}."
    )


@pytest.mark.parametrize("bad", [0, 1, "true", None, np.bool_(True), []], ids=repr)
def test_batch_normalisation_is_on_or_off(bad: Any) -> None:
    with pytest.raises(PlanError, match="on or off"):
        RoundPlan(batch_normalisation=bad)


@pytest.mark.parametrize(
    "bad", ["", "Digits", "cifar", None, 3, [], {}, "{quantity}", "x" * 1000], ids=lambda b: str(b)[:20]
)
def test_an_unknown_data_set_is_refused_with_the_choices(bad: Any) -> None:
    with pytest.raises(PlanError, match="digits, mnist") as caught:
        RoundPlan(dataset=bad)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("bad", [None, "", {}, LogRange(-3, -2), SearchSpace], ids=repr)
def test_a_plan_without_a_space_is_refused(bad: Any) -> None:
    with pytest.raises(PlanError, match="search space"):
        RoundPlan(space=bad)


def test_too_many_weights_are_refused_with_what_they_need_and_may_use() -> None:
    with pytest.raises(PlanError) as caught:
        RoundPlan(dataset="mnist", trials=200, neurons=256, hidden_layers=8)
    # 785 x 256 + 7 x 257 x 256 + 257 x 10 = 664,074 numbers of 4 bytes, 200 times: 506 MB
    assert "need 506 MB" in str(caught.value) and "use 256 MB" in str(caught.value)


@pytest.mark.parametrize("optimizer, times", [("sgd", 1), ("momentum", 2), ("adagrad", 2), ("adam", 3)])
def test_memory_counts_what_optimizers_and_normalisation_keep(optimizer: str, times: int) -> None:
    plan = RoundPlan(optimizer=optimizer, trials=3, hidden_layers=2, neurons=30)
    learned = 65 * 30 + 31 * 30 + 31 * 10
    assert plan.memory() == 4 * 3 * times * learned
    assert replace(plan, batch_normalisation=True).memory() == 4 * 3 * (times * (learned + 2 * 60) + 2 * 60)


def test_memory_is_taken_up_to_the_limit_and_no_further() -> None:
    trials = MEMORY_LIMIT // (4 * (785 * 256 + 7 * 257 * 256 + 257 * 10))
    largest = RoundPlan(dataset="mnist", trials=trials, neurons=256, hidden_layers=8)
    with pytest.raises(PlanError, match="memory"):
        replace(largest, trials=trials + 1)


# ---------------------------------------------------------------------------------------------------- rungs

NO_RUNGS = [
    [2, 4], None, 3, "2, 4", {2}, (0,), (-1,), (20,), (21,), (4, 2), (2, 2), (2.0,), (True,), (np.int64(2),), ("2",),
    (None,), ((2,),), (1, 2, 3, 4, 5, 6),
]  # fmt: skip


def test_nothing_is_given_up_unless_the_plan_says_so() -> None:
    assert RoundPlan().give_up == () and RoundPlan().survivors() == []


@pytest.mark.parametrize("rungs", [(1,), (19,), (2, 4, 8), (15, 16, 17, 18, 19)])
def test_rungs_that_rise_below_the_last_epoch_are_taken(rungs: tuple[int, ...]) -> None:
    assert RoundPlan(epochs=20, give_up=rungs).give_up == rungs


@pytest.mark.parametrize("bad", NO_RUNGS, ids=repr)
def test_rungs_that_will_not_do_are_refused_with_what_they_may_be(bad: Any) -> None:
    with pytest.raises(PlanError) as caught:
        RoundPlan(epochs=20, give_up=bad)
    assert str(caught.value) == "The rungs are at most 5 numbers of epochs, rising, each below the 20 of the round."


@pytest.mark.parametrize("keep", [KEEP.low, KEEP.high])
def test_a_share_that_goes_on_is_taken_at_its_limit(keep: float) -> None:
    assert RoundPlan(keep=keep).keep == keep


@pytest.mark.parametrize(
    "bad", [math.nextafter(KEEP.low, 0), math.nextafter(KEEP.high, 1), 0.0, 1.0, 1, math.nan, "0.5", None], ids=repr
)
def test_a_share_that_will_not_do_is_refused(bad: Any) -> None:
    with pytest.raises(PlanError, match="lies between 0.1 and 0.9"):
        RoundPlan(keep=bad)


@pytest.mark.parametrize(
    "trials, keep, counts",
    [
        (100, 0.5, [50, 25, 13]),
        (20, 0.5, [10, 5, 3]),
        (3, 0.5, [2, 1, 1]),
        (1, 0.1, [1, 1, 1]),
        (30, 0.1, [3, 1, 1]),
        (200, 0.9, [180, 162, 146]),
    ],
)
def test_at_each_rung_the_share_goes_on_rounded_up_and_one_at_least(
    trials: int, keep: float, counts: list[int]
) -> None:
    assert RoundPlan(trials=trials, keep=keep, give_up=(2, 4, 8)).survivors() == counts


def test_to_the_end_nothing_is_given_up_and_nothing_else_differs() -> None:
    plan = RoundPlan(trials=7, seed=3)
    assert replace(plan, give_up=(2, 4), keep=0.3).to_the_end() == plan


@pytest.mark.parametrize(
    "epochs, rungs", [(50, (5, 10, 20)), (20, (2, 4, 8)), (200, (20, 40, 80)), (5, (1, 2)), (2, (1,)), (1, ())]
)
def test_usual_rungs_are_a_tenth_two_and_four_tenths_of_the_epochs(epochs: int, rungs: tuple[int, ...]) -> None:
    assert usual_rungs(epochs) == rungs


@pytest.mark.parametrize("epochs", range(1, 201))
def test_usual_rungs_are_rungs_that_a_plan_takes(epochs: int) -> None:
    assert RoundPlan(epochs=epochs, give_up=usual_rungs(epochs))


@pytest.mark.parametrize(
    "rungs, epochs, new, fitting",
    [
        ((), 20, 50, ()),
        ((), 1, 20, ()),
        ((2, 4, 8), 20, 50, (5, 10, 20)),
        ((3, 6), 20, 50, (3, 6)),
        ((3, 15), 20, 10, (3,)),
        ((12, 15), 20, 10, (1, 2, 4)),
        ((12, 15), 20, 1, ()),
    ],
)
def test_rungs_follow_when_the_epochs_change(
    rungs: tuple[int, ...], epochs: int, new: int, fitting: tuple[int, ...]
) -> None:
    assert fitting_rungs(rungs, epochs, new) == fitting
    assert RoundPlan(epochs=new, give_up=fitting)


@pytest.mark.parametrize("text", ["2, 4, 8", "2,4,8", " 2 4 8 ", "2;4;8", "2、4，8", "2,\n4,,8,"])
def test_typed_rungs_are_read(text: str) -> None:
    assert rungs_from(text) == (2, 4, 8)


@pytest.mark.parametrize("text", ["", " ", ",", "2, x", "two", "2.5", "-2", "2-4", "9" * 5000, "²", "2, 4\0"])
def test_typed_text_that_is_no_rungs_gets_one_sentence(text: str) -> None:
    with pytest.raises(PlanError, match="such as 2, 4, 8"):
        rungs_from(text)


# ---------------------------------------------------------------------------------------------------- what follows


def test_sizes_go_from_pixels_to_classes() -> None:
    assert RoundPlan(dataset="mnist", hidden_layers=2, neurons=30).sizes() == [784, 30, 30, CLASSES]


@pytest.mark.parametrize("images, rate, batch, updates", [(500, 0.2, 100, 4), (500, 0.2, 150, 2), (200, 0.5, 500, 1)])
def test_updates_are_the_whole_batches_that_training_images_fill_one_at_least(
    images: int, rate: float, batch: int, updates: int
) -> None:
    assert RoundPlan(images=images, validation_rate=rate, batch_size=batch).updates() == updates


# ---------------------------------------------------------------------------------------------------- JSON


def test_any_plan_survives_json() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        plan = random_plan(rng)
        assert RoundPlan.from_json(plan.to_json()) == plan


def test_json_is_the_same_for_the_same_plan_read_back() -> None:
    plan = random_plan(np.random.default_rng(1))
    assert RoundPlan.from_json(plan.to_json()).to_json() == plan.to_json()


def test_a_plan_from_before_the_network_settings_is_read_with_their_defaults() -> None:
    assert RoundPlan.from_json(BEFORE_THE_KNOBS) == RoundPlan(image_order=FILE_ORDER)


def test_a_setting_left_out_of_json_has_its_default() -> None:
    assert RoundPlan.from_json('{"space": {}, "trials": 7}') == RoundPlan(trials=7, image_order=FILE_ORDER)


@pytest.mark.parametrize("order", IMAGE_ORDERS)
def test_a_plan_comes_back_with_its_order_of_images(order: int) -> None:
    assert RoundPlan.from_json(RoundPlan(image_order=order).to_json()).image_order == order


@pytest.mark.parametrize("bad", [0, 3, -1, True, 1.0, "2", None, [2], 10**30], ids=repr)
def test_an_order_of_images_that_there_is_not_is_refused(bad: Any) -> None:
    with pytest.raises(PlanError, match="not the plan of a round"):
        RoundPlan(image_order=bad)


def test_a_plan_from_before_there_were_rungs_is_read() -> None:
    record = json.loads(RoundPlan(seed=5).to_json())
    del record["give_up"], record["keep"]
    assert RoundPlan.from_json(json.dumps(record)) == RoundPlan(seed=5)


GARBAGE: list[Any] = [
    None, 3, b"{}", b"\xff\xfe", "", "{", "null", "3", "[]", "{}", '"space"', "NaN", '{"space": null}',
    '{"space": []}', '{"space": {"learning_rate": null}}', '{"space": {"learning_rate": [1]}}',
    '{"space": {"learning_rate": [1, 2, 3]}}', '{"space": {"learning_rate": ["a", "b"]}}',
    '{"space": {"learning_rate": [NaN, -2]}}', '{"space": {"learning_rate": [-Infinity, -2]}}',
    '{"space": {"learning_rate": [-4, 1e999]}}', '{"space": {"learning_rate": [-4, 1' + "0" * 400 + "]}}",
    '{"space": {"learning_rate": [false, true]}}', '{"space": {"learning_rate": {"-4": 1, "-3": 2}}}',
    '{"space": {"momentum": [-4, -2]}}', '{"space": {"": [-4, -2]}}', '{"space": {}, "space ": 1}',
    '{"space": {}, "self": 1}', '{"space": {}, "cls": 1}', '{"space": {}, "trials": 1' + "0" * 5000 + "}",
    '{"space": {}, "dataset": {"a": ["b"]}}', '{"space": {}, "dataset": "\\ud800{0}{x!r}"}', "[" * 100_000,
    '{"space": {}, "dataset": ' + "[" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: str(text)[:50])
def test_garbage_is_refused_with_a_sentence(text: Any) -> None:
    with pytest.raises(LessonError):
        RoundPlan.from_json(text)


def mutated_text(rng: np.random.Generator) -> str:
    """A plan's JSON with a few characters changed, taken out, put in or doubled."""
    text = list(random_plan(rng).to_json())
    for _ in range(rng.integers(1, 5)):
        start = int(rng.integers(len(text)))
        end = start + int(rng.integers(0, 8))
        put_in = [LETTERS[i] for i in rng.integers(len(LETTERS), size=rng.integers(0, 4))]
        text[start:end] = put_in if rng.random() < 0.8 else text[start:end] * 2
    return "".join(text)


def mutated_values(rng: np.random.Generator) -> str:
    """A plan's JSON with any value anywhere put in the place of another."""
    odd = [None, True, -1, 0, 10**400, 1e308, math.nan, "", "digits", [], [[]], {}, {"space": {}}, [1, 2], "\ud800"]
    record = json.loads(random_plan(rng).to_json())
    for _ in range(rng.integers(1, 4)):
        place: Any = record
        key: Any = str(rng.choice(list(record)))
        while isinstance(place[key], dict | list) and len(place[key]) and rng.random() < 0.8:
            place = place[key]
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = keys[int(rng.integers(len(keys)))]
        if rng.random() < 0.2:
            del place[key]
        else:
            place[key] = deepcopy(odd[int(rng.integers(len(odd)))])  # it may be changed in turn
        if not record:
            break
    return json.dumps(record)


@pytest.mark.parametrize("mutate", [mutated_text, mutated_values])
def test_mutated_json_is_a_valid_plan_or_refused_with_a_sentence(mutate: Any) -> None:
    rng = np.random.default_rng(2)
    refused = 0
    for _ in range(MUTATIONS):
        text = mutate(rng)
        try:
            plan = RoundPlan.from_json(text)
        except LessonError:
            refused += 1
        else:
            assert RoundPlan.from_json(plan.to_json()) == plan
    assert refused > MUTATIONS / 2


# ---------------------------------------------------------------------------------------------------- the sentence


def test_a_fault_keeps_its_sentence_and_values_for_the_catalogue() -> None:
    with pytest.raises(PlanError) as caught:
        RoundPlan(trials=0)
    assert caught.value.sentence == "The {quantity} is a whole number from {low} to {high}."
    assert caught.value.values == {"quantity": "number of trials", "low": 1, "high": 200}
