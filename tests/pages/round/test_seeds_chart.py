"""The chart of accuracies on several seeds: its axis shows the data, and every mark is where its number is."""

import math

import numpy as np
import pytest

from pages.components.round.seeds_chart import Line, accuracy_ends, seeds_chart, seeds_frame

FOUND = {"one": np.array([0.7, 0.8, 0.9]), "other": np.array([0.84, 0.84, 0.84])}


def test_a_row_has_its_seeds_mean_and_standard_deviation() -> None:
    frame = seeds_frame(FOUND, {"other": 0.9})
    one, other = (frame[frame["name"] == name] for name in FOUND)
    assert list(one["accuracy"]) == [0.7, 0.8, 0.9] and list(one["seed"]) == [1, 2, 3]
    assert one["mean"].iloc[0] == pytest.approx(0.8)
    assert one["low"].iloc[0] == pytest.approx(0.8 - np.std(FOUND["one"], ddof=1))
    assert other["low"].iloc[0] == other["high"].iloc[0] == pytest.approx(0.84)
    assert one["before"].isna().all() and list(other["before"]) == [0.9] * 3


@pytest.mark.parametrize(
    ("found", "ends"),
    [([0.63, 0.87], (0.6, 0.9)), ([0.99, 1.0], (0.95, 1.0)), ([0.0, 1.0], (0.0, 1.0)), ([0.5, math.nan], (0.45, 0.55))],
)
def test_the_axis_ends_beside_the_data(found: list[float], ends: tuple[float, float]) -> None:
    assert accuracy_ends(np.array(found)) == ends


@pytest.mark.parametrize("line", [Line(0.4, "before:"), Line(0.99, "before:"), None])
def test_all_marks_share_an_axis_that_holds_them_and_the_line_is_labelled(line: Line | None) -> None:
    spec = seeds_chart(seeds_frame(FOUND, {"one": 0.95}), line, "accuracy", dark=False).to_dict()
    places = [layer["encoding"]["x"] for layer in spec["layer"] if "x" in layer["encoding"]]
    (domain,) = {tuple(place["scale"]["domain"]) for place in places if "scale" in place}
    shown = [0.7, 0.95, *([line.accuracy] if line else [])]
    assert domain[0] < min(shown) and max(shown) < domain[1] <= 1
    assert domain[1] - domain[0] < max(shown) - min(shown) + 0.15
    texts = [layer for layer in spec["layer"] if layer["mark"]["type"] == "text"]
    assert len(texts) == (line is not None)
    if line:
        (label,) = [row["label"] for rows in spec["datasets"].values() for row in rows if "label" in row]
        assert label == f"before: {line.accuracy:.2f}"
