"""Edges are told where accuracies rise up to them, by all rounds, and not by chance."""

from dataclasses import replace

import numpy as np

from core.analysis.edges import edges, effect_chance, unlearned
from core.analysis.next_ranges import best_box, ranges_beyond, unlearned_ranges
from core.analysis.search_insights import search_insights, spread_without_effect
from core.analysis.trials import Trials
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.settings import WholeNumber, kinds_of
from core.space import LogRange, SearchSpace
from tests.support.sample_rounds import made

RISING = np.linspace(-6, -2, 20)  # exponents of learning rates, evenly spaced
STEEP = np.where(RISING > -3, 0.1 + 0.6 * (RISING + 3), 0.1)  # accuracies that rise in the last decade alone
ANYWHERE = list(np.tile([-7.9, -5, -6, -4.1], 5))  # exponents of weight decays
AT_THE_EDGE = made(list(RISING), list(STEEP), weight_decay=ANYWHERE)


def pooled(*rounds: RoundProgress) -> Trials:
    found = Trials.of(list(enumerate(rounds, start=1)))
    assert found is not None
    return found


def sentences(*rounds: RoundProgress) -> list[str]:
    return [one.sentence.format(**one.values, **one.terms) for one in search_insights(pooled(*rounds))]


def peaked(space: SearchSpace, at: float, seed: int, diverging: float = 9) -> RoundProgress:
    """A round whose accuracy has its peak at an exponent of the learning rate; trials diverge from another one up."""
    rng = np.random.default_rng(seed)
    rates, decays = (rng.uniform(one.low, one.high, 20) for one in space.ranges().values())
    accuracy = 0.1 + 0.8 * np.exp(-((rates - at) ** 2) / 2)
    lost = tuple(int(one) for one in np.flatnonzero(rates > diverging))
    return made(list(rates), list(accuracy), weight_decay=list(decays), diverged=lost, space=space)


def test_accuracy_that_rises_up_to_an_edge_is_told() -> None:
    found = edges(pooled(AT_THE_EDGE))
    assert list(found) == ["learning_rate"]
    assert found["learning_rate"].upper and found["learning_rate"].end == -2 and not found["learning_rate"].reached
    assert sentences(AT_THE_EDGE)[0].startswith("learning rate: accuracy is highest at the upper edge")


def test_the_lower_edge_is_told_as_well() -> None:
    falling = made(list(RISING), list(STEEP[::-1]), weight_decay=ANYWHERE)
    assert not edges(pooled(falling))["learning_rate"].upper
    assert "move the range down" in sentences(falling)[0]


def test_a_maximum_inside_the_range_is_no_edge() -> None:
    accuracy = 0.9 - 0.3 * np.abs(RISING + 3.4)
    assert edges(pooled(made(list(RISING), list(np.maximum(accuracy, 0.1)), weight_decay=ANYWHERE))) == {}


def test_trials_that_diverged_beyond_the_best_count_as_tried() -> None:
    accuracy = np.where(RISING > -2.7, 0.1, 0.2 + 0.1 * (RISING + 6))
    lost = tuple(int(one) for one in np.flatnonzero(RISING > -2.7))
    assert "learning_rate" not in edges(pooled(made(list(RISING), list(accuracy), diverged=lost)))


def test_two_trials_that_learned_make_an_edge_when_they_are_the_outermost() -> None:
    accuracy = np.where(RISING > -2.3, 0.6, 0.1)
    assert edges(pooled(made(list(RISING), list(accuracy), weight_decay=ANYWHERE)))["learning_rate"].upper


def test_a_weak_fifth_trial_does_not_hide_what_four_leaders_show() -> None:
    decay = np.tile([-8, -7, -6, -5], 5).astype(float)
    decay[-4:] = [-4.3, -4.2, -4.1, -4.0]  # the four with the best learning rates
    accuracy = np.where(RISING > -2.7, STEEP, 0.1)
    accuracy[3] = 0.21
    said = sentences(made(list(RISING), list(accuracy), weight_decay=list(decay)))
    assert not any("No effect" in one for one in said)


def test_the_edge_of_an_earlier_round_is_told_after_a_narrower_one() -> None:
    inside = SearchSpace(LogRange(-3, -2.5), LogRange(-8, -4))
    assert edges(pooled(AT_THE_EDGE, peaked(inside, -1, 3))) != {}


def test_ground_that_an_earlier_round_has_covered_is_no_edge() -> None:
    """Round 2 went beyond; round 3 is narrow and rises to its own lower edge, which lies inside round 2."""
    wide, narrow = SearchSpace(LogRange(-3, 0), LogRange(-8, -4)), SearchSpace(LogRange(-1.5, -0.5), LogRange(-8, -4))
    first, second, third = AT_THE_EDGE, peaked(wide, -1.6, 1, diverging=-0.5), peaked(narrow, -1.6, 2)
    assert not edges(pooled(third))["learning_rate"].upper  # alone, it would move down
    assert edges(pooled(first, second, third)) == {}


