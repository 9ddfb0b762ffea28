"""The kind of a machine's arithmetic: where it is the same, the same plan gives the same bits."""

import platform

import numpy as np
from threadpoolctl import threadpool_info


def machine_kind() -> str:
    """NumPy's version, the processor's family, and the kernel of BLAS: "numpy 2.4.0 x86_64 openblas ... SkylakeX"."""
    found = [one for one in threadpool_info() if one["user_api"] == "blas"]
    of_numpy = [one for one in found if "numpy" in one["filepath"]] or found
    kernels = sorted({f"{one['internal_api']} {one['version']} {one.get('architecture')}" for one in of_numpy})
    return " ".join([f"numpy {np.__version__}", platform.machine(), *kernels])
