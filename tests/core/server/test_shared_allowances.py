"""Tries of an address are counted over all servers, and go on while the database is away."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import fields

import pytest

from core.errors import LessonError
from core.server.rate_limits import Allowance, Limiter, Limits
from core.store.shared_allowances import SharedAllowances
from core.store.store import Store, StoreError
from tests.support.databases import Postgres, past
from tests.support.servers import at_once
from tests.support.store_writers import prepared

pytestmark = pytest.mark.long
ADDRESS = "203.0.113.9"


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.fresh()


@pytest.fixture
def shared(url: str) -> Iterator[SharedAllowances]:
    with closing(prepared(url)) as store:
        yield SharedAllowances(lambda: store, "secret")


def limiters(shared: SharedAllowances, tries: float, per_second: float = 1e-6) -> list[Limiter]:
    """Those of two servers."""
    made = [Limiter(None, Allowance(tries, per_second)) for _ in range(2)]
    for one in made:
        one.share(shared, "codes")
    return made


def allowed(limiter: Limiter, address: str = ADDRESS) -> bool:
    try:
        limiter.acquire("session", address)
    except LessonError:
        return False
    return True


def test_an_address_has_one_allowance_at_all_servers(shared: SharedAllowances) -> None:
    a, b = limiters(shared, 6)
    assert [allowed(limiter) for limiter in (a, b) * 4] == [True] * 6 + [False] * 2
    assert allowed(b, "198.51.100.7")


def test_a_try_that_is_put_back_at_one_server_is_there_at_the_other(shared: SharedAllowances) -> None:
    a, b = limiters(shared, 1)
    assert allowed(a) and not allowed(b)
    a.refund("session", ADDRESS)
    assert allowed(b) and not allowed(a)


def test_a_bucket_is_never_fuller_than_it_may_be_and_fills_again(shared: SharedAllowances) -> None:
    a, b = limiters(shared, 2)
    for _ in range(5):
        a.refund("session", ADDRESS)
    assert [allowed(b) for _ in range(3)] == [True, True, False]
    quick = limiters(shared, 2, per_second=1e6)
    assert [allowed(limiter) for limiter in quick * 3] == [True] * 6


def test_limiters_of_other_names_count_apart(shared: SharedAllowances) -> None:
    limits = Limits()
    limits.share(shared)
    for one in fields(limits):
        getattr(limits, one.name).acquire("session", ADDRESS)


def test_the_database_holds_no_address(shared: SharedAllowances, url: str) -> None:
    assert allowed(limiters(shared, 3)[0])
    with past(url).connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM allowance").all()
    assert len(rows) == 1 and ADDRESS not in str(rows)


def test_while_the_database_is_away_every_server_counts_alone() -> None:
    def no_store() -> Store:
        raise StoreError("away")

    a, b = limiters(SharedAllowances(no_store, "secret"), 2)
    assert [allowed(limiter) for limiter in (a, a, a, b)] == [True, True, False, True]


def test_what_is_counted_is_counted_once_under_many_hands(shared: SharedAllowances) -> None:
    made = limiters(shared, 20)
    seen: list[bool] = []

    def try_often(limiter: Limiter) -> Callable[[], None]:
        return lambda: seen.extend([allowed(limiter) for _ in range(20)])

    both = iter([try_often(one) for one in made])
    at_once(2, lambda: next(both)())
    assert sum(seen) == 20
