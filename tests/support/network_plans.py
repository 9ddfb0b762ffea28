"""Settings of a network, each alone and all together: fields of a plan."""

from typing import Any

import pytest

from core.space import LogRange, SearchSpace

GENTLE = SearchSpace(LogRange(-3, -2), LogRange(-6, -3))  # where optimizers that adapt their steps learn, too
LEARNS_FAST = SearchSpace(LogRange(-1.5, -0.5), LogRange(-8, -4))  # where plain SGD learns within a few epochs
NETWORK_SETTINGS: dict[str, dict[str, Any]] = {
    "momentum": {"optimizer": "momentum"},
    "little momentum": {"optimizer": "momentum", "momentum": 0.3},
    "adagrad": {"optimizer": "adagrad"},
    "adam": {"optimizer": "adam"},
    "another adam": {"optimizer": "adam", "beta1": 0.5, "beta2": 0.99},
    "xavier": {"initial_weights": "xavier"},
    "deviation": {"initial_weights": "deviation", "deviation": 0.25},
    "sigmoid": {"activation": "sigmoid", "initial_weights": "xavier"},
    "normalised": {"batch_normalisation": True},
    "dropout": {"dropout": 0.2},
    "all": {"optimizer": "adam", "activation": "sigmoid", "batch_normalisation": True, "dropout": 0.3},
    "nearly all": {"optimizer": "momentum", "batch_normalisation": True, "dropout": 0.5},
}
every_network_setting = pytest.mark.parametrize("settings", NETWORK_SETTINGS.values(), ids=NETWORK_SETTINGS)
