"""Results are computed once, kept no longer than what they were computed from, and a bounded number of them."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from pages.components.refresh.cache import MAX_ENTRIES, memoize, memoize_on
from tests.support.waiting import LIMIT

CROWD = 30


class Thing:
    """An object that results are computed from."""


def counted(**settings: object) -> tuple[object, list[tuple[object, ...]]]:
    """A memoized function, and the further arguments of every computation."""
    asked: list[tuple[object, ...]] = []

    def make(of: Thing, *more: object) -> str:
        asked.append(more)
        return f"{more} of {id(of)}"

    return memoize_on(**settings)(make), asked


def test_a_result_is_computed_once_for_the_same_object_and_arguments() -> None:
    make, asked = counted()
    one, other = Thing(), Thing()
    assert make(one, 1) == make(one, 1) != make(one, 2) and make(other, 1) != make(one, 1)
    assert asked == [(1,), (2,), (1,)]


def test_a_cache_does_not_keep_its_object_alive() -> None:
    make, _ = counted()
    one = Thing()
    make(one, 1)
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None


def test_results_that_keep_if_rejects_are_computed_every_time() -> None:
    make, asked = counted(keep_if=lambda thing: False)
    one = Thing()
    assert make(one) == make(one) and asked == [(), ()]


def test_an_object_has_max_entries_results_at_most() -> None:
    make, asked = counted()
    one = Thing()
    make(one, "first")
    for number in range(MAX_ENTRIES):
        make(one, number)
    make(one, "first")
    assert asked.count(("first",)) == 2


@pytest.mark.parametrize("decorator", [memoize(MAX_ENTRIES), memoize_on()], ids=["memoize", "memoize_on"])
def test_threads_that_ask_at_the_same_time_share_one_computation(
    decorator: Callable[..., Callable[..., object]],
) -> None:
    asked: list[Thing] = []
    together = Barrier(CROWD)

    def make(of: Thing) -> object:
        asked.append(of)
        sum(range(10**6))  # long enough for the others to come
        return object()

    def ask(_: int) -> object:
        together.wait()
        return once(thing)

    thing, once = Thing(), decorator(make)
    with ThreadPoolExecutor(CROWD) as crowd:
        assert len(set(crowd.map(ask, range(CROWD)))) == 1
    assert asked == [thing]


def test_beyond_the_bound_the_least_recently_used_result_goes() -> None:
    asked: list[int] = []

    @memoize(2)
    def double(number: int) -> int:
        asked.append(number)
        return 2 * number

    assert [double(number) for number in (1, 2, 1, 3, 1, 2)] == [2, 4, 2, 6, 2, 4]
    assert asked == [1, 2, 3, 2]


@pytest.mark.parametrize("decorator", [memoize(MAX_ENTRIES), memoize_on()], ids=["memoize", "memoize_on"])
def test_whoever_asks_for_another_result_does_not_wait(decorator: Callable[..., Callable[..., object]]) -> None:
    begun, go_on = Event(), Event()

    @decorator
    def compute(of: Thing, name: str) -> str:
        if name == "slow":
            begun.set()
            assert go_on.wait(LIMIT)
        return name

    thing = Thing()
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(compute, thing, "slow")
        assert begun.wait(LIMIT)
        assert compute(thing, "quick") == "quick"
        go_on.set()
        assert slow.result(LIMIT) == "slow"


@pytest.mark.parametrize("decorator", [memoize(MAX_ENTRIES), memoize_on()], ids=["memoize", "memoize_on"])
def test_a_computation_that_failed_is_tried_again(decorator: Callable[..., Callable[..., object]]) -> None:
    faults = [ValueError("first")]

    @decorator
    def compute(of: Thing) -> str:
        if faults:
            raise faults.pop()
        return "done"

    thing = Thing()
    with pytest.raises(ValueError, match="first"):
        compute(thing)
    assert compute(thing) == "done"