def test_ranges_that_follow_an_edge_reach_from_the_best_trials_to_beyond_it() -> None:
    trials = pooled(AT_THE_EDGE)
    space = ranges_beyond(trials, edges(trials))
    assert space is not None
    assert -4 <= space.learning_rate.low < -2.3 and space.learning_rate.high == 0
    assert space.weight_decay == LogRange(-8, -4)  # no edge, so it stays


def test_the_suggested_ranges_are_mostly_ground_that_no_round_has_covered() -> None:
    rng = np.random.default_rng(2)
    for seed in range(30):
        space = SearchSpace(LogRange(-4, round(float(rng.uniform(-3, -2.5)), 1)), LogRange(-8, -4))
        trials = pooled(peaked(space, -1, seed))
        moved = ranges_beyond(trials, edges(trials))
        if moved is not None and (found := edges(trials)["learning_rate"]).upper:
            range_ = moved.learning_rate
            assert range_.high - found.end >= range_.width / 2 - 0.11


def test_suggested_ranges_end_at_the_reach() -> None:
    space = SearchSpace(LogRange(-3, 1), LogRange(-8, -4))
    rates = np.linspace(-3, 1, 20)
    progress = made(list(rates), list(np.linspace(0.1, 0.9, 20)), weight_decay=ANYWHERE, space=space)
    trials = pooled(progress)
    assert edges(trials)["learning_rate"].reached and ranges_beyond(trials, edges(trials)) is None
    assert "goes no higher here" in sentences(progress)[0]


def test_where_nothing_is_learned_there_are_no_edges_and_one_sentence() -> None:
    guessing = made(list(RISING), [0.1] * 20, weight_decay=ANYWHERE)
    assert edges(pooled(guessing)) == {}
    assert len(sentences(guessing)) == 1 and "Try learning rates above" in sentences(guessing)[0]


def test_the_box_holds_the_best_trials_of_all_rounds() -> None:
    wide = SearchSpace(LogRange(-3, 0), LogRange(-8, -4))
    trials = pooled(peaked(wide, -1.2, 1), peaked(SearchSpace(LogRange(-5, -4), LogRange(-8, -4)), -1.2, 2))
    box = best_box(trials)
    assert box is not None and box.learning_rate.low <= -1.2 <= box.learning_rate.high
    assert box.learning_rate.width < 2


def test_ranges_are_ranges_or_none_for_random_rounds() -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        trials = int(rng.integers(1, 30))
        odd = made(
            list(rng.choice([-6.0, -3.0, -2.0], trials)),
            list(rng.choice([0.0, 0.1, 0.5, 1.0], trials)),
            diverged=tuple(np.flatnonzero(rng.random(trials) < rng.random())),
        )
        early = replace(odd, epochs_done=rng.integers(0, 5, trials), status=Status.STOPPED)
        for rounds in ((odd,), (early,), (odd, early)):
            found = Trials.of(list(enumerate(rounds, start=1)))
            if found is not None:
                for space in (ranges_beyond(found, edges(found)), best_box(found)):
                    assert space is None or isinstance(space, SearchSpace)
                for one in search_insights(found):
                    assert "{" not in one.sentence.format(**one.values, **one.terms)
    most = kinds_of(RoundPlan, WholeNumber)["trials"].high
    assert edges(pooled(made([-3.0] * most, [0.5] * most))) == {}


def test_an_effect_is_seen_beside_a_stronger_one() -> None:
    rng = np.random.default_rng(0)
    rates, decays = rng.uniform(-6, -2, 40), rng.uniform(-8, -4, 40)
    accuracy = 0.1 + 0.5 * np.exp(-((rates + 4) ** 2)) + 0.05 * (decays + 8)
    trials = pooled(made(list(rates), list(accuracy), weight_decay=list(decays)))
    assert effect_chance(trials, "learning_rate") < 0.01 and effect_chance(trials, "weight_decay") < 0.01


def test_a_hyperparameter_that_decides_nothing_has_mostly_shown_no_effect() -> None:
    said = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        rates, decays = rng.uniform(-6, -2, 20), rng.uniform(-8, -4, 20)
        accuracy = 0.9 - 0.08 * (rates + 4) ** 2
        progress = made(list(rates), list(accuracy), weight_decay=list(decays))
        assert spread_without_effect(pooled(progress), "learning_rate") is None
        share = spread_without_effect(pooled(progress), "weight_decay")
        told = [one for one in sentences(progress) if one.startswith("weight decay: good trials are spread over")]
        assert bool(told) == (share is not None)
        said += share is not None and share > 0.5
    assert said >= 6  # chance shows some effect in one round of five


def test_where_nothing_has_been_learned_other_learning_rates_follow() -> None:
    low, high = made(list(RISING), [0.1] * 20), made([0, 0.5, 1] * 5, [0.1] * 15, diverged=tuple(range(15)))
    for rounds, expected in (((low,), LogRange(-2, 0)), ((low, high), LogRange(-2, 0))):
        trials = pooled(*rounds)
        found = unlearned(trials)
        assert found is not None
        space = unlearned_ranges(trials, found)
        assert space is not None and space.learning_rate == expected
    assert unlearned(pooled(AT_THE_EDGE)) is None
