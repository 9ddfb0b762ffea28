"""Who gets the next slice: fair between students, whatever they start and how often."""

import pytest

from core.engine import fair_share
from core.engine.fair_share import BEGIN_INTERVAL_SECONDS, HALF_LIFE_SECONDS, NEGLIGIBLE_SECONDS, FairShare
from core.engine.owners import Owner
from core.engine.scheduled_round import ScheduledRound
from core.plan import RoundPlan
from core.progress import Status
from tests.support.simulated_workers import BIG, MAX_SLICE_SECONDS, SOURCE, Simulation


def test_what_was_received_counts_half_after_a_while_and_is_forgotten_in_the_end() -> None:
    shares = FairShare()
    shares.record("g", "a", "round", 8.0, 100.0)
    shares.record("g", "a", "repeats", 2.0, 100.0)
    shares.record("h", "b", "round", 1.0, 100.0 + HALF_LIFE_SECONDS)
    places = [("g",), ("g", "a"), ("g", "a", "round"), ("g", "a", "repeats"), ("h",), ("h", "b")]
    assert [shares.seconds(*place) for place in places] == pytest.approx([5.0, 5.0, 4.0, 1.0, 1.0, 1.0])
    assert shares.amount("g") > shares.amount("h") > shares.amount("nobody")
    shares.record("h", "b", "round", 1.0, 100.0 + 20 * HALF_LIFE_SECONDS)
    assert shares.seconds("g") == 0.0 and shares.amount("g") == shares.amount("nobody")


def test_amounts_stay_exact_after_a_year() -> None:
    shares, year = FairShare(), 3e7
    for step in range(100):
        shares.record("g", "a", "round", 0.15, year + step)
        shares.record("h", "b", "round", 0.15, year + step)
    assert shares.amount("g") == shares.amount("h")
    shares.record("g", "a", "round", NEGLIGIBLE_SECONDS, year + 100)
    assert shares.amount("g") > shares.amount("h")
    assert shares.seconds("g") - shares.seconds("h") == pytest.approx(NEGLIGIBLE_SECONDS, rel=1e-3)


def test_a_clock_that_goes_back_makes_nothing_count_for_more() -> None:
    shares = FairShare()
    shares.record("a", "a", "round", 8.0, 1e6)
    shares.record("a", "a", "round", 1.0, 0.0)
    assert shares.seconds("a") == pytest.approx(9.0)


def test_an_owner_begins_at_once_but_not_too_often() -> None:
    shares = FairShare()
    asked = [
        shares.begins_at_once("a", at)
        for at in (0.0, 0.0, 0.9 * BEGIN_INTERVAL_SECONDS, BEGIN_INTERVAL_SECONDS, 1.5 * BEGIN_INTERVAL_SECONDS)
    ]
    assert asked == [True, False, False, True, False]
    assert shares.begins_at_once("b", 0.0)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_a_slice_goes_to_the_owner_who_has_received_least(workers: int, seed: int) -> None:
    """Rounds come, pause, resume and stop at random; kept shares on the side say who may have the slice."""
    simulation = Simulation(workers, seed)
    rounds: list[ScheduledRound] = []
    for step in range(400):
        chance = simulation.rng.random()
        if chance < 0.08:
            size = int(simulation.rng.integers(1, 30))
            rounds.append(simulation.add(f"owner {step}", RoundPlan(trials=size, epochs=size, neurons=10)))
        elif chance < 0.16 and rounds:
            round_ = rounds[int(simulation.rng.integers(len(rounds)))]
            to = [Status.PAUSED, Status.RUNNING, Status.RUNNING, Status.STOPPED][int(simulation.rng.integers(4))]
            simulation.scheduler.set_status(round_, to, simulation.now)
        free, had = set(range(workers)) - {worker for _, worker, *_ in simulation.busy}, set(simulation.served)
        given = dict(simulation.assign_slices())
        for worker in sorted(free):
            may = {
                round_.key: (
                    (round_.key, worker) in had,
                    any((round_.key, other) in had for other in range(workers)),
                    simulation.recent_seconds(round_),
                )
                for round_ in rounds
                if round_.status is Status.RUNNING
                and any(
                    (trial, round_.plan.epochs - 1) not in simulation.reported[round_.key]
                    for trial in round_.shares[worker].trials
                )
            }
            assert (worker in given) == bool(may)
            if may:
                taken, best = may[given[worker].key], min(may.values())
                assert taken[:2] == best[:2] and taken[2] == pytest.approx(best[2], abs=NEGLIGIBLE_SECONDS)
                had.add((given[worker].key, worker))
        if simulation.busy:
            simulation.end_next_slice()
    assert len(rounds) > 15


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_rounds_side_by_side_receive_the_same_time_but_for_the_slices_on_the_way(workers: int) -> None:
    simulation = Simulation(workers)
    other = RoundPlan(trials=200, epochs=200, neurons=10, hidden_layers=2)
    rounds = [simulation.add(str(owner), BIG if owner % 2 else other) for owner in range(5)]
    for _ in range(600):
        simulation.assign_slices()
        simulation.end_next_slice()
        recent = [simulation.recent_seconds(round_) for round_ in rounds]
        assert max(recent) - min(recent) <= workers * MAX_SLICE_SECONDS
    assert min(simulation.received.values()) > 10 * MAX_SLICE_SECONDS


