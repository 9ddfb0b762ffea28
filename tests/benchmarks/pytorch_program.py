"""The same experiment in another library: PyTorch, eager float32 on one thread, one trial after the other.

Runs under the Python that TORCH_PYTHON names, which need not have NumPy. The images come as a file of bytes,
(images, pixels + 1), the label last.
"""

import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

from tests.benchmarks.reference_programs import serve

HIDDEN = [100] * 6
BATCH = 100


def torch_python() -> str | None:
    """The Python that has PyTorch, None if there is none."""
    python = os.environ.get("TORCH_PYTHON", sys.executable)
    found = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    try:
        return python if subprocess.run([python, "-c", found], timeout=60).returncode == 0 else None
    except (OSError, subprocess.TimeoutExpired):
        return None


def main() -> None:
    """Answer requests for `count` trials with the seconds one took."""
    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")
    import torch
    from torch import nn

    file, pixels, epochs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    table = torch.frombuffer(bytearray(file.read_bytes()), dtype=torch.uint8).reshape(-1, pixels + 1)
    images, labels = table[:, :-1].float() / table[:, :-1].max(), table[:, -1].long()
    train = len(images) * 4 // 5
    parts = [(images[:train], labels[:train]), (images[train:], labels[train:])]

    def trial(learning_rate: float, weight_decay: float, epochs: int) -> list[list[float]]:
        layers: list[nn.Module] = []
        sizes = [pixels, *HIDDEN, 10]
        for n_in, n_out in zip(sizes, sizes[1:], strict=False):
            linear = nn.Linear(n_in, n_out)
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
            nn.init.zeros_(linear.bias)
            layers += [linear, nn.ReLU()]
        model = nn.Sequential(*layers[:-1])
        weights = [value for name, value in model.named_parameters() if name.endswith("weight")]
        biases = [value for name, value in model.named_parameters() if name.endswith("bias")]
        groups = [{"params": weights, "weight_decay": weight_decay}, {"params": biases}]
        optimizer = torch.optim.SGD(groups, lr=learning_rate)
        loss = nn.CrossEntropyLoss()
        accuracies = []
        for _ in range(epochs):
            for _ in range(max(1, train // BATCH)):
                chosen = torch.randint(train, (BATCH,))
                optimizer.zero_grad()
                loss(model(images[chosen]), labels[chosen]).backward()
                optimizer.step()
            with torch.no_grad():
                accuracies.append([(model(x).argmax(1) == t).float().mean().item() for x, t in parts])
        return accuracies

    def seconds(count: int, epochs: int = epochs) -> float:
        start = time.perf_counter()
        for _ in range(count):
            exponents = torch.rand(2).tolist()
            trial(10 ** (-6 + 4 * exponents[0]), 10 ** (-8 + 4 * exponents[1]), epochs)
        return (time.perf_counter() - start) / count

    seconds(1, epochs=2)
    serve(seconds)


if __name__ == "__main__":
    main()
