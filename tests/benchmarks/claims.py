"""How often each claim of the table (tests/claims) is made: at most with nothing there, at least where it is true."""

import logging
from collections.abc import Iterator

from tests.benchmarks.figure import Figure, at_least
from tests.claims.claim import LEAST_POWER, MOST_FALSE, Claim, lowest_power, worst_false
from tests.claims.registry import CLAIMS

NOISE = 0.006  # of a rate that is at its limit: two standard errors of 5000 simulations


def table(quick: bool) -> Iterator[Figure]:
    """Two figures a claim: its worst false rate over its grid, and its lowest power."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it warns that sentences are made without a page
    for claim in CLAIMS.values():
        yield from rates(claim, 20 if quick else claim.full)


def rates(claim: Claim, count: int) -> Iterator[Figure]:
    """The figures of one claim from so many simulations a condition."""
    false = worst_false(claim, count)
    against = f"the {MOST_FALSE:.0%} allowed ({false.condition})"
    limits = (0.0, 1 + NOISE / MOST_FALSE)
    yield Figure(f"claims.{claim.name}.false", 100 * false.share, "%", false.share / MOST_FALSE, against, limits)
    power = lowest_power(claim, count)
    if power is not None:
        against = f"the {LEAST_POWER:.0%} needed ({power.condition}; {claim.worth_saying})"
        low = at_least(1 - 2 * NOISE / LEAST_POWER)
        yield Figure(f"claims.{claim.name}.power", 100 * power.share, "%", power.share / LEAST_POWER, against, low)
