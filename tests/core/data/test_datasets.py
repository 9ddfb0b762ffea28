"""Data sets are loaded as they were written, a broken file is named, a download is complete or leaves nothing."""

import gzip
import hashlib
import io
import os
import pickle
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import core.data.download
from core.data import datasets
from core.data.datasets import DATASETS, TrainingImages, load_training, main, split, training_count
from core.data.digits import read_digits
from core.data.download import download_set
from core.data.idx import DatasetError, read_items
from core.data.idx_files import TEST_COUNT, DatasetMissing, data_fault, data_folder
from core.data.idx_sets import IDX_SETS
from core.data.image_order import FILE_ORDER
from tests.support.servers import at_once
from tests.support.waiting import LIMIT

ROOT = Path(__file__).parents[3]
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
HELD = 40  # images in the tiny MNIST of these tests
RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (HELD, 784), np.uint8)
DIGITS = RNG.integers(0, 10, HELD, np.uint8)


def idx(dimensions: tuple[int, ...], contents: bytes) -> bytes:
    return bytes([0, 0, 8, len(dimensions)]) + struct.pack(f">{len(dimensions)}I", *dimensions) + contents


TINY = {IMAGES: idx((HELD, 28, 28), PIXELS.tobytes()), LABELS: idx((HELD,), DIGITS.tobytes())}
HEADER = {IMAGES: 16, LABELS: 8}  # bytes
SERVED = {f"{stem}.gz": gzip.compress(contents, mtime=0) for stem, contents in TINY.items()}
TEST_PART = {  # files of the right size; no test here looks at what they show
    "t10k-images-idx3-ubyte": idx((TEST_COUNT, 28, 28), bytes(TEST_COUNT * 784)),
    "t10k-labels-idx1-ubyte": idx((TEST_COUNT,), bytes(TEST_COUNT)),
}


def put(folder: Path, stem: str, contents: bytes, zipped: bool) -> str:
    """Writes one file, plain or gzipped, and returns its name."""
    name = f"{stem}.gz" if zipped else stem
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(gzip.compress(contents, 1) if zipped else contents)
    return name


def put_both(folder: Path, zipped: bool, **changed: bytes) -> None:
    put(folder, IMAGES, changed.get("images", TINY[IMAGES]), zipped)
    put(folder, LABELS, changed.get("labels", TINY[LABELS]), zipped)


def put_test_part(folder: Path) -> None:
    for stem, contents in TEST_PART.items():
        put(folder, stem, contents, zipped=True)


def refused(folder: Path, name: str) -> DatasetError:
    """The error of loading, which must name the file."""
    with pytest.raises(DatasetError) as caught:
        load_training("mnist", 1, folder)
    assert not isinstance(caught.value, DatasetMissing)
    assert name in str(caught.value)
    return caught.value


zipped_or_plain = pytest.mark.parametrize("zipped", [True, False], ids=["gz", "plain"])
either_file = pytest.mark.parametrize("stem", [IMAGES, LABELS])


# ---------------------------------------------------------------------------------------------------- loading


@zipped_or_plain
def test_mnist_loads_what_was_written(tmp_path: Path, zipped: bool) -> None:
    put_both(tmp_path, zipped)
    loaded = load_training("mnist", HELD, tmp_path)
    assert loaded.images.dtype == loaded.labels.dtype == np.uint8
    assert np.array_equal(loaded.images, PIXELS)
    assert np.array_equal(loaded.labels, DIGITS)
    assert (loaded.name, loaded.full_scale, loaded.side) == ("mnist", 255, 28)


@zipped_or_plain
def test_mnist_gives_the_first_images(tmp_path: Path, zipped: bool) -> None:
    put_both(tmp_path, zipped)
    loaded = load_training("mnist", 7, tmp_path)
    assert np.array_equal(loaded.images, PIXELS[:7])
    assert np.array_equal(loaded.labels, DIGITS[:7])


def test_a_class_that_asks_at_once_shares_images_that_were_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_both(tmp_path, zipped=True)
    read: list[Path] = []

    def counted(path: Path, item: tuple[int, ...], count: int) -> np.ndarray:
        read.append(path)
        return read_items(path, item, count)

    monkeypatch.setattr(datasets, "read_items", counted)
    loaded: list[TrainingImages] = []
    at_once(20, lambda: loaded.append(load_training("mnist", 7, tmp_path)))
    assert len({id(one) for one in loaded}) == 1 and len(read) == 2


