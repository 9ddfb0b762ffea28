"""docs/notebook.ipynb runs from top to bottom, in the folder where Jupyter would run it, and shows what it says."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.progress import RoundProgress
from core.rounds import RoundPlan
from tests.support.sample_rounds import made

ROOT = Path(__file__).parents[1]
NOTEBOOK = json.loads((ROOT / "docs/notebook.ipynb").read_text(encoding="utf-8"))
CELLS = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]
SHOWN = """
import json
print("SHOWN", json.dumps({
    "best": [float(one.last_validation().max()) for one in rounds],
    "rows": len(trials),
    "curves": len(curves(result)),
    "charts": [type(alt.Chart(trials)).__name__],
}))
"""


def test_it_has_ten_cells_and_holds_no_results() -> None:
    assert len(NOTEBOOK["cells"]) == 10 and (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in NOTEBOOK["cells"]}) == 10
    assert all(not cell.get("outputs") for cell in NOTEBOOK["cells"])


@pytest.mark.long
def test_it_runs_from_top_to_bottom() -> None:
    """The value of each cell's last line is made, as Jupyter does to show it."""
    lines = []
    for source in CELLS:
        lines.append(source)
        if isinstance(ast.parse(source).body[-1], ast.Expr):
            last = ast.get_source_segment(source, ast.parse(source).body[-1])
            lines[-1] = source.replace(
                last or "", f"({last})._repr_mimebundle_()" if "alt.Chart" in (last or "") else last or ""
            )
    environment = {name: given for name, given in os.environ.items() if name not in ("PYTHONPATH", "ENGINE")}
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", "\n".join([*lines, SHOWN])],
        cwd=ROOT / "docs", env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Best-1  validation" in done.stdout and "Round 4, learning rates" in done.stdout
    shown = json.loads(done.stdout.rpartition("SHOWN ")[2])
    assert shown["rows"] == 80 and shown["curves"] == 100
    assert max(shown["best"][1:]) > shown["best"][0]  # narrowing found something better


def test_a_frame_has_the_trials_in_the_order_of_the_ranking() -> None:
    progress = made([-4, -3, -2], [0.5, 0.9, 0.7], diverged=(1,))
    frame = progress.to_frame()
    assert frame["trial"].tolist() == progress.ranking().tolist() == [2, 0, 1]
    assert frame["validation_accuracy"].tolist() == pytest.approx([0.7, 0.5, 0.9])
    assert np.array_equal(frame["learning_rate"], progress.learning_rate[[2, 0, 1]]) and frame["diverged"][2]


def test_the_summary_names_the_best_first_and_a_round_that_has_not_begun_is_said_too() -> None:
    lines = made([-4, -3, -2], [0.5, 0.9, 0.7]).summary(2).splitlines()
    assert len(lines) == 3 and "learning rate 0.001 " in lines[1] and "0.900" in lines[1] and "0.700" in lines[2]
    nothing = RoundProgress.of(RoundPlan(trials=3, epochs=2))
    assert nothing.summary().startswith("3 trials of 2 epochs on digits") and len(nothing.summary().splitlines()) == 1
    assert nothing.to_frame()["validation_accuracy"].isna().all() and len(nothing.to_frame()) == 3
