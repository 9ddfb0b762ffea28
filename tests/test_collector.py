"""The search for reference cycles leaves out what was there first, and finds what came later."""

import subprocess
import sys

import pytest

from core.engine.local import ROOT

PROGRAM = """
import gc, weakref
from pages.components.collector import YOUNGEST, spare_the_libraries

class Node:
    def __init__(self):
        self.itself = self

spare_the_libraries()
kept = gc.get_freeze_count()
assert kept > 1_000 and gc.get_threshold()[0] == YOUNGEST
later = weakref.ref(Node())
spare_the_libraries()
assert gc.get_freeze_count() <= kept
gc.collect()
assert later() is None
"""


SERVER = """
import gc
from streamlit.testing.v1 import AppTest

AppTest.from_file("app.py", default_timeout=60).run()
assert gc.get_freeze_count() > 100_000
"""


@pytest.mark.parametrize("program", [PROGRAM, SERVER])
def test_what_was_there_first_is_left_out_and_what_came_later_is_found(program: str) -> None:
    """By itself, and by a server whose first page has been drawn."""
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
