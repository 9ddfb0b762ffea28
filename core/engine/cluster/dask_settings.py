"""Dask's settings that this project needs: short waits, no profiler, no log of what is usual.

Whatever the host of the app sets in Dask's own environment variables or files stays, certificates for tls:// above all.
"""

import logging

import dask

SETTINGS = {
    "distributed.comm.timeouts.connect": "3s",
    "distributed.worker.profile.enabled": False,  # 1.4% of a core of an idle worker
    "distributed.admin.tick.limit": "60s",  # no warning about a loop that was busy
}


def configure() -> None:
    """Set them; to be called before a client or a worker is made."""
    dask.config.set(SETTINGS)
    logging.getLogger("distributed").setLevel(logging.WARNING)
