"""The value that a student chooses from what the rounds have shown."""

import json
from dataclasses import asdict, dataclass, replace

from core.plan import RoundPlan


@dataclass(frozen=True)
class Choice:
    """A learning rate and a weight decay, and the trial that they come from, if any."""

    learning_rate: float
    weight_decay: float
    number: int | None = None  # of the round
    trial: int | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    def plan(self, settings: RoundPlan) -> RoundPlan:
        """A round of this value alone with some settings. Raises PlanError when no round could train it."""
        return replace(settings, trials=1, values=((self.learning_rate, self.weight_decay),))
