"""Starts the engine that ENGINE names: none for this machine (engine.py), else the address of a Dask scheduler.

Such an address is tcp://host:8786 or tls://host:8786; see cluster/cluster_engine.py.
"""

import os
import re
from collections.abc import Callable
from importlib.util import find_spec

from core.engine.engine import EmbeddedEngine
from core.engine.owners import Owner
from core.engine.port import Engine
from core.errors import N_, LessonError

SCHEDULER = re.compile(r"(tcp|tls)://[^\s/:]+:[0-9]{1,5}|(tcp|tls)://\[[0-9a-fA-F:]+\]:[0-9]{1,5}", re.ASCII)


def engine_address() -> str:
    """The address of the scheduler that ENGINE names as it is now; empty for this machine.

    Raises LessonError for an address that is none, and where the packages for a cluster are missing.
    """
    address = os.environ.get("ENGINE", "").strip()
    if address and not SCHEDULER.fullmatch(address):
        raise LessonError(
            N_("ENGINE is {address}; it is empty, or tcp:// or tls:// with a host and a port."), address=address
        )
    if address and find_spec("distributed") is None:
        raise LessonError(N_("ENGINE is set, and its packages are not installed: see requirements-cluster.txt."))
    return address


def start_engine(find_owner: Callable[[str], Owner] = Owner) -> Engine:
    """The engine that the environment names as it is now.

    find_owner: an owner as they are now; asked when a round begins, and once a second while it has not ended
    Raises LessonError as `engine_address` does.
    """
    if address := engine_address():
        from core.engine.cluster.cluster_engine import ClusterEngine

        return ClusterEngine(address, find_owner)
    return EmbeddedEngine(find_owner=find_owner)
