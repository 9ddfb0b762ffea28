"""How many tries addresses have left, counted over several servers. Statements for PostgreSQL; see rate_limits.py.

The database holds a keyed hash of an address, with which nobody who reads it alone can find the address again.
"""

import hashlib
import hmac
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from core.store.homes import DATABASE_TIME
from core.store.replica_tables import allowance_table
from core.store.store import Store


class SharedAllowances:
    """The buckets of all servers. store: the store; raises StoreError    secret: the key of the hashes"""

    def __init__(self, store: Callable[[], Store], secret: str) -> None:
        self._store, self._secret = store, secret.encode()

    def add(self, name: str, client: str, tries: int, burst: float, per_second: float) -> bool:
        """Take a try off a client's bucket (-1), or put one back (1). Raises StoreError.

        name: of the limiter    burst, per_second: size of a bucket in tries, and how many it gets back a second
        Returns False, and nothing is taken, if it is empty.
        """
        hashed = hmac.new(self._secret, client.encode(), hashlib.sha256).hexdigest()
        full = sa.literal(burst, sa.Float)
        now = DATABASE_TIME
        refilled = allowance_table.c.tries_left + (now - allowance_table.c.since) * per_second
        left = sa.func.least(refilled, full)
        new = postgresql.insert(allowance_table).values(
            name=name, client=hashed, tries_left=min(burst + tries, burst), since=now
        )
        new = new.on_conflict_do_update(
            index_elements=["name", "client"],
            set_={"tries_left": sa.func.least(left + tries, full), "since": now},
            where=left + tries >= 0,
        )
        with self._store().transaction() as connection:
            return connection.execute(new.returning(allowance_table.c.name)).first() is not None
