"""A logger that a flood cannot fill the log with."""

import logging
import time
from collections.abc import Callable

EVERY = 1.0  # seconds


class SeldomLog:
    """Writes one line in EVERY seconds and counts the others."""

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger, self._clock = logger, clock
        self._next, self._left_out = float("-inf"), 0

    def warning(self, text: str, *values: object) -> None:
        """Write a warning, unless one was written just now."""
        if self._clock() < self._next:
            self._left_out += 1
            return
        self._next = self._clock() + EVERY
        more = f" ({self._left_out} more lines like it were left out.)" if self._left_out else ""
        self._left_out = 0
        self._logger.warning(text + more, *values)
