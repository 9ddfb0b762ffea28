"""What is made of something is made once, kept no longer than that lives, and not without end."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from pages.components.remembered import MOST, made_once, remembered

CROWD = 30


class Thing:
    """Something that all tabs look at."""


def counted(**settings: object) -> tuple[object, list[tuple[object, ...]]]:
    """A remembered function, and what it was asked for."""
    asked: list[tuple[object, ...]] = []

    def make(of: Thing, *more: object) -> str:
        asked.append(more)
        return f"{more} of {id(of)}"

    return remembered(**settings)(make), asked


def test_it_is_made_once_for_the_same_thing_and_the_same_rest() -> None:
    make, asked = counted()
    one, other = Thing(), Thing()
    assert make(one, 1) == make(one, 1) != make(one, 2) and make(other, 1) != make(one, 1)
    assert asked == [(1,), (2,), (1,)]


def test_it_does_not_keep_what_it_was_made_of() -> None:
    make, _ = counted()
    one = Thing()
    make(one, 1)
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None


def test_what_is_not_worth_it_is_made_every_time() -> None:
    make, asked = counted(worth=lambda thing: False)
    one = Thing()
    assert make(one) == make(one) and asked == [(), ()]


def test_a_thing_that_stays_does_not_gather_without_end() -> None:
    make, asked = counted()
    one = Thing()
    make(one, "first")
    for number in range(MOST):
        make(one, number)
    make(one, "first")
    assert asked.count(("first",)) == 2


@pytest.mark.parametrize("decorator", [made_once(MOST), remembered()], ids=["made_once", "remembered"])
def test_a_crowd_that_asks_in_the_same_moment_has_it_made_once(decorator: Callable[..., Callable[..., object]]) -> None:
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


def test_beyond_the_most_the_oldest_goes() -> None:
    asked: list[int] = []

    @made_once(2)
    def double(number: int) -> int:
        asked.append(number)
        return 2 * number

    assert [double(number) for number in (1, 2, 1, 3, 2, 1)] == [2, 4, 2, 6, 4, 2]
    assert asked == [1, 2, 3, 1]
