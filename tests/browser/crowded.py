"""Streamlit's own command line for a server that counts made-up pages as open while a file exists.

`python -m tests.browser.crowded run app.py ...` is `python -m streamlit run app.py ...` otherwise. The crowd is there
for as long as the file CROWD exists; ticks ask for their pace after little more than a second.
"""

import os
import sys
import threading
import time
from pathlib import Path

from streamlit.web import cli

from pages.components.refresh import pace

PAGES = 200


def come_and_go() -> None:
    """Draw all pages of the crowd once a second."""
    while True:
        if Path(os.environ["CROWD"]).exists():
            for page in range(PAGES):
                pace.PACE.count_tick(f"made up {page}")
        time.sleep(1.0)


if __name__ == "__main__":
    pace.HOLD_SECONDS, pace.PAGE_TIMEOUT, pace.WINDOW_SECONDS = 1.25, 2.0, 1.0
    threading.Thread(target=come_and_go, daemon=True).start()
    sys.exit(cli.main())
