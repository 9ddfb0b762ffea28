"""Generated plans, lessons, texts and JSON for property tests; the same ones on every run."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.datasets import DATASETS, training_count
from core.errors import LessonError
from core.lesson import BUDGET, PAGES, Lesson
from core.lesson_text import parts
from core.plan import RoundPlan
from core.rungs import MOST_RUNGS, Rungs
from core.settings import GROUPS, Choice, Kind, Number, Switch, WholeNumber, settings_of
from core.space import AXES, DEFAULT_AXES, LEAST_AXES, MOST_AXES, LogRange, SearchSpace

FULL = "full"  # the profile of hypothesis that conftest.py loads for `-m long`
SHARE = 20  # of how many cases one runs without it


def cases(count: int, slow: bool = False) -> settings:
    """So many cases of a property under `-m long`, else one in SHARE of them. slow: a case may take seconds"""
    if settings.get_current_profile_name() != FULL:
        count = max(count // SHARE, 5)
    unhealthy = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture] if slow else [HealthCheck.too_slow]
    return settings(max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=unhealthy)


def holds_for(strategy: st.SearchStrategy[Any], few: int, many: int) -> Callable[[Callable[[Any], None]], Any]:
    """Make a test of a function that states a property: for a few cases, and for many in a test that is marked long."""

    def test_of(state: Callable[[Any], None]) -> Callable[[int], None]:
        @pytest.mark.parametrize("count", [few, pytest.param(many, marks=pytest.mark.long)])
        def test(count: int) -> None:
            cases(count)(given(strategy)(state))()

        test.__name__ = state.__name__
        return test

    return test_of


def ranges(reach: LogRange) -> st.SearchStrategy[LogRange]:
    """Ranges inside a reach."""
    ends = st.floats(reach.low, reach.high)
    return st.tuples(ends, ends).map(lambda pair: LogRange(min(pair), max(pair)))


def ranges_of(axis: str) -> st.SearchStrategy[LogRange]:
    """Ranges that an axis may have."""
    reach = AXES[axis].reach
    if not AXES[axis].is_whole:
        return ranges(reach)
    ends = st.integers(int(reach.low), int(reach.high))
    return st.tuples(ends, ends).map(lambda pair: LogRange(min(pair), max(pair)))


def spaces_with(axes: list[str]) -> st.SearchStrategy[SearchSpace]:
    """Spaces with these axes, in their order."""
    return st.tuples(*map(ranges_of, axes)).map(lambda found: SearchSpace.of(dict(zip(axes, found, strict=True))))


some_axes = st.lists(st.sampled_from(list(AXES)), min_size=LEAST_AXES, max_size=MOST_AXES, unique=True)
spaces = spaces_with(list(DEFAULT_AXES)) | some_axes.flatmap(spaces_with)


def allowed(kind: Kind) -> st.SearchStrategy[Any]:
    """Values that a kind of setting takes; rungs may lie behind the end of a round."""
    match kind:
        case WholeNumber():
            return st.integers(kind.low, kind.high)
        case Number():
            digits = 4 if kind.low in (0, 0.0001) or kind.low >= 0.01 else 10  # as the limits are
            return st.floats(kind.low, kind.high).map(lambda number: round(number, digits))
        case Choice():
            return st.sampled_from(list(kind.options))
        case Switch():
            return st.booleans()
        case Rungs():
            rungs = st.lists(st.integers(1, 199), max_size=MOST_RUNGS, unique=True)
            return rungs.map(sorted).map(tuple)
    raise TypeError(kind)


@st.composite
def plans(draw: st.DrawFn) -> RoundPlan:
    """Plans that a round may have, their trials drawn from their ranges."""
    drawn = {name: draw(allowed(one.kind)) for name, one in settings_of(RoundPlan).items()}
    drawn["images"] = min(drawn["images"], training_count(drawn["dataset"]))
    drawn["give_up"] = tuple(rung for rung in drawn["give_up"] if rung < drawn["epochs"])
    space = draw(spaces)
    for one in settings_of(RoundPlan).values():
        if one.axis in space and one.only_with is not None:
            drawn[one.only_with[0]] = one.only_with[1]
    try:
        return RoundPlan(space, **drawn)
    except LessonError:  # too much memory
        return RoundPlan(space, **drawn | {"neurons": 2, "trials": 1})


lessons = st.builds(
    Lesson,
    plan=plans(),
    budget=st.none() | st.integers(*BUDGET),
    pages=st.lists(st.sampled_from(PAGES)).map(tuple),
    hidden=st.lists(st.sampled_from(list(GROUPS))).map(tuple),
)

texts = st.text(st.characters(), max_size=60)  # halves of characters too
_values = st.one_of(
    texts,
    st.integers().map(str),
    st.floats().map(repr),
    st.tuples(st.floats(), st.floats()).map(lambda pair: f"{pair[0]!r}..{pair[1]!r}"),
    st.lists(st.sampled_from([*PAGES, *GROUPS, *DATASETS, "none"])).map(".".join),
)
lesson_texts = st.one_of(
    texts,
    st.text(max_size=2000),
    st.text("~.-_0123456789abcdefghilmnorstuvwx", max_size=120),
    st.lists(st.tuples(st.sampled_from(list(parts(RoundPlan))), _values).map(".".join), max_size=8).map("~".join),
)  # from none at all to nearly right

scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
documents: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """A document of JSON in which something is another thing, is missing, or is there besides."""
    if isinstance(document, dict) and document:
        name = draw(st.sampled_from(sorted(document)))
        kind = draw(st.sampled_from(["within", "within", "within", "without", "besides"]))
        if kind == "without":
            return {key: value for key, value in document.items() if key != name}
        if kind == "besides":
            return document | {draw(texts): draw(documents)}
        return document | {name: draw(changed(document[name]))}
    if isinstance(document, list) and document:
        place = draw(st.integers(0, len(document) - 1))
        kind = draw(st.sampled_from(["within", "within", "within", "without", "besides"]))
        if kind == "without":
            return document[:place] + document[place + 1 :]
        if kind == "besides":
            return [*document[:place], draw(documents), *document[place:]]
        return [*document[:place], draw(changed(document[place])), *document[place + 1 :]]
    return draw(documents)
