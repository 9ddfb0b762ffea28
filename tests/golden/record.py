"""Writes the golden values anew: MNIST_DIR=<folder> python -m tests.golden.record

Only when a commit changes results on purpose, and then it says so. Values hold to the bit on the kernels that OpenBLAS
has for a kind of processor, so they are recorded once for each of KERNELS, in a process that uses it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from core.engine.engine import EmbeddedEngine
from core.rounds import run_round
from tests.golden.plans import PLANS
from tests.golden.results import ANALYSIS, CURVES, analysis, curves, hashes, kernel, planned, program_data, written

KERNELS = ("Haswell", "SkylakeX")  # AVX2, also of AMD's Zen, and AVX-512
ROOT = Path(__file__).parents[2]


def trained() -> dict[str, Any]:
    """All rounds on the kernel of this process."""
    engine, found, numbers = EmbeddedEngine(2), {}, {}
    with threadpool_limits(1):
        for name, plan in PLANS.items():
            result = run_round(plan, engine)
            found[name], numbers[name] = hashes(name, result, engine), curves(name, result, engine)
    engine.close()
    return {"kernel": kernel(), "hashes": found, "curves": numbers}


def trained_on(core: str) -> dict[str, Any]:
    """The same on another kernel."""
    command = [sys.executable, "-m", "tests.golden.record", "trained"]
    run = subprocess.run(command, cwd=ROOT, env=os.environ | {"OPENBLAS_CORETYPE": core}, stdout=subprocess.PIPE)
    run.check_returncode()
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def main() -> None:
    """Record everything."""
    kernels = [trained_on(core) for core in KERNELS]
    recorded = {
        "plans": {name: planned(name) for name in PLANS},
        "program's data": {name: program_data(name) for name in ("the lesson's round", "other sizes")},
        "hashes": {one["kernel"]: one["hashes"] for one in kernels},
        "curves": kernels[0]["curves"],
    }
    CURVES.write_text(written(recorded))
    ANALYSIS.write_text(written(analysis(recorded["curves"])))


if __name__ == "__main__":
    if sys.argv[1:] == ["trained"]:
        print(json.dumps(trained()))
    else:
        main()
