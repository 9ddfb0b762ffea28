"""The lesson's experiment as an introductory textbook writes it: plain float64 NumPy, one trial after the other.

After chapter 6 of "Deep Learning from Scratch" (Saito, O'Reilly Japan 2016), hyperparameter search by weight decay and
learning rate; the code is our own and shares nothing with core/ but the images.

    x  # (batch, n_in)    W  # (n_in, n_out)    b  # (n_out,)
"""

import argparse
import time

import numpy as np

from tests.benchmarks.reference_programs import serve

HIDDEN = [100] * 6
BATCH = 100


class Affine:
    """x W + b, He normal weights."""

    def __init__(self, n_in: int, n_out: int, rng: np.random.Generator) -> None:
        self.W = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.b = np.zeros(n_out)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return np.dot(x, self.W) + self.b

    def backward(self, dout: np.ndarray) -> np.ndarray:
        self.dW = np.dot(self.x.T, dout)
        self.db = np.sum(dout, axis=0)
        return np.dot(dout, self.W.T)


class Relu:
    """max(x, 0)."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.active = x > 0
        return x * self.active

    def backward(self, dout: np.ndarray) -> np.ndarray:
        return dout * self.active


class Network:
    """Affine layers with ReLU between them, softmax cross-entropy at the end."""

    def __init__(self, sizes: list[int], weight_decay: float, rng: np.random.Generator) -> None:
        self.weight_decay = weight_decay
        self.layers: list[Affine | Relu] = []
        for n_in, n_out in zip(sizes, sizes[1:], strict=False):
            self.layers += [Affine(n_in, n_out, rng), Relu()]
        self.layers.pop()

    def scores(self, x: np.ndarray) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        return float(np.mean(np.argmax(self.scores(x), axis=1) == labels))

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> None:
        """One update of plain SGD; the L2 penalty acts on the weights, not on the biases."""
        scores = self.scores(x)
        exponentials = np.exp(scores - np.max(scores, axis=1, keepdims=True))
        dout = exponentials / np.sum(exponentials, axis=1, keepdims=True)
        dout[np.arange(len(labels)), labels] -= 1
        dout /= len(labels)
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        for layer in self.layers:
            if isinstance(layer, Affine):
                layer.W -= learning_rate * (layer.dW + self.weight_decay * layer.W)
                layer.b -= learning_rate * layer.db


def train(
    images: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
    weight_decay: float,
    epochs: int,
    rng: np.random.Generator,
) -> tuple[list[float], list[float]]:
    """One trial: accuracy on the training images (80%) and on the validation images, once an epoch.

    images: (images, pixels) float64, 0 to 1    labels: (images,)
    """
    order = rng.permutation(len(images))
    training, validation = order[len(order) // 5 :], order[: len(order) // 5]
    x_train, t_train = images[training], labels[training]
    x_validation, t_validation = images[validation], labels[validation]
    network = Network([images.shape[1], *HIDDEN, 10], weight_decay, rng)
    train_accuracy, validation_accuracy = [], []
    for _ in range(epochs):
        for _ in range(max(1, len(x_train) // BATCH)):
            chosen = rng.choice(len(x_train), BATCH)
            network.step(x_train[chosen], t_train[chosen], learning_rate)
        train_accuracy.append(network.accuracy(x_train, t_train))
        validation_accuracy.append(network.accuracy(x_validation, t_validation))
    return train_accuracy, validation_accuracy


def main() -> None:
    """Answer requests for `count` trials with the seconds one took."""
    from core.data.datasets import load_training

    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.textbook_program")
    parser.add_argument("dataset")
    parser.add_argument("epochs", type=int)
    options = parser.parse_args()
    source = load_training(options.dataset, 500)
    images, labels = source.images / source.full_scale, source.labels.astype(int)
    rng = np.random.default_rng(0)

    def seconds(count: int, epochs: int = options.epochs) -> float:
        start = time.perf_counter()
        for _ in range(count):
            learning_rate, weight_decay = 10 ** rng.uniform(-6, -2), 10 ** rng.uniform(-8, -4)
            train(images, labels, learning_rate, weight_decay, epochs, rng)
        return (time.perf_counter() - start) / count

    seconds(1, epochs=2)
    serve(seconds)


if __name__ == "__main__":
    main()
