"""Numbers as somebody types them: every number that a text may mean, and which of them a field takes.

    0.001   0,001   1e-3   10^-3   10**-3   10⁻³   2·10^-3   20 %   １ｅ−３   1 000 000

Figures of any script count, so do full-width letters, all kinds of minus sign, and what Hangul or kana mode makes of
the keys. Most texts mean one number; 1,000 may mean a thousand or one. A learning rate or a weight decay may also be
typed as its exponent: -3 for 0.001. What fits its field in more than one way raises AmbiguousNumber, so that the page
asks.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from core.errors import N_, LessonError
from core.space import AXES, ROUNDING, Axis, snap, value, written
from core.typed_keys import latin_keys

MAX_LENGTH = 40  # characters of a number
MOST_DECADES = 300  # of an exponent that is not whole
RAISED = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹·˙", "-+0123456789..")
SUPERSCRIPT = re.compile("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+(?:[·˙.][⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")
SIGNS = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣➖", "-") | {"。": ".", "、": ",", "٫": ".", "٬": ",", "’": "'"})

DECIMAL = r"(?:\d+(?:[.,]\d*)?|[.,]\d+)"
GROUPED = re.compile(r"[+-]?\d{1,3}(?:([ ',.])\d{3})(?:\1\d{3})*")  # by spaces, apostrophes, commas or dots
PLAIN = re.compile(rf"[+-]?{DECIMAL}")
PERCENT = re.compile(rf"({DECIMAL})\s*%")
SCIENTIFIC = re.compile(rf"([+-]?{DECIMAL})\s*[eE]\s*([+-]?\d+)")
POWER = re.compile(
    rf"(?:([+-]?{DECIMAL})\s*[*xX×·]\s*)?10\s*(?:\^|\*\*)\s*"
    rf"(?:([+-]?\s*{DECIMAL})|\(\s*([+-]?\s*{DECIMAL})\s*\)|\{{\s*([+-]?\s*{DECIMAL})\s*\}})"
)

T = TypeVar("T", bound=float)


class NotUnderstood(LessonError):
    """A text that no number of its field can be meant by."""


class AmbiguousNumber(LessonError):
    """A text by which several numbers of its field can be meant. meanings: these numbers"""

    def __init__(self, sentence: str, meanings: tuple[float, ...] = (), **values: object) -> None:
        super().__init__(sentence, **values)
        self.meanings = meanings

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.sentence, self.meanings), {"values": self.values}


@dataclass(frozen=True)
class Reading:
    """A number that a text may mean."""

    number: float
    is_plain: bool  # figures alone: no power of ten and no percentage, so that it may also be meant as an exponent
    is_grouped: bool = False  # commas, dots or spaces between thousands


def readings(text: str) -> tuple[Reading, ...]:
    """Every number that a text may mean, the likeliest first; none for anything else."""
    if len(text) > MAX_LENGTH:
        return ()
    found = [one for one in _readings(_in_ascii(text)) if math.isfinite(one.number)]
    return tuple(dict.fromkeys(found))


def _in_ascii(text: str) -> str:
    """The text with ASCII figures, signs and letters; what stands raised follows a ^."""
    lowered = SUPERSCRIPT.sub(lambda found: "^" + found[0].translate(RAISED), text)
    typed = latin_keys(lowered).translate(SIGNS)
    figures = (str(unicodedata.decimal(one)) if one.isdecimal() else one for one in typed)
    return " ".join("".join(figures).split())


def _readings(text: str) -> Iterable[Reading]:
    if PLAIN.fullmatch(text):
        yield Reading(_decimal(text), is_plain=True)
    if (found := GROUPED.fullmatch(text)) and not text.lstrip("+-").startswith("0"):
        yield Reading(float(text.replace(found[1], "")), is_plain=True, is_grouped=True)
    if found := PERCENT.fullmatch(text):
        yield Reading(_decimal(found[1]) / 100, is_plain=False)
    if found := SCIENTIFIC.fullmatch(text):
        yield Reading(_times_power(found[1], found[2]), is_plain=False)
    if found := POWER.fullmatch(text):
        yield Reading(_times_power(found[1] or "1", found[2] or found[3] or found[4]), is_plain=False)


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def _times_power(factor: str, exponent: str) -> float:
    """factor * 10 ** exponent, correctly rounded where the exponent is whole; inf where it is too large."""
    raised = exponent.replace(" ", "").replace(",", ".")
    if re.fullmatch(r"[+-]?\d+", raised):
        return float(f"{factor.replace(',', '.')}e{raised}")
    return _decimal(factor) * value(float(raised)) if abs(float(raised)) < MOST_DECADES else math.inf


# ------------------------------------------------------------------------------------------------- what a field takes


def number_from(text: str, allows: Callable[[float], bool], refusal: LessonError) -> float:
    """The number that a field takes of those that a text may mean.

    allows: whether the field takes a number    refusal: raised when it takes none
    Raises AmbiguousNumber when it takes several.
    """
    return _only((one.number for one in readings(text)), allows, refusal)


def whole_number_from(text: str, allows: Callable[[int], bool], refusal: LessonError) -> int:
    """The same for a field of whole numbers, in which 1,000 is a thousand, and 20.0 is 20."""
    found = readings(text)
    meant = [one.number for one in found if one.is_grouped] or [one.number for one in found]
    return _only((int(one) for one in meant if one.is_integer()), allows, refusal)


def _only(meant: Iterable[T], allows: Callable[[T], bool], refusal: LessonError) -> T:
    allowed = tuple(dict.fromkeys(one for one in meant if allows(one)))
    if not allowed:
        raise refusal
    if len(allowed) > 1:
        raise AmbiguousNumber(N_("This can be read in two ways. Which one do you mean?"), allowed)
    return allowed[0]


def exponent_from(text: str, axis: str) -> float:
    """The place, on the grid of its steps, that somebody typed for an end of a range: an exponent, or a value.

    axis: one of AXES. Raises NotUnderstood with what is allowed, AmbiguousNumber for what may be both, such as 0.1,
    which is a value and also an exponent.
    """
    searched = AXES[axis]
    reach, sentence = (
        searched.reach,
        N_("Type an exponent from {low} to {high}, or a value from {low_value} to {high_value}."),
    )
    if searched.is_decades:
        sentence = N_(
            "Type an exponent from {low} to {high}, such as -3, or a value from {low_value} to {high_value}, such as "
            "0.001."
        )
    elif not searched.has_exponents:
        sentence = N_("Type a value from {low_value} to {high_value}.")
    refusal = NotUnderstood(sentence, **_limits(searched))
    try:
        places = (snap(one, searched.step) for one in _places(text, searched))
        return _only(places, lambda one: reach.low <= one <= reach.high, refusal)
    except AmbiguousNumber as several:
        question = N_("This can be an exponent or a value. Which one do you mean?")
        raise AmbiguousNumber(question, several.meanings) from None


def _places(text: str, axis: Axis) -> Iterable[float]:
    """Places that a text may mean, and those of the values that it may mean."""
    for one in readings(text):
        # a positive number between two steps is meant as a value: 0.001 would be the exponent 0
        near = axis.reach.low - axis.step <= one.number <= axis.reach.high + axis.step
        on_grid = near and abs(one.number - snap(one.number, axis.step)) < ROUNDING
        if axis.has_exponents and one.is_plain and near and (one.number <= -axis.step / 2 or on_grid):
            yield one.number
        if axis.limits[0] <= one.number <= axis.limits[1]:
            yield axis.place(one.number)


def value_from(text: str, axis: str) -> float:
    """The value of a hyperparameter that somebody typed; of one that spans decades, below zero as its exponent.

    axis: one of AXES. Raises NotUnderstood with what is allowed, and AmbiguousNumber.
    """
    searched = AXES[axis]
    reach, (low, high) = searched.reach, searched.limits
    sentence = N_("The {axis} is a value from {low_value} to {high_value}.")
    if searched.is_decades:
        sentence = N_("The {axis} is a value from {low_value} to {high_value}, such as 0.001 or 10^-3.")
    refusal = NotUnderstood(sentence, axis=axis.replace("_", " "), **_limits(searched))
    if searched.is_whole:
        return whole_number_from(text, searched.allows, refusal)
    below_zero = [one.number for one in readings(text) if one.is_plain and one.number < 0]
    if below_zero and searched.has_exponents:
        return searched.value(_only(below_zero, lambda one: reach.low <= one <= reach.high, refusal))
    return number_from(text, lambda one: low <= one <= high, refusal)


def _limits(axis: Axis) -> dict[str, object]:
    low, high = (
        (written(axis.reach.low), written(axis.reach.high)) if axis.is_decades else map(axis.written, axis.limits)
    )
    return {"low": f"{axis.reach.low:g}", "high": f"{axis.reach.high:g}", "low_value": low, "high_value": high}
