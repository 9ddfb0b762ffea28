"""What the live page costs the server and how long a student waits for it, over real connections to a real server.

CPU seconds are those of the server's own process; the workers', which train at low priority, are not among them. The
engine's threads work in the server too, so what they use is measured beside every figure and taken off.
"""

import asyncio
import http.client
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil

from core.data.datasets import DatasetError, load_training
from tests.benchmarks.figure import Figure, Skipped
from tests.benchmarks.reference_programs import ROOT
from tests.benchmarks.websocket_client import Tab, tab

# targets
TICK = 6.0  # milliseconds of CPU
TICK_SHARE = 1.6  # a tick, in ticks of an empty page
CLASS_TICK = 100.0  # milliseconds
ANSWER = 5.0  # seconds
FIRST_POINT = 0.5  # seconds

WITHIN = (0.0, 1.0)  # a target's bounds for the ratio to it
STUDENTS = 60
EMPTY_TICKS = 4  # of the empty page for a run of the lab's, a second between two of them as in a browser
REST_SECONDS = 2.0  # without ticks, before as many with some: what the engine uses varies
MAX_ROUND_SECONDS = 25.0  # seconds that a round is measured for
ANSWER_TIMEOUT = 30.0  # seconds until a server or a page must have answered
LONG_ROUND = {"trials": 100, "epochs": 200, "images": 1497}
MNIST, MORE_SETTINGS = "MNIST, 28 × 28", "More settings"
CPU_CLOCK = 2  # Linux: the lowest bits of the number of another process' CPU clock
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
OBSERVE_FIRST_POINT = """() => {
  const marks = () => document.querySelectorAll('[data-testid="stVegaLiteChart"] .mark-symbol path').length;
  if (marks()) throw new Error('there are points already');
  window.firstPoint = new Promise((seen, failed) => {
    let clicked = null;
    addEventListener('click', event => { clicked = event.timeStamp; }, {capture: true, once: true});
    new MutationObserver((_, observer) => {
      if (clicked === null || !marks()) return;
      observer.disconnect();
      requestAnimationFrame(() => seen((performance.now() - clicked) / 1000));
    }).observe(document.body, {childList: true, subtree: true});
    setTimeout(() => failed(new Error('no point came')), ANSWER_TIMEOUT);
  });
}""".replace("ANSWER_TIMEOUT", str(1000 * ANSWER_TIMEOUT))


@dataclass(frozen=True)
class Server:
    """A Streamlit server in a process of its own."""

    port: int
    process: psutil.Process
    answered: float  # seconds from its start until it did

    def cpu(self) -> float:
        """CPU seconds it has used, without its workers: to the nanosecond on Linux, elsewhere to some milliseconds."""
        if sys.platform == "linux":
            return time.clock_gettime(~self.process.pid << 3 | CPU_CLOCK)
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def workers_cpu(self) -> float:
        """CPU seconds that its workers have used."""
        return sum(float(child.cpu_times().user + child.cpu_times().system) for child in self.process.children())


def tick_cpu(quick: bool) -> Iterator[Figure]:
    """The server's CPU time for drawing the live part once, the round at every stage, beside an empty part.

    A run of the live part draws several times, each of which is a tick.
    """
    rounds = 1 if quick else 3
    with server("app.py") as lab, server("tests/benchmarks/empty_page.py") as empty:
        tick, bare, idle = asyncio.run(cost_of_ticks(lab, empty, rounds))
    yield Figure("live.tick_cpu", 1e3 * tick, "ms", 1e3 * tick / TICK, f"{TICK:g} ms", WITHIN)
    yield Figure(
        "live.tick_cpu.empty", 1e3 * bare, "ms", tick / bare, "an empty part: the lab's tick", (0.0, TICK_SHARE)
    )
    yield Figure("live.tick_cpu.idle", 1e3 * idle, "ms a second", idle / tick, "a tick: the engine, taken off")


