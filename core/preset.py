"""What a teacher sets for a lesson: how a lab begins, what it may spend, which pages and controls it has.

    ?lesson=data.mnist~lr.-6..-2~trials.40~budget.2000        only what differs from the lesson as it comes

A lesson is written into a link by hand as well as by a form, so its text reads like one and needs no escaping; and
whatever stands in a link, there is a lesson: a value that cannot be is left out, and a sentence says so.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from core.errors import N_, LessonError
from core.plan import RoundPlan
from core.space import LogRange

ALWAYS_OPEN = ("narrow", "glossary", "about")
PAGES = ("validation", "strategies", "bayesian", "race", "importance", "knobs", "final_test")  # which may be closed
CONTROLS = {  # which may be hidden: the settings of a round that each sets
    "dataset": ("dataset",),
    "sizes": ("images", "validation_rate", "hidden_layers", "neurons", "batch_size"),
    "network": (
        "optimizer",
        "momentum",
        "beta1",
        "beta2",
        "initial_weights",
        "deviation",
        "activation",
        "batch_normalisation",
        "dropout",
    ),
    "seed": ("seed",),
    "trials": ("trials",),
    "epochs": ("epochs",),
    "give_up": ("give_up", "keep"),
}
BUDGET = (1, 1_000_000)  # epochs over all trials of all rounds
LONGEST = 500  # characters of a lesson's text
FAULTS = 3  # sentences told of one text
SWITCH = ("off", "on")
NONE = "none"  # stands for an empty list
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")
WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")


class PresetError(LessonError):
    """A lesson that cannot be."""


@dataclass(frozen=True)
class Preset:
    """A lesson. The defaults are the lesson as it comes: everything open, nothing hidden, no budget."""

    plan: RoundPlan = RoundPlan()  # of a lab's first round
    budget: int | None = None  # epochs that all rounds of a lab may spend together
    pages: tuple[str, ...] = PAGES  # those of PAGES that are open
    hidden: tuple[str, ...] = ()  # those of CONTROLS that are not shown

    def __post_init__(self) -> None:
        if not isinstance(self.plan, RoundPlan) or self.plan.values is not None or not self.plan.shuffle:
            raise PresetError(N_("A lesson begins with a plan whose trials are drawn from its ranges."))
        if self.budget is not None and (type(self.budget) is not int or not BUDGET[0] <= self.budget <= BUDGET[1]):
            raise PresetError(
                N_("A lesson's budget is a whole number of epochs from {low} to {high}."), low=BUDGET[0], high=BUDGET[1]
            )
        object.__setattr__(self, "pages", _in_order(self.pages, PAGES, ALWAYS_OPEN, _no_page))
        object.__setattr__(self, "hidden", _in_order(self.hidden, tuple(CONTROLS), (), _no_control))

    def opens(self, page: str) -> bool:
        """Whether a page is open in this lesson; one that cannot be closed always is."""
        return page not in PAGES or page in self.pages

    def hides(self, control: str) -> bool:
        """Whether a control is not shown in this lesson."""
        return control in self.hidden

    def sets(self) -> set[str]:
        """The settings of a round that no control shows, so that they stay as the lesson sets them."""
        return {name for control in self.hidden for name in CONTROLS[control]}

    def to_text(self) -> str:
        """What stands in a link: what differs from the lesson as it comes, "" if nothing does."""
        parts = ((name, part.write(self), part.write(AS_IT_COMES)) for name, part in PARTS.items())
        return "~".join(f"{name}.{mine}" for name, mine, plain in parts if mine != plain)

    @staticmethod
    def from_text(text: str) -> "tuple[Preset, list[LessonError]]":
        """The lesson of a link, and what is wrong with it: whatever cannot be is as it comes. Never raises."""
        if len(text) > LONGEST:
            return AS_IT_COMES, [PresetError(N_("A lesson's text has at most {limit} characters."), limit=LONGEST)]
        given: dict[str, str] = {}
        faults: list[LessonError] = []
        for piece in filter(None, text.split("~")):
            name, _, value = piece.partition(".")
            if name not in PARTS:
                faults.append(
                    PresetError(
                        N_("A lesson has nothing called {name}; there are {names}."),
                        name=_word(name),
                        names=", ".join(PARTS),
                    )
                )
            elif given.setdefault(name, value) != value:
                faults.append(PresetError(N_("{name} stands in the lesson twice; the first counts."), name=name))
        preset = AS_IT_COMES
        for name, part in PARTS.items():
            if name in given:
                preset, wrong = part.read(preset, given[name])
                faults += wrong
        return preset, faults[:FAULTS]

    def to_json(self) -> str:
        """The lesson as JSON."""
        return json.dumps(
            {
                "plan": json.loads(self.plan.to_json()),
                "budget": self.budget,
                "pages": self.pages,
                "hidden": self.hidden,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "Preset":
        """The lesson that `to_json` wrote. Anything else raises LessonError."""
        try:
            record = json.loads(text)
            plan = RoundPlan.from_json(json.dumps(record.pop("plan")))
            pages, hidden = _names(record.pop("pages")), _names(record.pop("hidden"))
            return cls(plan=plan, budget=record.pop("budget"), pages=pages, hidden=hidden, **record)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, LessonError):
                raise
            raise PresetError(N_("This is not a lesson.")) from error


def _names(given: Any) -> tuple[str, ...]:
    """A list of JSON; anything else raises TypeError."""
    if not isinstance(given, list):
        raise TypeError(given)
    return tuple(given)


def _in_order(
    names: tuple[str, ...], known: tuple[str, ...], besides: tuple[str, ...], unknown: Callable[[object], PresetError]
) -> tuple[str, ...]:
    """Names once each and in the order in which they are known, those `besides` left out. Raises what `unknown` gives.

    So lessons are equal when they are the same.
    """
    if not isinstance(names, tuple):
        raise unknown(names)
    for name in names:
        if name not in (*known, *besides):
            raise unknown(name)
    return tuple(name for name in known if name in names)


def _no_page(name: object) -> PresetError:
    return PresetError(
        N_("No page called {name} can be opened or closed; choose from {choices}."),
        name=_word(name),
        choices=", ".join(PAGES),
    )


def _no_control(name: object) -> PresetError:
    return PresetError(
        N_("No control called {name} can be hidden; choose from {choices}."),
        name=_word(name),
        choices=", ".join(CONTROLS),
    )


AS_IT_COMES = Preset()


# ---------------------------------------------------------------------------------------------------- a lesson's text


@dataclass(frozen=True)
class _Part:
    """One part of a lesson's text."""

    write: Callable[[Preset], str]
    read: Callable[[Preset, str], tuple[Preset, list[LessonError]]]  # the lesson with it, and what is wrong with it


