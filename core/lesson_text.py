"""A lesson as the text of a link: written from a lesson, and read back into one.

    ?lesson=data.mnist~lr.-6..-2~trials.40~budget.2000        only what differs from the default lesson

Teachers write such a text by hand as well as by the form, so it reads easily and needs no escaping. Reading never
fails: a value that is not allowed is left out, and a sentence says so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from core.errors import N_, LessonError
from core.lesson import Lesson, LessonPlanError
from core.plan import RoundPlan
from core.settings import NONE, Setting, plain_word, read_number, read_whole_number, settings_in, write_number
from core.space import AXES, DEFAULT_AXES, LogRange

LONGEST = 700  # characters of a lesson's text
FAULTS = 3  # sentences about one text
KEYS = {axis.key: name for name, axis in AXES.items()}  # axes that a space may have, by their keys
RANGES = {AXES[name].key: name for name in DEFAULT_AXES}  # those whose keys only ranges have
# Groups of settings, in order. A value is judged by those before it: images by the data set, rungs by the epochs.
BEFORE_RANGES, AFTER_RANGES = ("axes", "dataset", "sizes", "network"), ("trials", "epochs", "give_up", "seed")


@dataclass(frozen=True)
class Part:
    """One part of a lesson's text."""

    write: Callable[[Lesson], str]
    read: Callable[[Lesson, str], tuple[Lesson, list[LessonError]]]  # the lesson with it, and what is wrong with it


def write_lesson(lesson: Lesson) -> str:
    """The text of a lesson: what differs from the default one, "" if nothing does."""
    usual = type(lesson.plan)()
    with_axes = Lesson(usual.searching(lesson.plan.space.axes))  # what follows from the axes is not written
    before = {key: Lesson(usual) if key == "axes" else with_axes for key in parts(type(lesson.plan))}
    written = ((key, part.write(lesson), part.write(before[key])) for key, part in parts(type(lesson.plan)).items())
    return "~".join(f"{key}.{text}" for key, text, plain in written if text != plain)


def read_lesson(text: str, plan_class: type[RoundPlan] = RoundPlan) -> tuple[Lesson, list[LessonError]]:
    """The lesson of a link, and what is wrong with it: what is not allowed keeps its default. Never raises."""
    lesson, known = Lesson(plan_class()), parts(plan_class)
    if len(text) > LONGEST:
        return lesson, [LessonPlanError(N_("A lesson's text has at most {limit} characters."), limit=LONGEST)]
    given: dict[str, str] = {}
    faults: list[LessonError] = []
    for piece in filter(None, text.split("~")):
        key, _, value = piece.partition(".")
        if key not in known:
            faults.append(
                LessonPlanError(
                    N_("A lesson has nothing called {name}; there are {names}."),
                    name=plain_word(key),
                    names=", ".join(known),
                )
            )
        elif given.setdefault(key, value) != value:
            faults.append(LessonPlanError(N_("{name} stands in the lesson twice; the first counts."), name=key))
    for key, part in known.items():
        if key in given:
            lesson, wrong = part.read(lesson, given[key])
            faults += wrong
    return lesson, faults[:FAULTS]


def parts(plan_class: type) -> Mapping[str, Part]:
    """All parts that a lesson's text may have, by their keys, in the order in which they are written and read."""
    return _parts(plan_class)


@cache
def _parts(plan_class: type) -> Mapping[str, Part]:
    before, after = (
        {
            one.key: _setting_or_range_part(name, one) if one.key in KEYS else _setting_part(name, one)
            for group in groups
            for name, one in settings_in(plan_class, [group]).items()
        }
        for groups in (BEFORE_RANGES, AFTER_RANGES)
    )
    ranges = {key: _range_part(axis) for key, axis in RANGES.items()}
    of_lesson = {"budget": _budget_part(), "pages": _names_part("pages"), "hide": _names_part("hidden")}
    return {"axes": _axes_part()} | before | ranges | after | of_lesson


