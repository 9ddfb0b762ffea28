"""The search for reference cycles waits longer on a server."""

import subprocess
import sys

from core.engine.local import ROOT

SERVER = """
import gc
from streamlit.testing.v1 import AppTest
from pages.components.collector import YOUNGEST

first, *older = gc.get_threshold()
AppTest.from_file("app.py", default_timeout=120).run()
assert gc.get_threshold() == (YOUNGEST, *older) and YOUNGEST > first
assert gc.isenabled() and gc.get_freeze_count() == 0
"""


def test_a_server_that_has_drawn_a_page_searches_seldom() -> None:
    assert subprocess.run([sys.executable, "-c", SERVER], cwd=ROOT).returncode == 0
