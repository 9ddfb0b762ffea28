"""Codes that a class is joined by: drawn, parsed from what somebody typed, grouped for reading.

How hard they are to guess is worked out in core/server/rate_limits.py.
"""

import secrets

from core.typed_keys import latin_keys

ALPHABET = "ACDEFHJKMNPRTWXY3479"  # no characters that look alike: no 0 O Q, 1 I L, 2 Z, 5 S, 6 G, 8 B, U V
DRAWN = ALPHABET.translate({ord(vowel): None for vowel in "AE"})  # no words, and no kana in Japanese, see kana_keys.py
NEVER_DRAWN = ("NN", "XN")  # a Japanese input method makes of either what it makes of one N
LENGTH = 8


def draw() -> str:
    """A new code."""
    while True:
        code = "".join(secrets.choice(DRAWN) for _ in range(LENGTH))
        if not any(pair in code for pair in NEVER_DRAWN):
            return code


def parse(given: str) -> str | None:
    """The code that somebody typed, with spaces or hyphens, in full-width letters, in Hangul or kana mode; else None.

    A code of a class from before vowels were left out may not be read in kana mode.
    """
    typed = latin_keys(given[: 10 * LENGTH]).upper()
    code = "".join(letter for letter in typed if letter not in " -–—\t")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def grouped(code: str) -> str:
    """A code in two halves, for people to read."""
    return f"{code[: LENGTH // 2]} {code[LENGTH // 2 :]}"
