"""Wait for what comes about in another thread or process, no longer than it takes."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

LIMIT = 300.0  # seconds, far above what anything takes, even beside other tests


def until(condition: Callable[[], object], pause: float = 0.005, limit: float = LIMIT) -> None:
    """Look again and again, every `pause` seconds, until a condition holds."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it never came to this"
        time.sleep(pause)


def run(coroutine: Coroutine[None, None, Result]) -> Result:
    """Run a coroutine in a thread of its own: in this one the browser's loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
