"""Hangul is read as the keys that it was typed with, letter by letter or put together by an input method."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hangul_keys import FINALS, INITIALS, KEYS, PAIRS, VOWELS, latin_keys
from tests.support.generated_input import cases

KEY_OF_LETTER = KEYS | {letter: "".join(KEYS[one] for one in two) for letter, two in PAIRS.items()}


def syllable(initial: str, vowel: str, final: str) -> str:
    """As Unicode's standard computes it."""
    place = (INITIALS.index(initial) * 21 + VOWELS.index(vowel)) * 28 + FINALS.index(final)
    return chr(0xAC00 + place)


syllables = st.builds(lambda *parts: parts, st.sampled_from(INITIALS), st.sampled_from(VOWELS), st.sampled_from(FINALS))


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("ㅁㅠㅊ", "abc"),
        ("무", "an"),
        ("값", "rkqt"),
        ("괜찮아", "rhoscksgdk"),
        ("ㄲ", "R"),
        ("A3 x-y", "A3 x-y"),
        ("１ㄷ－３", "1e-3"),
    ],
)  # fmt: skip
def test_hangul_is_the_keys_it_was_typed_with(typed: str, keys: str) -> None:
    assert latin_keys(typed) == keys


@cases(400)
@given(st.lists(syllables | st.sampled_from("aK7 "), max_size=12), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_any_syllables_in_any_form_of_unicode_are_their_keys(
    parts: list[tuple[str, str, str] | str], form: str
) -> None:
    text = "".join(part if isinstance(part, str) else syllable(*part) for part in parts)
    keys = "".join(
        part if isinstance(part, str) else "".join(KEY_OF_LETTER[one] for one in part if one) for part in parts
    )
    assert latin_keys(unicodedata.normalize(form, text)) == keys


@cases(200)
@given(st.lists(st.sampled_from([*KEYS, *PAIRS]), max_size=12))
def test_single_letters_in_a_row_are_their_keys(letters: list[str]) -> None:
    assert latin_keys("".join(letters)) == "".join(map(KEY_OF_LETTER.__getitem__, letters))
