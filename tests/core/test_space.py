"""The search space: ranges stay on the grid and in reach, samples are uniform in the exponent."""

import math
from typing import Any

import numpy as np
import pytest

from core.errors import LessonError
from core.plan import RoundPlan
from core.settings import settings_of
from core.space import (
    AXES,
    DEFAULT_AXES,
    LEARNING_RATE_REACH,
    LEAST_AXES,
    MOST_AXES,
    REACHES,
    STEP,
    WEIGHT_DECAY_REACH,
    LogRange,
    SearchSpace,
    exponent,
    power,
    snap,
    value,
    written,
)

NO_NUMBERS = [math.nan, math.inf, -math.inf, 10**400, True, None, "-3", [], np.float32(1), 1j]
ROUNDING = 1e-9  # far below a step, far above float64's error


def random_range(rng: np.random.Generator, low: float = -15, high: float = 8) -> LogRange:
    ends = sorted(rng.uniform(low, high, 2))
    return LogRange(ends[0], ends[0] if rng.random() < 0.2 else ends[1])


def steps_from_grid(exponent: float) -> float:
    return abs(exponent * 10 - round(exponent * 10))


# ---------------------------------------------------------------------------------------------------- LogRange


@pytest.mark.parametrize("bad", NO_NUMBERS, ids=lambda bad: repr(bad)[:20])
@pytest.mark.parametrize("end", ["low", "high"])
def test_an_end_that_is_no_finite_number_is_refused(end: str, bad: object) -> None:
    with pytest.raises(LessonError, match="two numbers"):
        LogRange(**{"low": -3, "high": -2, end: bad})


def test_ends_the_wrong_way_round_are_refused_and_named() -> None:
    with pytest.raises(LessonError, match="-2 is above -3"):
        LogRange(-2, -3)


def test_equal_ends_hold_a_value_fixed() -> None:
    fixed = LogRange(-3, -3)
    assert fixed.width == 0
    assert fixed.sample(np.random.default_rng(0)) == -3


def test_whole_and_numpy_numbers_become_floats() -> None:
    assert [type(end) for end in (LogRange(-3, np.float64(-2)).low, LogRange(-3, np.float64(-2)).high)] == [float] * 2


def test_widened_adds_the_margin_on_both_sides() -> None:
    assert LogRange(-3, -2).widened(0.25) == LogRange(-3.25, -1.75)


def test_samples_reach_neither_below_nor_above_the_ends() -> None:
    rng = np.random.default_rng(0)
    drawn = [LogRange(-2.5, -2.4).sample(rng) for _ in range(1000)]
    assert min(drawn) >= -2.5 and max(drawn) <= -2.4


# ---------------------------------------------------------------------------------------------------- the grid


def test_snap_gives_the_nearest_tenth() -> None:
    for exponent_ in np.random.default_rng(0).uniform(-12, 3, 2000):
        snapped = snap(exponent_)
        assert abs(snapped - exponent_) <= STEP / 2 + ROUNDING
        assert snapped == float(f"{snapped:.1f}")  # exactly the float that a person would type


def test_snap_leaves_tenths_as_they_are() -> None:
    for tenths in range(-120, 31):
        assert snap(tenths / 10) == tenths / 10


@pytest.mark.parametrize("reach", [LEARNING_RATE_REACH, WEIGHT_DECAY_REACH, LogRange(-3.3, -3.2)], ids=str)
def test_within_is_on_the_grid_in_reach_and_a_step_wide(reach: LogRange) -> None:
    rng = np.random.default_rng(1)
    for _ in range(2000):
        found = random_range(rng).within(reach)
        assert reach.low <= found.low < found.high <= reach.high
        assert found.width >= STEP - ROUNDING
        assert steps_from_grid(found.low) < ROUNDING and steps_from_grid(found.high) < ROUNDING


def test_within_leaves_a_range_on_the_grid_and_in_reach_as_it_is() -> None:
    rng = np.random.default_rng(2)
    for _ in range(500):
        low, high = sorted(rng.choice(np.arange(-80, 11), 2, replace=False))
        assert LogRange(low / 10, high / 10).within(LEARNING_RATE_REACH) == LogRange(low / 10, high / 10)


def test_within_moves_an_end_by_half_a_step_at_most_unless_the_reach_asks_for_more() -> None:
    rng = np.random.default_rng(3)
    for _ in range(500):
        low, high = sorted(rng.uniform(-7.9, 0.9, 2))
        found = LogRange(low, high).within(LEARNING_RATE_REACH)
        moved = max(abs(found.low - low), abs(found.high - high))
        assert moved <= (STEP / 2 if snap(low) != snap(high) else 1.5 * STEP) + ROUNDING


# ---------------------------------------------------------------------------------------------------- SearchSpace


@pytest.mark.parametrize("axis", REACHES)
def test_a_space_may_fill_its_reach(axis: str) -> None:
    assert SearchSpace().with_range(axis, REACHES[axis]).ranges()[axis] == REACHES[axis]


@pytest.mark.parametrize("axis", REACHES)
@pytest.mark.parametrize("side", [-1, 1], ids=["below", "above"])
def test_a_space_outside_its_reach_is_refused_with_the_axis_named(axis: str, side: int) -> None:
    reach = REACHES[axis]
    beyond = LogRange(reach.low - 0.1, -5) if side < 0 else LogRange(-5, reach.high + 0.1)
    with pytest.raises(LessonError, match=axis.replace("_", " ")):
        SearchSpace(**{axis: beyond})