async def cost_of_ticks(lab: Server, empty: Server, rounds: int) -> tuple[float, float, float]:
    """CPU seconds of a lab's tick and of an empty one, and of a second without any in the lab."""
    own, bare = Meter(lab), Meter(empty)
    async with tab(lab.port) as student, tab(empty.port) as visitor:
        await set_to_long(student)
        for _ in range(rounds):
            await student.click("Start")
            started = time.monotonic()
            while student.live and time.monotonic() - started < MAX_ROUND_SECONDS:
                await asyncio.gather(own.rest(), bare.rest())
                await bare.ticks(visitor)
                await own.run(student)
            if student.live:
                await student.click("Stop")
    return own.tick(), bare.tick(), own.idle()


class Meter:
    """Adds up what a server's ticks cost and what it costs without."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._cpu = self._seconds = self._rest = self._rested = 0.0
        self._ticks = 0

    async def rest(self) -> None:
        """Some seconds in which nobody asks."""
        start, before = time.monotonic(), self._server.cpu()
        await asyncio.sleep(REST_SECONDS)
        self._rest, self._rested = (
            self._rest + self._server.cpu() - before,
            self._rested + time.monotonic() - start,
        )

    async def ticks(self, on: Tab) -> None:
        """Some ticks of a part that draws once a run."""
        start, before = time.monotonic(), self._server.cpu()
        for number in range(EMPTY_TICKS):
            await asyncio.sleep(max(0.0, start + number - time.monotonic()))
            await on.tick()
        self._count(before, start, EMPTY_TICKS)

    async def run(self, on: Tab) -> None:
        """A run that draws several times; it does not count if the round ended in it."""
        start, before, drawn = time.monotonic(), self._server.cpu(), on.drawings
        await on.tick()
        if on.live:
            self._count(before, start, on.drawings - drawn)

    def _count(self, before: float, start: float, ticks: int) -> None:
        self._cpu, self._ticks = self._cpu + self._server.cpu() - before, self._ticks + ticks
        self._seconds += time.monotonic() - start

    def idle(self) -> float:
        """CPU seconds of a second without ticks."""
        return self._rest / self._rested

    def tick(self) -> float:
        """CPU seconds of a tick alone."""
        return (self._cpu - self._seconds * self.idle()) / max(self._ticks, 1)


def p95_60(quick: bool) -> Iterator[Figure]:
    """How long a class waits for its ticks while every student's round trains on MNIST."""
    try:
        load_training("mnist", 500)
    except DatasetError as error:
        raise Skipped(f"{error} (MNIST_DIR may name a folder)") from error
    tabs, seconds = (10, 4.0) if quick else (STUDENTS, 20.0)
    with server("app.py") as lab:
        waits, share, trained = asyncio.run(watch_class(lab, tabs, seconds))
    p95 = 1e3 * statistics.quantiles(waits, n=20)[-1]
    middle = 1e3 * statistics.median(waits)
    against = f"{CLASS_TICK:g} ms; median {middle:.0f}, {tabs} tabs, {len(waits)} runs in {seconds:g} s"
    yield Figure("live.p95_60", p95, "ms", p95 / CLASS_TICK, against, WITHIN)
    against = f"one core; the workers had {100 * trained:.0f}% of one, this client is not counted"
    yield Figure("live.p95_60.server", 100 * share, "% of a core", share, against)


async def watch_class(lab: Server, tabs: int, seconds: float) -> tuple[list[float], float, float]:
    """Seconds each run took to its first drawing, and the cores that the server and the workers used meanwhile."""
    async with AsyncExitStack() as stack:
        students = []
        for _ in range(tabs):
            student = await stack.enter_async_context(tab(lab.port))
            await student.set_number("epochs", LONG_ROUND["epochs"])
            await set_to_mnist(student)
            students.append(student)
        await asyncio.gather(*(student.click("Start") for student in students))
        start, before, trained = time.monotonic(), lab.cpu(), lab.workers_cpu()
        waits = await asyncio.gather(*(student.watch(start + seconds) for student in students))
        passed = time.monotonic() - start
        return sum(waits, []), (lab.cpu() - before) / passed, (lab.workers_cpu() - trained) / passed


