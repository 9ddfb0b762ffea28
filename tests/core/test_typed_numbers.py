"""Numbers as somebody types them: however one is written, the same is read, and what fits twice is asked about."""

import math
import pickle
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from core.errors import LessonError
from core.space import AXES as AXES_THERE_ARE
from core.space import REACHES, plain, power, snap, value, written
from core.typed_numbers import (
    MAX_LENGTH,
    AmbiguousNumber,
    NotUnderstood,
    exponent_from,
    number_from,
    readings,
    value_from,
    whole_number_from,
)
from tests.support.generated_input import cases, texts

AXES = list(REACHES)
MINUS = "-−–—‐‑‒－﹣"  # hyphens and dashes that a keyboard or an input method gives for a minus sign
REFUSAL = LessonError("no")
tenths = st.integers(-100, 10).map(lambda one: one / 10)


def only(text: str) -> float:
    """The one number that a text means."""
    (reading,) = readings(text)
    return reading.number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.001", 0.001), ("0,001", 0.001), (".001", 0.001), (" 1e-3 ", 0.001), ("1E-3", 0.001), ("1e−3", 0.001),
        ("10^-3", 0.001), ("10^−3", 0.001), ("10**-3", 0.001), ("10 ^ -3", 0.001), ("10^(-3)", 0.001),
        ("10^{-3}", 0.001), ("10⁻³", 0.001), ("1·10⁻³", 0.001), ("1 × 10⁻³", 0.001), ("1x10^-3", 0.001),
        ("2.5*10^-4", 0.00025), ("0,5·10⁻²", 0.005), ("０．００１", 0.001), ("１ｅ－３", 0.001), ("1ㄷ-3", 0.001),
        ("ー３", -3), ("ｰ3", -3), ("１えー３", 0.001), ("１０＾ー３", 0.001), ("０。００１", 0.001),
        ("わるわわぬ", 0.001), ("ほあ", -3),
        ("٠٫٠٠١", 0.001), ("-3", -3), ("−3", -3), ("－３", -3), ("–2,5", -2.5), ("+5", 5), ("20 %", 0.2), ("20％", 0.2),
        ("1e400", None), ("10^999.5", None), ("9" * 50, None), ("", None), ("much", None), ("nan", None), ("inf", None),
        ("0x10", None), ("1 2", None), ("1e", None), ("10^", None), ("--3", None), ("1.2.3", None), ("1_000", None),
        ("10⁻", None), ("³", None),
    ],
)  # fmt: skip
def test_a_number_is_read_however_it_is_typed(text: str, number: float | None) -> None:
    assert [one.number for one in readings(text)] == ([] if number is None else [number])


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1,000", {1, 1000}), ("1.000", {1, 1000}), ("12 000", {12000}), ("1,234,567", {1234567}), ("0,100", {0.1}),
     ("-1,500", {-1.5, -1500}), ("4'294'967'295", {2**32 - 1})],
)  # fmt: skip
def test_thousands_may_be_set_apart(text: str, numbers: set[float]) -> None:
    assert {one.number for one in readings(text)} == numbers


@cases(400)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(MINUS), st.booleans(), st.booleans())
def test_whatever_python_writes_is_read_back(number: float, minus: str, wide: bool, comma: bool) -> None:
    text = repr(number).replace("-", minus)
    if comma:
        text = text.replace(".", ",")
    if wide:
        text = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)
    assert number in [one.number for one in readings(text)]


@cases(400)
@given(tenths)
def test_whatever_the_app_writes_is_read_back(exponent: float) -> None:
    assert math.isclose(only(power(exponent)), value(exponent), rel_tol=1e-12)
    assert plain(only(written(exponent)), 2) == written(exponent)
    assert plain(only(plain(value(exponent)))) == plain(value(exponent))
    assert only(f"{exponent:g}") == exponent


@cases(2000)
@given(texts | st.text("0123456789.,-−^*x×·⁻³eE()% ", max_size=MAX_LENGTH + 5))
def test_any_text_means_finite_numbers_or_none(text: str) -> None:
    found = readings(text)
    assert all(math.isfinite(one.number) for one in found) and len(found) <= 2
    assert found == readings(unicodedata.normalize("NFC", text)) or len(text) > MAX_LENGTH - 5


# ---------------------------------------------------------------------------------------------------- ends of ranges


@pytest.mark.parametrize(
    ("axis", "text", "exponent"),
    [
        ("learning_rate", "0.001", -3), ("learning_rate", "-3", -3), ("learning_rate", "−3", -3),
        ("learning_rate", "10^-3", -3), ("learning_rate", "10⁻³", -3), ("learning_rate", "1e-3", -3),
        ("learning_rate", "0,003", -2.5), ("learning_rate", "5", 0.7), ("learning_rate", "10", 1),
        ("learning_rate", "0", 0), ("learning_rate", "-2.54", -2.5), ("learning_rate", "10⁻²·³", -2.3),
        ("weight_decay", "1", 0), ("weight_decay", "0.1", -1), ("weight_decay", "1e-10", -10),
    ],
)  # fmt: skip
def test_the_end_of_a_range_is_typed_as_an_exponent_or_as_a_value(axis: str, text: str, exponent: float) -> None:
    assert exponent_from(text, axis) == exponent


@pytest.mark.parametrize(
    ("text", "meanings"), [("0.1", (0.1, -1.0)), ("1", (1.0, 0.0)), ("0.5", (0.5, -0.3)), ("0,2", (0.2, -0.7))]
)
def test_what_may_be_an_exponent_or_a_value_is_asked_about(text: str, meanings: tuple[float, ...]) -> None:
    with pytest.raises(AmbiguousNumber) as asked:
        exponent_from(text, "learning_rate")
    assert asked.value.meanings == meanings
    assert pickle.loads(pickle.dumps(asked.value)).meanings == meanings