def _whole_part(write: Callable[[Lesson], str], take: Callable[[Lesson, str], Lesson]) -> Part:
    """A part that counts as a whole or not at all. take: raises LessonError for what is not allowed"""

    def read(lesson: Lesson, text: str) -> tuple[Lesson, list[LessonError]]:
        try:
            return take(lesson, text), []
        except LessonError as fault:
            return lesson, [fault]

    return Part(write, read)


def _setting_part(name: str, setting: Setting) -> Part:
    """A setting of the plan, which itself refuses what is not allowed."""

    def take(lesson: Lesson, text: str) -> Lesson:
        settings: dict[str, Any] = {name: setting.kind.read(text)}
        return replace(lesson, plan=replace(lesson.plan, **settings))

    return _whole_part(lambda lesson: setting.kind.write(getattr(lesson.plan, name)), take)


def _axes_part() -> Part:
    """What a round searches, in order: lr.wd.momentum. With it come the optimizer and initial weights that it needs."""

    def take(lesson: Lesson, text: str) -> Lesson:
        keys = text.split(".")
        if unknown := [key for key in keys if key not in KEYS]:
            raise LessonPlanError(
                N_("No hyperparameter called {name} can be searched; choose from {names}."),
                name=plain_word(unknown[0]),
                names=", ".join(KEYS),
            )
        return replace(lesson, plan=lesson.plan.searching(tuple(KEYS[key] for key in keys)))

    return _whole_part(lambda lesson: ".".join(AXES[axis].key for axis in lesson.plan.space.axes), take)


def _setting_or_range_part(name: str, setting: Setting) -> Part:
    """A setting that can also be searched: a range where the lesson's rounds search it, else a value."""
    range_part, setting_part = _range_part(name), _setting_part(name, setting)

    def write(lesson: Lesson) -> str:
        return (range_part if name in lesson.plan.space else setting_part).write(lesson)

    def read(lesson: Lesson, text: str) -> tuple[Lesson, list[LessonError]]:
        is_range = ".." in text or name in lesson.plan.space
        return (range_part if is_range else setting_part).read(lesson, text)

    return Part(write, read)


def _range_part(axis: str) -> Part:
    """A range on an axis' scale: -6..-2."""

    def write(lesson: Lesson) -> str:
        space = lesson.plan.space
        range_ = space[axis] if axis in space else AXES[axis].start
        return f"{write_number(range_.low)}..{write_number(range_.high)}"

    def take(lesson: Lesson, text: str) -> Lesson:
        if axis not in lesson.plan.space:
            raise LessonPlanError(
                N_("{name} has a range, and the rounds do not search it; axes names what they search."),
                name=AXES[axis].key,
            )
        low, _, high = text.partition("..")
        range_ = LogRange(read_number(low), read_number(high))  # type: ignore[arg-type]
        return replace(lesson, plan=replace(lesson.plan, space=lesson.plan.space.with_range(axis, range_)))

    return _whole_part(write, take)


def _budget_part() -> Part:
    """A whole number of epochs, or none."""
    return _whole_part(
        lambda lesson: NONE if lesson.budget is None else str(lesson.budget),
        lambda lesson, text: replace(lesson, budget=None if text == NONE else read_whole_number(text)),  # type: ignore[arg-type]
    )


def _names_part(field: str) -> Part:
    """Some names; those that are not known are left out, and a list of such alone does not count."""

    def write(lesson: Lesson) -> str:
        return ".".join(getattr(lesson, field)) or NONE

    def read(lesson: Lesson, text: str) -> tuple[Lesson, list[LessonError]]:
        found: tuple[str, ...] = ()
        faults: list[LessonError] = []
        for name in [] if text == NONE else text.split("."):
            try:
                found = getattr(replace(lesson, **{field: (*found, name)}), field)  # type: ignore[arg-type]
            except LessonError as fault:
                faults.append(fault)
        return (lesson if faults and not found else replace(lesson, **{field: found})), faults  # type: ignore[arg-type]

    return Part(write, read)
