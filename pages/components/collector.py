"""Python's search for reference cycles, as rare as a server of many pages needs it.

While it goes on all pages stand still, for 0.28 s at the longest, and left as it is, it took a tenth of what the ticks
of a hundred pages cost. Leaving out what is there already (gc.freeze) would make it shorter too, but the first page is
being drawn by then, and its tab would never be let go.
"""

import gc

# Containers that are made, less those that have gone, until the youngest are searched. A tick leaves some 400 of them,
# and a hundred pages had a search of all containers every ten seconds at Python's own 700.
YOUNGEST = 3_000


def search_seldom() -> None:
    """Let the search wait longer."""
    gc.set_threshold(YOUNGEST, *gc.get_threshold()[1:])
