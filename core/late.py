"""Libraries that take long to import, and only when they are needed: one thread at a time imports them.

Two threads that meet in the middle of a library may each wait for the other. Python then hands out a module that is
not complete yet.
"""

from importlib import import_module
from threading import RLock
from typing import Any

_importing = RLock()


def library(name: str) -> Any:
    """A module, complete. Raises ImportError if it cannot be had."""
    with _importing:
        return import_module(name)
