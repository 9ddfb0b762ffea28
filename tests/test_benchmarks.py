"""The benchmark program runs and reports as it says, and what it compares with does the same work."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.datasets import load_training
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from core.training import Workspaces, advance, begin, prepare
from pages.components.pace import SHORTEST
from tests.benchmarks import __main__ as program
from tests.benchmarks.figure import Figure, at_least
from tests.benchmarks.live import server
from tests.benchmarks.load import floors
from tests.benchmarks.store import statements
from tests.benchmarks.textbook import Network, train
from tests.benchmarks.websocket_client import Timer, tab
from tests.waiting import LIMIT
from tests.waiting import run as together

ROOT = Path(__file__).parents[1]
LINE = re.compile(
    r"(?P<name>[a-z.0-9_]+) +(?P<value>[-+.e0-9]+) \S.* ratio (?P<ratio>\d+\.\d{3}) to \S.*?"
    r"( \(target .*: (met|missed)\))?"
)


def run(*options: str, **environment: str) -> list[str]:
    """The lines that the program prints."""
    command = [sys.executable, "-m", "tests.benchmarks", *options]
    environment = os.environ | environment
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(ROOT) not in done.stdout
    return done.stdout.splitlines()


def test_quick_run_ends_well_and_prints_well_formed_lines() -> None:
    *figures, machine = run("--quick", "--only", "training.digits")
    found = [LINE.fullmatch(line) for line in figures]
    assert [match and match["name"] for match in found] == ["training.digits.rate", "training.digits.rate_64"]
    assert all(match and float(match["value"]) > 0 and float(match["ratio"]) > 0 for match in found)
    assert re.fullmatch(r"machine: \d+ cores, Python \S+, numpy \S+, .*, quick sizes", machine)


def test_what_cannot_run_is_reported_as_skipped() -> None:
    line, _ = run("--only", "training.pytorch", TORCH_PYTHON="no such python")
    assert re.fullmatch(r"training.pytorch +skipped: PyTorch is not installed .*", line)


def test_a_tick_never_asks_the_database() -> None:
    before, during = together(statements(20))
    assert before > 0  # so they are counted
    assert during == 0


@pytest.fixture(scope="module")
def intervals() -> dict[str, list[float]]:
    """What a page asks for before, while and after a round runs: seconds between the ticks of its parts."""

    async def lesson() -> dict[str, list[float]]:
        asked = {}
        with server("app.py") as lab:
            async with tab(lab.port) as student:
                asked["before"] = [timer.interval for timer in student.timers.values()]
                await student.enter("epochs", 200)
                await student.click("Start")
                asked["running"] = [timer.interval for timer in student.timers.values()]
                await student.tick()
                await student.click("Stop")
                asked["after"] = [timer.interval for timer in student.timers.values()]
        return asked

    return together(lesson())


def test_a_page_with_a_running_round_ticks_at_its_pace(intervals: dict[str, list[float]]) -> None:
    (tick,) = intervals["running"]
    assert 0.9 * SHORTEST < tick <= SHORTEST  # each page has a factor of its own


def test_a_page_on_which_nothing_runs_does_not_tick(intervals: dict[str, list[float]]) -> None:
    assert intervals["before"] == intervals["after"] == []


@pytest.mark.parametrize(("now", "due"), [(9.0, 10.0), (10.0, 10.0), (10.1, 12.0), (17.0, 18.0)])
def test_ticks_that_were_missed_are_left_out(now: float, due: float) -> None:
    timer = Timer(2.0, 10.0)
    timer.skip(now)
    assert timer.due == due


def test_every_name_leads_to_a_benchmark() -> None:
    assert all(callable(program.benchmark(name)) for name in program.BENCHMARKS)


@pytest.mark.parametrize(("ratio", "verdict"), [(6.4, "missed"), (6.6, "met")])
def test_a_figure_says_whether_it_meets_its_target(ratio: float, verdict: str) -> None:
    line = Figure("training.mnist.round", 10.2, "s", ratio, "the textbook's program", at_least(6.5)).line()
    assert LINE.fullmatch(line) and line.endswith(f"(target >= 6.50: {verdict})")


def test_textbook_gradients_agree_with_differences_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.random((8, 5)), rng.integers(3, size=8)
    network = Network([5, 7, 3], 0.1, rng)

    def loss() -> float:
        scores = network.scores(x)
        entropy = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(8), labels]
        return float(entropy.mean() + 0.05 * sum((layer.W**2).sum() for layer in network.layers[::2]))

    for layer in network.layers[::2]:
        weight = layer.W[1, 2]
        layer.W[1, 2] = weight + 1e-6
        up = loss()
        layer.W[1, 2] = weight - 1e-6
        down = loss()
        layer.W[1, 2] = weight
        before = [each.W.copy() for each in network.layers[::2]]
        network.step(x, labels, 1e-3)
        changed = (layer.W[1, 2] - weight) / -1e-3
        for each, W in zip(network.layers[::2], before, strict=True):
            each.W[:] = W
        assert changed == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-6)


def test_textbook_learns_as_well_as_the_core() -> None:
    fixed = SearchSpace(LogRange(-2, -2), LogRange(-8, -8))
    plan = RoundPlan(space=fixed, trials=4, epochs=40)
    source = load_training("digits", 500)
    data, workspaces = prepare(plan, source), Workspaces()
    stack = begin(plan, range(plan.trials), data.pixels)
    for _ in range(plan.epochs):
        ours = advance(plan, stack, data, workspaces).train_accuracy
    images, labels = source.images / source.full_scale, source.labels.astype(int)
    theirs = [
        train(images, labels, 0.01, 1e-8, plan.epochs, np.random.default_rng(seed))[0][-1]
        for seed in range(plan.trials)
    ]
    noise = np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / plan.trials)
    assert min(np.mean(ours), np.mean(theirs)) > 0.5  # chance is 0.1
    assert abs(np.mean(ours) - np.mean(theirs)) < 3 * noise


def test_the_floor_of_a_soak_is_the_least_of_every_whole_span_once_it_is_warm() -> None:
    seen = [(float(second), 300.0 + second + 50 * (second % 7 > 0)) for second in range(0, 101, 2)]
    middles, least = floors(seen, 30.0, 20.0)
    assert middles.tolist() == [40.0, 60.0, 80.0]  # the last ten seconds are no whole span
    assert least.tolist() == [300.0 + 42, 300.0 + 56, 300.0 + 70]
