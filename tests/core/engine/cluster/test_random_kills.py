"""Hosts, trainers and the scheduler are killed at random under a supervisor: every round comes to the same bits.

Each kind as often as KINDS has it; `python -m tests.benchmarks --only cluster.kills` goes on for a hundred seconds.
"""

from collections import Counter

import pytest

from tests.support.cluster_kills import KINDS, STUDENTS, kill_at_random


@pytest.mark.long
def test_random_kills_change_no_bit_and_leave_no_process() -> None:
    found = kill_at_random(seconds=0, seed=0, kills=len(KINDS))
    assert found.kills == Counter(KINDS) and found.rounds >= STUDENTS
    assert found.failures == [] and found.orphans == []
