"""The figures of a benchmark: each a value and its ratio to a reference measured in the same run."""

import math
from dataclasses import dataclass


class Skipped(Exception):
    """A benchmark that cannot run on this machine, and why."""


@dataclass(frozen=True)
class Figure:
    """A measured value and its ratio to something measured in the same run.

    target: the bounds (low, high) that the ratio is to lie in; None when nothing is promised
    """

    name: str
    value: float
    unit: str
    ratio: float
    against: str  # what the ratio is to, as a person reads it
    target: tuple[float, float] | None = None

    def line(self) -> str:
        """The figure as one line of the report."""
        said = f"{self.name:<27} {self.value:>9.4g} {self.unit:<12} ratio {self.ratio:.3f} to {self.against}"
        if self.target is None:
            return said
        low, high = self.target
        bounds = f">= {low:.2f}" if math.isinf(high) else f"{low:.2f} to {high:.2f}"
        return f"{said} (target {bounds}: {'met' if low <= self.ratio <= high else 'missed'})"


def at_least(low: float) -> tuple[float, float]:
    """The bounds of a target that has no upper one."""
    return low, math.inf
