"""Names of one round or of several together."""

from collections.abc import Sequence

from pages.components.frame.translation import _


def round_names(numbers: Sequence[int]) -> str:
    """Some rounds in a few words: round 2 / rounds 1 to 3 / rounds 1, 3, 4. numbers: rising, one at least"""
    if len(numbers) == 1:
        return _("round {number}").format(number=numbers[0])
    if list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return _("rounds {first} to {last}").format(first=numbers[0], last=numbers[-1])
    return _("rounds {numbers}").format(numbers=", ".join(map(str, numbers)))
