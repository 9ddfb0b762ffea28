"""The charts of the final test show every cell and every role."""

import numpy as np

from core.lab.final_evaluation import SelectionByTestSet
from pages.components.comparison import final_test_charts


def test_the_best_by_test_and_the_chosen_trial_are_told_apart() -> None:
    found = SelectionByTestSet(
        np.array([1, 1, 2]), np.array([0, 1, 0]), np.array([0.7, 0.8, 0.6]), np.array([0.9, 0.5, 0.4]), np.zeros(3)
    )
    frame = final_test_charts.selection_frame(found, (2, 0))
    assert list(frame["role"]) == ["best_by_test", "trial", "chosen"]


def test_the_confusion_matrix_shows_every_cell() -> None:
    counts = np.arange(100).reshape(10, 10)
    spec = final_test_charts.confusion_chart(
        counts, {"seen": "taken for", "truth": "digit", "count": "images"}
    ).to_dict()
    (table,) = spec["datasets"].values()
    assert {(row["truth"], row["seen"]): row["count"] for row in table}[3, 7] == 37
