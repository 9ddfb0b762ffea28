"""Hangul as the keys of the Korean keyboard (2-set) that give it, for what is typed in Hangul mode by mistake.

In Hangul mode the keys a, b, c give ㅁ, ㅠ, ㅊ, and an input method puts letters together: the keys a, n give 무.
"""

import unicodedata

KEYS = dict(
    zip(
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡㅃㅉㄸㄲㅆㅒㅖ",
        "qwertyuiopasdfghjklzxcvbnmQWERTOP",
        strict=True,
    )
)
PAIRS = {  # letters that an input method makes of two
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ",
    "ㅢ": "ㅡㅣ", "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ",
    "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"  # in the order of Unicode's syllables, as the next two
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
FIRST, LAST = 0xAC00, 0xD7A3  # syllables in Unicode: 가 to 힣


def latin_keys(text: str) -> str:
    """The text with every Hangul letter replaced by the Latin letters on its keys; all else stays as it is.

    Half-width and separately coded letters count as the usual ones.
    """
    # NFC joins separately coded letters of a syllable; NFKC makes of the others the letters that a key gives
    return "".join(map(_keys_of, unicodedata.normalize("NFKC", unicodedata.normalize("NFC", text))))


def _keys_of(character: str) -> str:
    code = ord(character)
    if 0x1100 <= code <= 0x11FF:  # what NFKC makes of a single letter
        character = _LETTER_OF.get(character, character)
    letters = _letters_of(code) if FIRST <= code <= LAST else character
    return "".join(KEYS.get(one, one) for letter in letters for one in PAIRS.get(letter, letter))


def _letters_of(code: int) -> str:
    """The letters of a syllable."""
    initial, rest = divmod(code - FIRST, len(VOWELS) * len(FINALS))
    vowel, final = divmod(rest, len(FINALS))
    return INITIALS[initial] + VOWELS[vowel] + FINALS[final]


_LETTER_OF = {unicodedata.normalize("NFKC", letter): letter for letter in (*KEYS, *PAIRS)}
