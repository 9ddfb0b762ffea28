"""Codes that a class is joined by: short, read off a projector, said aloud, typed on a phone.

How hard they are to guess is worked out in limits.py.
"""

import secrets
import unicodedata

ALPHABET = "ACDEFHJKMNPRTWXY3479"  # nothing that looks like something: no 0 O Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V
LENGTH = 8


def draw() -> str:
    """A new code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read(given: str) -> str | None:
    """The code that somebody typed, also in small or wide letters, with spaces or hyphens; None if it is none."""
    wide = unicodedata.normalize("NFKC", given[: 10 * LENGTH]).upper()
    code = "".join(letter for letter in wide if letter not in " -–—\t")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def written(code: str) -> str:
    """A code as people read it, in two halves."""
    return f"{code[: LENGTH // 2]} {code[LENGTH // 2 :]}"
