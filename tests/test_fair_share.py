"""Who gets the next slice: fair between students, whatever they start and how often."""

import pytest

from core.engine import fair_share
from core.engine.fair_share import BEGINNING, FORGOTTEN, RECENT, FairShare
from core.engine.scheduler import Round
from core.plan import RoundPlan
from core.progress import Status
from tests.scheduling import BIG, LONGEST, Classroom


def test_what_was_received_counts_half_after_a_while_and_is_forgotten_in_the_end() -> None:
    books = FairShare()
    books.enter("a", "round", 8.0, 100.0)
    books.enter("a", "repeats", 2.0, 100.0)
    books.enter("b", "round", 1.0, 100.0 + RECENT)
    assert books.lanes == {("a", "round"): 4.0, ("a", "repeats"): 1.0, ("b", "round"): 1.0}
    assert books.owners() == {"a": 5.0, "b": 1.0}
    books.enter("b", "round", 1.0, 100.0 + 20 * RECENT)
    assert set(books.owners()) == {"b"}


def test_a_clock_that_goes_back_makes_nothing_count_for_more() -> None:
    books = FairShare()
    books.enter("a", "round", 8.0, 1e9)
    books.enter("a", "round", 1.0, 0.0)
    assert books.owners() == {"a": 9.0}


def test_an_owner_begins_at_once_now_and_then() -> None:
    books = FairShare()
    asked = [books.begins_at_once("a", at) for at in (0.0, 0.0, 0.9 * BEGINNING, BEGINNING, 1.5 * BEGINNING)]
    assert asked == [True, False, False, True, False]
    assert books.begins_at_once("b", 0.0)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_a_slice_goes_to_who_has_received_least(workers: int, seed: int) -> None:
    """Rounds come, pause, resume and stop at random; kept books on the side say who may have the slice."""
    room = Classroom(workers, seed)
    rounds: list[Round] = []
    for step in range(400):
        dice = room.rng.random()
        if dice < 0.08:
            size = int(room.rng.integers(1, 30))
            rounds.append(room.add(f"owner {step}", RoundPlan(trials=size, epochs=size, neurons=10)))
        elif dice < 0.16 and rounds:
            round_ = rounds[int(room.rng.integers(len(rounds)))]
            to = [Status.PAUSED, Status.RUNNING, Status.RUNNING, Status.STOPPED][int(room.rng.integers(4))]
            room.scheduler.set_status(round_, to, room.now)
        free, had = set(range(workers)) - {worker for _, worker, *_ in room.busy}, set(room.had)
        given = dict(room.hand_out())
        for worker in sorted(free):
            may = {
                round_.key: (
                    (round_.key, worker) in had,
                    any((round_.key, other) in had for other in range(workers)),
                    room.received_lately(round_),
                )
                for round_ in rounds
                if round_.status is Status.RUNNING
                and any(
                    (trial, round_.plan.epochs - 1) not in room.seen[round_.key]
                    for trial in round_.shares[worker].trials
                )
            }
            assert (worker in given) == bool(may)
            if may:
                taken, best = may[given[worker].key], min(may.values())
                assert taken[:2] == best[:2] and taken[2] == pytest.approx(best[2], abs=FORGOTTEN)
                had.add((given[worker].key, worker))
        if room.busy:
            room.finish_one()
    assert len(rounds) > 15


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_rounds_side_by_side_receive_the_same_time_but_for_the_slices_on_the_way(workers: int) -> None:
    room = Classroom(workers)
    other = RoundPlan(trials=200, epochs=200, neurons=10, hidden_layers=2)
    rounds = [room.add(str(owner), BIG if owner % 2 else other) for owner in range(5)]
    for _ in range(600):
        room.hand_out()
        room.finish_one()
        lately = [room.received_lately(round_) for round_ in rounds]
        assert max(lately) - min(lately) <= workers * LONGEST
    assert min(room.received.values()) > 10 * LONGEST


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_when_many_begin_at_once_the_workers_begin_with_different_rounds(workers: int) -> None:
    room = Classroom(workers)
    for owner in range(12):
        room.add(str(owner))
    begun: set[int] = set()
    while len(begun) < 12:
        for _, order in room.hand_out():
            assert order.key not in begun or len(begun) == 12  # nobody's second share before everybody's first
            begun.add(order.key)
        room.finish_one()


