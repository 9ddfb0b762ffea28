"""Which rounds can be compared: those whose settings agree in everything but where and how often they looked."""

from dataclasses import fields, replace

from core.plan import RoundPlan
from core.progress import RoundProgress
from core.space import AXES, LogRange, SearchSpace

# fields of a plan in which comparable rounds may differ; the others are settings, and so is what is searched
ROUND_ONLY_FIELDS = {"space": SearchSpace(), "trials": 1, "seed": 0, "values": None}
SETTINGS = tuple(field.name for field in fields(RoundPlan) if field.name not in ROUND_ONLY_FIELDS)


def comparable_rounds(rounds: list[RoundProgress]) -> list[RoundProgress]:
    """The rounds that are over and can be compared with the last one of them, in order."""
    over = [one for one in rounds if one.status.is_final and one.started]
    return [one for one in over if settings(one.plan) == settings(over[-1].plan)]


def settings(plan: RoundPlan) -> RoundPlan:
    """What two rounds must have in common for their accuracies to be compared."""
    axes = tuple(axis for axis in AXES if axis in plan.space)  # in whichever order
    space = SearchSpace.of({axis: AXES[axis].start for axis in axes})
    return replace(plan.to_the_end(), **ROUND_ONLY_FIELDS | {"space": space})  # type: ignore[arg-type]


def bounding_space(spaces: list[SearchSpace]) -> SearchSpace:
    """The smallest box that holds some others with the same axes, in the order of the last."""
    ranges = {axis: [space[axis] for space in spaces] for axis in spaces[-1].axes}
    return SearchSpace.of(
        {axis: LogRange(min(one.low for one in some), max(one.high for one in some)) for axis, some in ranges.items()}
    )
