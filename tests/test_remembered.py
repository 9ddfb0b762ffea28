"""What is made of something is made once, kept no longer than that lives, and not without end."""

import gc
import weakref

from pages.components.remembered import MOST, remembered


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
