"""Tries are limited by session and by address, and a class that joins from one address is not."""

import pytest

from core.classroom import join_codes as codes
from core.errors import LessonError
from core.server.rate_limits import Allowance, Limiter, network, wrong_codes

A_DAY = 86_400.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def tries(limiter: Limiter, session: str, address: str) -> int:
    """How many tries are let through before one is refused."""
    for done in range(100_000):
        try:
            limiter.acquire(session, address)
        except LessonError:
            return done
    raise AssertionError("it never refused")


def limiter(clock: Clock) -> Limiter:
    return Limiter(Allowance(3, 0.5), Allowance(7, 2.0), clock)


def test_a_session_has_its_allowance_and_then_waits() -> None:
    clock = Clock()
    limited = limiter(clock)
    assert tries(limited, "a", "1.1.1.1") == 3
    clock.now = 4.0
    assert tries(limited, "a", "1.1.1.1") == 2


def test_new_sessions_do_not_raise_the_limit_of_an_address() -> None:
    limited = limiter(Clock())
    assert sum(tries(limited, f"session {number}", "1.1.1.1") for number in range(10)) == 7


def test_another_address_has_a_limit_of_its_own() -> None:
    limited = limiter(Clock())
    for number in range(10):
        tries(limited, f"session {number}", "1.1.1.1")
    assert tries(limited, "somebody", "2.2.2.2") == 3


def test_a_try_that_was_right_costs_nothing() -> None:
    limited = limiter(Clock())
    for _ in range(100):
        limited.acquire("a", "1.1.1.1")
        limited.refund("a", "1.1.1.1")
    assert tries(limited, "a", "1.1.1.1") == 3


def test_an_allowance_never_grows_beyond_its_size() -> None:
    clock = Clock()
    limited = limiter(clock)
    limited.acquire("a", "1.1.1.1")
    clock.now = 1e6
    assert tries(limited, "a", "1.1.1.1") == 3


def test_a_class_of_a_hundred_may_mistype_twice_each_from_one_address_at_once() -> None:
    limited = wrong_codes()
    for student in range(100):
        for _ in range(2):
            limited.acquire(f"student {student}", "10.0.0.1")


def test_a_day_of_guessing_finds_a_class_with_a_chance_below_one_in_a_million() -> None:
    clock = Clock()
    limited = wrong_codes()
    limited._clock = clock
    guesses = 0
    while clock.now < A_DAY:  # a new session for every try, and as fast as it is let through
        try:
            limited.acquire(f"session {guesses}", "10.0.0.1")
            guesses += 1
        except LessonError:
            clock.now += 6.0
    assert 300 <= guesses <= 14_701
    assert guesses / len(codes.ALPHABET) ** codes.LENGTH < 1e-6


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        (None, "", True),
    ],
)
def test_addresses_of_one_network_have_one_limit(one: str | None, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same
