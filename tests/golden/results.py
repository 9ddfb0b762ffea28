"""Computes the results that are recorded with the present code, and reads and writes the files that hold them."""

import hashlib
import io
import json
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from core.analysis.bayesian_search import propose
from core.analysis.functional_anova import surface
from core.analysis.good_range import good_range
from core.analysis.insights import insights
from core.analysis.observations import observations
from core.analysis.sampling import at_random, grid
from core.analysis.selection_bias import expected_best
from core.analysis.trials import Trials
from core.classroom.leaderboard import FinalResult, build_board, highest, map_sample, selection_optimism, stable_hash
from core.classroom.student_history import build_history, summarize_round
from core.data.test_set import images
from core.engine.engine import EmbeddedEngine
from core.export.script import script, script_data
from core.lab.search import Search
from core.lab.seed_repeats import seeds
from core.plan import RoundPlan
from core.progress import RoundProgress, Status
from core.space import REACHES, LogRange, SearchSpace, spaces_to_json
from core.training.random_streams import SeedPurpose
from core.training.stacks import trial_values
from tests.golden.plans import FINALS, PLANS
from tests.support.direct_training import train
from tests.support.sample_rounds import made

FOLDER = Path(__file__).parent
CURVES, ANALYSIS = FOLDER / "curves.json", FOLDER / "analysis.json"
ARRAYS = ("validation_accuracy", "train_accuracy", "diverged", "given_up")  # of a result
STACK = 5  # networks of a round whose weights are recorded
MODELLED = ("diverging", "several stacks")  # rounds of the same settings but for their ranges and trials
EXPECTED = [(100, 0.9), (20, 0.5), (2_000, 0.977), (300, 0.1)]  # images, accuracy: of the best of many
DERIVED = (SeedPurpose.SEED_REPEAT, SeedPurpose.FINAL_TEST)  # whose seeds are recorded
NONE_DONE = 255  # in the answers of a network that diverged


def kernel() -> str:
    """What multiplies matrices here and in workers started from here: results hold to the bit on the same one.

    The kernels of OpenBLAS by the processor they are made for; OPENBLAS_CORETYPE asks for one. On an x86 processor with
    AVX2, NumPy's own loops were measured to give the same bits whether they use AVX-512 or not.
    """
    found = [one for one in threadpool_info() if "numpy" in one["filepath"]]
    blas = f"{found[0]['architecture']}, {found[0]['internal_api']} {found[0]['version']}" if found else "another BLAS"
    return f"{blas}, numpy {np.__version__}"


def sha(given: np.ndarray | str) -> str:
    """SHA-256 of a text, or of an array with its type and shape."""
    if isinstance(given, str):
        return hashlib.sha256(given.encode()).hexdigest()
    return hashlib.sha256(f"{given.dtype.str} {given.shape} ".encode() + given.tobytes()).hexdigest()


def decimals(numbers: np.ndarray) -> list[Any]:
    """float32 numbers in the digits that lead back to them; None for nan."""
    short = numbers.astype(np.float32).astype(str).astype(float).astype(object)
    short[np.isnan(numbers)] = None
    return list(short.tolist())


def mean(accuracy: np.ndarray) -> np.ndarray:
    """Over the trials that were not given up, (epochs,). accuracy: (trials, epochs), nan where there is none"""
    return np.asarray(accuracy[~np.isnan(accuracy).any(axis=1)].mean(axis=0))


def written(record: dict[str, Any]) -> str:
    """JSON of dictionaries in a dictionary, every entry of the inner ones in a line of its own."""
    parts = [
        f"{json.dumps(name)}: {{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(one)}" for key, one in part.items())
        for name, part in record.items()
    ]
    return "{\n" + "\n},\n".join(parts) + "\n}}\n"


# ---------------------------------------------------------------------------------------------------- on any kernel


def planned(name: str) -> dict[str, str]:
    """What follows from a plan without any training."""
    plan = PLANS[name]
    learning_rate, weight_decay = trial_values(plan)
    return {
        "plan": plan.to_json(),
        "learning_rate": sha(learning_rate),
        "weight_decay": sha(weight_decay),
        "program": sha(script(plan, plan.trials - 1)),
        "program of a trial given up": sha(script(plan, 0, 2)),
    }