@pytest.mark.parametrize("workers", [2, 3, 5])
def test_when_many_begin_at_once_the_workers_begin_with_different_rounds(workers: int) -> None:
    simulation = Simulation(workers)
    for owner in range(12):
        simulation.add(str(owner))
    begun: set[int] = set()
    while len(begun) < 12:
        for _, order in simulation.assign_slices():
            assert order.key not in begun or len(begun) == 12  # nobody's second share before everybody's first
            begun.add(order.key)
        simulation.end_next_slice()


def test_a_newcomer_is_served_next() -> None:
    simulation = Simulation(1)
    simulation.add("old", BIG)
    for _ in range(100):
        simulation.assign_slices()
        simulation.end_next_slice()
    newcomer = simulation.add("new", BIG)
    assert simulation.assign_slices()[0][1].key == newcomer.key


def test_a_big_round_does_not_starve_a_small_one() -> None:
    simulation = Simulation(2)
    big, small = simulation.add("big", BIG), simulation.add("small")
    while not small.status.is_final:
        simulation.assign_slices()
        simulation.end_next_slice()
    assert simulation.received[big.key] <= simulation.received[small.key] + 2 * MAX_SLICE_SECONDS


def test_small_rounds_one_after_the_other_receive_no_more_than_a_big_one() -> None:
    simulation = Simulation(1)
    big = simulation.add("big", BIG)
    small = [simulation.add("small")]
    while len(small) < 12:
        simulation.assign_slices()
        simulation.end_next_slice()
        if small[-1].status.is_final:
            small.append(simulation.add("small"))
    assert not big.status.is_final
    shares = simulation.received[big.key], sum(simulation.received[one.key] for one in small)
    assert abs(shares[0] - shares[1]) <= MAX_SLICE_SECONDS


def test_an_owner_of_many_small_rounds_does_not_starve_a_big_one() -> None:
    simulation = Simulation(1)
    big = simulation.add("big", BIG)
    due, under_way = {f"owner {number}": 0.0 for number in range(16)}, dict[str, ScheduledRound]()
    while not big.status.is_final and simulation.now < 300:
        for owner in [owner for owner, at in due.items() if at <= simulation.now and owner not in under_way]:
            under_way[owner] = simulation.add(owner)
        simulation.assign_slices()
        simulation.end_next_slice()
        for owner in [owner for owner, round_ in under_way.items() if round_.status.is_final]:
            due[owner] = simulation.now + simulation.rng.uniform(2.1, 5.0)
            del under_way[owner]
    assert simulation.received[big.key] / simulation.now > 0.9 / 17


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_who_begin_have_their_first_slice_before_anybodys_second_whatever_they_had_before(workers: int) -> None:
    simulation = Simulation(workers)
    for owner in range(20):
        before = simulation.add(str(owner), BIG)
        for _ in range(owner * workers):
            simulation.assign_slices()
            simulation.end_next_slice()
        simulation.scheduler.set_status(before, Status.STOPPED, simulation.now)
    while simulation.busy:
        simulation.end_next_slice()
    simulation.now += BEGIN_INTERVAL_SECONDS
    begun = {simulation.add(str(owner), BIG).key: 0 for owner in range(20)}
    while not all(begun.values()):
        for _, order in simulation.assign_slices():
            assert begun[order.key] == 0 or all(begun.values())
            begun[order.key] += 1
        simulation.end_next_slice()


def test_a_slice_counts_also_if_its_round_is_stopped_meanwhile() -> None:
    simulation = Simulation(1)
    patient = simulation.add("patient", BIG)
    while simulation.now < 10:
        if "hasty" not in {round_.owner for round_ in simulation.scheduler.rounds.values()}:
            hasty = simulation.add("hasty", BIG)
        given = simulation.assign_slices()
        if given and given[0][1].key == hasty.key:
            simulation.scheduler.set_status(hasty, Status.STOPPED, simulation.now)
        simulation.end_next_slice()
    hasties = sum(seconds for key, _, seconds in simulation.slices if key != patient.key)
    assert hasties <= simulation.received[patient.key] + 2 * MAX_SLICE_SECONDS


def test_an_owner_who_was_away_is_served_first_but_only_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_share, "HALF_LIFE_SECONDS", 5.0)
    simulation = Simulation(1)
    early = simulation.add("early", BIG)
    while simulation.now < 20:
        simulation.assign_slices()
        simulation.end_next_slice()
    simulation.add("late", BIG)
    began = simulation.now
    while early.key not in [order.key for _, order in simulation.assign_slices()]:
        simulation.end_next_slice()
    assert 1.0 < simulation.now - began < 5.0


# ---------------------------------------------------------------------------------------------------- two levels