def test_images_are_freed_with_their_last_reference(tmp_path: Path) -> None:
    put_both(tmp_path, zipped=True)
    held = weakref.ref(load_training("mnist", 7, tmp_path))
    assert held() is None


def test_one_file_may_be_gzipped_and_the_other_plain(tmp_path: Path) -> None:
    put(tmp_path, IMAGES, TINY[IMAGES], zipped=True)
    put(tmp_path, LABELS, TINY[LABELS], zipped=False)
    assert np.array_equal(load_training("mnist", HELD, tmp_path).labels, DIGITS)


@pytest.mark.parametrize("name", DATASETS)
def test_loaded_arrays_are_read_only(tmp_path: Path, name: str) -> None:
    put_both(tmp_path, zipped=True)
    loaded = load_training(name, 5, tmp_path)
    assert not loaded.images.flags.writeable
    assert not loaded.labels.flags.writeable


def test_mnist_is_read_from_the_folder_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_both(tmp_path, zipped=True)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    assert np.array_equal(load_training("mnist", 3).images, PIXELS[:3])


def test_without_mnist_dir_the_folder_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert data_folder("mnist").parts[-2:] == ("narrowing-lab", "mnist")


def test_digits_in_the_order_of_the_file_are_the_first_1497_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    reference = load_digits()
    loaded = load_training("digits", training_count("digits"), order=FILE_ORDER)
    assert np.array_equal(loaded.images, reference.images[:1497].reshape(1497, 64))
    assert np.array_equal(loaded.labels, reference.target[:1497])
    assert (loaded.full_scale, loaded.side) == (int(reference.images.max()), 8)


def test_without_their_file_the_digits_come_from_the_library_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from_file = read_digits()
    monkeypatch.setattr("core.data.digits.DIGITS_FILE", "nowhere")
    for one, other in zip(from_file, read_digits(), strict=True):
        assert np.array_equal(one, other) and one.dtype == other.dtype == np.uint8


def test_digits_are_read_without_importing_scikit_learn() -> None:
    read = "import sys, core.data.datasets as d; d.load_training('digits', 9); print('sklearn' in sys.modules)"
    reported = subprocess.run([sys.executable, "-c", read], cwd=ROOT, capture_output=True, text=True, check=True)
    assert reported.stdout.strip() == "False"


def test_the_arrays_of_the_digits_are_copies_without_the_test_part() -> None:
    loaded = load_training("digits", 100)
    for array in (loaded.images, loaded.labels):
        assert array.base is None or len(array.base) <= 1497


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("excess", [None, 1], ids=["none", "too many"])
def test_a_count_out_of_reach_is_refused(name: str, excess: int | None) -> None:
    with pytest.raises(DatasetError, match=str(training_count(name))):
        load_training(name, 0 if excess is None else training_count(name) + excess)


def test_more_images_than_the_file_holds_are_refused(tmp_path: Path) -> None:
    put_both(tmp_path, zipped=True)
    with pytest.raises(DatasetError, match=f"{IMAGES}.gz holds {HELD} images, not the {HELD + 1}"):
        load_training("mnist", HELD + 1, tmp_path)


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(DatasetError, match="letters"):
        training_count("letters")


def test_a_fresh_process_imports_neither_scikit_learn_nor_pooch() -> None:
    modules = "{'sklearn', 'pooch', 'requests', 'streamlit'}"
    code = f"import sys, core.data.datasets; sys.exit(bool({modules} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# ------------------------------------------------------------------------------------------- broken or missing files


@pytest.mark.parametrize("present", [[], [IMAGES], [LABELS]])
def test_a_missing_file_is_missing_mnist(tmp_path: Path, present: list[str]) -> None:
    for stem in present:
        put(tmp_path, stem, TINY[stem], zipped=True)
    assert isinstance(data_fault("mnist", tmp_path), DatasetMissing)
    with pytest.raises(DatasetMissing, match="can be downloaded"):
        load_training("mnist", 1, tmp_path)


