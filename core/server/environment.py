"""Says in the log which environment variables cannot be used; that of LAB_DAYS is in core/store/store_settings.py."""

import logging
import os
from contextlib import suppress
from ipaddress import ip_network

from core.data.idx_files import data_fault, data_folder
from core.data.idx_sets import IDX_SETS
from core.store.store import Store, StoreError
from core.store.store_settings import default_url

log = logging.getLogger(__name__)


def log_unusable_variables() -> None:
    """Log a warning for every variable whose value is wrong; the values themselves may be secret."""
    try:
        Store(default_url()).close()
    except StoreError:
        log.warning("DATABASE_URL is no address of a database that this program can use: no work is saved")
    for name, declared in IDX_SETS.items():
        if not os.environ.get(declared.variable) or (name != "mnist" and not data_folder(name).exists()):
            continue  # the others are fetched where somebody wants them
        if (fault := data_fault(name)) is not None:
            log.warning("%s is %s: %s", declared.variable, data_folder(name), fault)
    if (trusted := os.environ.get("FORWARDED_ALLOW_IPS", "").strip()) not in ("", "*"):
        for proxy in map(str.strip, trusted.split(",")):
            if not _is_network(proxy):
                log.warning("FORWARDED_ALLOW_IPS has %r, which is no address: that proxy is not trusted", proxy)


def _is_network(text: str) -> bool:
    with suppress(ValueError):
        return bool(ip_network(text))
    return False
