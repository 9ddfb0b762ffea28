"""One insight: a sentence with gaps and what fills them, so that a page can translate it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Insight:
    """A sentence with {named} gaps; values that are sentences of the catalogue themselves are in `terms`."""

    sentence: str
    values: dict[str, object]
    terms: dict[str, str]


def insight(sentence: str, terms: dict[str, str] | None = None, **values: object) -> Insight:
    """An insight from keyword values."""
    return Insight(sentence, values, terms or {})