def seconds_by_group(simulation: Simulation, seconds: float) -> dict[str, float]:
    """Worker seconds that each group receives from now on."""
    before, start = dict(simulation.received), simulation.now
    rounds = dict(simulation.scheduler.rounds)
    while simulation.now < start + seconds:
        simulation.assign_slices()
        simulation.end_next_slice()
    found: dict[str, float] = {}
    for key, round_ in rounds.items():
        found[round_.group] = found.get(round_.group, 0.0) + simulation.received[key] - before[key]
    return found


def test_ten_labs_of_one_address_receive_together_what_one_lab_of_another_receives() -> None:
    simulation = Simulation(2)
    for lab in range(10):
        simulation.add(f"lab {lab}", BIG, Owner("address 1"))
    simulation.add("alone", BIG, Owner("address 2"))
    found = seconds_by_group(simulation, 60.0)
    assert found["address 1"] == pytest.approx(found["address 2"], abs=10 * MAX_SLICE_SECONDS)


def test_the_labs_of_an_address_share_its_part_evenly() -> None:
    simulation = Simulation(2)
    rounds = [simulation.add(f"lab {lab}", BIG, Owner("address")) for lab in range(8)]
    simulation.add("another", BIG, Owner("another address"))
    seconds_by_group(simulation, 60.0)
    received = [simulation.received[one.key] for one in rounds]
    assert max(received) - min(received) <= 2 * MAX_SLICE_SECONDS and min(received) > 4


def test_lanes_of_a_lab_receive_together_what_a_lab_with_one_receives() -> None:
    simulation = Simulation(1)
    for lane in ("round", "race", "repeat"):
        round_ = simulation.scheduler.add("busy", BIG, SOURCE, simulation.now, lane, known=Owner("busy"))
        simulation.received[round_.key], simulation.reported[round_.key] = 0.0, []
    simulation.add("other", BIG)
    found = seconds_by_group(simulation, 30.0)
    assert found["busy"] == pytest.approx(found["other"], abs=4 * MAX_SLICE_SECONDS)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_class_loses_an_eighth_at_most_to_any_number_of_labs_without_one(workers: int) -> None:
    simulation = Simulation(workers)
    for lab in range(100):
        simulation.add(f"hostile {lab}", BIG, Owner(f"session {lab}"))
    for _ in range(100):
        simulation.assign_slices()
        simulation.end_next_slice()
    for seat in range(30):
        simulation.add(f"student {seat}", BIG, Owner(f"seat {seat}", in_class=True))
    found = seconds_by_group(simulation, 60.0)
    students = sum(found[f"seat {seat}"] for seat in range(30))
    assert 0.84 < students / sum(found.values()) < 0.92  # 7 of 8 slices, which differ in length here


def test_rounds_without_a_class_come_to_their_end_beside_a_class_that_never_rests() -> None:
    simulation = Simulation(1)
    for seat in range(5):
        simulation.add(f"student {seat}", BIG, Owner(f"seat {seat}", in_class=True))
    guest = simulation.add("guest", known=Owner("session"))
    while not guest.status.is_final and simulation.now < 60:
        simulation.assign_slices()
        simulation.end_next_slice()
    assert guest.status is Status.FINISHED


def test_rounds_of_owners_who_are_away_receive_what_the_others_leave_and_go_on_when_they_are_back() -> None:
    simulation = Simulation(1)
    away = simulation.add("away", BIG, Owner("seat 1", in_class=True))
    simulation.assign_slices()
    simulation.end_next_slice()
    simulation.scheduler.look({"away"}, simulation.now)
    there = simulation.add("there", known=Owner("session"))
    before = simulation.received[away.key]
    while not there.status.is_final:
        simulation.assign_slices()
        simulation.end_next_slice()
    assert simulation.received[away.key] == before
    assert simulation.assign_slices()[0][1].key == away.key  # nobody else needs the worker
    simulation.end_next_slice()
    other = simulation.add("other", BIG, Owner("another session"))
    simulation.scheduler.look(set(), simulation.now)
    keys = set()
    for _ in range(20):
        keys |= {order.key for _, order in simulation.assign_slices()}
        simulation.end_next_slice()
    assert keys == {away.key, other.key}


def test_choosing_the_next_slice_looks_at_few_of_many_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how often what somebody has received is looked up for a slice, once all have begun."""
    looked_up = []

    def lookups(labs: int) -> float:
        simulation = Simulation(1)
        simulation.scheduler.operations_per_second = None
        for lab in range(labs):
            simulation.add(f"lab {lab}", BIG, Owner(f"session {lab // 2}"))
        for _ in range(3 * labs):
            simulation.assign_slices()
            simulation.end_next_slice()
        looked_up.clear()
        for _ in range(200):
            simulation.assign_slices()
            simulation.end_next_slice()
        return len(looked_up) / 200

    true_amount = FairShare.amount

    def counted(self: FairShare, *place: str) -> float:
        looked_up.append(place)
        return true_amount(self, *place)

    monkeypatch.setattr(FairShare, "amount", counted)
    monkeypatch.setattr(FairShare, "seconds", lambda self, *place: 0.0)  # estimates are not what is counted
    assert lookups(400) < 2 * lookups(40)