@pytest.mark.parametrize("folder", ["nowhere", "a file", "x" * 300])
def test_a_missing_folder_is_missing_mnist(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").touch()
    assert isinstance(data_fault("mnist", tmp_path / folder), DatasetMissing)
    with pytest.raises(DatasetMissing):
        load_training("mnist", 1, tmp_path / folder)


@either_file
@zipped_or_plain
def test_a_truncated_file_is_refused(tmp_path: Path, zipped: bool, stem: str) -> None:
    put_both(tmp_path, zipped)
    path = tmp_path / (f"{stem}.gz" if zipped else stem)
    whole = path.read_bytes()
    lengths = {0, 1, 3, 4, 7, 8, 9, 15, 16, len(whole) - 9, len(whole) - 8, len(whole) - 4, len(whole) - 1}
    for length in lengths | set(RNG.integers(0, len(whole), 20).tolist()):
        path.write_bytes(whole[:length])
        refused(tmp_path, path.name)


@either_file
@zipped_or_plain
def test_every_byte_of_the_header_counts(tmp_path: Path, zipped: bool, stem: str) -> None:
    put_both(tmp_path, zipped)
    for place in range(HEADER[stem]):
        for flip in {1, 128, int(RNG.integers(1, 256))}:
            flipped = bytearray(TINY[stem])
            flipped[place] ^= flip
            refused(tmp_path, put(tmp_path, stem, bytes(flipped), zipped))


@either_file
def test_a_flipped_byte_in_a_gzip_file_is_refused_or_without_effect(tmp_path: Path, stem: str) -> None:
    put_both(tmp_path, zipped=True)
    path = tmp_path / f"{stem}.gz"
    whole = path.read_bytes()
    outcomes = set()
    for place in [*range(10), *RNG.integers(10, len(whole), 60), *range(len(whole) - 8, len(whole))]:
        flipped = bytearray(whole)
        flipped[place] ^= int(RNG.integers(1, 256))
        path.write_bytes(flipped)
        try:
            loaded = load_training("mnist", HELD, tmp_path)
        except DatasetError as error:
            assert path.name in str(error)
            outcomes.add("refused")
        else:  # gzip's own time stamp, for one, changes nothing
            assert np.array_equal(loaded.images, PIXELS)
            assert np.array_equal(loaded.labels, DIGITS)
    assert "refused" in outcomes


@either_file
@zipped_or_plain
def test_random_bytes_are_refused(tmp_path: Path, zipped: bool, stem: str) -> None:
    put_both(tmp_path, zipped)
    path = tmp_path / (f"{stem}.gz" if zipped else stem)
    for size in RNG.integers(1, 5_000, 20):
        path.write_bytes(RNG.bytes(size))
        refused(tmp_path, path.name)


@either_file
@zipped_or_plain
def test_a_file_longer_than_its_header_says_is_refused(tmp_path: Path, zipped: bool, stem: str) -> None:
    put_both(tmp_path, zipped)
    assert "longer" in str(refused(tmp_path, put(tmp_path, stem, TINY[stem] + b"\0", zipped)))


@either_file
def test_rubbish_after_a_gzip_file_is_refused(tmp_path: Path, stem: str) -> None:
    put_both(tmp_path, zipped=True)
    path = tmp_path / f"{stem}.gz"
    path.write_bytes(path.read_bytes() + b"rubbish")
    refused(tmp_path, path.name)


@zipped_or_plain
def test_swapped_files_are_refused(tmp_path: Path, zipped: bool) -> None:
    put_both(tmp_path, zipped, images=TINY[LABELS], labels=TINY[IMAGES])
    assert "magic number" in str(refused(tmp_path, IMAGES))


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    put_both(tmp_path, zipped=True, images=idx((HELD, 14, 56), PIXELS.tobytes()))
    assert "14 x 56" in str(refused(tmp_path, IMAGES))


def test_fewer_labels_than_images_are_refused(tmp_path: Path) -> None:
    put_both(tmp_path, zipped=True, labels=idx((HELD - 1,), DIGITS[1:].tobytes()))
    assert f"{HELD - 1} labels for {HELD} images" in str(refused(tmp_path, LABELS))


def test_a_label_that_is_no_digit_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    put_both(tmp_path, zipped=True, labels=idx((HELD,), DIGITS[1:].tobytes() + b"\x0a"))
    assert "label 10" in str(refused(tmp_path, LABELS))


@zipped_or_plain
@pytest.mark.parametrize("count", [0, 60_001, 2**32 - 1])
def test_a_header_with_an_impossible_count_is_refused(tmp_path: Path, zipped: bool, count: int) -> None:
    put_both(tmp_path, zipped, images=idx((count, 28, 28), b""))
    assert str(count) in str(refused(tmp_path, IMAGES))


@zipped_or_plain
@pytest.mark.parametrize("dimensions", [(60_000, 28, 28), (2**32 - 1,) * 3], ids=["too many", "too large"])
def test_a_header_that_claims_too_much_allocates_no_memory(
    tmp_path: Path, zipped: bool, dimensions: tuple[int, ...]
) -> None:
    put_both(tmp_path, zipped, images=idx(dimensions, b"\1"))
    with at_most_allocated(4 << 20):
        refused(tmp_path, IMAGES)


def test_a_gzip_file_that_unpacks_to_too_much_is_refused_early(tmp_path: Path) -> None:
    put_both(tmp_path, zipped=True, images=idx((2, 28, 28), bytes(64 << 20)))
    path = tmp_path / f"{IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:-8])  # who unpacked it all would find it truncated
    with at_most_allocated(8 << 20):
        assert "longer" in str(refused(tmp_path, IMAGES))


@contextmanager
def at_most_allocated(size: int) -> Iterator[None]:
    """Python and NumPy together allocate no more than `size` bytes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


@zipped_or_plain
def test_a_file_that_is_replaced_is_checked_anew(tmp_path: Path, zipped: bool) -> None:
    put_both(tmp_path, zipped)
    load_training("mnist", 1, tmp_path)
    refused(tmp_path, put(tmp_path, IMAGES, TINY[IMAGES][:-1], zipped))


def test_a_repaired_file_is_accepted(tmp_path: Path) -> None:
    put_both(tmp_path, zipped=True, images=TINY[IMAGES][:-1])
    refused(tmp_path, IMAGES)
    put_both(tmp_path, zipped=True)
    assert np.array_equal(load_training("mnist", HELD, tmp_path).images, PIXELS)


def test_a_dataset_error_survives_pickling() -> None:
    error = DatasetError("{file} is odd.", file="x")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.values) == (DatasetError, "x is odd.", {"file": "x"})


# ---------------------------------------------------------------------------------------------------- the real MNIST


def test_real_mnist_equals_an_independent_reading(mnist_dir: Path) -> None:
    with gzip.open(mnist_dir / f"{IMAGES}.gz") as file:
        magic, count, height, width = struct.unpack(">IIII", file.read(16))
        pixels = [list(file.read(height * width)) for _ in range(500)]
    with gzip.open(mnist_dir / f"{LABELS}.gz") as file:
        file.seek(8)
        digits = list(file.read(500))
    loaded = load_training("mnist", 500, mnist_dir)
    assert (magic, count) == (2051, training_count("mnist"))
    assert loaded.images.tolist() == pixels
    assert loaded.labels.tolist() == digits


def test_real_mnist_has_the_known_label_counts(mnist_dir: Path) -> None:
    loaded = load_training("mnist", 60_000, mnist_dir)
    assert loaded.images.shape == (60_000, 784)
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(loaded.labels).tolist() == published


# ---------------------------------------------------------------------------------------------------- the split


@pytest.mark.parametrize("count", [2, 3, 10, 500, 1497])
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.2, 0.5, 1.0])
def test_a_split_uses_every_image_once(count: int, rate: float) -> None:
    parts = split(count, rate, np.random.default_rng(1))
    assert sorted([*parts.train, *parts.validation]) == list(range(count))
    assert len(parts.train) and len(parts.validation)
    assert parts.train.dtype == parts.validation.dtype == np.int64


@pytest.mark.parametrize(("count", "rate", "held_out"), [(500, 0.2, 100), (1497, 0.2, 299), (2, 0.9, 1), (9, 0.01, 1)])
def test_a_split_holds_out_its_share(count: int, rate: float, held_out: int) -> None:
    assert len(split(count, rate, np.random.default_rng(1)).validation) == held_out


def test_a_split_follows_its_generator() -> None:
    first, again, other = (split(500, 0.2, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first.train, again.train) and np.array_equal(first.validation, again.validation)
    assert set(first.validation) != set(other.validation)


def test_a_split_shuffles_both_parts() -> None:
    parts = split(500, 0.2, np.random.default_rng(1))
    assert list(parts.train) != sorted(parts.train)
    assert list(parts.validation) != sorted(parts.validation)


def test_a_single_image_cannot_be_split() -> None:
    with pytest.raises(DatasetError, match="1 images"):
        split(1, 0.2, np.random.default_rng(1))


# ---------------------------------------------------------------------------------------------------- the download

FAULTY = ["absent", "corrupt", "cut", "html", "silent", "failing"]


class Mirrors(ThreadingHTTPServer):
    """One server that plays every mirror: the first part of the path says which."""

    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Mirror)
        self.is_done = threading.Event()  # what a silent mirror waits for
        self.asked: list[str] = []

    def url(self, kind: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{kind}/"


class Mirror(BaseHTTPRequestHandler):
    server: Mirrors

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        _, kind, name = self.path.split("/")
        body = SERVED[name]
        with suppress(ConnectionError):  # the client may hang up
            match kind:
                case "honest":
                    self.answer(200, body)
                case "absent":
                    self.answer(404, b"not here")
                case "failing":
                    self.answer(500, b"")
                case "corrupt":
                    self.answer(200, body[:-1] + bytes([body[-1] ^ 1]))
                case "cut":
                    self.answer(200, body[: len(body) // 2], announced=len(body))
                case "html":
                    self.answer(200, b"<html>Please sign in to the school's network</html>")
                case "silent":
                    self.server.is_done.wait()
                case "slow":  # so much, and then nothing more
                    self.answer(200, bytes(300_000), announced=9_912_422)
                    self.server.is_done.wait()

    def answer(self, status: int, body: bytes, announced: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(announced or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def md5(contents: bytes) -> str:
    return hashlib.md5(contents).hexdigest()


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrors]:
    """The server, whose files count as the official ones."""
    official = {name: (md5(body), len(body), md5(TINY[name.removesuffix(".gz")])) for name, body in SERVED.items()}
    monkeypatch.setitem(IDX_SETS, "mnist", replace(IDX_SETS["mnist"], files=official))
    monkeypatch.setattr(core.data.download, "CHUNK_BYTES", 1_000)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Mirrors() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.is_done.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.data.download, "TIMEOUT_SECONDS", 1.0)


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A URL nobody answers: its port is bound, so that no one else gets it, but does not listen."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/"


def contents(folder: Path) -> dict[str, bytes]:
    """Everything that is in a folder, however deep."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def test_a_download_brings_the_two_training_files_and_nothing_else(tmp_path: Path, mirrors: Mirrors) -> None:
    download_set("mnist", tmp_path / "new" / "mnist", mirrors=[mirrors.url("honest")])
    assert contents(tmp_path / "new" / "mnist") == SERVED
    assert np.array_equal(load_training("mnist", HELD, tmp_path / "new" / "mnist").images, PIXELS)


@pytest.mark.parametrize("kind", FAULTY)
def test_a_faulty_mirror_leaves_nothing_and_is_named(
    tmp_path: Path, mirrors: Mirrors, impatient: None, kind: str
) -> None:
    with pytest.raises(DatasetError, match="the built-in digits work without it") as caught:
        download_set("mnist", tmp_path, mirrors=[mirrors.url(kind)])
    assert mirrors.url(kind) in str(caught.value)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("kind", FAULTY)
def test_the_next_mirror_is_used_after_a_faulty_one(
    tmp_path: Path, mirrors: Mirrors, impatient: None, kind: str
) -> None:
    download_set("mnist", tmp_path, mirrors=[mirrors.url(kind), mirrors.url("honest")])
    assert contents(tmp_path) == SERVED


def test_a_mirror_that_stops_sending_is_given_up(tmp_path: Path, mirrors: Mirrors, impatient: None) -> None:
    download_set("mnist", tmp_path, mirrors=[mirrors.url("slow"), mirrors.url("honest")])
    assert contents(tmp_path) == SERVED


def test_without_a_network_one_sentence_says_so(tmp_path: Path, unreachable: str) -> None:
    with pytest.raises(
        DatasetError, match=r"^MNIST could not be downloaded: .*; the built-in digits work without it\.$"
    ):
        download_set("mnist", tmp_path, mirrors=[unreachable])
    assert contents(tmp_path) == {}


def test_the_next_mirror_is_used_after_an_unreachable_one(tmp_path: Path, mirrors: Mirrors, unreachable: str) -> None:
    download_set("mnist", tmp_path, mirrors=[unreachable, mirrors.url("honest").rstrip("/")])
    assert contents(tmp_path) == SERVED


def test_progress_goes_from_0_to_all_bytes(tmp_path: Path, mirrors: Mirrors) -> None:
    reported: list[tuple[int, int]] = []
    download_set("mnist", tmp_path, lambda done, total: reported.append((done, total)), [mirrors.url("honest")])
    size = sum(map(len, SERVED.values()))
    done = [step for step, _ in reported]
    assert {total for _, total in reported} == {size}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, size)
    assert len(set(done)) > 10


