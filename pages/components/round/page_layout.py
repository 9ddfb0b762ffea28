"""Widths of what stands on the page of rounds: the map with its strips, the column beside it, the panels of curves."""

from typing import NamedTuple

from pages.components.round.chart_style import AXIS, MEDIUM, WIDE

TWO_COLUMNS = 800  # pixels of a page from which on the controls stand beside the map, as in workbench.css
SIDE, SIDE_SHARE, SIDE_MOST = 390, 0.38, 470  # pixels of the column beside the map: at least, share, at most
SIDE_GAP = 24  # pixels between the map and that column
STRIP, NARROW_STRIP = 110, 84  # pixels of the strip beside the map
GAP = 14  # pixels between panels


class Layout(NamedTuple):
    """Widths in pixels, and the number of panels in a row."""

    map: int
    strip: int  # accuracy by weight decay beside the map; 0: it is below the map, with the curves
    panel: int
    columns: int
    side: int  # column right of the map; 0: everything is in one column


def layout(width: int) -> Layout:
    """The layout for a page `width` pixels wide."""
    columns = 5 if width >= WIDE else 4 if width >= MEDIUM else 2
    panel = (width - AXIS - 30 - GAP * (columns - 1)) // columns
    if width < TWO_COLUMNS:
        return Layout(width - AXIS - 16, 0, panel, columns, 0)
    side = int(min(max(SIDE, SIDE_SHARE * width), SIDE_MOST))
    strip = STRIP if width >= WIDE + 200 else NARROW_STRIP
    return Layout(width - side - SIDE_GAP - strip - AXIS - 44, strip, panel, columns, side)
