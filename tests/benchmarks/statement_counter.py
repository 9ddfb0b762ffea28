"""Streamlit's own command line, that appends a character to the file STATEMENTS for every statement to a database.

`python -m tests.benchmarks.statement_counter run app.py ...` is `python -m streamlit run app.py ...` otherwise.
"""

import os
import sys
from pathlib import Path

import sqlalchemy as sa
from streamlit.web import cli


@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def count(*_: object) -> None:
    with Path(os.environ["STATEMENTS"]).open("a") as tally:
        tally.write("|")


if __name__ == "__main__":
    sys.exit(cli.main())
