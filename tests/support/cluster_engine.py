"""An engine on a cluster of its own, which tests use as they use the one of this machine."""

from core.engine.cluster.cluster_engine import ClusterEngine
from tests.support.cluster import Cluster
from tests.support.waiting import LIMIT, until


class EngineWithHosts(ClusterEngine):
    """Starts a scheduler and so many hosts with so many workers each, and ends them when it is closed."""

    def __init__(self, hosts: int, workers: int) -> None:
        self._machines, self._count = Cluster(workers), hosts * workers
        self._machines.start_scheduler()
        for _ in range(hosts):
            self._machines.add_host()
        super().__init__(self._machines.address)
        with self._changed:
            assert self._changed.wait_for(
                lambda: sum(bool(host.kind) for host in self._state.hosts.values()) == hosts, LIMIT
            )

    def pids(self) -> list[int]:
        """The processes that train, once none of them is missing."""
        found: list[int] = []

        def all_there() -> bool:
            found[:] = [trainer.pid for host in self._machines.hosts for trainer in self._machines.trainers(host)]
            return len(found) == self._count

        until(all_there)
        return found

    def close(self) -> None:
        """End it, the hosts and the scheduler."""
        super().close()
        self._machines.close()
