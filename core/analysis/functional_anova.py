"""Functional analysis of variance: how much of the accuracy's variance over a box each hyperparameter explains.

Of two hyperparameters the model is a surface on a grid; of more, see axis_effects.py.

Shares are computed from surfaces that go with the trials, drawn from the process of anova_kernel.py with all weights
that go with them: what is not known of the kernel is not known of the shares either. In simulations with 20 to 60
trials intervals of 95% hold the true share in 93% to 100%; with the best-fitting kernel alone, in 0% to 50%.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.analysis.anova_kernel import Weights, centred, combined, draw_weights, noise
from core.analysis.observations import Observations, scaled
from core.space import AXES, DEFAULT_AXES, LogRange

SURFACE_SIZE = 15  # points along each exponent of a surface
SURFACES_A_DRAW = 4  # surfaces for each draw of the weights


@dataclass(frozen=True, eq=False)
class Importance:
    """Shares of the variance of the accuracy over the box, for each surface: (surfaces,) each, 1 in sum."""

    main: dict[str, np.ndarray]  # by axis: what it explains alone
    pairs: dict[tuple[str, str], np.ndarray]  # what two explain together that neither does alone

    @property
    def parts(self) -> dict[tuple[str, ...], np.ndarray]:
        """All of them by the axes that they belong to."""
        return {(axis,): share for axis, share in self.main.items()} | dict(self.pairs)

    @property
    def learning_rate(self) -> np.ndarray:
        return self.main["learning_rate"]

    @property
    def weight_decay(self) -> np.ndarray:
        return self.main["weight_decay"]

    @property
    def interaction(self) -> np.ndarray:
        """What none explains alone."""
        return np.sum(list(self.pairs.values()), axis=0)


@dataclass(frozen=True, eq=False)
class Surface:
    """The model on a grid over a box of two axes, and the shares that follow. A fixed range is one point."""

    axes: tuple[np.ndarray, np.ndarray]  # (places,) on either, see `grid`
    mean: np.ndarray  # (places, places) accuracy
    deviation: np.ndarray  # (places, places) its standard deviation, without noise
    shares: Importance


def surface(data: Observations) -> Surface:
    """The model of some trials on a grid over their box of two axes; the same trials give the same surface."""
    rng = np.random.default_rng(0)
    ranges = list(data.space.ranges().values())
    varied = not ranges[0].is_fixed, not ranges[1].is_fixed
    first, second = data.space.axes
    axes = grid(first, data.space[first]), grid(second, data.space[second])
    x = scaled(data.x, data.space)
    points = scaled(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1), data.space).reshape(-1, 2)
    spread = max(float(data.y.std()), 1e-9)
    y = (data.y - data.y.mean()) / spread
    kernels = [along(x[:, axis], points[:, axis]) for axis in (0, 1)]
    trials = slice(None), slice(len(x)), slice(len(x))
    weights = draw_weights([kernel[trials] for kernel in kernels], y, varied, rng)
    drawn = [_surfaces(weights[np.array([place])], kernels, y, rng) for place in range(len(weights.log))]
    surfaces = data.y.mean() + spread * np.concatenate(drawn).reshape(-1, len(axes[0]), len(axes[1]))
    return Surface(axes, surfaces.mean(axis=0), surfaces.std(axis=0), importance(surfaces, data.space.axes))


def along(x: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Kernels along an axis among trials and then points, (lengths, n, n). x, points: shares of the range"""
    values, place = np.unique(np.concatenate([x, points]), return_inverse=True)  # each of a grid's stands in many
    return np.asarray(centred(values, values)[:, place[:, None], place])


def middles(range_: LogRange) -> np.ndarray:
    """The middles of SURFACE_SIZE equal parts of a range; its one point if it is fixed."""
    shares = (np.arange(SURFACE_SIZE) + 0.5) / SURFACE_SIZE
    return np.array([range_.low]) if range_.is_fixed else range_.low + shares * range_.width


def grid(axis: str, range_: LogRange) -> np.ndarray:
    """The places along an axis at which an effect is shown, (places,): middles of equal parts, or all whole ones."""
    return np.arange(range_.low, range_.high + 1) if AXES[axis].is_whole else middles(range_)


def _surfaces(weights: Weights, kernels: Sequence[np.ndarray], y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some surfaces that go with the trials for one draw of the weights: (SURFACES_A_DRAW, points).

    kernels: of either axis among the trials and then the points    y: (trials,)
    """
    kernel, trials = combined(weights, kernels)[0], len(y)
    inverse = np.linalg.inv(kernel[:trials, :trials] + float(noise(weights)[0]) * np.eye(trials))
    information = inverse.sum()
    level = inverse.sum(axis=0) @ y / information
    squares = (y - level) @ inverse @ (y - level)
    variance = squares / rng.chisquare(trials - 1, SURFACES_A_DRAW)
    constant = level + rng.standard_normal(SURFACES_A_DRAW) * np.sqrt(variance / information)
    across = kernel[trials:, :trials] @ inverse
    mean = constant + across @ (y[:, None] - constant)  # (points, surfaces)
    left = kernel[trials:, trials:] - across @ kernel[:trials, trials:]
    left[np.diag_indices_from(left)] += 1e-6 * np.trace(kernel) / len(kernel) + 1e-12
    normal = rng.standard_normal((len(left), SURFACES_A_DRAW))
    return np.asarray((mean + np.linalg.cholesky(left) @ normal * np.sqrt(variance)).T)


def importance(surfaces: np.ndarray, axes: tuple[str, ...] = DEFAULT_AXES) -> Importance:
    """Functional analysis of variance (F. Hutter et al., ICML 2014) of surfaces over a box.

    surfaces: (samples, places on the first axis, on the second)
    """
    centred_ = surfaces - surfaces.mean(axis=(1, 2), keepdims=True)
    rate, decay = centred_.mean(axis=2), centred_.mean(axis=1)  # the main effects
    total = np.maximum((centred_**2).mean(axis=(1, 2)), 1e-12)
    shares = [(effect**2).mean(axis=1) / total for effect in (rate, decay)]
    both = np.maximum(1 - shares[0] - shares[1], 0)
    return Importance(dict(zip(axes, shares, strict=True)), {(axes[0], axes[1]): both})
