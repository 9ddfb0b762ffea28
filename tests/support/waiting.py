"""Wait for something that happens in another thread or process, no longer than it takes."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

LIMIT = 300.0  # seconds, far more than anything takes, even beside other tests


def until(condition: Callable[[], object], pause: float = 0.005, limit: float = LIMIT) -> None:
    """Check every `pause` seconds until a condition holds; fail after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "the condition was never met"
        time.sleep(pause)


def run(coroutine: Coroutine[None, None, Result]) -> Result:
    """Run a coroutine in a thread of its own: this one may already run the loop of the browser's driver."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
