"""What is to be called at the ends of rounds, called one after the other in a thread of its own."""

import logging
import queue
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class EndCallbacks:
    """A queue of callbacks and the thread that calls them, outside any lock: one may start another round."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()  # None: the last one
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, callback: Callable[[], None]) -> None:
        """Have it called soon."""
        self._queue.put(callback)

    def close(self, timeout: float) -> None:
        """Call what has been put so far, and wait for the end of that at most `timeout` seconds."""
        self._queue.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        while (callback := self._queue.get()) is not None:
            try:
                callback()
            except Exception:
                log.exception("what was to be called at the end of a round failed")
