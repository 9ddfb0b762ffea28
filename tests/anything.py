"""Anything at all, for tests that state a property: plans, lessons, texts, JSON; the same ones on every run."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from core.datasets import DATASETS, training_count
from core.errors import LessonError
from core.plan import LIMITS, VALIDATION_RATES, RoundPlan
from core.preset import BUDGET, CONTROLS, PAGES, PARTS, Preset
from core.space import LEARNING_RATE_REACH, WEIGHT_DECAY_REACH, LogRange, SearchSpace


def cases(count: int, slow: bool = False) -> settings:
    """So many cases of a property, drawn alike every time; slow: a case may take seconds."""
    unhealthy = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture] if slow else [HealthCheck.too_slow]
    return settings(max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=unhealthy)


def ranges(reach: LogRange) -> st.SearchStrategy[LogRange]:
    """Ranges inside a reach."""
    ends = st.floats(reach.low, reach.high)
    return st.tuples(ends, ends).map(lambda pair: LogRange(min(pair), max(pair)))


spaces = st.builds(SearchSpace, ranges(LEARNING_RATE_REACH), ranges(WEIGHT_DECAY_REACH))


@st.composite
def plans(draw: st.DrawFn) -> RoundPlan:
    """Plans that a round may have, their trials drawn from their ranges."""
    dataset = draw(st.sampled_from(DATASETS))
    numbers = {name: draw(st.integers(low, high)) for name, (low, high) in LIMITS.items()}
    numbers["images"] = min(numbers["images"], training_count(dataset))
    try:
        return RoundPlan(draw(spaces), dataset=dataset, validation_rate=draw(st.floats(*VALIDATION_RATES)), **numbers)
    except LessonError:  # too much memory
        return RoundPlan(draw(spaces), dataset=dataset, **numbers | {"neurons": LIMITS["neurons"][0]})


presets = st.builds(
    Preset,
    plan=plans(),
    budget=st.none() | st.integers(*BUDGET),
    pages=st.lists(st.sampled_from(PAGES)).map(tuple),
    hidden=st.lists(st.sampled_from(list(CONTROLS))).map(tuple),
)

texts = st.text(st.characters(), max_size=60)  # halves of characters too
_values = st.one_of(
    texts,
    st.integers().map(str),
    st.floats().map(repr),
    st.tuples(st.floats(), st.floats()).map(lambda pair: f"{pair[0]!r}..{pair[1]!r}"),
    st.lists(st.sampled_from([*PAGES, *CONTROLS, *DATASETS, "none"])).map(".".join),
)
lesson_texts = st.one_of(
    texts,
    st.text(max_size=2000),
    st.text("~.-_0123456789abcdefghilmnorstuvwx", max_size=120),
    st.lists(st.tuples(st.sampled_from(list(PARTS)), _values).map(".".join), max_size=8).map("~".join),
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