def test_progress_stays_within_bounds_when_a_mirror_fails_midway(tmp_path: Path, mirrors: Mirrors) -> None:
    reported: list[int] = []
    download_set("mnist", tmp_path, lambda done, _: reported.append(done), [mirrors.url("cut"), mirrors.url("honest")])
    size = sum(map(len, SERVED.values()))
    assert min(reported) >= 0 and max(reported) == reported[-1] == size


def test_progress_falls_back_when_the_next_mirror_starts_anew(tmp_path: Path, mirrors: Mirrors) -> None:
    reported: list[int] = []
    download_set(
        "mnist", tmp_path, lambda done, _: reported.append(done), [mirrors.url("corrupt"), mirrors.url("honest")]
    )
    assert reported != sorted(reported)


def test_a_file_is_kept_in_a_scratch_folder_until_it_is_checked(tmp_path: Path, mirrors: Mirrors) -> None:
    seen: list[list[str]] = []
    download_set(
        "mnist", tmp_path, lambda *_: seen.append([path.name for path in tmp_path.iterdir()]), [mirrors.url("honest")]
    )
    [scratch] = seen[1]  # on the same disk, so that the file is moved in one step
    assert scratch.startswith("mnist-download-")


def test_a_download_ended_by_its_progress_leaves_nothing(tmp_path: Path, mirrors: Mirrors) -> None:
    class PageClosed(BaseException):
        pass

    def close_page(done: int, total: int) -> None:
        if done > 5_000:
            raise PageClosed

    with pytest.raises(PageClosed):
        download_set("mnist", tmp_path, close_page, [mirrors.url("honest")])
    assert contents(tmp_path) == {}