def test_a_newcomer_is_served_next() -> None:
    room = Classroom(1)
    room.add("old", BIG)
    for _ in range(100):
        room.hand_out()
        room.finish_one()
    newcomer = room.add("new", BIG)
    assert room.hand_out()[0][1].key == newcomer.key


def test_a_big_round_does_not_starve_a_small_one() -> None:
    room = Classroom(2)
    big, small = room.add("big", BIG), room.add("small")
    while not small.status.over:
        room.hand_out()
        room.finish_one()
    assert room.received[big.key] <= room.received[small.key] + 2 * LONGEST


def test_small_rounds_one_after_the_other_receive_no_more_than_a_big_one() -> None:
    room = Classroom(1)
    big = room.add("big", BIG)
    small = [room.add("small")]
    while len(small) < 12:
        room.hand_out()
        room.finish_one()
        if small[-1].status.over:
            small.append(room.add("small"))
    assert not big.status.over
    shares = room.received[big.key], sum(room.received[one.key] for one in small)
    assert abs(shares[0] - shares[1]) <= LONGEST


def test_who_begins_small_rounds_again_and_again_leaves_a_big_one_its_share() -> None:
    room = Classroom(1)
    big = room.add("big", BIG)
    due, under_way = {f"owner {number}": 0.0 for number in range(16)}, dict[str, Round]()
    while not big.status.over and room.now < 300:
        for owner in [owner for owner, at in due.items() if at <= room.now and owner not in under_way]:
            under_way[owner] = room.add(owner)
        room.hand_out()
        room.finish_one()
        for owner in [owner for owner, round_ in under_way.items() if round_.status.over]:
            due[owner] = room.now + room.rng.uniform(2.1, 5.0)
            del under_way[owner]
    assert room.received[big.key] / room.now > 0.9 / 17


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_who_begin_have_their_first_slice_before_anybodys_second_whatever_they_had_before(workers: int) -> None:
    room = Classroom(workers)
    for owner in range(20):
        before = room.add(str(owner), BIG)
        for _ in range(owner * workers):
            room.hand_out()
            room.finish_one()
        room.scheduler.set_status(before, Status.STOPPED, room.now)
    while room.busy:
        room.finish_one()
    room.now += BEGINNING
    begun = {room.add(str(owner), BIG).key: 0 for owner in range(20)}
    while not all(begun.values()):
        for _, order in room.hand_out():
            assert begun[order.key] == 0 or all(begun.values())
            begun[order.key] += 1
        room.finish_one()


def test_a_slice_counts_also_if_its_round_is_stopped_meanwhile() -> None:
    room = Classroom(1)
    patient = room.add("patient", BIG)
    while room.now < 10:
        if "hasty" not in {round_.owner for round_ in room.scheduler.rounds.values()}:
            hasty = room.add("hasty", BIG)
        given = room.hand_out()
        if given and given[0][1].key == hasty.key:
            room.scheduler.set_status(hasty, Status.STOPPED, room.now)
        room.finish_one()
    hasties = sum(seconds for key, _, seconds in room.slices if key != patient.key)
    assert hasties <= room.received[patient.key] + 2 * LONGEST


def test_who_has_been_away_comes_first_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_share, "RECENT", 5.0)
    room = Classroom(1)
    early = room.add("early", BIG)
    while room.now < 20:
        room.hand_out()
        room.finish_one()
    room.add("late", BIG)
    began = room.now
    while early.key not in [order.key for _, order in room.hand_out()]:
        room.finish_one()
    assert 1.0 < room.now - began < 5.0