def program_data(name: str) -> dict[str, str]:
    """The images that go with the program of a trial."""
    with np.load(io.BytesIO(script_data(PLANS[name]))) as held:
        return {array: sha(held[array]) for array in held.files}


# ---------------------------------------------------------------------------------------------------- by kernel


@cache
def answers(name: str, engine: EmbeddedEngine) -> np.ndarray:
    """The classes (trials, images) that a round's networks see in the test images and in noise with ink everywhere."""
    noise = np.random.default_rng(0).integers(0, 17, (100, 64)).astype(np.uint8)
    unseen = np.concatenate([images("digits", PLANS[name].image_order), noise])
    found = engine.start("golden", PLANS[name], images_to_predict=unseen).wait().predictions
    assert found is not None
    return found


def weights(name: str) -> str:
    """SHA-256 of all numbers of a round's first networks, trained in one stack: accuracies hide what is small."""
    plan = PLANS[name]
    trained = train(plan, [range(min(plan.trials, STACK))])
    return sha("".join(sha(array) for trial in sorted(trained) for array in trained[trial].arrays()))


def hashes(name: str, result: RoundProgress, engine: EmbeddedEngine) -> dict[str, str]:
    """SHA-256 of all that training a round gives."""
    found = {array: sha(getattr(result, array)) for array in ARRAYS} | {"weights": weights(name)}
    return found | ({"answers": sha(answers(name, engine))} if name in FINALS else {})


def curves(name: str, result: RoundProgress, engine: EmbeddedEngine) -> dict[str, Any]:
    """The same in numbers."""
    found = {
        "validation_accuracy": decimals(result.validation_accuracy),
        "mean of train_accuracy": decimals(mean(result.train_accuracy)),
        "diverged": result.diverged.tolist(),
        "given_up": result.given_up.tolist(),
    }
    if name not in FINALS:
        return found
    rows = answers(name, engine)
    return found | {"answers": ["".join("-" if one == NONE_DONE else str(one) for one in row) for row in rows]}


# ---------------------------------------------------------------------------------------------------- what rounds say


def finished(plan: RoundPlan, recorded: dict[str, Any]) -> RoundProgress:
    """A round as it was recorded, however it would come out here; without its training accuracies."""
    validation = np.array(recorded["validation_accuracy"], float).astype(np.float32)
    return replace(
        RoundProgress.of(plan),
        validation_accuracy=validation,
        epochs_done=(~np.isnan(validation)).sum(axis=1),
        diverged=np.array(recorded["diverged"]),
        given_up=np.array(recorded["given_up"]),
        status=Status.FINISHED,
        version=1,
    )


def made_rounds() -> dict[str, RoundProgress]:
    """Rounds made up so that every kind of hint is given."""
    rate, decay = np.linspace(-6, -2, 20), np.linspace(-8, -4, 20)
    near = np.abs(np.random.default_rng(3).permutation(20) - 10) / 20
    return {
        "upper edge": made(list(rate), list(0.2 + 0.035 * np.arange(20)), list(near - 7)),
        "lower edge": made(list(rate), list(0.9 - 0.035 * np.arange(20)), list(near - 7)),
        "edge of both": made(list(rate), list(0.2 + 0.035 * np.arange(20)), list(decay[::-1])),
        "end of the reach": made(
            list(np.linspace(-3, 1, 20)), list(0.2 + 0.035 * np.arange(20)),
            space=SearchSpace(LogRange(-3, 1), LogRange(-8, -4)),
        ),
        "middle": made(list(rate), list(0.9 - 1.2 * near)),
        "flat": made(list(rate), list(0.9 - near / 50)),
        "just flat": made(list(rate), list(np.linspace(0.842, 0.9, 20))),  # at the edge all the same
        "not quite flat": made(list(rate), list(np.linspace(0.838, 0.9, 20))),
        "spread": made(list(rate), list(np.where(np.arange(20) % 4, 0.3, 0.9 + np.arange(20) / 1000))),
        "guessing": made(list(rate), [0.1] * 20),
        "all diverged": made(list(rate), [0.1] * 20, diverged=tuple(range(20))),
        "some diverged": made(list(rate), list(0.9 - 0.035 * np.arange(20)), diverged=(17, 18, 19)),
    }  # fmt: skip


def ends(range_: LogRange | None) -> list[float] | None:
    return None if range_ is None else [range_.low, range_.high]


