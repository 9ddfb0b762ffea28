"""The one kind of error whose sentence a page shows: for everything that a person can put right.

The sentence stays apart from its values: a page looks the sentence up in its catalogue and fills the values in
afterwards. `N_` marks such a sentence for the catalogue and changes nothing.
"""


def N_(sentence: str) -> str:
    """Mark `sentence` for translation; it is returned as it is."""
    return sentence


class LessonError(ValueError):
    """A fault with a sentence for the person in front of the screen.

    sentence: English, with {named} gaps, marked with `N_` where it is written
    values:   what fills the gaps
    """

    def __init__(self, sentence: str, **values: object) -> None:
        super().__init__(sentence.format(**values))
        self.sentence = sentence
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.sentence, self.values)


def _rebuild(kind: type[LessonError], sentence: str, values: dict[str, object]) -> LessonError:
    return kind(sentence, **values)
