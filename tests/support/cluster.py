"""A cluster on this machine: a Dask scheduler and hosts, each a process of its own, that tests start and kill."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
QUIET = {"DASK_LOGGING__DISTRIBUTED": "warning"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Cluster:
    """A scheduler and hosts. environment: of all its processes, beside this one's"""

    workers: int = 1  # of each host
    scheme: str = "tcp"
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    scheduler: "subprocess.Popen[bytes] | None" = None
    hosts: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    ended: "list[int]" = field(default_factory=list)  # processes that the supervisor has replaced

    @property
    def address(self) -> str:
        """What ENGINE is set to."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        """Start the scheduler, on the same port every time."""
        address = ["--protocol", self.scheme, "--host", "127.0.0.1", "--port", str(self.port)]
        self.scheduler = self._run("distributed.cli.dask_scheduler", *address, "--no-dashboard")

    def add_host(self, **environment: str) -> "subprocess.Popen[bytes]":
        """Start one more host. environment: what is different for this one"""
        host = self._run("core.engine.host", self.address, **environment)
        self.hosts.append(host)
        return host

    def trainers(self, host: "subprocess.Popen[bytes]") -> list[psutil.Process]:
        """The processes of a host that train."""
        return psutil.Process(host.pid).children()

    def kill(self, host: "subprocess.Popen[bytes]") -> None:
        """End a host at once, as a machine ends that loses its power."""
        host.kill()
        host.wait()
        self.hosts.remove(host)

    @contextmanager
    def supervised(self) -> Iterator[None]:
        """Meanwhile start anew what has ended, as systemd or Docker do."""
        closing = threading.Event()

        def supervise() -> None:
            while not closing.wait(0.3):
                if self.scheduler is not None and self.scheduler.poll() is not None:
                    self.start_scheduler()
                for host in [host for host in self.hosts if host.poll() is not None]:
                    self.hosts.remove(host)
                    self.ended.append(host.pid)
                    self.add_host()

        thread = threading.Thread(target=supervise)
        thread.start()
        try:
            yield
        finally:
            closing.set()
            thread.join()

    def close(self) -> None:
        """End all processes."""
        for process in [*self.hosts, self.scheduler]:
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        end = time.monotonic() + 10
        for process in [*self.hosts, self.scheduler]:
            if process is not None:
                try:
                    process.wait(max(end - time.monotonic(), 0.1))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _run(self, module: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        given = {**os.environ, **QUIET, "HOST_WORKERS": str(self.workers), **self.environment, **environment}
        return subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, env=given)


@contextmanager
def cluster(hosts: int, workers: int, **settings: object) -> Iterator[Cluster]:
    """A cluster of so many hosts with so many workers each. settings: of Cluster"""
    made = Cluster(workers, **settings)  # type: ignore[arg-type]
    try:
        made.start_scheduler()
        for _ in range(hosts):
            made.add_host()
        yield made
    finally:
        made.close()
