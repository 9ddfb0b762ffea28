"""Of those who wait for a run the one goes first whose runs have taken least, and nobody waits while there is time."""

import asyncio

import pytest

from pages.components.web import turns
from pages.components.web.turns import LEASE, LITTLE, MORE_SLOTS, SLOTS, Turn, Turns
from tests.support.waiting import run


class Time:
    """A clock and a CPU that are set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.used = 0.0

    def pass_(self, seconds: float, busy: bool = True) -> None:
        self.now += seconds
        self.used += seconds * busy


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def never_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes on but for an end."""
    monkeypatch.setattr(turns, "LOOK", 1e6)


def test_nobody_waits_while_few_run() -> None:
    async def begin() -> None:
        all_ = Turns()
        for _ in range(100):
            one = Turn()
            await asyncio.wait_for(all_.begin(one), 1)
            all_.end(one)

    run(begin())


@pytest.mark.usefixtures("never_looks")
def test_a_student_goes_before_a_program_that_asks_without_end() -> None:
    async def order() -> list[str]:
        time = Time()
        all_ = Turns(lambda: time.now, lambda: time.used)
        programs = [Turn() for _ in range(20)]
        student, went = Turn(), []

        async def go(name: str, turn: Turn) -> None:
            await all_.begin(turn)
            went.append(name)

        for one in programs:  # each has had runs
            one.taken = 2 * LITTLE
        waiting = [asyncio.create_task(go("program", one)) for one in programs]
        await settle()
        waiting.append(asyncio.create_task(go("student", student)))
        await settle()
        for task in waiting:
            task.cancel()
        return went

    assert run(order()) == ["program"] * SLOTS + ["student"]


@pytest.mark.usefixtures("never_looks")
def test_of_those_who_have_taken_much_the_one_with_least_goes_next() -> None:
    async def order() -> list[int]:
        all_, went = Turns(lambda: 0.0, lambda: 0.0), []
        running = [Turn(taken=5.0) for _ in range(SLOTS)]
        for one in running:
            await all_.begin(one)

        async def go(number: int) -> None:
            await all_.begin(Turn(taken=float(number)))
            went.append(number)

        waiting = [asyncio.create_task(go(number)) for number in (4, 2, 3)]
        await settle()
        for one in running:
            all_.end(one)
        await settle()
        for task in waiting:
            task.cancel()
        return went

    assert run(order()) == [2, 3]


@pytest.mark.usefixtures("never_looks")
def test_what_a_run_took_is_forgotten_with_time() -> None:
    async def taken() -> tuple[float, float]:
        time = Time()
        all_ = Turns(lambda: time.now, lambda: time.used)
        one = Turn()
        await all_.begin(one)
        time.pass_(100.0)
        all_.end(one)
        at_once = all_._decayed(one)
        time.pass_(turns.HALF_LIFE)
        return at_once, all_._decayed(one)

    assert run(taken()) == (pytest.approx(LEASE), pytest.approx(LEASE / 2))


def test_runs_that_wait_for_something_hold_nobody_up() -> None:
    """A whole class presses Start: each run waits for its first points and uses no CPU."""

    async def begin() -> None:
        all_ = Turns(cpu=lambda: 0.0)
        await asyncio.wait_for(asyncio.gather(*(all_.begin(Turn()) for _ in range(60))), 30)

    run(begin())


def test_a_run_whose_end_is_never_seen_counts_for_its_lease_only() -> None:
    async def begin() -> None:
        all_ = Turns(cpu=iter(range(10**9)).__next__)  # busy whenever it is looked at
        for _ in range(SLOTS + MORE_SLOTS):
            await all_.begin(Turn())
        await asyncio.wait_for(all_.begin(Turn()), 30)

    run(begin())


@pytest.mark.usefixtures("never_looks")
def test_who_leaves_while_waiting_takes_no_turn() -> None:
    async def leave() -> bool:
        time = Time()
        all_ = Turns(lambda: time.now, lambda: time.used)
        running = [Turn() for _ in range(SLOTS + MORE_SLOTS)]
        for one in running:
            await all_.begin(one)
        gone, next_ = (asyncio.create_task(all_.begin(Turn())) for _ in range(2))
        await settle()
        gone.cancel()
        await settle()
        all_.end(running[0])
        await asyncio.wait_for(next_, 5)
        return gone.cancelled()

    assert run(leave())
