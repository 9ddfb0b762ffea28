"""How a setting of a round is declared: what it may be, and how a link, a form, a table and a sentence present it.

    trials: int = setting(20, WholeNumber(1, 200), "trials", group="trials", label=N_("trials"), help=N_("…"))

declares a field of the dataclass PlanSettings (core/plan_settings.py). `settings_of` reads the declarations of such a
class, and whoever checks, writes, draws or explains a setting takes them from there. A new setting is one declaration
and the code that uses it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from core.errors import N_, LessonError
from core.typed_numbers import number_from, whole_number_from

GROUPS = {  # settings that a teacher hides together: their name in a link, and what they are called
    "dataset": N_("data set"),
    "sizes": N_("sizes of split and networks"),
    "network": N_("the network's settings"),
    "seed": N_("seed"),
    "axes": N_("choice of what is searched"),
    "trials": N_("trials"),
    "epochs": N_("epochs"),
    "give_up": N_("giving up early"),
}
SWITCH = ("off", "on")  # in a link
NONE = "none"  # in a link: an empty list
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")
WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")

T = TypeVar("T")
K = TypeVar("K")


class PlanError(LessonError):
    """A plan, or one setting of it, that lies outside what a round may be."""


class Kind(Protocol):
    """What values a setting takes, and how one is written in a link."""

    @property
    def refusal(self) -> str:
        """The sentence for a value that is not allowed, with gaps that {quantity} and `gaps` fill."""

    def allows(self, value: object) -> bool:
        """Whether a setting may have this value."""

    def gaps(self, value: object) -> dict[str, object]:
        """What fills the gaps of `refusal`, for a value that is not allowed."""

    def read(self, text: str) -> Any:
        """The value of a link's text; a text that has none is returned as it is, so that it is refused."""

    def write(self, value: Any) -> str:
        """A value as text for a link."""


@dataclass(frozen=True)
class WholeNumber:
    """A whole number, both limits included."""

    low: int
    high: int
    width: int = 104  # pixels of its field: three stand side by side on a phone
    refusal: str = N_("The {quantity} is a whole number from {low} to {high}.")

    def allows(self, value: object) -> bool:
        return type(value) is int and self.low <= value <= self.high

    def gaps(self, value: object) -> dict[str, object]:
        return {"low": self.low, "high": self.high}

    def read(self, text: str) -> int | str:
        return read_whole_number(text)

    def write(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True)
class Number:
    """A number, both limits included. step: of a slider for it"""

    low: float
    high: float
    step: float
    width: int = 130  # pixels of its field
    refusal: str = N_("The {quantity} is a number from {low} to {high}.")

    def allows(self, value: object) -> bool:
        return type(value) is float and self.low <= value <= self.high

    def gaps(self, value: object) -> dict[str, object]:
        return {"low": self.low, "high": self.high}

    def read(self, text: str) -> float | str:
        return read_number(text)

    def write(self, value: float) -> str:
        return write_number(value)


@dataclass(frozen=True)
class Choice:
    """One of a few words. options: what each is called"""

    options: dict[str, str]
    as_buttons: bool = False  # its field: buttons side by side, else a list to unfold
    width: int = 150  # pixels of the list
    refusal: str = N_("There is no such {quantity}; choose one of {choices}.")

    def allows(self, value: object) -> bool:
        return type(value) is str and value in self.options

    def gaps(self, value: object) -> dict[str, object]:
        return {"name": value[:40] if isinstance(value, str) else "?", "choices": ", ".join(self.options)}

    def read(self, text: str) -> str:
        return plain_word(text)

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Switch:
    """On or off."""

    refusal: str

    def allows(self, value: object) -> bool:
        return type(value) is bool

    def gaps(self, value: object) -> dict[str, object]:
        return {}

    def read(self, text: str) -> bool | str:
        return SWITCH.index(text) == 1 if text in SWITCH else text

    def write(self, value: bool) -> str:
        return SWITCH[value]


@dataclass(frozen=True)
class Setting:
    """One setting, declared. Texts are English, marked for the catalogue."""

    kind: Kind
    key: str  # in a link
    group: str  # one of GROUPS
    label: str  # beside its field
    help: str  # one sentence: what it is, and what changing it does
    name: str  # in a sentence, such as a refusal
    summary: str = ""  # how a network is described that differs in it, with {value}; "": it is not mentioned
    only_with: tuple[str, str] | None = None  # (setting, its value) without which this one changes nothing
    axis: str = ""  # the axis of a search space that takes its place where it is searched
    in_form: bool = True  # whether the form of a lesson has a field for it
    in_table: bool = True  # whether the table of a lab's trials has a column for it

    def check(self, value: object) -> None:
        """Raise PlanError if the setting cannot have this value."""
        if not self.kind.allows(value):
            raise self.refusal(value)

    def refusal(self, value: object = None) -> PlanError:
        """The error for a value that is not allowed."""
        return PlanError(self.kind.refusal, quantity=self.name, **self.kind.gaps(value))

    def from_typed(self, text: str) -> Any:
        """The number that somebody typed for a setting that has one. Raises PlanError or AmbiguousNumber."""
        read = whole_number_from if isinstance(self.kind, WholeNumber) else number_from
        return read(text, self.kind.allows, self.refusal())

    def applies(self, plan: object) -> bool:
        """Whether it changes anything in this plan: one that is searched does not."""
        return self.is_met(plan) and self.axis not in getattr(plan, "space", ())

    def is_met(self, plan: object) -> bool:
        """Whether the other settings of a plan are as this one needs them."""
        return self.only_with is None or getattr(plan, self.only_with[0]) == self.only_with[1]


def setting(default: T, kind: Kind, key: str, *, group: str, label: str, help: str, name: str = "", **more: Any) -> T:
    """A field of a dataclass that is a setting. name: its label unless given    more: the other fields of Setting"""
    declared = Setting(kind, key, group, label, help, name or label, **more)
    return field(default=default, metadata={"setting": declared})


def settings_of(plan_class: type) -> Mapping[str, Setting]:
    """The settings that a dataclass declares, by the names of their fields, in order."""
    return _settings_of(plan_class)


@cache
def _settings_of(plan_class: type) -> Mapping[str, Setting]:
    found = {one.name: one.metadata["setting"] for one in fields(plan_class) if "setting" in one.metadata}
    return MappingProxyType(found)


def settings_in(plan_class: type, groups: Collection[str]) -> dict[str, Setting]:
    """The settings of some groups, in order."""
    return {name: one for name, one in settings_of(plan_class).items() if one.group in groups}


def kinds_of(plan_class: type, kind: type[K]) -> dict[str, K]:
    """What the settings of one kind may be, by name: the limits of all whole numbers, the options of all choices."""
    return {name: one.kind for name, one in settings_of(plan_class).items() if isinstance(one.kind, kind)}


# ---------------------------------------------------------------------------------------------------- values in a link


def write_number(value: float) -> str:
    """A number in the fewest characters that lead back to it."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def read_number(text: str) -> float | str:
    """The number that a text is, else the text."""
    return float(text) if NUMBER.fullmatch(text) else text


def read_whole_number(text: str) -> int | str:
    """The whole number that a text is, else the text."""
    return int(text) if text.isascii() and text.isdigit() else text


def plain_word(given: object) -> str:
    """What somebody else wrote, if it is a plain word that a page can repeat, else a question mark."""
    return given if isinstance(given, str) and WORD.fullmatch(given) else "?"
