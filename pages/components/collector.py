"""Python's search for reference cycles, as rare and as short as a server of many pages needs it.

While it goes on all pages stand still. Left as it is, it took a tenth of what the ticks of a hundred pages cost, and
0.28 s at the longest: it searches the libraries too, which never go.
"""

import gc
from functools import cache

# Containers that are made, less those that have gone, until the youngest are searched: about a tick's, not a third.
YOUNGEST = 3_000


@cache
def spare_the_libraries() -> None:
    """Let what is there now, once everything is imported, never be searched again, and the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, *gc.get_threshold()[1:])
