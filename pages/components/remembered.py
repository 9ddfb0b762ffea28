"""What all tabs look at, made once for all of them, even if a whole class asks for it in the same second."""

from collections.abc import Callable, Hashable
from functools import wraps
from threading import RLock
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

MOST = 40  # things made of one: by language, by size, after every change of a name
Made = TypeVar("Made")
Maker = Callable[..., Made]


class Shelf(Generic[Made]):
    """Things by a key; of threads that want one at once, one makes it and the others wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: dict[Hashable, Made] = {}
        self._making = RLock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The thing for a key, which is not None; beyond the most, the oldest goes."""
        found = self._things.get(key)
        if found is not None:
            return found
        with self._making:
            found = self._things.get(key)
            if found is None:
                found = make()
                if len(self._things) >= self._most:
                    del self._things[next(iter(self._things))]
                self._things[key] = found
            return found


def made_once(most: int) -> Callable[[Maker[Made]], Maker[Made]]:
    """Decorates a function that takes long and depends on nothing but its arguments. most: results that are kept"""

    def decorated(make: Maker[Made]) -> Maker[Made]:
        shelf = Shelf[Made](most)

        @wraps(make)
        def once(*of: Hashable, **more: Hashable) -> Made:
            return shelf.get((of, tuple(sorted(more.items()))), lambda: make(*of, **more))

        return once

    return decorated


def remembered(worth: Callable[[Any], bool] = lambda of: True) -> Callable[[Maker[Made]], Maker[Made]]:
    """Decorates a function of something, and of more: what it made of that is kept as long as that lives.

    worth: whether what is made of something should be kept
    """

    def decorated(make: Maker[Made]) -> Maker[Made]:
        shelves: WeakKeyDictionary[Any, Shelf[Made]] = WeakKeyDictionary()

        @wraps(make)
        def once(of: Any, *more: Hashable) -> Made:
            if not worth(of):
                return make(of, *more)
            return shelves.setdefault(of, Shelf(MOST)).get(more, lambda: make(of, *more))

        return once

    return decorated
