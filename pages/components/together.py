"""All that pages are made of, imported at once.

The first visitors of a server come in threads of their own, each to another page. What one of them is importing stands
half finished before the others: Altair takes such a pandas for a whole one, and fails. Who imports this waits until
everything is there.
"""

from importlib import import_module
from pathlib import Path

for _file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    if _file.stem != Path(__file__).stem:
        import_module(f"{__package__}.{_file.stem}")
