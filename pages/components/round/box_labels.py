"""Where the labels of ranges stand on the map, so that none is written over another."""

from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import east_asian_width

FONT_SIZE, LINE, PADDING = 12, 15, 4  # pixels: of the text, of a line, between a label and the side of its box
LETTER = 0.56  # of the font's size, the width of a Latin letter


class Box(NamedTuple):
    """A rectangle in pixels, y upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
        )


def text_width(text: str) -> float:
    """Pixels of a text, as estimated."""
    return FONT_SIZE * sum(1.0 if east_asian_width(letter) in "WF" else LETTER for letter in text)


def place_labels(labels: Sequence[str], boxes: Sequence[Box], width: float, height: float) -> list[Box | None]:
    """The rectangle of each label, in a corner of its box or just outside; None where all of these are taken.

    labels: those that come first are placed first    boxes: one a label    width, height: of the map
    """
    placed: list[Box | None] = []
    for label, box in zip(labels, boxes, strict=True):
        free = (
            spot
            for spot in corners(box, text_width(label))
            if min(spot.left, spot.bottom) >= 0 and spot.right <= width and spot.top <= height
            if not any(other is not None and spot.meets(other) for other in placed)
        )
        placed.append(next(free, None))
    return placed


def corners(box: Box, wide: float) -> list[Box]:
    """Where a label may stand: in the corners of its box, then below and above it."""
    lefts = (box.left + PADDING, box.right - PADDING - wide)
    bottoms = (box.bottom + PADDING, box.top - PADDING - LINE, box.bottom - PADDING - LINE, box.top + PADDING)
    return [Box(left, bottom, left + wide, bottom + LINE) for bottom in bottoms for left in lefts]
