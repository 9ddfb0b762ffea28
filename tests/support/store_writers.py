"""Runs several processes at one database, and makes records for them and for tests."""

import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.store import store as store_module
from core.store.schema import LabRecord, OpeningRecord, RepeatRecord, RoundRecord
from core.store.store import Store
from tests.support.waiting import LIMIT

ROOT = Path(__file__).parents[2]


def blob(seed: int, count: int = 40) -> bytes:
    """Bytes that differ from seed to seed."""
    return np.random.default_rng(seed).bytes(count)


def round_record(number: int, seed: int = 0) -> RoundRecord:
    """A round that is over."""
    blobs = [blob(1_000 * seed + 5 * number + place) for place in range(5)]
    return RoundRecord(number, "finished", f'{{"seed": {seed}}}', f"reason {seed}.{number} 왜", 1.5, *blobs)


def lab_record(*numbers: int, seed: int = 0, used: float = 2e9) -> LabRecord:
    """A lab with rounds of these numbers, each with a repeat."""
    rounds = [round_record(number, seed) for number in numbers]
    repeats = [RepeatRecord(number, 3, blob(number, 20)) for number in numbers]
    return LabRecord(f"quiet owl {seed}", 1e9, used, f'{{"trials": {seed}}}', "[]", None, rounds, repeats)


OPENING = OpeningRecord(1.7e9, '{"trials": 1}')


def prepared(url: str) -> Store:
    """A store, its tables in place."""
    made = Store(url)
    made.prepare()
    return made


def works(store: Store) -> bool:
    """Whether a lab that is saved now can be loaded."""
    store.save("works", lab_record(5))
    return store.load("works") == lab_record(5)


def prepare(url: str) -> None:
    """Make the tables."""
    prepared(url).close()


def open_test(url: str, token: str, times: str) -> None:
    """Try to open a lab's test set some times; print how often it was the first."""
    with closing(Store(url)) as store:
        print(sum(store.open_test(token, replace(OPENING, opened=float(time))) for time in range(int(times))))


def write(url: str, seed: str, rounds: str, shared: str) -> None:
    """Write rounds of an own lab one by one, and every tenth time a row of a lab that all write."""
    with closing(Store(url)) as store:
        for number in range(1, int(rounds) + 1):
            store.save(f"token {seed}", lab_record(number, seed=int(seed)))
            if not number % 10:
                store.save(shared, replace(lab_record(), rounds=[round_record(int(seed) * 1000 + number)]))


def at_once(commands: Iterable[tuple[str, ...]]) -> list[str]:
    """Run functions of this module, each in a process of its own, at the same time; what they print."""
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.support.store_writers", *command],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for command in commands
    ]  # fmt: skip
    ended = [process.communicate(timeout=4 * LIMIT) for process in started]
    assert "".join(errors for _, errors in ended) == ""
    assert {process.returncode for process in started} == {0}
    return [printed for printed, _ in ended]


if __name__ == "__main__":
    store_module.LOCK_TIMEOUT = int(LIMIT)  # beside other tests a process may wait long for the processor
    {"prepare": prepare, "open_test": open_test, "write": write}[sys.argv[1]](*sys.argv[2:])
