"""A network of the final test, trained again to the same bits, so that it can be given images of one's own.

It stays in memory and is not written down: whoever asks for it after a restart has it trained once more.
"""

import base64

import numpy as np

from core.engine.port import Engine
from core.lab.seed_repeats import RoundGroup
from core.plan import RoundPlan
from core.training.parameters import Parameters
from core.training.prediction import NO_PREDICTION


class TestedNetwork:
    """One network, under way or there.

    plan: of its seed in the final test    images: those that were opened, (images, pixels) uint8
    Raises LessonError when it cannot be begun.
    """

    __test__ = False  # no test, whatever its name begins with

    def __init__(self, engine: Engine, owner: str, plan: RoundPlan, images: np.ndarray) -> None:
        self.parameters: Parameters | None = None
        self.text = ""  # its numbers, see network_text
        self.classes: np.ndarray | None = None  # (images,) that it predicts
        self._rounds = RoundGroup(engine, owner, "tested-network", [(plan, images)], self._take)

    def _take(self, rounds: RoundGroup) -> None:
        """Keep the network."""
        progress = rounds.handles[0].progress if rounds.handles else None
        if progress is not None and progress.predictions is not None:
            self.text = network_text(progress.network) if progress.network is not None else ""
            self.classes, self.parameters = progress.predictions[0], progress.network

    @property
    def is_done(self) -> bool:
        """Whether it has come to an end."""
        return self._rounds.is_done

    @property
    def share(self) -> float:
        """How much of the training is done, 0 to 1."""
        return self._rounds.share

    def stop(self) -> None:
        """End the training."""
        self._rounds.stop()


def shown_network(classes: np.ndarray) -> int | None:
    """The first network of a final test that did not diverge; None if all did. classes: (seeds, images) predicted"""
    learned = (classes != NO_PREDICTION).any(axis=1).nonzero()[0]
    return int(learned[0]) if len(learned) else None


def layers_of(network: Parameters) -> list[list[np.ndarray]]:
    """What a network computes, layer by layer: weights (n_in, n_out) and biases (n_out,) of each.

    Of a hidden layer with batch normalisation also a factor and a shift, (n_out,) each, for the sums.
    """
    layers = []
    for place, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        normalised = network.normalised(place) if network.gamma_beta and place < len(network.layers) - 1 else ()
        layers.append([weight[0], bias[0, 0], *(array[0] for array in normalised)])
    return layers


def network_text(network: Parameters) -> str:
    """All numbers of `layers_of` in that order as float32, little-endian, in base64."""
    arrays = [array for layer in layers_of(network) for array in layer]
    return base64.b64encode(b"".join(array.astype("<f4").tobytes() for array in arrays)).decode()
