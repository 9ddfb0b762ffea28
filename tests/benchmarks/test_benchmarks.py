"""The benchmark program runs and reports as it says, and what it compares with does the same work."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.data.datasets import load_training
from core.plan import RoundPlan
from core.space import LogRange, SearchSpace
from core.training.round_data import prepare
from core.training.stacks import advance, begin
from core.training.workspace import Workspaces
from pages.components.refresh.pace import SHORTEST, ticks_of_a_run
from tests.benchmarks import __main__ as program
from tests.benchmarks import cluster_simulation
from tests.benchmarks.figure import Figure, at_least
from tests.benchmarks.live_page import Server
from tests.benchmarks.load import span_minima
from tests.benchmarks.store import counting_server, statements
from tests.benchmarks.textbook_program import Network, train
from tests.benchmarks.websocket_client import Timer, tab
from tests.support.waiting import LIMIT
from tests.support.waiting import run as run_coroutine

ROOT = Path(__file__).parents[2]
LINE = re.compile(
    r"(?P<name>[a-z.0-9_]+) +(?P<value>[-+.e0-9]+) \S.* ratio (?P<ratio>\d+\.\d{3}) to \S.*?"
    r"( \(target .*: (met|missed)\))?"
)


def run(*options: str) -> list[str]:
    """The lines that the program prints."""
    command = [sys.executable, "-m", "tests.benchmarks", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stderr) == (0, "")
    assert str(ROOT) not in done.stdout
    return done.stdout.splitlines()


@pytest.mark.long
def test_quick_run_ends_well_and_prints_well_formed_lines() -> None:
    *figures, machine = run("--quick", "--only", "training.digits")
    found = [LINE.fullmatch(line) for line in figures]
    assert [match and match["name"] for match in found] == ["training.digits.rate", "training.digits.rate_64"]
    assert all(match and float(match["value"]) > 0 and float(match["ratio"]) > 0 for match in found)
    assert re.fullmatch(r"machine: \d+ cores, Python \S+, numpy \S+, .*, quick sizes", machine)


def test_what_cannot_run_is_reported_as_skipped(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH_PYTHON", "no such python")
    assert program.main(["--only", "training.pytorch"]) == 0
    line, _ = capfd.readouterr().out.splitlines()
    assert re.fullmatch(r"training.pytorch +skipped: PyTorch is not installed .*", line)


@pytest.fixture(scope="module")
def counted() -> Iterator[tuple[Server, Path]]:
    """One server for these tests, and the file that counts its statements to the database."""
    with counting_server() as found:
        yield found


def test_a_tick_never_asks_the_database(counted: tuple[Server, Path]) -> None:
    before, during = run_coroutine(statements(*counted, ticks=5))
    assert before > 0  # so they are counted
    assert during == 0


@pytest.fixture(scope="module")
def intervals(counted: tuple[Server, Path]) -> dict[str, list[float]]:
    """Seconds between the ticks of a page before, during and after a round."""

    async def lesson() -> dict[str, list[float]]:
        asked = {}
        async with tab(counted[0].port) as student:
            asked["before"] = [timer.interval for timer in student.timers.values()]
            await student.set_number("epochs", 200)
            await student.click("Start")
            asked["running"] = [timer.interval for timer in student.timers.values()]
            await student.tick()
            asked["ticking"] = [timer.interval for timer in student.timers.values()]
            await student.click("Stop")
            asked["after"] = [timer.interval for timer in student.timers.values()]
        return asked

    return run_coroutine(lesson())


def test_a_page_with_a_running_round_ticks_at_its_pace(intervals: dict[str, list[float]]) -> None:
    (first,), (later,) = intervals["running"], intervals["ticking"]
    assert 0.9 * SHORTEST < first <= SHORTEST  # each page has a factor of its own
    assert later == pytest.approx(first * ticks_of_a_run(first), rel=0.001)  # a run makes so many ticks


def test_a_page_on_which_nothing_runs_does_not_tick(intervals: dict[str, list[float]]) -> None:
    assert intervals["before"] == intervals["after"] == []


@pytest.mark.parametrize(("now", "due"), [(9.0, 10.0), (10.0, 10.0), (10.1, 12.0), (17.0, 18.0)])
def test_missed_ticks_are_skipped(now: float, due: float) -> None:
    timer = Timer(2.0, 10.0)
    timer.skip(now)
    assert timer.due == due


def test_every_name_is_a_benchmark() -> None:
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


@pytest.mark.long
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


def test_the_memory_of_a_soak_is_the_least_of_every_whole_span_after_warming_up() -> None:
    seen = [(float(second), 300.0 + second + 50 * (second % 7 > 0)) for second in range(0, 101, 2)]
    middles, least = span_minima(seen, 30.0, 20.0)
    assert middles.tolist() == [40.0, 60.0, 80.0]  # the last ten seconds are no whole span
    assert least.tolist() == [300.0 + 42, 300.0 + 56, 300.0 + 70]


def test_a_simulated_student_who_has_a_host_alone_waits_as_long_as_a_round_takes_there() -> None:
    simulation = cluster_simulation.Simulation(students=1, hosts=2)
    simulation.run(1000.0)
    alone = cluster_simulation.ROUND_SECONDS / cluster_simulation.CORES
    assert len(simulation.whole_round) >= 5
    assert np.allclose(simulation.whole_round, alone, rtol=0.1)
    assert all(0 < first < alone / 2 for first in simulation.first_point)