def _part(write: Callable[[Preset], str], take: Callable[[Preset, str], Preset]) -> _Part:
    """A part that counts as a whole or not at all. take: raises LessonError for what cannot be"""

    def read(preset: Preset, text: str) -> tuple[Preset, list[LessonError]]:
        try:
            return take(preset, text), []
        except LessonError as fault:
            return preset, [fault]

    return _Part(write, read)


def _of_plan(field: str, taken: Callable[[str], Any]) -> _Part:
    """A field of the plan, which itself refuses what it cannot be."""
    return _part(
        lambda preset: _written(getattr(preset.plan, field)),
        lambda preset, text: replace(preset, plan=replace(preset.plan, **{field: taken(text)})),
    )


def _of_space(axis: str) -> _Part:
    """A range of exponents: -6..-2."""

    def write(preset: Preset) -> str:
        range_ = preset.plan.space.ranges()[axis]
        return f"{_written(range_.low)}..{_written(range_.high)}"

    def take(preset: Preset, text: str) -> Preset:
        low, _, high = text.partition("..")
        space = preset.plan.space.with_range(axis, LogRange(_number(low), _number(high)))  # type: ignore[arg-type]
        return replace(preset, plan=replace(preset.plan, space=space))

    return _part(write, take)


def _of_list(field: str) -> _Part:
    """Some names; those that are not known are left out, and a list of such alone does not count."""

    def write(preset: Preset) -> str:
        return ".".join(getattr(preset, field)) or NONE

    def read(preset: Preset, text: str) -> tuple[Preset, list[LessonError]]:
        found: tuple[str, ...] = ()
        faults: list[LessonError] = []
        for name in [] if text == NONE else text.split("."):
            try:
                found = getattr(replace(preset, **{field: (*found, name)}), field)  # type: ignore[arg-type]
            except LessonError as fault:
                faults.append(fault)
        return (preset if faults and not found else replace(preset, **{field: found})), faults  # type: ignore[arg-type]

    return _Part(write, read)


def _written(given: int | float | str) -> str:
    """A value in the fewest characters that lead back to it."""
    if type(given) is bool:
        return SWITCH[given]
    short = f"{given:g}" if isinstance(given, float) else str(given)
    return short if not isinstance(given, float) or float(short) == given else repr(given)


def _number(text: str) -> float | str:
    """A number; text that is none stays as it is, for the plan to say what is allowed."""
    return float(text) if NUMBER.fullmatch(text) else text


def _whole(text: str) -> int | str:
    """A whole number, likewise."""
    return int(text) if text.isascii() and text.isdigit() else text


def _rungs(text: str) -> tuple[Any, ...]:
    """The epochs after which trials are given up: 2.4.8"""
    return () if text == NONE else tuple(map(_whole, text.split(".")))


def _switch(text: str) -> bool | str:
    """On or off, likewise."""
    return SWITCH.index(text) == 1 if text in SWITCH else text


def _word(given: object) -> str:
    """What somebody else wrote, if it is a plain word that a page can repeat."""
    return given if isinstance(given, str) and WORD.fullmatch(given) else "?"


PARTS = {  # in the order in which they are read: a number of images is judged by its data set
    "data": _of_plan("dataset", _word),
    "images": _of_plan("images", _whole),
    "share": _of_plan("validation_rate", _number),
    "layers": _of_plan("hidden_layers", _whole),
    "neurons": _of_plan("neurons", _whole),
    "batch": _of_plan("batch_size", _whole),
    "optimizer": _of_plan("optimizer", _word),
    "momentum": _of_plan("momentum", _number),
    "beta_mean": _of_plan("beta1", _number),
    "beta_square": _of_plan("beta2", _number),
    "initial": _of_plan("initial_weights", _word),
    "deviation": _of_plan("deviation", _number),
    "activation": _of_plan("activation", _word),
    "normalise": _of_plan("batch_normalisation", _switch),
    "dropout": _of_plan("dropout", _number),
    "lr": _of_space("learning_rate"),
    "wd": _of_space("weight_decay"),
    "trials": _of_plan("trials", _whole),
    "epochs": _of_plan("epochs", _whole),
    "rungs": _part(
        lambda preset: ".".join(map(str, preset.plan.give_up)) or NONE,
        lambda preset, text: replace(preset, plan=replace(preset.plan, give_up=_rungs(text))),
    ),
    "keep": _of_plan("keep", _number),
    "seed": _of_plan("seed", _whole),
    "budget": _part(
        lambda preset: _written(preset.budget) if preset.budget is not None else NONE,
        lambda preset, text: replace(preset, budget=None if text == NONE else _whole(text)),  # type: ignore[arg-type]
    ),
    "pages": _of_list("pages"),
    "hide": _of_list("hidden"),
}