async def set_to_long(student: Tab) -> None:
    """Enter the settings of a long round."""
    await student.unfold(MORE_SETTINGS)
    for label, number in LONG_ROUND.items():
        await student.set_number(label, number)
    await student.unfold(MORE_SETTINGS, False)


async def set_to_mnist(student: Tab) -> None:
    """Choose MNIST among the settings that are folded away."""
    await student.unfold(MORE_SETTINGS)
    await student.choose("data set", MNIST)
    await student.unfold(MORE_SETTINGS, False)


def first_point(quick: bool) -> Iterator[Figure]:
    """From the click on Start to the first point on the map, in Chromium, the engine warm."""
    with server("app.py") as lab, browser() as chromium:
        waits = [wait_for_a_point(chromium, lab.port) for _ in range(2 if quick else 6)]
    wait = statistics.median(waits[1:])  # the first one warmed the engine
    against = f"{FIRST_POINT:g} s; {', '.join(f'{seconds:.2f}' for seconds in waits[1:])} s"
    yield Figure("live.first_point", wait, "s", wait / FIRST_POINT, against, WITHIN)


def wait_for_a_point(chromium: Any, port: int) -> float:
    """Seconds from the click to the frame with the first point, in a new lab; returns when its round is over."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(1e3 * ANSWER_TIMEOUT)
    page.goto(f"http://127.0.0.1:{port}/")
    page.wait_for_selector('[data-testid="stVegaLiteChart"] svg')
    page.wait_for_timeout(1500)  # until the page knows its width and has settled
    page.evaluate(OBSERVE_FIRST_POINT)
    page.get_by_role("button", name="Start round 1").click()
    seconds = float(page.evaluate("firstPoint"))
    page.get_by_role("button", name="Start round 2").wait_for()
    page.close()
    return seconds


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Skipped("playwright is not installed") from error
    if not program:
        raise Skipped("there is no Chromium (CHROMIUM may name one)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


def answers(quick: bool) -> Iterator[Figure]:
    """From `streamlit run app.py` until the server answers, and until the first student has the page."""
    found = []
    for _ in range(1 if quick else 3):
        with server("app.py") as lab:
            found.append((lab.answered, lab.answered + asyncio.run(first_page(lab.port))))
    answered, page = (statistics.median(values) for values in zip(*found, strict=True))
    yield Figure("live.answers", answered, "s", answered / ANSWER, f"{ANSWER:g} s", WITHIN)
    yield Figure("live.answers.page", page, "s", page / ANSWER, f"{ANSWER:g} s", WITHIN)


async def first_page(port: int) -> float:
    """Seconds until a tab that is opened now has the page."""
    start = time.perf_counter()
    async with tab(port):
        return time.perf_counter() - start


@contextmanager
def server(script: str, program: str = "streamlit", **settings: str) -> Iterator[Server]:
    """A server of a Streamlit script on a free port, from when it answers until it is no longer needed.

    program: the module to run; streamlit or something like it    settings: for its environment
    """
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    options = {"server.port": str(port), "server.address": "127.0.0.1", "server.headless": "true"}
    command = [sys.executable, "-m", program, "run", script]
    for option, value in options.items():
        command += [f"--{option}", value]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # labs of its own, not the user's
        own = {"PYTHONPATH": str(ROOT), "DATABASE_URL": f"sqlite:///{folder}/labs.sqlite"}
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | own | settings, stdout=subprocess.DEVNULL)
        try:
            while not healthy(port):
                if process.poll() is not None or time.perf_counter() - start > ANSWER_TIMEOUT:
                    raise RuntimeError(f"{command!r} does not answer")
                time.sleep(0.02)
            yield Server(port, psutil.Process(process.pid), time.perf_counter() - start)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(ANSWER_TIMEOUT)
            process.kill()
            process.wait()


def healthy(port: int) -> bool:
    """Whether a server answers there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
