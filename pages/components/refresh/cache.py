"""Results that all tabs share, computed once even if a whole class asks for them in the same second.

A result is kept under the arguments it was computed from. Of several threads that ask for the same one, one computes
it and the others wait for that result alone. The least recently used result goes first when there are too many.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from threading import Condition, Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, ref

from cachetools import LRUCache, cached
from cachetools.keys import hashkey

MAX_ENTRIES = 40  # results kept for one object: by language, by size, after every change of a name
Result = TypeVar("Result")
Compute = Callable[..., Result]


def memoize(max_entries: int, key: Callable[..., Hashable] = hashkey) -> Callable[[Compute[Result]], Compute[Result]]:
    """Decorates a function of hashable arguments whose results are kept, `max_entries` at most.

    key: of the arguments, what its result depends on
    """
    return cached(LRUCache(max_entries), key=key, condition=Condition())


def memoize_on(
    keep_if: Callable[[Any], bool] = lambda of: True, max_entries: int = MAX_ENTRIES
) -> Callable[[Compute[Result]], Compute[Result]]:
    """Decorates a function of an object and other hashable arguments: results are kept as long as the object lives.

    keep_if: whether the results for an object are to be kept    max_entries: of one object
    """

    def decorate(compute: Compute[Result]) -> Compute[Result]:
        caches: WeakKeyDictionary[Any, Compute[Result]] = WeakKeyDictionary()
        lock = Lock()

        def new_cache(of: Any) -> Compute[Result]:
            alive = ref(of)  # a cache that held the object would keep it for ever
            return memoize(max_entries)(lambda *more: compute(alive(), *more))

        @wraps(compute)
        def memoized(of: Any, *more: Hashable) -> Result:
            if not keep_if(of):
                return compute(of, *more)
            with lock:
                cache = caches.get(of) or caches.setdefault(of, new_cache(of))
            return cache(*more)

        return memoized

    return decorate
