"""Says in the log which environment variables cannot be used; that of LAB_DAYS is in core/store/store_settings.py."""

import logging
import os
from contextlib import suppress
from ipaddress import ip_network

from core.data.mnist_files import mnist_fault, mnist_folder
from core.store.store import Store, StoreError
from core.store.store_settings import default_url

log = logging.getLogger(__name__)


def log_unusable_variables() -> None:
    """Log a warning for every variable whose value is wrong; the values themselves may be secret."""
    try:
        Store(default_url()).close()
    except StoreError:
        log.warning("DATABASE_URL is no address of a database that this program can use: no work is saved")
    if os.environ.get("MNIST_DIR") and (fault := mnist_fault(mnist_folder())) is not None:
        log.warning("MNIST_DIR is %s: %s", mnist_folder(), fault)
    if (trusted := os.environ.get("FORWARDED_ALLOW_IPS", "").strip()) not in ("", "*"):
        for proxy in map(str.strip, trusted.split(",")):
            if not _is_network(proxy):
                log.warning("FORWARDED_ALLOW_IPS has %r, which is no address: that proxy is not trusted", proxy)


def _is_network(text: str) -> bool:
    with suppress(ValueError):
        return bool(ip_network(text))
    return False
