"""A model of the accuracy over the log plane, fitted to the trials that were trained: a Gaussian process.

    x  # (trials, 2) exponents of learning rate and weight decay        y  # (trials,) validation accuracy

Matern 5/2 with a length scale for either exponent, plus white noise (C. Rasmussen, C. Williams, Gaussian Processes for
Machine Learning, 2006). scikit-learn takes a second and a half to import, so it waits until somebody asks.
"""

import math
import warnings
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from core.late import library
from core.plan import CLASSES, RoundPlan
from core.progress import RoundProgress
from core.space import LogRange, SearchSpace, exponent, value

GAUSSIAN = "sklearn.gaussian_process"
GRID = 25  # points along either exponent
MAP = 41  # the same for the maps of a Bayesian search
DRAWS = 40  # surfaces drawn from the process, to tell how sure it is
FEWEST, MOST = 10, 400  # trials that a model is fitted to; its time grows with the cube of their number
AXES = ("learning_rate", "weight_decay")
OF_A_ROUND = {"space": SearchSpace(), "trials": 1, "seed": 0, "values": None}  # of its plan; the rest are settings
SETTINGS = tuple(field.name for field in fields(RoundPlan) if field.name not in OF_A_ROUND)


@dataclass(frozen=True, eq=False)
class Observations:
    """Trials that can be compared."""

    x: np.ndarray  # (trials, 2) exponents
    y: np.ndarray  # (trials,) validation accuracy; chance where a trial diverged
    space: SearchSpace  # the smallest box that holds all ranges looked at
    left_out: int = 0  # trials beyond MOST


@dataclass(frozen=True, eq=False)
class Surface:
    """The model on a grid over the box."""

    axes: tuple[np.ndarray, np.ndarray]  # (GRID,) exponents of learning rate and of weight decay
    mean: np.ndarray  # (GRID, GRID), learning rate first
    deviation: np.ndarray  # (GRID, GRID) standard deviation of the model, noise left out
    draws: np.ndarray  # (DRAWS, GRID, GRID) surfaces that the trials allow


@dataclass(frozen=True, eq=False)
class Importance:
    """Shares of the variance of the accuracy over the box, a share a surface drawn: (DRAWS,) each, 1 in sum."""

    learning_rate: np.ndarray
    weight_decay: np.ndarray
    together: np.ndarray  # what neither explains alone


def observations(rounds: list[RoundProgress]) -> Observations | None:
    """The trials of all rounds that were trained to their end with the settings of the last one; None if too few.

    Of more than MOST the latest half of MOST is taken, and as many of those before, evenly spread.
    """
    same = alike(rounds)
    kept = [one.epochs_done == one.plan.epochs for one in same]
    if sum(int(which.sum()) for which in kept) < FEWEST:
        return None
    x = [
        exponent(np.column_stack([one.learning_rate, one.weight_decay])[which])
        for one, which in zip(same, kept, strict=True)
    ]
    y = [
        np.where(one.diverged, 1 / CLASSES, one.last_validation())[which] for one, which in zip(same, kept, strict=True)
    ]
    taken = among(sum(map(len, x)))
    box = around([one.plan.space for one in same])
    return Observations(np.concatenate(x)[taken], np.concatenate(y)[taken], box, sum(map(len, x)) - len(taken))


def among(count: int) -> np.ndarray:
    """The places of the trials that a model is fitted to, of so many."""
    if count <= MOST:
        return np.arange(count)
    latest = MOST // 2
    before = np.linspace(0, count - latest - 1, MOST - latest).round().astype(int)
    return np.concatenate([before, np.arange(count - latest, count)])


def alike(rounds: list[RoundProgress]) -> list[RoundProgress]:
    """The rounds that are over and can be compared with the last one of them, in order."""
    over = [one for one in rounds if one.status.over and one.started]
    return [one for one in over if settings(one.plan) == settings(over[-1].plan)]


def settings(plan: RoundPlan) -> RoundPlan:
    """What two rounds must have in common for their accuracies to be compared."""
    return replace(plan.to_the_end(), **OF_A_ROUND)  # type: ignore[arg-type]


def around(spaces: list[SearchSpace]) -> SearchSpace:
    """The smallest box that holds some others."""
    ranges = {axis: [space.ranges()[axis] for space in spaces] for axis in AXES}
    return SearchSpace(
        **{axis: LogRange(min(one.low for one in some), max(one.high for one in some)) for axis, some in ranges.items()}
    )


def fit(data: Observations) -> Any:
    """The Gaussian process for some trials, over exponents scaled to the box."""
    models, kernels = library(GAUSSIAN), library(f"{GAUSSIAN}.kernels")
    scales, noise = kernels.Matern([0.3, 0.3], (0.05, 20), nu=2.5), kernels.WhiteKernel(0.05, (1e-4, 1))
    kernel = kernels.ConstantKernel(1.0, (0.05, 20)) * scales + noise
    process = models.GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=2, random_state=0)
    with warnings.catch_warnings():
        # a scale at its bound: that exponent does not matter
        warnings.simplefilter("ignore", library("sklearn.exceptions").ConvergenceWarning)
        return process.fit(scaled(data.x, data.space), data.y)


