"""A ranking of the students of a class, and its JSON."""

import json
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True)
class Rank:
    """A student's line in the ranking."""

    seat: int
    place: int  # from 1; ties have the same one
    tied: bool  # with a line above or below
    accuracy: float
    spent: int  # epochs, at most the budget that all are compared at


@dataclass(frozen=True)
class EqualBudgetRanking:
    """A ranking of students by the best accuracy that each had within a budget of epochs."""

    budget: int  # epochs
    ranks: tuple[Rank, ...]
    least_difference: float = 0.0  # from the best accuracy that is no tie

    def without(self, seat: int) -> "EqualBudgetRanking":
        """The ranking without a student; the places of the others stay as they are."""
        return replace(self, ranks=tuple(rank for rank in self.ranks if rank.seat != seat))

    def to_json(self) -> str:
        record = asdict(self)
        record["error"] = record.pop("least_difference")  # its name where rankings are stored
        return json.dumps(record)

    @classmethod
    def from_json(cls, text: str) -> "EqualBudgetRanking":
        """What `to_json` wrote."""
        record = json.loads(text)
        return cls(record["budget"], tuple(Rank(**one) for one in record["ranks"]), record["error"])
