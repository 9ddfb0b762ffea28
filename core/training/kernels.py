"""Matrix products in the forms in which BLAS is fastest. They change the order of sums, and nothing else.

Measured on OpenBLAS: products of up to 100 x 100 x 100 take a path for small matrices that is a third faster than
anything just above. So the inputs come in blocks of up to 100, whose products are added up, and a product that is a
little too large is done in two halves. With images in columns the forward pass is W^T H, the fastest form there is (H W
takes a tenth longer, H W^T more than half), and biases that are the weights of an input of 1 need no addition of their
own (which took a fifth of the time of the product before it).
"""

import math

import numpy as np

FAST_PRODUCT = 1_000_000  # multiplications of the largest product that BLAS does on its path for small matrices
INPUTS_PER_BLOCK = 100  # at most


def block_size(inputs: int) -> int:
    """Inputs of each block: INPUTS_PER_BLOCK at most, or all inputs in one block where they do not fill equal ones."""
    size = math.ceil(inputs / math.ceil(inputs / INPUTS_PER_BLOCK))
    return inputs if inputs % size else size


def in_blocks(first: np.ndarray, blocks: int) -> np.ndarray:
    """The first layer (trials, inputs, n_out) seen as (trials, blocks, inputs / blocks, n_out), in the same memory."""
    trials, inputs, n_out = first.shape
    return first.reshape(trials, blocks, inputs // blocks, n_out)


def product(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> np.ndarray:
    """left @ right in `out`, (..., n, k) by (..., k, m); in two halves of the rows where that is faster."""
    rows = left.shape[-2]
    if FAST_PRODUCT < rows * left.shape[-1] * right.shape[-1] <= 2 * FAST_PRODUCT:
        half = rows // 2
        np.matmul(left[..., :half, :], right, out=out[..., :half, :])
        np.matmul(left[..., half:, :], right, out=out[..., half:, :])
        return out
    return np.matmul(left, right, out=out)


def product_of_blocks(first: np.ndarray, columns: np.ndarray, out: np.ndarray, partial: np.ndarray) -> np.ndarray:
    """W^T x of the first layer in `out`, (trials, n_out, batch): the sum of the products of its blocks.

    first: (trials, inputs, n_out)    columns: (blocks, inputs / blocks, batch), or with an axis of batches behind the
    blocks, for a single trial    partial: memory like `out`
    """
    weights = in_blocks(first, len(columns)).swapaxes(2, 3)  # (trials, blocks, n_out, inputs / blocks)
    product(weights[:, 0], columns[0], out)
    for block in range(1, len(columns)):
        out += product(weights[:, block], columns[block], partial)
    return out


def gradient_of_blocks(images: np.ndarray, delta: np.ndarray, out: np.ndarray) -> np.ndarray:
    """x delta of the first layer in `out`, (trials, inputs, n_out).

    images: (blocks, batch, inputs / blocks)    delta: (trials, batch, n_out)
    """
    product(images.swapaxes(1, 2), delta[:, None], in_blocks(out, len(images)))
    return out


def transposed(delta: np.ndarray, out: np.ndarray) -> np.ndarray:
    """A copy (trials, batch, n) of (trials, n, batch): to multiply by the view takes longer than to copy it first."""
    np.copyto(out, delta.swapaxes(1, 2))
    return out


def distinct_images(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different images of a mini-batch drawn with replacement, and how often each was drawn (float32).

    Of 100 images drawn from 400, 11 have been drawn before. An image's gradient is computed once, and counts as often
    as it was drawn. drawn: (batch,) places of images
    """
    images, counts = np.unique(drawn, return_counts=True)
    return images, counts.astype(np.float32)
