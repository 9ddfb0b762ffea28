"""Streamlit's own command line for a server on which a crowd of pages, made up, seems to come and to go.

`python -m tests.browser.crowded run app.py ...` is `python -m streamlit run app.py ...` otherwise. The crowd is there
for as long as the file CROWD exists; ticks ask for their pace after little more than a second.
"""

import os
import sys
import threading
import time
from pathlib import Path

from streamlit.web import cli

from pages.components import pace

PAGES = 200


def come_and_go() -> None:
    """Draw all pages of the crowd once a second."""
    while True:
        if Path(os.environ["CROWD"]).exists():
            for page in range(PAGES):
                pace.PACE.drawn(f"made up {page}")
        time.sleep(1.0)


if __name__ == "__main__":
    pace.HOLDS, pace.GONE, pace.WINDOW = 1.25, 2.0, 1.0
    threading.Thread(target=come_and_go, daemon=True).start()
    sys.exit(cli.main())