@pytest.mark.parametrize("text", ["-12", "1000", "-0.01", "", "x", "1e-11", "10^-9", "-8.2"])
def test_what_lies_beyond_the_reach_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(NotUnderstood, match=r"from -8 to 1, such as -3, or a value from 10⁻⁸ to 10, such as 0\.001"):
        exponent_from(text, "learning_rate")


@cases(1000)
@given(st.sampled_from(AXES), tenths, st.sampled_from(MINUS))
def test_an_exponent_and_its_power_and_value_are_the_same_end(axis: str, exponent: float, minus: str) -> None:
    reach = REACHES[axis]
    assume(reach.low <= exponent <= reach.high)
    for text in (power(exponent), f"1e{exponent:g}" if exponent == int(exponent) else f"10^{exponent:g}"):
        assert exponent_from(text.replace("-", minus), axis) == exponent
    try:
        assert exponent_from(f"{exponent:g}".replace("-", minus), axis) == exponent
    except AmbiguousNumber as asked:
        assert exponent > 0 and asked.meanings[0] == exponent
    try:
        assert exponent_from(f"{value(exponent):.4g}", axis) == exponent
    except AmbiguousNumber as asked:
        assert exponent in asked.meanings


@cases(1000)
@given(st.sampled_from(AXES), texts | st.floats().map(repr) | st.floats(-20, 20).map(lambda one: f"{one:.3g}"))
@example("learning_rate", "1.8E307")
def test_whatever_is_typed_an_end_lies_on_the_grid_and_in_the_reach(axis: str, text: str) -> None:
    reach = REACHES[axis]
    try:
        found = (exponent_from(text, axis),)
    except AmbiguousNumber as asked:
        found = asked.meanings
    except NotUnderstood:
        return
    assert all(reach.low <= one <= reach.high and one == snap(one) for one in found)


# ---------------------------------------------------------------------------------------------------- values and counts


@pytest.mark.parametrize(
    ("text", "meant"),
    [("0.001", 0.001), ("10^-3", 0.001), ("10⁻³", 0.001), ("-3", 0.001), ("−3", 0.001), ("1", 1.0), ("1,000", 1.0),
     ("0,5", 0.5), ("1e-8", 1e-8), ("10", 10.0)],
)  # fmt: skip
def test_a_learning_rate_is_typed_as_a_value_or_as_a_negative_exponent(text: str, meant: float) -> None:
    assert value_from(text, "learning_rate") == meant


@pytest.mark.parametrize("text", ["0", "100", "-12", "1e-12", "much", "nan", "0x10", "１e-3x", ""])
def test_what_is_no_learning_rate_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(NotUnderstood, match="The learning rate is a value from 10⁻⁸ to 10, such as"):
        value_from(text, "learning_rate")


@pytest.mark.parametrize(
    ("text", "count"),
    [("20", 20), ("２０", 20), ("20.0", 20), ("2e2", 200), ("1,000", 1000), ("1.000", 1000), ("10 000", 10_000)],
)
def test_whole_numbers(text: str, count: int) -> None:
    found = whole_number_from(text, lambda one: one <= 10_000, REFUSAL)
    assert found == count and type(found) is int


@pytest.mark.parametrize("text", ["20.5", "-1", "1,000", "many", "", "1e99"])
def test_what_is_no_whole_number_of_the_field_is_refused(text: str) -> None:
    with pytest.raises(LessonError, match="no"):
        whole_number_from(text, lambda one: 1 <= one <= 200, REFUSAL)


def test_a_number_that_fits_twice_is_asked_about() -> None:
    assert number_from("1,000", lambda one: one < 2, REFUSAL) == 1
    with pytest.raises(AmbiguousNumber) as asked:
        number_from("1,000", lambda one: True, REFUSAL)
    assert asked.value.meanings == (1.0, 1000.0)


@pytest.mark.parametrize(
    ("axis", "text", "place"),
    [("momentum", "-2", -2.0), ("momentum", "0.99", -2.0), ("dropout", "0.3", 0.3), ("dropout", "30 %", 0.3),
     ("batch_size", "64", 6.0), ("batch_size", "5", 5.0), ("neurons", "100", 7.0), ("deviation", "0.01", -2.0)],
)  # fmt: skip
def test_an_end_of_another_axis_is_typed_as_its_exponent_or_as_a_value(axis: str, text: str, place: float) -> None:
    assert exponent_from(text, axis) == pytest.approx(place)


@pytest.mark.parametrize(
    ("axis", "text", "meant"),
    [("momentum", "0.95", 0.95), ("momentum", "-2", 0.99), ("dropout", "0,5", 0.5), ("neurons", "100", 100),
     ("batch_size", "32.0", 32), ("deviation", "10^-2", 0.01)],
)  # fmt: skip
def test_a_value_of_another_axis(axis: str, text: str, meant: float) -> None:
    found = value_from(text, axis)
    assert found == pytest.approx(meant) and AXES_THERE_ARE[axis].allows(found)


@pytest.mark.parametrize(
    ("axis", "text"), [("momentum", "1"), ("dropout", "-1"), ("neurons", "2.5"), ("batch_size", "8")]
)
def test_what_is_no_value_of_another_axis_is_refused(axis: str, text: str) -> None:
    with pytest.raises(NotUnderstood, match="is a value from"):
        value_from(text, axis)