def scaled(x: np.ndarray, space: SearchSpace) -> np.ndarray:
    """Exponents as shares of a box's width. x: (..., 2)"""
    low = np.array([range_.low for range_ in space.ranges().values()])
    width = np.array([max(range_.width, 1e-9) for range_ in space.ranges().values()])
    return np.asarray((x - low) / width)


def surface(data: Observations) -> Surface:
    """The model of some trials on a grid over their box; the same trials give the same surface."""
    process = fit(data)
    axes = [np.linspace(range_.low, range_.high, GRID) for range_ in data.space.ranges().values()]
    points = scaled(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1), data.space).reshape(-1, 2)
    mean, covariance = process.predict(points, return_cov=True)
    noise = process.kernel_.k2.noise_level * process._y_train_std**2
    covariance = covariance - noise * np.eye(len(points))
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    draws = mean + np.random.default_rng(0).standard_normal((DRAWS, len(points))) @ root.T
    shape = GRID, GRID
    return Surface((axes[0], axes[1]), mean.reshape(shape), deviation.reshape(shape), draws.reshape(DRAWS, *shape))


@dataclass(frozen=True, eq=False)
class Maps:
    """What a Bayesian search sees before its next batch, on a grid over the box it may look in, and the batch."""

    axes: tuple[np.ndarray, np.ndarray]  # (MAP,) exponents of learning rate and of weight decay
    mean: np.ndarray  # (MAP, MAP), learning rate first
    deviation: np.ndarray  # (MAP, MAP)
    improvement: np.ndarray  # (MAP, MAP) expected improvement over the best known
    batch: np.ndarray  # (count, 2) exponents, in the order in which they were chosen

    def values(self) -> tuple[tuple[float, float], ...]:
        """The batch as (learning rate, weight decay) a trial."""
        return tuple((value(float(rate)), value(float(decay))) for rate, decay in self.batch)


def propose(data: Observations, box: SearchSpace, count: int) -> Maps:
    """The next batch inside a box: each point has the largest expected improvement, believed to come true for the next.

    Expected improvement: J. Mockus 1975; the kriging believer: D. Ginsbourger et al. 2010. Over the best mean at a
    point that was tried, since the accuracies themselves are partly luck.
    """
    axes = [np.linspace(range_.low, range_.high, MAP) for range_ in box.ranges().values()]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    at, tried, y = scaled(points, data.space), scaled(data.x, data.space), data.y
    process = fit(data)
    first: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    open_ = np.ones(len(points), bool)
    batch: list[int] = []
    while len(batch) < count:
        mean, deviation = predicted(process, at)
        gain = expected_improvement(mean, deviation, float(process.predict(tried).max()))
        first = first or (mean, deviation, gain)
        chosen = int(np.argmax(np.where(open_, gain, -1)))
        batch.append(chosen)
        open_[chosen] = False
        tried, y = np.vstack([tried, at[chosen]]), np.append(y, mean[chosen])
        process = clone_with(process, tried, y)
    assert first is not None
    maps = [part.reshape(MAP, MAP) for part in first]
    return Maps((axes[0], axes[1]), maps[0], maps[1], maps[2], points[batch])


def predicted(process: Any, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the accuracy at some points, the noise of single trials left out."""
    mean, deviation = process.predict(at, return_std=True)
    noise = process.kernel_.k2.noise_level * process._y_train_std**2
    return mean, np.sqrt(np.maximum(deviation**2 - noise, 0))


def expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """E[max(f - best, 0)] for a normal f."""
    safe = np.maximum(deviation, 1e-9)
    z = (mean - best) / safe
    below = 0.5 * (1 + np.array([math.erf(one / math.sqrt(2)) for one in z]))
    return np.asarray((mean - best) * below + safe * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def clone_with(process: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """The same process, its kernel as it was found, for other trials."""
    return library(GAUSSIAN).GaussianProcessRegressor(process.kernel_, optimizer=None, normalize_y=True).fit(x, y)


def importance(over: np.ndarray) -> Importance:
    """Functional analysis of variance (F. Hutter et al., ICML 2014) of surfaces over a box.

    over: (surfaces, learning rates, weight decays)
    """
    centred = over - over.mean(axis=(1, 2), keepdims=True)
    rate, decay = centred.mean(axis=2), centred.mean(axis=1)  # the main effects
    total = np.maximum((centred**2).mean(axis=(1, 2)), 1e-12)
    shares = [(effect**2).mean(axis=1) / total for effect in (rate, decay)]
    return Importance(shares[0], shares[1], np.maximum(1 - shares[0] - shares[1], 0))
