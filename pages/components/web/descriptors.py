"""How many files and connections this process may have open."""

import sys

if sys.platform != "win32":  # which has no such limit
    import resource

PER_SESSION = 4  # connections, files and pipes of one browser tab
RESERVED = 100  # for the database, the workers and what comes over HTTP
LARGEST = 2**16  # asked for where the system names no limit


def raise_limit() -> None:
    """Let this process have as many open as the system lets it; macOS begins with 256, which is a class of forty."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = LARGEST if hard == resource.RLIM_INFINITY else hard
    for wanted in (most, 10_240):  # macOS's own limit of a process, whatever it says
        try:
            if soft < wanted:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return
        except (ValueError, OSError):
            continue


def most_sessions() -> int:
    """How many browser tabs there are descriptors for."""
    if sys.platform == "win32":
        return LARGEST
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    known = LARGEST if soft == resource.RLIM_INFINITY else soft
    return max(1, (known - RESERVED) // PER_SESSION)