def test_a_download_prints_nothing(tmp_path: Path, mirrors: Mirrors, capfd: pytest.CaptureFixture[str]) -> None:
    download_set("mnist", tmp_path, mirrors=[mirrors.url("absent"), mirrors.url("corrupt"), mirrors.url("honest")])
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_there_is_not_fetched_again(tmp_path: Path, mirrors: Mirrors) -> None:
    (tmp_path / f"{IMAGES}.gz").write_bytes(SERVED[f"{IMAGES}.gz"])
    download_set("mnist", tmp_path, mirrors=[mirrors.url("honest")])
    assert mirrors.asked == [f"/honest/{LABELS}.gz"]
    assert contents(tmp_path) == SERVED


def test_a_broken_file_is_replaced(tmp_path: Path, mirrors: Mirrors) -> None:
    (tmp_path / f"{IMAGES}.gz").write_bytes(SERVED[f"{IMAGES}.gz"][:-1])
    download_set("mnist", tmp_path, mirrors=[mirrors.url("honest")])
    assert contents(tmp_path) == SERVED


def test_a_download_replaces_a_broken_plain_file(tmp_path: Path, mirrors: Mirrors) -> None:
    put(tmp_path, IMAGES, TINY[IMAGES][:-1], zipped=False)
    download_set("mnist", tmp_path, mirrors=[mirrors.url("honest")])
    assert np.array_equal(load_training("mnist", HELD, tmp_path).images, PIXELS)