@pytest.mark.parametrize("bad", [None, (-3, -2), "-3", -3.0])
def test_a_space_takes_nothing_but_ranges(bad: object) -> None:
    with pytest.raises(LessonError):
        SearchSpace(learning_rate=bad)  # type: ignore[arg-type]


def test_with_range_leaves_the_other_axis_and_the_old_space_alone() -> None:
    space = SearchSpace()
    changed = space.with_range("weight_decay", LogRange(-5, -5))
    assert (changed.learning_rate, changed.weight_decay) == (space.learning_rate, LogRange(-5, -5))
    assert space == SearchSpace()


def test_samples_are_uniform_in_the_exponent() -> None:
    """Kolmogorov-Smirnov: the largest gap to the uniform distribution; 1.95 / sqrt(n) is passed once in a thousand."""
    space, rng, count = SearchSpace(LogRange(-6, -2), LogRange(-8, -4)), np.random.default_rng(0), 5000
    drawn = np.array([space.sample(rng) for _ in range(count)])
    for values, low in zip(drawn.T, (-6, -8), strict=True):
        shares = np.sort((np.log10(values) - low) / 4)
        steps = np.arange(count + 1) / count
        assert max((steps[1:] - shares).max(), (shares - steps[:-1]).max()) < 1.95 / math.sqrt(count)


def test_learning_rate_and_weight_decay_are_drawn_independently() -> None:
    rng = np.random.default_rng(0)
    drawn = np.log10([SearchSpace().sample(rng) for _ in range(5000)])
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / math.sqrt(5000)


# ---------------------------------------------------------------------------------------------------- value, exponent


def test_value_and_exponent_undo_each_other() -> None:
    exponents = np.random.default_rng(5).uniform(-10, 1, 1000)
    assert np.allclose(exponent(np.array([value(one) for one in exponents])), exponents, rtol=0, atol=1e-14)


def test_value_is_ten_to_the_power() -> None:
    assert [value(-3.0), value(0.0), value(1.0)] == [0.001, 1.0, 10.0]


@pytest.mark.parametrize(
    "exponent_, text", [(-2, "0.01"), (-4, "0.0001"), (-6, "10⁻⁶"), (-6.1, "7.9 × 10⁻⁷"), (-2.5, "0.0032"), (1, "10")]
)
def test_a_value_is_written_in_two_digits(exponent_: float, text: str) -> None:
    assert written(exponent_) == text


@pytest.mark.parametrize(
    "given, expected",
    [(-2, "10⁻²"), (-2.3, "10⁻²·³"), (0, "10⁰"), (1, "10¹"), (-10, "10⁻¹⁰"), (-0.1, "10⁻⁰·¹"), (-0.04, "10⁰")],
)
def test_a_power_of_ten_is_written_with_a_raised_exponent(given: float, expected: str) -> None:
    assert power(given) == expected


# ---------------------------------------------------------------------------------------------------- other axes


def test_a_space_has_two_to_five_axes_in_one_order_however_they_are_given() -> None:
    names = list(AXES)
    for count in range(LEAST_AXES, MOST_AXES + 1):
        axes = tuple(names[:count])
        assert SearchSpace.of({axis: AXES[axis].start for axis in axes[::-1]}).axes == axes
    for wrong in (names[:1], names[:6], []):
        with pytest.raises(LessonError, match="searches 2 to 5"):
            SearchSpace.of({axis: AXES[axis].start for axis in wrong})
    assert SearchSpace().axes == DEFAULT_AXES
    assert SearchSpace() == SearchSpace.of({axis: SearchSpace()[axis] for axis in DEFAULT_AXES[::-1]})


@pytest.mark.parametrize(
    "axis, bad", [("what", LogRange(0, 1)), ("dropout", LogRange(-0.1, 0.5)), ("momentum", LogRange(-3.1, -1)),
                  ("batch_size", LogRange(4.5, 6)), ("neurons", LogRange(0, 3)), ("deviation", (-2, -1))],
)  # fmt: skip
def test_a_range_that_an_axis_cannot_have_is_refused(axis: str, bad: Any) -> None:
    with pytest.raises(LessonError):
        SearchSpace.of({"learning_rate": LogRange(-3, -2), axis: bad})


@pytest.mark.parametrize("axis", AXES)
def test_values_and_places_of_an_axis_undo_each_other_and_samples_are_allowed(axis: str) -> None:
    rng, one = np.random.default_rng(0), AXES[axis]
    for _ in range(300):
        value_ = one.sample(one.reach, rng)
        assert one.allows(value_) and one.reach.holds(one.place(value_))
        assert one.value(one.place(value_)) == pytest.approx(value_, rel=1e-9, abs=1e-9)
    assert [one.allows(end) for end in map(one.value, (one.reach.low, one.reach.high))] == [True, True]
    low, high = one.limits
    assert not one.allows(high * 2) and not one.allows(-1) and not one.allows(str(low)) and not one.allows(True)
    assert one.within(one.start) == one.start and one.within(one.reach.widened(1)) == one.reach


def test_the_limits_of_an_axis_are_within_those_of_its_setting() -> None:
    for name, axis in AXES.items():
        kind = settings_of(RoundPlan)[name].kind
        assert all(kind.allows(limit) for limit in axis.limits)
