"""What is made of something that all tabs look at: made once for all of them, and forgotten together with it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

MOST = 40  # things made of one: by language, by size, after every change of a name
Made = TypeVar("Made")


def remembered(worth: Callable[[Any], bool] = lambda of: True) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """Decorates a function of something, and of more: what it made of that is kept as long as that lives.

    worth: whether what is made of something should be kept
    """

    def decorated(make: Callable[..., Made]) -> Callable[..., Made]:
        kept: WeakKeyDictionary[Any, dict[tuple[object, ...], Made]] = WeakKeyDictionary()

        @wraps(make)
        def once(of: Any, *more: object) -> Made:
            if not worth(of):
                return make(of, *more)
            made = kept.setdefault(of, {})
            found = made.get(more)
            if found is None:
                if len(made) >= MOST:
                    made.clear()
                found = made[more] = make(of, *more)
            return found

        return once

    return decorated
