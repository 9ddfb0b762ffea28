"""Kana as the keys of the Japanese keyboard that give it, for what is typed with the input method on by mistake.

    every key a kana        the keys - 3 give ほあ
    Latin letters to kana   the keys 1 e - 3 give １えー３, k k gives っｋ, n k gives んｋ; k waits for a vowel

The second way cannot be undone where a consonant and a vowel have met: か may come from ka and from ca.
"""

import unicodedata

KEYS = dict(
    zip(
        "ぬふあうえおやゆよわほへたていすかんなにらせちとしはきくまのりつさそひこみもねるめ",
        "1234567890-^qwertyuiopasdfghjklzxcvbnm,./",
        strict=True,
    )
)
WITH_SHIFT = dict(zip("ぁぅぇぉゃゅょをぃっ", "34567890ez", strict=True))
ALONE = {"あ": "a", "い": "i", "う": "u", "え": "e", "お": "o", "ん": "n", "ー": "-"}  # where Latin letters become kana
DOUBLED = "っ"  # for the first of two equal consonants
KATAKANA, HIRAGANA = 0x30A1, 0x3041  # where either begins in Unicode, in the same order
LAST_KATAKANA = 0x30F6


def latin_keys(text: str) -> str:
    """The text with kana replaced by the letters, figures and signs on its keys; all else stays as it is, in NFKC."""
    kana = "".join(map(_hiragana, unicodedata.normalize("NFKC", text)))
    keys = KEYS | WITH_SHIFT
    if all(one in keys for one in kana if not one.isspace()):
        return "".join(keys.get(one, one) for one in kana)
    typed = ""
    for one in reversed(kana):
        typed = (typed[:1] if one == DOUBLED and typed else ALONE.get(one, one)) + typed
    return typed


def _hiragana(character: str) -> str:
    code = ord(character)
    return chr(code - KATAKANA + HIRAGANA) if KATAKANA <= code <= LAST_KATAKANA else character