def box(space: SearchSpace | None) -> Any:
    return None if space is None else json.loads(spaces_to_json([space]))[0]


def hints(progress: RoundProgress) -> dict[str, Any]:
    """What a round's numbers say of where to look next."""
    trials = Trials.of([(1, progress)])
    assert trials is not None
    search = Search(trials)
    return {
        "edges": {axis: asdict(edge) for axis, edge in search.edges.items()},
        "suggestion": box(search.suggestion),
        "best_box": box(search.box),
        "good_range": {axis: ends(good_range(progress, axis)) for axis in REACHES},
        "ranking": progress.ranking().tolist(),
        "smoothed": trials.by_smoothed.tolist(),
        "remarks": [[one.sentence, one.values, one.terms] for one in [*search.insights, *insights(progress)]],
    }


def a_class() -> dict[str, Any]:
    """The board of four students and what their final tests come to."""
    like = RoundPlan(epochs=4)
    of_students = [
        [made([-3, -2, -1], [0.5, 0.7, 0.2], diverged=(2,)), made([-2, -1.9], [0.75, 0.78])],
        [made([-3, -2], [0.3, 0.74])],  # a tie with the first
        [made([-5], [0.1], diverged=(0,)), made([-2.5] * 4, [0.6, 0.61, 0.62, 0.69], epochs=6)],
        [made([-2], [0.9], images=400), made([-2.2, -2.1], [0.5, 0.55], status=Status.RUNNING)],
    ]
    tracks = {
        seat: build_history([summarize_round(one) for one in rounds], like)
        for seat, rounds in enumerate(of_students, 1)
    }
    finals = [
        FinalResult(1, 0.78, 0.74, 0.73, 0.03, 100),
        FinalResult(2, 0.775, 0.77, 0.79, 0.02, 100),
        FinalResult(4, None, 0.5, 0.51, 0.0, 100),
    ]
    found, shown = build_board(tracks, finals, 5, like), selection_optimism(finals)
    which = np.stack(np.meshgrid([1, 2, 300], np.arange(10), np.arange(50), indexing="ij"), axis=-1).reshape(-1, 3)
    best = highest(np.sin(np.arange(len(which), dtype=float)), 20)
    assert shown is not None
    return {
        "standing": json.loads(found.ranking.to_json()),
        "best": found.best.tolist(),
        "drawn": found.map_sample.tolist(),
        "left_out": found.left_out,
        "epochs": found.epochs,
        "optimism": asdict(shown),
        "lots": [str(one) for one in stable_hash(which[::300])],
        "drawn of many": sha(np.sort(map_sample(which, best))),
    }


def model(rounds: list[RoundProgress]) -> dict[str, Any]:
    """What a Gaussian process makes of some rounds: the next batch and the shares of the variance."""
    data = observations(rounds)
    assert data is not None
    fitted = surface(data)
    shares = fitted.shares
    return {
        "trials": len(data.y),
        "space": box(data.space),
        "batch": propose(data, data.space, 4).batch.tolist(),
        "mean": fitted.mean[::7, ::7].tolist(),
        "deviation": fitted.deviation[::7, ::7].tolist(),
        "importance": [float(one.mean()) for one in (shares.learning_rate, shares.weight_decay, shares.interaction)],
    }


def analysis(recorded: dict[str, Any]) -> dict[str, Any]:
    """All that is computed from rounds as they were recorded. recorded: the curves by the name of the plan"""
    rounds = {name: finished(plan, recorded[name]) for name, plan in PLANS.items()}
    return {
        "trained rounds": {name: hints(progress) for name, progress in rounds.items()},
        "made rounds": {name: hints(progress) for name, progress in made_rounds().items()},
        "a class": a_class(),
        "the model": model([rounds[name] for name in MODELLED]),
        "numbers": {
            "seeds": [seeds(seed, purpose) for seed in (0, 7, 2**32 - 1) for purpose in DERIVED],
            "grid": [list(pair) for pair in grid(SearchSpace(), 3)],
            "at random": [list(pair) for pair in at_random(SearchSpace(), 4, np.random.default_rng(2))],
            "expected best": [expected_best(np.array([1, 5, 100, 3000]), n, p).tolist() for n, p in EXPECTED],
        },
    }
