"""Codes that a class is joined by: drawn, parsed from what somebody typed, grouped for reading.

How hard they are to guess is worked out in core/server/rate_limits.py.
"""

import secrets

from core.hangul_keys import latin_keys

ALPHABET = "ACDEFHJKMNPRTWXY3479"  # no characters that look alike: no 0 O Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V
LENGTH = 8


def draw() -> str:
    """A new code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def parse(given: str) -> str | None:
    """The code that somebody typed, with spaces or hyphens, in small or full-width letters, or in Hangul mode.

    None if it is none.
    """
    typed = latin_keys(given[: 10 * LENGTH]).upper()
    code = "".join(letter for letter in typed if letter not in " -–—\t")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """A code in two halves, for people to read."""
    return f"{code[: LENGTH // 2]} {code[LENGTH // 2 :]}"
