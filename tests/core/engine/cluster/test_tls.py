"""A cluster with certificates: who has none is refused."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dask
import pytest
import trustme

from core.engine.cluster.cluster_engine import ClusterEngine
from core.plan import RoundPlan
from core.progress import Status
from tests.support.cluster import Cluster, cluster
from tests.support.waiting import LIMIT, until

pytestmark = pytest.mark.long

SMALL = RoundPlan(trials=2, epochs=2, images=200)
TLS = "distributed.comm.tls"


class Certificates:
    """The files of a certificate authority and of one certificate that it has issued for this machine."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("127.0.0.1", "localhost")
        self.authority, self.certificate = folder / "ca.pem", folder / "certificate.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        issued.private_key_and_cert_chain_pem.write_to_path(str(self.certificate))

    def settings(self, role: str) -> dict[str, object]:
        """Dask's settings for a client, a worker or the scheduler."""
        return {
            f"{TLS}.ca-file": str(self.authority),
            f"{TLS}.{role}.cert": str(self.certificate),
            "distributed.comm.require-encryption": True,
        }

    def environment(self) -> dict[str, str]:
        """The same for a process of any role, as environment variables."""
        names = {}
        for role in ("worker", "scheduler"):
            for name, value in self.settings(role).items():
                names["DASK_" + name.replace(".", "__").replace("-", "_").upper()] = str(value)
        return names


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def machines(certificates: Certificates) -> Iterator[Cluster]:
    with cluster(1, 1, scheme="tls", environment=certificates.environment()) as made:
        yield made


def test_a_server_with_a_certificate_trains_on_the_cluster(machines: Cluster, certificates: Certificates) -> None:
    with dask.config.set(certificates.settings("client")), closing(ClusterEngine(machines.address)) as engine:
        assert engine.start("someone", SMALL).wait(LIMIT).status is Status.FINISHED


@pytest.mark.parametrize("kind", ["without any", "of another authority"])
def test_a_server_without_a_certificate_of_the_cluster_is_refused(
    machines: Cluster, certificates: Certificates, kind: str, tmp_path: Path
) -> None:
    """It trusts the cluster, and the cluster does not trust it."""
    settings = certificates.settings("client")
    settings[f"{TLS}.client.cert"] = None
    if kind == "of another authority":
        settings[f"{TLS}.client.cert"] = str(Certificates(tmp_path).certificate)
    with dask.config.set(settings), closing(ClusterEngine(machines.address)) as engine:
        handle = engine.start("someone", SMALL)
        until(lambda: engine.notice() is not None)
        assert handle.progress.status is Status.WAITING and not engine._state.hosts


def test_a_host_without_a_certificate_of_the_cluster_is_refused(machines: Cluster, tmp_path: Path) -> None:
    environment = os.environ | Certificates(tmp_path).environment()
    command = [sys.executable, "-m", "core.engine.host", machines.address]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as host:
        assert host.stderr is not None
        assert any("cannot be reached" in line for line in host.stderr)
        host.terminate()


def test_nobody_is_let_in_without_encryption(machines: Cluster) -> None:
    with closing(ClusterEngine(machines.address.replace("tls://", "tcp://"))) as engine:
        engine.start("someone", SMALL)
        until(lambda: engine.notice() is not None)
        assert not engine._state.hosts