def test_another_account_may_read_what_was_downloaded(tmp_path: Path, mirrors: Mirrors) -> None:
    download_set("mnist", tmp_path, mirrors=[mirrors.url("honest")])
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o644, 0o644]


def test_two_downloads_at_once_do_not_disturb_each_other(tmp_path: Path, mirrors: Mirrors) -> None:
    both_midway = threading.Barrier(2, timeout=LIMIT)
    faults: list[BaseException] = []

    def fetch() -> None:
        waits = iter([True])

        def wait_once(done: int, total: int) -> None:
            if done > 5_000 and next(waits, False):
                both_midway.wait()

        try:
            download_set("mnist", tmp_path, wait_once, [mirrors.url("honest")])
        except BaseException as fault:
            faults.append(fault)

    pair = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join()
    assert faults == []
    assert mirrors.asked.count(f"/honest/{IMAGES}.gz") == 2
    assert contents(tmp_path) == SERVED


@pytest.mark.parametrize("folder", ["a file", "a file/mnist", "/proc/mnist"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, mirrors: Mirrors, folder: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(DatasetError, match="cannot be saved") as caught:
        download_set("mnist", tmp_path / folder, mirrors=[mirrors.url("honest")])
    assert str(tmp_path / folder) in str(caught.value)
    assert mirrors.asked == []


def test_a_full_disk_leaves_nothing_and_is_reported(tmp_path: Path, mirrors: Mirrors) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))  # bytes: a write beyond them fails as on a full disk
    try:
        with pytest.raises(DatasetError, match="cannot be saved"):
            download_set("mnist", tmp_path, mirrors=[mirrors.url("honest"), mirrors.url("honest")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(tmp_path) == {}
    assert len(mirrors.asked) == 1  # another mirror would not help


def test_only_what_a_download_abandoned_long_ago_is_removed(tmp_path: Path, mirrors: Mirrors) -> None:
    for name in ("mnist-download-old", "mnist-download-running"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tmp").touch()
    (tmp_path / "mnist-download-file").touch()
    for path in (tmp_path / "mnist-download-old", tmp_path / "mnist-download-old" / "tmp"):
        os.utime(path, (0, 0))
    os.utime(tmp_path / "mnist-download-running", (0, 0))  # but its file has just grown
    download_set("mnist", tmp_path, mirrors=[mirrors.url("honest")])
    left = {path.name for path in tmp_path.iterdir()}
    assert left - set(SERVED) == {"mnist-download-running", "mnist-download-file"}


# ---------------------------------------------------------------------------------------------------- the command

Command = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def command() -> Iterator[Command]:
    """Starts `python -m core.data.datasets mnist ...` as a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str | Path) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "core.data.datasets", "mnist", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_command_offline_says_one_sentence_and_fails(tmp_path: Path, command: Command, unreachable: str) -> None:
    process = command("--folder", tmp_path / "mnist", "--mirror", unreachable)
    _, reported = process.communicate()
    assert process.returncode == 1
    [sentence] = reported.decode().strip().splitlines()
    assert sentence.startswith("MNIST could not be downloaded") and unreachable in sentence
    assert contents(tmp_path / "mnist") == {}


def test_the_command_downloads_shows_progress_and_names_the_folder(
    tmp_path: Path, mirrors: Mirrors, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["mnist", "--folder", str(tmp_path), "--mirror", mirrors.url("honest")]) == 0
    printed = capsys.readouterr()
    assert "\rMNIST: 0.0 of 0.0 MB" in printed.out
    assert printed.out.splitlines()[-1].endswith(str(tmp_path))
    assert printed.err == ""
    assert contents(tmp_path) == SERVED


def test_the_command_fetches_nothing_when_mnist_is_there(tmp_path: Path, command: Command, unreachable: str) -> None:
    put_both(tmp_path, zipped=False)
    put_test_part(tmp_path)
    process = command("--folder", tmp_path, "--mirror", unreachable)
    reported, _ = process.communicate()
    assert process.returncode == 0
    assert "already" in reported.decode() and str(tmp_path) in reported.decode()


def test_the_command_fetches_anew_what_is_broken(tmp_path: Path, mirrors: Mirrors) -> None:
    put_both(tmp_path, zipped=True, images=TINY[IMAGES][:-1])
    assert main(["mnist", "--folder", str(tmp_path), "--mirror", mirrors.url("honest")]) == 0
    assert np.array_equal(load_training("mnist", HELD, tmp_path).images, PIXELS)


def test_a_killed_download_leaves_no_final_file_and_the_next_one_succeeds(
    tmp_path: Path, mirrors: Mirrors, command: Command
) -> None:
    process = command("--folder", tmp_path, "--mirror", mirrors.url("slow"))
    assert isinstance(process.stdout, io.BufferedReader)
    seen = b""
    while not re.search(rb"MNIST: 0\.[1-9] of", seen):  # bytes have arrived
        assert (piece := process.stdout.read1()), "the command ended by itself"
        seen += piece
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not set(SERVED) & {path.name for path in tmp_path.iterdir()}
    assert data_fault("mnist", tmp_path) is not None

    assert main(["mnist", "--folder", str(tmp_path), "--mirror", mirrors.url("honest")]) == 0
    assert {name: (tmp_path / name).read_bytes() for name in SERVED} == SERVED
    assert np.array_equal(load_training("mnist", HELD, tmp_path).images, PIXELS)
