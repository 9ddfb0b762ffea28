"""A host of the cluster: the embedded engine of this machine, found through a Dask scheduler.

    python -m core.engine.host tcp://scheduler:8786

HOST_WORKERS says how many processes train, one for each core by default. While the scheduler is away the host trains
on and looks for it.
"""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory

from core.engine.cluster.dask_settings import configure
from core.engine.cluster.host_service import HostService, serve
from core.engine.start import SCHEDULER

RETRY_SECONDS = 1.0  # between two attempts to reach the scheduler
log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code when the host is told to end."""
    parser = argparse.ArgumentParser(prog="python -m core.engine.host", description="Train rounds for a cluster.")
    parser.add_argument("scheduler", help="address of the Dask scheduler: tcp://host:8786 or tls://host:8786")
    address = parser.parse_args(arguments).scheduler
    if not SCHEDULER.fullmatch(address):
        parser.error(f"{address} is no address like tcp://scheduler:8786")
    workers = os.environ.get("HOST_WORKERS", "").strip()
    if workers and not (workers.isascii() and workers.isdigit() and int(workers)):
        parser.error(f"HOST_WORKERS is {workers}; it is empty or a number of processes from 1 up")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    configure()
    service = HostService(int(workers) if workers else None)
    serve(service)
    try:
        asyncio.run(join(address, f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"))
    finally:
        service.close()
    return 0


async def join(address: str, name: str) -> None:
    """Be a worker of the scheduler's until the process is told to end; after the scheduler was away, again."""
    ended = asyncio.Event()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_, ended.set)
    with TemporaryDirectory(prefix="narrowing-lab-host-") as folder:
        while not ended.is_set():
            await _serve_once(address, name, folder, ended)
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), RETRY_SECONDS)


async def _serve_once(address: str, name: str, folder: str, ended: asyncio.Event) -> None:
    """Be a worker until the scheduler is gone or the process is told to end."""
    from distributed import Worker

    worker = Worker(
        address, name=name, nthreads=1, memory_limit=0, local_directory=folder, dashboard=False, death_timeout=3
    )
    try:
        await asyncio.wait_for(worker, 10)
        log.info("%s trains for %s", name, address)
        finished, told = asyncio.create_task(worker.finished()), asyncio.create_task(ended.wait())
        await asyncio.wait({finished, told}, return_when=asyncio.FIRST_COMPLETED)
        for task in (finished, told):
            task.cancel()
    except Exception as fault:
        log.warning("the scheduler at %s cannot be reached: %r", address, fault)
    finally:
        with suppress(Exception):
            await asyncio.wait_for(worker.close(timeout=1, nanny=False), 3)


if __name__ == "__main__":
    sys.exit(main())
