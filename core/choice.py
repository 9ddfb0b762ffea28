"""What a student settles on."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Choice:
    """The one value a student has settled on, and the trial it comes from, if any."""

    learning_rate: float
    weight_decay: float
    number: int | None = None  # of the round
    trial: int | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))
