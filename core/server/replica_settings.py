"""What the environment says of several servers: the address of this one, and what all of them know alone."""

import os
import re
from dataclasses import dataclass

from core.errors import LessonError

ADDRESS = re.compile(r"[A-Za-z0-9._-]{1,60}:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")
SHORTEST_SECRET = 16  # characters
NOT_AN_ADDRESS = (
    "REPLICA is {given!r}, which is no address such as app1:8501: that at which the proxy finds this server"
)
NEEDS_POSTGRESQL = "REPLICA makes this server one of several, which share a PostgreSQL: DATABASE_URL names none"
NEEDS_SECRET = (
    "REPLICA needs REPLICA_SECRET, {shortest} characters at least: the same as the proxy's, and as every server's"
)


@dataclass(frozen=True)
class ReplicaSettings:
    """This server among several."""

    address: str  # host:port, as the proxy names it
    secret: str

    @classmethod
    def from_environment(cls, database: str) -> "ReplicaSettings | None":
        """The settings REPLICA and REPLICA_SECRET; None for the only server of its database.

        database: its URL    Raises LessonError if there can be no such server.
        """
        address, secret = os.environ.get("REPLICA", "").strip(), os.environ.get("REPLICA_SECRET", "").strip()
        if not address:
            return None
        if not ADDRESS.fullmatch(address):
            raise LessonError(NOT_AN_ADDRESS, given=address)
        if not database.startswith("postgres"):
            raise LessonError(NEEDS_POSTGRESQL)
        if len(secret) < SHORTEST_SECRET:
            raise LessonError(NEEDS_SECRET, shortest=SHORTEST_SECRET)
        return cls(address, secret)
