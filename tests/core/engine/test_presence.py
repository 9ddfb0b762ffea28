"""Which rounds are stopped since nobody is there for them, with answers and a clock that the tests set."""

import logging

import pytest

from core.engine.owners import ABSENCE_LIMIT, Owner
from core.engine.presence import PAUSE_LIMIT, Presence
from core.engine.scheduled_round import ScheduledRound
from core.engine.scheduler import Scheduler
from core.progress import Status
from tests.support.simulated_workers import PLAN, SOURCE


class Owners:
    """Who is there; one who is not named has left."""

    def __init__(self, *present: str) -> None:
        self.present = set(present)
        self.presence = Presence(self.find)
        self.scheduler = Scheduler(1)
        self.limits: dict[str, float] = {}

    def find(self, owner: str) -> Owner:
        limit = self.limits.get(owner, ABSENCE_LIMIT)
        return Owner(owner, is_present=owner in self.present, absence_limit=limit)

    def start(self, owner: str, now: float = 0.0, lane: str = "round") -> ScheduledRound:
        self.presence.round_started(owner, now)
        return self.scheduler.add(owner, PLAN, SOURCE, now, lane)

    def abandoned(self, now: float) -> list[ScheduledRound]:
        return self.presence.look(list(self.scheduler.rounds.values()), now).abandoned


def test_the_round_of_an_owner_who_has_left_is_stopped_after_the_limit_and_not_before() -> None:
    owners = Owners("there", "leaves")
    owners.start("there")
    round_ = owners.start("leaves")
    assert owners.abandoned(10.0) == []
    owners.present.remove("leaves")
    assert owners.abandoned(10.0 + ABSENCE_LIMIT) == []
    assert owners.abandoned(10.1 + ABSENCE_LIMIT) == [round_]


def test_short_absences_again_and_again_end_nothing() -> None:
    owners = Owners()
    owners.start("often away")
    for tick in range(1, 40):
        owners.present = {"often away"} if tick % 2 else set()
        assert owners.abandoned(tick * 0.7 * ABSENCE_LIMIT) == []


def test_an_owner_who_was_never_seen_counts_from_the_start_of_the_round() -> None:
    owners = Owners()
    round_ = owners.start("unseen", now=5.0)
    assert owners.abandoned(5.0 + ABSENCE_LIMIT) == []
    assert owners.abandoned(5.1 + ABSENCE_LIMIT) == [round_]


def test_rounds_that_begin_by_themselves_do_not_keep_their_owner_present() -> None:
    owners = Owners("leaves")
    first = owners.start("leaves")
    assert owners.abandoned(0.0) == []
    owners.present.clear()
    for second in range(1, int(ABSENCE_LIMIT) + 1):
        owners.start("leaves", float(second), f"lane {second}")
        assert owners.abandoned(float(second)) == []
    assert first in owners.abandoned(ABSENCE_LIMIT + 1)


def test_a_round_started_while_owners_are_asked_is_watched_too() -> None:
    late: list[ScheduledRound] = []

    def find(owner: str) -> Owner:
        if not late:
            presence.round_started("late", 0.0)
            late.append(scheduler.add("late", PLAN, SOURCE, 0.0))
        return Owner(owner, is_present=owner == "early")

    presence, scheduler = Presence(find), Scheduler(1)
    scheduler.add("early", PLAN, SOURCE, 0.0)
    ticks = (0.0, 1.0, 0.9 * ABSENCE_LIMIT, 2.0 + ABSENCE_LIMIT)
    assert [presence.look(list(scheduler.rounds.values()), now).abandoned for now in ticks] == [[], [], [], late]


def test_the_absence_of_an_owner_whose_rounds_have_ended_is_forgotten() -> None:
    owners = Owners()
    owners.start("back")
    owners.scheduler.rounds.clear()
    assert owners.abandoned(1000.0) == []
    owners.start("back", now=1000.0)
    assert owners.abandoned(1000.0 + ABSENCE_LIMIT) == []


def test_a_round_that_is_paused_for_long_is_stopped_though_its_owner_is_there() -> None:
    owners = Owners("there")
    round_ = owners.start("there")
    owners.scheduler.set_status(round_, Status.PAUSED, 100.0)
    assert owners.abandoned(100.0 + PAUSE_LIMIT) == []
    assert owners.abandoned(100.1 + PAUSE_LIMIT) == [round_]
    owners.scheduler.set_status(round_, Status.RUNNING, 101.0 + PAUSE_LIMIT)
    assert owners.abandoned(102.0 + PAUSE_LIMIT) == []


def test_an_owner_counts_as_present_if_asking_fails(caplog: pytest.LogCaptureFixture) -> None:
    def fails(owner: str) -> Owner:
        raise RuntimeError("no answer")

    presence, scheduler = Presence(fails), Scheduler(1)
    rounds = [scheduler.add("somebody", PLAN, SOURCE, 0.0)]
    with caplog.at_level(logging.ERROR):
        assert [presence.look(rounds, now).abandoned for now in (0.0, 10.0 * ABSENCE_LIMIT)] == [[], []]
    assert "no answer" in caplog.text


def test_an_owner_may_be_away_for_as_long_as_is_said_of_them_and_counts_as_absent_at_once() -> None:
    owners = Owners("asleep")
    owners.limits["asleep"] = 20 * ABSENCE_LIMIT
    round_ = owners.start("asleep")
    assert owners.abandoned(0.0) == []
    owners.present.clear()
    for now in (1.0, 19.9 * ABSENCE_LIMIT):
        seen = owners.presence.look([round_], now)
        assert (seen.absent, seen.abandoned) == ({"asleep"}, [])
    assert owners.abandoned(20.1 * ABSENCE_LIMIT) == [round_]


def test_rounds_that_begin_by_themselves_one_after_the_other_do_not_prolong_a_long_absence() -> None:
    """Between two of them a look may find none."""
    owners = Owners("asleep")
    owners.limits["asleep"] = 20 * ABSENCE_LIMIT
    owners.start("asleep")
    owners.abandoned(0.0)
    owners.present.clear()
    found: list[ScheduledRound] = []
    now = 0.0
    while not found and now < 30 * ABSENCE_LIMIT:
        now += 30.0
        found = owners.abandoned(now)
        owners.scheduler.rounds.clear()
        owners.abandoned(now + 1)
        owners.start("asleep", now + 2)
    assert 20 * ABSENCE_LIMIT < now < 21 * ABSENCE_LIMIT
