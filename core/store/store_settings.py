"""What the environment says about the store: where it is, and how long labs are kept."""

import logging
import math
import os
from pathlib import Path

DEFAULT_LAB_DAYS = 180.0  # after its last use a lab is deleted
SQLITE = "sqlite:///"

log = logging.getLogger(__name__)


def default_url() -> str:
    """The database that DATABASE_URL names, else a SQLite file among the user's data; ~ is filled in."""
    if named := os.environ.get("DATABASE_URL"):
        file = named.removeprefix(SQLITE)
        return f"{SQLITE}{Path(file).expanduser()}" if named != file and file.startswith("~/") else named
    import platformdirs

    return f"{SQLITE}{platformdirs.user_data_path('narrowing-lab') / 'labs.sqlite'}"


def lab_days() -> float:
    """Days after its last use when a lab is deleted: LAB_DAYS, else DEFAULT_LAB_DAYS, and the log says so."""
    given = os.environ.get("LAB_DAYS", "").strip()
    try:
        days = float(given or DEFAULT_LAB_DAYS)
    except ValueError:
        days = math.nan
    if 0 < days < math.inf:
        return days
    log.warning("LAB_DAYS is %r, which is no number of days above 0: labs are kept for %g", given, DEFAULT_LAB_DAYS)
    return DEFAULT_LAB_DAYS
