"""Charts as SVG, made from numbers: a frame with two axes, and marks on it.

Frame.x, Frame.y   value of an axis --> pixels of the drawing
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 360, 250  # of the drawing; the page scales it
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 10, 40  # room for the labels around the frame
INK, GRID, FRAME = "#31333f", "#d9dbdf", "#8a8f98"
TEXT = 11  # pixels


@dataclass(frozen=True)
class Axis:
    """An axis: its title, its ends, and where it has which label."""

    title: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1; beyond them at the nearer one."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


@dataclass(frozen=True)
class Frame:
    """A chart's frame."""

    horizontal: Axis
    vertical: Axis

    def x(self, value: float) -> float:
        """Pixels from the left."""
        return LEFT + self.horizontal.share(value) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return HEIGHT - BOTTOM - self.vertical.share(value) * (HEIGHT - TOP - BOTTOM)

    def chart(self, marks: Sequence[str], alt: str) -> str:
        """The whole drawing. alt: what it shows, in words"""
        name = escape(alt)
        head = (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}" font-size="{TEXT}" fill="{INK}">'
            f"<title>{name}</title>"
        )
        return head + "".join([*self._axes(), *marks]) + "</svg>"

    def _axes(self) -> list[str]:
        left, right, top, bottom = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
        parts = []
        for value, label in self.horizontal.ticks:
            parts.append(line([(self.x(value), top), (self.x(value), bottom)], GRID))
            parts.append(text(self.x(value), bottom + 15, label, "middle"))
        for value, label in self.vertical.ticks:
            parts.append(line([(left, self.y(value)), (right, self.y(value))], GRID))
            parts.append(text(left - 6, self.y(value) + 4, label, "end"))
        parts.append(rectangle(left, top, right, bottom, FRAME))
        parts.append(text((left + right) / 2, HEIGHT - 5, self.horizontal.title, "middle"))
        middle = (top + bottom) / 2
        turned = f' transform="rotate(-90 11 {number(middle)})"'
        return [*parts, text(11, middle, self.vertical.title, "middle", turned)]


def number(pixels: float) -> str:
    """Pixels as text, to a tenth."""
    return f"{pixels:.1f}".rstrip("0").rstrip(".")


def text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    """Words at a place. anchor: which end of them is there    more: further attributes, as they are"""
    return f'<text x="{number(x)}" y="{number(y)}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def line(points: Sequence[tuple[float, float]], colour: str, width: float = 1, dashes: str = "") -> str:
    """A line through points. dashes: as stroke-dasharray has them"""
    course = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{course}" fill="none" stroke="{colour}" stroke-width="{number(width)}"{dashed}/>'


def rectangle(left: float, top: float, right: float, bottom: float, colour: str, dashes: str = "") -> str:
    """An empty rectangle, at least 3 pixels wide and high: a range may hold one value alone."""
    width, height = max(right - left, 3), max(bottom - top, 3)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<rect x="{number(left)}" y="{number(top)}" width="{number(width)}" height="{number(height)}" '
        f'fill="none" stroke="{colour}"{dashed}/>'
    )


def point(x: float, y: float, colour: str, title: str, ring: str = "") -> str:
    """A point that says its title when it is pointed at. ring: the colour of a ring around it; "": none"""
    dot = f'<circle cx="{number(x)}" cy="{number(y)}" r="4" fill="{colour}"><title>{escape(title)}</title></circle>'
    if ring:
        dot += f'<circle cx="{number(x)}" cy="{number(y)}" r="6.5" fill="none" stroke="{ring}" stroke-width="1.5"/>'
    return dot


def cross(x: float, y: float, colour: str, title: str) -> str:
    """A cross that says its title when it is pointed at."""
    strokes = f"M{number(x - 4)} {number(y - 4)}l8 8m0 -8l-8 8"
    return f'<path d="{strokes}" fill="none" stroke="{colour}" stroke-width="1.6"><title>{escape(title)}</title></path>'
