"""A process has as many descriptors as the system lets it, and lets in no more tabs than it has them for."""

import subprocess
import sys

import pytest

from tests.support.hosting_files import ROOT


def limits_after(action: str, soft: int, hard: int) -> list[int]:
    """The soft limit and the number of tabs after an action in a process that begins with these limits."""
    program = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from pages.components.web import descriptors
descriptors.{action}()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], descriptors.most_sessions())
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return [int(word) for word in found.stdout.split()]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_the_limit_is_raised_as_far_as_the_system_lets_it() -> None:
    assert limits_after("raise_limit", 256, 2000) == [2000, 475]
    assert limits_after("most_sessions", 256, 2000) == [256, 39]
