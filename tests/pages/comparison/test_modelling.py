"""Models are fitted once for all tabs of a lab."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from core.analysis.functional_anova import surface
from core.analysis.observations import Observations
from pages.components.comparison import modelling
from pages.components.comparison.modelling import model_of
from tests.support.sample_rounds import made

TABS = 5


def test_a_model_that_five_tabs_ask_for_is_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[Observations] = []
    monkeypatch.setattr(modelling, "surface", lambda data: (fitted.append(data), surface(data))[1])
    rounds = (made(list(np.linspace(-6, -2, 12)), list(np.linspace(0.1, 0.9, 12))),)
    together = Barrier(TABS)

    def ask(_: int) -> object:
        together.wait()
        return model_of("a lab", rounds)

    with ThreadPoolExecutor(TABS) as tabs:
        found = set(tabs.map(ask, range(TABS)))
    assert len(found) == len(fitted) == 1 and model_of("a lab", rounds) in found
